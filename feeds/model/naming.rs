//! Names of instruments that are the same on every venue.
//!
//! | Kind | Name | Example |
//! |---|---|---|
//! | spot | `BASE/QUOTE` | `BTC/USDT` |
//! | perpetual | `BASE/QUOTE:SETTLE` | `BTC/USDT:USDT`, `BTC/USD:BTC` |
//! | future | `BASE/QUOTE:SETTLE-YYMMDD` | `BTC/USD:BTC-261225` |
//! | option | `BASE/QUOTE:SETTLE-YYMMDD-STRIKE-C` or `-P` | `BTC/USD:BTC-261225-100000-C` |
//!
//! ASCII, upper case. `SETTLE` is what gains and losses are paid in; where the venue does not say it, the quote currency.
//! Codes of currencies are the venue's, but for those it documents as another name of a common one (a room's business).

use super::{InstrumentKind, Symbol, Terms};
use std::fmt::Write;

/// The normalised name; `None` where what the venue says is not enough for one, or where it would not fit a [`Symbol`].
/// `settle` may be empty.
pub fn normalised_name(base: &str, quote: &str, settle: &str, terms: &Terms) -> Option<Symbol> {
    let is_code = |code: &str| !code.is_empty() && code.bytes().all(|b| b.is_ascii_alphanumeric());
    // Nothing is priced in itself: lists that say so mean a currency that they do not name.
    if !is_code(base) || !is_code(quote) || base.eq_ignore_ascii_case(quote) {
        return None;
    }
    let mut name = format!("{base}/{quote}");
    if terms.kind != InstrumentKind::Spot {
        let settle = if is_code(settle) { settle } else { quote };
        name.push(':');
        name.push_str(settle);
    }
    let right = match terms.kind {
        InstrumentKind::Spot | InstrumentKind::Perpetual => "",
        InstrumentKind::Future => "-",
        InstrumentKind::Call => "-C",
        InstrumentKind::Put => "-P",
        InstrumentKind::Spread | InstrumentKind::Other => return None,
    };
    if !right.is_empty() {
        let expiry = terms.expiry;
        if !expiry.is_said() || expiry.month == 0 || expiry.day == 0 {
            return None;
        }
        let (year, month, day) = (expiry.year % 100, expiry.month, expiry.day);
        let _ = write!(name, "-{year:02}{month:02}{day:02}");
    }
    if right.len() > 1 {
        if !terms.strike.is_defined() {
            return None;
        }
        let _ = write!(name, "-{}{right}", terms.strike);
    }
    name.make_ascii_uppercase();
    (name.len() <= Symbol::BYTES_MAX).then(|| Symbol::from(name.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Expiry, Price};

    #[track_caller]
    fn check(kind: InstrumentKind, settle: &str, expected: Option<&str>) {
        let terms = Terms {
            kind,
            expiry: Expiry::from_digits(20_261_225),
            strike: Price(100_500_000_000),
            ..Terms::default()
        };
        let name = normalised_name("btc", "USD", settle, &terms);
        assert_eq!(name, expected.map(Symbol::from));
    }

    #[test]
    fn names_say_what_the_contract_is() {
        check(InstrumentKind::Spot, "", Some("BTC/USD"));
        check(InstrumentKind::Perpetual, "", Some("BTC/USD:USD"));
        check(InstrumentKind::Perpetual, "BTC", Some("BTC/USD:BTC"));
        check(InstrumentKind::Future, "BTC", Some("BTC/USD:BTC-261225"));
        check(
            InstrumentKind::Call,
            "BTC",
            Some("BTC/USD:BTC-261225-100.5-C"),
        );
        check(
            InstrumentKind::Put,
            "BTC",
            Some("BTC/USD:BTC-261225-100.5-P"),
        );
        check(InstrumentKind::Spread, "BTC", None);
    }

    #[test]
    fn what_is_not_enough_has_no_name() {
        let mut terms = Terms {
            kind: InstrumentKind::Future,
            ..Terms::default()
        };
        assert_eq!(normalised_name("BTC", "USD", "", &terms), None);
        terms.kind = InstrumentKind::Spot;
        assert_eq!(normalised_name("", "USD", "", &terms), None);
        assert_eq!(normalised_name("BTC", "btc", "", &terms), None);
        assert_eq!(normalised_name("B", "\u{20ac}", "", &terms), None);
        assert_eq!(normalised_name(&"B".repeat(60), "USD", "", &terms), None);
    }
}
