//! What a message of the venue says, in types that cannot be wrong.
//!
//! Both readers (the scanner of known shapes and the general one) give this, and nothing else leaves them.

use crate::model::{EventTime, Price, Side, Symbol, TradingState};
pub use crate::session::text::{Number, parse_time};

/// Message types of the coverage table, in its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// `snapshot` of level2.
    Snapshot,
    /// `l2update` of level2.
    L2Update,
    /// `match`.
    Match,
    /// `last_match`.
    LastMatch,
    /// `ticker`.
    Ticker,
    /// `heartbeat`.
    Heartbeat,
    /// `status`, and the list of products by REST.
    Status,
    /// `subscriptions`.
    Subscriptions,
    /// `error`.
    Error,
}

impl Kind {
    /// How many there are.
    pub const COUNT: usize = 9;
    /// All of them.
    pub const ALL: [Kind; Kind::COUNT] = [
        Kind::Snapshot,
        Kind::L2Update,
        Kind::Match,
        Kind::LastMatch,
        Kind::Ticker,
        Kind::Heartbeat,
        Kind::Status,
        Kind::Subscriptions,
        Kind::Error,
    ];

    /// The venue's own name.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Snapshot => "snapshot",
            Kind::L2Update => "l2update",
            Kind::Match => "match",
            Kind::LastMatch => "last_match",
            Kind::Ticker => "ticker",
            Kind::Heartbeat => "heartbeat",
            Kind::Status => "status",
            Kind::Subscriptions => "subscriptions",
            Kind::Error => "error",
        }
    }

    /// The kind called `name`.
    pub fn of(name: &[u8]) -> Option<Kind> {
        Kind::ALL
            .into_iter()
            .find(|kind| kind.name().as_bytes() == name)
    }

    /// The tag of a [`DecodeError`](crate::contract::DecodeError).
    pub const fn tag(self) -> u32 {
        self as u32
    }
}

/// One level as the venue states it: `size` is what rests at `price` now, 0 when the level is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level {
    /// Side of the book.
    pub side: Side,
    /// Where.
    pub price: Price,
    /// How much, in units of the base currency.
    pub size: Number,
}

/// A trade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Match<'a> {
    /// Product id.
    pub product: &'a [u8],
    /// When.
    pub time: EventTime,
    /// The product's sequence number.
    pub sequence: u64,
    /// Counts the trades of the product, without gaps.
    pub trade_id: u64,
    /// Side of the order that rested.
    pub maker_side: Side,
    /// Where.
    pub price: Price,
    /// How much.
    pub size: Number,
}

/// Statistics of the last 24 hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticker<'a> {
    /// Product id.
    pub product: &'a [u8],
    /// When; undefined before the product's first trade.
    pub time: EventTime,
    /// The product's sequence number.
    pub sequence: u64,
    /// Price of the last trade.
    pub price: Price,
    /// Price 24 hours ago.
    pub open_24h: Option<Price>,
    /// Volume of 24 hours.
    pub volume_24h: Option<Number>,
}

/// What a list of products says of one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Product {
    /// Product id.
    pub symbol: Symbol,
    /// Smallest step of a size.
    pub base_increment: Option<Number>,
    /// Smallest step of a price.
    pub quote_increment: Option<Price>,
    /// What the venue allows now.
    pub trading: TradingState,
}

/// One message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message<'a> {
    /// The whole book of a product; its levels travel beside the message.
    Snapshot {
        /// Product id.
        product: &'a [u8],
        /// When; undefined in the older form, which does not say.
        time: EventTime,
    },
    /// Levels that changed; they travel beside the message.
    L2Update {
        /// Product id.
        product: &'a [u8],
        /// When.
        time: EventTime,
    },
    /// A trade, as it happens.
    Match(Match<'a>),
    /// The last trade before the subscription.
    LastMatch(Match<'a>),
    /// Statistics.
    Ticker(Ticker<'a>),
    /// One a second and product.
    Heartbeat {
        /// Product id.
        product: &'a [u8],
        /// When.
        time: EventTime,
        /// The product's sequence number.
        sequence: u64,
        /// Id of the product's last trade.
        last_trade_id: u64,
    },
    /// All products.
    Status(Vec<Product>),
    /// What this connection is subscribed to: number of channels.
    Subscriptions(usize),
    /// A complaint.
    Error {
        /// What failed.
        message: &'a str,
        /// Why, where the venue says.
        reason: &'a str,
    },
    /// A type this build does not know.
    Unknown(&'a str),
}
