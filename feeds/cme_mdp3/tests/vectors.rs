//! Golden bytes beside the ticks they become: `vectors/<message>.hex` and `vectors/<message>.events`.
//!
//! Written anew only with `WAVELETD_BLESS=1`, and then checked by hand against the schema's tables.

use super::super::PACKET_HEADER_BYTES;
use super::{AT, CENT, Encoder, Run, SECURITY, SYMBOL, TradeUpdate, action, text_of};
use crate::model::{Price, Side};
use std::path::PathBuf;

const NAMES: [&str; 7] = [
    "md_incremental_refresh_book",
    "md_incremental_refresh_trade_summary",
    "md_instrument_definition_future",
    "security_status",
    "channel_reset",
    "admin_heartbeat",
    "admin_logout",
];

/// One message of every kind the venue says, with values that tell fields apart.
fn message_of(name: &str) -> Vec<u8> {
    let mut run = Run::new(10);
    let venue = &mut Encoder::new(2);
    match name {
        "md_incremental_refresh_book" => {
            let bid = run.update(action::NEW_FIELD, 1, b'0', 275_025, 308);
            let ask = run.update(action::NEW_FIELD, 1, b'1', 275_050, 480);
            venue.book(&[bid, ask], AT, true);
        }
        "md_incremental_refresh_trade_summary" => {
            let trade = TradeUpdate {
                security: SECURITY,
                rpt_seq: 1,
                price: Price(275_025 * CENT),
                size: 77,
                aggressor: Side::Bid,
                id: 99_001,
            };
            venue.trade(&trade, AT, true);
        }
        "md_instrument_definition_future" => {
            venue.future((7, "NQM8"), (Price(25 * CENT), 10), AT);
        }
        "security_status" => venue.status((Some(SECURITY), ""), 2, AT),
        "channel_reset" => venue.channel_reset(AT),
        "admin_heartbeat" => venue.heartbeat(),
        "admin_logout" => venue.logout("the session is over"),
        _ => panic!("no vector for {name}"),
    }
    venue.packet(AT + 1_000)[PACKET_HEADER_BYTES..].to_vec()
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

/// Ticks of `message` after the definition of one instrument.
fn events(message: &[u8]) -> String {
    let mut run = Run::new(10);
    let mut packet = 2_u32.to_le_bytes().to_vec();
    packet.extend((AT + 2_000_000).to_le_bytes());
    packet.extend(message);
    run.packet(0, &packet);
    assert_eq!(run.feed.counters().decode_errors_total(), 0);
    let said: Vec<String> = run.ticks().iter().map(text_of).collect();
    said.iter().map(|line| format!("{line}\n")).collect()
}

#[test]
fn every_message_the_venue_says_has_golden_bytes_and_becomes_its_ticks() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("cme_mdp3/vectors");
    let is_blessed = std::env::var("WAVELETD_BLESS").is_ok_and(|value| value == "1");
    for name in NAMES {
        let message = message_of(name);
        let (hex_path, events_path) = (
            folder.join(format!("{name}.hex")),
            folder.join(format!("{name}.events")),
        );
        if is_blessed {
            let source = format!("# CME MDP 3.0, schema 1 version 13, {name} of {SYMBOL}");
            std::fs::write(&hex_path, format!("{source}\n{}\n", hex(&message))).unwrap();
            std::fs::write(&events_path, events(&message)).unwrap();
        }
        let golden = bytes_of(&std::fs::read_to_string(&hex_path).unwrap());
        assert_eq!(hex(&golden), hex(&message), "{name}");
        let expected = std::fs::read_to_string(&events_path).unwrap();
        assert_eq!(events(&golden), expected, "{name}");
    }
}
