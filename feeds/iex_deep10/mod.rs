//! IEX DEEP 1.0 over IEX-TP.

use crate::contract::{BookKind, Descriptor, Transport};

/// IEX DEEP 1.0 over IEX-TP.
pub static DESCRIPTOR: Descriptor = Descriptor {
    name: "iex_deep10",
    title: "IEX DEEP 1.0 over IEX-TP",
    venue: "IEXG",
    specification: "",
    transport: Transport::Datagrams,
    book: BookKind::ByLevel,
    has_retransmission: false,
    default_url: "",
    settings: &[],
    build: |_| Err(Vec::new()),
    session_key: |_| None,
    file_message: |_| None,
    inspect: |_, _| Ok(()),
};
