//! The normalised language: what every venue's messages become.
//!
//! Names and meanings follow DBN v3 where it has one. A [`Tick`] is one cache line; prices are integers of 1e-9,
//! sizes integers of the instrument's own precision, times nanoseconds since the Unix epoch (UTC). Nothing here
//! allocates except [`Definition`]s, which are rare.

pub mod decimal;
pub mod instrument;
pub mod naming;
pub mod price;
pub mod status;
pub mod terms;
pub mod tick;
pub mod time;

pub use decimal::DecimalError;
pub use instrument::{Definition, InstrumentId, Symbol};
pub use naming::normalised_name;
pub use price::{Price, Size};
pub use status::{GapKind, ImbalanceKind, ResetKind, StatisticKind, TradingState};
pub use terms::{Expiry, InstrumentKind, Leg, Terms};
pub use tick::{Action, ChannelId, Flags, Side, Tick, cancel_detail, heartbeat_detail};
pub use time::{EventTime, RecvTime, SendTime};
