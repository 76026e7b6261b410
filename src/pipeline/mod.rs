//! Room `pipeline`.
pub mod channel;
pub mod source;
