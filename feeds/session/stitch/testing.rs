//! For the tests of rooms: what a reader told, what a feed made of texts, the texts of recorded sessions.
#![allow(
    clippy::disallowed_macros,
    clippy::disallowed_methods,
    reason = "tests read recordings, and say so when there are none"
)]

use super::{
    BookMessage, Hear, Product, Quantity, Selection, Settings, StitchedFeed, TradeMessage, Venue,
};
use crate::contract::{Action, Batch, Feed, Form, Line, LinkEvent, Packet, TickSink};
use crate::model::{ChannelId, Definition, EventTime, RecvTime, StatisticKind, Tick};

/// Everything told, as text.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Told(pub Vec<String>);

impl Hear for Told {
    fn book(&mut self, book: &BookMessage<'_>) {
        self.0.push(format!("{book:?}"));
    }
    fn trade(&mut self, trade: &TradeMessage<'_>) {
        self.0.push(format!("{trade:?}"));
    }
    fn statistic(&mut self, symbol: &[u8], time: EventTime, kind: StatisticKind, value: Quantity) {
        self.0
            .push(format!("{symbol:?} {time:?} {kind:?} {value:?}"));
    }
    fn product(&mut self, product: &Product) {
        self.0.push(format!("{product:?}"));
    }
    fn confirmed(&mut self) {
        self.0.push("confirmed".to_owned());
    }
    fn complaint(&mut self, text: &str) {
        self.0.push(format!("complaint {text}"));
    }
    fn reply(&mut self, text: String) {
        self.0.push(format!("reply {text}"));
    }
    fn too_fine(&mut self, symbol: &[u8]) {
        self.0.push(format!("too fine {symbol:?}"));
    }
    fn lost(&mut self, symbol: &[u8]) {
        self.0.push(format!("lost {symbol:?}"));
    }
}

/// The texts a recorded session of `venue` received, file by file; none (said loudly) where there are no captures. With `CI=true`
/// their absence is a failure.
///
/// # Panics
/// With `CI=true` and no captures.
pub fn recorded_texts(venue: &str) -> Vec<String> {
    let root = std::env::var("WAVELETD_CAPTURES").map_or_else(
        |_| {
            std::path::PathBuf::from(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/../../shared/captures"
            ))
        },
        std::path::PathBuf::from,
    );
    let folder = root.join("crypto-sessions").join(venue);
    let Ok(files) = std::fs::read_dir(&folder) else {
        assert!(
            std::env::var("CI").as_deref() != Ok("true"),
            "no captures at {}",
            folder.display()
        );
        println!("SKIPPED: no captures at {}", folder.display());
        return Vec::new();
    };
    let mut files: Vec<_> = files.flatten().map(|file| file.path()).collect();
    files.sort();
    files.retain(|path| path.to_string_lossy().contains(".ws."));
    let mut texts = Vec::new();
    for file in files {
        let recording = std::fs::read_to_string(&file).unwrap_or_default();
        let received = recording.lines().filter_map(|line| {
            let (time, text) = line.split_once(": ")?;
            crate::model::decimal::parse_unsigned(time.as_bytes(), 9).ok()?;
            Some(text.to_owned())
        });
        texts.extend(received);
    }
    texts
}

struct Nowhere;

impl TickSink for Nowhere {
    fn accept(&mut self, _: &[Tick]) {}
    fn define(&mut self, _: ChannelId, _: &Definition) {}
}

/// What a feed made of some texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcomes {
    /// Snapshots that became books.
    pub snapshots: u64,
    /// Books that were given up.
    pub resets: u64,
    /// Messages passed over.
    pub ignored: u64,
    /// What was said behind the subscription, up to eleven seconds later.
    pub said: Vec<String>,
}

/// Tells a feed of one instrument the texts of one connection.
pub fn run<V: Venue>(venue: V, symbol: &str, texts: &[String]) -> Outcomes {
    let texts: Vec<(Form<'_>, &str)> = texts.iter().map(|one| (Form::Text, &one[..])).collect();
    run_forms(venue, symbol, &texts)
}

/// As [`run`], with answers of REST between the texts.
pub fn run_forms<V: Venue>(venue: V, symbol: &str, texts: &[(Form<'_>, &str)]) -> Outcomes {
    let settings = Settings {
        symbols: vec![symbol.into()],
        selection: Selection::default(),
        refresh_ns: None,
        silence_ns: 60_000_000_000,
        rest_url: String::new(),
        connections: 1,
        instruments_per_connection: None,
        audit_ns: 0,
    };
    let mut feed = StitchedFeed::new(ChannelId(0), settings, venue);
    let mut out = Batch::new(Box::new(Nowhere));
    let at = |second: u64| RecvTime((1 + second) * 1_000_000_000);
    feed.on_link(LinkEvent::Up(Line(0)), at(0), &mut out);
    while feed.poll_action().is_some() {}
    for &(form, text) in texts {
        let packet = Packet {
            line: Line(0),
            ts_recv: at(0),
            form,
            bytes: text.as_bytes(),
        };
        feed.on_packet(&packet, &mut out);
    }
    feed.on_clock(at(11), &mut out);
    let mut said = Vec::new();
    while let Some(action) = feed.poll_action() {
        match action {
            Action::SendText { text, .. } => said.push(text),
            Action::Fetch { url } => said.push(url),
            _ => {}
        }
    }
    let counters = feed.counters();
    Outcomes {
        snapshots: counters.snapshots_applied,
        resets: counters.resets,
        ignored: counters.messages_ignored,
        said,
    }
}
