//! Venue protocols as sans-I/O state machines: bytes and the time in, normalised ticks and actions out.
//!
//! ```text
//!  datagrams ─┐                        ┌─▶ ticks   (64 bytes each, one normalised language: `model`)
//!  WS frames ─┼─▶ a venue room ────────┼─▶ actions (ask for a retransmission, subscribe, reconnect)
//!  the time  ─┘   (`Feed`, contract.rs)└─▶ notices (edges worth a log line)
//! ```
//!
//! A room is a folder: [`nasdaq_itch50`], [`iex_deep10`], [`iex_deepplus`], [`iex_tops16`], [`coinbase_ws`],
//! [`binance_spot`], [`binance_usdm`], [`binance_coinm`],
//! [`deribit_ws`], [`bitmex_ws`], [`bybit_ws`],
//! [`cboe_pitch_equities`], [`cboe_pitch_options`], [`cboe_pitch_complex`], [`cboe_pitch_futures`], [`cme_mdp3`].
//! It imports [`session`] (shared sequencing, framing and recovery), [`contract`] (the one seam) and [`model`] (the
//! normalised language), and no other room.
//! Nothing here opens a socket, a file or a thread, reads a clock or logs; the lints of `clippy.toml` hold that.
//!
//! # How to add a venue
//!
//! 1. A folder `feeds/<venue>_<protocol>/` with
//!    - `mod.rs`: the specification cited, the coverage table (every message type: decoded, or why not), the
//!      [`Descriptor`](contract::Descriptor);
//!    - `feed.rs`: how a packet's header reads and which session it is of, as a
//!      [`Protocol`](session::channel::Protocol): sequencing, arbitration and recovery are then shared. Rooms over
//!      [`iextp`](session::iextp) need none, and no settings of their own: their transport is shared whole;
//!    - `wire.rs`: the layouts, as a table for the [`layout!`] macro (binary) or a scanner (text); for Simple Binary
//!      Encoding a `schema.xml` instead, and `generated.rs` made of it by `examples/sbe_views`: see [`session::sbe`];
//!      A venue of WebSocket texts with books by level needs neither: it is a [`Venue`](session::stitch::Venue), which says how
//!      its texts read and by which rule its updates continue one another; the stitch of snapshot and updates, subscriptions,
//!      reconnection and the simulator's half are shared ([`session::stitch`]);
//!    - `normalize.rs`: messages to ticks; `settings.rs`: the YAML keys of its own
//!      ([`OwnKeys`](session::OwnKeys));
//!    - `encode.rs`: the other direction, for the simulator and for tests;
//!    - `simulator.rs`: the venue itself, told what a matching engine does
//!      ([`VenueSimulator`](simulator::VenueSimulator));
//!    - `vectors/`: golden bytes beside the ticks they must become; `tests.rs`.
//! 2. One line in [`REGISTRY`].
//! 3. One YAML in `config/`.
//!
//! `list`, `inspect`, settings parsing, the golden vector test, the fuzz target, the decode bench and the simulated
//! end-to-end run iterate over the registry, so nothing else has to know of the newcomer.
#![forbid(unsafe_code)]

pub mod contract;
pub mod model;
pub mod session;
pub mod simulator;

pub mod binance_coinm;
pub mod binance_spot;
pub mod binance_usdm;
pub mod bitmex_ws;
pub mod bybit_ws;
pub mod cboe_pitch_complex;
pub mod cboe_pitch_equities;
pub mod cboe_pitch_futures;
pub mod cboe_pitch_options;
pub mod cme_mdp3;
pub mod coinbase_ws;
pub mod deribit_ws;
pub mod iex_deep10;
pub mod iex_deepplus;
pub mod iex_tops16;
pub mod nasdaq_itch50;

/// Every feed this build can speak, in the order `waveletd list feeds` prints.
pub static REGISTRY: &[&contract::Descriptor] = &[
    &nasdaq_itch50::DESCRIPTOR,
    &iex_deep10::DESCRIPTOR,
    &iex_tops16::DESCRIPTOR,
    &iex_deepplus::DESCRIPTOR,
    &coinbase_ws::DESCRIPTOR,
    &binance_coinm::DESCRIPTOR,
    &binance_usdm::DESCRIPTOR,
    &binance_spot::DESCRIPTOR,
    &deribit_ws::DESCRIPTOR,
    &bitmex_ws::DESCRIPTOR,
    &bybit_ws::DESCRIPTOR,
    &cboe_pitch_equities::DESCRIPTOR,
    &cboe_pitch_futures::DESCRIPTOR,
    &cboe_pitch_options::DESCRIPTOR,
    &cboe_pitch_complex::DESCRIPTOR,
    &cme_mdp3::DESCRIPTOR,
];

/// The descriptor of the feed called `name`, if this build has it.
pub fn descriptor(name: &str) -> Option<&'static contract::Descriptor> {
    REGISTRY
        .iter()
        .copied()
        .find(|descriptor| descriptor.name == name)
}
