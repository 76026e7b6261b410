//! Trades and liquidations of a stitched feed: which are new, which are missing.

use super::connections::{LineSet, after, shard_of};
use super::feed::{Arrival, State};
use super::instruments::Instrument;
use super::{Level, LiquidationMessage, TradeId, TradeMessage};
use crate::contract::{Batch, DecodeError, Line, Notice};
use crate::model::{Action, Flags, RecvTime, Size, StatisticKind, Tick};
use std::collections::VecDeque;
use std::hash::BuildHasher as _;

/// Ids of trades that are remembered, an instrument.
const RECENT_TRADES_MAX: usize = 256;
/// Liquidations that are remembered, an instrument.
const RECENT_LIQUIDATIONS_MAX: usize = 64;
/// A trade that was announced, by either of two connections, may be on its way for so long, ns.
const ANNOUNCED_NS: u64 = 500_000_000;

/// What is known of the trades of one instrument.
#[derive(Default)]
pub(super) struct Trades {
    last_id: u64,
    /// The connection whose trades are told, where trades have no ids.
    pub(super) line: Option<Line>,
    /// Newest trades whose ids do not rise.
    recent: VecDeque<u64>,
    /// Nothing came on the present connection yet.
    pub(super) is_fresh: bool,
    /// Which trade the venue announced as its last, and since when that waits.
    pub(super) announced: Option<(u64, RecvTime)>,
    /// Newest liquidations, and the connections that told them.
    liquidations: VecDeque<(u64, LineSet)>,
}

impl Trades {
    /// The id of a trade that is not known yet, 0 where the venue gives none. `is_doubled`: another connection may say the same.
    fn new_trade(&mut self, trade: &TradeMessage<'_>, line: Line, is_doubled: bool) -> Option<u64> {
        let number = match trade.id {
            TradeId::Rising(number) | TradeId::Consecutive(number) if number > self.last_id => {
                let before = std::mem::replace(&mut self.last_id, number);
                if !is_doubled {
                    return Some(number);
                }
                if self.recent.is_empty() {
                    self.recent.push_front(before);
                }
                number
            }
            TradeId::Rising(number) | TradeId::Consecutive(number) => {
                // The connection that is ahead may have joined late: what the other one brings is new all the same.
                let oldest = self.recent.iter().min();
                let is_within = oldest.is_some_and(|&oldest| number > oldest);
                if !is_doubled || trade.is_past || !is_within {
                    return None;
                }
                number
            }
            TradeId::Unordered(number) => number,
            TradeId::None => {
                return (*self.line.get_or_insert(line) == line).then_some(0);
            }
        };
        if self.recent.contains(&number) {
            return None;
        }
        self.recent.truncate(RECENT_TRADES_MAX - 1);
        self.recent.push_front(number);
        Some(number)
    }
}

impl Trades {
    /// Whether a liquidation is not known yet. One with an id is known again by it, whoever says it; one without was told by
    /// another connection if it said the very same: twice the same on one connection are two.
    fn is_new_liquidation(&mut self, message: &LiquidationMessage<'_>, line: Line) -> bool {
        let hasher = foldhash::fast::FixedState::default();
        let size = message.size.units(message.size.scale());
        let all = (message.time.0, message.price, size, message.size.scale());
        let key = match message.id {
            // Of one trade both sides may be liquidations.
            Some(id) => hasher.hash_one((message.side, id)),
            None => hasher.hash_one((message.side, all)),
        };
        let has_id = message.id.is_some();
        let mut known = self.liquidations.iter_mut();
        let known = known.find(|(other, lines)| *other == key && (has_id || !lines.has(line)));
        if let Some((_, lines)) = known {
            lines.insert(line);
            return false;
        }
        self.liquidations.truncate(RECENT_LIQUIDATIONS_MAX - 1);
        self.liquidations.push_front((key, LineSet::of(line)));
        true
    }
}

impl State {
    pub(super) fn on_liquidation(
        &mut self,
        message: &LiquidationMessage<'_>,
        arrival: Arrival,
        out: &mut Batch,
    ) {
        let Some(index) = self.find(message.symbol) else {
            return;
        };
        // Some venues tell those of all instruments on every connection.
        let is_ours = usize::from(self.instruments[index].shard) == shard_of(arrival.line);
        if self.is_passed_over(index) || !is_ours {
            return;
        }
        if self.is_undefined(index) {
            self.counters.messages_ignored += 1;
            return;
        }
        let id = self.id_of(index, &[], arrival.at, out);
        let Instrument {
            trades,
            size_decimals,
            ..
        } = &mut self.instruments[index];
        if !trades.is_new_liquidation(message, arrival.line) {
            self.counters.messages_ignored += 1;
            return;
        }
        let Some(size) = message.size.units(*size_decimals) else {
            self.counters.values_left_out += 1;
            return;
        };
        out.push(Tick {
            detail: StatisticKind::Liquidation as u8,
            order_id: message.id.unwrap_or_default(),
            side: message.side,
            price: message.price,
            size: Size(size),
            flags: Flags::LAST,
            ..self.tick(Action::Statistic, id, message.time, arrival.at)
        });
    }

    pub(super) fn on_trade(&mut self, trade: &TradeMessage<'_>, arrival: Arrival, out: &mut Batch) {
        let at = arrival.at;
        let Some(index) = self.find(trade.symbol) else {
            return;
        };
        if self.is_passed_over(index) {
            return;
        }
        let print = Level {
            side: trade.aggressor,
            price: trade.price,
            size: trade.size,
        };
        let id = self.id_of(index, &[print], at, out);
        if let TradeId::Consecutive(number) = trade.id {
            self.count_trade(index, number);
        }
        let is_doubled = self.is_doubled(self.instruments[index].shard);
        let Instrument {
            trades,
            size_decimals,
            ..
        } = &mut self.instruments[index];
        let Some(number) = trades.new_trade(trade, arrival.line, is_doubled) else {
            self.counters.messages_ignored += 1;
            return;
        };
        let Some(size) = trade.size.units(*size_decimals) else {
            self.counters.refuse(DecodeError::NotExact { tag: 0 });
            return;
        };
        out.push(Tick {
            order_id: number,
            side: trade.aggressor,
            price: trade.price,
            size: Size(size),
            flags: Flags::LAST,
            ..self.tick(Action::Trade, id, trade.time, at)
        });
    }

    /// A trade with such a number is about to be told: what it leaves out is lost. Where another connection says the same,
    /// that one may bring it.
    fn count_trade(&mut self, index: usize, number: u64) {
        let is_doubled = self.is_doubled(self.instruments[index].shard);
        let trades = &mut self.instruments[index].trades;
        let is_fresh = std::mem::replace(&mut trades.is_fresh, false);
        let last = trades.last_id;
        if last == 0 || is_doubled {
            return;
        }
        if is_fresh && number < last {
            // The first trade of a connection is older than what is known: the venue counts anew.
            *trades = Trades::default();
            self.counters.resets += 1;
            self.note(Notice::SessionReset { sequence: number });
        } else if number > last + 1 {
            self.name_gap(last + 1, number - last - 1);
        }
    }

    /// The venue says which trade is its last.
    pub(super) fn on_last_trade(&mut self, symbol: &[u8], number: u64, at: RecvTime) {
        let Some(index) = self.find(symbol) else {
            return;
        };
        let trades = &mut self.instruments[index].trades;
        let last = trades.last_id;
        if last == 0 {
            return;
        }
        if let Some((announced, since)) = trades.announced {
            if announced <= last {
                trades.announced = None;
            } else if at >= after(since, ANNOUNCED_NS) {
                trades.announced = None;
                trades.last_id = announced;
                self.name_gap(last + 1, announced - last);
            }
        }
        let trades = &mut self.instruments[index].trades;
        if number > trades.last_id && trades.announced.is_none() {
            trades.announced = Some((number, at));
        }
    }
}
