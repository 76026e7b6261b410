//! Messages to ticks.
//!
//! Only the messages of new orders name their symbol; every other one names its order. The unit's
//! resting orders are therefore remembered here: instrument, side and what is left of each, bounded
//! by a setting.
//!
//! Every message is an event of its own: its last tick closes it.

use super::wire::{
    AddOrderExpanded, AddOrderLong, AddOrderShort, AuctionSummary, AuctionUpdate, DeleteOrder,
    EndOfSession, ModifyOrderLong, ModifyOrderShort, OrderExecuted, OrderExecutedAtPriceSize,
    ReduceSizeLong, ReduceSizeShort, RetailPriceImprovement, TYPES, Time, TradeBreak,
    TradeExpanded, TradeLong, TradeShort, TradingStatus, UnitClear,
};
use crate::contract::{Batch, DecodeError, FeedCounters, Notice};
use crate::model::tick::cancel_detail;
use crate::model::{
    Action, ChannelId, Definition, EventTime, Flags, ImbalanceKind, InstrumentId, Price, RecvTime,
    Side, Size, StatisticKind, Symbol, Tick, TradingState,
};
use crate::session::sequenced_unit::{MESSAGE_HEADER_BYTES, split_message};
use hashbrown::HashMap;
use std::collections::VecDeque;

/// Instruments a unit may name; messages for further ones are counted as for unknown instruments.
const INSTRUMENTS_MAX: usize = 1 << 18;
/// Notices kept until they are polled: one a type, one full table and one end of session.
const NOTICES_MAX: usize = 512;
/// A second of the day beyond this is damaged: no day is longer.
const SECONDS_MAX: u32 = 25 * 3_600;
const SECOND_NS: u64 = 1_000_000_000;
/// What stands for an instrument nobody follows.
const NOT_FOLLOWED: u32 = u32::MAX;

/// Where and when a message was.
#[derive(Clone, Copy, Debug)]
pub(super) struct At {
    /// Midnight in New York of its day, in ns since the Unix epoch.
    pub(super) midnight_ns: u64,
    /// When its packet came.
    pub(super) ts_recv: RecvTime,
    /// Its number.
    pub(super) sequence: u64,
}

/// What is known of an order that rests.
#[derive(Clone, Copy, Debug)]
struct Resting {
    instrument: u32,
    /// Shares left.
    open: u32,
    side: Side,
}

type Map<K, V> = HashMap<K, V, foldhash::fast::FixedState>;

fn map<K, V>() -> Map<K, V> {
    HashMap::with_hasher(foldhash::fast::FixedState::with_seed(0))
}

/// What the messages of one unit mean.
pub(super) struct Normalizer {
    channel: ChannelId,
    /// Ids by symbol, padded to eight bytes; [`NOT_FOLLOWED`] for symbols nobody follows.
    ids: Map<[u8; 8], u32>,
    /// Whether the short-sale price test is in effect, by instrument.
    restricted: Vec<bool>,
    /// Symbols to follow, padded and sorted; empty means all.
    followed: Vec<[u8; 8]>,
    orders: Map<u64, Resting>,
    orders_max: usize,
    /// Second the offsets count from, since midnight; `None` where it is not known.
    second: Option<u32>,
    is_over: bool,
    counts: [u64; 256],
    told_unknown: [bool; 256],
    notices: VecDeque<Notice>,
}

/// A view of a message of at least this type's length, or the way out. The venue may add fields at
/// the end.
macro_rules! view {
    ($view:ident, $body:ident, $tag:ident) => {
        $view::of($body).ok_or(DecodeError::BadLength {
            tag: u32::from($tag),
            need_bytes: ($view::LEN + MESSAGE_HEADER_BYTES) as u32,
            have_bytes: ($body.len() + MESSAGE_HEADER_BYTES) as u32,
        })?
    };
}

/// An order as its message says it.
struct NewOrder<'a> {
    order_id: u64,
    side: u8,
    quantity: u32,
    symbol: &'a [u8],
    price: Price,
}

/// A trade as its message says it.
struct Print<'a> {
    symbol: &'a [u8],
    quantity: u32,
    price: Price,
    execution_id: u64,
}

impl Normalizer {
    /// A normaliser that knows no instrument. Empty `followed` follows all symbols.
    pub(super) fn new(channel: ChannelId, followed: &[String], orders_max: usize) -> Normalizer {
        let mut followed: Vec<_> = followed
            .iter()
            .map(|symbol| padded(symbol.trim().as_bytes()))
            .collect();
        followed.sort_unstable();
        Normalizer {
            channel,
            ids: map(),
            restricted: Vec::new(),
            followed,
            orders: map(),
            orders_max,
            second: None,
            is_over: false,
            counts: [0; 256],
            told_unknown: [false; 256],
            notices: VecDeque::new(),
        }
    }

    /// Messages are missing: one of them may have told another second.
    pub(super) fn forget_time(&mut self) {
        self.second = None;
    }

    /// The stream starts anew: no order rests.
    pub(super) fn restart(&mut self) {
        self.orders.clear();
        self.restricted.fill(false);
        self.second = None;
        self.is_over = false;
    }

    /// Whether the venue said that no message follows.
    pub(super) fn is_over(&self) -> bool {
        self.is_over
    }

    /// Messages seen by type, zeros left out.
    pub(super) fn messages_by_type(&self) -> Vec<(&'static str, u64)> {
        TYPES
            .iter()
            .map(|info| (info.name, self.counts[usize::from(info.tag)]))
            .filter(|&(_, count)| count > 0)
            .collect()
    }

    /// Next thing to log.
    pub(super) fn poll_notice(&mut self) -> Option<Notice> {
        self.notices.pop_front()
    }

    /// Applies the whole messages among the first `count` of `blocks`, except the first `skip`;
    /// says how many were whole.
    pub(super) fn apply(
        &mut self,
        mut at: At,
        mut blocks: &[u8],
        skip: u64,
        count: u64,
        counters: &mut FeedCounters,
        out: &mut Batch,
    ) -> u64 {
        for index in 0..count {
            let Some((message, rest)) = split_message(blocks) else {
                return index;
            };
            blocks = rest;
            if index >= skip
                && let Err(error) = self.message(at, message, counters, out)
            {
                counters.refuse(error);
            }
            at.sequence += 1;
        }
        count
    }

    #[inline]
    fn message(
        &mut self,
        at: At,
        message: &[u8],
        counters: &mut FeedCounters,
        out: &mut Batch,
    ) -> Result<(), DecodeError> {
        // The framing gives every message its type.
        let Some((&tag, body)) = message.split_first() else {
            return Ok(());
        };
        match tag {
            0x21 => {
                let view = view!(AddOrderLong, body, tag);
                let order = NewOrder {
                    order_id: view.order_id(),
                    side: view.side_indicator(),
                    quantity: view.quantity(),
                    symbol: view.symbol(),
                    price: price_e4(tag, view.price())?,
                };
                self.add(
                    tag,
                    self.blank(at, view.time_offset()),
                    &order,
                    counters,
                    out,
                )?;
            }
            0x22 => {
                let view = view!(AddOrderShort, body, tag);
                let order = NewOrder {
                    order_id: view.order_id(),
                    side: view.side_indicator(),
                    quantity: u32::from(view.quantity()),
                    symbol: view.symbol(),
                    price: price_e2(view.price()),
                };
                self.add(
                    tag,
                    self.blank(at, view.time_offset()),
                    &order,
                    counters,
                    out,
                )?;
            }
            0x29 => {
                let view = view!(DeleteOrder, body, tag);
                let tick = self.blank(at, view.time_offset());
                match self.orders.remove(&view.order_id()) {
                    Some(resting) if resting.instrument != NOT_FOLLOWED => out.push(Tick {
                        size: Size::WHOLE,
                        ..cancel(tick, view.order_id(), &resting)
                    }),
                    Some(_) => {}
                    None => counters.unknown_instrument_messages += 1,
                }
            }
            0x23 => {
                let view = view!(OrderExecuted, body, tag);
                let tick = self.blank(at, view.time_offset());
                let size = view.executed_quantity();
                if let Some(resting) = self.take(view.order_id(), size, counters) {
                    out.push(Tick {
                        order_id: view.execution_id(),
                        ..trade(tick, &resting, size, Price::UNDEFINED)
                    });
                    out.push(Tick {
                        size: Size(u64::from(size)),
                        detail: cancel_detail::EXECUTED,
                        ..cancel(tick, view.order_id(), &resting)
                    });
                }
            }
            0x26 => {
                let view = view!(ReduceSizeShort, body, tag);
                let tick = self.blank(at, view.time_offset());
                let size = u32::from(view.canceled_quantity());
                self.reduce(tick, view.order_id(), size, counters, out);
            }
            0x25 => {
                let view = view!(ReduceSizeLong, body, tag);
                let tick = self.blank(at, view.time_offset());
                self.reduce(
                    tick,
                    view.order_id(),
                    view.canceled_quantity(),
                    counters,
                    out,
                );
            }
            0x28 => {
                let view = view!(ModifyOrderShort, body, tag);
                let tick = self.blank(at, view.time_offset());
                let (size, price) = (u32::from(view.quantity()), price_e2(view.price()));
                self.modify(tick, view.order_id(), size, price, counters, out);
            }
            0x27 => {
                let view = view!(ModifyOrderLong, body, tag);
                let tick = self.blank(at, view.time_offset());
                let (size, price) = (view.quantity(), price_e4(tag, view.price())?);
                self.modify(tick, view.order_id(), size, price, counters, out);
            }
            0x20 => {
                let second = view!(Time, body, tag).time();
                if second >= SECONDS_MAX {
                    return Err(bad_field(tag, 2));
                }
                self.second = Some(second);
            }
            _ => return self.rare(at, tag, body, counters, out),
        }
        self.counts[usize::from(tag)] += 1;
        Ok(())
    }

    /// Everything that does not come by the million.
    #[cold]
    fn rare(
        &mut self,
        at: At,
        tag: u8,
        body: &[u8],
        counters: &mut FeedCounters,
        out: &mut Batch,
    ) -> Result<(), DecodeError> {
        match tag {
            0x2F => {
                let view = view!(AddOrderExpanded, body, tag);
                let order = NewOrder {
                    order_id: view.order_id(),
                    side: view.side_indicator(),
                    quantity: view.quantity(),
                    symbol: view.symbol(),
                    price: price_e4(tag, view.price())?,
                };
                self.add(
                    tag,
                    self.blank(at, view.time_offset()),
                    &order,
                    counters,
                    out,
                )?;
            }
            0x24 => self.executed_at_price(at, tag, body, counters, out)?,
            0x2A => {
                let view = view!(TradeLong, body, tag);
                let print = Print {
                    symbol: view.symbol(),
                    quantity: view.quantity(),
                    price: price_e4(tag, view.price())?,
                    execution_id: view.execution_id(),
                };
                self.print(self.blank(at, view.time_offset()), &print, counters, out);
            }
            0x2B => {
                let view = view!(TradeShort, body, tag);
                let print = Print {
                    symbol: view.symbol(),
                    quantity: u32::from(view.quantity()),
                    price: price_e2(view.price()),
                    execution_id: view.execution_id(),
                };
                self.print(self.blank(at, view.time_offset()), &print, counters, out);
            }
            0x30 => {
                let view = view!(TradeExpanded, body, tag);
                let print = Print {
                    symbol: view.symbol(),
                    quantity: view.quantity(),
                    price: price_e4(tag, view.price())?,
                    execution_id: view.execution_id(),
                };
                self.print(self.blank(at, view.time_offset()), &print, counters, out);
            }
            0x2C => {
                let view = view!(TradeBreak, body, tag);
                // The trade is named by its id alone: what it was a trade of is with whoever kept
                // it.
                out.push(Tick {
                    action: Action::Statistic,
                    detail: StatisticKind::TradeBroken as u8,
                    order_id: view.execution_id(),
                    ..self.blank(at, view.time_offset())
                });
            }
            0x97 => {
                let view = view!(UnitClear, body, tag);
                self.orders.clear();
                out.push(Tick {
                    action: Action::Clear,
                    ..self.blank(at, view.time_offset())
                });
            }
            0x2D => {
                let view = view!(EndOfSession, body, tag);
                if !std::mem::replace(&mut self.is_over, true) {
                    self.notice(Notice::SessionEnded);
                }
                out.push(Tick {
                    action: Action::Status,
                    detail: TradingState::Close as u8,
                    ..self.blank(at, view.time_offset())
                });
            }
            0x31 => self.trading_status(at, tag, body, counters, out)?,
            0x95 => self.auction_update(at, tag, body, counters, out)?,
            0x96 => {
                let view = view!(AuctionSummary, body, tag);
                let price = price_e4(tag, view.price())?;
                let kind = match view.auction_type() {
                    b'O' | b'I' => Some(StatisticKind::OpeningPrice),
                    b'C' => Some(StatisticKind::ClosePrice),
                    _ => None,
                };
                let tick = self.blank(at, view.time_offset());
                if let Some(instrument) = self.find(view.symbol(), tick, counters, out)
                    && let Some(kind) = kind
                    && view.shares() > 0
                {
                    out.push(Tick {
                        instrument,
                        action: Action::Statistic,
                        detail: kind as u8,
                        price,
                        size: Size(u64::from(view.shares())),
                        ..tick
                    });
                }
            }
            0x98 => {
                let view = view!(RetailPriceImprovement, body, tag);
                let tick = self.blank(at, view.time_offset());
                self.find(view.symbol(), tick, counters, out);
            }
            _ => {
                counters.unknown_messages += 1;
                if !std::mem::replace(&mut self.told_unknown[usize::from(tag)], true) {
                    self.notice(Notice::UnknownType {
                        tag: u32::from(tag),
                        name: Symbol::new(format!("{tag:#04x}").as_bytes()),
                    });
                }
                return Ok(());
            }
        }
        self.counts[usize::from(tag)] += 1;
        Ok(())
    }

    #[inline]
    fn add(
        &mut self,
        tag: u8,
        tick: Tick,
        order: &NewOrder<'_>,
        counters: &mut FeedCounters,
        out: &mut Batch,
    ) -> Result<(), DecodeError> {
        let side = match order.side {
            b'B' => Side::Bid,
            b'S' => Side::Ask,
            _ => return Err(bad_field(tag, 14)),
        };
        let instrument = self.id_of(order.symbol, tick, counters, out);
        // An order that is not remembered could never leave the book again: it does not join it.
        if self.orders.len() >= self.orders_max && !self.orders.contains_key(&order.order_id) {
            counters.messages_ignored += 1;
            return Ok(());
        }
        let resting = Resting {
            instrument: instrument.unwrap_or(NOT_FOLLOWED),
            open: order.quantity,
            side,
        };
        self.orders.insert(order.order_id, resting);
        if let Some(instrument) = instrument {
            out.push(Tick {
                instrument: InstrumentId(instrument),
                action: Action::Add,
                order_id: order.order_id,
                side,
                price: order.price,
                size: Size(u64::from(order.quantity)),
                ..tick
            });
        }
        Ok(())
    }

    /// Takes `size` from an order; the order as it was, where somebody follows it.
    #[inline]
    fn take(&mut self, order_id: u64, size: u32, counters: &mut FeedCounters) -> Option<Resting> {
        let Some(resting) = self.orders.get_mut(&order_id) else {
            counters.unknown_instrument_messages += 1;
            return None;
        };
        let before = *resting;
        resting.open = before.open.saturating_sub(size);
        if resting.open == 0 {
            self.orders.remove(&order_id);
        }
        (before.instrument != NOT_FOLLOWED).then_some(before)
    }

    #[inline]
    fn reduce(
        &mut self,
        tick: Tick,
        order_id: u64,
        size: u32,
        counters: &mut FeedCounters,
        out: &mut Batch,
    ) {
        if let Some(resting) = self.take(order_id, size, counters) {
            out.push(Tick {
                size: Size(u64::from(size)),
                ..cancel(tick, order_id, &resting)
            });
        }
    }

    #[inline]
    fn modify(
        &mut self,
        tick: Tick,
        order_id: u64,
        size: u32,
        price: Price,
        counters: &mut FeedCounters,
        out: &mut Batch,
    ) {
        let Some(resting) = self.orders.get_mut(&order_id) else {
            counters.unknown_instrument_messages += 1;
            return;
        };
        resting.open = size;
        let resting = *resting;
        if size == 0 {
            self.orders.remove(&order_id);
        }
        if resting.instrument != NOT_FOLLOWED {
            out.push(Tick {
                instrument: InstrumentId(resting.instrument),
                action: Action::Modify,
                order_id,
                side: resting.side,
                price,
                size: Size(u64::from(size)),
                ..tick
            });
        }
    }

    /// A trade at another price than the order's. What is left is told, and may be less than what
    /// did not trade.
    fn executed_at_price(
        &mut self,
        at: At,
        tag: u8,
        body: &[u8],
        counters: &mut FeedCounters,
        out: &mut Batch,
    ) -> Result<(), DecodeError> {
        let view = view!(OrderExecutedAtPriceSize, body, tag);
        let price = price_e4(tag, view.price())?;
        let tick = self.blank(at, view.time_offset());
        let (order_id, size) = (view.order_id(), view.executed_quantity());
        let rest = self
            .orders
            .get(&order_id)
            .map_or(0, |resting| resting.open.saturating_sub(size));
        let withdrawn = rest.saturating_sub(view.remaining_quantity());
        let taken = size.saturating_add(withdrawn);
        let Some(resting) = self.take(order_id, taken, counters) else {
            return Ok(());
        };
        out.push(Tick {
            order_id: view.execution_id(),
            ..trade(tick, &resting, size, price)
        });
        let executed = Tick {
            size: Size(u64::from(size)),
            detail: cancel_detail::EXECUTED,
            ..cancel(tick, order_id, &resting)
        };
        if withdrawn == 0 {
            out.push(executed);
            return Ok(());
        }
        out.push(Tick {
            flags: Flags::NONE,
            ..executed
        });
        out.push(Tick {
            size: Size(u64::from(withdrawn)),
            ..cancel(tick, order_id, &resting)
        });
        Ok(())
    }

    fn print(
        &mut self,
        tick: Tick,
        print: &Print<'_>,
        counters: &mut FeedCounters,
        out: &mut Batch,
    ) {
        if let Some(instrument) = self.find(print.symbol, tick, counters, out) {
            out.push(Tick {
                instrument,
                action: Action::Trade,
                order_id: print.execution_id,
                price: print.price,
                size: Size(u64::from(print.quantity)),
                ..tick
            });
        }
    }

    fn trading_status(
        &mut self,
        at: At,
        tag: u8,
        body: &[u8],
        counters: &mut FeedCounters,
        out: &mut Batch,
    ) -> Result<(), DecodeError> {
        let view = view!(TradingStatus, body, tag);
        let state = match view.trading_status() {
            b'T' => TradingState::Trading,
            b'H' | b'S' => TradingState::Halt,
            b'Q' => TradingState::Quoting,
            b'A' => TradingState::PreOpen,
            _ => return Err(bad_field(tag, 14)),
        };
        let tick = self.blank(at, view.time_offset());
        let Some(instrument) = self.find(view.symbol(), tick, counters, out) else {
            return Ok(());
        };
        let status = Tick {
            instrument,
            action: Action::Status,
            detail: state as u8,
            order_id: reason(view.trading_status()),
            ..tick
        };
        let is_restricted = view.reg_sho_action() == b'1';
        // An instrument that was found has its place.
        let known = self.restricted.get_mut(instrument.index());
        let was = known.map(|known| std::mem::replace(known, is_restricted));
        if was == Some(is_restricted) {
            out.push(status);
            return Ok(());
        }
        out.push(Tick {
            flags: Flags::NONE,
            ..status
        });
        out.push(Tick {
            detail: TradingState::ShortSaleChange as u8,
            order_id: reason(view.reg_sho_action()),
            ..status
        });
        Ok(())
    }

    fn auction_update(
        &mut self,
        at: At,
        tag: u8,
        body: &[u8],
        counters: &mut FeedCounters,
        out: &mut Batch,
    ) -> Result<(), DecodeError> {
        let view = view!(AuctionUpdate, body, tag);
        let (buy, sell) = (u64::from(view.buy_shares()), u64::from(view.sell_shares()));
        let reference = price_e4(tag, view.reference_price())?;
        // A price of zero says that no price clears.
        let others = [
            (ImbalanceKind::AuctionClearing, view.auction_only_price()),
            (ImbalanceKind::BookClearing, view.indicative_price()),
        ];
        let others = [
            (others[0].0, others[0].1, price_e4(tag, others[0].1)?),
            (others[1].0, others[1].1, price_e4(tag, others[1].1)?),
        ];
        let tick = self.blank(at, view.time_offset());
        let Some(instrument) = self.find(view.symbol(), tick, counters, out) else {
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
                out.push(Tick {
                    flags: Flags::NONE,
                    ..last
                });
                last = Tick {
                    detail: kind as u8,
                    price,
                    ..blank
                };
            }
        }
        out.push(last);
        Ok(())
    }

    fn notice(&mut self, notice: Notice) {
        if self.notices.len() < NOTICES_MAX {
            self.notices.push_back(notice);
        }
    }

    /// The tick all ticks of a message begin as: it closes the event.
    #[inline(always)]
    fn blank(&self, at: At, time_offset: u32) -> Tick {
        let ts_event = match self.second {
            Some(second) => EventTime(
                at.midnight_ns
                    .saturating_add(u64::from(second) * SECOND_NS + u64::from(time_offset)),
            ),
            None => EventTime::UNDEFINED,
        };
        Tick {
            ts_event,
            ts_recv: at.ts_recv,
            sequence: at.sequence,
            flags: Flags::LAST,
            ..Tick::blank(self.channel, Action::Status)
        }
    }

    /// The instrument of a symbol, defined at first sight; `None` when nobody follows it.
    fn find(
        &mut self,
        symbol: &[u8],
        tick: Tick,
        counters: &mut FeedCounters,
        out: &mut Batch,
    ) -> Option<InstrumentId> {
        self.id_of(symbol, tick, counters, out).map(InstrumentId)
    }

    #[inline(always)]
    fn id_of(
        &mut self,
        symbol: &[u8],
        tick: Tick,
        counters: &mut FeedCounters,
        out: &mut Batch,
    ) -> Option<u32> {
        let symbol = padded(symbol);
        match self.ids.get(&symbol) {
            Some(&NOT_FOLLOWED) => None,
            Some(&id) => Some(id),
            None => self.appear(symbol, tick, counters, out),
        }
    }

    /// A symbol that was not seen before.
    #[cold]
    fn appear(
        &mut self,
        symbol: [u8; 8],
        tick: Tick,
        counters: &mut FeedCounters,
        out: &mut Batch,
    ) -> Option<u32> {
        if self.ids.len() >= INSTRUMENTS_MAX {
            counters.unknown_instrument_messages += 1;
            return None;
        }
        if !self.followed.is_empty() && self.followed.binary_search(&symbol).is_err() {
            self.ids.insert(symbol, NOT_FOLLOWED);
            return None;
        }
        let id = self.restricted.len() as u32;
        self.ids.insert(symbol, id);
        self.restricted.push(false);
        let instrument = InstrumentId(id);
        let definition = Definition::named(instrument, Symbol::new(&symbol));
        out.define(
            &definition,
            Tick {
                instrument,
                action: Action::Definition,
                ..tick
            },
        );
        Some(id)
    }
}

fn cancel(tick: Tick, order_id: u64, resting: &Resting) -> Tick {
    Tick {
        instrument: InstrumentId(resting.instrument),
        action: Action::Cancel,
        order_id,
        detail: cancel_detail::WITHDRAWN,
        ..tick
    }
}

/// A print against an order: the order's `Cancel` follows.
fn trade(tick: Tick, resting: &Resting, size: u32, price: Price) -> Tick {
    Tick {
        instrument: InstrumentId(resting.instrument),
        action: Action::Trade,
        size: Size(u64::from(size)),
        price,
        flags: Flags::NONE,
        ..tick
    }
}

/// A price with four implied decimals.
fn price_e4(tag: u8, raw: u64) -> Result<Price, DecodeError> {
    i64::try_from(raw)
        .ok()
        .and_then(Price::from_e4_i64)
        .ok_or(DecodeError::NotExact {
            tag: u32::from(tag),
        })
}

/// A price with two implied decimals.
fn price_e2(raw: u16) -> Price {
    Price::from_e4(u32::from(raw) * 100)
}

/// `offset` counts from the length byte.
#[cold]
fn bad_field(tag: u8, offset: u32) -> DecodeError {
    DecodeError::BadField {
        tag: u32::from(tag),
        offset,
    }
}

/// A venue code as a number whose big-endian bytes are the text, zeros behind it.
fn reason(code: u8) -> u64 {
    u64::from_be_bytes([code, 0, 0, 0, 0, 0, 0, 0])
}

/// A symbol of six or eight bytes as eight; what is longer is cut, which no symbol of this venue
/// is.
#[inline(always)]
fn padded(symbol: &[u8]) -> [u8; 8] {
    let mut bytes = [b' '; 8];
    let count = symbol.len().min(8);
    bytes[..count].copy_from_slice(&symbol[..count]);
    bytes
}
