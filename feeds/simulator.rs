//! The other half of the seam: what a venue *says*, for the simulators and the tests.
//!
//! A [`VenueSimulator`] is told what the matching engine does ([`MarketEvent`]) and the time, and gives back the venue's own bytes:
//! datagrams in order (losing and reordering them is the line's business) and answers to retransmission requests, or texts for
//! WebSocket connections. Sans-I/O like everything here; the sockets are in the service.

use crate::model::{EventTime, Price, Side, Size, Symbol};
use std::collections::BTreeMap;

/// One event of a matching engine. Symbols are indices into the list given to [`VenueSimulator::open`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "the fields are the words of the variant's sentence"
)]
pub enum MarketEvent {
    /// An order joins the book.
    Add {
        symbol: u32,
        order: u64,
        side: Side,
        price: Price,
        size: u64,
    },
    /// `size` of an order trades at its own price.
    Execute {
        symbol: u32,
        order: u64,
        size: u64,
        trade: u64,
    },
    /// `size` of an order trades at another price.
    ExecuteAt {
        symbol: u32,
        order: u64,
        size: u64,
        trade: u64,
        price: Price,
    },
    /// `size` of an order is withdrawn.
    Reduce { symbol: u32, order: u64, size: u64 },
    /// The rest of an order is withdrawn.
    Delete { symbol: u32, order: u64 },
    /// An order makes way for another of the same side.
    Replace {
        symbol: u32,
        order: u64,
        successor: u64,
        price: Price,
        size: u64,
    },
    /// A trade against an order nobody saw.
    Hidden {
        symbol: u32,
        price: Price,
        size: u64,
        trade: u64,
    },
}

/// Something a venue says that is no business of a matching engine. Symbols are indices as in [`MarketEvent`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "the fields are the words of the variant's sentence"
)]
pub enum Announcement {
    /// An instrument is listed during the day.
    List(Symbol),
    /// An order of an instrument nobody listed.
    UnlistedOrder,
    /// Trading of an instrument is halted.
    Halt { symbol: u32 },
    /// It trades again.
    Resume { symbol: u32 },
    /// A trade is taken back.
    TradeBreak { symbol: u32, trade: u64 },
    /// An auction has more on one side than on the other.
    Imbalance {
        symbol: u32,
        price: Price,
        size: u64,
    },
}

/// One WebSocket message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// A text.
    Text(String),
    /// Bytes.
    Binary(Vec<u8>),
}

/// What a recovery server that is spoken to over a connection does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerKind {
    /// Sends missing messages again, or has them sent.
    Retransmit,
    /// Sends the present state.
    Snapshot,
}

/// What a venue says and answers.
///
/// The tests that iterate over the registry hold every venue of datagrams to this: [`open`](VenueSimulator::open) lists every
/// symbol, with a book that is empty, also after a session before it; every event can be told by an id or a level as the feed
/// knows it; four seconds of silence bring a heartbeat, also where the real venue is slower; what
/// [`close`](VenueSimulator::close) says makes the feed give the notice that the session ended; a closed venue is silent. What
/// snapshot lines repeat comes at least every few hundred milliseconds.
pub trait VenueSimulator: Send {
    /// Opens the session: instruments are listed, indices as in `symbols`.
    fn open(&mut self, now: EventTime, symbols: &[Symbol]);

    /// Says what the matching engine did.
    fn on_event(&mut self, now: EventTime, event: &MarketEvent);

    /// Says something else; false when the venue has no such message.
    fn announce(&mut self, now: EventTime, announcement: &Announcement) -> bool {
        let _ = (now, announcement);
        false
    }

    /// Ends what is being collected (a datagram filled by several events) and says what is due (heartbeats).
    fn on_clock(&mut self, now: EventTime);

    /// Ends the session.
    fn close(&mut self, now: EventTime);

    /// Next datagram of the sequenced stream.
    fn poll_datagram(&mut self) -> Option<Vec<u8>> {
        None
    }

    /// Answers a retransmission request; `None` when the venue would stay silent.
    fn on_request(&mut self, request: &[u8]) -> Option<Vec<u8>> {
        let _ = request;
        None
    }

    /// Whether requests are refused from now on as beyond a quota; false where the venue has no way to say so.
    fn refuse_requests(&mut self, is_refused: bool) -> bool {
        let _ = is_refused;
        false
    }

    /// Next datagram of the lines that carry answers to requests, whoever asked.
    fn poll_answer_datagram(&mut self) -> Option<Vec<u8>> {
        None
    }

    /// Whether connections to this recovery server are taken.
    fn has_server(&self, server: ServerKind) -> bool {
        let _ = server;
        false
    }

    /// A client connected to a recovery server.
    fn on_stream_open(&mut self, connection: u32, server: ServerKind) {
        let _ = (connection, server);
    }

    /// A client of a recovery server sent bytes.
    fn on_stream(&mut self, now: EventTime, connection: u32, bytes: &[u8]) {
        let _ = (now, connection, bytes);
    }

    /// A client of a recovery server left.
    fn on_stream_close(&mut self, connection: u32) {
        let _ = connection;
    }

    /// Next bytes for a client of a recovery server; `None` in their place closes its connection.
    fn poll_stream(&mut self) -> Option<(u32, Option<Vec<u8>>)> {
        None
    }

    /// Next datagram of the snapshot lines.
    fn poll_snapshot_datagram(&mut self) -> Option<Vec<u8>> {
        None
    }

    /// A client connected.
    fn on_connect(&mut self, connection: u32) {
        let _ = connection;
    }

    /// A client left.
    fn on_disconnect(&mut self, connection: u32) {
        let _ = connection;
    }

    /// A client said something.
    fn on_text(&mut self, now: EventTime, connection: u32, text: &str) {
        let _ = (now, connection, text);
    }

    /// A client asked for an address by REST: the body, or `None` where there is nothing.
    fn on_fetch(&mut self, now: EventTime, url: &str) -> Option<String> {
        let _ = (now, url);
        None
    }

    /// Next text to send, and on which connection. Where texts travel compressed, this is what they say.
    fn poll_text(&mut self) -> Option<(u32, String)> {
        None
    }

    /// Next message to send as it travels, and on which connection: in place of [`VenueSimulator::poll_text`].
    fn poll_message(&mut self) -> Option<(u32, Said)> {
        let (connection, text) = self.poll_text()?;
        Some((connection, Said::Text(text)))
    }
}

/// A level as an event left it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LevelNow {
    /// Which symbol.
    pub symbol: u32,
    /// Which side.
    pub side: Side,
    /// Where.
    pub price: Price,
    /// What rests there now; 0 when the level is gone.
    pub size: u64,
}

/// An order as an event left it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderNow {
    /// Which symbol.
    pub symbol: u32,
    /// Its id.
    pub order: u64,
    /// Which side.
    pub side: Side,
    /// Where.
    pub price: Price,
    /// What is left of it; 0 when it is gone.
    pub size: u64,
}

/// A print an event made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TradeNow {
    /// Which symbol.
    pub symbol: u32,
    /// Side of the resting order; `None` when nobody saw it.
    pub resting_side: Side,
    /// Where.
    pub price: Price,
    /// How much.
    pub size: u64,
    /// The venue's id.
    pub trade: u64,
}

/// What an event means to a venue that publishes by level or by order: at most two levels, one order of each, and one trade.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct LevelChanges {
    /// Levels as they are now, in order.
    pub levels: [Option<LevelNow>; 2],
    /// The order that changed each of `levels`.
    pub orders: [Option<OrderNow>; 2],
    /// The print.
    pub trade: Option<TradeNow>,
}

type Orders = hashbrown::HashMap<u64, (Side, Price, u64), foldhash::fast::FixedState>;

/// Turns order events into level changes, and keeps the levels for snapshots.
#[derive(Debug, Default)]
pub struct LevelAggregator {
    orders: Orders,
    levels: BTreeMap<(u32, bool, Price), u64>,
}

impl LevelAggregator {
    /// Applies an event. An event that names an unknown order changes nothing.
    pub fn apply(&mut self, event: &MarketEvent) -> LevelChanges {
        let mut changes = LevelChanges::default();
        match *event {
            MarketEvent::Add {
                symbol,
                order,
                side,
                price,
                size,
            } => {
                self.orders.insert(order, (side, price, size));
                changes.orders[0] = Some(OrderNow {
                    symbol,
                    order,
                    side,
                    price,
                    size,
                });
                changes.levels[0] = Some(self.shift(symbol, side, price, size, 0));
            }
            MarketEvent::Execute {
                symbol,
                order,
                size,
                trade,
            } => {
                changes = self.take(symbol, order, size, None, Some(trade));
            }
            MarketEvent::ExecuteAt {
                symbol,
                order,
                size,
                trade,
                price,
            } => {
                changes = self.take(symbol, order, size, Some(price), Some(trade));
            }
            MarketEvent::Reduce {
                symbol,
                order,
                size,
            } => {
                changes = self.take(symbol, order, size, None, None);
            }
            MarketEvent::Delete { symbol, order } => {
                changes = self.take(symbol, order, u64::MAX, None, None);
            }
            MarketEvent::Replace {
                symbol,
                order,
                successor,
                price,
                size,
            } => {
                let Some(&(side, ..)) = self.orders.get(&order) else {
                    return changes;
                };
                changes = self.take(symbol, order, u64::MAX, None, None);
                self.orders.insert(successor, (side, price, size));
                changes.orders[1] = Some(OrderNow {
                    symbol,
                    order: successor,
                    side,
                    price,
                    size,
                });
                changes.levels[1] = Some(self.shift(symbol, side, price, size, 0));
            }
            MarketEvent::Hidden {
                symbol,
                price,
                size,
                trade,
            } => {
                changes.trade = Some(TradeNow {
                    symbol,
                    resting_side: Side::None,
                    price,
                    size,
                    trade,
                });
            }
        }
        changes
    }

    /// Levels of one side, best first.
    pub fn levels(&self, symbol: u32, side: Side) -> Vec<(Price, Size)> {
        let rising = self.side(symbol, side);
        if side == Side::Ask {
            rising.collect()
        } else {
            rising.rev().collect()
        }
    }

    /// The best level of one side.
    pub fn best(&self, symbol: u32, side: Side) -> Option<(Price, Size)> {
        match side {
            Side::Ask => self.side(symbol, side).next(),
            _ => self.side(symbol, side).next_back(),
        }
    }

    /// Levels of one side, prices rising.
    fn side(
        &self,
        symbol: u32,
        side: Side,
    ) -> impl DoubleEndedIterator<Item = (Price, Size)> + use<'_> {
        let is_ask = side == Side::Ask;
        let range = (symbol, is_ask, Price(i64::MIN))..=(symbol, is_ask, Price(i64::MAX));
        self.levels
            .range(range)
            .map(|(&(_, _, price), &size)| (price, Size(size)))
    }

    fn take(
        &mut self,
        symbol: u32,
        order: u64,
        size: u64,
        trade_price: Option<Price>,
        trade: Option<u64>,
    ) -> LevelChanges {
        let mut changes = LevelChanges::default();
        let Some(entry) = self.orders.get_mut(&order) else {
            return changes;
        };
        let (side, price, open) = *entry;
        let taken = size.min(open);
        entry.2 -= taken;
        let left = entry.2;
        if left == 0 {
            self.orders.remove(&order);
        }
        changes.orders[0] = Some(OrderNow {
            symbol,
            order,
            side,
            price,
            size: left,
        });
        changes.levels[0] = Some(self.shift(symbol, side, price, 0, taken));
        changes.trade = trade.map(|trade| TradeNow {
            symbol,
            resting_side: side,
            price: trade_price.unwrap_or(price),
            size: taken,
            trade,
        });
        changes
    }

    fn shift(&mut self, symbol: u32, side: Side, price: Price, plus: u64, minus: u64) -> LevelNow {
        let key = (symbol, side == Side::Ask, price);
        let level = self.levels.entry(key).or_default();
        *level = (*level + plus).saturating_sub(minus);
        let size = *level;
        if size == 0 {
            self.levels.remove(&key);
        }
        LevelNow {
            symbol,
            side,
            price,
            size,
        }
    }
}

/// An order that rests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RestingOrder {
    /// Which symbol.
    pub symbol: u32,
    /// Its id.
    pub order: u64,
    /// Which side.
    pub side: Side,
    /// Where.
    pub price: Price,
    /// How much is left.
    pub size: u64,
}

/// The orders that rest, in the order in which they came to their place: what a snapshot by order says.
#[derive(Clone, Debug, Default)]
pub struct RestingOrders {
    places: hashbrown::HashMap<u64, u64, foldhash::fast::FixedState>,
    orders: BTreeMap<u64, RestingOrder>,
    next: u64,
}

impl RestingOrders {
    /// Applies an event. An event that names an unknown order changes nothing.
    pub fn apply(&mut self, event: &MarketEvent) {
        match *event {
            MarketEvent::Add {
                symbol,
                order,
                side,
                price,
                size,
            } => self.insert(RestingOrder {
                symbol,
                order,
                side,
                price,
                size,
            }),
            MarketEvent::Execute { order, size, .. }
            | MarketEvent::ExecuteAt { order, size, .. }
            | MarketEvent::Reduce { order, size, .. } => {
                self.take(order, size);
            }
            MarketEvent::Delete { order, .. } => {
                self.take(order, u64::MAX);
            }
            MarketEvent::Replace {
                order,
                successor,
                price,
                size,
                ..
            } => {
                if let Some(found) = self.take(order, u64::MAX) {
                    self.insert(RestingOrder {
                        order: successor,
                        price,
                        size,
                        ..found
                    });
                }
            }
            MarketEvent::Hidden { .. } => {}
        }
    }

    /// The one with this id.
    pub fn get(&self, order: u64) -> Option<&RestingOrder> {
        self.orders.get(self.places.get(&order)?)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &RestingOrder> {
        self.orders.values()
    }

    fn insert(&mut self, order: RestingOrder) {
        self.places.insert(order.order, self.next);
        self.orders.insert(self.next, order);
        self.next += 1;
    }

    fn take(&mut self, order: u64, size: u64) -> Option<RestingOrder> {
        let place = *self.places.get(&order)?;
        let resting = self.orders.get_mut(&place)?;
        resting.size = resting.size.saturating_sub(size);
        let found = *resting;
        if found.size == 0 {
            self.orders.remove(&place);
            self.places.remove(&order);
        }
        Some(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_add_up_to_levels() {
        let mut book = LevelAggregator::default();
        let price = Price(100);
        let add = |order, size| MarketEvent::Add {
            symbol: 0,
            order,
            side: Side::Bid,
            price,
            size,
        };
        book.apply(&add(1, 10));
        let second = book.apply(&add(2, 5));
        assert_eq!(second.levels[0].map(|level| level.size), Some(15));
        let trade = book.apply(&MarketEvent::Execute {
            symbol: 0,
            order: 1,
            size: 10,
            trade: 7,
        });
        assert_eq!(
            trade.trade.map(|trade| (trade.price, trade.size)),
            Some((price, 10))
        );
        let replaced = book.apply(&MarketEvent::Replace {
            symbol: 0,
            order: 2,
            successor: 3,
            price: Price(99),
            size: 4,
        });
        assert_eq!(
            replaced.levels.map(|level| level.map(|level| level.size)),
            [Some(0), Some(4)]
        );
        assert_eq!(book.levels(0, Side::Bid), [(Price(99), Size(4))]);
    }
}
