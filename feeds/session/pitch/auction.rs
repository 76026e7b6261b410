//! Auctions: how one stands and how one ended, alike in the markets that have them.

use super::normalize::{Market, long_price};
use super::unit::{At, To, Unit};
use super::wire::{AuctionResult, AuctionState};
use crate::contract::DecodeError;
use crate::model::{Action, Flags, ImbalanceKind, Side, Size, StatisticKind, Tick};
use crate::pitch_view as view;

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
