//! DEEP+'s own messages to ticks. Every message is an event.

use super::PROTOCOL;
use super::wire::{self, AddOrder, ClearBook, OrderDelete, OrderExecuted, OrderModify};
use crate::contract::{Batch, DecodeError, FeedCounters, InspectedMessage};
use crate::model::{Action, Flags, Side, Size, Tick, cancel_detail};
use crate::session::iextp::messages::TypeInfo;
use crate::session::iextp::normalize::{At, Dialect, Messages, bad_code, price_of, view};

/// IEX DEEP+.
pub(super) struct DeepPlus;

impl Dialect for DeepPlus {
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
            b'a' => {
                let view = view!(AddOrder, body, tag);
                let price = price_of(tag, view.price())?;
                let side = match view.side() {
                    b'8' => Side::Bid,
                    b'5' => Side::Ask,
                    _ => return Err(bad_code(tag)),
                };
                let tick = messages.blank(at, Action::Add, view.timestamp());
                if let Some(tick) = messages.known(tick, view.symbol(), counters, out) {
                    out.push(Tick {
                        order_id: view.order_id(),
                        side,
                        price,
                        size: Size(u64::from(view.size())),
                        ..tick
                    });
                }
            }
            b'M' => {
                let view = view!(OrderModify, body, tag);
                let price = price_of(tag, view.price())?;
                let tick = messages.blank(at, Action::Modify, view.timestamp());
                if let Some(tick) = messages.known(tick, view.symbol(), counters, out) {
                    out.push(Tick {
                        order_id: view.order_id_reference(),
                        price,
                        size: Size(u64::from(view.size())),
                        ..tick
                    });
                }
            }
            b'R' => {
                let view = view!(OrderDelete, body, tag);
                let tick = messages.blank(at, Action::Cancel, view.timestamp());
                if let Some(tick) = messages.known(tick, view.symbol(), counters, out) {
                    out.push(Tick {
                        order_id: view.order_id_reference(),
                        size: Size::WHOLE,
                        detail: cancel_detail::WITHDRAWN,
                        ..tick
                    });
                }
            }
            b'L' => {
                let view = view!(OrderExecuted, body, tag);
                let price = price_of(tag, view.price())?;
                let tick = messages.blank(at, Action::Trade, view.timestamp());
                if let Some(tick) = messages.known(tick, view.symbol(), counters, out) {
                    let size = Size(u64::from(view.size()));
                    out.push(Tick {
                        order_id: view.trade_id(),
                        price,
                        size,
                        flags: Flags::NONE,
                        ..tick
                    });
                    out.push(Tick {
                        action: Action::Cancel,
                        order_id: view.order_id_reference(),
                        size,
                        detail: cancel_detail::EXECUTED,
                        ..tick
                    });
                }
            }
            b'C' => {
                let view = view!(ClearBook, body, tag);
                let tick = messages.blank(at, Action::Clear, view.timestamp());
                if let Some(tick) = messages.known(tick, view.symbol(), counters, out) {
                    out.push(tick);
                }
            }
            // Types of the other protocols of this transport.
            b'X' | b'A' => messages.unknown_type(tag, counters),
            _ => return messages.shared(at, tag, body, counters, out),
        }
        Ok(())
    }

    fn inspect(message: &[u8], show: &mut dyn FnMut(&dyn InspectedMessage)) -> Option<()> {
        wire::inspect_message(message, show)
    }
}
