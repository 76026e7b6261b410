//! Messages of a product to ticks.

use super::connection::Arrival;
use super::feed::{GAPS_MAX, State};
use super::message::{Kind, Level, Match, Ticker};
use crate::contract::{Batch, DecodeError, Gap, Notice, Outcome};
use crate::model::{
    Action as TickAction, EventTime, Flags, InstrumentId, Price, RecvTime, Size, StatisticKind,
    Tick,
};

const LEVEL: Flags = Flags::MBP;
const LEVEL_LAST: Flags = Flags::MBP.with(Flags::LAST);

impl State {
    pub(super) fn on_snapshot(
        &mut self,
        index: usize,
        time: EventTime,
        levels: &[Level],
        Arrival { at, line }: Arrival,
        out: &mut Batch,
    ) -> Outcome {
        let instrument = self.instrument(index, levels, at, out);
        let decimals = self.products[index].size_decimals;
        if !fits(levels, decimals) {
            return self.refuse_book(index, Kind::Snapshot, at, out);
        }
        let product = &mut self.products[index];
        product.is_awaiting = false;
        product.line = line;
        product.resubscribe_at = None;
        let flags = LEVEL.with(Flags::SNAPSHOT);
        let mut tick = self.tick(TickAction::Clear, instrument, time, at);
        tick.flags = flags;
        if levels.is_empty() {
            tick.flags = flags.with(Flags::LAST);
        }
        out.push(tick);
        self.push_levels(levels, decimals, (instrument, time, at), flags, out);
        Outcome::Applied
    }

    #[inline]
    pub(super) fn on_update(
        &mut self,
        index: usize,
        time: EventTime,
        changes: &[Level],
        Arrival { at, line }: Arrival,
        out: &mut Batch,
    ) -> Outcome {
        let instrument = self.instrument(index, changes, at, out);
        let product = &self.products[index];
        if product.is_awaiting || product.line != line {
            self.counters.messages_ignored += 1;
            return Outcome::Duplicate;
        }
        let decimals = product.size_decimals;
        if !fits(changes, decimals) {
            return self.refuse_book(index, Kind::L2Update, at, out);
        }
        self.push_levels(changes, decimals, (instrument, time, at), LEVEL, out);
        Outcome::Applied
    }

    #[inline]
    pub(super) fn push_levels(
        &self,
        levels: &[Level],
        decimals: u8,
        (instrument, time, at): (InstrumentId, EventTime, RecvTime),
        flags: Flags,
        out: &mut Batch,
    ) {
        let mut tick = self.tick(TickAction::Level, instrument, time, at);
        for (position, level) in levels.iter().enumerate() {
            tick.side = level.side;
            tick.price = level.price;
            tick.size = Size(level.size.units(decimals).unwrap_or_default());
            tick.flags = if position + 1 == levels.len() {
                flags.with(LEVEL_LAST)
            } else {
                flags
            };
            out.push(tick);
        }
    }

    pub(super) fn on_trade(&mut self, trade: &Match<'_>, at: RecvTime, out: &mut Batch) -> Outcome {
        let Some(index) = self.find(trade.product) else {
            return Outcome::Heartbeat;
        };
        let print = Level {
            side: trade.maker_side,
            price: trade.price,
            size: trade.size,
        };
        let instrument = self.instrument(index, &[print], at, out);
        let product = &mut self.products[index];
        let (id, last) = (trade.trade_id, product.last_trade_id);
        let is_fresh = std::mem::replace(&mut product.is_fresh, false);
        let decimals = product.size_decimals;
        if id < last && is_fresh {
            // The first trade of a connection is older than what we know: the venue counts anew.
            product.promised_trade_id = 0;
            self.counters.resets += 1;
            self.note(Notice::SessionReset { sequence: id });
        } else if last != 0 && id <= last {
            self.counters.messages_ignored += 1;
            return Outcome::Duplicate;
        } else if last != 0 && id > last + 1 {
            self.lose_trades(last + 1, id - last - 1);
        }
        self.products[index].last_trade_id = id;
        let Some(size) = trade.size.units(decimals) else {
            return self.refuse(DecodeError::NotExact {
                tag: Kind::Match.tag(),
            });
        };
        let mut tick = self.tick(TickAction::Trade, instrument, trade.time, at);
        tick.sequence = trade.sequence;
        tick.order_id = id;
        tick.side = trade.maker_side.opposite();
        tick.price = trade.price;
        tick.size = Size(size);
        tick.flags = Flags::LAST;
        out.push(tick);
        Outcome::Applied
    }

    pub(super) fn on_ticker(
        &mut self,
        ticker: &Ticker<'_>,
        at: RecvTime,
        out: &mut Batch,
    ) -> Outcome {
        let Some(index) = self.find(ticker.product) else {
            return Outcome::Heartbeat;
        };
        let instrument = self.instrument(index, &[], at, out);
        let product = &mut self.products[index];
        if ticker.sequence < product.ticker_sequence {
            self.counters.messages_ignored += 1;
            return Outcome::Duplicate;
        }
        product.ticker_sequence = ticker.sequence;
        let decimals = product.size_decimals;
        let mut base = self.tick(TickAction::Statistic, instrument, ticker.time, at);
        base.sequence = ticker.sequence;
        let statistic = |kind: StatisticKind, price: Price, size: u64| Tick {
            detail: kind as u8,
            price,
            size: Size(size),
            ..base
        };
        if let Some(volume) = ticker.volume_24h {
            match volume.units(decimals) {
                Some(units) => {
                    out.push(statistic(StatisticKind::Volume24h, Price::UNDEFINED, units))
                }
                None => self.counters.values_left_out += 1,
            }
        }
        if let Some(price) = ticker.open_24h {
            out.push(statistic(StatisticKind::OpenPrice24h, price, 0));
        }
        let mut last = statistic(StatisticKind::LastPrice, ticker.price, 0);
        last.flags = Flags::LAST;
        out.push(last);
        Outcome::Applied
    }

    pub(super) fn on_heartbeat(&mut self, index: usize, sequence: u64, last_trade_id: u64) {
        let product = &mut self.products[index];
        if sequence < product.heartbeat_sequence {
            self.counters.messages_ignored += 1;
            return;
        }
        product.heartbeat_sequence = sequence;
        let (last, promised) = (product.last_trade_id, product.promised_trade_id);
        product.promised_trade_id = last_trade_id;
        // Heartbeat and match may overtake each other by a moment, never by the second to the next heartbeat.
        if last != 0 && promised > last {
            product.last_trade_id = promised;
            self.lose_trades(last + 1, promised - last);
        }
    }

    pub(super) fn tell_heartbeat(
        &mut self,
        index: usize,
        time: EventTime,
        sequence: u64,
        at: RecvTime,
        out: &mut Batch,
    ) {
        if let Some(instrument) = self.products[index].instrument {
            let mut tick = self.tick(TickAction::Heartbeat, instrument, time, at);
            tick.sequence = sequence;
            tick.flags = Flags::LAST;
            out.push(tick);
        }
    }

    /// Trades that will not come: named and counted. Books do not depend on them, so no `Gap` tick takes their trust
    /// away.
    pub(super) fn lose_trades(&mut self, first: u64, count: u64) {
        self.counters.gaps_opened += 1;
        self.counters.messages_lost = self.counters.messages_lost.saturating_add(count);
        if self.gaps.len() < GAPS_MAX {
            self.gaps.push(Gap {
                first,
                count,
                recovered: false,
            });
        } else {
            self.counters.ledger_overflow += 1;
        }
        self.note(Notice::GapLost { first, count });
    }
}

/// Whether all sizes are exact at a precision.
#[inline]
pub(super) fn fits(levels: &[Level], decimals: u8) -> bool {
    levels
        .iter()
        .all(|level| level.size.units(decimals).is_some())
}
