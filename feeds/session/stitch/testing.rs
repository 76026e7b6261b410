//! For the tests of rooms: what a reader told, what a feed made of texts, the texts of recorded sessions.
#![allow(
    clippy::disallowed_macros,
    clippy::disallowed_methods,
    reason = "tests read recordings, and say so when there are none"
)]

use super::{
    BookMessage, Hear, Heard, LiquidationMessage, Listing, Product, Quantity, Selection, Settings,
    StitchedFeed, TradeId, TradeMessage, Venue,
};
use crate::contract::{Action, Batch, DecodeError, Feed, Form, Line, LinkEvent, Packet, TickSink};
use crate::model::decimal::Decimal;
use crate::model::{ChannelId, Definition, EventTime, RecvTime, Side, StatisticKind, Tick};
use crate::session::text::Number;
use std::sync::{Arc, Mutex, PoisonError};

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
    fn last_trade(&mut self, symbol: &[u8], number: u64) {
        self.0.push(format!("last trade {number} of {symbol:?}"));
    }
    fn statistic(&mut self, symbol: &[u8], time: EventTime, kind: StatisticKind, value: Quantity) {
        self.0
            .push(format!("{symbol:?} {time:?} {kind:?} {value:?}"));
    }
    fn liquidation(&mut self, liquidation: &LiquidationMessage<'_>) {
        self.0.push(format!("{liquidation:?}"));
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
    fn missed(&mut self, first: u64, count: u64) {
        self.0.push(format!("missed {count} from {first}"));
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

#[derive(Clone, Default)]
struct Ticks(Arc<Mutex<Vec<Tick>>>);

impl TickSink for Ticks {
    fn accept(&mut self, ticks: &[Tick]) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.extend_from_slice(ticks);
    }
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
    /// What was told downstream.
    pub ticks: Vec<Tick>,
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
        is_by_order: false,
    };
    let mut feed = StitchedFeed::new(ChannelId(0), settings, venue);
    let ticks = Ticks::default();
    let mut out = Batch::new(Box::new(ticks.clone()));
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
    out.flush();
    let mut said = Vec::new();
    while let Some(action) = feed.poll_action() {
        match action {
            Action::SendText { text, .. } => said.push(text),
            Action::Fetch { url, .. } => {
                said.push(url.split('#').next().unwrap_or_default().to_owned());
            }
            _ => {}
        }
    }
    let counters = feed.counters();
    Outcomes {
        snapshots: counters.snapshots_applied,
        resets: counters.resets,
        ignored: counters.messages_ignored,
        said,
        ticks: std::mem::take(&mut *ticks.0.lock().unwrap_or_else(PoisonError::into_inner)),
    }
}

/// Numbers without pattern, from a seed.
#[derive(Debug)]
pub struct Random(u64);

/// Numbers no scanner of a hot message has to know.
const ODD: [&str; 12] = [
    "1e-7",
    "1.5E+3",
    "2e3",
    "0.000000000000000000001",
    "123456789012345678901234567890",
    "9999999999.5",
    "-1",
    "",
    "1.",
    ".5",
    "x",
    "1\\u0030",
];

impl Random {
    /// Less than `bound`.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    /// `digits[.digits]`, of any usual length; now and then another number, or none.
    pub fn number(&mut self) -> String {
        if self.below(60) == 0 {
            return ODD[self.below(ODD.len() as u64) as usize].to_owned();
        }
        let length = 1 + self.below(9) as u32;
        let whole = self.below(10u64.pow(length));
        let count = self.below(10) as usize;
        if count == 0 {
            return whole.to_string();
        }
        let fraction = self.below(10u64.pow(count as u32)) / 10u64.pow(self.below(4) as u32);
        let text = format!("{whole}.{fraction:0count$}");
        let zeros = self.below(2) as usize * (fraction % 3) as usize;
        format!("{text}{}", "0".repeat(zeros.min(2)))
    }

    /// Up to five rows: what stands before the price, between it and the size, and behind.
    pub fn rows(&mut self, [before, between, behind]: [&str; 3]) -> String {
        let rows: Vec<String> = (0..self.below(6))
            .map(|_| {
                let (price, size) = (self.number(), self.number());
                format!("{before}{price}{between}{size}{behind}")
            })
            .collect();
        rows.join(",")
    }

    /// The same text, damaged or written otherwise.
    fn disturbed(&mut self, text: String) -> String {
        let place = 1 + self.below(text.len() as u64 - 1) as usize;
        let bytes = b"\"\\,:[]{}e.-0 9x";
        let byte = char::from(bytes[self.below(bytes.len() as u64) as usize]);
        let (head, tail) = text.split_at(place);
        match self.below(5) {
            0 => format!("{head}{byte}{tail}"),
            1 => format!("{head}{byte}{}", &tail[1..]),
            2 => format!("{head}{}", &tail[1..]),
            3 => text.replacen('B', "\\u0042", 1),
            _ => {
                // The first two members change places.
                let parts: Vec<&str> = text.splitn(3, ",\"").collect();
                match parts[..] {
                    [first, second, rest]
                        if !(first.to_owned() + second)[1..].contains(['[', '{']) =>
                    {
                        format!("{{\"{second},{},\"{rest}", &first[1..])
                    }
                    _ => text,
                }
            }
        }
    }
}

/// What a scanner told of a text, when it knew it; what it told all the same, when it did not.
pub type Scanned = (bool, Told);

/// Texts of one shape, half of them disturbed: what the scanner knows the general reader reads the same, and of what it does not
/// know it tells nothing.
///
/// # Panics
/// Otherwise.
pub fn check_random(
    make: fn(&mut Random) -> String,
    scan: fn(&str) -> Scanned,
    read: fn(&str) -> (Result<Heard, DecodeError>, Told),
) {
    let mut random = Random(11);
    let (mut known, count) = (0, 6_000);
    for _ in 0..count {
        let mut text = make(&mut random);
        if random.below(2) == 0 {
            text = random.disturbed(text);
        }
        let (is_known, scanned) = scan(&text);
        if is_known {
            let (heard, told) = read(&text);
            assert!(heard.is_ok(), "{heard:?} {text}");
            assert_eq!(scanned, told, "{text}");
            known += 1;
        } else {
            assert_eq!(scanned, Told::default(), "{text}");
        }
    }
    assert!(known > count / 5 && known < count, "{known}");
}

/// Everything told, a line each, as a person would write it down from the venue's own page.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Plain(pub Vec<String>);

fn plain_number(number: Number) -> String {
    let mantissa = number.units(number.scale()).map_or(0, i128::from);
    let scale = number.scale();
    Decimal { mantissa, scale }.to_string()
}

fn plain_side(side: Side) -> &'static str {
    match side {
        Side::Bid => "bid",
        Side::Ask => "ask",
        _ => "no side",
    }
}

fn plain_time(time: EventTime) -> String {
    time.get().map_or("-".to_owned(), |nanos| nanos.to_string())
}

fn plain_name(symbol: &[u8]) -> String {
    String::from_utf8_lossy(symbol).into_owned()
}

impl Hear for Plain {
    fn book(&mut self, book: &BookMessage<'_>) {
        let kind = if book.is_snapshot {
            "snapshot"
        } else {
            "update"
        };
        let previous = book
            .span
            .previous
            .map_or("-".to_owned(), |number| number.to_string());
        let checksum = book
            .checksum
            .map_or(String::new(), |sum| format!(" checksum {sum}"));
        self.0.push(format!(
            "book {} {kind} {}..{} after {previous} at {}{checksum}",
            plain_name(book.symbol),
            book.span.first,
            book.span.last,
            plain_time(book.time)
        ));
        for (place, level) in book.levels.iter().enumerate() {
            let (side, size) = (plain_side(level.side), plain_number(level.size));
            let entry = match book.orders.get(place) {
                Some(id) => format!("order {id}"),
                None => "level".to_owned(),
            };
            self.0
                .push(format!("{entry} {side} {} x {size}", level.price));
        }
    }
    fn trade(&mut self, trade: &TradeMessage<'_>) {
        let id = match trade.id {
            TradeId::Rising(id) => format!("rising {id}"),
            TradeId::Consecutive(id) => format!("consecutive {id}"),
            TradeId::Unordered(id) => format!("unordered {id}"),
            TradeId::None => "-".to_owned(),
        };
        let past = if trade.is_past { " past" } else { "" };
        self.0.push(format!(
            "trade {} {} {} x {} id {id} at {}{past}",
            plain_name(trade.symbol),
            plain_side(trade.aggressor),
            trade.price,
            plain_number(trade.size),
            plain_time(trade.time)
        ));
    }
    fn statistic(&mut self, symbol: &[u8], time: EventTime, kind: StatisticKind, value: Quantity) {
        let value = match value {
            Quantity::Price(price) => price.to_string(),
            Quantity::Size(size) => plain_number(size),
        };
        let (name, time) = (plain_name(symbol), plain_time(time));
        self.0
            .push(format!("statistic {name} {kind:?} {value} at {time}"));
    }
    fn liquidation(&mut self, liquidation: &LiquidationMessage<'_>) {
        let id = liquidation.id.map_or("-".to_owned(), |id| id.to_string());
        self.0.push(format!(
            "liquidation {} {} {} x {} id {id} at {}",
            plain_name(liquidation.symbol),
            plain_side(liquidation.side),
            liquidation.price,
            plain_number(liquidation.size),
            plain_time(liquidation.time)
        ));
    }
    fn product(&mut self, product: &Product) {
        let tick = product
            .tick_size
            .map_or("-".to_owned(), |tick| tick.to_string());
        let step = product.size_step.map_or("-".to_owned(), plain_number);
        let (name, trading) = (product.symbol, product.trading);
        self.0.push(format!(
            "product {name} tick {tick} step {step} {trading:?}"
        ));
    }
    fn listing(&mut self, listing: &Listing) {
        self.product(&listing.product);
        let (kind, base, quote) = (listing.terms.kind, listing.base, listing.quote);
        self.0.push(format!("listing {kind:?} {base} for {quote}"));
    }
    fn list_continues_at(&mut self, url: String) {
        self.0.push(format!("list continues at {url}"));
    }
    fn list_continues(&mut self) {
        self.0.push("list continues".to_owned());
    }
    fn list_is_whole(&mut self) {
        self.0.push("list is whole".to_owned());
    }
    fn delisted(&mut self, symbol: &[u8]) {
        self.0.push(format!("delisted {}", plain_name(symbol)));
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
    fn left_out(&mut self) {
        self.0.push("level left out".to_owned());
    }
    fn too_fine(&mut self, symbol: &[u8]) {
        self.0.push(format!("too fine {}", plain_name(symbol)));
    }
    fn lost(&mut self, symbol: &[u8]) {
        self.0.push(format!("lost {}", plain_name(symbol)));
    }
    fn missed(&mut self, first: u64, count: u64) {
        self.0.push(format!("missed {count} from {first}"));
    }
}

/// The samples of a venue's documentation in `path` (below the crate's folder), each with what it must be told as.
///
/// A line that begins with `#` cites the page. `fast TEXT` is a message the scanner knows and the general reader reads the same;
/// `slow TEXT` one that is left to the general reader; `rest URL BODY` an answer of REST. Indented below stands the type it is
/// counted as, and everything it tells. The venue itself, which chooses between the readers, has to tell that too. The file is
/// written anew only when `WAVELETD_REWRITE_VECTORS` is set.
///
/// # Panics
/// Where anything differs, or a message is of a type nobody here knows.
#[track_caller]
pub fn check_documented<V: Venue>(
    path: &str,
    mut venue: V,
    mut scan: impl FnMut(&[u8], &mut Plain) -> bool,
    mut read: impl FnMut(&[u8], &mut Plain) -> Result<Heard, DecodeError>,
) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let written = std::fs::read_to_string(&path).expect("the samples are in the repository");
    let mut found = String::new();
    for line in written.lines().filter(|line| !line.starts_with(' ')) {
        found.push_str(line);
        found.push('\n');
        let mut told = Plain::default();
        match line.split_once(' ') {
            Some(("rest", request)) => {
                let (url, body) = request.split_once(' ').expect("an address and a body");
                let read = venue.read_rest(url, body.as_bytes(), &mut told);
                assert_eq!(read, Ok(()), "{line}");
            }
            Some((speed @ ("fast" | "slow"), text)) => {
                let text = text.as_bytes();
                let mut scanned = Plain::default();
                let is_known = scan(text, &mut scanned);
                assert_eq!(is_known, speed == "fast", "{line}");
                let heard = read(text, &mut told);
                let Ok(Heard::Kind(kind)) = heard else {
                    panic!("{heard:?} {line}");
                };
                let expected = if is_known { &told.0[..] } else { &[] };
                assert_eq!(scanned.0, expected, "{line}");
                let mut chosen = Plain::default();
                assert_eq!(venue.read(text, &mut chosen), heard, "{line}");
                assert_eq!(chosen, told, "{line}");
                let name = V::KINDS[usize::from(kind)];
                found.push_str(&format!("  type {name}\n"));
            }
            _ => assert!(line.is_empty() || line.starts_with('#'), "{line}"),
        }
        for one in told.0 {
            found.push_str(&format!("  {one}\n"));
        }
    }
    if std::env::var_os("WAVELETD_REWRITE_VECTORS").is_some() {
        std::fs::write(&path, &found).expect("the repository can be written");
        return;
    }
    assert_eq!(found, written, "{}", path.display());
}
