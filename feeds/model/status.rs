//! What the `detail` byte of a tick means, by action.

macro_rules! codes {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $code:literal $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum $name { $($(#[$variant_doc])* $variant = $code,)* }

        impl $name {
            /// The value of a tick's `detail` byte, if it is one of these.
            pub const fn from_detail(code: u8) -> Option<Self> {
                match code { $($code => Some(Self::$variant),)* _ => None }
            }

            /// The stable name used in every output.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }
    };
}

codes! {
    /// `Status` ticks: what trading the venue allows in an instrument (or, with `InstrumentId::ALL`, the session).
    /// The numbers are DBN's `StatusAction`.
    TradingState {
        /// Order entry before the session, no matching.
        PreOpen = 1 "pre_open",
        /// Quotes only.
        Quoting = 3 "quoting",
        /// Auction call phase.
        Auction = 4 "auction",
        /// Continuous trading.
        Trading = 7 "trading",
        /// Trading is halted.
        Halt = 8 "halt",
        /// Trading is paused, shorter than a halt.
        Pause = 9 "pause",
        /// The session is over.
        Close = 12 "close",
        /// Orders are accepted after the session.
        PostClose = 13 "post_close",
        /// A short-sale restriction came, stayed or went; trading itself is unchanged.
        ShortSaleChange = 14 "short_sale_change",
        /// Not available for trading.
        NotAvailable = 15 "not_available",
    }
}

codes! {
    /// `Gap` ticks: what became of a missing range (`sequence` is its first number, `size` how many).
    GapKind {
        /// Declared and being asked for: nothing of the channel is `Live` until it is closed.
        Open = 0 "open",
        /// Given up: the books of the channel may be wrong from here on.
        Lost = 1 "lost",
        /// The stream was joined at `sequence + size`: what came before was never seen.
        Joined = 2 "joined",
        /// Too many ticks for the ring: lost on our side.
        Overrun = 3 "overrun",
    }
}

codes! {
    /// `Reset` ticks: what starts anew (`sequence` is the new first number).
    ResetKind {
        /// A new session: every book of the channel is empty.
        Session = 0 "session",
        /// The sequence went back within one session and nothing says that books were cleared.
        Sequence = 1 "sequence",
        /// The books of the channel (or of one instrument) wait for a snapshot.
        AwaitSnapshot = 2 "await_snapshot",
    }
}

codes! {
    /// `Statistic` ticks: which value `price` or `size` carries.
    StatisticKind {
        /// Official opening price.
        OpeningPrice = 1 "opening_price",
        /// Price contracts are settled at (`order_id` the venue's code of what settlement it is).
        SettlementPrice = 3 "settlement_price",
        /// Lowest price of the session.
        SessionLowPrice = 4 "session_low_price",
        /// Highest price of the session.
        SessionHighPrice = 5 "session_high_price",
        /// Volume of the session, in size units.
        ClearedVolume = 6 "cleared_volume",
        /// Lowest offer of the session.
        LowestOffer = 7 "lowest_offer",
        /// Highest bid of the session.
        HighestBid = 8 "highest_bid",
        /// Contracts that are open, in size units.
        OpenInterest = 9 "open_interest",
        /// Price fixed at a set time of the day.
        FixingPrice = 10 "fixing_price",
        /// Official closing price.
        ClosePrice = 11 "close_price",
        /// Volume-weighted average price given by the venue.
        Vwap = 13 "vwap",
        /// Upper limit of allowed prices.
        UpperPriceLimit = 17 "upper_price_limit",
        /// Lower limit of allowed prices.
        LowerPriceLimit = 18 "lower_price_limit",
        /// A trade of this id (in `order_id`) was cancelled by the venue.
        TradeBroken = 100 "trade_broken",
        /// Reference price of an auction collar.
        CollarReference = 101 "collar_reference",
        /// A market-wide circuit breaker level (`order_id` 1, 2 or 3).
        CircuitBreakerLevel = 102 "circuit_breaker_level",
        /// A market-wide circuit breaker was breached (`order_id` the level).
        CircuitBreakerBreached = 103 "circuit_breaker_breached",
        /// Last traded price as the venue's ticker repeats it.
        LastPrice = 104 "last_price",
        /// Traded volume of the last 24 hours, in size units.
        Volume24h = 105 "volume_24h",
        /// Price of the first trade 24 hours ago.
        OpenPrice24h = 106 "open_price_24h",
        /// Price positions are valued at.
        MarkPrice = 107 "mark_price",
        /// What longs pay to shorts at the next funding, as a part of the position: `price` is the rate in 1e-9, and may be
        /// negative.
        FundingRate = 108 "funding_rate",
        /// Price of the underlying index.
        IndexPrice = 109 "index_price",
        /// A position was closed by the venue: `side` is what its order did, `Ask` where a long was sold out; `price` and `size`
        /// as the venue tells them, `order_id` its id where it has one.
        Liquidation = 110 "liquidation",
    }
}

impl StatisticKind {
    /// Whether the value is a size, so that a size of zero says something. Every other kind has a size only where it is
    /// above zero.
    pub const fn is_size(self) -> bool {
        matches!(
            self,
            StatisticKind::ClearedVolume | StatisticKind::OpenInterest | StatisticKind::Volume24h
        )
    }
}

codes! {
    /// `Imbalance` ticks: several a message, of one event.
    ImbalanceKind {
        /// `price` reference, `size` paired quantity, `order_id` imbalance quantity, `side` its side.
        Reference = 0 "reference",
        /// `price` at which auction interest alone would clear (Nasdaq: far price).
        AuctionClearing = 1 "auction_clearing",
        /// `price` at which auction and continuous interest together would clear (Nasdaq: near price).
        BookClearing = 2 "book_clearing",
        /// `price` of the upper auction collar.
        UpperCollar = 3 "upper_collar",
        /// `price` of the lower auction collar.
        LowerCollar = 4 "lower_collar",
        /// `price` the auction is expected to clear at.
        Indicative = 5 "indicative",
    }
}
