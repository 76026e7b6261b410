//! Records: how long they are, what they are called, and the layout of the one that builds books. Little endian.

use crate::contract::{FieldSink, InspectedMessage};
use crate::session::layout::{Code, Decimal, LittleEndian};

/// What records are counted in: their length says how many of these they are.
pub const WORD_BYTES: usize = 4;
/// Bytes every record begins with.
pub const HEADER_BYTES: usize = RecordHeader::LEN;
/// Type of [`Mbo`].
pub const MBO: u8 = 0xa0;

crate::layout! {
    /// What every record begins with.
    pub struct RecordHeader(16) "record" {
        0 length: LittleEndian<u8>,
        1 rtype: LittleEndian<u8>,
        2 publisher_id: LittleEndian<u16>,
        4 instrument_id: LittleEndian<u32>,
        8 ts_event: LittleEndian<u64>,
    }

    /// Market by order: what happened to one order, or to the book. The same in versions 1 to 3.
    pub struct Mbo(56) "mbo" {
        0 length: LittleEndian<u8>,
        1 rtype: LittleEndian<u8>,
        2 publisher_id: LittleEndian<u16>,
        4 instrument_id: LittleEndian<u32>,
        8 ts_event: LittleEndian<u64>,
        16 order_id: LittleEndian<u64>,
        24 price: Decimal<LittleEndian<i64>, 9>,
        32 size: LittleEndian<u32>,
        36 flags: LittleEndian<u8>,
        37 channel_id: LittleEndian<u8>,
        38 action: Code,
        39 side: Code,
        40 ts_recv: LittleEndian<u64>,
        48 ts_in_delta: LittleEndian<i32>,
        52 sequence: LittleEndian<u32>,
    }
}

/// Types by number, the names of their schemas.
pub const TYPES: [(u8, &str); 23] = [
    (0x00, "trades"),
    (0x01, "mbp_1"),
    (0x0a, "mbp_10"),
    (0x11, "ohlcv_deprecated"),
    (0x12, "status"),
    (0x13, "definition"),
    (0x14, "imbalance"),
    (0x15, "error"),
    (0x16, "symbol_mapping"),
    (0x17, "system"),
    (0x18, "statistics"),
    (0x20, "ohlcv_1s"),
    (0x21, "ohlcv_1m"),
    (0x22, "ohlcv_1h"),
    (0x23, "ohlcv_1d"),
    (0x24, "ohlcv_eod"),
    (MBO, "mbo"),
    (0xb1, "cmbp_1"),
    (0xc0, "cbbo_1s"),
    (0xc1, "cbbo_1m"),
    (0xc2, "tcbbo"),
    (0xc3, "bbo_1s"),
    (0xc4, "bbo_1m"),
];

/// Place of a type in [`TYPES`].
pub fn type_index(rtype: u8) -> Option<usize> {
    TYPES.binary_search_by_key(&rtype, |known| known.0).ok()
}

/// Bytes of the record at the start of `bytes` by its own length; 0 when nothing that begins so is a record.
///
/// Types nobody knows yet are records too, except where text would be taken for one.
pub fn record_bytes(bytes: &[u8]) -> Option<usize> {
    let length = usize::from(*bytes.first()?) * WORD_BYTES;
    // Two printable characters: no record that is known has such a length and such a type.
    let is_text = bytes
        .first_chunk()
        .is_some_and(|head: &[u8; 2]| head.iter().all(|byte| (0x20..0x80).contains(byte)));
    Some(if length < HEADER_BYTES || is_text {
        0
    } else {
        length
    })
}

/// A record whose fields are not shown: its header, under the name of its type.
pub(super) struct Other<'a> {
    /// Its name in [`TYPES`], or "unknown".
    pub(super) name: &'static str,
    /// Its header.
    pub(super) header: RecordHeader<'a>,
}

impl InspectedMessage for Other<'_> {
    fn name(&self) -> &str {
        self.name
    }
    fn fields(&self, sink: &mut dyn FieldSink) {
        self.header.fields(sink);
    }
}
