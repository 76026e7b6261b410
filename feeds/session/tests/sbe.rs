//! Views of a schema with everything in it: read, written, shown, and told lies.

use crate::contract::{DecodeError, FieldSink, InspectedMessage};
use crate::session::sbe::{Decimal, Header, HeaderShape, LengthPrefix, Type, write_group};
use proptest::prelude::*;

#[rustfmt::skip]
#[allow(missing_docs, unreachable_pub, dead_code)]
mod generated;

use generated::{
    Expiry, GroupSizeEncoding, Marks, Message, OrderAdded, OrderAddedBlock, OrderAddedParties,
    SbeHeader, VarText,
};

fn header(template: u16, version: u16, block_length: usize) -> Header {
    Header {
        block_length: block_length as u16,
        template,
        schema: generated::SCHEMA,
        version,
    }
}

fn block() -> [u8; OrderAddedBlock::BLOCK_LENGTH] {
    let mut expiry = Expiry::blank();
    Expiry::put_year(&mut expiry, 2026);
    let mut block = OrderAddedBlock::blank();
    OrderAddedBlock::put_timestamp(&mut block, 5);
    OrderAddedBlock::put_symbol(&mut block, b"ACME");
    OrderAddedBlock::put_side(&mut block, b'B');
    let price = Decimal {
        mantissa: -1_250_000,
        exponent: -6,
    };
    OrderAddedBlock::put_price(&mut block, price);
    OrderAddedBlock::put_marks(&mut block, Marks(0x8000));
    OrderAddedBlock::put_expiry(&mut block, Expiry::of(&expiry));
    let limit = Decimal {
        mantissa: 7,
        exponent: 2,
    };
    OrderAddedBlock::put_limit(&mut block, Some(limit));
    block
}

fn parties() -> Vec<u8> {
    let party = |name: &[u8], share| {
        let mut party = OrderAddedParties::blank();
        OrderAddedParties::put_name(&mut party, name);
        OrderAddedParties::put_share(&mut party, share);
        party
    };
    let mut bytes = Vec::new();
    write_group::<GroupSizeEncoding, _>(&[party(b"ONE", 1), party(b"OTHERS", 2)], &mut bytes);
    bytes
}

fn body() -> Vec<u8> {
    let mut body = block().to_vec();
    body.extend(parties());
    VarText::write(b"a note", &mut body);
    body
}

/// Fields as `name=value`, one behind the other.
#[derive(Default)]
struct Words(String);

impl Words {
    fn word(&mut self, name: &str, value: impl std::fmt::Display) {
        self.0.push_str(&format!("{name}={value} "));
    }
}

impl FieldSink for Words {
    fn integer(&mut self, name: &'static str, value: i128) {
        self.word(name, value);
    }
    fn decimal(&mut self, name: &'static str, mantissa: i128, scale: u8) {
        self.word(name, format!("{mantissa}e-{scale}"));
    }
    fn text(&mut self, name: &'static str, value: &[u8]) {
        self.word(name, String::from_utf8_lossy(value));
    }
    fn code(&mut self, name: &'static str, value: u8) {
        self.word(name, char::from(value));
    }
    fn flag(&mut self, name: &'static str, value: bool) {
        self.word(name, value);
    }
    fn absent(&mut self, name: &'static str) {
        self.word(name, "-");
    }
    fn begin_object(&mut self, name: &'static str) {
        self.0.push_str(&format!("{name}{{ "));
    }
    fn end_object(&mut self) {
        self.0.push_str("} ");
    }
    fn begin_list(&mut self, name: &'static str) {
        self.0.push_str(&format!("{name}[ "));
    }
    fn end_list(&mut self) {
        self.0.push_str("] ");
    }
    fn json_members(&mut self, _: &str) {}
}

#[track_caller]
fn check_shown(version: u16, block_length: usize, body: &[u8], expected: &str) {
    let header = header(20, version, block_length);
    let message = Message::read(header, body).unwrap().unwrap();
    assert_eq!(message.name(), "order_added");
    let mut words = Words::default();
    message.fields(&mut words);
    assert_eq!(words.0.trim(), expected);
}

#[track_caller]
fn check_refused(header: Header, body: &[u8], kind: &str) {
    let error = Message::read(header, body).unwrap_err();
    assert_eq!(DecodeError::KINDS[error.kind()], kind, "{error}");
}

#[test]
fn a_header_of_another_shape_is_read_as_it_is_written() {
    let mut bytes = Vec::new();
    SbeHeader::write(header(20, 3, 40), &mut bytes);
    assert_eq!(bytes, [0, 40, 20, 7, 0, 3]);
    bytes.push(9);
    assert_eq!(SbeHeader::read(&bytes), Some((header(20, 3, 40), &[9][..])));
    assert_eq!(SbeHeader::read(&bytes[..5]), None);
}

#[test]
fn every_kind_of_field_is_read_as_it_was_written() {
    let body = body();
    let message = OrderAdded::read(header(20, 3, 40), &body).unwrap();
    let block = message.block;
    assert_eq!((block.timestamp(), block.symbol()), (5, &b"ACME"[..]));
    assert_eq!(
        (block.side(), block.size()),
        (generated::side_type::BUY, None)
    );
    assert_eq!(block.price().mantissa, -1_250_000);
    assert!(block.marks().last() && !block.marks().first());
    assert_eq!(
        (block.expiry().year(), block.expiry().month()),
        (2026, None)
    );
    assert_eq!(block.limit().map(|limit| limit.exponent), Some(2));
    assert_eq!(message.parties.len(), 2);
    let names: Vec<_> = message.parties.iter().map(|party| party.name()).collect();
    assert_eq!(names, [&b"ONE"[..], b"OTHERS"]);
    assert_eq!(
        message.parties.get(1).and_then(|party| party.share()),
        Some(2)
    );
    assert!(message.parties.get(2).is_none());
    assert_eq!(message.note, b"a note");
}

#[test]
fn an_older_sender_has_neither_the_fields_nor_the_texts_of_later_versions() {
    let start = "timestamp=5 symbol=ACME side=B price=-1250000e-6 size=- marks{ first=false";
    let shown = format!(
        "{start} last=true }} expiry{{ year=2026 month=- }} limit=700 \
         parties[ {{ name=ONE share=1 }} {{ name=OTHERS share=2 }} ] note=a note"
    );
    check_shown(3, 40, &body(), &shown);
    // Version 1 ends before the limit, has no text, and its parties have no share.
    let mut old = block()[..32].to_vec();
    old.extend([6, 0, 1]);
    old.extend(b"OLD\0\0\0");
    let shown = format!("{start} }} expiry{{ year=2026 month=- }} parties[ {{ name=OLD }} ] note=");
    check_shown(1, 32, &old, &shown);
}

#[test]
fn what_a_newer_sender_appends_is_skipped_by_its_length() {
    let mut new = block().to_vec();
    new.extend([0xff; 9]);
    // Entries of eleven bytes.
    new.extend([11, 0, 2]);
    new.extend(b"ONE\0\0\0\0\x01xyzOTHERS\0\x02xyz");
    VarText::write(b"n", &mut new);
    new.extend(b"a group nobody knows");
    let message = OrderAdded::read(header(20, 9, 49), &new).unwrap();
    let shares: Vec<_> = message.parties.iter().map(|party| party.share()).collect();
    assert_eq!(shares, [Some(1), Some(2)]);
    assert_eq!(message.note, b"n");
}

#[test]
fn lengths_that_leave_the_message_are_refused() {
    let body = body();
    let whole = header(20, 3, 40);
    assert!(Message::read(whole, &body).unwrap().is_some());
    for end in 0..body.len() {
        // A text that came later than its message is absent where the message ends before it.
        let is_absent = end == block().len() + parties().len();
        assert_eq!(
            Message::read(whole, &body[..end]).is_ok(),
            is_absent,
            "{end}"
        );
    }
    check_refused(header(20, 3, 31), &body, "bad_length");
    check_refused(header(20, 3, 1_000), &body, "truncated");
    let mut lie = body.clone();
    lie[41] = 0xff;
    check_refused(whole, &lie, "truncated");
    lie = body.clone();
    lie[40] = 0;
    check_refused(whole, &lie, "bad_length");
    assert!(Message::read(header(99, 3, 40), &body).unwrap().is_none());
}

#[test]
fn a_message_without_fields_is_a_message() {
    let message = Message::read(header(21, 3, 0), &[]).unwrap().unwrap();
    assert_eq!(message.name(), "nothing");
}

#[test]
fn a_group_says_no_more_entries_than_its_head_can_count() {
    let mut bytes = Vec::new();
    write_group::<GroupSizeEncoding, 1>(&vec![[7]; 70_000], &mut bytes);
    assert_eq!(&bytes[..3], [1, 0xff, 0xff]);
    assert_eq!(bytes.len(), 3 + 65_535);
    assert_eq!(<Marks as Type>::LEN, 2);
}

proptest! {
    #[test]
    fn no_bytes_make_a_view_leave_them(
        bytes in proptest::collection::vec(any::<u8>(), 0..120),
        block_length in 0..80_u16,
        version in 0..5_u16,
    ) {
        let header = Header { block_length, template: 20, schema: 7, version };
        if let Ok(Some(message)) = Message::read(header, &bytes) {
            let mut words = Words::default();
            message.fields(&mut words);
            prop_assert!(words.0.len() < 200 * (bytes.len() + 1));
        }
    }
}
