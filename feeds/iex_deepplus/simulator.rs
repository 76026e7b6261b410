//! The venue: says what happens to every order. A replaced order keeps its id, as at the venue.

use super::PROTOCOL;
use super::encode::Order;
use crate::model::{EventTime, Price, Side, Symbol};
use crate::session::iextp::venue::{Segments, Tells, Venue, e4, shares, timestamp};
use crate::simulator::MarketEvent;
use hashbrown::HashMap;

/// An IEX DEEP+ channel.
pub type DeepPlusVenue = Venue<Orders, PROTOCOL>;

/// Says each event as one message. Events of orders that do not rest are left out.
#[derive(Debug, Default)]
pub struct Orders {
    /// What rests, by the matching engine's id.
    resting: HashMap<u64, Resting, foldhash::fast::FixedState>,
}

#[derive(Clone, Copy, Debug)]
struct Resting {
    /// The id it was added with.
    said: u64,
    price: Price,
    size: u64,
}

impl Resting {
    fn order(&self) -> Order {
        Order {
            id: self.said,
            size: shares(self.size),
            price: e4(self.price),
        }
    }
}

/// What one event is said as.
enum Said {
    Add(Side, Order),
    Modify(bool, Order),
    Delete(u64),
    Executed(Order, u64),
    Trade(u64, u32, i64),
}

impl Orders {
    /// Which symbol an event is of, and what is to be said about it.
    fn apply(&mut self, event: &MarketEvent) -> Option<(u32, Said)> {
        Some(match *event {
            MarketEvent::Add {
                symbol,
                order,
                side,
                price,
                size,
            } => {
                let resting = Resting {
                    said: order,
                    price,
                    size,
                };
                self.resting.insert(order, resting);
                (symbol, Said::Add(side, resting.order()))
            }
            MarketEvent::Execute {
                symbol,
                order,
                size,
                trade,
            } => (symbol, self.executed(order, size, None, trade)?),
            MarketEvent::ExecuteAt {
                symbol,
                order,
                size,
                trade,
                price,
            } => (symbol, self.executed(order, size, Some(price), trade)?),
            MarketEvent::Reduce {
                symbol,
                order,
                size,
            } => {
                let (before, _) = self.take(order, size)?;
                let left = Resting {
                    size: before.size.saturating_sub(size),
                    ..before
                };
                let said = match left.size {
                    0 => Said::Delete(left.said),
                    _ => Said::Modify(true, left.order()),
                };
                (symbol, said)
            }
            MarketEvent::Delete { symbol, order } => {
                let resting = self.resting.remove(&order)?;
                (symbol, Said::Delete(resting.said))
            }
            MarketEvent::Replace {
                symbol,
                order,
                successor,
                price,
                size,
            } => {
                let Resting { said, .. } = self.resting.remove(&order)?;
                let resting = Resting { said, price, size };
                self.resting.insert(successor, resting);
                (symbol, Said::Modify(false, resting.order()))
            }
            MarketEvent::Hidden {
                symbol,
                price,
                size,
                trade,
            } => (symbol, Said::Trade(trade, shares(size), e4(price))),
        })
    }

    /// Takes `size`, or what there is, from an order; the order as it was, and what was taken.
    fn take(&mut self, order: u64, size: u64) -> Option<(Resting, u64)> {
        let resting = self.resting.get_mut(&order)?;
        let before = *resting;
        let taken = size.min(before.size);
        resting.size -= taken;
        if resting.size == 0 {
            self.resting.remove(&order);
        }
        Some((before, taken))
    }

    fn executed(
        &mut self,
        order: u64,
        size: u64,
        price: Option<Price>,
        trade: u64,
    ) -> Option<Said> {
        let (before, taken) = self.take(order, size)?;
        let traded = Resting {
            price: price.unwrap_or(before.price),
            size: taken,
            ..before
        };
        Some(Said::Executed(traded.order(), trade))
    }
}

impl Tells<PROTOCOL> for Orders {
    const HAS_AUCTIONS: bool = false;

    fn tell(
        &mut self,
        now: EventTime,
        event: &MarketEvent,
        symbols: &[Symbol],
        segments: &mut Segments<PROTOCOL>,
    ) {
        let Some((symbol, said)) = self.apply(event) else {
            return;
        };
        let Some(symbol) = symbols.get(symbol as usize).map(Symbol::as_str) else {
            return;
        };
        let at = timestamp(now);
        segments.say(now, |venue| match said {
            Said::Add(side, order) => venue.add(side, order, symbol, at),
            Said::Modify(keeps, order) => venue.modify(keeps, order, symbol, at),
            Said::Delete(id) => venue.delete(id, symbol, at),
            Said::Executed(traded, trade) => venue.executed(traded, trade, symbol, at),
            Said::Trade(trade, size, price) => venue.trade((trade, size, price), symbol, at),
        });
    }
}
