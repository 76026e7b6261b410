//! What the binary streams add to the market whose JSON they stand beside.

use super::MARKET;
use super::generated::{
    BestBidAskStreamEvent, DepthDiffStreamEvent, DepthSnapshotStreamEvent, Message, MessageHeader,
    SCHEMA, TradesStreamEvent,
};
use crate::contract::DecodeError;
use crate::model::{EventTime, Price, Side, Symbol};
use crate::session::diff_depth::{self, DiffDepth};
use crate::session::sbe::HeaderShape;
use crate::session::stitch::{
    BookMessage, Chain, Hear, Heard, Level, Limits, Origin, Span, TradeId, TradeMessage, Venue,
};
use crate::session::text::Number;

/// Types of messages, as counted: those of the texts, and behind them the templates.
const KINDS: [&str; diff_depth::KINDS.len() + 4] = {
    let mut kinds = [""; diff_depth::KINDS.len() + 4];
    let mut index = 0;
    while index < diff_depth::KINDS.len() {
        kinds[index] = diff_depth::KINDS[index];
        index += 1;
    }
    kinds[index] = "TradesStreamEvent";
    kinds[index + 1] = "BestBidAskStreamEvent";
    kinds[index + 2] = "DepthSnapshotStreamEvent";
    kinds[index + 3] = "DepthDiffStreamEvent";
    kinds
};

/// The index of a template's type.
const fn kind_of(template: u16) -> u8 {
    // Templates are numbered from the first one on.
    (diff_depth::KINDS.len() as u16 + template - TradesStreamEvent::TEMPLATE) as u8
}

/// A message of this schema; `None` for a template that it does not have.
///
/// # Errors
/// It is of another schema, or leaves its bytes.
pub(super) fn message(bytes: &[u8]) -> Result<Option<Message<'_>>, DecodeError> {
    let Some((header, body)) = MessageHeader::read(bytes) else {
        return Err(DecodeError::Truncated {
            need_bytes: MessageHeader::LEN as u32,
            have_bytes: bytes.len() as u32,
        });
    };
    if header.schema != SCHEMA {
        return Err(DecodeError::NotThisProtocol);
    }
    Message::read(header, body)
}

/// A price or a size; `None` for one below nothing.
fn number(mantissa: i64, exponent: i8) -> Option<Number> {
    Number::of_parts(u64::try_from(mantissa).ok()?, exponent)
}

fn time(micros: i64) -> EventTime {
    let nanos = u64::try_from(micros)
        .ok()
        .and_then(|at| at.checked_mul(1_000));
    nanos.map_or(EventTime::UNDEFINED, EventTime)
}

/// The venue: texts as the JSON streams have them, and binary messages.
pub(super) struct BinanceSbe {
    texts: DiffDepth,
    levels: Vec<Level>,
    /// Whose book the binary message that is being read is about: `None` anybody's, empty nobody's.
    subject: Option<Symbol>,
}

impl BinanceSbe {
    pub(super) fn new(rest_url: &str) -> BinanceSbe {
        BinanceSbe {
            texts: DiffDepth::new(MARKET, rest_url),
            levels: Vec::new(),
            subject: None,
        }
    }

    fn depth_diff<H: Hear>(
        &mut self,
        diff: &DepthDiffStreamEvent<'_>,
        hear: &mut H,
    ) -> Result<(), DecodeError> {
        let block = diff.block;
        let (price_exponent, qty_exponent) = (block.price_exponent(), block.qty_exponent());
        let bad = DecodeError::BadField {
            tag: u32::from(DepthDiffStreamEvent::TEMPLATE),
            offset: 0,
        };
        let bids = diff
            .bids
            .iter()
            .map(|row| (Side::Bid, row.price(), row.qty()));
        let asks = diff
            .asks
            .iter()
            .map(|row| (Side::Ask, row.price(), row.qty()));
        self.levels.clear();
        for (side, price, size) in bids.chain(asks) {
            let price = number(price, price_exponent).ok_or(bad)?;
            let size = number(size, qty_exponent).ok_or(bad)?;
            match price.price() {
                Some(price) => self.levels.push(Level { side, price, size }),
                None if price.is_beyond_prices() => hear.left_out(),
                None => {
                    hear.too_fine(diff.symbol);
                    return Ok(());
                }
            }
        }
        let id = |number: i64| u64::try_from(number).map_err(|_| bad);
        hear.book(&BookMessage {
            symbol: diff.symbol,
            is_snapshot: false,
            span: Span {
                first: id(block.first_book_update_id())?,
                last: id(block.last_book_update_id())?,
                previous: None,
            },
            time: time(block.event_time()),
            levels: &self.levels,
            checksum: None,
            orders: &[],
            digits: (0, 0),
        });
        Ok(())
    }
}

/// Nothing is told unless all can be read.
fn trades<H: Hear>(event: &TradesStreamEvent<'_>, hear: &mut H) -> Result<(), DecodeError> {
    let block = event.block;
    let bad = DecodeError::BadField {
        tag: u32::from(TradesStreamEvent::TEMPLATE),
        offset: 0,
    };
    let read = |(id, price, size, is_buyer_maker): (i64, i64, i64, u8)| {
        let price: Option<Price> = number(price, block.price_exponent())?.price();
        Some(TradeMessage {
            symbol: event.symbol,
            time: time(block.transact_time()),
            id: TradeId::Rising(u64::try_from(id).ok()?),
            aggressor: match is_buyer_maker {
                0 => Side::Bid,
                1 => Side::Ask,
                _ => return None,
            },
            price: price?,
            size: number(size, block.qty_exponent())?,
            is_past: false,
        })
    };
    let entries = || {
        event
            .trades
            .iter()
            .map(|row| read((row.id(), row.price(), row.qty(), row.is_buyer_maker())))
    };
    if entries().any(|trade| trade.is_none()) {
        return Err(bad);
    }
    for trade in entries().flatten() {
        hear.trade(&trade);
    }
    Ok(())
}

impl Venue for BinanceSbe {
    const KINDS: &'static [&'static str] = &KINDS;

    fn chain(&self) -> Chain {
        self.texts.chain()
    }

    fn origin(&self) -> Origin {
        self.texts.origin()
    }

    fn read<H: Hear>(&mut self, text: &[u8], hear: &mut H) -> Result<Heard, DecodeError> {
        self.texts.read(text, hear)
    }

    fn read_binary<H: Hear>(&mut self, bytes: &[u8], hear: &mut H) -> Result<Heard, DecodeError> {
        self.subject = None;
        let template = match message(bytes)? {
            Some(Message::DepthDiffStreamEvent(diff)) => {
                self.subject = Some(Symbol::new(diff.symbol));
                self.depth_diff(&diff, hear)?;
                DepthDiffStreamEvent::TEMPLATE
            }
            Some(Message::TradesStreamEvent(event)) => {
                self.subject = Some(Symbol::from(""));
                trades(&event, hear)?;
                TradesStreamEvent::TEMPLATE
            }
            Some(Message::BestBidAskStreamEvent(_)) => BestBidAskStreamEvent::TEMPLATE,
            Some(Message::DepthSnapshotStreamEvent(_)) => DepthSnapshotStreamEvent::TEMPLATE,
            None => {
                let template = MessageHeader::read(bytes).map_or(0, |(header, _)| header.template);
                let name = format!("template {template}");
                return Ok(Heard::Unknown(Symbol::new(name.as_bytes())));
            }
        };
        Ok(Heard::Kind(kind_of(template)))
    }

    fn read_rest<H: Hear>(
        &mut self,
        url: &str,
        body: &[u8],
        hear: &mut H,
    ) -> Result<(), DecodeError> {
        self.texts.read_rest(url, body, hear)
    }

    fn culprit<'a>(&'a self, text: &'a [u8]) -> Option<&'a [u8]> {
        if text.starts_with(b"{") {
            return self.texts.culprit(text);
        }
        self.subject.as_ref().map(|name| name.as_str().as_bytes())
    }

    fn subscribe(&self, symbols: &[Symbol]) -> Vec<String> {
        self.texts.subscribe(symbols)
    }

    fn unsubscribe(&self, symbols: &[Symbol]) -> Vec<String> {
        self.texts.unsubscribe(symbols)
    }

    fn limits(&self) -> Limits {
        self.texts.limits()
    }

    fn snapshot_url(&self, symbol: Symbol) -> Option<String> {
        self.texts.snapshot_url(symbol)
    }

    fn products_url(&self) -> Option<String> {
        self.texts.products_url()
    }

    fn fetch_interval_ns(&self) -> u64 {
        self.texts.fetch_interval_ns()
    }

    fn forget(&mut self) {
        self.texts.forget();
    }
}
