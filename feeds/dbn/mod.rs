//! Databento Binary Encoding (DBN): files of records that are normalised already, of many venues.
//!
//! ```text
//!  file ─▶ metadata ─▶ names of instruments ─┐
//!      └─▶ records ──▶ market by order ──────┴▶ ticks
//! ```
//!
//! Source: "DBN encoding" in Databento's documentation, and the layouts of versions 1 to 3 as its own library publishes
//! them. A form of files only: no venue sends it, so no configuration names it, and there is no simulator of it.
//!
//! # Coverage
//!
//! | Type | Record | Ticks |
//! |---|---|---|
//! | `0xA0` | mbo, action `A` | `Add` |
//! | | `C` | `Cancel` of the size it says; executed where the record before is the order's fill |
//! | | `M` | `Modify`; of an unknown order the book makes an `Add`, and counts it |
//! | | `R` | `Clear` |
//! | | `T` | `Trade`, side of the aggressor |
//! | | `F` | `Fill`; the book is left alone |
//! | | `N` | none but the end of its event |
//! | all others | trades, mbp, bbo, ohlcv, status, definition, imbalance, statistics, mapping, system, error | none: counted by name |
//! | unknown | by its length | none: counted |
//!
//! A record with the flag "top of book" is a best price and no order; it is counted and not applied.
//! The bit that means what each publisher likes is left out.
//!
//! # Time
//!
//! `ts_recv` and `ts_event` are the record's. A replay of a file is not paced: a file is read as fast as it goes.
//!
//! # Where a book begins
//!
//! An instrument whose first record is a clear or part of a snapshot is complete from there. Every other one was joined in its
//! middle, and says so until the next of these.

pub mod metadata;
pub mod wire;

mod feed;

#[cfg(test)]
mod tests;

use crate::contract::{
    BookKind, DecodeError, Descriptor, Form, InspectedMessage, MessageSink, Packet,
    SnapshotService, Transport,
};
use crate::model::{EventTime, Symbol};
use crate::simulator::{MarketEvent, VenueSimulator};
use metadata::{Metadata, metadata_bytes};
use wire::{MBO, Mbo, Other, RecordHeader, TYPES, record_bytes, type_index};

/// Databento Binary Encoding, versions 1 to 3.
pub static DESCRIPTOR: Descriptor = Descriptor {
    name: "dbn",
    title: "Databento Binary Encoding, files of market by order",
    venue: "DBN",
    specification: "Databento Binary Encoding, versions 1 to 3",
    transport: Transport::File,
    book: BookKind::ByOrder,
    has_retransmission: false,
    snapshot: SnapshotService::None,
    default_url: "",
    settings: &[],
    build: feed::build,
    session_key: |_| None,
    file_message,
    inspect,
    simulator: || Box::new(NoVenue),
};

/// Length of the first record of a file, or of the metadata before it; 0 for neither.
fn file_message(bytes: &[u8]) -> Option<usize> {
    metadata_bytes(bytes).or_else(|| record_bytes(bytes))
}

/// The first record of `bytes`, or the metadata, and what follows it.
///
/// # Errors
/// There is neither, or not all of it.
fn split(bytes: &[u8]) -> Result<(&[u8], &[u8]), DecodeError> {
    let need = file_message(bytes).unwrap_or(0);
    if need == 0 {
        return Err(DecodeError::NotThisProtocol);
    }
    bytes.split_at_checked(need).ok_or(DecodeError::Truncated {
        need_bytes: need as u32,
        have_bytes: bytes.len() as u32,
    })
}

/// Shows metadata and records: market by order whole, others by their headers.
///
/// # Errors
/// What is there is neither, or not all of it; what stands before was shown.
fn inspect(packet: &Packet<'_>, sink: &mut dyn MessageSink) -> Result<(), DecodeError> {
    if packet.form != Form::FileMessages {
        return Err(DecodeError::NotThisProtocol);
    }
    let mut rest = packet.bytes;
    while !rest.is_empty() {
        let is_metadata = metadata_bytes(rest).is_some();
        let (message, behind) = split(rest)?;
        rest = behind;
        if is_metadata {
            sink.message("", None, &Metadata::read(message)?);
            continue;
        }
        let Some(header) = RecordHeader::of(message) else {
            return Err(DecodeError::NotThisProtocol);
        };
        let publisher = header.publisher_id().to_string();
        if let Some(record) = Mbo::of(message).filter(|_| header.rtype() == MBO) {
            let sequence = Some(u64::from(record.sequence()));
            sink.message(&publisher, sequence, &record);
        } else {
            let name = type_index(header.rtype()).map_or("unknown", |index| TYPES[index].1);
            let other: &dyn InspectedMessage = &Other { name, header };
            sink.message(&publisher, None, other);
        }
    }
    Ok(())
}

/// Nobody sends files: a venue that says nothing.
struct NoVenue;

impl VenueSimulator for NoVenue {
    fn open(&mut self, _: EventTime, _: &[Symbol]) {}
    fn on_event(&mut self, _: EventTime, _: &MarketEvent) {}
    fn on_clock(&mut self, _: EventTime) {}
    fn close(&mut self, _: EventTime) {}
}
