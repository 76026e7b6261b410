//! The other direction: what complex books say beyond the messages of all markets, for simulators
//! and tests.

use super::wire;
use crate::pitch_say as say;
use crate::session::pitch::PitchEncoder;
use crate::session::pitch::encode::Dialect;
use crate::session::pitch::wire::SymbolMappingFull;
use crate::session::sequenced_unit::MESSAGE_HEADER_BYTES;

/// How the common messages end here.
pub static DIALECT: Dialect = Dialect {
    has_signed_prices: true,
    has_epoch: false,
    add: &[1],
    add_expanded: b"N    ",
    modify: &[1],
    executed_at_price: b" ",
    trade: b"f",
    symbol_bytes: 6,
};

/// A leg: its symbol, its ratio (negative: sold) and what it is (`O` an option, `E` shares).
pub type Leg<'a> = (&'a [u8], i32, u8);

/// What an instrument is; legs that do not fit a message are left out.
pub fn definition(
    venue: &mut PitchEncoder,
    offset: u32,
    (id, underlying): (&[u8], &[u8]),
    legs: &[Leg<'_>],
) {
    let most = (usize::from(u8::MAX) - MESSAGE_HEADER_BYTES - wire::Definition::LEN)
        / wire::ComplexInstrumentLeg::LEN;
    let count = legs.len().min(most);
    let mut tail = Vec::new();
    for &(symbol, ratio, security) in &legs[..count] {
        let mut leg = [0; wire::ComplexInstrumentLeg::LEN];
        wire::ComplexInstrumentLeg::put_leg_symbol(&mut leg, symbol);
        wire::ComplexInstrumentLeg::put_leg_ratio(&mut leg, ratio);
        wire::ComplexInstrumentLeg::put_leg_security_type(&mut leg, security);
        tail.extend_from_slice(&leg);
    }
    say!(
        venue,
        wire::Definition,
        0x9A,
        [
            put_time_offset(offset),
            put_complex_instrument_id(id),
            put_complex_instrument_underlying(underlying),
            put_complex_instrument_type(b'C'),
            put_leg_count(count as u8),
        ],
        &tail
    );
}

/// A symbol of the feed stands for an option.
pub fn symbol_mapping(venue: &mut PitchEncoder, feed_symbol: &[u8], osi_symbol: &[u8]) {
    say!(
        venue,
        SymbolMappingFull,
        0x2E,
        [
            put_feed_symbol(feed_symbol),
            put_osi_symbol(osi_symbol),
            put_symbol_condition(b'N'),
            put_underlying(osi_symbol.get(..6).unwrap_or(osi_symbol)),
        ],
        &[]
    );
}

/// Trading status (`H Q T`) of an instrument, and that of global trading hours.
pub fn trading_status(
    venue: &mut PitchEncoder,
    offset: u32,
    symbol: &[u8],
    (status, global): (u8, u8),
) {
    say!(
        venue,
        wire::TradingStatus,
        0x31,
        [
            put_time_offset(offset),
            put_complex_symbol_id(symbol),
            put_unused(b"  "),
            put_trading_status(status),
            put_reserved(b" "),
            put_gth_trading_status(global),
            put_padding(b" "),
        ],
        &[]
    );
}

/// How an auction stands; prices in 1e-4, 0 where there is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Auction {
    /// `G O H`: openings of both sessions, after a halt.
    pub auction_type: u8,
    /// Price the contracts are counted at.
    pub reference: u64,
    /// Contracts that buy and that sell at the reference price.
    pub contracts: [u32; 2],
    /// Price the auction and the book together would clear at.
    pub indicative: i64,
    /// Price the auction alone would clear at.
    pub auction_only: i64,
}

/// How an auction stands.
pub fn auction_update(venue: &mut PitchEncoder, offset: u32, symbol: &[u8], auction: &Auction) {
    let [buy, sell] = auction.contracts;
    say!(
        venue,
        wire::AuctionUpdate,
        0xD1,
        [
            put_time_offset(offset),
            put_complex_instrument_id8(symbol),
            put_auction_opening_type(auction.auction_type),
            put_reference_price(auction.reference),
            put_buy_contracts(buy),
            put_sell_contracts(sell),
            put_indicative_price(auction.indicative),
            put_auction_only_price(auction.auction_only),
            put_opening_condition(b' '),
        ],
        &[]
    );
}

/// An auction ended with `contracts` at a price of 1e-4.
pub fn auction_summary(
    venue: &mut PitchEncoder,
    offset: u32,
    symbol: &[u8],
    (auction_type, price, contracts): (u8, i64, u32),
) {
    say!(
        venue,
        wire::AuctionSummary,
        0x96,
        [
            put_time_offset(offset),
            put_complex_instrument_id8(symbol),
            put_auction_opening_type(auction_type),
            put_price(price),
            put_quantity(contracts),
        ],
        &[]
    );
}

/// An order asks for a better price than the market's, until `end` ns of the second.
pub fn auction_notification(
    venue: &mut PitchEncoder,
    offset: u32,
    symbol: &[u8],
    (auction, side, price, contracts, end): (u64, u8, i64, u32, u32),
) {
    say!(
        venue,
        wire::AuctionNotification,
        0xAD,
        [
            put_time_offset(offset),
            put_complex_instrument_id(symbol),
            put_auction_id(auction),
            put_auction_type(b'C'),
            put_side_indicator(side),
            put_price(price),
            put_quantity(contracts),
            put_customer_indicator(b'C'),
            put_participant_id(b""),
            put_auction_end_offset(end),
            put_client_id(b""),
        ],
        &[]
    );
}

/// Such an auction is over without a trade.
pub fn auction_cancel(venue: &mut PitchEncoder, offset: u32, auction: u64) {
    say!(
        venue,
        wire::AuctionCancel,
        0xAE,
        [put_time_offset(offset), put_auction_id(auction)],
        &[]
    );
}

/// Which auction a trade was of.
pub fn auction_trade(
    venue: &mut PitchEncoder,
    offset: u32,
    (auction, execution, price, contracts): (u64, u64, i64, u32),
) {
    say!(
        venue,
        wire::AuctionTrade,
        0xAF,
        [
            put_time_offset(offset),
            put_auction_id(auction),
            put_execution_id(execution),
            put_price(price),
            put_quantity(contracts),
        ],
        &[]
    );
}
