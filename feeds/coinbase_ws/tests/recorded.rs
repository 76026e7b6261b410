//! The recorded session against what another decoder made of it, update by update.

use super::*;
use crate::model::InstrumentId;
use simd_json::OwnedValue;
use simd_json::prelude::*;
use std::io::Read as _;

fn json(text: &str) -> OwnedValue {
    simd_json::to_owned_value(&mut text.as_bytes().to_vec()).unwrap()
}

/// `[["price","size"],…]` at the precision of an instrument.
fn levels(list: &OwnedValue, size_decimals: u8) -> Vec<(Price, Size)> {
    let list = list.as_array().unwrap();
    list.iter()
        .map(|level| {
            let text = |index: usize| level.get_idx(index).unwrap().as_str().unwrap().as_bytes();
            (
                Price::parse(text(0)).unwrap(),
                Size::parse(text(1), size_decimals).unwrap(),
            )
        })
        .collect()
}

struct Replay {
    bench: Bench,
    books: Vec<Book>,
    volumes: Vec<u64>,
}

impl Replay {
    fn definition(&self, symbol: &str) -> Definition {
        let definitions = self.bench.definitions();
        *definitions
            .iter()
            .find(|definition| definition.symbol.as_str() == symbol)
            .unwrap()
    }

    fn book_mut(&mut self, instrument: InstrumentId) -> &mut Book {
        let count = self.books.len().max(instrument.index() + 1);
        self.books.resize_with(count, Book::default);
        self.volumes.resize(count, 0);
        &mut self.books[instrument.index()]
    }

    #[track_caller]
    fn check_book(&self, event: &OwnedValue) {
        let definition = self.definition(event["sym"].as_str().unwrap());
        let book = &self.books[definition.instrument.index()];
        let decimals = definition.size_decimals;
        assert_eq!(book.best_bids(3), levels(&event["bids"], decimals));
        assert_eq!(book.best_asks(3), levels(&event["asks"], decimals));
        assert_eq!(book.bids.len() as u64, event["nb"].as_u64().unwrap());
        assert_eq!(book.asks.len() as u64, event["na"].as_u64().unwrap());
    }
}

#[track_caller]
fn check_trade(tick: &Tick, event: &OwnedValue, definition: &Definition) {
    assert_eq!(tick.action, Action::Trade);
    assert_eq!(tick.instrument, definition.instrument);
    let aggressor = match event["side"].as_str().unwrap() {
        "buy" => Side::Bid,
        _ => Side::Ask,
    };
    assert_eq!(tick.side, aggressor);
    let text = |key: &str| event[key].as_str().unwrap().as_bytes();
    assert_eq!(tick.price, Price::parse(text("price")).unwrap());
    let size = Size::parse(text("amount"), definition.size_decimals).unwrap();
    assert_eq!(tick.size, size);
    assert_eq!(tick.order_id.to_string(), event["id"].as_str().unwrap());
    let micros = (event["ts"].as_f64().unwrap() * 1e6).round() as u64;
    assert_eq!(tick.ts_event.0 / 1_000, micros);
}

#[test]
fn every_update_of_the_recorded_session_gives_the_oracles_book() {
    let Some(folder) = session_folder() else {
        return;
    };
    let products = std::fs::read_to_string(folder.join("COINBASE.0")).unwrap();
    let recording = std::fs::read_to_string(folder.join("COINBASE.ws.28.0")).unwrap();
    let mut events = String::new();
    let packed = std::fs::read(folder.join("COINBASE.events.jsonl.gz")).unwrap();
    flate2::read::GzDecoder::new(packed.as_slice())
        .read_to_string(&mut events)
        .unwrap();
    let mut events = events.lines().map(json).peekable();
    let expected = json(&std::fs::read_to_string(folder.join("COINBASE.expected.json")).unwrap());

    let mut replay = Replay {
        bench: Bench::new(&[]),
        books: Vec::new(),
        volumes: Vec::new(),
    };
    let (url, body) = products.lines().next().unwrap().split_once(" -> ").unwrap();
    let body = body.split_once(": ").unwrap().1;
    let outcome = replay.bench.packet(Form::Rest(url), body.as_bytes());
    assert_eq!(outcome, Outcome::Applied);
    assert!(replay.bench.ticks().is_empty());

    let (mut trades, mut updates, mut tickers) = (0u64, 0u64, 0u64);
    for (line, at, text) in received_lines(&recording) {
        replay.bench.now = at;
        let outcome = replay.bench.text(text);
        assert!(!matches!(outcome, Outcome::Refused(_)), "line {line}");
        let ticks = replay.bench.ticks();
        check_events(&ticks);
        let mut trade = None;
        for tick in &ticks {
            replay.book_mut(tick.instrument).apply(tick);
            if tick.action == Action::Trade {
                trade = Some(*tick);
                replay.volumes[tick.instrument.index()] += tick.size.0;
            }
        }
        while let Some(event) = events.next_if(|event| event["line"].as_u64() == Some(line)) {
            match event["cb"].as_str().unwrap() {
                "l2_book" => {
                    updates += 1;
                    replay.check_book(&event);
                }
                "trades" => {
                    trades += 1;
                    let definition = replay.definition(event["sym"].as_str().unwrap());
                    check_trade(&trade.unwrap(), &event, &definition);
                }
                "ticker" => {
                    tickers += 1;
                    assert!(ticks.iter().any(|tick| tick.action == Action::Statistic));
                }
                other => panic!("an oracle's callback nobody knows: {other}"),
            }
        }
    }
    assert!(events.next().is_none(), "every event of the oracle is used");
    let callbacks = &expected["callbacks"];
    assert_eq!(callbacks["l2_book"].as_u64(), Some(updates));
    assert_eq!(callbacks["trades"].as_u64(), Some(trades));
    assert_eq!(callbacks["ticker"].as_u64(), Some(tickers));
    check_final(&replay, &expected);
    check_counts(&replay);
}

#[track_caller]
fn check_final(replay: &Replay, expected: &OwnedValue) {
    let finals = expected["final_books_top10"].as_object().unwrap();
    assert_eq!(finals.len(), 10);
    for (symbol, truth) in finals {
        let definition = replay.definition(symbol);
        let book = &replay.books[definition.instrument.index()];
        let decimals = definition.size_decimals;
        assert_eq!(
            book.best_bids(10),
            levels(&truth["bids"], decimals),
            "{symbol}"
        );
        assert_eq!(
            book.best_asks(10),
            levels(&truth["asks"], decimals),
            "{symbol}"
        );
        assert_eq!(Some(book.bids.len() as u64), truth["bid_levels"].as_u64());
        assert_eq!(Some(book.asks.len() as u64), truth["ask_levels"].as_u64());
        let volume = expected["trade_totals"][symbol.as_str()]["amount"]
            .as_str()
            .unwrap();
        let volume = Size::parse(volume.as_bytes(), decimals).unwrap();
        assert_eq!(
            replay.volumes[definition.instrument.index()],
            volume.0,
            "{symbol}"
        );
    }
}

#[track_caller]
fn check_counts(replay: &Replay) {
    let feed = &replay.bench.feed;
    assert_eq!(
        feed.messages_by_type(),
        [
            ("snapshot", 10),
            ("l2update", 9_719),
            ("match", 97),
            ("last_match", 10),
            ("ticker", 107),
            ("subscriptions", 3),
        ]
    );
    let counters = feed.counters();
    assert_eq!(counters.messages, 9_946);
    assert_eq!(counters.decode_errors_total(), 0);
    assert_eq!(counters.messages_ignored, 0);
    // The volumes of DASH-BTC have more digits than its present size step.
    assert_eq!(counters.values_left_out, 16);
    assert!(feed.gaps().is_empty());
    assert_eq!(replay.definition("SKL-BTC").size_decimals, 1);
    assert_eq!(replay.definition("SKL-BTC").tick_size, Price(10));
}

#[test]
fn without_a_list_of_products_sizes_have_eight_digits_and_books_are_the_same() {
    let Some(folder) = session_folder() else {
        return;
    };
    let recording = std::fs::read_to_string(folder.join("COINBASE.ws.28.0")).unwrap();
    let mut bench = Bench::new(&["YFI-BTC", "NU-GBP"]);
    let mut books = [Book::default(), Book::default()];
    for (_, at, text) in received_lines(&recording) {
        bench.now = at;
        bench.text(text);
        for tick in bench.ticks() {
            books[tick.instrument.index()].apply(&tick);
        }
    }
    let definitions = bench.definitions();
    let names: Vec<&str> = definitions.iter().map(|d| d.symbol.as_str()).collect();
    assert_eq!(names, ["NU-GBP", "YFI-BTC"]);
    assert!(definitions.iter().all(|d| d.size_decimals == 8));
    let expected = json(&std::fs::read_to_string(folder.join("COINBASE.expected.json")).unwrap());
    for (name, book) in names.iter().zip(&books) {
        let truth = &expected["final_books_top10"][*name];
        assert_eq!(book.best_bids(10), levels(&truth["bids"], 8));
        assert_eq!(book.best_asks(10), levels(&truth["asks"], 8));
    }
    let others = bench.feed.counters().unknown_instrument_messages;
    assert!(
        others > 9_000,
        "messages of other products are counted: {others}"
    );
}
