//! Members of one message that have to be there, each with the error it is when they are not.

use super::{Number, exact, integer};
use crate::contract::DecodeError;
use crate::model::{EventTime, Price, Side};
use simd_json::prelude::*;
use simd_json::tape::{Object, Value};

/// The members of an object that a [`Reader`](super::Reader) read; errors carry `tag`, the message's type.
pub struct Fields<'m, 'tape, 'input> {
    /// Where the members are.
    pub object: &'m Object<'tape, 'input>,
    /// The type of the message.
    pub tag: u32,
}

impl<'tape, 'input> Fields<'_, 'tape, 'input> {
    /// The error of a member that is missing or of another kind.
    pub fn bad(&self) -> DecodeError {
        DecodeError::BadField {
            tag: self.tag,
            offset: 0,
        }
    }

    /// The error of a number that does not fit.
    pub fn inexact(&self) -> DecodeError {
        DecodeError::NotExact { tag: self.tag }
    }

    /// A member.
    ///
    /// # Errors
    /// [`DecodeError::BadField`] when it is missing.
    pub fn value(&self, key: &str) -> Result<Value<'tape, 'input>, DecodeError> {
        self.object.get(key).ok_or_else(|| self.bad())
    }

    /// A text.
    ///
    /// # Errors
    /// [`DecodeError::BadField`] when there is none.
    pub fn text(&self, key: &str) -> Result<&'input str, DecodeError> {
        self.value(key)?.into_string().ok_or_else(|| self.bad())
    }

    /// A whole number.
    ///
    /// # Errors
    /// [`DecodeError::BadField`] when there is none.
    pub fn integer(&self, key: &str) -> Result<u64, DecodeError> {
        integer(self.value(key)?).ok_or_else(|| self.bad())
    }

    /// An unsigned number.
    ///
    /// # Errors
    /// [`DecodeError::BadField`] when there is no member, [`DecodeError::NotExact`] when it is no number that fits.
    pub fn number(&self, key: &str) -> Result<Number, DecodeError> {
        exact(self.value(key)?).ok_or_else(|| self.inexact())
    }

    /// A price, which may be below zero.
    ///
    /// # Errors
    /// As [`Fields::number`].
    pub fn price(&self, key: &str) -> Result<Price, DecodeError> {
        signed_price(self.value(key)?).ok_or_else(|| self.inexact())
    }

    /// A price, where there is one: no member and `null` are none.
    ///
    /// # Errors
    /// [`DecodeError::NotExact`] when it is there and no price.
    pub fn price_if_any(&self, key: &str) -> Result<Option<Price>, DecodeError> {
        match self.object.get(key) {
            Some(value) if !is_nothing(value) => {
                signed_price(value).map(Some).ok_or_else(|| self.inexact())
            }
            _ => Ok(None),
        }
    }

    /// A number, where there is one: no member and `null` are none.
    ///
    /// # Errors
    /// [`DecodeError::NotExact`] when it is there and no unsigned number.
    pub fn number_if_any(&self, key: &str) -> Result<Option<Number>, DecodeError> {
        match self.object.get(key) {
            Some(value) if !is_nothing(value) => {
                exact(value).map(Some).ok_or_else(|| self.inexact())
            }
            _ => Ok(None),
        }
    }

    /// Milliseconds since 1970.
    ///
    /// # Errors
    /// [`DecodeError::BadField`] when there are none.
    pub fn millis(&self, key: &str) -> Result<EventTime, DecodeError> {
        let nanos = self.integer(key)?.checked_mul(1_000_000);
        nanos.map(EventTime).ok_or_else(|| self.bad())
    }

    /// `buy` or `sell`, in small letters or with a capital one.
    ///
    /// # Errors
    /// [`DecodeError::BadField`] when it is neither.
    pub fn side(&self, key: &str) -> Result<Side, DecodeError> {
        match self.text(key)? {
            "buy" | "Buy" => Ok(Side::Bid),
            "sell" | "Sell" => Ok(Side::Ask),
            _ => Err(self.bad()),
        }
    }
}

/// A price that a [`Reader`](super::Reader) read, which may be below zero.
pub fn signed_price(value: Value<'_, '_>) -> Option<Price> {
    let text = value.into_string()?.as_bytes();
    let price = Price::parse(text).ok()?;
    price.is_defined().then_some(price)
}

/// `null`, or a text with nothing in it.
fn is_nothing(value: Value<'_, '_>) -> bool {
    value.is_null() || value.into_string() == Some("")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::text::Reader;

    #[test]
    fn members_that_are_missing_or_wrong_are_told_apart() {
        let mut reader = Reader::default();
        let text = br#"{"a":-1.5e-3,"b":"x","c":null,"d":7,"e":"Sell","f":""}"#;
        let tape = reader.tape(text).expect("JSON");
        let object = tape.as_value().into_object().expect("an object");
        let fields = Fields {
            object: &object,
            tag: 3,
        };
        assert_eq!(fields.price("a"), Ok(Price(-1_500_000)));
        assert_eq!(fields.price("b"), Err(DecodeError::NotExact { tag: 3 }));
        assert_eq!(fields.price("z"), Err(fields.bad()));
        assert_eq!(fields.price_if_any("c"), Ok(None));
        assert_eq!(fields.number_if_any("f"), Ok(None));
        assert_eq!(fields.number_if_any("b"), Err(fields.inexact()));
        assert_eq!(fields.millis("d"), Ok(EventTime(7_000_000)));
        assert_eq!(fields.side("e"), Ok(Side::Ask));
        assert_eq!(fields.side("b"), Err(fields.bad()));
    }
}
