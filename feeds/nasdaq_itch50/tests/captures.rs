//! Every field of every message of the recorded captures against decodes by other software.

use super::super::{DESCRIPTOR, wire};
use crate::contract::{FieldSink, Form, InspectedMessage, Line, MessageSink, Packet};
use crate::model::RecvTime;
use crate::model::decimal;
use simd_json::OwnedValue;
use simd_json::prelude::*;
use std::io::Read;
use std::path::{Path, PathBuf};

/// The folder of captures, or nothing where there is none (which a build server must not accept).
fn captures(folder: &str) -> Option<PathBuf> {
    let root = std::env::var("WAVELETD_CAPTURES").map_or_else(
        |_| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/captures"),
        PathBuf::from,
    );
    let path = root.join(folder);
    if path.is_dir() {
        return Some(path);
    }
    assert!(
        std::env::var("CI").is_err(),
        "no captures at {}",
        path.display()
    );
    println!("skipped: no captures at {}", path.display());
    None
}

/// One field as shown.
#[derive(Clone, Debug, PartialEq)]
enum Shown {
    Integer(i128),
    Decimal(i128, u8),
    Text(String),
}

/// One message as shown.
#[derive(Debug)]
struct Message {
    name: String,
    sequence: Option<u64>,
    fields: Vec<(&'static str, Shown)>,
}

#[derive(Default)]
struct Fields(Vec<(&'static str, Shown)>);

impl FieldSink for Fields {
    fn integer(&mut self, name: &'static str, value: i128) {
        self.0.push((name, Shown::Integer(value)));
    }
    fn decimal(&mut self, name: &'static str, mantissa: i128, scale: u8) {
        self.0.push((name, Shown::Decimal(mantissa, scale)));
    }
    fn text(&mut self, name: &'static str, value: &[u8]) {
        let text = String::from_utf8_lossy(value).trim().to_owned();
        self.0.push((name, Shown::Text(text)));
    }
    fn code(&mut self, name: &'static str, value: u8) {
        self.text(name, &[value]);
    }
    fn flag(&mut self, _: &'static str, _: bool) {}
    fn begin_object(&mut self, _: &'static str) {}
    fn end_object(&mut self) {}
    fn begin_list(&mut self, _: &'static str) {}
    fn end_list(&mut self) {}
    fn json_members(&mut self, _: &str) {}
}

#[derive(Default)]
struct Messages(Vec<Message>);

impl MessageSink for Messages {
    fn message(&mut self, _: &str, sequence: Option<u64>, message: &dyn InspectedMessage) {
        let mut fields = Fields::default();
        message.fields(&mut fields);
        let name = message.name().to_owned();
        self.0.push(Message {
            name,
            sequence,
            fields: fields.0,
        });
    }
}

fn inspect(form: Form<'_>, bytes: &[u8]) -> Vec<Message> {
    let mut messages = Messages::default();
    let packet = Packet {
        line: Line(0),
        ts_recv: RecvTime(0),
        form,
        bytes,
    };
    (DESCRIPTOR.inspect)(&packet, &mut messages).unwrap();
    messages.0
}

fn json_lines(text: &str) -> impl Iterator<Item = OwnedValue> + '_ {
    text.lines()
        .map(|line| simd_json::to_owned_value(&mut line.as_bytes().to_vec()).unwrap())
}

fn read(path: &Path) -> String {
    let bytes = std::fs::read(path).unwrap();
    if path.extension().is_some_and(|extension| extension == "gz") {
        let mut text = String::new();
        flate2::read::GzDecoder::new(&bytes[..])
            .read_to_string(&mut text)
            .unwrap();
        return text;
    }
    String::from_utf8(bytes).unwrap()
}

/// UDP payloads of a classic pcap of Ethernet frames, VLAN tags or not, IPv4.
fn payloads(pcap: &[u8]) -> Vec<Vec<u8>> {
    assert!(matches!(
        pcap[..4],
        [0x4d, 0x3c, 0xb2, 0xa1] | [0xd4, 0xc3, 0xb2, 0xa1]
    ));
    let mut rest = &pcap[24..];
    let mut found = Vec::new();
    while let Some((head, tail)) = rest.split_at_checked(16) {
        let count = u32::from_le_bytes(head[8..12].try_into().unwrap()) as usize;
        let frame = &tail[..count];
        let mut at = 12;
        while frame[at..at + 2] == [0x81, 0x00] {
            at += 4;
        }
        assert_eq!(frame[at..at + 2], [0x08, 0x00]);
        let ip = &frame[at + 2..];
        let udp = &ip[usize::from(ip[0] & 15) * 4..];
        let bytes = usize::from(u16::from_be_bytes([udp[4], udp[5]]));
        found.push(udp[8..bytes].to_vec());
        rest = &tail[count..];
    }
    found
}

/// Whether a field says what the other decode says.
fn agrees(shown: &Shown, theirs: &OwnedValue) -> bool {
    match shown {
        Shown::Integer(value) => theirs.as_i128() == Some(*value),
        Shown::Text(text) => {
            // The dissector shows a blank it cannot name as bytes.
            theirs
                .as_str()
                .is_some_and(|their| their.replace("hex:20", "").trim() == text)
                || theirs
                    .as_u64()
                    .is_some_and(|their| their.to_string() == *text)
        }
        Shown::Decimal(mantissa, scale) => {
            let text = match theirs.as_str() {
                Some(text) => text.to_owned(),
                None => theirs.cast_f64().unwrap().to_string(),
            };
            decimal::parse(text.as_bytes(), *scale).map(i128::from) == Ok(*mantissa)
        }
    }
}

/// Names with neither underscores nor the dissector's suffix.
fn flat(name: &str) -> String {
    name.replace('_', "").trim_end_matches("message").to_owned()
}

#[test]
fn every_field_of_the_packet_captures_agrees_with_the_dissector() {
    let Some(root) = captures("omi-pcap") else {
        return;
    };
    let mut message_count = 0;
    let folders = [
        "Nasdaq/Nasdaq.Equities.TotalView.Itch.v5.0",
        "Nasdaq/Bx.Equities.TotalView.Itch.v5.0",
    ];
    for folder in folders {
        for entry in std::fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|extension| extension != "pcap") {
                continue;
            }
            let ours: Vec<Message> = payloads(&std::fs::read(&path).unwrap())
                .iter()
                .flat_map(|payload| inspect(Form::Datagram, payload))
                .collect();
            let text = read(&path.with_extension("pcap.decoded.jsonl"));
            let theirs: Vec<OwnedValue> = json_lines(&text)
                .filter(|line| line.contains_key("msg"))
                .collect();
            assert_eq!(ours.len(), theirs.len(), "{}", path.display());
            for (index, (our, their)) in ours.iter().zip(&theirs).enumerate() {
                let at = format!("{} message {index}: {our:?} {their}", path.display());
                let name = their.get_str("msg").unwrap();
                assert_eq!(flat(&our.name), flat(name), "{at}");
                let fields = their
                    .get("f")
                    .unwrap()
                    .get(name)
                    .unwrap()
                    .as_object()
                    .unwrap();
                assert_eq!(our.fields.len(), fields.len(), "{at}");
                for (name, value) in &our.fields {
                    let theirs = if *name == "reason_code" {
                        "reason"
                    } else {
                        name
                    };
                    assert!(agrees(value, &fields[&flat(theirs)]), "{at}: {name}");
                }
            }
            message_count += ours.len();
        }
    }
    assert!(message_count > 40, "{message_count}");
}

#[test]
fn every_field_of_the_binary_files_agrees_with_the_other_decoder() {
    let Some(root) = captures("itch-binaryfile") else {
        return;
    };
    for (file, count) in [
        ("nasdaq_itch50_first1000.itch", 1_000),
        ("nasdaq_itch50_aapl_20200130_first6000.itch", 6_000),
    ] {
        let bytes = std::fs::read(root.join(file)).unwrap();
        assert!((DESCRIPTOR.file_message)(&bytes).is_some());
        let ours = inspect(Form::FileMessages, &bytes);
        let text = read(&root.join(format!("{file}.decoded.jsonl.gz")));
        let theirs: Vec<OwnedValue> = json_lines(&text).collect();
        assert_eq!((ours.len(), theirs.len()), (count, count));
        for (our, their) in ours.iter().zip(&theirs) {
            let at = format!("{file}: {our:?} {their}");
            let tag = their.get_str("type").unwrap().as_bytes()[0];
            let info = wire::TYPES.iter().find(|info| info.tag == tag).unwrap();
            assert_eq!(our.name, info.name, "{at}");
            assert_eq!(our.sequence, None);
            let fields = their.get("f").unwrap().as_object().unwrap();
            assert_eq!(our.fields.len(), fields.len(), "{at}");
            for (name, value) in &our.fields {
                let theirs = match *name {
                    "locate_code" => "stock_locate",
                    "luld_reference_price_tier" => "luld_ref",
                    "reason_code" => "reason",
                    "canceled_shares" => "cancelled_shares",
                    name => name,
                };
                assert!(agrees(value, &fields[theirs]), "{at}: {name}");
            }
        }
    }
}
