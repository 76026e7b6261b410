//! What rooms that read text share: exact numbers, times, a cursor for fixed shapes, a reader for all others.

mod cursor;
mod json;
mod number;

pub use cursor::Cursor;
pub use json::{Reader, exact, integer, levels, list_of, objects};
pub use number::{Number, digits_behind_point, parse_time};
