//! Auctions: how one stands and how one ended, alike in the markets that have them; read and said.

use super::normalize::{Market, long_price};
use super::unit::{At, To, Unit};
use super::wire::{self, AuctionResult, AuctionState};
use crate::contract::DecodeError;
use crate::model::{Action, Flags, ImbalanceKind, Side, Size, StatisticKind, Tick};
use crate::session::pitch::PitchEncoder;
use crate::{pitch_say as say, pitch_view as view};

/// How an auction stands.
///
/// # Errors
/// The message is too short, or a price does not fit.
pub fn update<M: Market>(
    unit: &mut Unit,
    at: At,
    (tag, body): (u8, &[u8]),
    to: &mut To<'_>,
) -> Result<(), DecodeError> {
    let view = view!(AuctionState, body, tag);
    let (buy, sell) = (u64::from(view.buy()), u64::from(view.sell()));
    let reference = long_price::<M>(tag, view.reference_price())?;
    // A price of zero says that no price clears.
    let (alone, together) = (view.auction_only_price(), view.indicative_price());
    let others = [
        (
            ImbalanceKind::AuctionClearing,
            alone,
            long_price::<M>(tag, alone)?,
        ),
        (
            ImbalanceKind::BookClearing,
            together,
            long_price::<M>(tag, together)?,
        ),
    ];
    let tick = unit.blank(at, view.time_offset());
    let Some(instrument) = unit.find(view.symbol(), tick, to) else {
        return Ok(());
    };
    let blank = Tick {
        instrument,
        action: Action::Imbalance,
        ..tick
    };
    let mut last = Tick {
        detail: ImbalanceKind::Reference as u8,
        price: reference,
        size: Size(buy.min(sell)),
        order_id: buy.abs_diff(sell),
        side: match buy.cmp(&sell) {
            std::cmp::Ordering::Greater => Side::Bid,
            std::cmp::Ordering::Less => Side::Ask,
            std::cmp::Ordering::Equal => Side::None,
        },
        ..blank
    };
    for (kind, raw, price) in others {
        if raw != 0 {
            let before = Tick {
                flags: Flags::NONE,
                ..last
            };
            unit.emit(before, to.out);
            last = Tick {
                detail: kind as u8,
                price,
                ..blank
            };
        }
    }
    unit.emit(last, to.out);
    Ok(())
}

/// How an auction ended: a statistic of the kind its type says, where anything traded.
///
/// # Errors
/// The message is too short, or the price does not fit.
pub fn summary<M: Market>(
    unit: &mut Unit,
    at: At,
    (tag, body): (u8, &[u8]),
    kind_of: impl FnOnce(u8) -> Option<StatisticKind>,
    to: &mut To<'_>,
) -> Result<(), DecodeError> {
    let view = view!(AuctionResult, body, tag);
    let price = long_price::<M>(tag, view.price())?;
    let tick = unit.blank(at, view.time_offset());
    if let Some(instrument) = unit.find(view.symbol(), tick, to)
        && let Some(kind) = kind_of(view.auction_type())
        && view.quantity() > 0
    {
        let tick = Tick {
            instrument,
            action: Action::Statistic,
            detail: kind as u8,
            price,
            size: Size(u64::from(view.quantity())),
            ..tick
        };
        unit.emit(tick, to.out);
    }
    Ok(())
}

/// How an auction stands, for simulators and tests; prices in 1e-4, 0 where there is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Auction {
    /// The market's code of what auction it is.
    pub auction_type: u8,
    /// Price the sizes are counted at.
    pub reference: i64,
    /// What buys and what sells at the reference price.
    pub sizes: [u32; 2],
    /// Price the auction and the book together would clear at.
    pub indicative: i64,
    /// Price the auction alone would clear at.
    pub auction_only: i64,
}

/// Says how an auction stands, with what the market puts behind it.
pub fn say_update(
    venue: &mut PitchEncoder,
    (tag, tail): (u8, &[u8]),
    offset: u32,
    symbol: &[u8],
    auction: &Auction,
) {
    let [buy, sell] = auction.sizes;
    say!(
        venue,
        wire::AuctionState,
        tag,
        [
            put_time_offset(offset),
            put_symbol(symbol),
            put_auction_type(auction.auction_type),
            put_reference_price(auction.reference.cast_unsigned()),
            put_buy(buy),
            put_sell(sell),
            put_indicative_price(auction.indicative.cast_unsigned()),
            put_auction_only_price(auction.auction_only.cast_unsigned()),
        ],
        tail
    );
}

/// Says that an auction ended with `size` at a price of 1e-4.
pub fn say_summary(
    venue: &mut PitchEncoder,
    offset: u32,
    symbol: &[u8],
    (auction_type, price, size): (u8, i64, u32),
) {
    say!(
        venue,
        wire::AuctionResult,
        0x96,
        [
            put_time_offset(offset),
            put_symbol(symbol),
            put_auction_type(auction_type),
            put_price(price.cast_unsigned()),
            put_quantity(size),
        ],
        &[]
    );
}
