//! What a venue's list says of an instrument.

use super::Product;
use crate::model::{
    EventTime, Expiry, InstrumentKind, Price, Symbol, Terms, TradingState, normalised_name,
};
use crate::session::text::Number;

/// An entry of a venue's list: its steps, and what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listing {
    /// Name, steps, state.
    pub product: Product,
    /// What it is, as far as the list says.
    pub terms: Terms,
    /// Code of what is bought; empty where the list does not say.
    pub base: Symbol,
    /// Code of what is paid.
    pub quote: Symbol,
    /// Code of what gains and losses are paid in.
    pub settle: Symbol,
}

impl Product {
    /// A product of which only the name is known, open for trading.
    pub fn named(symbol: Symbol) -> Product {
        Product {
            symbol,
            size_step: None,
            tick_size: None,
            trading: TradingState::Trading,
        }
    }
}

impl Listing {
    /// A listing that says no more than a product.
    pub fn of(product: Product) -> Listing {
        let none = Symbol::from("");
        Listing {
            product,
            terms: Terms::default(),
            base: none,
            quote: none,
            settle: none,
        }
    }

    /// Of this kind.
    #[must_use]
    pub fn kind(mut self, kind: InstrumentKind) -> Listing {
        self.terms.kind = kind;
        self
    }

    /// So much of one currency for another; the latter becomes the currency of the terms.
    #[must_use]
    pub fn pair(mut self, base: Option<&str>, quote: Option<&str>) -> Listing {
        if let (Some(base), Some(quote)) = (base, quote) {
            self.base = Symbol::from(base);
            self.quote = Symbol::from(quote);
            self.terms
                .set_currency(quote.to_ascii_uppercase().as_bytes());
        }
        self
    }

    /// Settled in this currency.
    #[must_use]
    pub fn settled(mut self, code: Option<&str>) -> Listing {
        self.settle = Symbol::from(code.unwrap_or_default());
        self
    }

    /// What one contract delivers.
    #[must_use]
    pub fn multiplier(mut self, multiplier: Option<Number>) -> Listing {
        let price = multiplier.and_then(Number::price);
        self.terms.multiplier = price.unwrap_or(Price::UNDEFINED);
        self
    }

    /// Its last day is that of a time, in milliseconds since 1970; 0 is none.
    #[must_use]
    pub fn expires_at_ms(self, millis: Option<u64>) -> Listing {
        let nanos = millis.filter(|&millis| millis > 0);
        let nanos = nanos.and_then(|millis| millis.checked_mul(1_000_000));
        let time = nanos.map_or(EventTime::UNDEFINED, EventTime);
        self.expires(Expiry::of_time(time))
    }

    /// Its last day.
    #[must_use]
    pub fn expires(mut self, expiry: Expiry) -> Listing {
        self.terms.expiry = expiry;
        self
    }

    /// The price of the right.
    #[must_use]
    pub fn strike(mut self, strike: Option<Number>) -> Listing {
        let price = strike.and_then(Number::price);
        self.terms.strike = price.unwrap_or(Price::UNDEFINED);
        self
    }

    /// The normalised name; empty where the list does not say enough for one.
    pub fn name(&self) -> Symbol {
        let [base, quote, settle] = [&self.base, &self.quote, &self.settle].map(Symbol::as_str);
        normalised_name(base, quote, settle, &self.terms).unwrap_or(Symbol::from(""))
    }
}
