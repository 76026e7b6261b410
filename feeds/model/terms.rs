//! What a contract is, beyond its name and its steps.

use super::{EventTime, Price};
use std::fmt;

/// Legs that are named; a strategy of more says how many there are.
pub const LEGS_MAX: usize = 8;

/// What kind of instrument it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum InstrumentKind {
    /// The venue does not say, or it is none of the others.
    #[default]
    Other,
    /// What is bought is delivered at once.
    Spot,
    /// A contract without a last day.
    Perpetual,
    /// A contract for delivery on a date.
    Future,
    /// A right to buy.
    Call,
    /// A right to sell.
    Put,
    /// Several instruments traded as one.
    Spread,
}

impl InstrumentKind {
    /// The stable name used in every output.
    pub const fn as_str(self) -> &'static str {
        match self {
            InstrumentKind::Other => "other",
            InstrumentKind::Spot => "spot",
            InstrumentKind::Perpetual => "perpetual",
            InstrumentKind::Future => "future",
            InstrumentKind::Call => "call",
            InstrumentKind::Put => "put",
            InstrumentKind::Spread => "spread",
        }
    }
}

/// A day, as far as the venue says it: zeros are not said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Expiry {
    /// Year; 0 where there is no expiry.
    pub year: u16,
    /// Month from 1; 0 where only the year is said.
    pub month: u8,
    /// Day of the month from 1; 0 where only the month is said.
    pub day: u8,
}

impl Expiry {
    /// From a number whose decimal digits are year, month and day.
    pub fn from_digits(digits: u32) -> Expiry {
        Expiry {
            year: u16::try_from(digits / 10_000).unwrap_or(0),
            month: (digits / 100 % 100) as u8,
            day: (digits % 100) as u8,
        }
    }

    /// The day (UTC) of a time; none for a time that is undefined.
    pub fn of_time(time: EventTime) -> Expiry {
        let Some(time) = time.get() else {
            return Expiry::default();
        };
        // Years begin in March, so that a leap day is the last one; eras are of 400 years.
        let days = time / 86_400_000_000_000 + 719_468;
        let (era, of_era) = (days / 146_097, days % 146_097);
        let of_era_year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * of_era_year + of_era_year / 4 - of_era_year / 100);
        let march_month = (5 * of_year + 2) / 153;
        let day = of_year - (153 * march_month + 2) / 5 + 1;
        let month = if march_month < 10 {
            march_month + 3
        } else {
            march_month - 9
        };
        let year = era * 400 + of_era_year + u64::from(month <= 2);
        Expiry {
            year: u16::try_from(year).unwrap_or(0),
            month: month as u8,
            day: day as u8,
        }
    }

    /// Whether one is said.
    pub const fn is_said(self) -> bool {
        self.year != 0
    }
}

/// A leg of a spread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Leg {
    /// The venue's number of the instrument, or up to eight bytes of its symbol in big-endian order.
    pub instrument: u64,
    /// How many of it one spread has: bought above 0, sold below; 0 where the venue does not say it by leg.
    pub ratio: i32,
}

/// The terms of a contract, as far as its venue says them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// What it is.
    pub kind: InstrumentKind,
    /// Currency of its price, in letters; zeros behind them, all zeros where it is not said.
    pub currency: [u8; 8],
    /// Units of what is delivered in one contract, in 1e-9; undefined where it is not said.
    pub multiplier: Price,
    /// Last day.
    pub expiry: Expiry,
    /// Price of the right, for options; else undefined.
    pub strike: Price,
    /// Legs, the first [`Terms::leg_count`] of them, up to [`LEGS_MAX`].
    pub legs: [Leg; LEGS_MAX],
    /// How many legs there are; those beyond [`LEGS_MAX`] are not named.
    pub leg_count: u8,
}

impl Default for Terms {
    fn default() -> Terms {
        Terms {
            kind: InstrumentKind::Other,
            currency: [0; 8],
            multiplier: Price::UNDEFINED,
            expiry: Expiry::default(),
            strike: Price::UNDEFINED,
            legs: [Leg::default(); LEGS_MAX],
            leg_count: 0,
        }
    }
}

/// Only what is said.
impl fmt::Debug for Terms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut said = f.debug_struct("Terms");
        if self.kind != InstrumentKind::Other {
            said.field("kind", &self.kind);
        }
        if !self.currency().is_empty() {
            said.field("currency", &self.currency());
        }
        if self.multiplier.is_defined() {
            said.field("multiplier", &self.multiplier);
        }
        if self.expiry.is_said() {
            said.field("expiry", &self.expiry);
        }
        if self.strike.is_defined() {
            said.field("strike", &self.strike);
        }
        if self.leg_count > 0 {
            said.field("legs", &self.legs());
        }
        said.finish()
    }
}

impl Terms {
    /// Sets the currency: letters up to the first blank or zero, eight at most.
    pub fn set_currency(&mut self, text: &[u8]) {
        self.currency = [0; 8];
        let letters = text.iter().take_while(|byte| byte.is_ascii_graphic());
        for (slot, byte) in self.currency.iter_mut().zip(letters) {
            *slot = *byte;
        }
    }

    /// The currency; empty where it is not said.
    pub fn currency(&self) -> &str {
        let end = self.currency.iter().position(|&byte| byte == 0);
        let letters = &self.currency[..end.unwrap_or(self.currency.len())];
        std::str::from_utf8(letters).unwrap_or_default()
    }

    /// Adds a leg; one beyond [`LEGS_MAX`] is only counted.
    pub fn add_leg(&mut self, leg: Leg) {
        if let Some(slot) = self.legs.get_mut(usize::from(self.leg_count)) {
            *slot = leg;
        }
        self.leg_count = self.leg_count.saturating_add(1);
    }

    /// The legs that are named.
    pub fn legs(&self) -> &[Leg] {
        &self.legs[..usize::from(self.leg_count).min(LEGS_MAX)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn currencies_are_letters_and_legs_have_a_bound() {
        let mut terms = Terms::default();
        terms.set_currency(b"USD  ");
        assert_eq!(terms.currency(), "USD");
        for instrument in 0..10 {
            terms.add_leg(Leg {
                instrument,
                ratio: -1,
            });
        }
        assert_eq!((terms.legs().len(), terms.leg_count), (LEGS_MAX, 10));
    }

    #[test]
    fn a_date_in_digits_is_a_day() {
        let expiry = Expiry::from_digits(20_170_118);
        assert_eq!((expiry.year, expiry.month, expiry.day), (2017, 1, 18));
        assert!(!Expiry::from_digits(0).is_said());
        assert!(!Expiry::of_time(EventTime::UNDEFINED).is_said());
        let days = [
            (0, 19_700_101),
            (951_782_400, 20_000_229),
            (1_798_156_800, 20_261_225),
        ];
        for (second, digits) in days {
            let time = EventTime(second * 1_000_000_000);
            assert_eq!(Expiry::of_time(time), Expiry::from_digits(digits));
        }
    }
}
