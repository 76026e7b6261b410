//! Recorded crypto sessions through the whole program, update by update, against what other clients made of the same bytes.
#![cfg(feature = "service")]
#![allow(clippy::unwrap_used)]

mod common;

use common::{Json, captures, exact, plain, report, text_of};
use feeds::contract::{
    Batch, Descriptor, Feed, FeedSettings, Form, Line, LinkEvent, Packet, TickSink,
};
use feeds::model::{Action, ChannelId, Definition, Price, RecvTime, Side, Size, Tick};
use std::collections::{BTreeMap, VecDeque};
use std::path::Path;
use std::sync::{Arc, Mutex};
use waveletd::pipeline::{Channel, ChannelSpec};
use waveletd::replay::Capture;
use waveletd::replay::capture::What;

#[derive(Default)]
struct Given {
    definitions: VecDeque<Definition>,
    ticks: Vec<Tick>,
}

struct Collect(Arc<Mutex<Given>>);

impl TickSink for Collect {
    fn accept(&mut self, ticks: &[Tick]) {
        self.0.lock().unwrap().ticks.extend_from_slice(ticks);
    }
    fn define(&mut self, _: ChannelId, definition: &Definition) {
        self.0.lock().unwrap().definitions.push_back(*definition);
    }
}

/// A feed and the books of its ticks.
struct Client {
    feed: Box<dyn Feed>,
    out: Batch,
    given: Arc<Mutex<Given>>,
    channel: Channel,
    /// Ticks of the newest text.
    newest: Vec<Tick>,
}

impl Client {
    fn new(descriptor: &'static Descriptor) -> Client {
        let id = ChannelId(0);
        let given = Arc::new(Mutex::new(Given::default()));
        let spec = ChannelSpec {
            id,
            feed: descriptor.name.to_owned(),
            venue: descriptor.venue.to_owned(),
            book: descriptor.book,
            orders_capacity: 0,
        };
        Client {
            feed: (descriptor.build)(&FeedSettings::single_line(id)).unwrap(),
            out: Batch::new(Box::new(Collect(Arc::clone(&given)))),
            given,
            channel: Channel::new(spec, 10),
            newest: Vec::new(),
        }
    }

    fn settle(&mut self) {
        self.out.flush();
        let mut given = self.given.lock().unwrap();
        for definition in given.definitions.drain(..) {
            self.channel.define(&definition);
        }
        self.newest.clear();
        for tick in given.ticks.drain(..) {
            self.channel.apply(&tick);
            if tick.is_last() {
                self.channel.end_event(&tick);
                self.channel.begin_event();
            }
            self.newest.push(tick);
        }
        while self.feed.poll_action().is_some() {}
        while self.feed.poll_notice().is_some() {}
    }

    fn packet(&mut self, line: Line, ts_recv: RecvTime, form: Form<'_>, bytes: &[u8]) {
        let packet = Packet {
            line,
            ts_recv,
            form,
            bytes,
        };
        self.feed.on_packet(&packet, &mut self.out);
        self.settle();
    }

    fn definition(&self, symbol: &str) -> Option<Definition> {
        let mut all = self.channel.instruments().iter();
        all.find(|instrument| instrument.definition.symbol.as_str() == symbol)
            .map(|instrument| instrument.definition)
    }

    fn best(&self, definition: &Definition, side: Side, count: usize) -> Vec<[String; 2]> {
        let levels = self.channel.books().levels(definition.instrument, side);
        let text = |price: Price, size: u64| {
            let size = Size(size).display(definition.size_decimals).to_string();
            [price.to_string(), size].map(|text| exact(&text).unwrap())
        };
        levels
            .take(count)
            .map(|level| text(level.price, level.size))
            .collect()
    }
}

fn levels_of(list: &Json) -> Vec<[String; 2]> {
    let levels = list.list().iter().map(Json::list);
    levels
        .map(|level| [plain(&level[0]), plain(&level[1])])
        .collect()
}

/// Numbers of the lines of a session file that hold a received text.
fn received_lines(path: &Path) -> VecDeque<u64> {
    let text = text_of(path);
    let numbered = text.lines().zip(1u64..);
    numbered
        .filter(|(line, _)| {
            let head = line.split_once(": ").map_or("", |(head, _)| head);
            head.starts_with(|first: char| first.is_ascii_digit()) && head.parse::<f64>().is_ok()
        })
        .map(|(_, number)| number)
        .collect()
}

/// Levels at prices beyond all prices, which our books leave out and count: instrument, side, how many.
const LEFT_OUT: [(&str, Side, u64); 2] = [("XBT/CHF", Side::Ask, 1), ("ethusd", Side::Ask, 1)];

fn levels_left_out(symbol: &str, side: Side) -> u64 {
    let found = LEFT_OUT
        .iter()
        .find(|found| found.0 == symbol && found.1 == side);
    found.map_or(0, |found| found.2)
}

/// What was compared.
#[derive(Debug, PartialEq, Eq)]
struct Compared {
    books: u64,
    /// Updates after which our book still waited for its snapshot, which the recording has later than the other client used it.
    waiting: u64,
    trades: u64,
}

/// Instruments whose prices do not fit 1e-9, and how many texts have to be refused for it.
#[derive(Clone, Copy, Default)]
struct LeftOut {
    symbols: &'static [&'static str],
    refused: u64,
}

/// The venue's name of an instrument; without one it is called alike.
fn symbol_of(name: &str, said: &Json) -> String {
    match said.find("exchange_symbol") {
        None | Some(Json::Null) => name.to_owned(),
        Some(symbol) => symbol.text().to_owned(),
    }
}

/// Replays a session and compares every book and trade the other client called back for.
#[track_caller]
fn compare(folder: &Path, venue: &str, feed: &str, left_out: LeftOut) -> Compared {
    let expected = Json::parse(&text_of(&folder.join(format!("{venue}.expected.json"))));
    let mut symbols: BTreeMap<String, String> = BTreeMap::new();
    for (name, said) in expected.get("per_symbol").members() {
        symbols.insert(name.clone(), symbol_of(name, said));
    }
    for (name, book) in expected.get("final_books_top10").members() {
        symbols.insert(name.clone(), symbol_of(name, book));
    }
    let mut events: BTreeMap<(String, u64), Vec<Json>> = BTreeMap::new();
    for line in text_of(&folder.join(format!("{venue}.events.jsonl.gz"))).lines() {
        let event = Json::parse(line);
        if matches!(event.get("file"), Json::Null) {
            // Before the first text there are only snapshots; the updates behind them are compared.
            continue;
        }
        let place = (
            event.get("file").text().to_owned(),
            event.get("line").count(),
        );
        events.entry(place).or_default().push(event);
    }
    let mut files: Vec<(u64, String)> = std::fs::read_dir(folder)
        .unwrap()
        .filter_map(|file| {
            let name = file.unwrap().file_name().into_string().unwrap();
            let number = name.split('.').nth(2)?.parse().ok()?;
            name.contains(".ws.").then_some((number, name))
        })
        .collect();
    files.sort();
    let mut lines: Vec<_> = files
        .iter()
        .map(|(_, name)| received_lines(&folder.join(name)))
        .collect();

    let descriptor = feeds::descriptor(feed).unwrap();
    let mut capture = Capture::open(folder, descriptor).unwrap();
    let mut client = Client::new(descriptor);
    let mut compared = Compared {
        books: 0,
        waiting: 0,
        trades: 0,
    };
    while let Some(record) = capture.next() {
        let at = record.ts_recv;
        let (conn, text) = match record.what {
            What::Open { conn, .. } => {
                let up = LinkEvent::Up(Line(conn as u8));
                client.feed.on_link(up, at, &mut client.out);
                client.settle();
                continue;
            }
            What::Rest { url, body, .. } => {
                client.packet(Line(0), at, Form::Rest(url), body);
                continue;
            }
            What::Text { conn, text } => (conn, text),
            _ => continue,
        };
        client.packet(Line(conn as u8), at, Form::Text, text);
        let line = lines[conn as usize].pop_front().unwrap();
        let place = (files[conn as usize].1.clone(), line);
        let Some(said) = events.remove(&place) else {
            continue;
        };
        let is_compared = |event: &Json| {
            let name = event.get("sym").text();
            let symbol = symbols.get(name).map_or(name, String::as_str);
            !left_out.symbols.contains(&symbol)
        };
        let said: Vec<Json> = said.into_iter().filter(is_compared).collect();
        let mut trades: VecDeque<Tick> = client
            .newest
            .iter()
            .filter(|tick| tick.action == Action::Trade)
            .copied()
            .collect();
        // Several updates of one book in one text: the last is what is to be seen.
        let last_of: BTreeMap<&str, usize> = said
            .iter()
            .enumerate()
            .filter(|(_, event)| event.get("cb").text() == "l2_book")
            .map(|(index, event)| (event.get("sym").text(), index))
            .collect();
        for (index, event) in said.iter().enumerate() {
            let name = event.get("sym").text();
            let symbol = symbols.get(name).map_or(name, String::as_str);
            let definition = client.definition(symbol);
            match event.get("cb").text() {
                "l2_book" => {
                    if last_of[name] != index {
                        continue;
                    }
                    let Some(definition) = definition else {
                        // Its snapshot will define it.
                        compared.waiting += 1;
                        continue;
                    };
                    let state = client.channel.state(definition.instrument).state;
                    if !state.is_complete() {
                        compared.waiting += 1;
                        continue;
                    }
                    for (side, levels, count) in
                        [(Side::Bid, "bids", "nb"), (Side::Ask, "asks", "na")]
                    {
                        let expected = levels_of(event.get(levels));
                        let found = client.best(&definition, side, 3);
                        assert_eq!(found, expected, "{place:?} {symbol} {levels}");
                        let books = client.channel.books();
                        let found = books.level_count(definition.instrument, side) as u64
                            + levels_left_out(symbol, side);
                        assert_eq!(
                            found,
                            event.get(count).count(),
                            "{place:?} {symbol} {count}"
                        );
                    }
                    compared.books += 1;
                }
                "trades" => {
                    let definition = definition.unwrap();
                    let tick = trades.pop_front();
                    let tick = tick.unwrap_or_else(|| panic!("{place:?}: a trade is missing"));
                    let side = match event.get("side").text() {
                        "buy" => Side::Bid,
                        _ => Side::Ask,
                    };
                    let size = tick.size.display(definition.size_decimals).to_string();
                    let found = [tick.price.to_string(), size].map(|text| exact(&text).unwrap());
                    let wanted = [plain(event.get("price")), plain(event.get("amount"))];
                    assert_eq!((tick.side, found), (side, wanted), "{place:?}");
                    assert_eq!(tick.instrument, definition.instrument, "{place:?}");
                    compared.trades += 1;
                }
                _ => {}
            }
        }
        assert!(
            trades.is_empty(),
            "{place:?}: trades nobody else saw: {trades:?}"
        );
    }
    let left = events.values().flatten();
    let left = left.filter(|event| ["l2_book", "trades"].contains(&event.get("cb").text()));
    assert_eq!(left.count(), 0, "events of lines that were not replayed");
    for (name, truth) in expected.get("final_books_top10").members() {
        let symbol = symbols[name].as_str();
        if left_out.symbols.contains(&symbol) {
            continue;
        }
        let definition = client.definition(symbol).unwrap();
        let state = client.channel.state(definition.instrument).state;
        assert!(state.is_complete(), "{name}: {}", state.as_str());
        for (side, levels, count) in [
            (Side::Bid, "bids", "bid_levels"),
            (Side::Ask, "asks", "ask_levels"),
        ] {
            let found = client.best(&definition, side, 10);
            assert_eq!(found, levels_of(truth.get(levels)), "{name} {levels}");
            let found = client
                .channel
                .books()
                .level_count(definition.instrument, side) as u64
                + levels_left_out(symbol, side);
            assert_eq!(found, truth.get(count).count(), "{name} {count}");
        }
    }
    let counters = client.feed.counters();
    let refused = counters.decode_errors_total();
    assert_eq!(refused, left_out.refused, "{counters:?}");
    assert_eq!(counters.unknown_messages, 0, "{counters:?}");
    assert!(client.feed.gaps().is_empty());
    compared
}

#[track_caller]
fn check(venue: &str, feed: &str, expected: Compared) {
    check_without(venue, feed, LeftOut::default(), expected);
}

#[track_caller]
fn check_without(venue: &str, feed: &str, left_out: LeftOut, expected: Compared) {
    let Some(folder) = captures() else { return };
    let folder = folder.join("crypto-sessions").join(venue);
    assert_eq!(compare(&folder, venue, feed, left_out), expected);
}

#[test]
fn a_session_of_depth_differences_joined_to_answers_of_rest() {
    check(
        "BINANCE",
        "binance_spot",
        Compared {
            books: 172,
            waiting: 4,
            trades: 2,
        },
    );
}

#[test]
fn a_session_whose_changes_name_the_one_before() {
    check(
        "DERIBIT",
        "deribit_ws",
        Compared {
            books: 46,
            waiting: 0,
            trades: 0,
        },
    );
}

#[test]
fn a_session_of_rows_known_by_their_ids() {
    // Prices of this one are multiples of 1e-10: its trade, its snapshot and an insert are refused.
    let left_out = LeftOut {
        symbols: &["TRXU21"],
        refused: 3,
    };
    check_without(
        "BITMEX",
        "bitmex_ws",
        left_out,
        Compared {
            books: 1_976,
            waiting: 0,
            trades: 26,
        },
    );
}

#[test]
fn a_session_of_two_connections_with_numbers_that_only_rise() {
    check(
        "BYBIT",
        "bybit_ws_v5",
        Compared {
            books: 4_278,
            waiting: 0,
            trades: 251,
        },
    );
}

#[test]
fn a_session_of_rising_times_joined_to_answers_of_rest() {
    let compared = Compared {
        books: 617,
        waiting: 0,
        trades: 10,
    };
    check("BITSTAMP", "bitstamp_ws", compared);
}

#[test]
fn a_session_of_ranges_joined_to_answers_of_rest() {
    // Prices of these are multiples of 1e-10.
    let left_out = LeftOut {
        symbols: &["ANKR-BTC", "CAPP-BTC", "DAPPT-BTC"],
        refused: 0,
    };
    let compared = Compared {
        books: 3_314,
        waiting: 6,
        trades: 6,
    };
    check_without("KUCOIN", "kucoin_ws", left_out, compared);
}

#[test]
fn a_session_without_numbers() {
    let compared = Compared {
        books: 9_729,
        waiting: 0,
        trades: 107,
    };
    check("COINBASE", "coinbase_ws", compared);
}

#[test]
fn a_session_of_ranges_that_begin_with_whole_books() {
    let compared = Compared {
        books: 158,
        waiting: 10,
        trades: 9,
    };
    check("GATEIO", "gateio_ws", compared);
}

/// A recording with a snapshot between its texts: final book, and at every update id the best prices the venue said itself.
#[track_caller]
fn check_raw(files: &[&str], expected: &str, feed: &str, shared: u64) {
    let Some(folder) = captures() else { return };
    let folder = folder.join("binance-raw");
    let expected = Json::parse(&text_of(&folder.join(expected)));
    let descriptor = feeds::descriptor(feed).unwrap();
    let mut client = Client::new(descriptor);
    // Best prices the venue's ticker said, by the update id they belong to.
    let mut said: BTreeMap<u64, [[String; 2]; 2]> = BTreeMap::new();
    let mut ours: BTreeMap<u64, [Vec<[String; 2]>; 2]> = BTreeMap::new();
    for file in files {
        let mut capture = Capture::open(&folder.join(file), descriptor).unwrap();
        while let Some(record) = capture.next() {
            let What::Text { text, .. } = record.what else {
                continue;
            };
            client.packet(Line(0), record.ts_recv, Form::Text, text);
            let text = std::str::from_utf8(text).unwrap();
            if text.contains("bookTicker") {
                let data = Json::parse(text);
                let data = data.get("data");
                let level =
                    |price: &str, size: &str| [plain(data.get(price)), plain(data.get(size))];
                said.insert(data.get("u").count(), [level("b", "B"), level("a", "A")]);
            } else if let Some(update) = client.newest.last()
                && update.action == Action::Level
            {
                let definition = client.definition("BTCUSDT").unwrap();
                let best = [Side::Bid, Side::Ask].map(|side| client.best(&definition, side, 1));
                ours.insert(update.sequence, best);
            }
        }
    }
    let mut agreed = 0;
    for (id, best) in &ours {
        let Some(said) = said.get(id) else { continue };
        assert_eq!(best, &said.clone().map(|level| vec![level]), "update {id}");
        agreed += 1;
    }
    assert_eq!(agreed, shared);
    let definition = client.definition("BTCUSDT").unwrap();
    let truth = expected.get("final_top10");
    for (side, levels) in [(Side::Bid, "bids"), (Side::Ask, "asks")] {
        assert_eq!(
            client.best(&definition, side, 10),
            levels_of(truth.get(levels))
        );
    }
    assert!(client.feed.gaps().is_empty());
    assert_eq!(client.feed.counters().decode_errors_total(), 0);
}

#[test]
fn best_prices_of_a_spot_recording_agree_at_every_shared_update() {
    let files = ["spot_btcusdt_20240808.gz", "spot_btcusdt_20240809.gz"];
    check_raw(
        &files,
        "spot_btcusdt_20240808.expected.json",
        "binance_spot",
        1_072,
    );
}

#[test]
fn best_prices_of_a_futures_recording_agree_at_every_shared_update() {
    let files = ["usdm_btcusdt_20240808.gz"];
    check_raw(
        &files,
        "usdm_btcusdt_20240808.expected.json",
        "binance_usdm",
        629,
    );
}

#[test]
fn the_program_itself_replays_a_session() {
    let Some(folder) = captures() else { return };
    let folder = folder.join("crypto-sessions/BINANCE");
    let folder = folder.to_str().unwrap();
    let report = report(
        &[
            "replay",
            folder,
            "--feed",
            "binance_spot",
            "--format",
            "json",
        ],
        0,
    );
    assert_eq!(report.get("decode_errors").count(), 0);
}

#[test]
fn a_session_of_checksummed_books_on_connections_of_their_own() {
    check(
        "KRAKEN",
        "kraken_ws_v2",
        Compared {
            books: 4_279,
            waiting: 0,
            trades: 10,
        },
    );
}
