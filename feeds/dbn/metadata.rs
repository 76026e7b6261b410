//! What stands before the records: the version, what was asked for, and which names the numbers of instruments have.
//!
//! ```text
//!  "DBN" version length │ dataset schema start end limit [record count] stypes ts_out [text length] reserved │
//!  length of a schema definition │ symbols │ partial │ not found │ mappings: name, intervals of (days, name)
//! ```
//!
//! Lists stand behind counts, which are believed entry by entry only: nothing is allocated by them.

use crate::contract::{DecodeError, FieldSink, InspectedMessage};
use crate::model::Symbol;

/// What a file begins with.
pub const MAGIC: &[u8; 3] = b"DBN";
/// Bytes before those that the length counts: magic, version, length.
pub const PREFIX_BYTES: usize = 8;
/// Newest version that is read.
pub const VERSION_MAX: u8 = 3;
/// Bytes of metadata at most. A file that says more is refused.
pub const BYTES_MAX: usize = 64 << 20;
/// Bytes of a name in version 1.
const NAME_BYTES_V1: usize = 22;
/// Bytes between the flag for send times (version 1) or the length of names and the schema definition.
const RESERVED_BYTES: [usize; 2] = [47, 53];

/// Kinds of names.
mod name_kind {
    /// The number in the records.
    pub(super) const INSTRUMENT_ID: u8 = 0;
}

/// Bytes of the metadata at the start of a file by its own length, the prefix included; 0 when this is no version that
/// is read, or too long. `None` when a file does not begin so.
pub fn metadata_bytes(bytes: &[u8]) -> Option<usize> {
    let rest = bytes.strip_prefix(MAGIC)?;
    let Some((&version, rest)) = rest.split_first() else {
        return Some(PREFIX_BYTES);
    };
    let Some(length) = rest.first_chunk() else {
        return Some(PREFIX_BYTES);
    };
    let total = PREFIX_BYTES.saturating_add(u32::from_le_bytes(*length) as usize);
    let is_read = (1..=VERSION_MAX).contains(&version) && total <= BYTES_MAX;
    Some(if is_read { total } else { 0 })
}

/// A number's name during some days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Named {
    /// The number in the records.
    pub instrument_id: u32,
    /// First day, as year, month and day in decimal: 20240131.
    pub from: u32,
    /// The day after the last.
    pub until: u32,
    /// The name.
    pub symbol: Symbol,
}

/// The metadata of a file, read but for its lists.
#[derive(Clone, Copy, Debug)]
pub struct Metadata<'a> {
    /// Version of the encoding, 1 to 3.
    pub version: u8,
    /// Which data set, padded with zeros.
    pub dataset: &'a [u8],
    /// Number of the schema; all bits set where records of several are mixed.
    pub schema: u16,
    /// First moment asked for, in ns since the Unix epoch.
    pub start: u64,
    /// The moment after the last; all bits set where there was none.
    pub end: u64,
    /// Records asked for at most; 0 without a limit.
    pub limit: u64,
    /// Kind of the names asked for; all bits set where they were mixed.
    pub stype_in: u8,
    /// Kind of the names they became.
    pub stype_out: u8,
    /// Whether a send time stands behind each record.
    pub has_send_times: bool,
    /// Bytes of a name.
    name_bytes: usize,
    /// The lists.
    lists: &'a [u8],
}

/// Takes values off the front of bytes.
struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*taken)
    }

    fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }
}

/// What the lists hold, in order.
enum Part<'a> {
    /// The next list begins.
    List(&'static str),
    /// A name of it.
    Name(&'a [u8]),
    /// A name that was asked for; its intervals follow.
    Asked(&'a [u8]),
    /// What it was from one day to the one before the other.
    Interval(u32, u32, &'a [u8]),
}

/// A name without the zeros behind it.
fn text(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().position(|&byte| byte == 0);
    &bytes[..end.unwrap_or(bytes.len())]
}

impl<'a> Metadata<'a> {
    /// The metadata in `bytes`, prefix included.
    ///
    /// # Errors
    /// It is no version that is read, or too short for its layout. What its lists hold is not looked at.
    pub fn read(bytes: &'a [u8]) -> Result<Metadata<'a>, DecodeError> {
        let truncated = DecodeError::Truncated {
            need_bytes: bytes.len() as u32 + 1,
            have_bytes: bytes.len() as u32,
        };
        match metadata_bytes(bytes) {
            Some(total) if total == bytes.len() => {}
            Some(0) | None => return Err(DecodeError::NotThisProtocol),
            Some(_) => return Err(truncated),
        }
        Self::fixed(bytes).ok_or(truncated)
    }

    fn fixed(bytes: &'a [u8]) -> Option<Metadata<'a>> {
        let version = *bytes.get(MAGIC.len())?;
        let mut cursor = Cursor(bytes.get(PREFIX_BYTES..)?);
        let dataset = cursor.take(16)?;
        let schema = u16::from_le_bytes(cursor.array()?);
        let (start, end, limit) = (cursor.u64()?, cursor.u64()?, cursor.u64()?);
        if version == 1 {
            // The number of records, which was never filled in.
            cursor.u64()?;
        }
        let [stype_in, stype_out, send_times] = cursor.array()?;
        let (name_bytes, reserved) = if version == 1 {
            (NAME_BYTES_V1, RESERVED_BYTES[0])
        } else {
            let name_bytes = usize::from(u16::from_le_bytes(cursor.array()?));
            (name_bytes, RESERVED_BYTES[1])
        };
        cursor.take(reserved)?;
        let definition_bytes = cursor.u32()?;
        cursor.take(usize::try_from(definition_bytes).ok()?)?;
        Some(Metadata {
            version,
            dataset,
            schema,
            start,
            end,
            limit,
            stype_in,
            stype_out,
            has_send_times: send_times != 0,
            name_bytes,
            lists: cursor.0,
        })
    }

    /// Goes through the lists; `None` where they end too early.
    fn walk(&self, mut tell: impl FnMut(Part<'a>)) -> Option<()> {
        let mut cursor = Cursor(self.lists);
        // Names of no bytes would be as many as the count says, in no space at all.
        if self.name_bytes == 0 {
            return None;
        }
        for list in ["symbols", "partial", "not_found"] {
            tell(Part::List(list));
            for _ in 0..cursor.u32()? {
                tell(Part::Name(text(cursor.take(self.name_bytes)?)));
            }
        }
        tell(Part::List("mappings"));
        for _ in 0..cursor.u32()? {
            tell(Part::Asked(text(cursor.take(self.name_bytes)?)));
            for _ in 0..cursor.u32()? {
                let (from, until) = (cursor.u32()?, cursor.u32()?);
                let name = text(cursor.take(self.name_bytes)?);
                tell(Part::Interval(from, until, name));
            }
        }
        Some(())
    }

    /// Gives every name that a number of the records has; false when the lists end before they should.
    ///
    /// Numbers stand where the metadata says that names became numbers, or were asked for by number.
    pub fn for_each_name(&self, mut each: impl FnMut(Named)) -> bool {
        let mut asked: &[u8] = &[];
        let is_whole = self.walk(|part| match part {
            Part::Asked(name) => asked = name,
            Part::Interval(from, until, name) => {
                let (number, symbol) = if self.stype_out == name_kind::INSTRUMENT_ID {
                    (name, asked)
                } else if self.stype_in == name_kind::INSTRUMENT_ID {
                    (asked, name)
                } else {
                    return;
                };
                let number = str::from_utf8(number)
                    .ok()
                    .and_then(|text| text.parse().ok());
                if let Some(instrument_id) = number {
                    each(Named {
                        instrument_id,
                        from,
                        until,
                        symbol: Symbol::new(symbol),
                    });
                }
            }
            Part::List(_) | Part::Name(_) => {}
        });
        is_whole.is_some()
    }
}

impl InspectedMessage for Metadata<'_> {
    fn name(&self) -> &str {
        "metadata"
    }

    fn fields(&self, sink: &mut dyn FieldSink) {
        sink.integer("version", i128::from(self.version));
        sink.text("dataset", text(self.dataset));
        sink.integer("schema", i128::from(self.schema));
        sink.integer("start", i128::from(self.start));
        sink.integer("end", i128::from(self.end));
        sink.integer("limit", i128::from(self.limit));
        sink.integer("stype_in", i128::from(self.stype_in));
        sink.integer("stype_out", i128::from(self.stype_out));
        sink.flag("ts_out", self.has_send_times);
        sink.integer("symbol_cstr_len", self.name_bytes as i128);
        // How many lists and objects are open: a list, a mapping in it, the intervals of that.
        let mut depth = 0;
        let close = |sink: &mut dyn FieldSink, depth: &mut u8, to: u8| {
            while *depth > to {
                match *depth {
                    2 => sink.end_object(),
                    _ => sink.end_list(),
                }
                *depth -= 1;
            }
        };
        let _ = self.walk(|part| match part {
            Part::List(name) => {
                close(sink, &mut depth, 0);
                sink.begin_list(name);
                depth = 1;
            }
            Part::Name(name) => sink.text("", name),
            Part::Asked(name) => {
                close(sink, &mut depth, 1);
                sink.begin_object("");
                sink.text("raw_symbol", name);
                sink.begin_list("intervals");
                depth = 3;
            }
            Part::Interval(from, until, name) => {
                sink.begin_object("");
                sink.integer("start_date", i128::from(from));
                sink.integer("end_date", i128::from(until));
                sink.text("symbol", name);
                sink.end_object();
            }
        });
        close(sink, &mut depth, 0);
    }
}
