//! Messages to ticks: what all markets share, and the seam for what they do not.

use super::unit::{At, NewOrder, Print, To, Unit};
use super::wire::{
    AddExpanded, AddLong, AddShort, DeleteOrder, EndOfSession, ExecutedAtPrice, ModifyLong,
    ModifyShort, OrderExecuted, ReduceSizeLong, ReduceSizeShort, Time, TimeReference,
    TimeWithEpoch, TradeBreak, TradeExpanded, TradeLong, TradeShort, TypeInfo, UnitClear,
};
use crate::contract::{Batch, DecodeError, FeedCounters, InspectedMessage, Notice};
use crate::model::{Action, Price, StatisticKind, Symbol, Tick};
use crate::session::sequenced_unit::split_message;

/// One market of the operator: what its room adds.
pub trait Market: Default + Send + 'static {
    /// Its message types, in the order of its coverage table.
    const TYPES: &'static [TypeInfo];
    /// Whether prices may be negative.
    const HAS_SIGNED_PRICES: bool = false;
    /// How much later than in New York the exchange's midnight is, in ns.
    const LATER_NS: u64 = 0;
    /// Whether symbols stand for longer names that messages of their own tell.
    const IS_MAPPED: bool = false;
    /// Most bytes of a name to follow.
    const NAME_BYTES: usize;
    /// A name to follow, for the message about a wrong one.
    const NAME_EXAMPLE: &'static str;

    /// Takes a message of the market's own, at least as long as its type. What nothing is made of
    /// is taken as well.
    ///
    /// # Errors
    /// The message cannot be true.
    fn message(
        &mut self,
        unit: &mut Unit,
        at: At,
        message: (u8, &[u8]),
        to: &mut To<'_>,
    ) -> Result<(), DecodeError>;

    /// The stream starts anew.
    fn restart(&mut self) {}

    /// Whether messages of this type are said again and again without numbers.
    fn is_reference(_tag: u8) -> bool {
        false
    }

    /// Hands the fields of one message (type and body) to `show`; `None` when the type is unknown
    /// or the bytes are too few.
    fn inspect(message: &[u8], show: &mut dyn FnMut(&dyn InspectedMessage)) -> Option<()>;
}

/// A view of a message, or the way out.
#[macro_export]
#[doc(hidden)]
macro_rules! pitch_view {
    ($view:ident, $body:expr, $tag:expr) => {
        $view::of($body).ok_or($crate::contract::DecodeError::BadLength {
            tag: u32::from($tag),
            need_bytes: ($view::LEN + $crate::session::sequenced_unit::MESSAGE_HEADER_BYTES) as u32,
            have_bytes: ($body.len() + $crate::session::sequenced_unit::MESSAGE_HEADER_BYTES)
                as u32,
        })?
    };
}
use crate::pitch_view as view;

/// A price with four implied decimals.
///
/// # Errors
/// It does not fit.
#[inline(always)]
pub fn long_price<M: Market>(tag: u8, raw: u64) -> Result<Price, DecodeError> {
    let raw = if M::HAS_SIGNED_PRICES {
        Some(raw.cast_signed())
    } else {
        i64::try_from(raw).ok()
    };
    raw.and_then(Price::from_e4_i64)
        .ok_or(DecodeError::NotExact {
            tag: u32::from(tag),
        })
}

/// A price with two implied decimals.
#[inline(always)]
pub fn short_price<M: Market>(raw: u16) -> Price {
    const CENT: i64 = 10_000_000;
    Price(if M::HAS_SIGNED_PRICES {
        i64::from(raw.cast_signed()) * CENT
    } else {
        i64::from(raw) * CENT
    })
}

/// What the messages of one unit of a market mean.
pub struct Normalizer<M> {
    unit: Unit,
    market: M,
    /// Fewest bytes of a message by type; 0 for types the market does not have.
    lengths: [u8; 256],
    counts: [u64; 256],
    told_unknown: [bool; 256],
}

impl<M: Market> Normalizer<M> {
    /// Nothing seen yet.
    pub fn new(unit: Unit) -> Normalizer<M> {
        let mut lengths = [0; 256];
        for info in M::TYPES {
            lengths[usize::from(info.tag)] = info.bytes;
        }
        Normalizer {
            unit,
            market: M::default(),
            lengths,
            counts: [0; 256],
            told_unknown: [false; 256],
        }
    }

    /// What the unit knows.
    pub fn unit(&mut self) -> &mut Unit {
        &mut self.unit
    }

    /// Whether the venue said that no message follows.
    pub fn is_over(&self) -> bool {
        self.unit.is_over()
    }

    /// The stream starts anew.
    pub fn restart(&mut self) {
        self.unit.restart();
        self.market.restart();
    }

    /// Messages seen by type, zeros left out.
    pub fn messages_by_type(&self) -> Vec<(&'static str, u64)> {
        M::TYPES
            .iter()
            .map(|info| (info.name, self.counts[usize::from(info.tag)]))
            .filter(|&(_, count)| count > 0)
            .collect()
    }

    /// Applies the whole messages among the first `count` of `blocks`, except the first `skip`;
    /// says how many were whole.
    pub fn apply(
        &mut self,
        mut at: At,
        mut blocks: &[u8],
        skip: u64,
        count: u64,
        counters: &mut FeedCounters,
        out: &mut Batch,
    ) -> u64 {
        let mut to = To { counters, out };
        for index in 0..count {
            let Some((message, rest)) = split_message(blocks) else {
                return index;
            };
            blocks = rest;
            if index >= skip
                && let Err(error) = self.message(at, message, &mut to)
            {
                to.counters.refuse(error);
            }
            at.sequence += 1;
        }
        count
    }

    /// Applies the messages among the first `count` of `blocks` that have no number because they
    /// are said again and again; says how many those were.
    pub fn apply_reference(
        &mut self,
        at: At,
        mut blocks: &[u8],
        count: u64,
        counters: &mut FeedCounters,
        out: &mut Batch,
    ) -> u64 {
        let mut to = To { counters, out };
        let mut taken = 0;
        for _ in 0..count {
            let Some((message, rest)) = split_message(blocks) else {
                break;
            };
            blocks = rest;
            if message.first().is_some_and(|&tag| M::is_reference(tag)) {
                taken += 1;
                if let Err(error) = self.message(at, message, &mut to) {
                    to.counters.refuse(error);
                }
            }
        }
        taken
    }

    /// Applies a message of an image of the unit: an order that rests, and what says when, what it
    /// is of and whether that trades. Anything else has no place in an image and is counted.
    pub fn apply_image(
        &mut self,
        at: At,
        message: &[u8],
        counters: &mut FeedCounters,
        out: &mut Batch,
    ) {
        let mut to = To { counters, out };
        let tag = message.first().copied().unwrap_or_default();
        if !is_order(tag) && !matches!(tag, 0x20 | 0xB1 | 0x31) && !M::is_reference(tag) {
            to.counters.messages_ignored += 1;
        } else if let Err(error) = self.message(at, message, &mut to) {
            to.counters.refuse(error);
        }
    }

    #[inline]
    fn message(&mut self, at: At, message: &[u8], to: &mut To<'_>) -> Result<(), DecodeError> {
        // The framing gives every message its type.
        let Some((&tag, body)) = message.split_first() else {
            return Ok(());
        };
        let need = self.lengths[usize::from(tag)];
        // The length byte counts itself.
        if usize::from(need) > message.len() + 1 {
            return Err(too_short(tag, need, message.len() + 1));
        }
        let unit = &mut self.unit;
        match tag {
            _ if need == 0 => {
                self.unknown(tag, to);
                return Ok(());
            }
            0x21 => {
                let view = view!(AddLong, body, tag);
                let order = NewOrder {
                    order_id: view.order_id(),
                    side: view.side(),
                    quantity: view.quantity(),
                    symbol: view.symbol(),
                    price: long_price::<M>(tag, view.price())?,
                };
                unit.add(tag, unit.blank(at, view.time_offset()), &order, to)?;
            }
            0x22 => {
                let view = view!(AddShort, body, tag);
                let order = NewOrder {
                    order_id: view.order_id(),
                    side: view.side(),
                    quantity: u32::from(view.quantity()),
                    symbol: view.symbol(),
                    price: short_price::<M>(view.price()),
                };
                unit.add(tag, unit.blank(at, view.time_offset()), &order, to)?;
            }
            0x29 => {
                let view = view!(DeleteOrder, body, tag);
                let tick = unit.blank(at, view.time_offset());
                unit.delete(tick, view.order_id(), to);
            }
            0x23 => {
                let view = view!(OrderExecuted, body, tag);
                let tick = unit.blank(at, view.time_offset());
                let trade = (
                    view.order_id(),
                    view.executed_quantity(),
                    view.execution_id(),
                );
                unit.execute(tick, trade, to);
            }
            0x26 => {
                let view = view!(ReduceSizeShort, body, tag);
                let tick = unit.blank(at, view.time_offset());
                let size = u32::from(view.canceled_quantity());
                unit.reduce(tick, view.order_id(), size, to);
            }
            0x25 => {
                let view = view!(ReduceSizeLong, body, tag);
                let tick = unit.blank(at, view.time_offset());
                unit.reduce(tick, view.order_id(), view.canceled_quantity(), to);
            }
            0x28 => {
                let view = view!(ModifyShort, body, tag);
                let tick = unit.blank(at, view.time_offset());
                let now = (u32::from(view.quantity()), short_price::<M>(view.price()));
                unit.modify(tick, view.order_id(), now, to);
            }
            0x27 => {
                let view = view!(ModifyLong, body, tag);
                let tick = unit.blank(at, view.time_offset());
                let now = (view.quantity(), long_price::<M>(tag, view.price())?);
                unit.modify(tick, view.order_id(), now, to);
            }
            0xBC | 0xBD => unit.transaction(tag == 0xBC, to.out),
            _ => self.rare(at, tag, body, to)?,
        }
        self.counts[usize::from(tag)] += 1;
        Ok(())
    }

    /// Everything that does not come by the million.
    #[cold]
    fn rare(&mut self, at: At, tag: u8, body: &[u8], to: &mut To<'_>) -> Result<(), DecodeError> {
        let unit = &mut self.unit;
        match tag {
            0x20 => {
                let second = view!(Time, body, tag).time();
                let epoch = TimeWithEpoch::of(body).map(|view| view.epoch());
                unit.tell_time(at, tag, second, epoch)?;
            }
            0xB1 => {
                let view = view!(TimeReference, body, tag);
                let epoch = view.midnight_reference().checked_add(view.time());
                let epoch = epoch.filter(|_| view.midnight_reference() != 0);
                unit.tell_time(at, tag, view.time(), epoch)?;
            }
            0x2F => {
                let view = view!(AddExpanded, body, tag);
                let order = NewOrder {
                    order_id: view.order_id(),
                    side: view.side(),
                    quantity: view.quantity(),
                    symbol: view.symbol(),
                    price: long_price::<M>(tag, view.price())?,
                };
                unit.add(tag, unit.blank(at, view.time_offset()), &order, to)?;
            }
            0x24 => {
                let view = view!(ExecutedAtPrice, body, tag);
                let tick = unit.blank(at, view.time_offset());
                let sizes = [view.executed_quantity(), view.remaining_quantity()];
                let price = long_price::<M>(tag, view.price())?;
                let trade = (sizes, view.execution_id(), price);
                unit.execute_at_price(tick, view.order_id(), trade, to);
            }
            0x2A => {
                let view = view!(TradeLong, body, tag);
                let print = Print {
                    symbol: view.symbol(),
                    quantity: view.quantity(),
                    price: long_price::<M>(tag, view.price())?,
                    execution_id: view.execution_id(),
                };
                unit.print(unit.blank(at, view.time_offset()), &print, to);
            }
            0x2B => {
                let view = view!(TradeShort, body, tag);
                let print = Print {
                    symbol: view.symbol(),
                    quantity: u32::from(view.quantity()),
                    price: short_price::<M>(view.price()),
                    execution_id: view.execution_id(),
                };
                unit.print(unit.blank(at, view.time_offset()), &print, to);
            }
            0x30 => {
                let view = view!(TradeExpanded, body, tag);
                let print = Print {
                    symbol: view.symbol_extended(),
                    quantity: view.quantity(),
                    price: long_price::<M>(tag, view.price())?,
                    execution_id: view.execution_id(),
                };
                unit.print(unit.blank(at, view.time_offset()), &print, to);
            }
            0x2C => {
                let view = view!(TradeBreak, body, tag);
                // The trade is named by its id alone: what it was a trade of is with whoever kept
                // it.
                let broken = Tick {
                    action: Action::Statistic,
                    detail: StatisticKind::TradeBroken as u8,
                    order_id: view.execution_id(),
                    ..unit.blank(at, view.time_offset())
                };
                unit.emit(broken, to.out);
            }
            0x97 => {
                let view = view!(UnitClear, body, tag);
                unit.clear(unit.blank(at, view.time_offset()), to.out);
            }
            0x2D => {
                let view = view!(EndOfSession, body, tag);
                unit.end(unit.blank(at, view.time_offset()), to.out);
            }
            _ => self.market.message(unit, at, (tag, body), to)?,
        }
        Ok(())
    }

    #[cold]
    fn unknown(&mut self, tag: u8, to: &mut To<'_>) {
        to.counters.unknown_messages += 1;
        if !std::mem::replace(&mut self.told_unknown[usize::from(tag)], true) {
            self.unit.notice(Notice::UnknownType {
                tag: u32::from(tag),
                name: Symbol::new(format!("{tag:#04x}").as_bytes()),
            });
        }
    }
}

/// Whether messages of this type say that an order joins.
pub const fn is_order(tag: u8) -> bool {
    matches!(tag, 0x21 | 0x22 | 0x2F)
}

#[cold]
fn too_short(tag: u8, need: u8, have_bytes: usize) -> DecodeError {
    DecodeError::BadLength {
        tag: u32::from(tag),
        need_bytes: u32::from(need),
        have_bytes: have_bytes as u32,
    }
}
