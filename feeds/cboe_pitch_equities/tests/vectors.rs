//! Golden bytes beside the ticks they become: `vectors/<message>.hex` and
//! `vectors/<message>.events`.
//!
//! Written anew only with `WAVELETD_BLESS=1`, and then checked by hand against the specification's
//! tables.

use super::super::encode::Auction;
use super::super::wire;
use super::{OPEN, Rig, SECOND, STOCK, encoded, packet_of};
use crate::contract::Line;
use crate::model::Side;
use crate::session::sequenced_unit::split_message;
use std::path::PathBuf;

/// Nanoseconds within the second.
const OFFSET: u32 = 123_456_789;
const LONG_STOCK: &[u8] = b"LONGSYM";

/// One message of every type, with values that tell fields apart. Order 4711 bids for 300.
pub(super) fn message_of(tag: u8) -> Vec<u8> {
    encoded(|venue| match tag {
        0x20 => venue.time(SECOND + 1),
        0x97 => venue.unit_clear(OFFSET),
        0x21 => venue.add_order(OFFSET, (4_712, Side::Ask, 70_000, 1_872_655), STOCK),
        0x22 => venue.add_order(OFFSET, (4_712, Side::Ask, 200, 1_872_600), STOCK),
        0x2F => {
            let order = (4_712, Side::Bid, 200, 1_872_655);
            venue.add_order_expanded(OFFSET, order, LONG_STOCK, b"LEHM");
        }
        0x23 => venue.executed(OFFSET, 4_711, 100, 99_001, b' '),
        0x24 => venue.executed_at_price(OFFSET, 4_711, [50, 200], 99_002, 1_872_555),
        0x25 => venue.reduce(OFFSET, 4_711, 70_000),
        0x26 => venue.reduce(OFFSET, 4_711, 25),
        0x27 => venue.modify(OFFSET, 4_711, 70_000, 1_872_455),
        0x28 => venue.modify(OFFSET, 4_711, 250, 1_872_400),
        0x29 => venue.delete(OFFSET, 4_711),
        0x2A => venue.trade(OFFSET, (4_713, 70_000, 1_872_555, 99_003), STOCK),
        0x2B => venue.trade(OFFSET, (4_713, 77, 1_872_500, 99_003), STOCK),
        0x30 => venue.trade(OFFSET, (4_713, 77, 1_872_555, 99_003), LONG_STOCK),
        0x2C => venue.trade_break(OFFSET, 99_001),
        0x2D => venue.end_of_session(OFFSET),
        0x31 => venue.trading_status(OFFSET, STOCK, b'H', b'1'),
        0x95 => {
            let auction = Auction {
                auction_type: b'C',
                reference: 1_871_000,
                buy_shares: 12_000,
                sell_shares: 15_400,
                indicative: 1_872_000,
                auction_only: 1_873_000,
            };
            venue.auction_update(OFFSET, STOCK, &auction);
        }
        0x96 => venue.auction_summary(OFFSET, STOCK, b'O', 1_872_500, 5_000),
        0x98 => venue.retail_price_improvement(OFFSET, STOCK, b'A'),
        _ => panic!("no vector for {tag:#x}"),
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(super) fn bytes_of(hex: &str) -> Vec<u8> {
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

/// Ticks of `blocks` behind a second and an order that rests.
fn events(blocks: &[u8]) -> String {
    let mut rig = Rig::new(|_| {});
    rig.say(1, OPEN, |venue| {
        venue.time(SECOND);
        venue.add_order(1, (4_711, Side::Bid, 300, 1_872_500), STOCK);
    });
    rig.said();
    rig.packet(Line(0), &packet_of(1, 3, blocks), OPEN);
    assert_eq!(rig.feed.counters().decode_errors_total(), 0);
    assert_eq!(rig.feed.counters().unknown_instrument_messages, 0);
    rig.said().iter().map(|line| format!("{line}\n")).collect()
}

#[test]
fn every_message_type_has_golden_bytes_and_becomes_its_ticks() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("cboe_pitch_equities/vectors");
    let is_blessed = std::env::var("WAVELETD_BLESS").is_ok_and(|value| value == "1");
    for info in wire::TYPES {
        let said = message_of(info.tag);
        let (message, rest) = split_message(&said).unwrap();
        assert_eq!((message[0], rest.len()), (info.tag, 0), "{}", info.name);
        assert!(said.len() >= usize::from(info.bytes), "{}", info.name);
        let (hex_path, events_path) = (
            folder.join(format!("{}.hex", info.name)),
            folder.join(format!("{}.events", info.name)),
        );
        if is_blessed {
            let source = format!("# Cboe Multicast PITCH, type {:02X}", info.tag);
            std::fs::write(&hex_path, format!("{source}\n{}\n", hex(&said))).unwrap();
            std::fs::write(&events_path, events(&said)).unwrap();
        }
        let golden = bytes_of(&std::fs::read_to_string(&hex_path).unwrap());
        assert_eq!(hex(&golden), hex(&said), "{}", info.name);
        let expected = std::fs::read_to_string(&events_path).unwrap();
        assert_eq!(events(&golden), expected, "{}", info.name);
    }
}
