//! TOPS's own message to ticks. Every message is an event.

use super::wire::{self, QuoteUpdate};
use super::{PROTOCOL, PROTOCOL_15};
use crate::contract::{Batch, DecodeError, FeedCounters, InspectedMessage};
use crate::model::{Action, Flags, Price, Side, Size, Tick};
use crate::session::iextp::messages::TypeInfo;
use crate::session::iextp::normalize::{At, Dialect, Messages, price_of, view};

/// IEX TOPS, both versions.
pub(super) struct Tops;

/// What a side quotes: an undefined price and no size when either is zero.
#[inline(always)]
fn quoted(tag: u8, price: i64, size: u32) -> Result<(Price, Size), DecodeError> {
    if price == 0 || size == 0 {
        return Ok((Price::UNDEFINED, Size(0)));
    }
    Ok((price_of(tag, price)?, Size(u64::from(size))))
}

impl Dialect for Tops {
    const PROTOCOLS: &'static [u16] = &[PROTOCOL, PROTOCOL_15];
    const TYPES: &'static [TypeInfo] = wire::TYPES;

    #[inline(always)]
    fn message(
        messages: &mut Messages,
        at: At,
        tag: u8,
        body: &[u8],
        counters: &mut FeedCounters,
        out: &mut Batch,
    ) -> Result<(), DecodeError> {
        match tag {
            b'Q' => {
                let view = view!(QuoteUpdate, body, tag);
                let bid = quoted(tag, view.bid_price(), view.bid_size())?;
                let ask = quoted(tag, view.ask_price(), view.ask_size())?;
                let tick = messages.blank(at, Action::Quote, view.timestamp());
                if let Some(tick) = messages.known(tick, view.symbol(), counters, out) {
                    // A quote is all there is to know of a book, so it makes up for what was lost.
                    let flags = if messages.is_first_whole(tick.instrument) {
                        Flags::TOB.with(Flags::SNAPSHOT)
                    } else {
                        Flags::TOB
                    };
                    out.push(Tick {
                        side: Side::Bid,
                        price: bid.0,
                        size: bid.1,
                        flags,
                        ..tick
                    });
                    out.push(Tick {
                        side: Side::Ask,
                        price: ask.0,
                        size: ask.1,
                        flags: flags.with(Flags::LAST),
                        ..tick
                    });
                }
                Ok(())
            }
            // A type of the other protocols of this transport.
            b'E' => {
                messages.unknown_type(tag, counters);
                Ok(())
            }
            _ => messages.shared(at, tag, body, counters, out),
        }
    }

    fn inspect(message: &[u8], show: &mut dyn FnMut(&dyn InspectedMessage)) -> Option<()> {
        wire::inspect_message(message, show)
    }
}
