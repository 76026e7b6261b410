//! The venue: says by level what a matching engine does order by order.

use super::PROTOCOL;
use crate::model::{EventTime, Symbol};
use crate::session::iextp::venue::{Segments, Tells, Venue, e4, shares, timestamp};
use crate::simulator::{LevelAggregator, MarketEvent};

/// An IEX DEEP 1.0 channel.
pub type DeepVenue = Venue<Levels, PROTOCOL>;

/// Says a trade and the levels that changed, the last one closing the event.
#[derive(Debug, Default)]
pub struct Levels(LevelAggregator);

impl Tells<PROTOCOL> for Levels {
    const HAS_AUCTIONS: bool = true;

    fn tell(
        &mut self,
        now: EventTime,
        event: &MarketEvent,
        symbols: &[Symbol],
        segments: &mut Segments<PROTOCOL>,
    ) {
        let changes = self.0.apply(event);
        if let Some(trade) = changes.trade
            && let Some(symbol) = symbols.get(trade.symbol as usize)
        {
            let said = (trade.trade, shares(trade.size), e4(trade.price));
            segments.say(now, |venue| {
                venue.trade(said, symbol.as_str(), timestamp(now))
            });
        }
        let count = changes.levels.iter().flatten().count();
        for (index, level) in changes.levels.into_iter().flatten().enumerate() {
            let Some(symbol) = symbols.get(level.symbol as usize) else {
                continue;
            };
            let said = (level.side, shares(level.size), e4(level.price));
            let is_complete = index + 1 == count;
            segments.say(now, |venue| {
                venue.level(said, symbol.as_str(), timestamp(now), is_complete)
            });
        }
    }
}
