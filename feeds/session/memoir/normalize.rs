//! Messages to ticks: instruments by their number, and the messages all feeds of the family have.
//!
//! Every message is an event. A message names its instrument by a number that the directory ties to
//! a symbol for one session; messages of numbers nobody named are counted and make no tick.

use super::split_message;
use crate::contract::{Batch, DecodeError, FeedCounters, InspectedMessage, Notice};
use crate::model::{
    Action, ChannelId, Definition, EventTime, Flags, InstrumentId, Price, RecvTime, Size, Symbol,
    Tick, TradingState,
};
use crate::session::sbe::{Decimal, Header, HeaderShape};
use hashbrown::HashMap;
use std::collections::VecDeque;

/// Entry of a number whose symbol is followed by nobody.
const NOT_FOLLOWED: u32 = u32::MAX - 1;
/// Entry of a number nobody named.
const UNKNOWN: u32 = u32::MAX;
/// Numbers there can be, and the most symbols a channel follows over all its sessions.
const NUMBER_COUNT: usize = 1 << 16;
/// Notices kept until they are polled: one a template at most.
const NOTICES_MAX: usize = 256;
/// Bytes of a symbol, and of its suffix.
const PART_BYTES: usize = 6;
/// Units of a normalised price in one of the wire's 1e-6.
const PRICE_UNITS: i64 = 1_000;

/// A symbol and its suffix as sent, blank padded.
type Name = [u8; 2 * PART_BYTES];

/// A feed of the family: what it adds to the messages all of them share.
pub(crate) trait Dialect: Default + Send + 'static {
    /// Its header of a message.
    type Head: HeaderShape;
    /// The number of its schema, where it is known.
    const SCHEMA: Option<u16>;
    /// Its messages: number and name.
    const TEMPLATES: &'static [(u16, &'static str)];

    /// Makes ticks of one message, unless its template is none of [`Dialect::TEMPLATES`]: then
    /// `false`.
    ///
    /// # Errors
    /// The message is too short for its template, or a field has a value it cannot have.
    fn message(
        &mut self,
        messages: &mut Messages,
        at: At,
        message: (Header, &[u8]),
        counters: &mut FeedCounters,
        out: &mut Batch,
    ) -> Result<bool, DecodeError>;

    /// Hands the fields of one message to `show`, unless its template is unknown.
    ///
    /// # Errors
    /// The message is too short for its template.
    fn inspect(
        header: Header,
        block: &[u8],
        show: &mut dyn FnMut(&dyn InspectedMessage),
    ) -> Result<(), DecodeError>;

    /// Messages before the next one were never seen.
    fn on_hole(&mut self) {}

    /// Another session begins.
    fn restart(&mut self) {}
}

/// Where and when a message was.
#[derive(Clone, Copy, Debug)]
pub(crate) struct At {
    /// When its packet came.
    pub(crate) ts_recv: RecvTime,
    /// Its number.
    pub(crate) sequence: u64,
}

/// What the directory says of an instrument.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Listing<'a> {
    /// Its number for the session.
    pub(crate) number: u16,
    /// Its symbol and the symbol's suffix, without padding.
    pub(crate) name: [&'a [u8]; 2],
    /// Shares of a round lot.
    pub(crate) round_lot: u32,
    /// Whether it only tests.
    pub(crate) is_test: bool,
    /// The least price step; 0 where it is not said.
    pub(crate) step: Decimal,
}

/// What the messages of one channel mean.
pub(crate) struct Messages {
    channel: ChannelId,
    /// By number: an instrument's id, [`NOT_FOLLOWED`] or [`UNKNOWN`].
    instruments: Box<[u32; NUMBER_COUNT]>,
    /// Ids by name; they outlive a session, numbers do not.
    ids: HashMap<Name, u32, foldhash::fast::FixedState>,
    /// Names to follow, sorted; empty means all.
    followed: Vec<Name>,
    counts: [u64; 256],
    told_unknown: [bool; 256],
    notices: VecDeque<Notice>,
}

impl Messages {
    /// A normaliser that knows no instrument. Empty `followed` follows all symbols.
    pub(crate) fn new(channel: ChannelId, followed: &[String]) -> Messages {
        let name = |symbol: &String| {
            let text = symbol.trim();
            let (symbol, suffix) = text.split_once(' ').unwrap_or((text, ""));
            padded([symbol.as_bytes(), suffix.trim().as_bytes()])
        };
        let mut followed: Vec<Name> = followed.iter().map(name).collect();
        followed.sort_unstable();
        Messages {
            channel,
            instruments: Box::new([UNKNOWN; NUMBER_COUNT]),
            ids: HashMap::with_hasher(foldhash::fast::FixedState::with_seed(0)),
            followed,
            counts: [0; 256],
            told_unknown: [false; 256],
            notices: VecDeque::new(),
        }
    }

    /// A new session: numbers are given anew.
    pub(crate) fn restart(&mut self) {
        self.instruments.fill(UNKNOWN);
    }

    /// Messages seen by template, zeros left out.
    pub(crate) fn messages_by_type(
        &self,
        templates: &[(u16, &'static str)],
    ) -> Vec<(&'static str, u64)> {
        templates
            .iter()
            .map(|&(template, name)| (name, self.counts[usize::from(template & 0xff)]))
            .filter(|&(_, count)| count > 0)
            .collect()
    }

    /// Next thing to log.
    pub(crate) fn poll_notice(&mut self) -> Option<Notice> {
        self.notices.pop_front()
    }

    /// Applies the whole messages among the first `count` of `body`, except the first `skip`;
    /// returns how many there were, the skipped ones included.
    #[inline(always)]
    pub(crate) fn apply<D: Dialect>(
        &mut self,
        dialect: &mut D,
        mut at: At,
        mut body: &[u8],
        (skip, count): (u64, u64),
        counters: &mut FeedCounters,
        out: &mut Batch,
    ) -> u64 {
        for index in 0..count {
            let Some((message, rest)) = split_message(body) else {
                return index;
            };
            body = rest;
            if index >= skip
                && let Err(error) = self.message(dialect, at, message, counters, out)
            {
                counters.refuse(error);
            }
            at.sequence = at.sequence.wrapping_add(1);
        }
        count
    }

    #[inline(always)]
    fn message<D: Dialect>(
        &mut self,
        dialect: &mut D,
        at: At,
        message: &[u8],
        counters: &mut FeedCounters,
        out: &mut Batch,
    ) -> Result<(), DecodeError> {
        let Some((header, block)) = D::Head::read(message) else {
            return Err(DecodeError::BadLength {
                tag: 0,
                need_bytes: D::Head::LEN as u32,
                have_bytes: u32::try_from(message.len()).unwrap_or(u32::MAX),
            });
        };
        if D::SCHEMA.is_some_and(|schema| schema != header.schema) {
            return Err(DecodeError::NotThisProtocol);
        }
        if dialect.message(self, at, (header, block), counters, out)? {
            self.counts[usize::from(header.template & 0xff)] += 1;
        } else {
            self.unknown(header.template, counters);
        }
        Ok(())
    }

    /// A tick of the message's time and place that closes its event.
    #[inline(always)]
    pub(crate) fn blank(&self, at: At, action: Action, timestamp: u64) -> Tick {
        Tick {
            ts_event: EventTime(timestamp),
            ts_recv: at.ts_recv,
            sequence: at.sequence,
            flags: Flags::LAST,
            ..Tick::blank(self.channel, action)
        }
    }

    /// The tick of a message about the instrument `number`; `None` when nobody named it, which is
    /// counted, or nobody follows it.
    #[inline(always)]
    pub(crate) fn known(
        &self,
        at: At,
        (action, timestamp, number): (Action, u64, u16),
        counters: &mut FeedCounters,
    ) -> Option<Tick> {
        let id = self.instruments[usize::from(number)];
        if id >= NOT_FOLLOWED {
            counters.unknown_instrument_messages += u64::from(id == UNKNOWN);
            return None;
        }
        Some(Tick {
            instrument: InstrumentId(id),
            ..self.blank(at, action, timestamp)
        })
    }

    /// An instrument is listed: `Definition`.
    ///
    /// # Errors
    /// The price step does not fit.
    pub(crate) fn directory(
        &mut self,
        at: At,
        timestamp: u64,
        listing: Listing<'_>,
        out: &mut Batch,
    ) -> Result<(), DecodeError> {
        let step = price_of(1, listing.step)?;
        let number = usize::from(listing.number);
        let name = padded(listing.name);
        self.instruments[number] = NOT_FOLLOWED;
        if !self.followed.is_empty() && self.followed.binary_search(&name).is_err() {
            return Ok(());
        }
        let id = match self.ids.get(&name) {
            Some(&id) => id,
            // More symbols than numbers: a stream that names so many is damaged.
            None if self.ids.len() >= NUMBER_COUNT => return Ok(()),
            None => {
                let id = self.ids.len() as u32;
                self.ids.insert(name, id);
                id
            }
        };
        self.instruments[number] = id;
        let mut text = [b' '; 2 * PART_BYTES + 1];
        let [symbol, suffix] = listing.name.map(|part| &part[..part.len().min(PART_BYTES)]);
        text[..symbol.len()].copy_from_slice(symbol);
        // Symbol and suffix with a blank between them; the padding behind is trimmed.
        let suffix_at = symbol.len() + 1;
        text[suffix_at..suffix_at + suffix.len()].copy_from_slice(suffix);
        let instrument = InstrumentId(id);
        let definition = Definition {
            tick_size: if step.0 > 0 { step } else { Price::UNDEFINED },
            round_lot: u64::from(listing.round_lot),
            is_test: listing.is_test,
            ..Definition::named(instrument, Symbol::new(&text))
        };
        let tick = self.blank(at, Action::Definition, timestamp);
        out.define(&definition, Tick { instrument, ..tick });
        Ok(())
    }

    /// The short sale restriction of an instrument: `Status` short-sale change, 1 as size while in
    /// effect.
    pub(crate) fn short_sale(
        &self,
        at: At,
        (timestamp, number): (u64, u16),
        restriction: u8,
        counters: &mut FeedCounters,
        out: &mut Batch,
    ) {
        if let Some(tick) = self.known(at, (Action::Status, timestamp, number), counters) {
            out.push(Tick {
                detail: TradingState::ShortSaleChange as u8,
                size: Size(u64::from(restriction)),
                ..tick
            });
        }
    }

    /// The trading status of an instrument: `Status`, the reason as text in a number.
    ///
    /// # Errors
    /// The status is none of the known ones.
    pub(crate) fn trading_status(
        &self,
        at: At,
        (timestamp, number): (u64, u16),
        (status, reason): (u8, u8),
        counters: &mut FeedCounters,
        out: &mut Batch,
    ) -> Result<(), DecodeError> {
        let state = match status {
            b'T' => TradingState::Trading,
            b'H' => TradingState::Halt,
            b'P' => TradingState::Pause,
            b'Q' => TradingState::Quoting,
            _ => return Err(DecodeError::BadField { tag: 3, offset: 10 }),
        };
        if let Some(tick) = self.known(at, (Action::Status, timestamp, number), counters) {
            let has_reason = !matches!(reason, b'X' | b' ' | 0);
            let order_id = if has_reason {
                u64::from(reason) << 56
            } else {
                0
            };
            out.push(Tick {
                detail: state as u8,
                order_id,
                ..tick
            });
        }
        Ok(())
    }

    /// The part of the day that begins: its end closes all; the others say nothing about an
    /// instrument, because a halt outlasts them.
    ///
    /// # Errors
    /// The part is none of the known ones.
    pub(crate) fn session_status(
        &self,
        at: At,
        timestamp: u64,
        part: u8,
        out: &mut Batch,
    ) -> Result<(), DecodeError> {
        match part {
            b'1'..=b'3' => {}
            b'4' => out.push(Tick {
                detail: TradingState::Close as u8,
                ..self.blank(at, Action::Status, timestamp)
            }),
            _ => return Err(DecodeError::BadField { tag: 5, offset: 8 }),
        }
        Ok(())
    }

    /// Counts a message of a template the schema does not have.
    #[cold]
    fn unknown(&mut self, template: u16, counters: &mut FeedCounters) {
        counters.unknown_messages += 1;
        let told = &mut self.told_unknown[usize::from(template & 0xff)];
        if !std::mem::replace(told, true) && self.notices.len() < NOTICES_MAX {
            self.notices.push_back(Notice::UnknownType {
                tag: u32::from(template),
                name: Symbol::new(template.to_string().as_bytes()),
            });
        }
    }
}

/// A price as the wire has it, in 1e-6, normalised.
///
/// # Errors
/// It does not fit.
#[inline(always)]
pub(crate) fn price_of(template: u16, price: Decimal) -> Result<Price, DecodeError> {
    price
        .mantissa
        .checked_mul(PRICE_UNITS)
        .map(Price)
        .filter(|price| price.is_defined())
        .ok_or(DecodeError::NotExact {
            tag: u32::from(template),
        })
}

/// A symbol and its suffix, as a key. Parts that are too long are cut.
fn padded(parts: [&[u8]; 2]) -> Name {
    let mut name = [b' '; 2 * PART_BYTES];
    for (part, place) in parts.iter().zip(name.chunks_exact_mut(PART_BYTES)) {
        for (byte, place) in part.iter().zip(place) {
            *place = *byte;
        }
    }
    name
}
