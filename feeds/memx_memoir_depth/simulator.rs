//! The venue: says every order and every trade. An order that makes way for another is deleted.

use super::generated::{MessageHeader, security_trading_status_reason as reason};
use crate::model::{Price, Side};
use crate::session::memoir::encode::{Encoder, shares};
use crate::session::memoir::venue::{Packets, Tells, Venue, number_of};
use crate::simulator::{Announcement, MarketEvent, RestingOrders};

/// A MEMX MEMOIR Depth channel.
pub type DepthVenue = Venue<Depth>;

/// The least price step of all instruments.
const STEP: Price = Price(10_000_000);

/// Says what happens to orders.
#[derive(Debug, Default)]
pub struct Depth {
    orders: RestingOrders,
}

impl Tells for Depth {
    type Head = MessageHeader;

    fn list(venue: &mut Encoder<MessageHeader>, now: u64, number: u16, symbol: &str) -> bool {
        venue.directory((number, symbol), (100, STEP), now)
    }

    fn status(venue: &mut Encoder<MessageHeader>, now: u64, number: u16, status: u8) -> bool {
        venue.status(number, (status, reason::NONE), now)
    }

    fn session(venue: &mut Encoder<MessageHeader>, now: u64, part: u8) -> bool {
        venue.session(part, now)
    }

    fn tell(&mut self, now: u64, event: &MarketEvent, packets: &mut Packets<MessageHeader>) {
        match *event {
            MarketEvent::Add {
                symbol,
                order,
                side,
                price,
                size,
            } => {
                let (order, size) = ((number_of(symbol), order), shares(size));
                packets.say(now, |venue| venue.added(order, side, (size, price), now));
            }
            MarketEvent::Execute {
                symbol,
                order,
                size,
                trade,
            } => {
                if let Some(resting) = self.orders.get(order) {
                    let print = (trade, shares(size), resting.price);
                    let order = (number_of(symbol), order);
                    packets.say(now, |venue| venue.executed(order, print, now));
                }
            }
            MarketEvent::ExecuteAt {
                symbol,
                order,
                size,
                trade,
                price,
            } => {
                let (order, print) = ((number_of(symbol), order), (trade, shares(size), price));
                packets.say(now, |venue| venue.executed(order, print, now));
            }
            MarketEvent::Reduce {
                symbol,
                order,
                size,
            } => {
                let order = (number_of(symbol), order);
                packets.say(now, |venue| venue.reduced(order, shares(size), now));
            }
            MarketEvent::Delete { symbol, order } => {
                let order = (number_of(symbol), order);
                packets.say(now, |venue| venue.deleted(order, now));
            }
            MarketEvent::Replace {
                symbol,
                order,
                successor,
                price,
                size,
            } => {
                let number = number_of(symbol);
                if let Some(resting) = self.orders.get(order) {
                    let (side, said) = (resting.side, (shares(size), price));
                    packets.say(now, |venue| venue.deleted((number, order), now));
                    packets.say(now, |venue| {
                        venue.added((number, successor), side, said, now)
                    });
                }
            }
            MarketEvent::Hidden {
                symbol,
                price,
                size,
                trade,
            } => {
                let (number, print) = (number_of(symbol), (trade, shares(size), price));
                packets.say(now, |venue| venue.trade(number, print, now));
            }
        }
        self.orders.apply(event);
    }

    fn announce(
        &mut self,
        now: u64,
        announcement: &Announcement,
        packets: &mut Packets<MessageHeader>,
    ) -> bool {
        match *announcement {
            Announcement::UnlistedOrder => packets.say(now, |venue| {
                venue.added((u16::MAX, u64::MAX), Side::Bid, (1, STEP), now)
            }),
            Announcement::TradeBreak { symbol, trade } => packets.say(now, |venue| {
                venue.broken(number_of(symbol), (trade, 1, STEP), now)
            }),
            _ => return false,
        }
        true
    }
}
