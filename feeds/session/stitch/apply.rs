//! What becomes of a book that is followed: kept beside the graph's own where it has to be, proved, and told downstream.

use super::book::Phase;
use super::feed::{Arrival, State};
use super::ladder::OrderChange;
use super::{BookMessage, Ladders, Level};
use crate::contract::{Batch, Notice};
use crate::model::{Action, Flags, InstrumentId, Size, Tick};
use crate::session::text::Number;

/// The more of each.
pub(super) fn most(one: (u8, u8), other: (u8, u8)) -> (u8, u8) {
    (one.0.max(other.0), one.1.max(other.1))
}

/// Applies a message to ladders; what becomes of orders goes into `changes`.
pub(super) fn take_in(
    ladders: &mut Ladders,
    message: &BookMessage<'_>,
    tells_whole: bool,
    changes: &mut Vec<OrderChange>,
) {
    if tells_whole {
        ladders.replace(message.levels, message.orders, changes);
    } else if message.orders.is_empty() {
        message.levels.iter().for_each(|level| ladders.apply(level));
    } else {
        for (level, &order) in message.levels.iter().zip(message.orders) {
            ladders.apply_order(order, level, changes);
        }
    }
}
impl State {
    /// Of all ticks of books.
    pub(super) const fn flags(&self) -> Flags {
        if self.is_by_order {
            Flags::NONE
        } else {
            Flags::MBP
        }
    }

    /// A snapshot becomes the book.
    pub(super) fn replace_book(
        &mut self,
        index: usize,
        id: InstrumentId,
        snapshot: &BookMessage<'_>,
        arrival: Arrival,
        out: &mut Batch,
    ) {
        self.forget_audit(index);
        let book = &mut self.instruments[index].book;
        book.phase = Phase::Following;
        book.last = snapshot.span.last;
        book.is_joined = false;
        book.line = arrival.line;
        book.ask_at = None;
        if let Some(ladders) = &mut book.ladders {
            ladders.clear();
        }
        self.counters.snapshots_applied += 1;
        let flags = self.flags().with(Flags::SNAPSHOT);
        let is_empty = snapshot.levels.is_empty();
        out.push(Tick {
            sequence: snapshot.span.last,
            flags: if is_empty {
                flags.with(Flags::LAST)
            } else {
                flags
            },
            ..self.tick(Action::Clear, id, snapshot.time, arrival.at)
        });
        self.apply(index, id, snapshot, arrival, flags, out);
    }

    /// Tells levels that continue the book, unless they contradict the venue's own checksum.
    pub(super) fn apply(
        &mut self,
        index: usize,
        id: InstrumentId,
        message: &BookMessage<'_>,
        arrival: Arrival,
        flags: Flags,
        out: &mut Batch,
    ) {
        self.touch(index, message.levels);
        let decimals = self.instruments[index].size_decimals;
        let mut pending: Option<Tick> = None;
        let blank = Tick {
            sequence: message.span.last,
            flags,
            ..self.tick(Action::Level, id, message.time, arrival.at)
        };
        if self.instruments[index].book.ladders.is_some() || self.keeps_ladders {
            self.dropped.clear();
            self.changes.clear();
            let is_right = self.keep_ladders(index, message);
            if !is_right {
                self.counters.instrument_gaps += 1;
                self.note(Notice::SnapshotFailed {
                    reason: "the book does not have the venue's checksum",
                });
                if flags.contains(Flags::SNAPSHOT) {
                    // The event that cleared the book ends here.
                    out.push(self.reset(id, arrival.at));
                }
                self.lose_book(index, arrival.at, out);
                return;
            }
        }
        if self.is_by_order {
            self.tell_orders(index, blank, out);
            return;
        }
        let dropped = self.dropped.iter().map(|&(side, price)| Level {
            side,
            price,
            size: Number::ZERO,
        });
        let keeps_ladders = self.keeps_ladders;
        for level in message
            .levels
            .iter()
            .copied()
            .chain(dropped.filter(|_| keeps_ladders))
        {
            if let Some(tick) = pending.take() {
                out.push(tick);
            }
            pending = Some(Tick {
                side: level.side,
                price: level.price,
                size: Size(level.size.units(decimals).unwrap_or_default()),
                ..blank
            });
        }
        if let Some(tick) = pending {
            out.push(Tick {
                flags: flags.with(Flags::LAST),
                ..tick
            });
        }
    }

    /// Tells what became of the orders that a message is about. `blank` has what is the same for all.
    fn tell_orders(&mut self, index: usize, blank: Tick, out: &mut Batch) {
        let decimals = self.instruments[index].size_decimals;
        let Some((last, others)) = self.changes.split_last() else {
            if blank.flags.contains(Flags::SNAPSHOT) {
                // A snapshot of which nothing is left ends here.
                out.push(Tick {
                    action: Action::Clear,
                    flags: blank.flags.with(Flags::LAST),
                    ..blank
                });
            }
            return;
        };
        let tick = |change: &OrderChange| Tick {
            action: change.action,
            order_id: change.order,
            side: change.level.side,
            price: change.level.price,
            size: match change.action {
                Action::Cancel => Size::WHOLE,
                _ => Size(change.level.size.units(decimals).unwrap_or_default()),
            },
            ..blank
        };
        for change in others {
            out.push(tick(change));
        }
        out.push(Tick {
            flags: blank.flags.with(Flags::LAST),
            ..tick(last)
        });
    }

    /// Applies a message to the book that is kept here; whether it has the checksum it should.
    fn keep_ladders(&mut self, index: usize, message: &BookMessage<'_>) -> bool {
        let book = &mut self.instruments[index].book;
        // A message may lack the zeros at the end of its numbers: the book has had the digits before.
        book.digits = if message.is_snapshot {
            message.digits
        } else {
            most(book.digits, message.digits)
        };
        let digits = book.digits;
        let ladders = book.ladders.get_or_insert_default();
        let changes = &mut self.changes;
        take_in(ladders, message, self.tells_whole, changes);
        let dropped = &mut self.dropped;
        if let Some(depth) = self.depth {
            let is_by_order = self.is_by_order;
            ladders.trim(depth, |level, order| {
                if is_by_order {
                    changes.push(OrderChange {
                        action: Action::Cancel,
                        order,
                        level,
                    });
                } else {
                    dropped.push((level.side, level.price));
                }
            });
        }
        match (message.checksum, self.checksum) {
            (Some(sent), Some(compute)) => compute(ladders, digits) == sent,
            _ => true,
        }
    }
}
