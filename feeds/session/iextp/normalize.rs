//! Messages to ticks: the messages all protocols of this transport share, and what their own ones
//! need.
//!
//! Every message is an event of its own, unless the protocol marks where an event ends and one is
//! open: then a message belongs to that one and leaves closing it to the venue.

use super::messages::{
    AuctionInformation, OfficialPrice, OperationalHaltStatus, RetailLiquidityIndicator,
    SecurityDirectory, SecurityEvent, ShortSalePriceTestStatus, SystemEvent, TEST_SECURITY,
    TradeBreak, TradeReport, TradingStatus, TypeInfo,
};
use super::split_message;
use crate::contract::{Batch, DecodeError, FeedCounters, InspectedMessage, Notice};
use crate::model::{
    Action, ChannelId, Definition, EventTime, Flags, ImbalanceKind, InstrumentId, Price, RecvTime,
    SendTime, Side, Size, StatisticKind, Symbol, Tick, TradingState,
};
use hashbrown::HashMap;
use std::collections::VecDeque;

/// A protocol over this transport: what it adds to the messages all of them share.
pub(crate) trait Dialect: Send + 'static {
    /// Its message protocol ids in the header.
    const PROTOCOLS: &'static [u16];
    /// Its message types.
    const TYPES: &'static [TypeInfo];

    /// Makes ticks of one message: its own types here, the shared ones it has through
    /// [`Messages::shared`], all others through [`Messages::unknown_type`].
    ///
    /// # Errors
    /// The message is too short for its type, or a field has a value its type does not allow.
    fn message(
        messages: &mut Messages,
        at: At,
        tag: u8,
        body: &[u8],
        counters: &mut FeedCounters,
        out: &mut Batch,
    ) -> Result<(), DecodeError>;

    /// Hands the fields of one message to `show`; `None` when the type is unknown or the bytes are
    /// too few.
    fn inspect(message: &[u8], show: &mut dyn FnMut(&dyn InspectedMessage)) -> Option<()>;
}

/// Notices kept until they are polled: one a type and one end of session.
const NOTICES_MAX: usize = 512;
/// Instruments a channel may name; messages for further ones are counted as for unknown
/// instruments.
const INSTRUMENTS_MAX: usize = 1 << 20;

/// Where and when a message was.
#[derive(Clone, Copy, Debug)]
pub(crate) struct At {
    /// When its packet came.
    pub(crate) ts_recv: RecvTime,
    /// When its packet was sent.
    pub(crate) sent: SendTime,
    /// Its number.
    pub(crate) sequence: u64,
}

/// What is known of an instrument's trading.
#[derive(Clone, Copy, Debug)]
struct Standing {
    state: TradingState,
    reason: u64,
    /// The venue itself halts it, whatever the market says.
    is_halted_here: bool,
    /// [`Messages::breaks`] when its book was told whole last.
    whole_since: u32,
}

/// What the messages of one channel mean.
pub(crate) struct Messages {
    channel: ChannelId,
    /// Ids by symbol as sent; `None` for symbols nobody follows.
    ids: HashMap<u64, u32, foldhash::fast::FixedState>,
    standings: Vec<Standing>,
    /// Symbols to follow as sent, sorted; empty means all.
    followed: Vec<u64>,
    is_event_open: bool,
    is_over: bool,
    /// Places where messages before the next one were never seen.
    breaks: u32,
    counts: [u64; 256],
    told_unknown: [bool; 256],
    notices: VecDeque<Notice>,
}

/// A view of a message of at least this type's length, or the way out. The venue may add fields at
/// the end.
macro_rules! view {
    ($view:ident, $body:ident, $tag:ident) => {
        $view::of($body).ok_or($crate::contract::DecodeError::BadLength {
            tag: u32::from($tag),
            need_bytes: $view::LEN as u32 + 1,
            have_bytes: $body.len() as u32 + 1,
        })?
    };
}
pub(crate) use view;

impl Messages {
    /// A normaliser that knows no instrument. Empty `followed` follows all symbols.
    pub(crate) fn new(channel: ChannelId, followed: &[String]) -> Messages {
        let mut followed: Vec<u64> = followed.iter().map(|symbol| padded(symbol)).collect();
        followed.sort_unstable();
        Messages {
            channel,
            ids: HashMap::with_hasher(foldhash::fast::FixedState::with_seed(0)),
            standings: Vec::new(),
            followed,
            is_event_open: false,
            is_over: false,
            breaks: 0,
            counts: [0; 256],
            told_unknown: [false; 256],
            notices: VecDeque::new(),
        }
    }

    /// Whether an event goes on after the message at hand, where a protocol says so.
    pub(crate) fn set_event_open(&mut self, is_open: bool) {
        self.is_event_open = is_open;
    }

    /// Whether a message that tells an instrument's book whole is the first one since messages were
    /// missing.
    #[inline(always)]
    pub(crate) fn is_first_whole(&mut self, instrument: InstrumentId) -> bool {
        let standing = &mut self.standings[instrument.index()];
        std::mem::replace(&mut standing.whole_since, self.breaks) != self.breaks
    }

    /// The stream is broken here: no event continues over it, and no book is known to be whole.
    pub(crate) fn on_hole(&mut self) {
        self.is_event_open = false;
        self.breaks = self.breaks.wrapping_add(1);
    }

    /// The stream starts anew.
    pub(crate) fn restart(&mut self) {
        self.on_hole();
        self.is_over = false;
    }

    /// Whether the venue said that no message follows.
    pub(crate) fn is_over(&self) -> bool {
        self.is_over
    }

    /// Messages seen by type, zeros left out.
    pub(crate) fn messages_by_type(&self, types: &[TypeInfo]) -> Vec<(&'static str, u64)> {
        types
            .iter()
            .map(|info| (info.name, self.counts[usize::from(info.tag)]))
            .filter(|&(_, count)| count > 0)
            .collect()
    }

    /// Next thing to log.
    pub(crate) fn poll_notice(&mut self) -> Option<Notice> {
        self.notices.pop_front()
    }

    /// Applies the whole messages among the first `count` of `payload`, except the first `skip`;
    /// returns how many there were, the skipped ones included.
    #[inline(always)]
    pub(crate) fn apply<D: Dialect>(
        &mut self,
        mut at: At,
        mut payload: &[u8],
        skip: u64,
        count: u64,
        counters: &mut FeedCounters,
        out: &mut Batch,
    ) -> u64 {
        for index in 0..count {
            let Some((message, rest)) = split_message(payload) else {
                return index;
            };
            payload = rest;
            if index >= skip {
                match self.message::<D>(at, message, counters, out) {
                    Ok(tag) => self.counts[usize::from(tag)] += 1,
                    Err(error) => counters.refuse(error),
                }
            }
            at.sequence = at.sequence.wrapping_add(1);
        }
        count
    }

    #[inline(always)]
    fn message<D: Dialect>(
        &mut self,
        at: At,
        message: &[u8],
        counters: &mut FeedCounters,
        out: &mut Batch,
    ) -> Result<u8, DecodeError> {
        let Some((&tag, body)) = message.split_first() else {
            return Err(DecodeError::BadLength {
                tag: 0,
                need_bytes: 1,
                have_bytes: 0,
            });
        };
        D::message(self, at, tag, body, counters, out)?;
        Ok(tag)
    }

    /// Makes ticks of a message of a shared type; any other is unknown.
    ///
    /// # Errors
    /// The message is too short for its type, or a field has a value its type does not allow.
    pub(crate) fn shared(
        &mut self,
        at: At,
        tag: u8,
        body: &[u8],
        counters: &mut FeedCounters,
        out: &mut Batch,
    ) -> Result<(), DecodeError> {
        match tag {
            b'T' => {
                let view = view!(TradeReport, body, tag);
                let price = price_of(tag, view.price())?;
                let tick = self.blank(at, Action::Trade, view.timestamp());
                if let Some(tick) = self.known(tick, view.symbol(), counters, out) {
                    out.push(Tick {
                        price,
                        size: Size(u64::from(view.size())),
                        order_id: view.trade_id(),
                        ..tick
                    });
                }
            }
            b'B' => {
                let view = view!(TradeBreak, body, tag);
                let price = price_of(tag, view.price())?;
                let tick = self.blank(at, Action::Statistic, view.timestamp());
                if let Some(tick) = self.known(tick, view.symbol(), counters, out) {
                    out.push(Tick {
                        price,
                        size: Size(u64::from(view.size())),
                        order_id: view.trade_id(),
                        detail: StatisticKind::TradeBroken as u8,
                        ..tick
                    });
                }
            }
            b'H' => {
                let view = view!(TradingStatus, body, tag);
                let state = match view.trading_status() {
                    b'H' => TradingState::Halt,
                    b'O' => TradingState::Auction,
                    b'P' => TradingState::Pause,
                    b'T' => TradingState::Trading,
                    _ => return Err(bad_code(tag)),
                };
                let tick = self.blank(at, Action::Status, view.timestamp());
                if let Some(tick) = self.known(tick, view.symbol(), counters, out) {
                    let standing = &mut self.standings[tick.instrument.index()];
                    standing.state = state;
                    standing.reason = reason(view.reason());
                    out.push(standing.tick(tick));
                }
            }
            b'O' => {
                let view = view!(OperationalHaltStatus, body, tag);
                let is_halted = match view.operational_halt_status() {
                    b'O' => true,
                    b'N' => false,
                    _ => return Err(bad_code(tag)),
                };
                let tick = self.blank(at, Action::Status, view.timestamp());
                if let Some(tick) = self.known(tick, view.symbol(), counters, out) {
                    let standing = &mut self.standings[tick.instrument.index()];
                    let was_halted = std::mem::replace(&mut standing.is_halted_here, is_halted);
                    if is_halted || was_halted {
                        out.push(standing.tick(tick));
                    }
                }
            }
            b'P' => {
                let view = view!(ShortSalePriceTestStatus, body, tag);
                let tick = self.blank(at, Action::Status, view.timestamp());
                if let Some(tick) = self.known(tick, view.symbol(), counters, out) {
                    out.push(Tick {
                        detail: TradingState::ShortSaleChange as u8,
                        order_id: reason(&[view.detail()]),
                        size: Size(u64::from(view.short_sale_price_test_status())),
                        ..tick
                    });
                }
            }
            b'S' => self.system_event(at, &view!(SystemEvent, body, tag), out),
            b'X' => {
                let view = view!(OfficialPrice, body, tag);
                let price = price_of(tag, view.official_price())?;
                let kind = match view.price_type() {
                    b'Q' => StatisticKind::OpeningPrice,
                    b'M' => StatisticKind::ClosePrice,
                    _ => return Err(bad_code(tag)),
                };
                let tick = self.blank(at, Action::Statistic, view.timestamp());
                if let Some(tick) = self.known(tick, view.symbol(), counters, out) {
                    out.push(Tick {
                        price,
                        detail: kind as u8,
                        ..tick
                    });
                }
            }
            b'A' => {
                let view = view!(AuctionInformation, body, tag);
                let tick = self.blank(at, Action::Imbalance, view.timestamp());
                let ticks = auction(tag, &view, tick)?;
                if let Some(tick) = self.known(tick, view.symbol(), counters, out) {
                    push_event(ticks.iter().flatten(), tick, out);
                }
            }
            b'D' => {
                let view = view!(SecurityDirectory, body, tag);
                let tick = self.blank(at, Action::Definition, view.timestamp());
                if let Some(instrument) = self.find(tick, view.symbol(), counters, out, false) {
                    let definition = Definition {
                        round_lot: u64::from(view.round_lot_size()),
                        is_test: view.security_directory_flags() & TEST_SECURITY != 0,
                        ..Definition::named(instrument, Symbol::new(view.symbol()))
                    };
                    out.define(&definition, Tick { instrument, ..tick });
                }
            }
            b'E' => {
                let view = view!(SecurityEvent, body, tag);
                let tick = self.blank(at, Action::Status, view.timestamp());
                self.known(tick, view.symbol(), counters, out);
            }
            b'I' => {
                let view = view!(RetailLiquidityIndicator, body, tag);
                let tick = self.blank(at, Action::Status, view.timestamp());
                self.known(tick, view.symbol(), counters, out);
            }
            _ => self.unknown_type(tag, counters),
        }
        Ok(())
    }

    fn system_event(&mut self, at: At, view: &SystemEvent<'_>, out: &mut Batch) {
        match view.system_event() {
            b'C' => {
                self.is_over = true;
                self.notice(Notice::SessionEnded);
            }
            b'E' => {}
            _ => {
                self.is_over = false;
                return;
            }
        }
        out.push(Tick {
            detail: TradingState::Close as u8,
            ..self.blank(at, Action::Status, view.timestamp())
        });
    }

    /// Counts a message of a type the specification does not have.
    #[cold]
    pub(crate) fn unknown_type(&mut self, tag: u8, counters: &mut FeedCounters) {
        counters.unknown_messages += 1;
        if !std::mem::replace(&mut self.told_unknown[usize::from(tag)], true) {
            self.notice(Notice::UnknownType {
                tag: u32::from(tag),
                name: Symbol::new(&[tag]),
            });
        }
    }

    fn notice(&mut self, notice: Notice) {
        if self.notices.len() < NOTICES_MAX {
            self.notices.push_back(notice);
        }
    }

    /// A tick of a message sent at `timestamp` ns since the Unix epoch; it closes its event unless
    /// one is open.
    #[inline(always)]
    pub(crate) fn blank(&self, at: At, action: Action, timestamp: i64) -> Tick {
        Tick {
            ts_event: EventTime(u64::try_from(timestamp).unwrap_or(u64::MAX)),
            ts_recv: at.ts_recv,
            ts_in_delta: at.ts_recv.delta_from(at.sent),
            sequence: at.sequence,
            flags: if self.is_event_open {
                Flags::NONE
            } else {
                Flags::LAST
            },
            ..Tick::blank(self.channel, action)
        }
    }

    /// `tick` with its instrument, defined at first sight; `None` when nobody follows it.
    #[inline(always)]
    pub(crate) fn known(
        &mut self,
        tick: Tick,
        symbol: &[u8],
        counters: &mut FeedCounters,
        out: &mut Batch,
    ) -> Option<Tick> {
        let instrument = self.find(tick, symbol, counters, out, true)?;
        Some(Tick { instrument, ..tick })
    }

    #[inline(always)]
    fn find(
        &mut self,
        tick: Tick,
        symbol: &[u8],
        counters: &mut FeedCounters,
        out: &mut Batch,
        define: bool,
    ) -> Option<InstrumentId> {
        let key = key_of(symbol);
        match self.ids.get(&key) {
            Some(&id) => Some(InstrumentId(id)),
            None => self.first_sight(tick, key, symbol, counters, out, define),
        }
    }

    #[cold]
    fn first_sight(
        &mut self,
        tick: Tick,
        key: u64,
        symbol: &[u8],
        counters: &mut FeedCounters,
        out: &mut Batch,
        define: bool,
    ) -> Option<InstrumentId> {
        if !self.followed.is_empty() && self.followed.binary_search(&key).is_err() {
            return None;
        }
        if self.standings.len() == INSTRUMENTS_MAX {
            counters.unknown_instrument_messages += 1;
            return None;
        }
        let instrument = InstrumentId(self.standings.len() as u32);
        self.ids.insert(key, instrument.0);
        self.standings.push(Standing {
            state: TradingState::Trading,
            reason: 0,
            is_halted_here: false,
            whole_since: 0,
        });
        if define {
            let definition = Definition::named(instrument, Symbol::new(symbol));
            let tick = Tick {
                instrument,
                action: Action::Definition,
                ..tick
            };
            out.define(&definition, tick);
        }
        Some(instrument)
    }
}

impl Standing {
    /// The state as both statuses together say it.
    fn tick(&self, tick: Tick) -> Tick {
        let state = if self.is_halted_here {
            TradingState::Halt
        } else {
            self.state
        };
        Tick {
            detail: state as u8,
            order_id: self.reason,
            ..tick
        }
    }
}

/// What an auction message says, in the order of its ticks. Prices of 0 mean that there is none.
fn auction(
    tag: u8,
    view: &AuctionInformation<'_>,
    tick: Tick,
) -> Result<[Option<Tick>; 6], DecodeError> {
    let side = match view.imbalance_side() {
        b'B' => Side::Bid,
        b'S' => Side::Ask,
        _ => Side::None,
    };
    let kind = |kind: ImbalanceKind, raw: i64| -> Result<Option<Tick>, DecodeError> {
        let price = price_of(tag, raw)?;
        Ok((raw != 0).then_some(Tick {
            price,
            detail: kind as u8,
            ..tick
        }))
    };
    let reference = Tick {
        price: match view.reference_price() {
            0 => Price::UNDEFINED,
            raw => price_of(tag, raw)?,
        },
        size: Size(u64::from(view.paired_shares())),
        order_id: u64::from(view.imbalance_shares()),
        side,
        detail: ImbalanceKind::Reference as u8,
        ..tick
    };
    let collar = price_of(tag, view.collar_reference_price())?;
    let collar = (view.collar_reference_price() != 0).then_some(Tick {
        action: Action::Statistic,
        price: collar,
        detail: StatisticKind::CollarReference as u8,
        ..tick
    });
    Ok([
        Some(reference),
        kind(ImbalanceKind::Indicative, view.indicative_clearing_price())?,
        kind(
            ImbalanceKind::AuctionClearing,
            view.auction_book_clearing_price(),
        )?,
        collar,
        kind(ImbalanceKind::LowerCollar, view.lower_auction_collar())?,
        kind(ImbalanceKind::UpperCollar, view.upper_auction_collar())?,
    ])
}

/// Pushes ticks as one event of the instrument and flags of `like`.
fn push_event<'a>(ticks: impl Iterator<Item = &'a Tick>, like: Tick, out: &mut Batch) {
    let mut ticks = ticks.peekable();
    while let Some(tick) = ticks.next() {
        out.push(Tick {
            instrument: like.instrument,
            flags: if ticks.peek().is_some() {
                Flags::NONE
            } else {
                like.flags
            },
            ..*tick
        });
    }
}

/// A price in 1e-4.
///
/// # Errors
/// It does not fit.
#[inline(always)]
pub(crate) fn price_of(tag: u8, raw: i64) -> Result<Price, DecodeError> {
    Price::from_e4_i64(raw)
        .filter(|price| price.is_defined())
        .ok_or(DecodeError::NotExact {
            tag: u32::from(tag),
        })
}

/// A code its field does not have. It is always the first byte of the body.
pub(crate) fn bad_code(tag: u8) -> DecodeError {
    DecodeError::BadField {
        tag: u32::from(tag),
        offset: 1,
    }
}

/// A reason as 8 bytes of text, first character first, blanks as zeros.
fn reason(text: &[u8]) -> u64 {
    let mut bytes = [0; 8];
    let text = text.trim_ascii_end();
    let count = text.len().min(8);
    bytes[..count].copy_from_slice(&text[..count]);
    u64::from_be_bytes(bytes)
}

#[inline(always)]
fn key_of(symbol: &[u8]) -> u64 {
    symbol
        .first_chunk()
        .map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

/// A symbol as sent, as a key.
fn padded(symbol: &str) -> u64 {
    let mut bytes = [b' '; 8];
    let symbol = symbol.trim().as_bytes();
    let count = symbol.len().min(8);
    bytes[..count].copy_from_slice(&symbol[..count]);
    u64::from_le_bytes(bytes)
}
