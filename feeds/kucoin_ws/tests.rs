#![allow(clippy::unwrap_used)]

use super::venue::{Kind, Kucoin};
use super::{read, scan};
use crate::contract::{DecodeError, Form};
use crate::session::stitch::testing::{Told, check_documented, recorded_texts, run_forms};
use crate::session::stitch::{Heard, Level, Venue};
use crate::session::text::Reader;

/// "Orderbook - Increment".
const UPDATE: &str = r#"{"topic":"/market/level2:BTC-USDT","type":"message","subject":"trade.l2update","data":{"changes":{"asks":[["18906","0.00331","14103845"],["18907.3","0.58751503","14103844"]],"bids":[["18891.9","0.15688","14103847"]]},"sequenceEnd":14103847,"sequenceStart":14103844,"symbol":"BTC-USDT","time":1663747970273}}"#;
/// The same message as the venue ordered its members in 2021.
const UPDATE_2021: &str = r#"{"data":{"sequenceStart":14103844,"symbol":"BTC-USDT","changes":{"asks":[["0","0","14103844"]],"bids":[["18891.9","0.15688","14103847"]]},"sequenceEnd":14103847},"subject":"trade.l2update","topic":"/market/level2:BTC-USDT","type":"message"}"#;
/// "Trade".
const TRADE: &str = r#"{"topic":"/market/match:BTC-USDT","type":"message","subject":"trade.l3match","data":{"makerOrderId":"671b5007389355000701b1d3","price":"67523","sequence":"11067996711960577","side":"buy","size":"0.003","symbol":"BTC-USDT","takerOrderId":"671b50161777ff00074c168d","time":"1729843222921000000","tradeId":"11067996711960577","type":"match"}}"#;
/// "Ticker".
const TICKER: &str = r#"{"topic":"/market/ticker:BTC-USDT","type":"message","subject":"trade.ticker","data":{"bestAsk":"67218.7","bestAskSize":"1.92318539","bestBid":"67218.6","bestBidSize":"0.01045638","price":"67220","sequence":"14691455768","size":"0.00004316","Time":1729757723612}}"#;
/// "Get Part OrderBook".
const SNAPSHOT: &str = r#"{"code":"200000","data":{"time":1729176273859,"sequence":"14103845","bids":[["66976.4","0.69109872"],["66976.3","0.14377"]],"asks":[["66976.5","0.05408199"],["66976.8","0.0005"]]}}"#;

const URL: &str = "https://api.kucoin.com/api/v1/market/orderbook/level2_100?symbol=BTC-USDT";

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
    for text in [UPDATE, UPDATE_2021] {
        let (heard, told) = general(text);
        assert_eq!(heard, Ok(Heard::Kind(Kind::Update as u8)));
        assert_eq!(scanned(text), Some(told), "{text}");
    }
}

#[test]
fn the_readers_agree_on_every_recorded_text() {
    let texts = recorded_texts("KUCOIN");
    let mut fast = 0;
    for text in &texts {
        let (heard, told) = general(text);
        assert!(matches!(heard, Ok(Heard::Kind(_))), "{heard:?} {text}");
        if let Some(scanned) = scanned(text) {
            assert_eq!(scanned, told, "{text}");
            fast += 1;
        }
    }
    // All updates but those with prices finer than ours.
    assert!(texts.is_empty() || fast > 3_500, "{fast}");
}

#[test]
fn what_is_cut_short_tells_nothing() {
    for text in [UPDATE, UPDATE_2021, TRADE, TICKER] {
        for length in 0..text.len() {
            assert_eq!(scanned(&text[..length]), None);
            let (heard, told) = general(&text[..length]);
            assert!(heard.is_err() && told.0.is_empty(), "{}", &text[..length]);
        }
    }
}

#[test]
fn trades_and_last_prices_are_told() {
    let (_, told) = general(TRADE);
    assert!(told.0[0].contains("Rising(11067996711960577)") && told.0[0].contains("Bid"));
    let (_, told) = general(TICKER);
    assert!(told.0[0].contains("LastPrice") && told.0[0].contains("67220000000000"));
}

#[test]
fn prices_finer_than_ours_give_the_instrument_up_instead_of_a_part_of_its_book() {
    let (heard, told) = general(&UPDATE.replace("18891.9", "0.0000002181"));
    assert_eq!(heard, Ok(Heard::Kind(Kind::Update as u8)));
    assert_eq!(told.0.len(), 1);
    assert!(told.0[0].starts_with("too fine"));
    let fine = UPDATE.replace("18891.9", "0.0000002181");
    let texts = [
        (Form::Text, UPDATE),
        (Form::Rest(URL), SNAPSHOT),
        (Form::Text, &fine),
        (Form::Rest(URL), SNAPSHOT),
    ];
    let outcomes = run_forms(Kucoin::new("https://rest"), "BTC-USDT", &texts);
    assert_eq!((outcomes.snapshots, outcomes.resets), (1, 1));
    assert!(
        outcomes.said.iter().all(|said| !said.contains("orderbook")) || outcomes.said.len() == 4
    );
}

fn update(first: u64, last: u64) -> String {
    UPDATE
        .replace(
            "\"sequenceEnd\":14103847",
            &format!("\"sequenceEnd\":{last}"),
        )
        .replace(
            "\"sequenceStart\":14103844",
            &format!("\"sequenceStart\":{first}"),
        )
}

/// Updates behind the snapshot 14103845, and what becomes of the book: snapshots, resets, messages passed over.
#[track_caller]
fn check_chain(spans: &[(u64, u64)], expected: (u64, u64, u64)) {
    let texts: Vec<String> = spans
        .iter()
        .map(|&(first, last)| update(first, last))
        .collect();
    let mut forms = vec![(Form::Rest(URL), SNAPSHOT)];
    forms.extend(texts.iter().map(|text| (Form::Text, text.as_str())));
    let outcomes = run_forms(Kucoin::new("https://rest"), "BTC-USDT", &forms);
    let found = (outcomes.snapshots, outcomes.resets, outcomes.ignored);
    assert_eq!(found, expected);
}

#[test]
fn ranges_continue_one_another_or_the_book_is_given_up() {
    check_chain(&[(14103844, 14103847), (14103848, 14103848)], (1, 0, 0));
    check_chain(&[(14103840, 14103845)], (1, 0, 1));
    check_chain(&[(14103846, 14103846), (14103846, 14103846)], (1, 0, 1));
    check_chain(&[(14103847, 14103848)], (1, 1, 0));
    // The venue's numbers began anew: known ones are passed over, the next snapshot decides.
    check_chain(&[(1, 2)], (1, 0, 1));
}

#[test]
fn a_long_list_of_symbols_is_asked_for_in_parts() {
    use crate::model::Symbol;
    let symbols: Vec<Symbol> = (0..120)
        .map(|n| Symbol::from(&*format!("S{n}-X")))
        .collect();
    let texts = Kucoin::new("https://rest").subscribe(&symbols);
    assert_eq!(texts.len(), 6);
    assert!(texts[1].contains("\"topic\":\"/market/level2:S100-X,"));
}

/// The samples of the venue's documentation, each with its page or that it was not at hand.
#[test]
fn documented_samples_are_told_as_the_documents_mean_them() {
    let (mut reader, mut levels) = (Reader::default(), Vec::new());
    check_documented(
        "kucoin_ws/vectors/documented.txt",
        Kucoin::new(""),
        |text, told| scan::scan(text, &mut Vec::new(), told).is_some(),
        |text, told| read::read(text, &mut reader, &mut levels, told),
    );
}

/// "Apply for Connect Token", as clients of the venue are answered.
const TICKET: &str = r#"{"code":"200000","data":{"token":"2neAiuYvAU61ZD==.abc","instanceServers":[{"endpoint":"wss://ws-api-spot.kucoin.com/","encrypt":true,"protocol":"websocket","pingInterval":18000,"pingTimeout":10000}]}}"#;

#[track_caller]
fn check_address(url: &str, expected: &str) {
    let mut venue = Kucoin::new("https://rest");
    let asked = venue.ticket_url(url);
    assert_eq!(asked.as_deref(), Some("https://rest/api/v1/bullet-public"));
    let address = venue.address(url, TICKET.as_bytes());
    assert_eq!(address.as_deref(), Ok(expected));
}

#[test]
fn each_connection_has_its_token() {
    let own = "wss://ws-api-spot.kucoin.com/?token=2neAiuYvAU61ZD==.abc";
    check_address("wss://ws-api-spot.kucoin.com/", own);
    check_address("wss://ws-api-spot.kucoin.com", own);
    // Somebody's own way to the venue stays the way.
    let other = "ws://127.0.0.1:9/?a=1";
    check_address(other, "ws://127.0.0.1:9/?a=1&token=2neAiuYvAU61ZD==.abc");
    let bare = "ws://127.0.0.1:9";
    check_address(bare, "ws://127.0.0.1:9/?token=2neAiuYvAU61ZD==.abc");
    let mut venue = Kucoin::new("https://rest");
    assert_eq!(venue.ticket_url(own), None);
    for length in 0..TICKET.len() {
        assert!(venue.address(own, &TICKET.as_bytes()[..length]).is_err());
    }
}
