//! Books order by order: what the venue says of single orders, instead of levels.
//!
//! Orders come in the messages of levels, where each refers to the entry that has its price, and in messages of their own.
//! The levels beside them are left out then; only their numbers are followed. The book adds the orders up.

use super::{Context, INSTRUMENTS_MAX, NOT_FOLLOWED, Normalizer, kind, price_of};
use crate::model::{Action, Flags, InstrumentId, Price, Side, Size, Tick};
use crate::session::sbe::Decimal;

/// Values of both actions an order may have: that of its own group, and that of a message without levels.
mod change {
    pub(super) const NEW: u8 = 0;
    pub(super) const UPDATE: u8 = 1;
    pub(super) const DELETE: u8 = 2;
}

/// An entry that orders may refer to, or the head of an order with a message of its own.
pub(super) struct Head {
    pub(super) security: i32,
    /// `None` where there is no number: of a message without levels.
    pub(super) rpt_seq: Option<u32>,
    pub(super) price: Option<Decimal>,
    pub(super) kind: u8,
}

/// Where an order rests.
#[derive(Clone, Copy, Debug)]
pub(super) struct Referred {
    instrument: InstrumentId,
    side: Side,
    price: Price,
}

/// What happened to an order.
pub(super) struct OrderEntry {
    pub(super) id: Option<u64>,
    pub(super) size: Option<i32>,
    pub(super) action: u8,
}

/// The head of a chunk of an instrument's snapshot.
pub(super) struct Chunk {
    pub(super) security: i32,
    /// The packet that continues the snapshot.
    pub(super) next: u64,
    pub(super) count: u32,
    /// From 1.
    pub(super) number: u32,
}

/// How far the snapshot of an instrument has come.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ChunksSeen {
    /// The packet that continues it; 0 before its first chunk.
    next: u64,
    /// Its last chunk.
    number: u32,
    /// Chunks it has, by the last one seen.
    count: u64,
}

/// An order of a snapshot.
pub(super) struct RestingOrder {
    pub(super) id: u64,
    pub(super) price: Decimal,
    pub(super) size: i32,
    pub(super) kind: u8,
}

impl Normalizer {
    /// Takes an entry of levels for its number, and for the orders that refer to it. `None` where nobody follows them, or
    /// they are known already.
    pub(super) fn refer(&mut self, head: &Head, context: &mut Context<'_>) -> Option<Referred> {
        // What is not numbered says so with a 0.
        let rpt_seq = head.rpt_seq.unwrap_or(0);
        let (instrument, flags) = self.follow(head.security, rpt_seq, context)?;
        if flags.contains(Flags::MAYBE_BAD_BOOK) {
            let tick = Tick {
                instrument,
                flags,
                ..self.blank(Action::Heartbeat, context)
            };
            self.push(tick, context.out);
        }
        let side = match head.kind {
            kind::BID => Side::Bid,
            kind::OFFER => Side::Ask,
            kind::BOOK_RESET => {
                self.clear(instrument, context.flags, context);
                return None;
            }
            // Made of other books: no order is behind them.
            kind::IMPLIED_BID
            | kind::IMPLIED_OFFER
            | kind::MARKET_BEST_BID
            | kind::MARKET_BEST_OFFER => return None,
            _ => {
                self.refuse(context);
                return None;
            }
        };
        let price = head.price.and_then(|price| price_of(price).ok());
        Some(Referred {
            instrument,
            side,
            price: price.unwrap_or(Price::UNDEFINED),
        })
    }

    /// The entry an order refers to, by its number from 1.
    pub(super) fn referred(&self, number: Option<u8>) -> Option<Referred> {
        let index = usize::from(number?).checked_sub(1)?;
        self.referred.get(index).copied().flatten()
    }

    /// Applies what happened to an order.
    pub(super) fn order(
        &mut self,
        entry: &OrderEntry,
        referred: Referred,
        context: &mut Context<'_>,
    ) {
        let Some(order_id) = entry.id else {
            return self.refuse(context);
        };
        let size = entry.size.and_then(|size| u64::try_from(size).ok());
        let (action, size) = match (entry.action, size) {
            (change::NEW, Some(size)) if size > 0 && referred.price.is_defined() => {
                (Action::Add, Size(size))
            }
            // Without a size it keeps the one it has.
            (change::UPDATE, size) => (Action::Modify, size.map_or(Size::WHOLE, Size)),
            (change::DELETE, _) => (Action::Cancel, Size::WHOLE),
            _ => return self.refuse(context),
        };
        let tick = Tick {
            instrument: referred.instrument,
            side: referred.side,
            price: referred.price,
            order_id,
            size,
            flags: context.flags,
            ..self.blank(action, context)
        };
        self.push(tick, context.out);
    }

    /// Takes a chunk of a snapshot. Chunks of one snapshot count in order; one that misses some comes again with the next loop.
    pub(super) fn take_chunk(
        &mut self,
        chunk: &Chunk,
        orders: impl Iterator<Item = RestingOrder>,
        context: &mut Context<'_>,
    ) {
        if chunk.next < self.taken.from || self.taken.chunks.len() >= INSTRUMENTS_MAX {
            return;
        }
        let seen = self.taken.chunks.entry(chunk.security).or_default();
        // An instrument may have more chunks, or fewer, than in the loop before.
        let count = u64::from(chunk.count);
        self.taken.reports = self.taken.reports.saturating_sub(seen.count) + count;
        seen.count = count;
        if self.taken.securities.contains(&chunk.security) {
            return;
        }
        let follows = seen.next == chunk.next && seen.number.checked_add(1) == Some(chunk.number);
        let begins = chunk.number == 1 && seen.next <= chunk.next;
        if !follows && !begins {
            return;
        }
        let Some(instrument) = self.find(chunk.security, context) else {
            // Its definition may still come; what nobody follows is done with.
            if self.ids.get(&chunk.security) == Some(&NOT_FOLLOWED) {
                self.taken.securities.insert(chunk.security);
            }
            return;
        };
        if begins {
            self.clear(instrument, context.flags, context);
        }
        if let Some(seen) = self.taken.chunks.get_mut(&chunk.security) {
            (seen.next, seen.number) = (chunk.next, chunk.number);
        }
        for order in orders {
            let side = match order.kind {
                kind::BID => Side::Bid,
                kind::OFFER => Side::Ask,
                _ => {
                    context.counters.messages_ignored += 1;
                    continue;
                }
            };
            let size = u64::try_from(order.size).ok().filter(|&size| size > 0);
            let (Ok(price), Some(size)) = (price_of(order.price), size) else {
                self.refuse(context);
                continue;
            };
            let tick = Tick {
                instrument,
                side,
                price,
                size: Size(size),
                order_id: order.id,
                flags: context.flags,
                ..self.blank(Action::Add, context)
            };
            self.push(tick, context.out);
        }
        if chunk.number < chunk.count {
            return;
        }
        let standing = &mut self.standings[instrument.index()];
        // The snapshot does not say the number of the last update: the next one that comes is taken as the first.
        standing.rpt_seq = 0;
        standing.live_from = chunk.next;
        self.taken.securities.insert(chunk.security);
        self.taken.next = self.taken.next.min(chunk.next);
        self.taken.newest = self.taken.newest.max(chunk.next);
    }
}
