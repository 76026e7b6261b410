//! The market graph: from rings of ticks to books, signals and published records.
//!
//! ```text
//!  ring ─▶ Source (ticks of one event → books of its channels) ─▶ book node of each instrument touched
//!                                                                   ├─▶ signals ─┐
//!                                                                   └─▶ publication ─▶ Outlet ─▶ publish rings
//! ```
//!
//! One cycle an event: the source takes the ticks of one matching-engine event, applies them to the channel's books, and
//! wakes the nodes of the instruments it touched, and no others. Live and replay differ only in what wakes the source:
//! the writers of the rings, or the times of the ticks.

pub mod channel;
mod market;
mod nodes;
mod outlet;
pub mod source;

pub use channel::{Channel, ChannelSpec, Touches};
pub use market::{Drive, Market, MarketSettings, MarketTimes};
pub use nodes::{BookNode, SignalSpec};
pub use outlet::{Outlet, Published};
pub use source::Source;
