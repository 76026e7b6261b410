//! What a unit knows: its instruments, its resting orders, its time, and the event that is open.
//!
//! Only the messages of new orders name their symbol; every other one names its order. The unit's
//! resting orders are therefore remembered here: instrument, side and what is left of each, bounded
//! by a setting.

use super::instruments::{Found, Instruments, Map, NOT_FOLLOWED, map};
use crate::contract::{Batch, DecodeError, FeedCounters, Notice};
use crate::model::tick::cancel_detail;
use crate::model::time::NewYorkDay;
use crate::model::{
    Action, ChannelId, Definition, EventTime, Flags, InstrumentId, Price, RecvTime, Side, Size,
    Tick, TradingState,
};
use std::collections::VecDeque;

/// Notices kept until they are polled: one a type, and one end of session.
const NOTICES_MAX: usize = 512;
/// A second of the day beyond this is damaged: no day is longer.
const SECONDS_MAX: u32 = 25 * 3_600;
const SECOND_NS: u64 = 1_000_000_000;

/// Where and when a message was.
#[derive(Clone, Copy, Debug)]
pub struct At {
    /// When its packet came.
    pub ts_recv: RecvTime,
    /// Its number; 0 where it has none.
    pub sequence: u64,
    /// Flags of the tick that closes the event.
    pub closing: Flags,
}

/// Where ticks and counts go.
pub struct To<'a> {
    /// Totals.
    pub counters: &'a mut FeedCounters,
    /// The ticks.
    pub out: &'a mut Batch,
}

/// What is known of an order that rests.
#[derive(Clone, Copy, Debug)]
struct Resting {
    instrument: u32,
    /// Shares or contracts left.
    open: u32,
    side: Side,
}

/// An order as its message says it.
#[derive(Clone, Copy, Debug)]
pub struct NewOrder<'a> {
    /// Its id.
    pub order_id: u64,
    /// `B` or `S`.
    pub side: u8,
    /// Shares or contracts.
    pub quantity: u32,
    /// Symbol on the wire.
    pub symbol: &'a [u8],
    /// Its price.
    pub price: Price,
}

/// A trade as its message says it.
#[derive(Clone, Copy, Debug)]
pub struct Print<'a> {
    /// Symbol on the wire.
    pub symbol: &'a [u8],
    /// Shares or contracts.
    pub quantity: u32,
    /// Its price.
    pub price: Price,
    /// The venue's id.
    pub execution_id: u64,
}

/// `offset` counts from the length byte.
#[cold]
pub fn bad_field(tag: u8, offset: u32) -> DecodeError {
    DecodeError::BadField {
        tag: u32::from(tag),
        offset,
    }
}

/// A venue code as a number whose big-endian bytes are the text, zeros behind it.
pub fn reason(code: u8) -> u64 {
    u64::from_be_bytes([code, 0, 0, 0, 0, 0, 0, 0])
}

/// State of one unit.
#[derive(Debug)]
pub struct Unit {
    channel: ChannelId,
    instruments: Instruments,
    orders: Map<u64, Resting>,
    orders_max: usize,
    /// The moment the offsets count from, in ns since the Unix epoch; `None` where it is not known.
    second_ns: Option<u64>,
    /// How much later than in New York the exchange's midnight is, in ns.
    later_ns: u64,
    day: NewYorkDay,
    in_transaction: bool,
    /// Last tick of the open transaction.
    kept: Option<Tick>,
    is_over: bool,
    /// Orders of a symbol without a name were left out, and it has one now.
    pub(super) has_lost: bool,
    notices: VecDeque<Notice>,
}

impl Unit {
    /// A unit that has seen nothing. `later_ns`: how much later than in New York the exchange's
    /// midnight is.
    pub fn new(
        channel: ChannelId,
        instruments: Instruments,
        orders_max: usize,
        later_ns: u64,
    ) -> Unit {
        Unit {
            channel,
            instruments,
            orders: map(),
            orders_max,
            second_ns: None,
            later_ns,
            day: NewYorkDay::default(),
            in_transaction: false,
            kept: None,
            is_over: false,
            has_lost: false,
            notices: VecDeque::new(),
        }
    }

    /// Messages are missing: one of them may have told another second, or ended the transaction.
    pub fn on_hole(&mut self) {
        self.second_ns = None;
        self.in_transaction = false;
    }

    /// The stream starts anew: no order rests.
    pub fn restart(&mut self) {
        self.on_hole();
        self.orders.clear();
        self.is_over = false;
    }

    /// An image of the unit follows: what rested before it is forgotten.
    pub fn begin_image(&mut self) {
        self.on_hole();
        self.orders.clear();
    }

    /// Whether the venue said that no message follows.
    pub fn is_over(&self) -> bool {
        self.is_over
    }

    /// Next thing to log.
    pub fn poll_notice(&mut self) -> Option<Notice> {
        self.notices.pop_front()
    }

    /// Something to log; beyond a bound it is dropped, the counters tell.
    pub fn notice(&mut self, notice: Notice) {
        if self.notices.len() < NOTICES_MAX {
            self.notices.push_back(notice);
        }
    }

    /// Puts a tick out; within a transaction the one before it, as not the last.
    #[inline(always)]
    pub fn emit(&mut self, tick: Tick, out: &mut Batch) {
        if self.in_transaction {
            self.keep(tick, out);
        } else {
            out.push(tick);
        }
    }

    fn keep(&mut self, tick: Tick, out: &mut Batch) {
        let tick = Tick {
            flags: tick.flags.without(Flags::LAST),
            ..tick
        };
        if let Some(before) = self.kept.replace(tick) {
            out.push(before);
        }
    }

    /// Puts out the tick that is kept back, as the last of its event.
    pub fn settle(&mut self, out: &mut Batch) {
        if let Some(tick) = self.kept.take() {
            out.push(Tick {
                flags: tick.flags.with(Flags::LAST),
                ..tick
            });
        }
    }

    /// A transaction begins (one that is open ends) or ends.
    pub fn transaction(&mut self, begins: bool, out: &mut Batch) {
        self.settle(out);
        self.in_transaction = begins;
    }

    /// The second the offsets count from: since midnight, and since 1970 where that was said.
    ///
    /// # Errors
    /// No day has such a second.
    pub fn tell_time(
        &mut self,
        at: At,
        tag: u8,
        second: u32,
        epoch: Option<u32>,
    ) -> Result<(), DecodeError> {
        if second >= SECONDS_MAX {
            return Err(bad_field(tag, 2));
        }
        let epoch_ns = epoch.map(|epoch| u64::from(epoch) * SECOND_NS);
        let second_ns = epoch_ns.filter(|&ns| ns != 0).unwrap_or_else(|| {
            let local = RecvTime(at.ts_recv.0.saturating_sub(self.later_ns));
            let midnight_ns = self.day.midnight_ns(local).saturating_add(self.later_ns);
            midnight_ns.saturating_add(u64::from(second) * SECOND_NS)
        });
        self.second_ns = Some(second_ns);
        Ok(())
    }

    /// The tick all ticks of a message begin as: it closes the event.
    #[inline(always)]
    pub fn blank(&self, at: At, time_offset: u32) -> Tick {
        let ts_event = match self.second_ns {
            Some(second_ns) => EventTime(second_ns.saturating_add(u64::from(time_offset))),
            None => EventTime::UNDEFINED,
        };
        Tick {
            ts_event,
            ..self.timeless(at)
        }
    }

    /// The same for a message that has no time.
    #[inline(always)]
    pub fn timeless(&self, at: At) -> Tick {
        Tick {
            ts_recv: at.ts_recv,
            sequence: at.sequence,
            flags: at.closing,
            ..Tick::blank(self.channel, Action::Status)
        }
    }

    /// The instrument of a symbol, defined at first sight; `None` when nobody follows it.
    #[inline(always)]
    pub fn find(&mut self, symbol: &[u8], tick: Tick, to: &mut To<'_>) -> Option<InstrumentId> {
        match self.instruments.find(symbol) {
            Found::Id(id) => Some(InstrumentId(id)),
            Found::NotFollowed => None,
            found => self.take_found(found, tick, to),
        }
    }

    #[cold]
    fn take_found(&mut self, found: Found, tick: Tick, to: &mut To<'_>) -> Option<InstrumentId> {
        match found {
            Found::Id(id) => Some(InstrumentId(id)),
            Found::NotFollowed => None,
            Found::Unknown => {
                to.counters.unknown_instrument_messages += 1;
                None
            }
            Found::New(definition) => {
                let instrument = definition.instrument;
                to.out.sink_mut().define(self.channel, &definition);
                let tick = Tick {
                    instrument,
                    action: Action::Definition,
                    ..tick
                };
                self.emit(tick, to.out);
                Some(instrument)
            }
        }
    }

    /// Takes what the venue says of a symbol.
    pub fn define(
        &mut self,
        symbol: &[u8],
        definition: Definition,
        tick: Tick,
        to: &mut To<'_>,
    ) -> Option<InstrumentId> {
        // Names have no number: one may come behind the orders of its symbol, which are lost then.
        // An image of a rebuild says the orders again.
        let is_late = self.instruments.is_unnamed(symbol) && !tick.flags.contains(Flags::SNAPSHOT);
        self.has_lost |= is_late;
        let flags = if is_late {
            tick.flags.with(Flags::MAYBE_BAD_BOOK)
        } else {
            tick.flags
        };
        let found = self.instruments.define(symbol, definition);
        self.take_found(found, Tick { flags, ..tick }, to)
    }

    /// An order joins.
    ///
    /// # Errors
    /// It has no side.
    #[inline]
    pub fn add(
        &mut self,
        tag: u8,
        tick: Tick,
        order: &NewOrder<'_>,
        to: &mut To<'_>,
    ) -> Result<(), DecodeError> {
        let side = match order.side {
            b'B' => Side::Bid,
            b'S' => Side::Ask,
            _ => return Err(bad_field(tag, 14)),
        };
        let instrument = self.find(order.symbol, tick, to);
        // An order that is not remembered could never leave the book again: it does not join it.
        if self.orders.len() >= self.orders_max && !self.orders.contains_key(&order.order_id) {
            to.counters.messages_ignored += 1;
            return Ok(());
        }
        let resting = Resting {
            instrument: instrument.map_or(NOT_FOLLOWED, |instrument| instrument.0),
            open: order.quantity,
            side,
        };
        self.orders.insert(order.order_id, resting);
        if let Some(instrument) = instrument {
            let tick = Tick {
                instrument,
                action: Action::Add,
                order_id: order.order_id,
                side,
                price: order.price,
                size: Size(u64::from(order.quantity)),
                ..tick
            };
            self.emit(tick, to.out);
        }
        Ok(())
    }

    /// Takes `size` from an order; `None` where nobody knows or follows it.
    #[inline(always)]
    fn take(&mut self, order_id: u64, size: u32, to: &mut To<'_>) -> Option<Resting> {
        let Some(resting) = self.orders.get_mut(&order_id) else {
            to.counters.unknown_instrument_messages += 1;
            return None;
        };
        resting.open = resting.open.saturating_sub(size);
        let resting = *resting;
        if resting.open == 0 {
            self.orders.remove(&order_id);
        }
        (resting.instrument != NOT_FOLLOWED).then_some(resting)
    }

    /// A part of an order is taken away.
    #[inline]
    pub fn reduce(&mut self, tick: Tick, order_id: u64, size: u32, to: &mut To<'_>) {
        if let Some(resting) = self.take(order_id, size, to) {
            let tick = Tick {
                size: Size(u64::from(size)),
                ..cancel(tick, order_id, &resting)
            };
            self.emit(tick, to.out);
        }
    }

    /// An order is taken away.
    #[inline]
    pub fn delete(&mut self, tick: Tick, order_id: u64, to: &mut To<'_>) {
        match self.orders.remove(&order_id) {
            Some(resting) if resting.instrument != NOT_FOLLOWED => {
                let tick = Tick {
                    size: Size::WHOLE,
                    ..cancel(tick, order_id, &resting)
                };
                self.emit(tick, to.out);
            }
            Some(_) => {}
            None => to.counters.unknown_instrument_messages += 1,
        }
    }

    /// An order has another quantity or price.
    #[inline]
    pub fn modify(
        &mut self,
        tick: Tick,
        order_id: u64,
        (size, price): (u32, Price),
        to: &mut To<'_>,
    ) {
        let Some(resting) = self.orders.get_mut(&order_id) else {
            to.counters.unknown_instrument_messages += 1;
            return;
        };
        resting.open = size;
        let resting = *resting;
        if size == 0 {
            self.orders.remove(&order_id);
        }
        if resting.instrument != NOT_FOLLOWED {
            let tick = Tick {
                instrument: InstrumentId(resting.instrument),
                action: Action::Modify,
                order_id,
                side: resting.side,
                price,
                size: Size(u64::from(size)),
                ..tick
            };
            self.emit(tick, to.out);
        }
    }

    /// An order trades at its price.
    #[inline]
    pub fn execute(
        &mut self,
        tick: Tick,
        (order_id, size, execution_id): (u64, u32, u64),
        to: &mut To<'_>,
    ) {
        if let Some(resting) = self.take(order_id, size, to) {
            let print = trade(tick, &resting, size, execution_id, Price::UNDEFINED);
            self.emit(print, to.out);
            let executed = Tick {
                size: Size(u64::from(size)),
                detail: cancel_detail::EXECUTED,
                ..cancel(tick, order_id, &resting)
            };
            self.emit(executed, to.out);
        }
    }

    /// A trade at another price than the order's. What is left is told, and may be less than what
    /// did not trade.
    pub fn execute_at_price(
        &mut self,
        tick: Tick,
        order_id: u64,
        ([size, remaining], execution_id, price): ([u32; 2], u64, Price),
        to: &mut To<'_>,
    ) {
        let rest = self
            .orders
            .get(&order_id)
            .map_or(0, |resting| resting.open.saturating_sub(size));
        let withdrawn = rest.saturating_sub(remaining);
        let taken = size.saturating_add(withdrawn);
        let Some(resting) = self.take(order_id, taken, to) else {
            return;
        };
        self.emit(trade(tick, &resting, size, execution_id, price), to.out);
        let executed = Tick {
            size: Size(u64::from(size)),
            detail: cancel_detail::EXECUTED,
            ..cancel(tick, order_id, &resting)
        };
        if withdrawn == 0 {
            return self.emit(executed, to.out);
        }
        let executed = Tick {
            flags: Flags::NONE,
            ..executed
        };
        self.emit(executed, to.out);
        let withdrawn = Tick {
            size: Size(u64::from(withdrawn)),
            ..cancel(tick, order_id, &resting)
        };
        self.emit(withdrawn, to.out);
    }

    /// A trade against an order nobody saw.
    pub fn print(&mut self, tick: Tick, print: &Print<'_>, to: &mut To<'_>) {
        if let Some(instrument) = self.find(print.symbol, tick, to) {
            let tick = Tick {
                instrument,
                action: Action::Trade,
                order_id: print.execution_id,
                price: print.price,
                size: Size(u64::from(print.quantity)),
                ..tick
            };
            self.emit(tick, to.out);
        }
    }

    /// Every order goes.
    pub fn clear(&mut self, tick: Tick, out: &mut Batch) {
        self.orders.clear();
        let tick = Tick {
            action: Action::Clear,
            ..tick
        };
        self.emit(tick, out);
    }

    /// No message follows: whatever transaction is open ends with it.
    pub fn end(&mut self, tick: Tick, out: &mut Batch) {
        if !std::mem::replace(&mut self.is_over, true) {
            self.notice(Notice::SessionEnded);
        }
        self.transaction(false, out);
        out.push(Tick {
            action: Action::Status,
            detail: TradingState::Close as u8,
            ..tick
        });
    }

    /// Trading status of an instrument, with the venue's code.
    pub fn status(
        &mut self,
        tick: Tick,
        symbol: &[u8],
        (state, code): (TradingState, u8),
        to: &mut To<'_>,
    ) {
        if let Some(instrument) = self.find(symbol, tick, to) {
            let tick = Tick {
                instrument,
                action: Action::Status,
                detail: state as u8,
                order_id: reason(code),
                ..tick
            };
            self.emit(tick, to.out);
        }
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
fn trade(tick: Tick, resting: &Resting, size: u32, execution_id: u64, price: Price) -> Tick {
    Tick {
        instrument: InstrumentId(resting.instrument),
        action: Action::Trade,
        order_id: execution_id,
        size: Size(u64::from(size)),
        price,
        flags: Flags::NONE,
        ..tick
    }
}
