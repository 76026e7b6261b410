#![allow(clippy::unwrap_used)]

use super::rows::{Prices, Row};
use super::{Kind, read, scan, venue::Bitmex};
use crate::contract::DecodeError;
use crate::session::stitch::Heard;
use crate::session::stitch::testing::{Told, check_documented, recorded_texts, run};
use crate::session::text::Reader;

/// "WebSocket API", "Response Format", cut to two rows, and an empty book.
const PARTIAL: &str = r#"{"table":"orderBookL2","keys":["symbol","id","side"],"types":{"id":"long","price":"float","side":"symbol","size":"long","symbol":"symbol"},"filter":{"symbol":"XBTUSD"},"action":"partial","data":[{"symbol":"XBTUSD","id":17999992000,"side":"Sell","size":100,"price":80},{"symbol":"XBTUSD","id":17999993000,"side":"Buy","size":20,"price":70}]}"#;
const EMPTY: &str =
    r#"{"table":"orderBookL2","filter":{"symbol":"XBTUSD"},"action":"partial","data":[]}"#;
/// The same page.
const UPDATE: &str = r#"{"table":"orderBookL2","action":"update","data":[{"symbol":"XBTUSD","id":17999993000,"side":"Buy","size":5}]}"#;
const DELETE: &str = r#"{"table":"orderBookL2","action":"delete","data":[{"symbol":"XBTUSD","id":17999992000,"side":"Sell"}]}"#;
const INSERT: &str = r#"{"table":"orderBookL2","action":"insert","data":[{"symbol":"XBTUSD","id":17999992500,"side":"Buy","size":10,"price":75}]}"#;
/// "Potentially-Breaking API Update to ID Generation on WebSocket Orderbook Feeds": rows with their prices.
const PRICED: &str = r#"{"table":"orderBookL2","action":"update","data":[{"symbol":"XBTUSD","id":8798309800,"side":"Buy","size":42800,"price":26902,"timestamp":"2023-05-19T08:51:44.911Z"}]}"#;
const PRICED_DELETE: &str = r#"{"table":"orderBookL2","action":"delete","data":[{"symbol":"XBTUSD","id":8798309800,"side":"Buy","price":26902,"timestamp":"2023-05-19T08:51:45.911Z"}]}"#;
/// "WebSocket API", "Response Format".
const TRADE: &str = r#"{"table":"trade","action":"insert","data":[{"timestamp":"2021-07-22T22:36:33.432Z","symbol":"XBTUSD","side":"Buy","size":100,"price":32184,"tickDirection":"ZeroPlusTick","trdMatchID":"19f88444-ef90-7397-d4e8-d1f40ee2274f"}]}"#;

/// A client with one of the readers.
#[derive(Default)]
struct Client {
    rows: Vec<Row>,
    prices: Prices,
    reader: Reader,
    told: Told,
}

impl Client {
    fn read(&mut self, text: &str) -> Result<Heard, DecodeError> {
        read::read(
            text.as_bytes(),
            &mut self.reader,
            &mut self.rows,
            &mut self.prices,
            &mut self.told,
        )
    }

    fn scan(&mut self, text: &str) -> Option<()> {
        let (symbol, change) = scan::scan(text.as_bytes(), &mut self.rows)?;
        self.prices.tell(symbol, change, &self.rows, &mut self.told);
        Some(())
    }
}

#[test]
fn the_scanner_reads_what_the_general_reader_does() {
    let (mut general, mut fast) = (Client::default(), Client::default());
    for client in [&mut general, &mut fast] {
        client.read(PARTIAL).unwrap();
    }
    for text in [UPDATE, DELETE, INSERT, PRICED, PRICED_DELETE] {
        assert_eq!(general.read(text), Ok(Heard::Kind(Kind::Book as u8)));
        fast.scan(text).unwrap();
    }
    assert_eq!(general.told, fast.told);
    assert_eq!(general.told.0.len(), 6);
}

#[test]
fn the_readers_agree_on_every_recorded_text() {
    let (mut general, mut fast) = (Client::default(), Client::default());
    let mut scanned = 0;
    let texts = recorded_texts("BITMEX");
    for text in &texts {
        let heard = general.read(text);
        // Its prices have ten digits behind the point.
        assert!(heard.is_ok() || text.contains("TRXU21"), "{heard:?} {text}");
        match fast.scan(text) {
            Some(()) => scanned += 1,
            None => assert_eq!(fast.read(text), heard),
        }
        assert_eq!(general.told, fast.told, "{text}");
        general.told.0.clear();
        fast.told.0.clear();
    }
    // Prices with exponents are left to the other reader.
    assert!(texts.is_empty() || scanned >= 1_900, "{scanned}");
}

#[test]
fn what_is_cut_short_tells_nothing() {
    for text in [PARTIAL, UPDATE, DELETE, INSERT, PRICED, TRADE] {
        for length in 0..text.len() {
            let mut client = Client::default();
            client.read(EMPTY).unwrap();
            client.told.0.clear();
            assert_eq!(client.scan(&text[..length]), None);
            assert!(client.read(&text[..length]).is_err());
            assert!(client.told.0.is_empty());
        }
    }
}

#[test]
fn ids_are_the_prices_they_had_since_the_partial() {
    let mut client = Client::default();
    for text in [PARTIAL, INSERT, UPDATE, DELETE] {
        client.read(text).unwrap();
    }
    assert!(client.told.0[2].contains("Price(70000000000)"));
    assert!(client.told.0[3].contains("Price(80000000000)"));
    // The row is gone, and so is its id: the book is not what the venue's is.
    client.read(DELETE).unwrap();
    assert!(client.told.0[4].starts_with("lost"));
    // Nothing is told before the next partial.
    client.read(UPDATE).unwrap();
    assert_eq!(client.told.0.len(), 5);
}

/// What the feed makes of texts: snapshots, resets, messages passed over, whether the table was asked for again.
#[track_caller]
fn check_chain(texts: &[&str], expected: (u64, u64, u64, bool)) {
    let texts: Vec<String> = texts.iter().map(|&text| text.to_owned()).collect();
    let outcomes = run(Bitmex::new(""), "XBTUSD", &texts);
    let has_asked = outcomes
        .said
        .iter()
        .any(|text| text.contains("unsubscribe"));
    let found = (outcomes.snapshots, outcomes.resets, outcomes.ignored);
    assert_eq!((found.0, found.1, found.2, has_asked), expected);
}

#[test]
fn rows_have_to_be_known_and_a_partial_replaces_them() {
    check_chain(&[PARTIAL, UPDATE, UPDATE, INSERT, DELETE], (1, 0, 0, false));
    // Before the partial.
    check_chain(&[PRICED, PARTIAL], (1, 0, 1, false));
    check_chain(&[UPDATE, PARTIAL, UPDATE], (1, 0, 0, false));
    // A row nobody knows.
    check_chain(&[PARTIAL, DELETE, DELETE], (1, 1, 0, true));
    // A new partial.
    check_chain(&[PARTIAL, DELETE, PARTIAL, DELETE], (2, 0, 0, false));
    // An update that cannot be read loses the book; a trade does not.
    check_chain(&[PARTIAL, &UPDATE.replace(":5}", ":x}")], (1, 1, 0, true));
    check_chain(&[PARTIAL, &TRADE.replace(":100", ":x")], (1, 0, 0, false));
    check_chain(&[PARTIAL, &PARTIAL.replace(":100", ":x")], (1, 1, 0, true));
}

/// The samples of the venue's documentation, each with its page or that it was not at hand.
#[test]
fn documented_samples_are_told_as_the_documents_mean_them() {
    let (mut general, mut fast) = (Client::default(), Client::default());
    check_documented(
        "bitmex_ws/vectors/documented.txt",
        Bitmex::new(""),
        |text, told| match scan::scan(text, &mut fast.rows) {
            Some((symbol, change)) => {
                fast.prices.tell(symbol, change, &fast.rows, told);
                true
            }
            None => {
                let text = std::str::from_utf8(text).unwrap();
                fast.read(text).unwrap();
                false
            }
        },
        |text, told| {
            let Client {
                rows,
                prices,
                reader,
                ..
            } = &mut general;
            read::read(text, reader, rows, prices, told)
        },
    );
}
