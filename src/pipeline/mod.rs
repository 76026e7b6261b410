//! The market graph: from rings of ticks to books, signals and published records.
//!
//! ```text
//!  ring ─▶ Source (ticks of one event → books of its channels) ─▶ node of each instrument touched: book, signals, publication
//!                                                                   ├─▶ Outlet ─▶ publish rings
//!                                                                   └─▶ nodes that hang below it
//! ```
//!
//! One cycle an event: the source takes the ticks of one matching-engine event, applies them to the channel's books, and
//! wakes the nodes of the instruments it touched, and no others. Live and replay differ only in what wakes the source:
//! the writers of the rings, or the times of the ticks.

pub mod channel;
mod instrument;
mod market;
mod outlet;
pub mod source;
mod steps;

pub use channel::{Channel, ChannelSpec, Touches};
pub use instrument::BookNode;
pub use market::{Drive, Market, MarketSettings, MarketTimes};
pub use outlet::{Outlet, Published};
pub use source::{Desk, Source};
pub use steps::SignalSpec;
