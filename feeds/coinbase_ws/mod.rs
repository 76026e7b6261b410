//! Coinbase Exchange WebSocket.

use crate::contract::{BookKind, Descriptor, Transport};

/// Coinbase Exchange WebSocket.
pub static DESCRIPTOR: Descriptor = Descriptor {
    name: "coinbase_ws",
    title: "Coinbase Exchange WebSocket",
    venue: "coinbase",
    specification: "",
    transport: Transport::WebSocket,
    book: BookKind::ByLevel,
    has_retransmission: false,
    default_url: "",
    settings: &[],
    build: |_| Err(Vec::new()),
    session_key: |_| None,
    file_message: |_| None,
    inspect: |_, _| Ok(()),
};
