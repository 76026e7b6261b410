#![allow(clippy::unwrap_used)]

use super::venue::{Gate, Kind};
use super::{read, scan};
use crate::contract::{DecodeError, Form};
use crate::session::stitch::testing::{Told, check_documented, recorded_texts, run_forms};
use crate::session::stitch::{Heard, Level};
use crate::session::text::Reader;

/// "Changed order book levels".
const UPDATE: &str = r#"{"time":1606294781,"time_ms":1606294781236,"channel":"spot.order_book_update","event":"update","result":{"t":1606294781123,"e":"depthUpdate","E":1606294781,"s":"BTC_USDT","U":48776301,"u":48776306,"b":[["19137.74","0.0001"],["19088.37","0"]],"a":[["19137.75","0.6135"]]}}"#;
/// "Public trades channel".
const TRADE: &str = r#"{"time":1606292218,"time_ms":1606292218231,"channel":"spot.trades","event":"update","result":{"id":309143071,"create_time":1606292218,"create_time_ms":"1606292218213.4578","side":"sell","currency_pair":"GT_USDT","amount":"16.4700000000","price":"0.4705000000","range":"2390902-2390902"}}"#;
/// "Tickers channel".
const TICKER: &str = r#"{"time":1669107766,"time_ms":1669107766406,"channel":"spot.tickers","event":"update","result":{"currency_pair":"BTC_USDT","last":"15743.4","lowest_ask":"15744.4","highest_bid":"15743.5","change_percentage":"-1.8254","base_volume":"9110.473081735","quote_volume":"145082083.2535","high_24h":"16280.9","low_24h":"15468.5"}}"#;
/// "Retrieve order book", with the id that ends in the update above.
const SNAPSHOT: &str = r#"{"id":48776303,"current":1623898993123,"update":1623898993121,"asks":[["19137.76","1.5"]],"bids":[["19137.73","0.1244"]]}"#;

const URL: &str =
    "https://api.gateio.ws/api/v4/spot/order_book?currency_pair=BTC_USDT&limit=100&with_id=true";

fn scanned(text: &str) -> Option<Told> {
    let mut told = Told::default();
    let kind = scan::scan(text.as_bytes(), &mut Vec::new(), &mut told);
    kind.map(|_| told)
}

fn general(text: &str) -> (Result<Heard, DecodeError>, Told) {
    let (mut told, mut levels): (Told, Vec<Level>) = Default::default();
    let mut reader = Reader::default();
    let heard = read::read(text.as_bytes(), &mut reader, &mut levels, &mut told);
    (heard, told)
}

#[test]
fn the_scanner_reads_what_the_general_reader_does() {
    for text in [UPDATE, &UPDATE.replace(",\"time_ms\":1606294781236", "")] {
        let (heard, told) = general(text);
        assert_eq!(heard, Ok(Heard::Kind(Kind::Update as u8)));
        assert_eq!(scanned(text), Some(told), "{text}");
    }
}

#[test]
fn the_readers_agree_on_every_recorded_text() {
    let texts = recorded_texts("GATEIO");
    let mut fast = 0;
    for text in &texts {
        let (heard, told) = general(text);
        assert!(matches!(heard, Ok(Heard::Kind(_))), "{heard:?} {text}");
        if let Some(scanned) = scanned(text) {
            assert_eq!(scanned, told, "{text}");
            fast += 1;
        }
    }
    let updates = texts.iter().filter(|text| text.contains("depthUpdate"));
    assert_eq!(fast, updates.count());
}

#[test]
fn what_is_cut_short_tells_nothing() {
    for text in [UPDATE, TRADE, TICKER] {
        for length in 0..text.len() {
            assert_eq!(scanned(&text[..length]), None);
            let (heard, told) = general(&text[..length]);
            assert!(heard.is_err() && told.0.is_empty(), "{}", &text[..length]);
        }
    }
}

#[test]
fn trades_and_statistics_are_told() {
    let (_, told) = general(TRADE);
    assert!(told.0[0].contains("Rising(309143071)") && told.0[0].contains("aggressor: Ask"));
    assert!(told.0[0].contains("1606292218213457800"), "{}", told.0[0]);
    let (_, told) = general(TICKER);
    assert!(told.0[0].contains("LastPrice") && told.0[1].contains("Volume24h"));
}

#[test]
fn refusals_are_told_with_the_venues_words() {
    let text = r#"{"time":1,"channel":"spot.trades","event":"subscribe","error":{"code":2,"message":"unknown currency pair"},"result":null}"#;
    assert_eq!(general(text).1.0, ["complaint unknown currency pair"]);
}

#[test]
fn prices_finer_than_ours_give_the_instrument_up_instead_of_a_part_of_its_book() {
    let (heard, told) = general(&UPDATE.replace("19137.75", "0.0000000001375"));
    assert_eq!(heard, Ok(Heard::Kind(Kind::Update as u8)));
    assert!(told.0.len() == 1 && told.0[0].starts_with("too fine"));
}

fn update(first: u64, last: u64) -> String {
    let ids = format!("\"U\":{first},\"u\":{last}");
    UPDATE.replace("\"U\":48776301,\"u\":48776306", &ids)
}

/// Updates behind the snapshot 48776303, and what becomes of the book: snapshots, resets, messages passed over.
#[track_caller]
fn check_chain(texts: &[String], expected: (u64, u64, u64)) {
    let mut forms = vec![(Form::Rest(URL), SNAPSHOT)];
    forms.extend(texts.iter().map(|text| (Form::Text, text.as_str())));
    let outcomes = run_forms(Gate::new("https://rest"), "BTC_USDT", &forms);
    let found = (outcomes.snapshots, outcomes.resets, outcomes.ignored);
    assert_eq!(found, expected);
}

#[test]
fn ranges_continue_one_another_or_the_book_is_given_up() {
    let next = update(48776307, 48776307);
    check_chain(&[UPDATE.to_owned(), next.clone()], (1, 0, 0));
    check_chain(&[update(48776300, 48776303)], (1, 0, 1));
    check_chain(&[UPDATE.to_owned(), UPDATE.to_owned()], (1, 0, 1));
    check_chain(&[next], (1, 1, 0));
    check_chain(&[update(1, 2)], (1, 0, 1));
}

#[test]
fn a_full_update_replaces_the_book() {
    let full = update(48776400, 48776400).replace("{\"t\"", "{\"full\":true,\"t\"");
    assert_eq!(scanned(&full), None);
    check_chain(&[full, update(48776401, 48776401)], (2, 1, 0));
}

#[test]
fn updates_are_asked_for_pair_by_pair_and_the_rest_in_parts() {
    use crate::model::Symbol;
    use crate::session::stitch::Venue;
    let symbols: Vec<Symbol> = (0..120)
        .map(|n| Symbol::from(&*format!("S{n}_X")))
        .collect();
    let texts = Gate::new("https://rest").subscribe(&symbols);
    assert_eq!(texts.len(), 124);
}

/// The samples of the venue's documentation, each with its page or that it was not at hand.
#[test]
fn documented_samples_are_told_as_the_documents_mean_them() {
    let (mut reader, mut levels) = (Reader::default(), Vec::new());
    check_documented(
        "gateio_ws/vectors/documented.txt",
        Gate::new(""),
        |text, told| scan::scan(text, &mut Vec::new(), told).is_some(),
        |text, told| read::read(text, &mut reader, &mut levels, told),
    );
}
