//! Messages to ticks.
//!
//! Orders are not looked up here: an execution names its order only, so its trade tick leaves price and aggressor to the
//! `Cancel` behind it, and the successor of a replaced order leaves its side to the order it replaces. What is looked
//! up is the instrument: a table of 65,536 entries by stock locate.

use super::wire::{
    AddOrderNoMpidAttribution, AddOrderWithMpidAttribution, BrokenTrade, CrossTrade,
    DirectListingWithCapitalRaisePriceDiscovery, LuldAuctionCollar, MESSAGE_BYTES,
    MwcbDeclineLevel, MwcbStatusLevel, NetOrderImbalanceIndicator, NonCrossTrade, OperationalHalt,
    OrderCancel, OrderDelete, OrderExecuted, OrderExecutedWithPrice, OrderReplace,
    RegShoShortSalePriceTestRestrictedIndicator, StockDirectory, StockTradingAction, SystemEvent,
    TYPES,
};
use crate::contract::{Batch, DecodeError, FeedCounters, Notice};
use crate::model::{
    Action, ChannelId, Definition, EventTime, Flags, ImbalanceKind, InstrumentId, Price, RecvTime,
    Side, Size, StatisticKind, Symbol, Tick, TradingState, cancel_detail,
};
use crate::session::moldudp64::split_message;
use hashbrown::HashMap;
use std::collections::VecDeque;

/// Entry of a locate whose symbol is followed by nobody.
const NOT_FOLLOWED: u32 = u32::MAX - 1;
/// Entry of a locate nobody defined.
const UNKNOWN: u32 = u32::MAX;
/// Locates there can be.
const LOCATE_COUNT: usize = 1 << 16;
/// Notices kept until they are polled: one a type at most.
const NOTICES_MAX: usize = 256;

/// Where and when a message was.
#[derive(Clone, Copy, Debug)]
pub(super) struct At {
    /// Midnight the message's time counts from, in ns since the Unix epoch.
    pub(super) midnight_ns: u64,
    /// When its packet came; undefined for a file, whose messages come when they happened.
    pub(super) ts_recv: RecvTime,
    /// Its number; 0 in a snapshot.
    pub(super) sequence: u64,
    /// What closes an event: `LAST` in the live stream, `SNAPSHOT` where nothing closes before the snapshot does.
    pub(super) closing: Flags,
}

/// What the messages of one channel mean.
pub(super) struct Normalizer {
    channel: ChannelId,
    /// By stock locate: an instrument's id, [`NOT_FOLLOWED`] or [`UNKNOWN`].
    instruments: Box<[u32; LOCATE_COUNT]>,
    /// Ids by symbol as sent; they outlive a session, locates do not.
    ids: HashMap<[u8; 8], u32, foldhash::fast::FixedState>,
    /// Symbols to follow as sent, sorted; empty means all.
    followed: Vec<[u8; 8]>,
    counts: [u64; 256],
    told_unknown: [bool; 256],
    notices: VecDeque<Notice>,
}

/// A view of a message of exactly this type's length, or the way out.
macro_rules! view {
    ($view:ident, $body:ident, $self:ident, $counters:ident, $tag:ident) => {
        match $view::of($body) {
            Some(view) if $body.len() == $view::LEN => view,
            _ => return $self.refuse_length($tag, $body.len() + 1, $counters),
        }
    };
}

impl Normalizer {
    /// A normaliser that knows no instrument. Empty `followed` follows all symbols, and so does one that holds `*`.
    pub(super) fn new(channel: ChannelId, followed: &[String]) -> Normalizer {
        let mut followed: Vec<[u8; 8]> = followed.iter().map(|symbol| padded(symbol)).collect();
        followed.sort_unstable();
        if followed.contains(b"*       ") {
            followed.clear();
        }
        Normalizer {
            channel,
            instruments: Box::new([UNKNOWN; LOCATE_COUNT]),
            ids: HashMap::with_hasher(foldhash::fast::FixedState::with_seed(0)),
            followed,
            counts: [0; 256],
            told_unknown: [false; 256],
            notices: VecDeque::new(),
        }
    }

    /// A new session: locates are given anew.
    pub(super) fn restart(&mut self) {
        self.instruments.fill(UNKNOWN);
    }

    /// Messages seen by type, zeros left out.
    pub(super) fn messages_by_type(&self) -> Vec<(&'static str, u64)> {
        TYPES
            .iter()
            .map(|info| (info.name, self.counts[usize::from(info.tag)]))
            .filter(|&(_, count)| count > 0)
            .collect()
    }

    /// Next thing to log.
    pub(super) fn poll_notice(&mut self) -> Option<Notice> {
        self.notices.pop_front()
    }

    /// Applies the whole messages among the first `count` of `blocks`, except the first `skip`; returns how many there were,
    /// skipped ones included, and what is behind them. `FILE` says that a message comes when it happened.
    #[inline]
    pub(super) fn apply<'a, const FILE: bool>(
        &mut self,
        mut at: At,
        mut blocks: &'a [u8],
        skip: u64,
        count: u64,
        counters: &mut FeedCounters,
        out: &mut Batch,
    ) -> (u64, &'a [u8]) {
        let mut done = 0;
        while done < count {
            let Some((message, rest)) = split_message(blocks) else {
                break;
            };
            blocks = rest;
            if done >= skip {
                self.message::<FILE>(at, message, counters, out);
            }
            done += 1;
            at.sequence = at.sequence.wrapping_add(1);
        }
        (done, blocks)
    }

    #[inline(always)]
    pub(super) fn message<const FILE: bool>(
        &mut self,
        at: At,
        message: &[u8],
        counters: &mut FeedCounters,
        out: &mut Batch,
    ) {
        let Some((&tag, body)) = message.split_first() else {
            return self.refuse_length(0, 0, counters);
        };
        match tag {
            b'A' => {
                let view = view!(AddOrderNoMpidAttribution, body, self, counters, tag);
                self.counts[usize::from(tag)] += 1;
                let tick = self.blank::<FILE>(at, view.timestamp());
                let order = (view.order_reference_number(), view.shares(), view.price());
                let (locate, code) = (view.stock_locate(), view.buy_sell_indicator());
                self.add(tick, locate, view.stock(), code, order, tag, counters, out);
            }
            b'D' => {
                let view = view!(OrderDelete, body, self, counters, tag);
                self.counts[usize::from(tag)] += 1;
                let Some(instrument) = self.known(view.stock_locate(), counters) else {
                    return;
                };
                out.push(Tick {
                    instrument,
                    action: Action::Cancel,
                    order_id: view.order_reference_number(),
                    size: Size::WHOLE,
                    ..self.blank::<FILE>(at, view.timestamp())
                });
            }
            b'U' => {
                let view = view!(OrderReplace, body, self, counters, tag);
                self.counts[usize::from(tag)] += 1;
                let Some(instrument) = self.known(view.stock_locate(), counters) else {
                    return;
                };
                let tick = self.blank::<FILE>(at, view.timestamp());
                out.push(Tick {
                    instrument,
                    action: Action::Cancel,
                    order_id: view.original_order_reference_number(),
                    size: Size::WHOLE,
                    detail: cancel_detail::REPLACED,
                    flags: Flags::NONE,
                    ..tick
                });
                out.push(Tick {
                    instrument,
                    action: Action::Add,
                    order_id: view.new_order_reference_number(),
                    size: Size(u64::from(view.shares())),
                    price: Price::from_e4(view.price()),
                    ..tick
                });
            }
            b'E' => {
                let view = view!(OrderExecuted, body, self, counters, tag);
                self.counts[usize::from(tag)] += 1;
                let Some(instrument) = self.known(view.stock_locate(), counters) else {
                    return;
                };
                let tick = self.blank::<FILE>(at, view.timestamp());
                let size = Size(u64::from(view.executed_shares()));
                out.push(Tick {
                    instrument,
                    action: Action::Trade,
                    order_id: view.match_number(),
                    size,
                    flags: Flags::NONE,
                    ..tick
                });
                out.push(Tick {
                    instrument,
                    action: Action::Cancel,
                    order_id: view.order_reference_number(),
                    size,
                    detail: cancel_detail::EXECUTED,
                    ..tick
                });
            }
            b'X' => {
                let view = view!(OrderCancel, body, self, counters, tag);
                self.counts[usize::from(tag)] += 1;
                let Some(instrument) = self.known(view.stock_locate(), counters) else {
                    return;
                };
                out.push(Tick {
                    instrument,
                    action: Action::Cancel,
                    order_id: view.order_reference_number(),
                    size: Size(u64::from(view.canceled_shares())),
                    ..self.blank::<FILE>(at, view.timestamp())
                });
            }
            b'F' => {
                let view = view!(AddOrderWithMpidAttribution, body, self, counters, tag);
                self.counts[usize::from(tag)] += 1;
                let tick = self.blank::<FILE>(at, view.timestamp());
                let order = (view.order_reference_number(), view.shares(), view.price());
                let (locate, code) = (view.stock_locate(), view.buy_sell_indicator());
                self.add(tick, locate, view.stock(), code, order, tag, counters, out);
            }
            b'C' => {
                let view = view!(OrderExecutedWithPrice, body, self, counters, tag);
                self.counts[usize::from(tag)] += 1;
                let Some(instrument) = self.known(view.stock_locate(), counters) else {
                    return;
                };
                let tick = self.blank::<FILE>(at, view.timestamp());
                let size = Size(u64::from(view.executed_shares()));
                if view.printable() == b'Y' {
                    out.push(Tick {
                        instrument,
                        action: Action::Trade,
                        order_id: view.match_number(),
                        size,
                        price: Price::from_e4(view.execution_price()),
                        flags: Flags::NONE,
                        ..tick
                    });
                }
                out.push(Tick {
                    instrument,
                    action: Action::Cancel,
                    order_id: view.order_reference_number(),
                    size,
                    detail: cancel_detail::EXECUTED,
                    ..tick
                });
            }
            b'P' => {
                let view = view!(NonCrossTrade, body, self, counters, tag);
                self.counts[usize::from(tag)] += 1;
                let tick = self.blank::<FILE>(at, view.timestamp());
                let found = self.named(view.stock_locate(), view.stock(), tick, out);
                let Some(instrument) = found else { return };
                out.push(Tick {
                    instrument,
                    action: Action::Trade,
                    order_id: view.match_number(),
                    size: Size(u64::from(view.shares())),
                    price: Price::from_e4(view.price()),
                    ..tick
                });
            }
            _ => self.rare::<FILE>(at, tag, body, counters, out),
        }
    }

    /// A tick at its place in time and sequence, closing its event.
    #[inline(always)]
    fn blank<const FILE: bool>(&self, at: At, timestamp: u64) -> Tick {
        let ts_event = at.midnight_ns.wrapping_add(timestamp);
        Tick {
            ts_event: EventTime(ts_event),
            ts_recv: if FILE { RecvTime(ts_event) } else { at.ts_recv },
            sequence: at.sequence,
            flags: at.closing,
            ..Tick::blank(self.channel, Action::Heartbeat)
        }
    }

    /// The instrument of a message that names its locate only.
    #[inline(always)]
    fn known(&self, locate: u16, counters: &mut FeedCounters) -> Option<InstrumentId> {
        let id = self.instruments[usize::from(locate)];
        if id < NOT_FOLLOWED {
            return Some(InstrumentId(id));
        }
        counters.unknown_instrument_messages += u64::from(id == UNKNOWN);
        None
    }

    /// The instrument of a message that carries its symbol.
    #[inline(always)]
    fn named(
        &mut self,
        locate: u16,
        stock: &[u8],
        at: Tick,
        out: &mut Batch,
    ) -> Option<InstrumentId> {
        let id = self.instruments[usize::from(locate)];
        if id < NOT_FOLLOWED {
            return Some(InstrumentId(id));
        }
        if id == NOT_FOLLOWED {
            return None;
        }
        self.appear(locate, stock, at, out)
    }

    /// The first message of a locate that carries a symbol, where the directory was not seen.
    #[cold]
    fn appear(
        &mut self,
        locate: u16,
        stock: &[u8],
        at: Tick,
        out: &mut Batch,
    ) -> Option<InstrumentId> {
        let (instrument, is_new) = self.assign(locate, stock)?;
        if is_new {
            let definition = Definition::named(instrument, Symbol::new(stock));
            out.define(&definition, definition_tick(instrument, at));
        }
        Some(instrument)
    }

    /// Ties a locate to the instrument of `stock`; says whether the instrument is new. `None` when nobody follows it.
    fn assign(&mut self, locate: u16, stock: &[u8]) -> Option<(InstrumentId, bool)> {
        let mut symbol = [b' '; 8];
        let count = stock.len().min(8);
        symbol[..count].copy_from_slice(&stock[..count]);
        if !self.followed.is_empty() && self.followed.binary_search(&symbol).is_err() {
            self.instruments[usize::from(locate)] = NOT_FOLLOWED;
            return None;
        }
        let (id, is_new) = match self.ids.get(&symbol) {
            Some(&id) => (id, false),
            // As many symbols as locates in a day; a stream that names more is damaged, and what is behind is not followed.
            None if self.ids.len() >= LOCATE_COUNT => {
                self.instruments[usize::from(locate)] = NOT_FOLLOWED;
                return None;
            }
            None => {
                let id = self.ids.len() as u32;
                self.ids.insert(symbol, id);
                (id, true)
            }
        };
        self.instruments[usize::from(locate)] = id;
        Some((InstrumentId(id), is_new))
    }

    #[inline(always)]
    #[allow(clippy::too_many_arguments)]
    fn add(
        &mut self,
        tick: Tick,
        locate: u16,
        stock: &[u8],
        code: u8,
        (order_id, shares, price): (u64, u32, u32),
        tag: u8,
        counters: &mut FeedCounters,
        out: &mut Batch,
    ) {
        let side = match code {
            b'B' => Side::Bid,
            b'S' => Side::Ask,
            _ => return refuse_field(tag, 19, counters),
        };
        let Some(instrument) = self.named(locate, stock, tick, out) else {
            return;
        };
        out.push(Tick {
            instrument,
            action: Action::Add,
            order_id,
            side,
            size: Size(u64::from(shares)),
            price: Price::from_e4(price),
            ..tick
        });
    }

    /// Everything that does not come by the million.
    #[cold]
    fn rare<const FILE: bool>(
        &mut self,
        at: At,
        tag: u8,
        body: &[u8],
        counters: &mut FeedCounters,
        out: &mut Batch,
    ) {
        let expected = MESSAGE_BYTES[usize::from(tag)];
        if expected == 0 {
            return self.unknown(tag, counters);
        }
        if usize::from(expected) != body.len() + 1 {
            return self.refuse_length(tag, body.len() + 1, counters);
        }
        self.counts[usize::from(tag)] += 1;
        // Every message begins with locate, tracking number and time.
        let Some(head) = SystemEvent::of(body) else {
            return;
        };
        let tick = self.blank::<FILE>(at, head.timestamp());
        let locate = head.stock_locate();
        match tag {
            b'S' => {
                // The parts of the day between its ends concern the session, not what is allowed in an instrument: a halt
                // outlasts them. Hence only the end of the day is a status.
                if matches!(head.event_code(), b'E' | b'C') {
                    out.push(status(InstrumentId::ALL, TradingState::Close, 0, tick));
                }
            }
            b'R' => {
                if let Some(view) = StockDirectory::of(body) {
                    self.directory(view, tick, out);
                }
            }
            b'H' => {
                let Some(view) = StockTradingAction::of(body) else {
                    return;
                };
                let state = match view.trading_state() {
                    b'T' => TradingState::Trading,
                    b'H' => TradingState::Halt,
                    b'P' => TradingState::Pause,
                    b'Q' => TradingState::Quoting,
                    _ => return refuse_field(tag, 19, counters),
                };
                if let Some(instrument) = self.named(locate, view.stock(), tick, out) {
                    out.push(status(instrument, state, reason(view.reason_code()), tick));
                }
            }
            b'h' => {
                let Some(view) = OperationalHalt::of(body) else {
                    return;
                };
                let state = match view.operational_halt_action() {
                    b'T' => TradingState::Trading,
                    b'H' => TradingState::Halt,
                    _ => return refuse_field(tag, 20, counters),
                };
                if let Some(instrument) = self.named(locate, view.stock(), tick, out) {
                    out.push(status(
                        instrument,
                        state,
                        reason(&[view.market_code()]),
                        tick,
                    ));
                }
            }
            b'Y' => {
                let Some(view) = RegShoShortSalePriceTestRestrictedIndicator::of(body) else {
                    return;
                };
                if let Some(instrument) = self.named(locate, view.stock(), tick, out) {
                    let why = reason(&[view.reg_sho_action()]);
                    out.push(status(instrument, TradingState::ShortSaleChange, why, tick));
                }
            }
            b'Q' => {
                let Some(view) = CrossTrade::of(body) else {
                    return;
                };
                let found = self.named(locate, view.stock(), tick, out);
                // An auction without a match is told too, as a print of nothing.
                let Some(instrument) = found.filter(|_| view.cross_shares() > 0) else {
                    return;
                };
                out.push(Tick {
                    instrument,
                    action: Action::Trade,
                    order_id: view.match_number(),
                    size: Size(view.cross_shares()),
                    price: Price::from_e4(view.cross_price()),
                    ..tick
                });
            }
            b'B' => {
                let Some(view) = BrokenTrade::of(body) else {
                    return;
                };
                if let Some(instrument) = self.known(locate, counters) {
                    out.push(Tick {
                        instrument,
                        order_id: view.match_number(),
                        ..statistic(StatisticKind::TradeBroken, Price::UNDEFINED, tick)
                    });
                }
            }
            b'I' => {
                if let Some(view) = NetOrderImbalanceIndicator::of(body) {
                    self.imbalance(view, tick, out);
                }
            }
            b'J' => {
                let Some(view) = LuldAuctionCollar::of(body) else {
                    return;
                };
                let Some(instrument) = self.named(locate, view.stock(), tick, out) else {
                    return;
                };
                let tick = Tick { instrument, ..tick };
                let not_last = Tick {
                    flags: tick.flags.without(Flags::LAST),
                    ..tick
                };
                let reference = Price::from_e4(view.auction_collar_reference_price());
                let upper = Price::from_e4(view.upper_auction_collar_price());
                let lower = Price::from_e4(view.lower_auction_collar_price());
                out.push(statistic(
                    StatisticKind::CollarReference,
                    reference,
                    not_last,
                ));
                out.push(imbalance(ImbalanceKind::UpperCollar, upper, not_last));
                out.push(imbalance(ImbalanceKind::LowerCollar, lower, tick));
            }
            b'O' => {
                let Some(view) = DirectListingWithCapitalRaisePriceDiscovery::of(body) else {
                    return;
                };
                let Some(instrument) = self.named(locate, view.stock(), tick, out) else {
                    return;
                };
                let tick = Tick { instrument, ..tick };
                let not_last = Tick {
                    flags: tick.flags.without(Flags::LAST),
                    ..tick
                };
                let near = Price::from_e4(view.near_execution_price());
                let upper = Price::from_e4(view.upper_price_range_collar());
                let lower = Price::from_e4(view.lower_price_range_collar());
                out.push(imbalance(ImbalanceKind::Indicative, near, not_last));
                out.push(imbalance(ImbalanceKind::UpperCollar, upper, not_last));
                out.push(imbalance(ImbalanceKind::LowerCollar, lower, tick));
            }
            b'V' => {
                let Some(view) = MwcbDeclineLevel::of(body) else {
                    return;
                };
                let levels = [view.level_1(), view.level_2(), view.level_3()].map(Price::from_e8);
                let [Some(first), Some(second), Some(third)] = levels else {
                    return counters.refuse(DecodeError::NotExact {
                        tag: u32::from(tag),
                    });
                };
                for (level, price) in [(1, first), (2, second), (3, third)] {
                    out.push(Tick {
                        order_id: level,
                        flags: if level == 3 {
                            tick.flags
                        } else {
                            tick.flags.without(Flags::LAST)
                        },
                        ..statistic(StatisticKind::CircuitBreakerLevel, price, tick)
                    });
                }
            }
            b'W' => {
                let Some(view) = MwcbStatusLevel::of(body) else {
                    return;
                };
                let level @ b'1'..=b'3' = view.breached_level() else {
                    return refuse_field(tag, 11, counters);
                };
                let kind = StatisticKind::CircuitBreakerBreached;
                out.push(Tick {
                    order_id: u64::from(level - b'0'),
                    ..statistic(kind, Price::UNDEFINED, tick)
                });
            }
            // `L`, `K` and `N` have no place in the normalised language; see the coverage table.
            _ => {}
        }
    }

    fn directory(&mut self, view: StockDirectory<'_>, tick: Tick, out: &mut Batch) {
        let Some((instrument, _)) = self.assign(view.stock_locate(), view.stock()) else {
            return;
        };
        let definition = Definition {
            round_lot: u64::from(view.round_lot_size()),
            is_test: view.authenticity() == b'T',
            ..Definition::named(instrument, Symbol::new(view.stock()))
        };
        out.define(&definition, definition_tick(instrument, tick));
    }

    fn imbalance(&mut self, view: NetOrderImbalanceIndicator<'_>, tick: Tick, out: &mut Batch) {
        let found = self.named(view.stock_locate(), view.stock(), tick, out);
        let Some(instrument) = found else { return };
        let tick = Tick { instrument, ..tick };
        let side = match view.imbalance_direction() {
            b'B' => Side::Bid,
            b'S' => Side::Ask,
            _ => Side::None,
        };
        // A price of zero says that no price clears.
        let prices = [
            (ImbalanceKind::AuctionClearing, view.far_price()),
            (ImbalanceKind::BookClearing, view.near_price()),
        ];
        let mut last = Tick {
            side,
            size: Size(view.paired_shares()),
            order_id: view.imbalance_shares(),
            ..imbalance(
                ImbalanceKind::Reference,
                Price::from_e4(view.current_reference_price()),
                tick,
            )
        };
        for (kind, price) in prices {
            if price != 0 {
                out.push(Tick {
                    flags: Flags::NONE,
                    ..last
                });
                last = imbalance(kind, Price::from_e4(price), tick);
            }
        }
        out.push(last);
    }

    #[cold]
    fn unknown(&mut self, tag: u8, counters: &mut FeedCounters) {
        counters.unknown_messages += 1;
        if !self.told_unknown[usize::from(tag)] && self.notices.len() < NOTICES_MAX {
            self.told_unknown[usize::from(tag)] = true;
            self.notices.push_back(Notice::UnknownType {
                tag: u32::from(tag),
                name: Symbol::new(&[tag]),
            });
        }
    }

    #[cold]
    fn refuse_length(&mut self, tag: u8, have_bytes: usize, counters: &mut FeedCounters) {
        counters.refuse(DecodeError::BadLength {
            tag: u32::from(tag),
            need_bytes: u32::from(MESSAGE_BYTES[usize::from(tag)]),
            have_bytes: have_bytes as u32,
        });
    }
}

#[cold]
fn refuse_field(tag: u8, offset: u32, counters: &mut FeedCounters) {
    counters.refuse(DecodeError::BadField {
        tag: u32::from(tag),
        offset,
    });
}

/// A venue code as a number whose big-endian bytes are the text, zeros behind it; 0 when there is none.
fn reason(text: &[u8]) -> u64 {
    let text = text.trim_ascii();
    let mut bytes = [0; 8];
    let count = text.len().min(8);
    bytes[..count].copy_from_slice(&text[..count]);
    u64::from_be_bytes(bytes)
}

fn definition_tick(instrument: InstrumentId, at: Tick) -> Tick {
    Tick {
        instrument,
        action: Action::Definition,
        ..at
    }
}

fn status(instrument: InstrumentId, state: TradingState, why: u64, at: Tick) -> Tick {
    Tick {
        instrument,
        action: Action::Status,
        order_id: why,
        detail: state as u8,
        ..at
    }
}

fn statistic(kind: StatisticKind, price: Price, at: Tick) -> Tick {
    Tick {
        action: Action::Statistic,
        detail: kind as u8,
        price,
        ..at
    }
}

fn imbalance(kind: ImbalanceKind, price: Price, at: Tick) -> Tick {
    Tick {
        action: Action::Imbalance,
        detail: kind as u8,
        price,
        ..at
    }
}

/// A symbol as the wire has it.
fn padded(symbol: &str) -> [u8; 8] {
    let mut bytes = [b' '; 8];
    let text = symbol.trim().as_bytes();
    // A longer symbol is no symbol of this venue; cut, it could be another's.
    if text.len() <= 8 {
        bytes[..text.len()].copy_from_slice(text);
    }
    bytes
}
