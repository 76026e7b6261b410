//! Nasdaq TotalView-ITCH 5.0 over MoldUDP64.

use crate::contract::{BookKind, Descriptor, Transport};

/// Nasdaq TotalView-ITCH 5.0 over MoldUDP64.
pub static DESCRIPTOR: Descriptor = Descriptor {
    name: "nasdaq_itch50",
    title: "Nasdaq TotalView-ITCH 5.0 over MoldUDP64",
    venue: "XNAS",
    specification: "",
    transport: Transport::Datagrams,
    book: BookKind::ByOrder,
    has_retransmission: true,
    default_url: "",
    settings: &[],
    build: |_| Err(Vec::new()),
    session_key: |_| None,
    file_message: |_| None,
    inspect: |_, _| Ok(()),
};
