//! Golden bytes beside the ticks they become: `vectors/<message>.hex` and `vectors/<message>.events`.
//!
//! Written anew only with `WAVELETD_BLESS=1`, and then checked by hand against the specification's tables.

use super::super::wire;
use super::{ItchEncoder, LISTING, Rig, STOCK, encoded, head};
use crate::contract::{Form, Line};
use crate::model::Side;
use crate::session::moldudp64::split_message;
use std::path::PathBuf;

const AT: u64 = 34_200_000_000_123;

/// One message of every type, with values that tell fields apart.
fn message_of(tag: u8) -> ItchEncoder {
    encoded(|encoder| match tag {
        b'S' => encoder.system_event(
            super::Head {
                stock_locate: 0,
                ..head(AT)
            },
            b'C',
        ),
        b'R' => encoder.directory(head(AT), STOCK, LISTING),
        b'H' => encoder.trading_action(head(AT), STOCK, b'P', b"LUDP"),
        b'Y' => encoder.reg_sho(head(AT), STOCK, b'1'),
        b'L' => encoder.market_participant(head(AT), b"GSCO", STOCK),
        b'V' => encoder.mwcb_decline_levels(
            head(AT),
            [302_481_000_000, 282_894_000_000, 260_101_234_567],
        ),
        b'W' => encoder.mwcb_status(head(AT), b'2'),
        b'K' => encoder.ipo_quoting(head(AT), STOCK, 36_000, 1_052_500),
        b'J' => encoder.luld_collar(head(AT), STOCK, [1_000_000, 1_050_000, 950_000], 3),
        b'h' => encoder.operational_halt(head(AT), STOCK, b'Q', b'H'),
        b'A' => encoder.add_order(head(AT), 4_711, Side::Bid, 300, STOCK, 1_872_500),
        b'F' => {
            encoder.add_attributed_order(
                head(AT),
                4_712,
                Side::Ask,
                200,
                STOCK,
                1_872_600,
                b"LEHM",
            );
        }
        b'E' => encoder.executed(head(AT), 4_711, 100, 99_001),
        b'C' => encoder.executed_with_price(head(AT), 4_711, 50, 99_002, true, 1_872_550),
        b'X' => encoder.cancel(head(AT), 4_711, 25),
        b'D' => encoder.delete(head(AT), 4_711),
        b'U' => encoder.replace(head(AT), 4_711, 4_713, 400, 1_872_400),
        b'P' => encoder.trade(head(AT), 77, STOCK, 1_872_555, 99_003),
        b'Q' => encoder.cross_trade(head(AT), 5_000_000_000, STOCK, 1_872_500, 99_004, b'O'),
        b'B' => encoder.broken_trade(head(AT), 99_001),
        b'I' => encoder.imbalance(
            head(AT),
            STOCK,
            [12_000, 3_400],
            b'S',
            [1_871_000, 1_872_000, 1_873_000],
            b'C',
        ),
        b'N' => encoder.retail_interest(head(AT), STOCK, b'A'),
        b'O' => encoder.direct_listing(head(AT), STOCK, [1_000_000, 900_000, 1_800_000], AT),
        _ => panic!("no vector for {tag}"),
    })
}

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

/// Ticks of the instrument's directory message and then of `blocks`, as a file from message 1.
fn events(blocks: &[u8]) -> String {
    let mut rig = Rig::new(|_| {});
    let directory = encoded(|encoder| encoder.directory(head(1), STOCK, LISTING));
    rig.packet(Line(0), Form::FileMessages, directory.bytes(), 0);
    rig.said();
    rig.packet(Line(0), Form::FileMessages, blocks, 0);
    assert_eq!(rig.feed.counters().decode_errors_total(), 0);
    rig.said().iter().map(|line| format!("{line}\n")).collect()
}

#[test]
fn every_message_type_has_golden_bytes_and_becomes_its_ticks() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("nasdaq_itch50/vectors");
    let is_blessed = std::env::var("WAVELETD_BLESS").is_ok_and(|value| value == "1");
    for info in wire::TYPES {
        let encoder = message_of(info.tag);
        let (message, rest) = split_message(encoder.bytes()).unwrap();
        assert_eq!(
            (message.len(), rest.len()),
            (usize::from(info.bytes), 0),
            "{}",
            info.name
        );
        let (hex_path, events_path) = (
            folder.join(format!("{}.hex", info.name)),
            folder.join(format!("{}.events", info.name)),
        );
        if is_blessed {
            let source = format!("# Nasdaq TotalView-ITCH 5.0, type {}", char::from(info.tag));
            std::fs::write(&hex_path, format!("{source}\n{}\n", hex(encoder.bytes()))).unwrap();
            std::fs::write(&events_path, events(encoder.bytes())).unwrap();
        }
        let golden = bytes_of(&std::fs::read_to_string(&hex_path).unwrap());
        assert_eq!(hex(&golden), hex(encoder.bytes()), "{}", info.name);
        let expected = std::fs::read_to_string(&events_path).unwrap();
        assert_eq!(events(&golden), expected, "{}", info.name);
    }
}

#[test]
fn the_table_of_order_fields_agrees_with_the_views() {
    for tag in *b"AFECXDUP" {
        let encoder = message_of(tag);
        let (message, _) = split_message(encoder.bytes()).unwrap();
        let fields = wire::OrderFields::of(message).unwrap();
        let stock = u64::from_be_bytes(*b"AAPL    ");
        let lehm = u32::from_be_bytes(*b"LEHM");
        let expected = match wire::Message::of(message).unwrap() {
            wire::Message::AddOrderNoMpidAttribution(_) => {
                (4_711, 0, 300, 1_872_500, b'B', stock, 0)
            }
            wire::Message::AddOrderWithMpidAttribution(_) => {
                (4_712, 0, 200, 1_872_600, b'S', stock, lehm)
            }
            wire::Message::OrderExecuted(_) => (4_711, 99_001, 100, 0, 0, 0, 0),
            wire::Message::OrderExecutedWithPrice(_) => (4_711, 99_002, 50, 1_872_550, b'Y', 0, 0),
            wire::Message::OrderCancel(_) => (4_711, 0, 25, 0, 0, 0, 0),
            wire::Message::OrderDelete(_) => (4_711, 0, 0, 0, 0, 0, 0),
            wire::Message::OrderReplace(_) => (4_711, 4_713, 400, 1_872_400, 0, 0, 0),
            wire::Message::NonCrossTrade(_) => (0, 99_003, 77, 1_872_555, b'B', stock, 0),
            _ => panic!("{tag} is no order message"),
        };
        let head = (
            fields.tag,
            fields.stock_locate,
            fields.tracking_number,
            fields.timestamp,
        );
        assert_eq!(head, (tag, 13, 2, AT));
        let found = (
            fields.order_reference_number,
            fields.second_number,
            fields.shares,
            fields.price,
            fields.code,
            fields.stock,
            fields.attribution,
        );
        assert_eq!(found, expected, "{}", char::from(tag));
        assert_eq!(wire::OrderFields::of(&message[1..]), None);
    }
}

/// Tags of the messages that [`wire::OrderFields::each`] gave, and how many bytes it left.
fn tags(blocks: &[u8]) -> (Vec<u8>, usize) {
    let mut found = Vec::new();
    let rest = wire::OrderFields::each(blocks, |fields| {
        found.push((fields.tag, fields.timestamp, fields.stock_locate));
    });
    assert!(found.iter().all(|one| (one.1, one.2) == (AT, 13)));
    (found.iter().map(|one| one.0).collect(), rest.len())
}

#[test]
fn order_messages_one_after_the_other_are_taken_up_to_the_first_other_one() {
    let mut blocks = Vec::new();
    let mut ends = vec![0];
    for tag in b"AFECXDUPDDXA" {
        blocks.extend_from_slice(message_of(*tag).bytes());
        ends.push(blocks.len());
    }
    for count in 0..=blocks.len() {
        let whole = ends.iter().filter(|end| **end <= count).count() - 1;
        let expected = b"AFECXDUPDDXA"[..whole].to_vec();
        assert_eq!(
            tags(&blocks[..count]),
            (expected, count - ends[whole]),
            "{count}"
        );
    }
    // None of these is an order message: no bytes, an unknown type, a length that is not the type's.
    for other in [
        &[0, 0][..],
        &[0, 1, b'z'],
        &[0, 1, 0],
        &[0, 1, b'D'],
        &[0, 20, b'D'],
    ] {
        let both = [&blocks, other, &blocks].concat();
        let (found, left) = tags(&both);
        assert_eq!(
            (found.len(), left),
            (12, other.len() + blocks.len()),
            "{other:?}"
        );
    }
}
