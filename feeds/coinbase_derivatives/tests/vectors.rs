//! Golden bytes beside the ticks they become: `vectors/<name>.hex` and `vectors/<name>.events`.
//!
//! Those of version 2 are recorded packets of the venue. The others are messages of the simulated venue: written anew only with
//! `WAVELETD_BLESS=1`, and then checked by hand against the schema's tables.

use super::super::TradeSaid;
use super::super::generated::{stat_type, trading_status as status};
use super::super::wire::{Header, INCREMENTAL};
use super::{AT, CENT, Run, SYMBOL, text_of};
use crate::contract::{Line, Value};
use crate::model::{Price, Side};
use std::path::PathBuf;

const NAMES: [&str; 7] = [
    "outright_instrument_definition",
    "trading_status_update",
    "order_put",
    "order_delete",
    "trade",
    "trade_bust",
    "market_stat",
];

/// Recorded packets, of version 2 of the schema.
const RECORDED: [&str; 3] = [
    "recorded_orders",
    "recorded_outright_snapshot",
    "recorded_spread_snapshot",
];

/// One message of every kind the venue says, with values that tell fields apart.
fn message_of(name: &str) -> Vec<u8> {
    let mut run = Run::new();
    let side = match name {
        "order_put" | "trade" => Side::Ask,
        "order_delete" => Side::Bid,
        _ => Side::None,
    };
    let head = run.head(side);
    let (venue, price) = (&mut run.venue, Price(3_223 * CENT));
    match name {
        "outright_instrument_definition" => {
            venue.outright(head, SYMBOL, Price(5 * CENT), status::PRE_OPEN);
        }
        "trading_status_update" => venue.status(head, status::HALT),
        "order_put" => venue.put(head, 43_508_906, price, 23),
        "order_delete" => venue.delete(head, 43_494_942),
        "trade" => {
            let trade = TradeSaid {
                id: 99_001,
                resting: Some((43_494_942, Side::Bid)),
                price,
                size: 77,
            };
            venue.trade(head, &trade);
        }
        "trade_bust" => venue.bust(head, 99_001),
        "market_stat" => venue.statistic(head, stat_type::SETTLEMENT_PRICE, price),
        _ => panic!("no vector for {name}"),
    }
    venue.packet(AT + 1_000)
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

/// Ticks of a packet that follows the definition of one instrument.
fn events(packet: &[u8]) -> String {
    let mut run = Run::new();
    run.on_line(Line(0), packet);
    said(&mut run)
}

/// Ticks of a recorded packet: of the stream where it is joined there, or of the snapshot line after the joining packet.
fn recorded_events(packet: &[u8]) -> String {
    let (header, _) = Header::split(packet).unwrap();
    let own = [("follow_undefined", Value::Bool(true))];
    let mut run = Run::of(&own, header.is_snapshot());
    let mut line = Line(0);
    if header.is_snapshot() {
        let joining = Header {
            flags: INCREMENTAL,
            count: 0,
            ..header
        };
        run.on_line(line, &joining.to_bytes());
        run.wait(3);
        run.ticks();
        line = Line::SNAPSHOT;
    }
    run.on_line(line, packet);
    run.wait(3);
    said(&mut run)
}

#[track_caller]
fn said(run: &mut Run) -> String {
    assert_eq!(run.feed.counters().decode_errors_total(), 0);
    let said: Vec<String> = run.ticks().iter().map(text_of).collect();
    said.iter().map(|line| format!("{line}\n")).collect()
}

fn is_blessed() -> bool {
    std::env::var("WAVELETD_BLESS").is_ok_and(|value| value == "1")
}

fn paths(name: &str) -> (PathBuf, PathBuf) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("coinbase_derivatives/vectors");
    (
        folder.join(format!("{name}.hex")),
        folder.join(format!("{name}.events")),
    )
}

#[test]
fn every_message_the_venue_says_has_golden_bytes_and_becomes_its_ticks() {
    for name in NAMES {
        let (packet, (hex_path, events_path)) = (message_of(name), paths(name));
        if is_blessed() {
            let source = format!("# Coinbase Derivatives, schema 1201 version 9, {name}");
            std::fs::write(&hex_path, format!("{source}\n{}\n", hex(&packet))).unwrap();
            std::fs::write(&events_path, events(&packet)).unwrap();
        }
        let golden = bytes_of(&std::fs::read_to_string(&hex_path).unwrap());
        assert_eq!(hex(&golden), hex(&packet), "{name}");
        let expected = std::fs::read_to_string(&events_path).unwrap();
        assert_eq!(events(&golden), expected, "{name}");
    }
}

#[test]
fn recorded_packets_become_their_ticks() {
    for name in RECORDED {
        let (hex_path, events_path) = paths(name);
        let packet = bytes_of(&std::fs::read_to_string(&hex_path).unwrap());
        if is_blessed() {
            std::fs::write(&events_path, recorded_events(&packet)).unwrap();
        }
        let expected = std::fs::read_to_string(&events_path).unwrap();
        assert_eq!(recorded_events(&packet), expected, "{name}");
    }
}
