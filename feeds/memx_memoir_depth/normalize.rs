//! Orders and trades to ticks. Orders are not kept: a message says what it says, the book knows the
//! rest.

use super::generated::{self as sbe, Message, MessageHeader};
use crate::contract::{Batch, DecodeError, FeedCounters, InspectedMessage};
use crate::model::{Action, Flags, Side, Size, StatisticKind, Tick, cancel_detail};
use crate::session::memoir::normalize::{At, Dialect, Listing, Messages, price_of};
use crate::session::sbe::Header;

/// MEMOIR Depth.
#[derive(Default)]
pub(super) struct Depth;

impl Dialect for Depth {
    type Head = MessageHeader;
    const SCHEMA: Option<u16> = Some(sbe::SCHEMA);
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
        match header.template {
            sbe::OrderAddedMessage::TEMPLATE => {
                let block = sbe::OrderAddedMessage::read(header, body)?.block;
                let side = match block.side() {
                    sbe::side::BUY => Side::Bid,
                    sbe::side::SELL => Side::Ask,
                    _ => {
                        return Err(DecodeError::BadField {
                            tag: u32::from(header.template),
                            offset: 18,
                        });
                    }
                };
                let price = price_of(header.template, block.price())?;
                let about = (Action::Add, block.timestamp(), block.security_id());
                if let Some(tick) = messages.known(at, about, counters) {
                    out.push(Tick {
                        order_id: block.order_id(),
                        side,
                        price,
                        size: Size(u64::from(block.quantity())),
                        ..tick
                    });
                }
            }
            sbe::OrderDeletedMessage::TEMPLATE => {
                let block = sbe::OrderDeletedMessage::read(header, body)?.block;
                let about = (Action::Cancel, block.timestamp(), block.security_id());
                if let Some(tick) = messages.known(at, about, counters) {
                    out.push(Tick {
                        order_id: block.order_id(),
                        size: Size::WHOLE,
                        ..tick
                    });
                }
            }
            sbe::OrderReducedMessage::TEMPLATE => {
                let block = sbe::OrderReducedMessage::read(header, body)?.block;
                let about = (Action::Cancel, block.timestamp(), block.security_id());
                if let Some(tick) = messages.known(at, about, counters) {
                    out.push(Tick {
                        order_id: block.order_id(),
                        size: Size(u64::from(block.quantity())),
                        ..tick
                    });
                }
            }
            sbe::OrderExecutedMessage::TEMPLATE => {
                let block = sbe::OrderExecutedMessage::read(header, body)?.block;
                let price = price_of(header.template, block.price())?;
                let about = (Action::Trade, block.timestamp(), block.security_id());
                if let Some(tick) = messages.known(at, about, counters) {
                    let size = Size(u64::from(block.quantity()));
                    out.push(Tick {
                        order_id: block.trade_id(),
                        price,
                        size,
                        flags: Flags::NONE,
                        ..tick
                    });
                    out.push(Tick {
                        action: Action::Cancel,
                        order_id: block.order_id(),
                        size,
                        detail: cancel_detail::EXECUTED,
                        ..tick
                    });
                }
            }
            sbe::TradeMessage::TEMPLATE => {
                let block = sbe::TradeMessage::read(header, body)?.block;
                let price = price_of(header.template, block.price())?;
                let about = (Action::Trade, block.timestamp(), block.security_id());
                if let Some(tick) = messages.known(at, about, counters) {
                    out.push(Tick {
                        order_id: block.trade_id(),
                        price,
                        size: Size(u64::from(block.quantity())),
                        ..tick
                    });
                }
            }
            _ => return rare(messages, at, (header, body), counters, out),
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
}

/// Everything that does not come by the million.
#[cold]
fn rare(
    messages: &mut Messages,
    at: At,
    (header, body): (Header, &[u8]),
    counters: &mut FeedCounters,
    out: &mut Batch,
) -> Result<bool, DecodeError> {
    let template = header.template;
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
        Message::BrokenTradeMessage(message) => {
            let block = message.block;
            let price = price_of(template, block.original_price())?;
            let about = (Action::Statistic, block.timestamp(), block.security_id());
            if let Some(tick) = messages.known(at, about, counters) {
                out.push(Tick {
                    order_id: block.trade_id(),
                    price,
                    size: Size(u64::from(block.original_quantity())),
                    detail: StatisticKind::TradeBroken as u8,
                    ..tick
                });
            }
        }
        Message::CorrectedTradeMessage(message) => {
            let block = message.block;
            let was = price_of(template, block.original_price())?;
            let is = price_of(template, block.corrected_price())?;
            let about = (Action::Trade, block.timestamp(), block.security_id());
            if let Some(tick) = messages.known(at, about, counters) {
                let order_id = block.trade_id();
                out.push(Tick {
                    action: Action::Statistic,
                    order_id,
                    price: was,
                    size: Size(u64::from(block.original_quantity())),
                    detail: StatisticKind::TradeBroken as u8,
                    flags: Flags::NONE,
                    ..tick
                });
                out.push(Tick {
                    order_id,
                    price: is,
                    size: Size(u64::from(block.corrected_quantity())),
                    ..tick
                });
            }
        }
        Message::ClearBookMessage(message) => {
            let block = message.block;
            let about = (Action::Clear, block.timestamp(), block.security_id());
            if let Some(tick) = messages.known(at, about, counters) {
                out.push(tick);
            }
        }
        Message::SnapshotCompleteMessage(_) => counters.messages_ignored += 1,
        // Those that come by the million.
        Message::OrderAddedMessage(_)
        | Message::OrderDeletedMessage(_)
        | Message::OrderReducedMessage(_)
        | Message::OrderExecutedMessage(_)
        | Message::TradeMessage(_) => {}
    }
    Ok(true)
}
