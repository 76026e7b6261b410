//! For the tests of rooms: what a reader told.

use super::{BookMessage, Hear, Product, Quantity, TradeMessage};
use crate::model::{EventTime, StatisticKind};

/// Everything told, as text.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Told(pub Vec<String>);

impl Hear for Told {
    fn book(&mut self, book: &BookMessage<'_>) {
        self.0.push(format!("{book:?}"));
    }
    fn trade(&mut self, trade: &TradeMessage<'_>) {
        self.0.push(format!("{trade:?}"));
    }
    fn statistic(&mut self, symbol: &[u8], time: EventTime, kind: StatisticKind, value: Quantity) {
        self.0
            .push(format!("{symbol:?} {time:?} {kind:?} {value:?}"));
    }
    fn product(&mut self, product: &Product) {
        self.0.push(format!("{product:?}"));
    }
    fn confirmed(&mut self) {
        self.0.push("confirmed".to_owned());
    }
    fn complaint(&mut self, text: &str) {
        self.0.push(format!("complaint {text}"));
    }
    fn reply(&mut self, text: String) {
        self.0.push(format!("reply {text}"));
    }
    fn lost(&mut self, symbol: &[u8]) {
        self.0.push(format!("lost {symbol:?}"));
    }
}
