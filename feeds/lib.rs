//! Venue protocols as sans-I/O state machines: bytes and the time in, normalised ticks and actions out.
//!
//! ```text
//!  datagrams ─┐                        ┌─▶ ticks   (64 bytes each, one normalised language: `model`)
//!  WS frames ─┼─▶ a venue room ────────┼─▶ actions (ask for a retransmission, subscribe, reconnect)
//!  the time  ─┘   (`Feed`, contract.rs)└─▶ notices (edges worth a log line)
//! ```
//!
//! A room is a folder: [`REGISTRY`] lists those of venues, [`FILE_FORMS`] those of files that hold records of any venue. It
//! imports [`session`] (shared sequencing, framing and recovery), [`contract`] (the one seam) and [`model`] (the normalised
//! language), and no other room.
//! Nothing here opens a socket, a file or a thread, reads a clock or logs; the lints of `clippy.toml` hold that.
//!
//! # How to add a venue
//!
//! 1. A folder `feeds/<venue>_<protocol>/`. Begin with the room that is most like it and with recorded packets, and write
//!    the files in this order; after the second one `waveletd inspect` shows messages, after the fourth there are ticks.
//!    - The layouts. Binary: `wire.rs`, a table for the [`layout!`] macro; text: a scanner. Simple Binary Encoding: a
//!      `schema.xml` that holds every version (a field is marked with the first version that has it, and is absent where a
//!      block is too short for it), of which `cargo run -p waveletd-feeds --example sbe_views` makes `generated.rs`
//!      (`#[rustfmt::skip] pub mod generated;`, see [`session::sbe`]); the header of the datagram is a [`layout!`].
//!    - `mod.rs`: the specification cited, the coverage table (every message type: decoded, or why not), the
//!      [`Descriptor`](contract::Descriptor) with `session_key` and `inspect`.
//!    - `feed.rs`: how a packet's header reads and which session it is of, as a
//!      [`Protocol`](session::channel::Protocol): sequencing, arbitration and recovery are then shared. Rooms over
//!      [`iextp`](session::iextp) need none, and no settings of their own: their transport is shared whole. Decide first what
//!      the number counts (packets or messages), what begins it anew, whether the lines carry equal packets, and which
//!      message a snapshot is continued by.
//!      A venue of WebSocket texts, with books by level or by order, is a [`Venue`](session::stitch::Venue) instead, which says how its
//!      texts read and by which rule its updates continue one another: the stitch of snapshot and updates, subscriptions,
//!      reconnection and the simulator's half are shared ([`session::stitch`]).
//!    - `normalize.rs`: messages to ticks. The last tick of a matching-engine event has [`Flags::LAST`](model::Flags); an
//!      order that is said again is a `Modify`, so that a room whose venue does not tell the two apart remembers ids.
//!    - `settings.rs`: the YAML keys of its own ([`OwnKeys`](session::OwnKeys)). The default of `silence_ms` is longer than
//!      the venue's own heartbeat.
//!    - `encode.rs`: the other direction, for the simulator and for tests.
//!    - `simulator.rs`: the venue itself, told what a matching engine does
//!      ([`VenueSimulator`](simulator::VenueSimulator), which says what the shared tests hold it to).
//!    - `vectors/`: golden bytes beside the ticks they must become, recorded ones where there are; `tests.rs`. `vectors.rs`
//!      of another room's tests writes them with `WAVELETD_BLESS=1`; check them by hand.
//! 2. `pub mod` and one line in [`REGISTRY`].
//! 3. One YAML in `config/`.
//! 4. Where recordings have a decode of somebody else: `tests/captures_<venue>.rs` compares every field.
//!
//! Then, the quick ones first: `cargo test -p waveletd-feeds`, `cargo test --test house --test recovery`,
//! `waveletd certify --feed <name>`.
//!
//! `list`, `inspect`, settings parsing, `certify`, the tests of `feeds/tests/` (hostile bytes, simulated days, generated
//! views), of recovery, of the house rules, and the fuzz target iterate over the registry: nothing else has to know of the
//! newcomer.
#![forbid(unsafe_code)]

pub mod contract;
pub mod model;
pub mod session;
pub mod simulator;

pub mod binance_coinm;
pub mod binance_spot;
pub mod binance_spot_sbe;
pub mod binance_usdm;
pub mod bitfinex_ws;
pub mod bitmex_ws;
pub mod bitstamp_ws;
pub mod bybit_ws_v5;
pub mod cboe_pitch_complex;
pub mod cboe_pitch_equities;
pub mod cboe_pitch_futures;
pub mod cboe_pitch_options;
pub mod cme_mdp3;
pub mod coinbase_advanced;
pub mod coinbase_derivatives;
pub mod coinbase_ws;
pub mod dbn;
pub mod deribit_ws;
pub mod gateio_ws;
pub mod gemini_ws;
pub mod htx_ws;
pub mod iex_deep10;
pub mod iex_deepplus;
pub mod iex_tops16;
pub mod kraken_futures;
pub mod kraken_ws_v2;
pub mod kucoin_ws;
pub mod memx_memoir_depth;
pub mod memx_memoir_top;
pub mod nasdaq_itch50;
pub mod okx_ws;

/// Every feed this build can speak, in the order `waveletd list feeds` prints.
pub static REGISTRY: &[&contract::Descriptor] = &[
    &nasdaq_itch50::DESCRIPTOR,
    &iex_deep10::DESCRIPTOR,
    &iex_tops16::DESCRIPTOR,
    &iex_deepplus::DESCRIPTOR,
    &coinbase_ws::DESCRIPTOR,
    &binance_coinm::DESCRIPTOR,
    &binance_usdm::DESCRIPTOR,
    &kraken_ws_v2::DESCRIPTOR,
    &okx_ws::DESCRIPTOR,
    &bitstamp_ws::DESCRIPTOR,
    &kucoin_ws::DESCRIPTOR,
    &gateio_ws::DESCRIPTOR,
    &binance_spot::DESCRIPTOR,
    &binance_spot_sbe::DESCRIPTOR,
    &deribit_ws::DESCRIPTOR,
    &bitmex_ws::DESCRIPTOR,
    &bybit_ws_v5::DESCRIPTOR,
    &htx_ws::DESCRIPTOR,
    &gemini_ws::DESCRIPTOR,
    &bitfinex_ws::DESCRIPTOR,
    &kraken_futures::DESCRIPTOR,
    &coinbase_advanced::DESCRIPTOR,
    &cboe_pitch_equities::DESCRIPTOR,
    &cboe_pitch_futures::DESCRIPTOR,
    &cboe_pitch_options::DESCRIPTOR,
    &cboe_pitch_complex::DESCRIPTOR,
    &cme_mdp3::DESCRIPTOR,
    &coinbase_derivatives::DESCRIPTOR,
    &memx_memoir_depth::DESCRIPTOR,
    &memx_memoir_top::DESCRIPTOR,
];

/// Forms of files that hold records of any venue: to be replayed and inspected as feeds are, but not to be configured.
pub static FILE_FORMS: &[&contract::Descriptor] = &[&dbn::DESCRIPTOR];

/// The descriptor of the feed or form of files called `name`, if this build has it.
pub fn feed_or_file_form(name: &str) -> Option<&'static contract::Descriptor> {
    let mut forms = FILE_FORMS.iter().copied();
    descriptor(name).or_else(|| forms.find(|form| form.name == name))
}

/// Names of earlier forms of a protocol that a room reads beside the present one, which it subscribes to.
pub static EARLIER_FORMS: &[(&str, &contract::Descriptor)] = &[
    ("bybit_ws_v2", &bybit_ws_v5::DESCRIPTOR),
    ("kraken_ws_v1", &kraken_ws_v2::DESCRIPTOR),
];

/// The descriptor of the feed called `name`, by its own name or by that of an earlier form, if this build has it.
pub fn descriptor(name: &str) -> Option<&'static contract::Descriptor> {
    let earlier = EARLIER_FORMS.iter().find(|form| form.0 == name);
    if let Some(&(_, descriptor)) = earlier {
        return Some(descriptor);
    }
    REGISTRY
        .iter()
        .copied()
        .find(|descriptor| descriptor.name == name)
}
