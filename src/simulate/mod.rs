//! Venue simulators: order flow, lines with faults, and the sockets they speak over.
//!
//! ```text
//!  OrderFlow (seed) ─▶ VenueSimulator (in its room) ─┬▶ lines A, B (seeded loss, duplicates, reordering) ─▶ UDP
//!                              ▲                     ├▶ answers ◀── retransmission requests (slow, refusing) ─ UDP
//!                              │                     └▶ texts ─▶ WebSocket connections (drop, stall, close)
//!                    subscriptions, requests
//! ```
//!
//! They ship with the program (`simulate`, `demo`) and the tests use them. What a venue says is in its room under
//! `feeds`; here is only what is common to all, and the sockets. Everything random has a seed.

pub mod certification;
pub mod datagrams;
pub mod impairment;
pub mod order_flow;
pub mod random;
mod streams;
pub mod websocket;
pub mod world;

pub use datagrams::{DatagramPlan, DatagramVenue, RetransmitPlan};
pub use impairment::{Impairment, ImpairmentSettings};
pub use order_flow::{FlowSettings, OrderFlow};
pub use random::Random;
pub use websocket::{WebSocketFaults, WebSocketPlan, WebSocketVenue};
pub use world::{Faults, Findings, ServerFault, World, WorldSettings};

use feeds::model::Symbol;

/// Names for `count` instruments: those given first, then `SIM0`, `SIM1`, …
pub fn symbols(given: &[String], count: usize) -> Vec<Symbol> {
    let made = (0..count.saturating_sub(given.len())).map(|index| format!("SIM{index}"));
    given
        .iter()
        .take(count)
        .cloned()
        .chain(made)
        .map(|name| Symbol::from(name.as_str()))
        .collect()
}
