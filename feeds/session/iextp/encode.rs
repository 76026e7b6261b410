//! The other direction: messages as the venue sends them, type byte first, for simulators and
//! tests.

use super::Packetizer;
use super::messages::{
    AuctionInformation, OfficialPrice, OperationalHaltStatus, RetailLiquidityIndicator,
    SecurityDirectory, SecurityEvent, ShortSalePriceTestStatus, SystemEvent, TradeBreak,
    TradeReport, TradingStatus,
};

/// Says what a channel of the message protocol `PROTOCOL` says. The messages here are those the
/// protocols share; each room adds its own.
#[derive(Clone, Debug)]
pub struct Encoder<const PROTOCOL: u16> {
    packetizer: Packetizer,
}

/// How an auction stands; prices in 1e-4, 0 where there is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Auction {
    /// `O C I H V`: opening, closing, IPO, halt, volatility.
    pub auction_type: u8,
    /// Shares that would trade at the reference price.
    pub paired_shares: u32,
    /// Price the shares are counted at.
    pub reference: i64,
    /// Price the auction would clear at, by all its orders.
    pub indicative: i64,
    /// Shares that would not trade at the reference price.
    pub imbalance_shares: u32,
    /// Whose they are: `B S N`.
    pub imbalance_side: u8,
    /// Extensions so far.
    pub extension: u8,
    /// When it is held: seconds since the Unix epoch.
    pub scheduled_s: i32,
    /// Price it would clear at by the orders of the auction alone.
    pub book_clearing: i64,
    /// Price the collar lies around.
    pub collar_reference: i64,
    /// Lowest price it may clear at.
    pub collar_lower: i64,
    /// Highest price it may clear at.
    pub collar_upper: i64,
}

/// A message of a layout: its type byte, then its fields; those left out are zero.
macro_rules! message {
    ($view:ident, $tag:expr, $($put:ident($value:expr)),* $(,)?) => {{
        let mut body = [0; $view::LEN];
        $($view::$put(&mut body, $value);)*
        let mut message = [0; $view::LEN + 1];
        message[0] = $tag;
        message[1..].copy_from_slice(&body);
        message
    }};
}
pub(crate) use message;

impl<const PROTOCOL: u16> Encoder<PROTOCOL> {
    /// A channel of a session that has said nothing.
    pub fn new(channel: u32, session: u32) -> Encoder<PROTOCOL> {
        Encoder {
            packetizer: Packetizer::new(PROTOCOL, channel, session),
        }
    }

    /// A trade of `size` at a price of 1e-4. `false` when the segment must be sent before.
    pub fn trade(
        &mut self,
        (trade_id, size, price): (u64, u32, i64),
        symbol: &str,
        timestamp: i64,
    ) -> bool {
        self.packetizer.push(&message!(
            TradeReport,
            b'T',
            put_timestamp(timestamp),
            put_symbol(symbol.as_bytes()),
            put_size(size),
            put_price(price),
            put_trade_id(trade_id)
        ))
    }

    /// A security of the day: its flags as
    /// [`super::messages::TEST_SECURITY`], a round lot in shares and the closing price it starts
    /// from in 1e-4. `false` when the segment must be sent before.
    pub fn directory(
        &mut self,
        (flags, round_lot, price): (u8, u32, i64),
        symbol: &str,
        timestamp: i64,
    ) -> bool {
        self.packetizer.push(&message!(
            SecurityDirectory,
            b'D',
            put_security_directory_flags(flags),
            put_timestamp(timestamp),
            put_symbol(symbol.as_bytes()),
            put_round_lot_size(round_lot),
            put_adjusted_poc_price(price),
            put_luld_tier(1)
        ))
    }

    /// A trading status by its code. `false` when the segment must be sent before.
    pub fn trading_status(&mut self, code: u8, symbol: &str, timestamp: i64) -> bool {
        self.packetizer.push(&message!(
            TradingStatus,
            b'H',
            put_trading_status(code),
            put_timestamp(timestamp),
            put_symbol(symbol.as_bytes()),
            put_reason(b"")
        ))
    }

    /// A system event by its code. `false` when the segment must be sent before.
    pub fn system_event(&mut self, code: u8, timestamp: i64) -> bool {
        self.packetizer.push(&message!(
            SystemEvent,
            b'S',
            put_system_event(code),
            put_timestamp(timestamp)
        ))
    }

    /// Whether retail interest rests (`" " A B C`: none, buy, sell, both). `false` when the segment
    /// must be sent before.
    pub fn retail_liquidity(&mut self, code: u8, symbol: &str, timestamp: i64) -> bool {
        self.packetizer.push(&message!(
            RetailLiquidityIndicator,
            b'I',
            put_retail_liquidity_indicator(code),
            put_timestamp(timestamp),
            put_symbol(symbol.as_bytes())
        ))
    }

    /// Whether the venue itself halts a security (`O` halted, `N` not). `false` when the segment
    /// must be sent before.
    pub fn operational_halt(&mut self, code: u8, symbol: &str, timestamp: i64) -> bool {
        self.packetizer.push(&message!(
            OperationalHaltStatus,
            b'O',
            put_operational_halt_status(code),
            put_timestamp(timestamp),
            put_symbol(symbol.as_bytes())
        ))
    }

    /// Whether short sales are restricted, and why (`" " A C D N`). `false` when the segment must
    /// be sent before.
    pub fn short_sale(
        &mut self,
        (is_restricted, detail): (bool, u8),
        symbol: &str,
        timestamp: i64,
    ) -> bool {
        self.packetizer.push(&message!(
            ShortSalePriceTestStatus,
            b'P',
            put_short_sale_price_test_status(u8::from(is_restricted)),
            put_timestamp(timestamp),
            put_symbol(symbol.as_bytes()),
            put_detail(detail)
        ))
    }

    /// The opening (`O`) or closing (`C`) process of a security is complete. `false` when the
    /// segment must be sent before.
    pub fn security_event(&mut self, code: u8, symbol: &str, timestamp: i64) -> bool {
        self.packetizer.push(&message!(
            SecurityEvent,
            b'E',
            put_security_event(code),
            put_timestamp(timestamp),
            put_symbol(symbol.as_bytes())
        ))
    }

    /// An official opening (`Q`) or closing (`M`) price in 1e-4. `false` when the segment must be
    /// sent before.
    pub fn official_price(
        &mut self,
        (code, price): (u8, i64),
        symbol: &str,
        timestamp: i64,
    ) -> bool {
        self.packetizer.push(&message!(
            OfficialPrice,
            b'X',
            put_price_type(code),
            put_timestamp(timestamp),
            put_symbol(symbol.as_bytes()),
            put_official_price(price)
        ))
    }

    /// A trade the venue cancels, told as [`Encoder::trade`] did. `false` when the segment must be
    /// sent before.
    pub fn trade_break(
        &mut self,
        (trade_id, size, price): (u64, u32, i64),
        symbol: &str,
        timestamp: i64,
    ) -> bool {
        self.packetizer.push(&message!(
            TradeBreak,
            b'B',
            put_timestamp(timestamp),
            put_symbol(symbol.as_bytes()),
            put_size(size),
            put_price(price),
            put_trade_id(trade_id)
        ))
    }

    /// How an auction stands. `false` when the segment must be sent before.
    pub fn auction(&mut self, auction: &Auction, symbol: &str, timestamp: i64) -> bool {
        self.packetizer.push(&message!(
            AuctionInformation,
            b'A',
            put_auction_type(auction.auction_type),
            put_timestamp(timestamp),
            put_symbol(symbol.as_bytes()),
            put_paired_shares(auction.paired_shares),
            put_reference_price(auction.reference),
            put_indicative_clearing_price(auction.indicative),
            put_imbalance_shares(auction.imbalance_shares),
            put_imbalance_side(auction.imbalance_side),
            put_extension_number(auction.extension),
            put_scheduled_auction_time(auction.scheduled_s),
            put_auction_book_clearing_price(auction.book_clearing),
            put_collar_reference_price(auction.collar_reference),
            put_lower_auction_collar(auction.collar_lower),
            put_upper_auction_collar(auction.collar_upper)
        ))
    }

    /// Any message, type byte first. `false` when the segment must be sent before.
    pub fn raw(&mut self, message: &[u8]) -> bool {
        self.packetizer.push(message)
    }

    /// The segment with what was said since the last one; a heartbeat when that is nothing.
    pub fn segment(&mut self, send_time_ns: u64) -> Vec<u8> {
        self.packetizer.segment(send_time_ns)
    }
}
