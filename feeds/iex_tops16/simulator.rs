//! The venue: says the best of each side when it changes, and every trade.

use super::PROTOCOL;
use super::encode::Quoted;
use crate::model::{EventTime, Side, Symbol};
use crate::session::iextp::venue::{Segments, Tells, Venue, e4, shares, timestamp};
use crate::simulator::{LevelAggregator, MarketEvent};

/// An IEX TOPS 1.6 channel.
pub type TopsVenue = Venue<Tops, PROTOCOL>;

/// Says a trade, then the quote if the event changed it.
#[derive(Debug, Default)]
pub struct Tops {
    levels: LevelAggregator,
    /// Bid and ask as said last, by symbol.
    said: Vec<[Quoted; 2]>,
}

impl Tells<PROTOCOL> for Tops {
    const HAS_AUCTIONS: bool = true;

    fn tell(
        &mut self,
        now: EventTime,
        event: &MarketEvent,
        symbols: &[Symbol],
        segments: &mut Segments<PROTOCOL>,
    ) {
        let changes = self.levels.apply(event);
        let name = |symbol: u32| symbols.get(symbol as usize).map(Symbol::as_str);
        if let Some(trade) = changes.trade
            && let Some(symbol) = name(trade.symbol)
        {
            let said = (trade.trade, shares(trade.size), e4(trade.price));
            segments.say(now, |venue| venue.trade(said, symbol, timestamp(now)));
        }
        // The levels an event changes are of one symbol.
        let Some(changed) = changes.levels.iter().flatten().next() else {
            return;
        };
        let Some(symbol) = name(changed.symbol) else {
            return;
        };
        let quote = [Side::Bid, Side::Ask].map(|side| {
            let best = self.levels.best(changed.symbol, side);
            best.map_or((0, 0), |(price, size)| (shares(size.0), e4(price)))
        });
        self.said.resize(symbols.len(), [(0, 0); 2]);
        let said = &mut self.said[changed.symbol as usize];
        if *said != quote {
            *said = quote;
            segments.say(now, |venue| {
                venue.quote(quote[0], quote[1], symbol, timestamp(now))
            });
        }
    }
}
