//! The general reader: any JSON object, keys in any order, members it does not know left alone.
//!
//! Slow by comparison and rarely taken. The JSON reader bounds the depth (1,024 levels) and gives a flat list of nodes;
//! nothing here recurses. Where a key stands twice, the first counts.

use super::message::{Kind, Level, Match, Message, Number, Product, Ticker, parse_time};
use super::scan;
use crate::contract::DecodeError;
use crate::model::{EventTime, Price, Side, Symbol, TradingState};
use simd_json::prelude::*;
use simd_json::tape::{Object, Value};

/// Room to read in, reused from message to message.
#[derive(Default)]
pub struct Scratch {
    levels: Vec<Level>,
    text: Vec<u8>,
    buffers: simd_json::Buffers,
}

/// A message, and the levels of a snapshot or an update (empty for others).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read<'a> {
    /// The message.
    pub message: Message<'a>,
    /// Its levels, in the order sent.
    pub levels: &'a [Level],
}

impl Scratch {
    /// Reads one WebSocket text.
    ///
    /// # Errors
    /// [`DecodeError::BadText`] when it is no JSON object with a `type`, [`DecodeError::BadField`] when a member is missing
    /// or has an impossible value, [`DecodeError::NotExact`] when a price does not fit.
    #[inline]
    pub fn read<'a>(&'a mut self, bytes: &'a [u8]) -> Result<Read<'a>, DecodeError> {
        self.levels.clear();
        match scan::scan(bytes, &mut self.levels) {
            Some(message) => Ok(Read {
                message,
                levels: &self.levels,
            }),
            None => self.read_any(bytes),
        }
    }

    /// Reads one WebSocket text without trying the scanners.
    ///
    /// # Errors
    /// As [`Scratch::read`].
    #[cold]
    pub fn read_any<'a>(&'a mut self, bytes: &[u8]) -> Result<Read<'a>, DecodeError> {
        self.levels.clear();
        let tape = tape(bytes, &mut self.text, &mut self.buffers)?;
        let value = tape.as_value();
        let object = value
            .as_object()
            .ok_or(DecodeError::BadText { offset: 0 })?;
        let message = message(&object, &mut self.levels)?;
        Ok(Read {
            message,
            levels: &self.levels,
        })
    }

    /// Reads the list of products a REST answer holds.
    ///
    /// # Errors
    /// [`DecodeError::BadText`] when it is no JSON list; a product without a name is left out.
    pub fn read_products(&mut self, bytes: &[u8]) -> Result<Vec<Product>, DecodeError> {
        let tape = tape(bytes, &mut self.text, &mut self.buffers)?;
        products(tape.as_value()).ok_or(DecodeError::BadText { offset: 0 })
    }
}

fn tape<'a>(
    bytes: &[u8],
    text: &'a mut Vec<u8>,
    buffers: &mut simd_json::Buffers,
) -> Result<simd_json::Tape<'a>, DecodeError> {
    text.clear();
    text.extend_from_slice(bytes);
    simd_json::to_tape_with_buffers(text, buffers).map_err(|error| DecodeError::BadText {
        offset: u32::try_from(error.index()).unwrap_or(u32::MAX),
    })
}

/// The members of one message, and whose they are when one of them is wrong.
struct Members<'tape, 'input> {
    object: &'tape Object<'tape, 'input>,
    kind: Kind,
}

impl<'tape, 'input> Members<'tape, 'input> {
    fn bad(&self) -> DecodeError {
        DecodeError::BadField {
            tag: self.kind.tag(),
            offset: 0,
        }
    }

    fn inexact(&self) -> DecodeError {
        DecodeError::NotExact {
            tag: self.kind.tag(),
        }
    }

    fn get(&self, key: &str) -> Result<Value<'tape, 'input>, DecodeError> {
        self.object.get(key).ok_or_else(|| self.bad())
    }

    fn text(&self, key: &str) -> Result<&'input str, DecodeError> {
        self.get(key)?.into_string().ok_or_else(|| self.bad())
    }

    fn integer(&self, key: &str) -> Result<u64, DecodeError> {
        self.get(key)?.as_u64().ok_or_else(|| self.bad())
    }

    fn side(&self, text: &str) -> Result<Side, DecodeError> {
        match text {
            "buy" => Ok(Side::Bid),
            "sell" => Ok(Side::Ask),
            _ => Err(self.bad()),
        }
    }

    fn number_of(&self, text: &str) -> Result<Number, DecodeError> {
        // Told apart: what is no number at all, and a number too long for 64 bits.
        Number::parse(text.as_bytes()).ok_or_else(|| {
            let is_number_like = text.bytes().any(|byte| byte.is_ascii_digit())
                && text
                    .bytes()
                    .all(|byte| byte.is_ascii_digit() || byte == b'.');
            if is_number_like {
                self.inexact()
            } else {
                self.bad()
            }
        })
    }

    fn number(&self, key: &str) -> Result<Number, DecodeError> {
        self.number_of(self.text(key)?)
    }

    fn price(&self, key: &str) -> Result<Price, DecodeError> {
        self.number(key)?.price().ok_or_else(|| self.inexact())
    }

    fn time(&self, key: &str) -> Result<EventTime, DecodeError> {
        parse_time(self.text(key)?.as_bytes()).ok_or_else(|| self.bad())
    }

    /// A time that may be absent, but not wrong.
    fn time_if_any(&self, key: &str) -> Result<EventTime, DecodeError> {
        match self.object.get(key) {
            Some(_) => self.time(key),
            None => Ok(EventTime::UNDEFINED),
        }
    }

    fn level(&self, side: Side, price: &str, size: &str) -> Result<Level, DecodeError> {
        let price = self.number_of(price)?.price();
        let price = price.ok_or_else(|| self.inexact())?;
        let size = self.number_of(size)?;
        Ok(Level { side, price, size })
    }
}

fn message<'input>(
    object: &Object<'_, 'input>,
    levels: &mut Vec<Level>,
) -> Result<Message<'input>, DecodeError> {
    let name = object
        .get("type")
        .and_then(|value| value.into_string())
        .ok_or(DecodeError::BadText { offset: 0 })?;
    let Some(kind) = Kind::of(name.as_bytes()) else {
        return Ok(Message::Unknown(name));
    };
    let members = Members { object, kind };
    Ok(match kind {
        Kind::Snapshot => snapshot(&members, levels)?,
        Kind::L2Update => l2update(&members, levels)?,
        Kind::Match => Message::Match(trade(&members)?),
        Kind::LastMatch => Message::LastMatch(trade(&members)?),
        Kind::Ticker => Message::Ticker(ticker(&members)?),
        Kind::Heartbeat => Message::Heartbeat {
            product: members.text("product_id")?.as_bytes(),
            time: members.time("time")?,
            sequence: members.integer("sequence")?,
            last_trade_id: members.integer("last_trade_id")?,
        },
        Kind::Status => {
            Message::Status(products(members.get("products")?).ok_or_else(|| members.bad())?)
        }
        Kind::Subscriptions => {
            let channels = members.get("channels")?;
            Message::Subscriptions(channels.as_array().ok_or_else(|| members.bad())?.len())
        }
        Kind::Error => Message::Error {
            message: members.text("message").unwrap_or_default(),
            reason: members.text("reason").unwrap_or_default(),
        },
    })
}

fn snapshot<'input>(
    members: &Members<'_, 'input>,
    levels: &mut Vec<Level>,
) -> Result<Message<'input>, DecodeError> {
    let product = members.text("product_id")?.as_bytes();
    let (mut has_bids, mut has_asks) = (false, false);
    for (key, value) in members.object.iter() {
        let (side, seen) = match key {
            "bids" => (Side::Bid, &mut has_bids),
            "asks" => (Side::Ask, &mut has_asks),
            _ => continue,
        };
        if std::mem::replace(seen, true) {
            continue;
        }
        let list = value.as_array().ok_or_else(|| members.bad())?;
        for element in list.iter() {
            let [price, size] = texts(element).ok_or_else(|| members.bad())?;
            levels.push(members.level(side, price, size)?);
        }
    }
    if !(has_bids && has_asks) {
        return Err(members.bad());
    }
    let time = members.time_if_any("time")?;
    Ok(Message::Snapshot { product, time })
}

fn l2update<'input>(
    members: &Members<'_, 'input>,
    levels: &mut Vec<Level>,
) -> Result<Message<'input>, DecodeError> {
    let product = members.text("product_id")?.as_bytes();
    let changes = members.get("changes")?;
    let changes = changes.as_array().ok_or_else(|| members.bad())?;
    for change in changes.iter() {
        let [side, price, size] = texts(change).ok_or_else(|| members.bad())?;
        levels.push(members.level(members.side(side)?, price, size)?);
    }
    let time = members.time("time")?;
    Ok(Message::L2Update { product, time })
}

fn trade<'input>(members: &Members<'_, 'input>) -> Result<Match<'input>, DecodeError> {
    Ok(Match {
        product: members.text("product_id")?.as_bytes(),
        time: members.time("time")?,
        sequence: members.integer("sequence")?,
        trade_id: members.integer("trade_id")?,
        maker_side: members.side(members.text("side")?)?,
        price: members.price("price")?,
        size: members.number("size")?,
    })
}

fn ticker<'input>(members: &Members<'_, 'input>) -> Result<Ticker<'input>, DecodeError> {
    let has = |key| members.object.get(key).is_some();
    Ok(Ticker {
        product: members.text("product_id")?.as_bytes(),
        time: members.time_if_any("time")?,
        sequence: members.integer("sequence")?,
        price: members.price("price")?,
        open_24h: has("open_24h")
            .then(|| members.price("open_24h"))
            .transpose()?,
        volume_24h: has("volume_24h")
            .then(|| members.number("volume_24h"))
            .transpose()?,
    })
}

/// A list of exactly `N` texts.
fn texts<'input, const N: usize>(value: Value<'_, 'input>) -> Option<[&'input str; N]> {
    let list = value.as_array()?;
    if list.len() != N {
        return None;
    }
    let mut texts = [""; N];
    for (slot, element) in texts.iter_mut().zip(list.iter()) {
        *slot = element.into_string()?;
    }
    Some(texts)
}

fn products(list: Value<'_, '_>) -> Option<Vec<Product>> {
    let list = list.as_array()?;
    Some(
        list.iter()
            .filter_map(|entry| product(&entry.as_object()?))
            .collect(),
    )
}

fn product(object: &Object<'_, '_>) -> Option<Product> {
    let text = |key: &str| object.get(key).and_then(|value| value.into_string());
    let flag = |key: &str| object.get(key).and_then(|value| value.as_bool()) == Some(true);
    let number = |key: &str| Number::parse(text(key)?.as_bytes());
    let trading = if flag("auction_mode") {
        TradingState::Auction
    } else if flag("trading_disabled") || flag("cancel_only") {
        TradingState::Halt
    } else {
        match text("status") {
            Some("delisted") => TradingState::NotAvailable,
            Some("offline" | "internal") => TradingState::Halt,
            _ => TradingState::Trading,
        }
    };
    Some(Product {
        symbol: Symbol::new(text("id")?.as_bytes()),
        base_increment: number("base_increment"),
        quote_increment: number("quote_increment").and_then(Number::price),
        trading,
    })
}
