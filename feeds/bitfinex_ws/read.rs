//! The general reader: any JSON of the venue; members behind those that are known are left alone.

use super::message::{Body, Entries, Message, Subject, Trade, Trailer, level, side};
use crate::contract::DecodeError;
use crate::model::{EventTime, Price, Symbol, TradingState};
use crate::session::stitch::{Hear, Product};
use crate::session::text::{Number, Reader, integer};
use simd_json::prelude::*;
use simd_json::tape::{Array, Object, Value};

const NO_JSON: DecodeError = DecodeError::BadText { offset: 0 };
const BAD: DecodeError = DecodeError::BadField { tag: 0, offset: 0 };

/// An event: what is said beside the channels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// The first message of a connection.
    Begin {
        is_in_maintenance: bool,
    },
    /// Another `info`: its code and words.
    Info(u64, String),
    Subscribed {
        channel: u64,
        /// `None`: not one this room asks for.
        subject: Option<Subject>,
        symbol: Symbol,
    },
    Unsubscribed(u64),
    Configured,
    Error(String),
    Pong,
    Unknown(Symbol),
}

/// What a text is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Said {
    Message(Message),
    Event(Event),
}

/// Reads a text; entries go where the caller wants them. `subject` knows what a channel is of.
pub(super) fn read(
    text: &[u8],
    reader: &mut Reader,
    entries: &mut Entries,
    subject: impl Fn(u64) -> Option<Subject>,
) -> Result<Said, DecodeError> {
    let tape = reader.tape(text)?;
    let value = tape.as_value();
    if let Some(list) = value.as_array() {
        return Ok(Said::Message(message(&list, entries, subject)?));
    }
    let object = value.as_object().ok_or(NO_JSON)?;
    Ok(Said::Event(event(&object)?))
}

fn event(object: &Object<'_, '_>) -> Result<Event, DecodeError> {
    let text_of = |key: &str| object.get(key).and_then(|value| value.into_string());
    let number = |key: &str| object.get(key).and_then(integer);
    let words = || text_of("msg").unwrap_or("no reason given").to_owned();
    Ok(match text_of("event").ok_or(NO_JSON)? {
        "info" if object.get("version").is_some() => {
            let platform = object.get("platform").and_then(|value| value.into_object());
            let status = platform.and_then(|platform| platform.get("status").and_then(integer));
            Event::Begin {
                is_in_maintenance: status == Some(0),
            }
        }
        "info" => Event::Info(number("code").unwrap_or_default(), words()),
        "subscribed" => Event::Subscribed {
            channel: number("chanId").ok_or(BAD)?,
            subject: match text_of("channel") {
                Some("book") if text_of("prec") == Some("R0") => Some(Subject::Orders),
                Some("book") => Some(Subject::Book),
                Some("trades") => Some(Subject::Trades),
                _ => None,
            },
            symbol: Symbol::new(text_of("symbol").ok_or(BAD)?.as_bytes()),
        },
        "unsubscribed" => Event::Unsubscribed(number("chanId").ok_or(BAD)?),
        "conf" if text_of("status") == Some("OK") => Event::Configured,
        "conf" | "error" => Event::Error(words()),
        "pong" => Event::Pong,
        other => Event::Unknown(Symbol::new(other.as_bytes())),
    })
}

fn message(
    list: &Array<'_, '_>,
    entries: &mut Entries,
    subject: impl Fn(u64) -> Option<Subject>,
) -> Result<Message, DecodeError> {
    entries.clear();
    let channel = list.get(0).and_then(integer).ok_or(BAD)?;
    let second = list.get(1).ok_or(BAD)?;
    let (body, behind) = if let Some(data) = second.into_array() {
        let body = match subject(channel) {
            Some(Subject::Book) if !entries.is_by_order => book(&data, entries)?,
            Some(Subject::Orders) if entries.is_by_order => book(&data, entries)?,
            _ => Body::Other,
        };
        (body, 2)
    } else {
        match second.into_string().ok_or(BAD)? {
            "hb" => (Body::Heartbeat, 2),
            "cs" => {
                let text = list.get(2).and_then(|sum| sum.into_string()).ok_or(BAD)?;
                let sum: i32 = text.parse().map_err(|_| BAD)?;
                (Body::Checksum(sum.cast_unsigned()), 3)
            }
            "te" => (
                trade(&list.get(2).and_then(|data| data.into_array()).ok_or(BAD)?)?,
                3,
            ),
            "tu" => (Body::Again, 3),
            _ => (Body::Other, 3),
        }
    };
    let mut trailer = Trailer::default();
    for value in list.iter().skip(behind).filter_map(integer) {
        trailer.take(value);
    }
    Ok(trailer.message(channel, body))
}

fn book(data: &Array<'_, '_>, entries: &mut Entries) -> Result<Body, DecodeError> {
    let mut left_out = 0;
    let is_snapshot = data.get(0).is_none_or(|first| first.as_array().is_some());
    let mut take = |entry: &Array<'_, '_>| {
        let taken = entry_of(entry, entries)?;
        left_out += u64::from(taken == Taken::LeftOut);
        Ok::<bool, DecodeError>(taken == Taken::TooFine)
    };
    if is_snapshot {
        for entry in data.iter() {
            if take(&entry.into_array().ok_or(BAD)?)? {
                return Ok(Body::TooFine);
            }
        }
    } else if take(data)? {
        return Ok(Body::TooFine);
    }
    Ok(Body::Book {
        is_snapshot,
        left_out,
    })
}

/// What became of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Taken {
    Whole,
    /// Beyond all prices.
    LeftOut,
    TooFine,
}

/// `[price, count, amount]`, or `[id, price, amount]`.
fn entry_of(entry: &Array<'_, '_>, entries: &mut Entries) -> Result<Taken, DecodeError> {
    let is_by_order = entries.is_by_order;
    let (price, other) = if is_by_order { (1, 0) } else { (0, 1) };
    let (is_below_zero, price) = signed(entry.get(price))?;
    let other = entry.get(other).and_then(integer).ok_or(BAD)?;
    let amount = signed(entry.get(2))?;
    if is_below_zero {
        return Err(BAD);
    }
    if price.is_beyond_prices() {
        if is_by_order {
            // Wherever it stood before, it does not any more.
            entries.push_order(other, Price(0), amount);
        }
        return Ok(Taken::LeftOut);
    }
    let Some(price) = price.price() else {
        return Ok(Taken::TooFine);
    };
    if is_by_order {
        entries.push_order(other, price, amount);
    } else {
        entries.levels.push(level(price, other, amount));
    }
    Ok(Taken::Whole)
}

/// `[id, time, amount, price]`.
fn trade(data: &Array<'_, '_>) -> Result<Body, DecodeError> {
    let id = data.get(0).and_then(integer).ok_or(BAD)?;
    let millis = data.get(1).and_then(integer).ok_or(BAD)?;
    let time = EventTime(millis.checked_mul(1_000_000).ok_or(BAD)?);
    let (is_below_zero, size) = signed(data.get(2))?;
    let (false, price) = signed(data.get(3))? else {
        return Err(BAD);
    };
    Ok(match price.price() {
        Some(price) => Body::Trade(Trade {
            id,
            time,
            aggressor: side(is_below_zero),
            price,
            size,
        }),
        None => Body::TooFine,
    })
}

/// Whether a number is below zero, and its size.
fn signed(value: Option<Value<'_, '_>>) -> Result<(bool, Number), DecodeError> {
    let text = value.and_then(|value| value.into_string()).ok_or(BAD)?;
    let (is_below_zero, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let number = Number::parse(digits.as_bytes());
    Ok((is_below_zero, number.ok_or(BAD)?))
}

/// The list of pairs by REST: a list in a list.
pub(super) fn read_pairs<H: Hear>(
    body: &[u8],
    reader: &mut Reader,
    hear: &mut H,
) -> Result<(), DecodeError> {
    let tape = reader.tape(body)?;
    let lists = tape.as_value().into_array().ok_or(NO_JSON)?;
    let pairs = lists.get(0).and_then(|pairs| pairs.into_array());
    for pair in pairs.ok_or(BAD)?.iter() {
        let Some(pair) = pair.into_string() else {
            continue;
        };
        hear.product(&Product {
            symbol: Symbol::new(format!("t{pair}").as_bytes()),
            // What all amounts are rounded to.
            size_step: Number::parse(b"1e-8"),
            tick_size: None,
            trading: TradingState::Trading,
        });
    }
    Ok(())
}
