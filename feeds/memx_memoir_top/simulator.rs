//! The venue: says the best of each side when it changes; of both in one message when both do.

use super::encode::Quoted;
use super::generated::{MessageHeader, security_trading_status_reason as reason};
use crate::model::{Price, Side};
use crate::session::memoir::encode::{Encoder, shares};
use crate::session::memoir::venue::{Packets, Tells, Venue, number_of};
use crate::simulator::{Announcement, LevelAggregator, MarketEvent};

/// A MEMX MEMOIR Top channel.
pub type TopVenue = Venue<Top>;

/// The least price step of all instruments.
const STEP: Price = Price(10_000_000);

/// Says quotes.
#[derive(Debug, Default)]
pub struct Top {
    levels: LevelAggregator,
    /// Bid and offer as said last, by symbol.
    said: Vec<[Quoted; 2]>,
}

impl Tells for Top {
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
        let changes = self.levels.apply(event);
        // The levels an event changes are of one symbol.
        let Some(changed) = changes.levels.iter().flatten().next() else {
            return;
        };
        let symbol = changed.symbol;
        let [bid, offer] = [Side::Bid, Side::Ask].map(|side| {
            let best = self.levels.best(symbol, side);
            best.map_or((0, Price(0)), |(price, size)| (shares(size.0), price))
        });
        let place = symbol as usize;
        if self.said.len() <= place {
            self.said.resize(place + 1, [(0, Price(0)); 2]);
        }
        let before = std::mem::replace(&mut self.said[place], [bid, offer]);
        let number = number_of(symbol);
        match [before[0] != bid, before[1] != offer] {
            [true, true] => packets.say(now, |venue| venue.both(number, bid, offer, now)),
            [true, false] => packets.say(now, |venue| venue.bid(number, bid, now)),
            [false, true] => packets.say(now, |venue| venue.offer(number, offer, now)),
            [false, false] => {}
        }
    }

    fn announce(
        &mut self,
        now: u64,
        announcement: &Announcement,
        packets: &mut Packets<MessageHeader>,
    ) -> bool {
        let is_unlisted = matches!(announcement, Announcement::UnlistedOrder);
        if is_unlisted {
            packets.say(now, |venue| venue.bid(u16::MAX, (1, STEP), now));
        }
        is_unlisted
    }
}
