//! What all readers of a message have to agree on.

use feeds::model::{EventTime, Side, StatisticKind};
use feeds::session::stitch::{BookMessage, Hear, Product, Quantity, TradeId, TradeMessage};

/// Everything a message says, folded: prices in 1e-9, sizes in 1e-8, times in ns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sum(pub(crate) u64);

impl Sum {
    #[inline(always)]
    fn add(&mut self, value: u64) {
        self.0 = self.0.wrapping_add(value);
    }

    #[inline(always)]
    pub(crate) fn head(&mut self, symbol: &[u8], nanos: u64, number: u64) {
        self.add(symbol.len() as u64);
        self.add(nanos);
        self.add(number);
    }

    #[inline(always)]
    pub(crate) fn level(&mut self, side: Side, price: i64, size: u64) {
        self.add(side as u64);
        self.add(price as u64);
        self.add(size);
    }
}

impl Hear for Sum {
    #[inline]
    fn book(&mut self, book: &BookMessage<'_>) {
        self.head(book.symbol, book.time.0, book.span.last);
        for level in book.levels {
            let size = level.size.units(8).unwrap_or_default();
            self.level(level.side, level.price.0, size);
        }
    }

    #[inline]
    fn trade(&mut self, trade: &TradeMessage<'_>) {
        let id = match trade.id {
            TradeId::Rising(id) | TradeId::Consecutive(id) | TradeId::Unordered(id) => id,
            TradeId::None => 0,
        };
        self.head(trade.symbol, trade.time.0, id);
        let size = trade.size.units(8).unwrap_or_default();
        self.level(trade.aggressor, trade.price.0, size);
    }

    #[inline]
    fn statistic(&mut self, symbol: &[u8], time: EventTime, _: StatisticKind, value: Quantity) {
        let value = match value {
            Quantity::Price(price) => price.0 as u64,
            Quantity::Size(size) => size.units(8).unwrap_or_default(),
        };
        self.head(symbol, time.0, value);
    }

    fn product(&mut self, _: &Product) {}
    fn confirmed(&mut self) {}
    fn complaint(&mut self, _: &str) {}
    fn reply(&mut self, _: String) {}
    fn lost(&mut self, _: &[u8]) {}
}
