//! A sample: schema 7, version 3.
//!
//! Made of `schema.xml` by `cargo run -p waveletd-feeds --example sbe_views`; do not edit.
#![allow(unused_imports)]

use crate::session::layout::{Code, BigEndian};
use crate::session::sbe::{Chars, Fixed, Floating, Nullable};

/// The schema's number.
pub const SCHEMA: u16 = 7;
/// The version of it that is written here.
pub const VERSION: u16 = 3;

crate::sbe_header! {
    /// Before every message.
    pub struct SbeHeader(6) {
        0 block_length: BigEndian<u16>,
        2 template: BigEndian<u8>,
        3 schema: BigEndian<u8>,
        4 version: BigEndian<u16>,
    }
}

crate::sbe_dimensions! {
    /// Before a group.
    pub struct GroupSizeEncoding(3) {
        0 block_length: BigEndian<u8>,
        1 count: BigEndian<u16>,
    }
}

crate::sbe_length! {
    /// Before text.
    pub struct VarText: BigEndian<u16>;
}

crate::sbe_composite! {
    /// The composite `expiry`.
    pub struct Expiry(3) {
        0 year: BigEndian<u16>,
        2 month: Nullable<BigEndian<u8>, 0>,
    }
}

crate::sbe_enum! {
    /// Values of `side_type`.
    pub mod side_type: u8 {
        BUY = b'B',
        SELL = b'S',
    }
}

crate::sbe_set! {
    /// The set `marks`.
    pub struct Marks(u16: BigEndian<u16>) {
        0 first,
        15 last since 2,
    }
}

crate::sbe_entry! {
    /// An entry of `parties` in `order_added`.
    pub struct OrderAddedParties(8, least 6) {
        0 name: Chars<6>,
    } later {
        6 share: BigEndian<u16>, since 3;
    }
}

crate::sbe_entry! {
    /// The block of `order_added`.
    pub struct OrderAddedBlock(40, least 32) {
        0 timestamp: BigEndian<u64>,
        8 symbol: Chars<6>,
        14 side: Code,
        15 price: Fixed<BigEndian<i64>, { -6 }>,
        23 size: Nullable<BigEndian<u32>, 4294967295>,
        27 marks: Marks,
        29 expiry: Expiry<'static>,
    } later {
        32 limit: Nullable<Floating<BigEndian<i32>>, { -2147483648 }>, since 2;
    }
}

crate::sbe_message! {
    /// An order joins the book.
    pub struct OrderAdded = 20 "order_added", block OrderAddedBlock,
        groups {
            parties: GroupSizeEncoding OrderAddedParties since 0,
        }
        data {
            note: VarText since 2,
        }
}

crate::sbe_entry! {
    /// The block of `nothing`.
    pub struct NothingBlock(0, least 0) {
    } later {}
}

crate::sbe_message! {
    /// The message `nothing`, template 21.
    pub struct Nothing = 21 "nothing", block NothingBlock,
        groups {}
        data {}
}

crate::sbe_messages! {
    OrderAdded,
    Nothing,
}
