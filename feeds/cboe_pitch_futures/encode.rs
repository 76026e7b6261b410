//! The other direction: what futures say beyond the messages of all markets, for simulators and
//! tests.

use super::wire;
use crate::pitch_say as say;
use crate::session::pitch::PitchEncoder;
use crate::session::pitch::encode::Dialect;
use crate::session::sequenced_unit::MESSAGE_HEADER_BYTES;

/// How the common messages end here.
pub static DIALECT: Dialect = Dialect {
    has_signed_prices: true,
    has_epoch: true,
    add: b"",
    add_expanded: b"",
    modify: b"",
    executed_at_price: b"",
    trade: b" ",
    // No form has a longer symbol: what is longer is cut.
    symbol_bytes: usize::MAX,
};

/// What an instrument is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Listing<'a> {
    /// Symbol on the wire, six characters.
    pub symbol: &'a [u8],
    /// Product, six characters.
    pub report_symbol: &'a [u8],
    /// `YYYYMMDD`.
    pub expiration_date: u32,
    /// `A I T`: active, inactive, test.
    pub listing_state: u8,
    /// Smallest price step, in 1e-4.
    pub price_increment: i64,
    /// Ratio and symbol of each leg of a spread; what does not fit a message is left out.
    pub legs: &'a [(i32, &'a [u8])],
}

/// What an instrument is.
pub fn definition(venue: &mut PitchEncoder, offset: u32, listing: &Listing<'_>) {
    const FIXED: usize = wire::Definition::LEN + wire::ContractDate::LEN;
    let count = listing
        .legs
        .len()
        .min((usize::from(u8::MAX) - MESSAGE_HEADER_BYTES - FIXED) / wire::FutureLeg::LEN);
    let mut tail = listing.expiration_date.to_le_bytes().to_vec();
    for &(ratio, symbol) in &listing.legs[..count] {
        let mut leg = [0; wire::FutureLeg::LEN];
        wire::FutureLeg::put_leg_ratio(&mut leg, ratio);
        wire::FutureLeg::put_leg_symbol(&mut leg, symbol);
        tail.extend_from_slice(&leg);
    }
    let leg_offset = if count > 0 {
        (MESSAGE_HEADER_BYTES + FIXED) as u8
    } else {
        0
    };
    say!(
        venue,
        wire::Definition,
        0xBB,
        [
            put_time_offset(offset),
            put_symbol(listing.symbol),
            put_report_symbol(listing.report_symbol),
            put_expiration_date(listing.expiration_date),
            put_contract_size(1_000),
            put_listing_state(listing.listing_state),
            put_price_increment(listing.price_increment),
            put_leg_count(count as u8),
            put_leg_offset(leg_offset),
        ],
        &tail
    );
}

/// The price contracts are settled at, in 1e-4; `issue`: `S R I`, first, again, indicative.
pub fn settlement(
    venue: &mut PitchEncoder,
    offset: u32,
    symbol: &[u8],
    (trade_date, price, issue): (u32, i64, u8),
) {
    say!(
        venue,
        wire::Settlement,
        0xB9,
        [
            put_time_offset(offset),
            put_symbol(symbol),
            put_trade_date(trade_date),
            put_settlement_price(price),
            put_issue(issue),
        ],
        &[]
    );
}

/// What the day was; prices in 1e-4.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Day {
    /// `YYYYMMDD`.
    pub trade_date: u32,
    /// Contracts that are open.
    pub open_interest: u32,
    /// Highest, lowest, first and last price.
    pub prices: [i64; 4],
    /// Contracts traded.
    pub volume: u32,
    /// Which prices are some.
    pub flags: u8,
}

/// What the day was.
pub fn end_of_day_summary(venue: &mut PitchEncoder, offset: u32, symbol: &[u8], day: &Day) {
    let [high, low, open, close] = day.prices;
    say!(
        venue,
        wire::EndOfDaySummary,
        0xBA,
        [
            put_time_offset(offset),
            put_symbol(symbol),
            put_trade_date(day.trade_date),
            put_open_interest(day.open_interest),
            put_high_price(high),
            put_low_price(low),
            put_open_price(open),
            put_close_price(close),
            put_total_volume(day.volume),
            put_summary_flags(day.flags),
        ],
        &[]
    );
}

/// Trading status of an instrument: `H Q S T`.
pub fn trading_status(venue: &mut PitchEncoder, offset: u32, symbol: &[u8], status: u8) {
    say!(
        venue,
        wire::TradingStatus,
        0x31,
        [
            put_time_offset(offset),
            put_symbol(symbol),
            put_reserved2(b"  "),
            put_trading_status(status),
            put_reserved3(b"   "),
        ],
        &[]
    );
}
