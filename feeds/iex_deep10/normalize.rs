//! DEEP's own messages to ticks.
//!
//! The venue marks the end of a matching event in its price level updates only.

use super::{PROTOCOL, wire};
use crate::contract::{Batch, DecodeError, FeedCounters, InspectedMessage};
use crate::model::{Action, Flags, Side, Size, Tick};
use crate::session::iextp::messages::TypeInfo;
use crate::session::iextp::normalize::{At, Dialect, Messages, price_of, view};
use wire::PriceLevelBuyUpdate;

/// Bit of `event_flags`: the event is complete.
const EVENT_COMPLETE: u8 = 1;

/// IEX DEEP 1.0.
pub(super) struct Deep;

impl Dialect for Deep {
    const PROTOCOLS: &'static [u16] = &[PROTOCOL];
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
            b'8' | b'5' => {
                // Both sides have one layout.
                let view = view!(PriceLevelBuyUpdate, body, tag);
                let price = price_of(tag, view.price())?;
                let tick = messages.blank(at, Action::Level, view.timestamp());
                if let Some(tick) = messages.known(tick, view.symbol(), counters, out) {
                    let is_complete = view.event_flags() & EVENT_COMPLETE != 0;
                    messages.set_event_open(!is_complete);
                    out.push(Tick {
                        side: if tag == b'8' { Side::Bid } else { Side::Ask },
                        price,
                        size: Size(u64::from(view.size())),
                        flags: if is_complete {
                            Flags::MBP.with(Flags::LAST)
                        } else {
                            Flags::MBP
                        },
                        ..tick
                    });
                }
                Ok(())
            }
            // All shared types are types of DEEP.
            _ => messages.shared(at, tag, body, counters, out),
        }
    }

    fn inspect(message: &[u8], show: &mut dyn FnMut(&dyn InspectedMessage)) -> Option<()> {
        wire::inspect_message(message, show)
    }
}
