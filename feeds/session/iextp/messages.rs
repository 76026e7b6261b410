//! The messages that the protocols of this transport share, without the type byte. Little endian;
//! prices have four implied decimals.

use crate::session::layout::{Code, Decimal, LittleEndian, Text};

/// A price with four implied decimals.
pub type PriceE4 = Decimal<LittleEndian<i64>, 4>;

/// The flag byte of a directory message, shown as its bits.
pub struct SecurityDirectoryFlags;
/// The flag byte of a trade message, shown as its bits.
pub struct SaleConditionFlags;

/// Directory flag: the security exists for tests only.
pub const TEST_SECURITY: u8 = 0x80;

/// Bytes of flags: what is unused with its mask, and a name for every bit.
macro_rules! flag_bytes {
    ($($type:ident: $unused:literal $mask:literal, $($name:literal $bit:literal,)*;)*) => { $(
        impl $crate::session::layout::FieldType for $type {
            const LEN: usize = 1;
            type Value<'a> = u8;
            #[inline(always)]
            fn get(bytes: &[u8]) -> u8 {
                bytes[0]
            }
            fn put(bytes: &mut [u8], value: u8) {
                bytes[0] = value;
            }
            fn show(
                bytes: &[u8],
                name: &'static str,
                sink: &mut dyn $crate::contract::FieldSink,
            ) {
                sink.begin_object(name);
                sink.integer($unused, i128::from(bytes[0] & $mask));
                $(sink.flag($name, bytes[0] & $bit != 0);)*
                sink.end_object();
            }
        }
    )* };
}

pub(crate) use flag_bytes;

flag_bytes! {
    SecurityDirectoryFlags: "unused_5" 0x1f, "etp" 0x20, "when_issued" 0x40, "test_security" 0x80,;
    SaleConditionFlags: "unused_3" 0x07, "singleprice_cross_trade" 0x08,
        "trade_through_exempt" 0x10, "odd_lot" 0x20, "extended_hours" 0x40, "intermarket_sweep" 0x80,;
}

crate::layout! {
    /// The market or its feed begins or ends.
    pub struct SystemEvent(9) "system_event" {
        0 system_event: Code,
        1 timestamp: LittleEndian<i64>,
    }
    /// A security of the day.
    pub struct SecurityDirectory(30) "security_directory" {
        0 security_directory_flags: SecurityDirectoryFlags,
        1 timestamp: LittleEndian<i64>,
        9 symbol: Text<8>,
        17 round_lot_size: LittleEndian<u32>,
        21 adjusted_poc_price: PriceE4,
        29 luld_tier: LittleEndian<u8>,
    }
    /// Whether a security trades.
    pub struct TradingStatus(21) "trading_status" {
        0 trading_status: Code,
        1 timestamp: LittleEndian<i64>,
        9 symbol: Text<8>,
        17 reason: Text<4>,
    }
    /// Whether retail interest rests.
    pub struct RetailLiquidityIndicator(17) "retail_liquidity_indicator" {
        0 retail_liquidity_indicator: Code,
        1 timestamp: LittleEndian<i64>,
        9 symbol: Text<8>,
    }
    /// Whether the venue itself halts a security.
    pub struct OperationalHaltStatus(17) "operational_halt_status" {
        0 operational_halt_status: Code,
        1 timestamp: LittleEndian<i64>,
        9 symbol: Text<8>,
    }
    /// Whether short sales are restricted.
    pub struct ShortSalePriceTestStatus(18) "short_sale_price_test_status" {
        0 short_sale_price_test_status: LittleEndian<u8>,
        1 timestamp: LittleEndian<i64>,
        9 symbol: Text<8>,
        17 detail: Code,
    }
    /// The opening or closing process of a security is complete.
    pub struct SecurityEvent(17) "security_event" {
        0 security_event: Code,
        1 timestamp: LittleEndian<i64>,
        9 symbol: Text<8>,
    }
    /// A trade.
    pub struct TradeReport(37) "trade_report" {
        0 sale_condition_flags: SaleConditionFlags,
        1 timestamp: LittleEndian<i64>,
        9 symbol: Text<8>,
        17 size: LittleEndian<u32>,
        21 price: PriceE4,
        29 trade_id: LittleEndian<u64>,
    }
    /// An official opening or closing price.
    pub struct OfficialPrice(25) "official_price" {
        0 price_type: Code,
        1 timestamp: LittleEndian<i64>,
        9 symbol: Text<8>,
        17 official_price: PriceE4,
    }
    /// A trade is cancelled by the venue.
    pub struct TradeBreak(37) "trade_break" {
        0 sale_condition_flags: SaleConditionFlags,
        1 timestamp: LittleEndian<i64>,
        9 symbol: Text<8>,
        17 size: LittleEndian<u32>,
        21 price: PriceE4,
        29 trade_id: LittleEndian<u64>,
    }
    /// How an auction stands.
    pub struct AuctionInformation(79) "auction_information" {
        0 auction_type: Code,
        1 timestamp: LittleEndian<i64>,
        9 symbol: Text<8>,
        17 paired_shares: LittleEndian<u32>,
        21 reference_price: PriceE4,
        29 indicative_clearing_price: PriceE4,
        37 imbalance_shares: LittleEndian<u32>,
        41 imbalance_side: Code,
        42 extension_number: LittleEndian<u8>,
        43 scheduled_auction_time: LittleEndian<i32>,
        47 auction_book_clearing_price: PriceE4,
        55 collar_reference_price: PriceE4,
        63 lower_auction_collar: PriceE4,
        71 upper_auction_collar: PriceE4,
    }
}

/// One message type.
#[derive(Clone, Copy, Debug)]
pub struct TypeInfo {
    /// The type byte.
    pub tag: u8,
    /// The specification's name, snake case.
    pub name: &'static str,
    /// Bytes of the whole message, type byte included.
    pub bytes: u16,
}

/// The message types of a protocol by their type bytes: `TYPES`, and `inspect_message` that shows
/// one.
macro_rules! types {
    ($($tag:literal $view:ident)*) => {
        /// Every message type of the specification, in its order.
        pub const TYPES: &[$crate::session::iextp::messages::TypeInfo] = &[
            $($crate::session::iextp::messages::TypeInfo {
                tag: $tag,
                name: $view::NAME,
                bytes: $view::LEN as u16 + 1,
            },)*
        ];

        /// Hands the fields of one message to `show`; `None` when the type is unknown or the bytes
        /// are too few.
        pub fn inspect_message(
            message: &[u8],
            show: &mut dyn FnMut(&dyn $crate::contract::InspectedMessage),
        ) -> Option<()> {
            let (tag, body) = message.split_first()?;
            match tag {
                $($tag => show(&$view::of(body)?),)*
                _ => return None,
            }
            Some(())
        }
    };
}
pub(crate) use types;
