//! Golden bytes beside the ticks they become: `vectors/<message>.hex` and `vectors/<message>.events`.
//!
//! Written anew only with `WAVELETD_BLESS=1`, and then checked by hand against the specification's tables.

use super::super::{Auction, wire};
use super::{Encoder, Run, SYMBOL, text_of};
use crate::model::Side;
use crate::session::iextp::{HEADER_BYTES, split_message};
use std::path::PathBuf;

/// 2018-05-14 14:30:00.000000123 UTC.
const AT: i64 = 1_526_308_200_000_000_123;

/// One message of every type, with values that tell fields apart.
fn message_of(tag: u8) -> Vec<u8> {
    let mut venue = Encoder::new(1, 7);
    let is_said = match tag {
        b'S' => venue.system_event(b'E', AT),
        b'D' => venue.directory((wire::TEST_SECURITY, 10, 1_871_000), SYMBOL, AT),
        b'H' => venue.trading_status(b'H', SYMBOL, AT),
        b'I' => venue.retail_liquidity(b'A', SYMBOL, AT),
        b'O' => venue.operational_halt(b'O', SYMBOL, AT),
        b'P' => venue.short_sale((true, b'A'), SYMBOL, AT),
        b'E' => venue.security_event(b'O', SYMBOL, AT),
        b'8' => venue.level((Side::Bid, 300, 1_872_500), SYMBOL, AT, true),
        b'5' => venue.level((Side::Ask, 200, 1_872_600), SYMBOL, AT, false),
        b'T' => venue.trade((99_001, 77, 1_872_555), SYMBOL, AT),
        b'X' => venue.official_price((b'Q', 1_872_400), SYMBOL, AT),
        b'B' => venue.trade_break((99_001, 77, 1_872_555), SYMBOL, AT),
        b'A' => venue.auction(&AUCTION, SYMBOL, AT),
        _ => panic!("no vector for {tag}"),
    };
    assert!(is_said);
    let segment = venue.segment(AT as u64 + 1_000);
    let (message, rest) = split_message(&segment[HEADER_BYTES..]).unwrap();
    assert!(rest.is_empty());
    message.to_vec()
}

/// An auction with everything.
pub(super) const AUCTION: Auction = Auction {
    auction_type: b'C',
    paired_shares: 12_000,
    reference: 1_871_000,
    indicative: 1_872_000,
    imbalance_shares: 3_400,
    imbalance_side: b'S',
    extension: 1,
    scheduled_s: 1_526_328_000,
    book_clearing: 1_873_000,
    collar_reference: 1_870_000,
    collar_lower: 1_683_000,
    collar_upper: 2_057_000,
};

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes_of(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex
        .lines()
        .filter(|line| !line.starts_with('#'))
        .flat_map(str::bytes)
        .map(|digit| (digit as char).to_digit(16).unwrap() as u8)
        .collect();
    digits
        .chunks_exact(2)
        .map(|pair| pair[0] << 4 | pair[1])
        .collect()
}

/// Ticks of `message` after the instrument's directory message.
fn events(message: &[u8]) -> String {
    let mut run = Run::new();
    let mut venue = Encoder::new(1, 7);
    venue.directory((0, 100, 0), SYMBOL, AT);
    run.packet(0, AT as u64, &venue.segment(AT as u64));
    run.ticks();
    venue.raw(message);
    run.packet(0, AT as u64 + 2_000, &venue.segment(AT as u64 + 1_000));
    assert_eq!(run.feed.counters().decode_errors_total(), 0);
    let said: Vec<String> = run.ticks().iter().map(text_of).collect();
    said.iter().map(|line| format!("{line}\n")).collect()
}

#[test]
fn every_message_type_has_golden_bytes_and_becomes_its_ticks() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("iex_deep10/vectors");
    let is_blessed = std::env::var("WAVELETD_BLESS").is_ok_and(|value| value == "1");
    for info in wire::TYPES {
        let message = message_of(info.tag);
        assert_eq!(message.len(), usize::from(info.bytes), "{}", info.name);
        let (hex_path, events_path) = (
            folder.join(format!("{}.hex", info.name)),
            folder.join(format!("{}.events", info.name)),
        );
        if is_blessed {
            let source = format!("# IEX DEEP 1.0, type {}", char::from(info.tag));
            std::fs::write(&hex_path, format!("{source}\n{}\n", hex(&message))).unwrap();
            std::fs::write(&events_path, events(&message)).unwrap();
        }
        let golden = bytes_of(&std::fs::read_to_string(&hex_path).unwrap());
        assert_eq!(hex(&golden), hex(&message), "{}", info.name);
        let expected = std::fs::read_to_string(&events_path).unwrap();
        assert_eq!(events(&golden), expected, "{}", info.name);
    }
}
