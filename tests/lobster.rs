//! Our books against the published order books of LOBSTER's Nasdaq samples, row by row.
//!
//! Row `i` of the orderbook file is the book after message `i`, as deep as the file has columns. The book is seeded
//! from row 1; from then on messages alone drive it. The samples list only events within their levels. So what sinks
//! below the last level is forgotten, and a level that comes up from below is news that only the row has: it is
//! taken from there, and counted. Everything else must be equal.
#![cfg(feature = "service")]
#![allow(clippy::unwrap_used)]

use feeds::model::{Action, ChannelId, InstrumentId, Price, Side, Size, Tick};
use std::collections::HashMap;
use std::io::Read;
use std::path::PathBuf;
use waveletd::book::OrderBooks;

const STOCK: InstrumentId = InstrumentId(0);

/// Where the captures are, or nothing where this machine has none.
fn captures() -> Option<PathBuf> {
    let folder = std::env::var_os("WAVELETD_CAPTURES").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/captures"),
        PathBuf::from,
    );
    let folder = folder.join("lobster");
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(
        std::env::var("CI").as_deref() != Ok("true"),
        "captures are missing: set WAVELETD_CAPTURES"
    );
    eprintln!("skipped: no captures at {}", folder.display());
    None
}

/// One level of a row: price of 1e-4 and size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Listed {
    price: i64,
    size: u64,
}

/// The levels of one side of an orderbook row, best first. Columns: ask price, ask size, bid price, bid size.
fn listed(row: &str, side: Side) -> Vec<Listed> {
    let numbers: Vec<i64> = row
        .split(',')
        .map(|field| field.trim().parse().unwrap())
        .collect();
    let offset = if side == Side::Ask { 0 } else { 2 };
    numbers
        .chunks(4)
        .map(|level| Listed {
            price: level[offset],
            size: level[offset + 1] as u64,
        })
        .collect()
}

/// What the comparison met, in sides of rows and in levels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Tally {
    sides_equal: usize,
    sides_revealed: usize,
    levels_revealed: usize,
}

/// An order of a level, and what is left of it.
#[derive(Clone, Copy, Debug)]
struct Resting {
    id: u64,
    left: u64,
}

struct Market {
    books: OrderBooks,
    /// Orders of each listed level; the first may stand for all that nobody told of.
    resting: HashMap<(Side, i64), Vec<Resting>>,
    /// Ids from the top for orders that stand for others.
    next_stand_in: u64,
}

impl Market {
    fn new() -> Market {
        let mut books = OrderBooks::new(0);
        books.define(STOCK);
        Market {
            books,
            resting: HashMap::new(),
            next_stand_in: u64::MAX,
        }
    }

    fn apply(&mut self, action: Action, id: u64, side: Side, price: i64, size: u64) {
        let tick = Tick {
            instrument: STOCK,
            order_id: id,
            side,
            price: Price::from_e4_i64(price).unwrap(),
            size: Size(size),
            ..Tick::blank(ChannelId(0), action)
        };
        assert_eq!(self.books.apply(&tick).fault, None, "{tick:?}");
    }

    fn add(&mut self, id: u64, side: Side, price: i64, size: u64) {
        self.apply(Action::Add, id, side, price, size);
        let order = Resting { id, left: size };
        self.resting.entry((side, price)).or_default().push(order);
    }

    /// One order that stands for all of a level nobody told of.
    fn reveal(&mut self, side: Side, level: Listed) {
        let id = self.next_stand_in;
        self.next_stand_in -= 1;
        self.add(id, side, level.price, level.size);
    }

    fn reduce(&mut self, id: u64, side: Side, price: i64, size: u64) {
        let Some(level) = self.resting.get_mut(&(side, price)) else {
            return;
        };
        // An order from before the sample is part of what stands for its level, if that has been told of.
        let known = level.iter().position(|order| order.id == id);
        let is_stand_in = |order: &Resting| order.id > self.next_stand_in && order.left >= size;
        let Some(index) = known.or_else(|| level.iter().position(is_stand_in)) else {
            return;
        };
        let order = &mut level[index];
        let id = order.id;
        order.left -= size;
        if order.left == 0 {
            level.remove(index);
        }
        if level.is_empty() {
            self.resting.remove(&(side, price));
        }
        self.apply(Action::Cancel, id, side, price, size);
    }

    /// A message: time, type, order id, size, price, direction.
    fn message(&mut self, line: &str) {
        let (_, rest) = line.split_once(',').unwrap();
        let fields: Vec<i64> = rest
            .split(',')
            .map(|field| field.trim().parse().unwrap())
            .collect();
        let [kind, id, size, price, direction] = fields[..] else {
            panic!("a message has six columns: {line}");
        };
        let (id, size) = (id as u64, size as u64);
        let side = if direction == 1 { Side::Bid } else { Side::Ask };
        match kind {
            1 => self.add(id, side, price, size),
            2..=4 => self.reduce(id, side, price, size),
            // Hidden executions and halts leave the displayed book alone.
            _ => {}
        }
    }

    fn levels(&self, side: Side) -> Vec<Listed> {
        self.books
            .levels(STOCK, side)
            .map(|level| Listed {
                price: level.price.0 / 100_000,
                size: level.size,
            })
            .collect()
    }

    /// What sank below the last listed level is not told of any more.
    fn forget_below(&mut self, side: Side, depth: usize) {
        for level in self.levels(side).into_iter().skip(depth) {
            for order in self.resting.remove(&(side, level.price)).unwrap() {
                self.apply(Action::Cancel, order.id, side, level.price, u64::MAX);
            }
        }
    }

    #[track_caller]
    fn compare(&mut self, side: Side, row: &[Listed], line: usize, tally: &mut Tally) {
        self.forget_below(side, row.len());
        let ours = self.levels(side);
        assert!(
            row.starts_with(&ours),
            "row {line}, {side:?}: ours {ours:?}, published {row:?}"
        );
        let news = &row[ours.len()..];
        if news.is_empty() {
            tally.sides_equal += 1;
            return;
        }
        tally.sides_revealed += 1;
        tally.levels_revealed += news.len();
        news.iter().for_each(|&level| self.reveal(side, level));
    }
}

#[track_caller]
fn check(name: &str, expected: Tally) {
    let Some(folder) = captures() else { return };
    let read = |kind: &str| {
        let path = folder.join(format!("{name}.{kind}.csv"));
        std::fs::read_to_string(&path).unwrap_or_else(|why| panic!("{}: {why}", path.display()))
    };
    let (messages, rows) = (read("message"), read("orderbook"));
    let mut market = Market::new();
    let mut tally = Tally::default();
    for (index, (message, row)) in messages.lines().zip(rows.lines()).enumerate() {
        if index > 0 {
            market.message(message);
        }
        for side in [Side::Bid, Side::Ask] {
            let row = listed(row, side);
            if index == 0 {
                row.iter().for_each(|&level| market.reveal(side, level));
            } else {
                market.compare(side, &row, index + 1, &mut tally);
            }
            assert_eq!(market.levels(side), row, "row {}", index + 1);
        }
        if index % 500 == 0 {
            market.books.invariant();
        }
    }
    assert_eq!(tally, expected);
}

#[test]
fn ten_levels_of_aapl_equal_every_published_row() {
    check(
        "AAPL_2012-06-21_L10_first999",
        Tally {
            sides_equal: 1_678,
            sides_revealed: 318,
            levels_revealed: 318,
        },
    );
}

#[test]
fn the_best_levels_of_amzn_equal_every_published_row() {
    check(
        "AMZN_2012-06-21_L1_rows1-34000",
        Tally {
            sides_equal: 59_446,
            sides_revealed: 8_552,
            levels_revealed: 8_552,
        },
    );
}

/// The first hour of the best 50 levels, seeded with ten levels a side. Of the messages some are those of the ten-level
/// sample; after each of them the best ten levels are the published ones.
#[test]
fn fifty_levels_of_aapl_hold_the_published_ten_and_a_whole_hour() {
    let Some(folder) = captures() else { return };
    let name = "AAPL_2012-06-21_L50_firsthour";
    let packed = folder.join(format!("{name}.message.csv.gz"));
    if !packed.exists() {
        eprintln!("skipped: no {}", packed.display());
        return;
    }
    let mut messages = String::new();
    flate2::read::GzDecoder::new(std::fs::File::open(packed).unwrap())
        .read_to_string(&mut messages)
        .unwrap();
    let read = |name: String| std::fs::read_to_string(folder.join(name)).unwrap();
    let expected = read(format!("{name}.expected.json"));
    let expected: serde_json::Value = serde_json::from_str(&expected).unwrap();
    let matched = expected["matched"].as_array().unwrap();
    let rows = read("AAPL_2012-06-21_L10_first999.orderbook.csv".into());
    // What is published after which message, both counted from 1.
    let mut published = matched
        .iter()
        .map(|line| line.as_u64().unwrap() as usize)
        .zip(rows.lines())
        .peekable();
    let mut market = Market::new();
    let mut sides_equal = 0;
    let mut count = 0;
    for (index, message) in messages.lines().enumerate() {
        if index > 0 {
            market.message(message);
        }
        count += 1;
        if let Some((_, row)) = published.next_if(|(line, _)| *line == index + 1) {
            for side in [Side::Bid, Side::Ask] {
                let row = listed(row, side);
                if index == 0 {
                    row.iter().for_each(|&level| market.reveal(side, level));
                } else {
                    let mut ours = market.levels(side);
                    ours.truncate(row.len());
                    assert_eq!(ours, row, "message {}, {side:?}", index + 1);
                    sides_equal += 1;
                }
            }
        }
        if index % 5_000 == 0 {
            market.books.invariant();
        }
    }
    market.books.invariant();
    assert_eq!(count, expected["message_rows"].as_u64().unwrap());
    assert_eq!((sides_equal, published.next()), (1_996, None));
}
