//! The best of each side to ticks.

use super::generated::{self as sbe, Message, MessageHeader};
use crate::contract::{Batch, DecodeError, FeedCounters, InspectedMessage};
use crate::model::{Action, Flags, Price, Side, Size, Tick};
use crate::session::memoir::normalize::{At, Dialect, Listing, Messages, price_of};
use crate::session::sbe::{Decimal, Header};

/// What a side quotes: an undefined price and no size for nothing.
type Quoted = (Price, Size);

const NOTHING: Quoted = (Price::UNDEFINED, Size(0));

/// What is known of an instrument's quotes.
#[derive(Clone, Copy, Debug)]
struct Sides {
    /// Bid and offer as told last.
    quoted: [Quoted; 2],
    /// [`Top::breaks`] when each was told.
    told: [u32; 2],
    /// [`Top::breaks`] when both were said as a whole last.
    whole_since: u32,
}

const EMPTY: Sides = Sides {
    quoted: [NOTHING; 2],
    told: [0; 2],
    whole_since: 0,
};

/// MEMOIR Top.
#[derive(Default)]
pub(super) struct Top {
    /// By instrument; as many as the channel has names.
    sides: Vec<Sides>,
    /// Places where messages before the next one were never seen.
    breaks: u32,
}

/// What a side quotes: nothing when price or size is zero.
#[inline(always)]
fn quoted(template: u16, price: Decimal, size: u32) -> Result<Quoted, DecodeError> {
    if price.mantissa == 0 || size == 0 {
        return Ok(NOTHING);
    }
    Ok((price_of(template, price)?, Size(u64::from(size))))
}

impl Top {
    /// Says what was told of the sides of `tick`'s instrument, as one event.
    #[inline(always)]
    fn quote(&mut self, tick: Tick, told: [Option<Quoted>; 2], out: &mut Batch) {
        let index = tick.instrument.index();
        if self.sides.len() <= index {
            self.sides.resize(index + 1, EMPTY);
        }
        let sides = &mut self.sides[index];
        for (side, quoted) in told.into_iter().enumerate() {
            if let Some(quoted) = quoted {
                sides.quoted[side] = quoted;
                sides.told[side] = self.breaks;
            }
        }
        let is_first_whole = sides.whole_since != self.breaks && sides.told == [self.breaks; 2];
        let (said, flags) = if is_first_whole {
            sides.whole_since = self.breaks;
            let whole = Flags::TOB.with(Flags::SNAPSHOT);
            (sides.quoted.map(Some), whole)
        } else {
            (told, Flags::TOB)
        };
        let count = said.iter().flatten().count();
        let ticks = [Side::Bid, Side::Ask].into_iter().zip(said);
        let ticks = ticks.filter_map(|(side, quoted)| Some((side, quoted?)));
        for ((side, (price, size)), place) in ticks.zip(1..) {
            out.push(Tick {
                side,
                price,
                size,
                flags: if place == count {
                    flags.with(Flags::LAST)
                } else {
                    flags
                },
                ..tick
            });
        }
    }
}

impl Dialect for Top {
    type Head = MessageHeader;
    const SCHEMA: Option<u16> = None;
    const TEMPLATES: &'static [(u16, &'static str)] = sbe::TEMPLATES;

    #[inline(always)]
    fn message(
        &mut self,
        messages: &mut Messages,
        at: At,
        (header, body): (Header, &[u8]),
        counters: &mut FeedCounters,
        out: &mut Batch,
    ) -> Result<bool, DecodeError> {
        let template = header.template;
        let (timestamp, number, told) = match template {
            sbe::BestBidOfferMessage::TEMPLATE => {
                let block = sbe::BestBidOfferMessage::read(header, body)?.block;
                let bid = quoted(template, block.bid_price(), block.bid_size())?;
                let offer = quoted(template, block.offer_price(), block.offer_size())?;
                let told = [Some(bid), Some(offer)];
                (block.timestamp(), block.security_id(), told)
            }
            sbe::BestBidMessage::TEMPLATE => {
                let block = sbe::BestBidMessage::read(header, body)?.block;
                let bid = quoted(template, block.bid_price(), block.bid_size())?;
                (block.timestamp(), block.security_id(), [Some(bid), None])
            }
            sbe::BestOfferMessage::TEMPLATE => {
                let block = sbe::BestOfferMessage::read(header, body)?.block;
                let offer = quoted(template, block.offer_price(), block.offer_size())?;
                (block.timestamp(), block.security_id(), [None, Some(offer)])
            }
            sbe::BestBidShortMessage::TEMPLATE => {
                let block = sbe::BestBidShortMessage::read(header, body)?.block;
                let bid = quoted(template, block.bid_price(), block.bid_size())?;
                (block.timestamp(), block.security_id(), [Some(bid), None])
            }
            sbe::BestOfferShortMessage::TEMPLATE => {
                let block = sbe::BestOfferShortMessage::read(header, body)?.block;
                let offer = quoted(template, block.offer_price(), block.offer_size())?;
                (block.timestamp(), block.security_id(), [None, Some(offer)])
            }
            _ => return self.rare(messages, at, (header, body), counters, out),
        };
        if let Some(tick) = messages.known(at, (Action::Quote, timestamp, number), counters) {
            self.quote(tick, told, out);
        }
        Ok(true)
    }

    fn inspect(
        header: Header,
        block: &[u8],
        show: &mut dyn FnMut(&dyn InspectedMessage),
    ) -> Result<(), DecodeError> {
        if let Some(message) = Message::read(header, block)? {
            show(&message);
        }
        Ok(())
    }

    fn on_hole(&mut self) {
        self.breaks = self.breaks.wrapping_add(1);
    }

    /// Nothing is quoted at the beginning of a session, and that is known.
    fn restart(&mut self) {
        self.sides.clear();
        self.breaks = 0;
    }
}

impl Top {
    /// Everything that does not come by the million.
    #[cold]
    fn rare(
        &mut self,
        messages: &mut Messages,
        at: At,
        (header, body): (Header, &[u8]),
        counters: &mut FeedCounters,
        out: &mut Batch,
    ) -> Result<bool, DecodeError> {
        let Some(message) = Message::read(header, body)? else {
            return Ok(false);
        };
        match message {
            Message::InstrumentDirectoryMessage(message) => {
                let block = message.block;
                let listing = Listing {
                    number: block.security_id(),
                    name: [block.symbol(), block.symbol_sfx()],
                    round_lot: block.round_lot(),
                    is_test: block.is_test_symbol() != 0,
                    step: block.mpv(),
                };
                messages.directory(at, block.timestamp(), listing, out)?;
            }
            Message::RegShoRestrictionMessage(message) => {
                let block = message.block;
                let about = (block.timestamp(), block.security_id());
                messages.short_sale(at, about, block.short_sale_restriction(), counters, out);
            }
            Message::SecurityTradingStatusMessage(message) => {
                let block = message.block;
                let about = (block.timestamp(), block.security_id());
                let status = (
                    block.security_trading_status(),
                    block.security_trading_status_reason(),
                );
                messages.trading_status(at, about, status, counters, out)?;
            }
            Message::TradingSessionStatusMessage(message) => {
                let block = message.block;
                messages.session_status(at, block.timestamp(), block.trading_session(), out)?;
            }
            Message::ClearBookMessage(message) => {
                let block = message.block;
                let about = (Action::Clear, block.timestamp(), block.security_id());
                if let Some(tick) = messages.known(at, about, counters) {
                    let index = tick.instrument.index();
                    if self.sides.len() <= index {
                        self.sides.resize(index + 1, EMPTY);
                    }
                    // An empty book is a whole one.
                    self.sides[index] = Sides {
                        quoted: [NOTHING; 2],
                        told: [self.breaks; 2],
                        whole_since: self.breaks,
                    };
                    out.push(tick);
                }
            }
            Message::SnapshotCompleteMessage(_) => counters.messages_ignored += 1,
            // Those that come by the million.
            Message::BestBidOfferMessage(_)
            | Message::BestBidMessage(_)
            | Message::BestOfferMessage(_)
            | Message::BestBidShortMessage(_)
            | Message::BestOfferShortMessage(_) => {}
        }
        Ok(true)
    }
}
