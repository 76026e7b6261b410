//! Order flow as an exchange sees it: adds, cancels, executions and replacements around a moving price.
//!
//! The mix is that of a US equity day: about 45 % adds, 40 % deletes, 7 % executions, 2 % partial cancels, 5 %
//! replacements, 1 % hidden trades. Symbols are Zipf-like busy; orders lie at a geometric distance behind the best price;
//! a book never crosses, because an order that would trade is turned into an execution. Bounded memory: each symbol keeps at most
//! `orders_per_symbol_max` open orders.

use super::random::Random;
use feeds::model::{Price, Side};
use feeds::simulator::MarketEvent;

/// Shape of a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlowSettings {
    /// Two flows of one seed are equal.
    pub seed: u64,
    /// Number of symbols, dense from 0.
    pub symbol_count: u32,
    /// Open orders a symbol may have; beyond it the flow deletes.
    pub orders_per_symbol_max: u32,
    /// Price step.
    pub tick: Price,
    /// Price the first symbol starts at; others spread up to ten times of it.
    pub start_price: Price,
}

impl Default for FlowSettings {
    fn default() -> Self {
        FlowSettings {
            seed: 1,
            symbol_count: 100,
            orders_per_symbol_max: 400,
            tick: Price(10_000_000),
            start_price: Price(20_000_000_000),
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct OpenOrder {
    order: u64,
    price: i64,
    size: u32,
    side: Side,
}

#[derive(Clone, Debug)]
struct SymbolState {
    /// Middle of the market, in ticks.
    mid: i64,
    orders: Vec<OpenOrder>,
}

/// The generator.
#[derive(Clone, Debug)]
pub struct OrderFlow {
    settings: FlowSettings,
    random: Random,
    symbols: Vec<SymbolState>,
    next_order: u64,
    next_trade: u64,
}

impl OrderFlow {
    /// A flow at its beginning: empty books.
    pub fn new(settings: FlowSettings) -> OrderFlow {
        let mut random = Random::new(settings.seed, 0);
        let tick = settings.tick.0.max(1);
        let start = (settings.start_price.0 / tick).max(100);
        let symbols = (0..settings.symbol_count.max(1))
            .map(|_| SymbolState {
                mid: start + random.below(start as u64 * 9) as i64,
                orders: Vec::new(),
            })
            .collect();
        OrderFlow {
            settings,
            random,
            symbols,
            next_order: 1,
            next_trade: 1,
        }
    }

    /// The settings it was made with.
    pub fn settings(&self) -> &FlowSettings {
        &self.settings
    }

    /// The next event. Never ends.
    pub fn next_event(&mut self) -> MarketEvent {
        let symbol = self.pick_symbol();
        let state = &self.symbols[symbol as usize];
        let open = state.orders.len();
        let roll = self.random.below(1_000);
        let full = open >= self.settings.orders_per_symbol_max as usize;
        match roll {
            _ if open < 4 => self.add(symbol),
            0..470 if !full => self.add(symbol),
            470..880 => self.delete(symbol),
            880..940 => self.execute(symbol, false),
            940..950 => self.execute(symbol, true),
            950..970 => self.reduce(symbol),
            970..990 => self.replace(symbol),
            990..1_000 => self.hidden(symbol),
            _ => self.delete(symbol),
        }
    }

    /// Busy symbols are few: the square of a uniform number leans to the low indices.
    fn pick_symbol(&mut self) -> u32 {
        let count = u64::from(self.settings.symbol_count.max(1));
        let uniform = self.random.below(1 << 32);
        let squared = (uniform * uniform) >> 32;
        ((squared * count) >> 32) as u32
    }

    fn price(&self, ticks: i64) -> Price {
        Price(ticks.max(1).saturating_mul(self.settings.tick.0))
    }

    fn order_id(&mut self) -> u64 {
        // Real reference numbers skip some: other products share the counter.
        let order = self.next_order;
        self.next_order += 1 + self.random.below(3);
        order
    }

    fn trade_id(&mut self) -> u64 {
        let trade = self.next_trade;
        self.next_trade += 1;
        trade
    }

    fn resting_price(&mut self, symbol: u32, side: Side) -> i64 {
        let distance = 1 + self.random.geometric(1, 3) + self.random.geometric(3, 40);
        let state = &mut self.symbols[symbol as usize];
        let drift = self.random.below(64);
        state.mid += i64::from(drift == 0) - i64::from(drift == 1);
        state.mid = state.mid.max(100);
        let wanted = match side {
            Side::Ask => state.mid + distance as i64,
            _ => state.mid - distance as i64,
        };
        // Never through the other side: the nearest price that does not trade.
        let opposite = state
            .orders
            .iter()
            .filter(|order| order.side != side)
            .map(|o| o.price);
        match side {
            Side::Ask => opposite.max().map_or(wanted, |best| wanted.max(best + 1)),
            _ => opposite.min().map_or(wanted, |best| wanted.min(best - 1)),
        }
    }

    fn size(&mut self) -> u32 {
        match self.random.below(4) {
            0 => 1 + self.random.below(99) as u32,
            _ => 100 * (1 + self.random.geometric(1, 9) as u32),
        }
    }

    fn add(&mut self, symbol: u32) -> MarketEvent {
        let side = if self.random.below(2) == 0 {
            Side::Bid
        } else {
            Side::Ask
        };
        let (price, size, order) = (
            self.resting_price(symbol, side),
            self.size(),
            self.order_id(),
        );
        self.symbols[symbol as usize].orders.push(OpenOrder {
            order,
            price,
            size,
            side,
        });
        MarketEvent::Add {
            symbol,
            order,
            side,
            price: self.price(price),
            size: u64::from(size),
        }
    }

    /// Index of an order; recent ones are likelier, as they are in life.
    fn pick_order(&mut self, symbol: u32) -> usize {
        let count = self.symbols[symbol as usize].orders.len() as u64;
        let recent = self.random.geometric(2, count.saturating_sub(1));
        match self.random.below(2) {
            0 => (count - 1 - recent) as usize,
            _ => self.random.below(count) as usize,
        }
    }

    fn delete(&mut self, symbol: u32) -> MarketEvent {
        let index = self.pick_order(symbol);
        let order = self.symbols[symbol as usize]
            .orders
            .swap_remove(index)
            .order;
        MarketEvent::Delete { symbol, order }
    }

    fn execute(&mut self, symbol: u32, at_other_price: bool) -> MarketEvent {
        let side = if self.random.below(2) == 0 {
            Side::Bid
        } else {
            Side::Ask
        };
        let orders = &self.symbols[symbol as usize].orders;
        let best = orders
            .iter()
            .enumerate()
            .filter(|(_, order)| order.side == side)
            .max_by_key(|(_, order)| {
                if side == Side::Bid {
                    order.price
                } else {
                    -order.price
                }
            })
            .map(|(index, _)| index);
        let Some(index) = best else {
            return self.add(symbol);
        };
        let found = orders[index];
        let whole = self.random.below(2) == 0;
        let size = if whole {
            found.size
        } else {
            1 + self.random.below(u64::from(found.size)) as u32
        };
        let orders = &mut self.symbols[symbol as usize].orders;
        if size == found.size {
            orders.swap_remove(index);
        } else {
            orders[index].size -= size;
        }
        let (order, size, trade) = (found.order, u64::from(size), self.trade_id());
        if at_other_price {
            let price = self.price(found.price + 1);
            MarketEvent::ExecuteAt {
                symbol,
                order,
                size,
                trade,
                price,
            }
        } else {
            MarketEvent::Execute {
                symbol,
                order,
                size,
                trade,
            }
        }
    }

    fn reduce(&mut self, symbol: u32) -> MarketEvent {
        let index = self.pick_order(symbol);
        let found = self.symbols[symbol as usize].orders[index];
        if found.size < 2 {
            return self.delete(symbol);
        }
        let size = 1 + self.random.below(u64::from(found.size - 1)) as u32;
        self.symbols[symbol as usize].orders[index].size -= size;
        MarketEvent::Reduce {
            symbol,
            order: found.order,
            size: u64::from(size),
        }
    }

    fn replace(&mut self, symbol: u32) -> MarketEvent {
        let index = self.pick_order(symbol);
        let found = self.symbols[symbol as usize].orders.swap_remove(index);
        let (price, size, successor) = (
            self.resting_price(symbol, found.side),
            self.size(),
            self.order_id(),
        );
        let state = &mut self.symbols[symbol as usize];
        state.orders.push(OpenOrder {
            order: successor,
            price,
            size,
            side: found.side,
        });
        MarketEvent::Replace {
            symbol,
            order: found.order,
            successor,
            price: self.price(price),
            size: u64::from(size),
        }
    }

    fn hidden(&mut self, symbol: u32) -> MarketEvent {
        let (mid, size, trade) = (
            self.symbols[symbol as usize].mid,
            self.size(),
            self.trade_id(),
        );
        MarketEvent::Hidden {
            symbol,
            price: self.price(mid),
            size: u64::from(size),
            trade,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    #[test]
    fn a_seed_is_a_day() {
        let day = |seed| {
            let mut flow = OrderFlow::new(FlowSettings {
                seed,
                ..FlowSettings::default()
            });
            (0..5_000).map(|_| flow.next_event()).collect::<Vec<_>>()
        };
        assert_eq!(day(3), day(3));
        assert_ne!(day(3), day(4));
    }

    #[test]
    fn every_event_names_an_open_order_and_no_book_crosses() {
        let settings = FlowSettings {
            symbol_count: 8,
            ..FlowSettings::default()
        };
        let mut flow = OrderFlow::new(settings);
        let mut open: HashMap<u64, (u32, Side, Price, u64)> = HashMap::new();
        for _ in 0..50_000 {
            match flow.next_event() {
                MarketEvent::Add {
                    symbol,
                    order,
                    side,
                    price,
                    size,
                } => {
                    assert!(open.insert(order, (symbol, side, price, size)).is_none());
                }
                MarketEvent::Execute { order, size, .. }
                | MarketEvent::ExecuteAt { order, size, .. }
                | MarketEvent::Reduce { order, size, .. } => {
                    let entry = open.get_mut(&order).expect("open");
                    assert!(size > 0 && size <= entry.3);
                    entry.3 -= size;
                    if entry.3 == 0 {
                        open.remove(&order);
                    }
                }
                MarketEvent::Delete { order, .. } => assert!(open.remove(&order).is_some()),
                MarketEvent::Replace {
                    order,
                    successor,
                    price,
                    size,
                    ..
                } => {
                    let (symbol, side, ..) = open.remove(&order).expect("open");
                    open.insert(successor, (symbol, side, price, size));
                }
                MarketEvent::Hidden { .. } => {}
            }
        }
        for symbol in 0..8 {
            let side = |wanted| {
                open.values()
                    .filter(move |o| o.0 == symbol && o.1 == wanted)
                    .map(|o| o.2)
            };
            let (bid, ask) = (side(Side::Bid).max(), side(Side::Ask).min());
            assert!(bid.zip(ask).is_none_or(|(bid, ask)| bid < ask));
        }
    }
}
