//! What rooms that read text share: exact numbers, times, a cursor for fixed shapes, a reader for all others.

mod cursor;
mod fields;
mod gzip;
mod ids;
mod json;
mod number;
mod rows;
#[cfg(test)]
mod tests;
mod words;

pub use cursor::Cursor;
pub use fields::{Fields, signed_price};
pub use gzip::{INFLATED_BYTES_MAX, Inflater, deflate};
pub use ids::id_of_text;
pub use json::{Found, Reader, exact, integer, level, levels, list_of, objects};
pub use number::{Number, Timestamp, digits_behind_point, parse_time};
pub use rows::{Form, Four, Named, Pair, Quoted, Row, Sided, rows};
