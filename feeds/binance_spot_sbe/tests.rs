#![allow(clippy::unwrap_used)]

use super::simulator::binary;
use super::venue::BinanceSbe;
use crate::contract::DecodeError;
use crate::session::stitch::testing::Told;
use crate::session::stitch::{Heard, Venue};

/// Made by the documented layout: an update of BTCUSDT, ids 4001 to 4003, exponents -2 and -8.
#[rustfmt::skip]
const DEPTH_DIFF: &[u8] = &[
    26, 0, 0x13, 0x27, 1, 0, 0, 0, // block length, template 10003, schema 1, version 0
    0x00, 0xdf, 0x07, 0xde, 0xf8, 0x0e, 0x06, 0x00, // 2024-01-15T09:45:00Z, in µs
    0xa1, 0x0f, 0, 0, 0, 0, 0, 0, // first id
    0xa3, 0x0f, 0, 0, 0, 0, 0, 0, // last id
    0xfe, 0xf8, // exponents of prices and sizes
    16, 0, 2, 0, // two bids
    0x38, 0x2e, 0x40, 0, 0, 0, 0, 0, 0x80, 0xf0, 0xfa, 2, 0, 0, 0, 0, // 42061.36, 0.5
    0x10, 0x2e, 0x40, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, // 42060.96, gone
    16, 0, 1, 0, // one ask
    0x6a, 0x2e, 0x40, 0, 0, 0, 0, 0, 0x40, 0x42, 0x0f, 0, 0, 0, 0, 0, // 42061.86, 0.01
    7, b'B', b'T', b'C', b'U', b'S', b'D', b'T',
];

fn told(bytes: &[u8]) -> (Result<Heard, DecodeError>, Vec<String>) {
    let mut told = Told::default();
    let heard = BinanceSbe::new("").read_binary(bytes, &mut told);
    (heard, told.0)
}

fn told_of_text(text: &str) -> Vec<String> {
    let mut told = Told::default();
    BinanceSbe::new("")
        .read(text.as_bytes(), &mut told)
        .unwrap();
    told.0
}

/// The index of a type.
fn kind(name: &str) -> Heard {
    let index = BinanceSbe::KINDS.iter().position(|kind| *kind == name);
    Heard::Kind(index.unwrap() as u8)
}

#[test]
fn an_update_is_read_as_its_layout_says() {
    let (heard, told) = told(DEPTH_DIFF);
    assert_eq!(heard, Ok(kind("DepthDiffStreamEvent")));
    let expected = [
        "first: 4001, last: 4003, previous: None",
        "EventTime(1705311900000000000)",
        "side: Bid, price: Price(42061360000000), size: Number { mantissa: 5, scale: 1 }",
        "side: Bid, price: Price(42060960000000), size: Number { mantissa: 0, scale: 0 }",
        "side: Ask, price: Price(42061860000000), size: Number { mantissa: 1, scale: 2 }",
    ];
    assert_eq!(told.len(), 1);
    for part in expected {
        assert!(told[0].contains(part), "{part} is not in {}", told[0]);
    }
}

#[test]
fn the_binary_form_says_what_the_text_says() {
    let depth = r#"{"stream":"btcusdt@depth","data":{"e":"depthUpdate","E":1672515782136,"s":"BTCUSDT","U":157,"u":160,"b":[["16850.01000000","10.50000000"],["16849.9","0"]],"a":[["16850.02","0.00012"]]}}"#;
    let trade = r#"{"stream":"btcusdt@trade","data":{"e":"trade","E":1672515782136,"s":"BTCUSDT","t":12345,"p":"16850.01000000","q":"0.00100000","T":1672515782135,"m":true,"M":true}}"#;
    for text in [depth, trade] {
        let (heard, said) = told(&binary(text).unwrap());
        assert!(heard.is_ok());
        assert_eq!(said, told_of_text(text));
    }
}

#[test]
fn longer_blocks_and_entries_are_read_as_far_as_they_are_known() {
    let mut longer = DEPTH_DIFF.to_vec();
    // Two bytes more in the block, one more in every bid.
    longer[0] = 28;
    longer.splice(34..34, [0xff, 0xff]);
    longer[36] = 17;
    longer.insert(40 + 16, 0xff);
    longer.insert(40 + 33, 0xff);
    assert_eq!(told(&longer), told(DEPTH_DIFF));
}

#[test]
fn what_is_cut_short_tells_nothing() {
    let trade = r#"{"data":{"e":"trade","E":1,"s":"A","t":1,"p":"2","q":"3","T":1,"m":true}}"#;
    for bytes in [DEPTH_DIFF, &binary(trade).unwrap()] {
        for length in 0..bytes.len() {
            let (heard, told) = told(&bytes[..length]);
            assert!(heard.is_err() && told.is_empty(), "{length}");
        }
    }
}

#[test]
fn what_cannot_be_meant_is_refused_and_what_is_unknown_is_named() {
    let changed = |place: usize, bytes: &[u8]| {
        let mut message = DEPTH_DIFF.to_vec();
        message[place..place + bytes.len()].copy_from_slice(bytes);
        told(&message)
    };
    let tag = 10_003;
    let bad = Err(DecodeError::BadField { tag, offset: 0 });
    // A price below nothing, ids below nothing, an exponent out of reach.
    assert_eq!(changed(38, &[0xff; 8]), (bad, Vec::new()));
    assert_eq!(changed(16, &[0xff; 8]).0, bad);
    assert_eq!(changed(32, &[100]).0, bad);
    assert_eq!(changed(4, &[3]).0, Err(DecodeError::NotThisProtocol));
    let name = "template 10010".into();
    assert_eq!(changed(2, &[0x1a]), (Ok(Heard::Unknown(name)), Vec::new()));
}

#[test]
fn other_templates_are_counted() {
    let mut best = vec![50, 0, 0x11, 0x27, 1, 0, 0, 0];
    best.extend([0; 50]);
    best.extend([1, b'A']);
    assert_eq!(told(&best), (Ok(kind("BestBidAskStreamEvent")), Vec::new()));
}

#[test]
fn a_message_that_cannot_be_read_costs_the_book_it_names_and_trades_cost_none() {
    let culprit = |bytes: &[u8]| {
        let mut venue = BinanceSbe::new("");
        assert!(venue.read_binary(bytes, &mut Told::default()).is_err());
        venue.culprit(bytes).map(<[u8]>::to_vec)
    };
    let mut diff = DEPTH_DIFF.to_vec();
    diff[38..46].fill(0xff);
    assert_eq!(culprit(&diff), Some(b"BTCUSDT".to_vec()));
    assert_eq!(culprit(&diff[..60]), None);
    let text = r#"{"data":{"e":"trade","E":1,"s":"A","t":1,"p":"2","q":"3","T":1,"m":true}}"#;
    let mut trade = binary(text).unwrap();
    let side = trade.len() - 3;
    trade[side] = 9;
    assert_eq!(culprit(&trade), Some(Vec::new()));
}
