#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    clippy::disallowed_types
)]

mod behaviour;
mod readers;
mod recorded;
mod vectors;
mod venue;

use super::feed::CoinbaseFeed;
use super::settings::Settings;
use crate::contract::{Batch, Feed, FeedSettings, Form, Line, Outcome, Packet, TickSink, Value};
use crate::model::{
    Action, ChannelId, Definition, Flags, Price, RecvTime, ResetKind, Side, Size, Tick,
};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

/// What a feed gave, in order.
#[derive(Default)]
struct Given {
    ticks: Vec<Tick>,
    definitions: Vec<Definition>,
}

struct Sink(Arc<Mutex<Given>>);

impl TickSink for Sink {
    fn accept(&mut self, ticks: &[Tick]) {
        self.0.lock().unwrap().ticks.extend_from_slice(ticks);
    }

    fn define(&mut self, _: ChannelId, definition: &Definition) {
        self.0.lock().unwrap().definitions.push(*definition);
    }
}

/// A feed and everything it gave.
struct Bench {
    feed: CoinbaseFeed,
    out: Batch,
    given: Arc<Mutex<Given>>,
    now: RecvTime,
}

fn settings(instruments: &[&str]) -> FeedSettings {
    FeedSettings {
        instruments: instruments.iter().map(|name| (*name).to_owned()).collect(),
        ..FeedSettings::single_line(ChannelId(3))
    }
}

impl Bench {
    fn new(instruments: &[&str]) -> Bench {
        Bench::of(&settings(instruments))
    }

    fn of(settings: &FeedSettings) -> Bench {
        let given = Arc::new(Mutex::new(Given::default()));
        Bench {
            feed: CoinbaseFeed::new(settings.channel, Settings::of(settings).unwrap()),
            out: Batch::new(Box::new(Sink(Arc::clone(&given)))),
            given,
            now: RecvTime(1_000_000_000_000),
        }
    }

    fn packet(&mut self, form: Form<'_>, bytes: &[u8]) -> Outcome {
        let packet = Packet {
            line: Line(0),
            ts_recv: self.now,
            form,
            bytes,
        };
        let outcome = self.feed.on_packet(&packet, &mut self.out);
        self.out.flush();
        outcome
    }

    fn text(&mut self, text: &str) -> Outcome {
        self.packet(Form::Text, text.as_bytes())
    }

    /// Everything given since the last call.
    fn ticks(&mut self) -> Vec<Tick> {
        self.out.flush();
        std::mem::take(&mut self.given.lock().unwrap().ticks)
    }

    fn definitions(&self) -> Vec<Definition> {
        self.given.lock().unwrap().definitions.clone()
    }
}

/// A small book by level, as a reader of ticks would keep it. `None` while a snapshot is awaited.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Book {
    is_live: bool,
    bids: BTreeMap<Price, Size>,
    asks: BTreeMap<Price, Size>,
}

impl Book {
    fn apply(&mut self, tick: &Tick) {
        match tick.action {
            Action::Reset if tick.detail == ResetKind::AwaitSnapshot as u8 => {
                *self = Book::default()
            }
            Action::Clear => {
                *self = Book {
                    is_live: true,
                    ..Book::default()
                }
            }
            Action::Level => {
                assert!(self.is_live, "a level before its snapshot: {tick:?}");
                let side = if tick.side == Side::Bid {
                    &mut self.bids
                } else {
                    &mut self.asks
                };
                if tick.size == Size(0) {
                    side.remove(&tick.price);
                } else {
                    side.insert(tick.price, tick.size);
                }
            }
            _ => {}
        }
    }

    fn best_bids(&self, count: usize) -> Vec<(Price, Size)> {
        let best = self.bids.iter().rev().take(count);
        best.map(|(&price, &size)| (price, size)).collect()
    }

    fn best_asks(&self, count: usize) -> Vec<(Price, Size)> {
        let best = self.asks.iter().take(count);
        best.map(|(&price, &size)| (price, size)).collect()
    }
}

/// Every event ends with `LAST`, and only there; all ticks of one are of one instrument.
#[track_caller]
fn check_events(ticks: &[Tick]) {
    if let Some(last) = ticks.last() {
        assert!(last.is_last(), "an event without end: {last:?}");
    }
    for pair in ticks.windows(2) {
        if !pair[0].is_last() {
            assert_eq!(pair[0].instrument, pair[1].instrument);
            assert_eq!(pair[0].ts_event, pair[1].ts_event);
        }
    }
}

/// The recorded session, or `None` (said loudly) where there are no captures; with `CI=true` their absence is a failure.
fn session_folder() -> Option<PathBuf> {
    let root = std::env::var("WAVELETD_CAPTURES").map_or_else(
        |_| {
            PathBuf::from(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/../../shared/captures"
            ))
        },
        PathBuf::from,
    );
    let folder = root.join("crypto-sessions/COINBASE");
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(
        std::env::var("CI").as_deref() != Ok("true"),
        "no captures at {}",
        folder.display()
    );
    println!("SKIPPED: no captures at {}", folder.display());
    None
}

/// Lines of the recording that were received: 1-based line, time, text.
fn received_lines(recording: &str) -> impl Iterator<Item = (u64, RecvTime, &str)> {
    recording.lines().zip(1u64..).filter_map(|(line, number)| {
        let (time, text) = line.split_once(": ")?;
        let nanos = crate::model::decimal::parse_unsigned(time.as_bytes(), 9).ok()?;
        Some((number, RecvTime(nanos), text))
    })
}

const SNAPSHOT: &str = r#"{"type":"snapshot","product_id":"BTC-USD","asks":[["101.5","2"],["102","3.25"]],"bids":[["100","1"]]}"#;

fn update(side: &str, price: &str, size: &str) -> String {
    format!(
        r#"{{"type":"l2update","product_id":"BTC-USD","changes":[["{side}","{price}","{size}"]],"time":"2021-04-17T16:43:37.075687Z"}}"#
    )
}

fn trade(name: &str, id: u64) -> String {
    format!(
        r#"{{"type":"{name}","trade_id":{id},"maker_order_id":"a","taker_order_id":"b","side":"sell","size":"0.5","price":"101.5","product_id":"BTC-USD","sequence":{},"time":"2021-04-17T16:43:37.075687Z"}}"#,
        1_000 + id
    )
}

fn heartbeat(last_trade_id: u64, sequence: u64) -> String {
    format!(
        r#"{{"type":"heartbeat","last_trade_id":{last_trade_id},"product_id":"BTC-USD","sequence":{sequence},"time":"2021-04-17T16:43:38.075687Z"}}"#
    )
}

fn with_channels(names: &[&str]) -> FeedSettings {
    let list = names.iter().map(|name| Value::Text((*name).to_owned()));
    FeedSettings {
        own: vec![("channels".to_owned(), Value::List(list.collect()))],
        ..settings(&["BTC-USD"])
    }
}

#[track_caller]
fn check_flags(tick: &Tick, flags: Flags) {
    assert_eq!(tick.flags, flags, "{tick:?}");
}
