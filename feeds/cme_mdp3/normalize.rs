//! Messages to ticks.
//!
//! A packet is one number of the sequence and holds several messages; a matching event may go on over several packets, and
//! its last message says so. That message may be empty, so the newest tick of a packet is kept until the next one or the end
//! of the packet, and takes the mark. Where the packet before has gone out already, a tick about the channel carries it.

mod implied;
mod orders;

use super::generated::{
    self as sbe, MatchEventIndicator, Message, md_entry_type as kind, md_update_action as action,
};
use super::ladder::{Ladder, Misfit, Rung};
use crate::contract::{Batch, DecodeError, FeedCounters, Notice};
use crate::model::{
    Action, ChannelId, Definition, EventTime, Expiry, Flags, InstrumentId, InstrumentKind, Leg,
    Price, ResetKind, Side, Size, StatisticKind, Symbol, Terms, Tick, TradingState,
};

use crate::session::channel::{Place, Progress};
use crate::session::liveness::channel_tick;
use crate::session::sbe::{Decimal, Group, HeaderShape};
use hashbrown::HashMap;
use orders::{Chunk, ChunksSeen, Head, OrderEntry, Referred, RestingOrder};
use std::collections::VecDeque;

/// Bytes of the length before every message.
pub(super) const SIZE_BYTES: usize = 2;
/// Notices kept until they are polled.
const NOTICES_MAX: usize = 256;
/// Instruments a channel may name; messages for further ones are counted as for unknown instruments.
const INSTRUMENTS_MAX: usize = 1 << 20;
/// Templates this build does not know that are named in a notice; further ones are only counted.
const UNKNOWN_NAMED_MAX: usize = 64;
/// In the place of an id: nobody follows the instrument.
const NOT_FOLLOWED: u32 = u32::MAX;
/// Levels of implied books, as the venue gives them.
const IMPLIED_DEPTH: usize = 2;

/// What is known of an instrument.
#[derive(Debug)]
struct Standing {
    group: [u8; 6],
    asset: [u8; 6],
    /// Number of its last update; 0 before any.
    rpt_seq: u32,
    /// Packets before this one are in the snapshot that was applied.
    live_from: u64,
    depth: usize,
    /// Direct bids and offers, implied bids and offers.
    ladders: [Ladder; 4],
}

/// An entry of any of the book templates.
struct BookEntry {
    security: i32,
    rpt_seq: u32,
    price: Option<Decimal>,
    size: Option<u64>,
    orders: Option<i32>,
    level: u8,
    action: u8,
    kind: u8,
}

/// An entry of any of the trade templates.
struct TradeEntry {
    security: i32,
    rpt_seq: u32,
    price: Decimal,
    size: Option<u64>,
    /// 0 where the venue gives none.
    id: u64,
    aggressor: Option<u8>,
    action: u8,
}

/// An entry of any of the statistics templates.
struct StatisticEntry {
    security: i32,
    rpt_seq: u32,
    price: Option<Decimal>,
    size: Option<u64>,
    action: u8,
    kind: u8,
}

/// Limits of any of the banding templates.
struct LimitsEntry {
    security: i32,
    rpt_seq: u32,
    high: Option<Decimal>,
    low: Option<Decimal>,
}

/// What of a definition has a place here.
struct Defined<'a> {
    security: i32,
    symbol: &'a [u8],
    group: &'a [u8],
    asset: &'a [u8],
    tick_size: Option<Decimal>,
    round_lot: u64,
    depth: Option<u8>,
    action: u8,
    status: Option<u8>,
    terms: Terms,
}

/// A snapshot of one instrument, of any of the templates by price.
struct Snapshot {
    security: i32,
    /// The packet that continues it.
    next: u64,
    /// Instruments the loop tells of.
    total: u32,
    rpt_seq: u32,
    status: Option<u8>,
}

/// A level of a snapshot.
struct SnapshotEntry {
    kind: u8,
    level: Option<usize>,
    rung: Option<Rung>,
}

/// Snapshots taken since books were lost.
#[derive(Debug, Default)]
struct Taken {
    /// The oldest packet a snapshot may be continued by.
    from: u64,
    /// Instruments whose snapshot was taken, or is nobody's business.
    securities: hashbrown::HashSet<i32, foldhash::fast::FixedState>,
    /// The oldest packet any of them is continued by.
    next: u64,
    /// The youngest one.
    newest: u64,
    /// Messages of a loop that tell the instruments seen, by order several an instrument.
    reports: u64,
    /// By order: how far the snapshot of each instrument seen has come.
    chunks: HashMap<i32, ChunksSeen, foldhash::fast::FixedState>,
}

/// A message on its way through.
struct Context<'a> {
    place: Place,
    template: u16,
    ts_event: u64,
    flags: Flags,
    counters: &'a mut FeedCounters,
    out: &'a mut Batch,
}

/// What is told of the books.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// Levels of the direct ones.
    Levels,
    /// Levels of the direct and the implied ones, and of both together.
    AllLevels,
    /// Orders.
    Orders,
}

/// What the messages of one channel mean.
pub(super) struct Normalizer {
    channel: ChannelId,
    /// Ids by the venue's number; [`NOT_FOLLOWED`] for defined ones nobody follows.
    ids: HashMap<i32, u32, foldhash::fast::FixedState>,
    standings: Vec<Standing>,
    /// Symbols to follow, sorted; empty means all.
    followed: Vec<Symbol>,
    /// Levels of instruments whose definition does not say.
    depth_default: usize,
    /// Whether instruments without a definition are followed, under their numbers.
    follows_undefined: bool,
    /// What is told of the books.
    told: Told,
    /// Levels that an entry changed, where they are told of several books.
    told_rungs: Vec<Rung>,
    /// Entries of the present message that orders may refer to.
    referred: Vec<Option<Referred>>,
    /// A tick of an event went out, and none that ends it.
    is_event_open: bool,
    is_over: bool,
    pending: Option<Tick>,
    taken: Taken,
    /// By place in [`sbe::TEMPLATES`].
    counts: [u64; sbe::TEMPLATES.len()],
    told_unknown: Vec<u16>,
    notices: VecDeque<Notice>,
}

/// Whether every message of a packet is whole.
pub(super) fn is_whole(mut body: &[u8]) -> bool {
    while !body.is_empty() {
        match split_message(body) {
            Some((_, rest)) => body = rest,
            None => return false,
        }
    }
    true
}

/// The first message of a packet, its length left out, and what follows it; `None` when it is not whole.
pub(super) fn split_message(body: &[u8]) -> Option<(&[u8], &[u8])> {
    let size = usize::from(u16::from_le_bytes(*body.first_chunk()?));
    if size < SIZE_BYTES + sbe::MessageHeader::LEN {
        return None;
    }
    let (message, rest) = body.split_at_checked(size)?;
    Some((&message[SIZE_BYTES..], rest))
}

fn unsigned(size: Option<i32>) -> Option<u64> {
    size.and_then(|size| u64::try_from(size).ok())
}

impl Normalizer {
    /// A normaliser that knows no instrument. Empty `followed` follows all symbols.
    pub(super) fn new(
        channel: ChannelId,
        followed: &[String],
        depth_default: u8,
        follows_undefined: bool,
        told: Told,
    ) -> Normalizer {
        let mut followed: Vec<Symbol> = followed
            .iter()
            .map(|symbol| Symbol::from(symbol.as_str()))
            .collect();
        followed.sort_unstable();
        Normalizer {
            channel,
            ids: HashMap::with_hasher(foldhash::fast::FixedState::with_seed(0)),
            standings: Vec::new(),
            followed,
            depth_default: usize::from(depth_default),
            follows_undefined,
            told,
            told_rungs: Vec::new(),
            referred: Vec::new(),
            is_event_open: false,
            is_over: false,
            pending: None,
            taken: Taken::default(),
            counts: [0; sbe::TEMPLATES.len()],
            told_unknown: Vec::new(),
            notices: VecDeque::new(),
        }
    }

    /// The stream is broken here: no event continues over it.
    pub(super) fn close_event(&mut self) {
        self.is_event_open = false;
    }

    /// The stream starts anew: books are empty and updates are numbered from 1.
    pub(super) fn restart(&mut self) {
        self.is_event_open = false;
        self.is_over = false;
        self.clear_all();
    }

    /// Whether the venue said that no message follows.
    pub(super) fn is_over(&self) -> bool {
        self.is_over
    }

    /// The venue says that no message follows.
    fn end(&mut self, context: &mut Context<'_>) {
        if std::mem::replace(&mut self.is_over, true) {
            return;
        }
        self.notice(Notice::SessionEnded);
        self.flush(Flags::NONE, context.out);
        context.out.push(Tick {
            sequence: context.place.sequence,
            detail: TradingState::Close as u8,
            ..channel_tick(self.channel, Action::Status, context.place.ts_recv)
        });
    }

    /// Messages seen by template, zeros left out; old and new templates of one name together.
    pub(super) fn messages_by_type(&self) -> Vec<(&'static str, u64)> {
        let mut counts: Vec<(&'static str, u64)> = Vec::new();
        for (&(_, name), &count) in sbe::TEMPLATES.iter().zip(&self.counts) {
            if count == 0 {
                continue;
            }
            match counts.iter_mut().find(|(known, _)| *known == name) {
                Some((_, sum)) => *sum += count,
                None => counts.push((name, count)),
            }
        }
        counts
    }

    /// Next thing to log.
    pub(super) fn poll_notice(&mut self) -> Option<Notice> {
        self.notices.pop_front()
    }

    /// Known levels of one of an instrument's four sides: direct bids and offers, implied bids and offers.
    #[cfg(test)]
    pub(super) fn known(&self, instrument: usize, side: usize) -> Vec<Rung> {
        self.standings[instrument].ladders[side].known().collect()
    }

    /// Instruments so far.
    #[cfg(test)]
    pub(super) fn instrument_count(&self) -> usize {
        self.standings.len()
    }

    fn clear_all(&mut self) {
        for standing in &mut self.standings {
            standing.rpt_seq = 0;
            standing.live_from = 0;
            standing.ladders.iter_mut().for_each(Ladder::clear);
        }
    }

    /// Applies every message of a packet whose messages are whole.
    pub(super) fn apply(
        &mut self,
        place: Place,
        mut body: &[u8],
        counters: &mut FeedCounters,
        out: &mut Batch,
    ) {
        while let Some((message, rest)) = split_message(body) {
            body = rest;
            if let Err(error) = self.message(place, message, counters, out) {
                counters.refuse(error);
            }
        }
        self.flush(Flags::NONE, out);
    }

    /// Takes a packet of the lines that repeat definitions and snapshots, after something before packet `from` was lost. A
    /// snapshot that is continued by an earlier packet is too old; it comes again with the next loop.
    pub(super) fn apply_snapshots(
        &mut self,
        place: Place,
        mut body: &[u8],
        from: u64,
        counters: &mut FeedCounters,
        out: &mut Batch,
    ) -> Progress {
        if self.taken.from != from {
            self.taken = Taken {
                from,
                next: u64::MAX,
                ..Taken::default()
            };
        }
        let mut total = None;
        while let Some((message, rest)) = split_message(body) {
            body = rest;
            let read =
                sbe::MessageHeader::read(message).filter(|read| read.0.schema == sbe::SCHEMA);
            let Some((header, fields)) = read else {
                return Progress::Failed("not what this venue sends");
            };
            let message = match Message::read(header, fields) {
                Ok(message) => message,
                Err(error) => {
                    counters.refuse(error);
                    continue;
                }
            };
            let mut context = Context {
                place,
                template: header.template,
                ts_event: 0,
                flags: Flags::SNAPSHOT,
                counters: &mut *counters,
                out: &mut *out,
            };
            total = message
                .and_then(|message| self.snapshot_message(&message, &mut context))
                .or(total);
        }
        self.flush(Flags::NONE, out);
        self.is_event_open = false;
        let taken = &self.taken;
        let is_all = taken.chunks.len() <= taken.securities.len();
        let is_whole = |total: u32| is_all && taken.reports >= u64::from(total) && total > 0;
        if !total.is_some_and(is_whole) {
            return Progress::More;
        }
        let next = self.taken.next.max(from);
        let newest = self.taken.newest.max(next);
        self.taken = Taken::default();
        Progress::CompleteInParts { next, newest }
    }

    /// Takes a definition or a snapshot; the number of instruments the loop tells of, where it says so.
    fn snapshot_message(
        &mut self,
        message: &Message<'_>,
        context: &mut Context<'_>,
    ) -> Option<u32> {
        macro_rules! snapshot {
            ($message:ident, $group:ident, $price:ident, $size:ident, $orders:ident, $level:ident, $unsigned:expr) => {{
                let block = &$message.block;
                context.ts_event = block.transact_time();
                let snapshot = Snapshot {
                    security: block.security_id(),
                    next: u64::from(block.last_msg_seq_num_processed()) + 1,
                    total: block.tot_num_reports(),
                    rpt_seq: block.rpt_seq(),
                    status: block.md_security_trading_status(),
                };
                let entries = $message.$group.iter().map(|entry| SnapshotEntry {
                    kind: entry.md_entry_type(),
                    level: entry.$level().and_then(|level| usize::try_from(level).ok()),
                    rung: entry
                        .$price()
                        .and_then(|price| price_of(price).ok())
                        .zip(($unsigned)(entry.$size()))
                        .map(|(price, size)| Rung {
                            price,
                            size,
                            orders: entry.$orders().map_or(0, i32::unsigned_abs),
                        }),
                });
                self.take_snapshot(&snapshot, entries, context);
                Some(snapshot.total)
            }};
        }
        macro_rules! chunk {
            ($message:ident, $price:ident) => {{
                let block = &$message.block;
                context.ts_event = block.transact_time();
                let chunk = Chunk {
                    security: block.security_id(),
                    next: u64::from(block.last_msg_seq_num_processed()) + 1,
                    count: block.no_chunks(),
                    number: block.current_chunk(),
                };
                let orders = &$message.snapshot_full_refresh_order_book;
                let orders = orders.iter().map(|order| RestingOrder {
                    id: order.order_id(),
                    price: order.$price(),
                    size: order.md_display_qty(),
                    kind: order.md_entry_type_book(),
                });
                self.take_chunk(&chunk, orders, context);
                Some(block.tot_num_reports())
            }};
        }
        match message {
            Message::SnapshotFullRefreshOrderBook44(message) if self.told == Told::Orders => {
                chunk!(message, md_entry_px)
            }
            Message::SnapshotFullRefreshOrderBook53(message) if self.told == Told::Orders => {
                chunk!(message, md_entry_px_ex)
            }
            Message::SnapshotFullRefresh38(_)
            | Message::SnapshotFullRefresh52(_)
            | Message::SnapshotFullRefreshLongQty(_)
                if self.told == Told::Orders =>
            {
                None
            }
            Message::SnapshotFullRefresh38(message) => snapshot!(
                message,
                snapshot_full_refresh,
                md_entry_px_optional,
                md_entry_size_optional,
                number_of_orders,
                md_price_level_optional,
                unsigned
            ),
            Message::SnapshotFullRefresh52(message) => snapshot!(
                message,
                snapshot_full_refresh,
                md_entry_px_optional_ex,
                md_entry_size_short_optional,
                number_of_orders_optional,
                md_price_level_optional,
                unsigned
            ),
            Message::SnapshotFullRefreshLongQty(message) => snapshot!(
                message,
                snapshot_full_refresh_long,
                md_entry_px_optional_ex,
                md_entry_size_optional,
                number_of_orders_optional,
                md_price_level_unsigned_optional,
                |size| size
            ),
            Message::MdInstrumentDefinitionFuture27(_)
            | Message::MdInstrumentDefinitionFuture54(_)
            | Message::MdInstrumentDefinitionOption41(_)
            | Message::MdInstrumentDefinitionOption55(_)
            | Message::MdInstrumentDefinitionSpread29(_)
            | Message::MdInstrumentDefinitionSpread56(_)
            | Message::MdInstrumentDefinitionFixedIncome(_)
            | Message::MdInstrumentDefinitionRepo(_)
            | Message::MdInstrumentDefinitionFx(_) => {
                self.dispatch(message, context);
                None
            }
            _ => None,
        }
    }

    fn take_snapshot(
        &mut self,
        snapshot: &Snapshot,
        entries: impl Iterator<Item = SnapshotEntry>,
        context: &mut Context<'_>,
    ) {
        if snapshot.next < self.taken.from {
            return;
        }
        let Some(instrument) = self.find(snapshot.security, context) else {
            // Its definition may still come; what nobody follows is done with.
            if self.ids.get(&snapshot.security) == Some(&NOT_FOLLOWED) {
                self.took(snapshot.security);
            }
            return;
        };
        self.clear(instrument, context.flags, context);
        let standing = &mut self.standings[instrument.index()];
        standing.rpt_seq = snapshot.rpt_seq;
        standing.live_from = snapshot.next;
        let depth = standing.depth;
        for entry in entries {
            let (ladder, side, depth) = match entry.kind {
                kind::BID => (0, Side::Bid, depth),
                kind::OFFER => (1, Side::Ask, depth),
                kind::IMPLIED_BID => (2, Side::None, IMPLIED_DEPTH),
                kind::IMPLIED_OFFER => (3, Side::None, IMPLIED_DEPTH),
                _ => {
                    context.counters.messages_ignored += 1;
                    continue;
                }
            };
            let (Some(level), Some(rung)) = (entry.level, entry.rung) else {
                self.refuse(context);
                continue;
            };
            let ladder = &mut self.standings[instrument.index()].ladders[ladder];
            if ladder
                .replace(level, rung, (depth, true), &mut |_| {})
                .is_err()
            {
                context.counters.messages_ignored += 1;
                continue;
            }
            if side != Side::None {
                let tick = Tick {
                    instrument,
                    side,
                    price: rung.price,
                    size: Size(rung.size),
                    order_id: u64::from(rung.orders),
                    flags: context.flags.with(Flags::MBP),
                    ..self.blank(Action::Level, context)
                };
                self.push(tick, context.out);
            }
        }
        if self.shows_implied() {
            self.tell_snapshot(instrument, context);
        }
        if let Some(state) = snapshot.status.and_then(state_of) {
            self.state(instrument, state, 0, context);
        }
        self.took(snapshot.security);
        self.taken.next = self.taken.next.min(snapshot.next);
        self.taken.newest = self.taken.newest.max(snapshot.next);
    }

    /// Whether implied books, and those of both, are told beside the direct ones.
    #[inline]
    fn shows_implied(&self) -> bool {
        self.told == Told::AllLevels
    }

    /// A snapshot of one message is done with.
    fn took(&mut self, security: i32) {
        if self.taken.securities.insert(security) {
            self.taken.reports += 1;
        }
    }

    /// Sends the newest tick.
    #[inline]
    fn flush(&mut self, more: Flags, out: &mut Batch) {
        if let Some(tick) = self.pending.take() {
            let flags = tick.flags.with(more);
            self.is_event_open = !flags.contains(Flags::LAST);
            out.push(Tick { flags, ..tick });
        }
    }

    /// Keeps a tick until it is known whether the event ends with it.
    #[inline]
    fn push(&mut self, tick: Tick, out: &mut Batch) {
        self.flush(Flags::NONE, out);
        self.pending = Some(tick);
    }

    fn message(
        &mut self,
        place: Place,
        message: &[u8],
        counters: &mut FeedCounters,
        out: &mut Batch,
    ) -> Result<(), DecodeError> {
        let Some((header, body)) = sbe::MessageHeader::read(message) else {
            return Err(DecodeError::NotThisProtocol);
        };
        if header.schema != sbe::SCHEMA {
            return Err(DecodeError::NotThisProtocol);
        }
        let Some(message) = Message::read(header, body)? else {
            self.unknown_template(header.template, counters);
            return Ok(());
        };
        let index = sbe::TEMPLATES.binary_search_by_key(&header.template, |known| known.0);
        if let Ok(index) = index {
            self.counts[index] += 1;
        }
        let mut context = Context {
            place,
            template: header.template,
            ts_event: 0,
            flags: Flags::NONE,
            counters,
            out,
        };
        let indicator = self.dispatch(&message, &mut context);
        if indicator.is_some_and(MatchEventIndicator::end_of_event) {
            self.end_event(place, out);
        }
        Ok(())
    }

    /// The event is over: the newest tick says so.
    fn end_event(&mut self, place: Place, out: &mut Batch) {
        if self.pending.is_some() {
            self.flush(Flags::LAST, out);
        } else if std::mem::take(&mut self.is_event_open) {
            let tick = channel_tick(self.channel, Action::Heartbeat, place.ts_recv);
            let sequence = place.sequence;
            out.push(Tick { sequence, ..tick });
        }
    }

    /// Applies a message; its event's marks, where it is part of one that others may end.
    fn dispatch(
        &mut self,
        message: &Message<'_>,
        context: &mut Context<'_>,
    ) -> Option<MatchEventIndicator> {
        /// Entries of one group, each turned into what all templates of its kind share.
        macro_rules! entries {
            ($message:ident, $group:ident, $apply:ident, $make:expr) => {{
                context.ts_event = $message.block.transact_time();
                for entry in $message.$group.iter() {
                    let entry = $make(entry);
                    self.$apply(entry, context);
                }
                Some($message.block.match_event_indicator())
            }};
        }
        macro_rules! book {
            ($message:ident, $group:ident, $price:ident, $size:ident, $orders:ident, $to_size:expr) => {
                entries!($message, $group, book, |entry: _| {
                    let entry = pin(&$message.$group, entry);
                    BookEntry {
                        security: entry.security_id(),
                        rpt_seq: entry.rpt_seq(),
                        price: entry.$price(),
                        size: $to_size(entry.$size()),
                        orders: entry.$orders(),
                        level: entry.md_price_level(),
                        action: entry.md_update_action(),
                        kind: entry.md_entry_type_book(),
                    }
                })
            };
        }
        /// Orders that refer to the entries of levels before them.
        macro_rules! orders_of_levels {
            ($message:ident, $levels:ident, $price:ident, $orders:ident) => {{
                context.ts_event = $message.block.transact_time();
                self.referred.clear();
                for level in $message.$levels.iter() {
                    let head = Head {
                        security: level.security_id(),
                        rpt_seq: Some(level.rpt_seq()),
                        price: level.$price(),
                        kind: level.md_entry_type_book(),
                    };
                    let referred = self.refer(&head, context);
                    self.referred.push(referred);
                }
                for order in $message.$orders.iter() {
                    let Some(referred) = self.referred(order.reference_id()) else {
                        continue;
                    };
                    let entry = OrderEntry {
                        id: Some(order.order_id()),
                        size: order.md_display_qty_optional(),
                        action: order.order_update_action(),
                    };
                    self.order(&entry, referred, context);
                }
                Some($message.block.match_event_indicator())
            }};
        }
        /// Orders that come without levels.
        macro_rules! orders {
            ($message:ident, $price:ident) => {{
                context.ts_event = $message.block.transact_time();
                for order in $message.incremental_refresh_order_book.iter() {
                    let head = Head {
                        security: order.security_id(),
                        rpt_seq: None,
                        price: order.$price(),
                        kind: order.md_entry_type_book(),
                    };
                    let Some(referred) = self.refer(&head, context) else {
                        continue;
                    };
                    let entry = OrderEntry {
                        id: order.order_id_optional(),
                        size: order.md_display_qty_optional(),
                        action: order.md_update_action(),
                    };
                    self.order(&entry, referred, context);
                }
                Some($message.block.match_event_indicator())
            }};
        }
        macro_rules! trades {
            ($message:ident, $group:ident, $price:ident, $size:expr, $id:expr) => {
                entries!($message, $group, trade, |entry: _| {
                    let entry = pin(&$message.$group, entry);
                    TradeEntry {
                        security: entry.security_id(),
                        rpt_seq: entry.rpt_seq(),
                        price: entry.$price(),
                        size: $size(&entry),
                        id: $id(&entry),
                        aggressor: entry.aggressor_side(),
                        action: entry.md_update_action(),
                    }
                })
            };
        }
        macro_rules! statistics {
            ($message:ident, $group:ident, $price:expr, $size:expr, $kind:ident) => {
                entries!($message, $group, statistic, |entry: _| {
                    let entry = pin(&$message.$group, entry);
                    StatisticEntry {
                        security: entry.security_id(),
                        rpt_seq: entry.rpt_seq(),
                        price: $price(&entry),
                        size: $size(&entry),
                        action: entry.md_update_action(),
                        kind: entry.$kind(),
                    }
                })
            };
        }
        macro_rules! limits {
            ($message:ident) => {
                entries!(
                    $message,
                    incremental_refresh_limits_banding,
                    limits,
                    |entry: _| {
                        let entry = pin(&$message.incremental_refresh_limits_banding, entry);
                        LimitsEntry {
                            security: entry.security_id(),
                            rpt_seq: entry.rpt_seq(),
                            high: entry.high_limit_price(),
                            low: entry.low_limit_price(),
                        }
                    }
                )
            };
        }
        macro_rules! volume {
            ($message:ident, $group:ident) => {{
                context.ts_event = $message.block.transact_time();
                for entry in $message.$group.iter() {
                    // Total volume has no place in the normalised language; its number counts.
                    self.follow(entry.security_id(), entry.rpt_seq(), context);
                }
                Some($message.block.match_event_indicator())
            }};
        }
        macro_rules! definition {
            ($message:ident, $tick_size:expr, $terms:expr) => {{
                let block = &$message.block;
                context.ts_event = block.last_update_time();
                let feeds = $message.feed_types.iter();
                let depth = feeds.filter(|feed| feed.md_feed_type() == b"GBX").last();
                let depth = depth.and_then(|feed| u8::try_from(feed.market_depth()).ok());
                self.define(
                    &Defined {
                        security: block.security_id(),
                        symbol: block.symbol(),
                        group: block.security_group(),
                        asset: block.asset(),
                        tick_size: $tick_size,
                        round_lot: u64::from(block.min_trade_vol()),
                        depth: depth.filter(|&depth| depth > 0),
                        action: block.security_update_action(),
                        status: block.md_security_trading_status(),
                        terms: $terms,
                    },
                    context,
                );
                Some(block.match_event_indicator())
            }};
        }
        /// Terms of a definition; `$expires` and `$unit` say whether its template has an end and a contract unit.
        macro_rules! terms {
            ($message:ident, $kind:expr, $maturity:expr, $unit:expr) => {
                terms_of($kind, $message.block.currency(), $maturity, $unit)
            };
        }
        macro_rules! option_terms {
            ($message:ident) => {{
                let block = &$message.block;
                let kind = match block.put_or_call() {
                    sbe::put_or_call::PUT => InstrumentKind::Put,
                    _ => InstrumentKind::Call,
                };
                let (end, unit) = (block.maturity_month_year(), block.unit_of_measure_qty());
                let strike = block.strike_price().and_then(|price| price_of(price).ok());
                Terms {
                    strike: strike.unwrap_or(Price::UNDEFINED),
                    ..terms!($message, kind, Some(end), unit)
                }
            }};
        }
        macro_rules! spread_terms {
            ($message:ident) => {{
                let end = $message.block.maturity_month_year();
                let mut terms = terms!($message, InstrumentKind::Spread, Some(end), None);
                for leg in $message.legs.iter() {
                    let sign = match leg.leg_side() {
                        sbe::leg_side::SELL_SIDE => -1,
                        _ => 1,
                    };
                    terms.add_leg(Leg {
                        instrument: u64::from(leg.leg_security_id().unsigned_abs()),
                        ratio: sign * i32::from(leg.leg_ratio_qty()),
                    });
                }
                terms
            }};
        }
        match message {
            Message::ChannelReset(reset) => {
                context.ts_event = reset.block.transact_time();
                self.channel_reset(context);
                Some(reset.block.match_event_indicator())
            }
            Message::AdminHeartbeat(_) => {
                context.counters.heartbeats += 1;
                None
            }
            Message::AdminLogin(_) => None,
            Message::AdminLogout(_) => {
                self.end(context);
                None
            }
            Message::SecurityStatus(status) => {
                context.ts_event = status.block.transact_time();
                self.status(&status.block, context);
                Some(status.block.match_event_indicator())
            }
            Message::MdIncrementalRefreshBook32(book) if self.told == Told::Orders => {
                orders_of_levels!(
                    book,
                    incremental_refresh_book,
                    md_entry_px_optional,
                    incremental_refresh_book_order_id
                )
            }
            Message::MdIncrementalRefreshBook46(book) if self.told == Told::Orders => {
                orders_of_levels!(
                    book,
                    incremental_refresh_book,
                    md_entry_px_optional_ex,
                    incremental_refresh_book_order_id
                )
            }
            Message::MdIncrementalRefreshBookLongQty(book) if self.told == Told::Orders => {
                orders_of_levels!(
                    book,
                    incremental_refresh_book_long,
                    md_entry_px_optional_ex,
                    incremental_refresh_book_long_order_id
                )
            }
            Message::MdIncrementalRefreshOrderBook43(orders) if self.told == Told::Orders => {
                orders!(orders, md_entry_px_optional)
            }
            Message::MdIncrementalRefreshOrderBook47(orders) if self.told == Told::Orders => {
                orders!(orders, md_entry_px_optional_ex)
            }
            Message::MdIncrementalRefreshBook32(book) => book!(
                book,
                incremental_refresh_book,
                md_entry_px_optional,
                md_entry_size_optional,
                number_of_orders,
                unsigned
            ),
            Message::MdIncrementalRefreshBook46(book) => book!(
                book,
                incremental_refresh_book,
                md_entry_px_optional_ex,
                md_entry_size_short_optional,
                number_of_orders_optional,
                unsigned
            ),
            Message::MdIncrementalRefreshBookLongQty(book) => book!(
                book,
                incremental_refresh_book_long,
                md_entry_px_optional_ex,
                md_entry_size_optional,
                number_of_orders_optional,
                |size| size
            ),
            Message::MdIncrementalRefreshOrderBook43(orders) => {
                context.counters.messages_ignored += 1;
                Some(orders.block.match_event_indicator())
            }
            Message::MdIncrementalRefreshOrderBook47(orders) => {
                context.counters.messages_ignored += 1;
                Some(orders.block.match_event_indicator())
            }
            Message::MdIncrementalRefreshTrade(trade) => trades!(
                trade,
                incremental_refresh_trade,
                md_entry_px,
                |entry: &sbe::MdIncrementalRefreshTradeIncrementalRefreshTrade<'_>| u64::try_from(
                    entry.md_entry_size()
                )
                .ok(),
                |entry: &sbe::MdIncrementalRefreshTradeIncrementalRefreshTrade<'_>| {
                    u64::from(entry.trade_id().unsigned_abs())
                }
            ),
            Message::MdIncrementalRefreshTradeSummary42(trade) => {
                type Entry<'a> =
                    sbe::MdIncrementalRefreshTradeSummary42IncrementalRefreshTradeSummary<'a>;
                trades!(
                    trade,
                    incremental_refresh_trade_summary,
                    md_entry_px,
                    |entry: &Entry<'_>| u64::try_from(entry.md_entry_size()).ok(),
                    |entry: &Entry<'_>| entry.md_trade_entry_optional().map_or(0, u64::from)
                )
            }
            Message::MdIncrementalRefreshTradeSummary48(trade) => {
                type Entry<'a> =
                    sbe::MdIncrementalRefreshTradeSummary48IncrementalRefreshTradeSummary<'a>;
                trades!(
                    trade,
                    incremental_refresh_trade_summary,
                    md_entry_px_ex,
                    |entry: &Entry<'_>| u64::try_from(entry.md_entry_size_short()).ok(),
                    |entry: &Entry<'_>| entry.md_trade_entry_optional().map_or(0, u64::from)
                )
            }
            Message::MdIncrementalRefreshTradeSummaryLongQty(trade) => {
                type Entry<'a> =
                    sbe::MdIncrementalRefreshTradeSummaryLongQtyIncrementalRefreshTradeSummaryLong<
                        'a,
                    >;
                trades!(
                    trade,
                    incremental_refresh_trade_summary_long,
                    md_entry_px_ex,
                    |entry: &Entry<'_>| Some(entry.md_entry_size()),
                    |entry: &Entry<'_>| u64::from(entry.md_trade_entry())
                )
            }
            Message::MdIncrementalRefreshDailyStatistics33(statistics) => {
                type Entry<'a> =
                    sbe::MdIncrementalRefreshDailyStatistics33IncrementalRefreshDailyStatistics<'a>;
                statistics!(
                    statistics,
                    incremental_refresh_daily_statistics,
                    |entry: &Entry<'_>| entry.md_entry_px_optional(),
                    |entry: &Entry<'_>| unsigned(entry.md_entry_size_optional()),
                    md_entry_type_daily_statistics
                )
            }
            Message::MdIncrementalRefreshDailyStatistics49(statistics) => {
                type Entry<'a> =
                    sbe::MdIncrementalRefreshDailyStatistics49IncrementalRefreshDailyStatistics<'a>;
                statistics!(
                    statistics,
                    incremental_refresh_daily_statistics,
                    |entry: &Entry<'_>| entry.md_entry_px_optional_ex(),
                    |entry: &Entry<'_>| unsigned(entry.md_entry_size_short_optional()),
                    md_entry_type_daily_statistics
                )
            }
            Message::MdIncrementalRefreshSessionStatistics35(statistics) => {
                type Entry<'a> =
                    sbe::MdIncrementalRefreshSessionStatistics35IncrementalRefreshSessionStatistics<
                        'a,
                    >;
                statistics!(
                    statistics,
                    incremental_refresh_session_statistics,
                    |entry: &Entry<'_>| Some(entry.md_entry_px()),
                    |entry: &Entry<'_>| unsigned(entry.md_entry_size_optional()),
                    md_entry_type_statistics
                )
            }
            Message::MdIncrementalRefreshSessionStatistics51(statistics) => {
                type Entry<'a> =
                    sbe::MdIncrementalRefreshSessionStatistics51IncrementalRefreshSessionStatistics<
                        'a,
                    >;
                statistics!(
                    statistics,
                    incremental_refresh_session_statistics,
                    |entry: &Entry<'_>| Some(entry.md_entry_px_ex()),
                    |entry: &Entry<'_>| unsigned(entry.md_entry_size_short_optional()),
                    md_entry_type_statistics
                )
            }
            Message::MdIncrementalRefreshSessionStatisticsLongQty(statistics) => {
                type Entry<'a> = sbe::MdIncrementalRefreshSessionStatisticsLongQtyIncrementalRefreshSessionStatisticsLong<'a>;
                statistics!(
                    statistics,
                    incremental_refresh_session_statistics_long,
                    |entry: &Entry<'_>| Some(entry.md_entry_px_ex()),
                    |entry: &Entry<'_>| entry.md_entry_size_optional(),
                    md_entry_type_statistics
                )
            }
            Message::MdIncrementalRefreshLimitsBanding34(limits) => limits!(limits),
            Message::MdIncrementalRefreshLimitsBanding50(limits) => limits!(limits),
            Message::MdIncrementalRefreshVolume(volume) => {
                volume!(volume, incremental_refresh_volume)
            }
            Message::MdIncrementalRefreshVolumeLongQty(volume) => {
                volume!(volume, incremental_refresh_volume_long)
            }
            Message::MdInstrumentDefinitionFuture27(definition) => definition!(
                definition,
                Some(definition.block.min_price_increment()),
                terms!(
                    definition,
                    InstrumentKind::Future,
                    Some(definition.block.maturity_month_year()),
                    definition.block.unit_of_measure_qty()
                )
            ),
            Message::MdInstrumentDefinitionFuture54(definition) => definition!(
                definition,
                Some(definition.block.min_price_increment()),
                terms!(
                    definition,
                    InstrumentKind::Future,
                    Some(definition.block.maturity_month_year()),
                    definition.block.unit_of_measure_qty()
                )
            ),
            Message::MdInstrumentDefinitionOption41(definition) => definition!(
                definition,
                definition.block.min_price_increment_optional(),
                option_terms!(definition)
            ),
            Message::MdInstrumentDefinitionOption55(definition) => definition!(
                definition,
                definition.block.min_price_increment_optional(),
                option_terms!(definition)
            ),
            Message::MdInstrumentDefinitionSpread29(definition) => definition!(
                definition,
                Some(definition.block.min_price_increment()),
                spread_terms!(definition)
            ),
            Message::MdInstrumentDefinitionSpread56(definition) => definition!(
                definition,
                definition.block.min_price_increment_optional(),
                spread_terms!(definition)
            ),
            Message::MdInstrumentDefinitionFixedIncome(definition) => definition!(
                definition,
                definition.block.min_price_increment_optional(),
                terms!(
                    definition,
                    InstrumentKind::Other,
                    None,
                    definition.block.unit_of_measure_qty()
                )
            ),
            Message::MdInstrumentDefinitionRepo(definition) => definition!(
                definition,
                Some(definition.block.min_price_increment()),
                terms!(
                    definition,
                    InstrumentKind::Other,
                    None,
                    definition.block.unit_of_measure_qty()
                )
            ),
            Message::MdInstrumentDefinitionFx(definition) => definition!(
                definition,
                Some(definition.block.min_price_increment()),
                terms!(
                    definition,
                    InstrumentKind::Other,
                    Some(definition.block.maturity_month_year()),
                    definition.block.unit_of_measure_qty()
                )
            ),
            Message::QuoteRequest(request) => Some(request.block.match_event_indicator()),
            Message::SecurityStatusWorkup(workup) => Some(workup.block.match_event_indicator()),
            Message::CollateralMarketValue(value) => Some(value.block.match_event_indicator()),
            // Of the snapshot lines, where they are taken by `apply_snapshots`, and of TCP.
            Message::SnapshotFullRefresh38(_)
            | Message::SnapshotFullRefresh52(_)
            | Message::SnapshotFullRefreshLongQty(_)
            | Message::SnapshotFullRefreshOrderBook44(_)
            | Message::SnapshotFullRefreshOrderBook53(_)
            | Message::SnapshotFullRefreshTcp(_)
            | Message::SnapshotFullRefreshTcpLongQty(_)
            | Message::SnapshotRefreshTopOrders(_) => {
                context.counters.messages_ignored += 1;
                None
            }
        }
    }

    fn blank(&self, action: Action, context: &Context<'_>) -> Tick {
        let place = &context.place;
        Tick {
            ts_event: EventTime(context.ts_event),
            ts_recv: place.ts_recv,
            ts_in_delta: place.ts_recv.delta_from(place.sent),
            sequence: place.sequence,
            flags: context.flags,
            ..Tick::blank(self.channel, action)
        }
    }

    /// The instrument an update is of, and whether updates of it are missing before this one; `None` where the update is
    /// known already or nobody follows the instrument.
    fn follow(
        &mut self,
        security: i32,
        rpt_seq: u32,
        context: &mut Context<'_>,
    ) -> Option<(InstrumentId, Flags)> {
        let instrument = self.find(security, context)?;
        let standing = &mut self.standings[instrument.index()];
        if context.place.sequence < standing.live_from {
            return None;
        }
        // Where updates are not numbered they say 0.
        if rpt_seq == 0 {
            return Some((instrument, context.flags));
        }
        let before = standing.rpt_seq;
        if before != 0 && rpt_seq <= before {
            context.counters.messages_ignored += 1;
            return None;
        }
        standing.rpt_seq = rpt_seq;
        if before == 0 || rpt_seq == before + 1 {
            return Some((instrument, context.flags));
        }
        context.counters.instrument_gaps += 1;
        Some((instrument, context.flags.with(Flags::MAYBE_BAD_BOOK)))
    }

    fn find(&mut self, security: i32, context: &mut Context<'_>) -> Option<InstrumentId> {
        match self.ids.get(&security) {
            Some(&NOT_FOLLOWED) => None,
            Some(&id) => Some(InstrumentId(id)),
            None => self.first_sight(security, context),
        }
    }

    /// An instrument without a definition so far: its number is its name, where such ones are followed.
    #[cold]
    fn first_sight(&mut self, security: i32, context: &mut Context<'_>) -> Option<InstrumentId> {
        if !self.follows_undefined {
            context.counters.unknown_instrument_messages += 1;
            return None;
        }
        let symbol = Symbol::from(security.to_string().as_str());
        let instrument = self.add(security, symbol, context.counters)?;
        let definition = Definition::named(instrument, symbol);
        self.flush(Flags::NONE, context.out);
        self.is_event_open = true;
        self.tell_definition(&definition, context);
        Some(instrument)
    }

    fn add(
        &mut self,
        security: i32,
        symbol: Symbol,
        counters: &mut FeedCounters,
    ) -> Option<InstrumentId> {
        let books = if self.shows_implied() {
            implied::BOOKS
        } else {
            1
        };
        if self.ids.len() >= INSTRUMENTS_MAX / books as usize {
            counters.unknown_instrument_messages += 1;
            return None;
        }
        if !self.followed.is_empty() && self.followed.binary_search(&symbol).is_err() {
            self.ids.insert(security, NOT_FOLLOWED);
            return None;
        }
        let id = u32::try_from(self.standings.len()).ok()?;
        self.ids.insert(security, id);
        // Books beside the direct one take places, so that ids count on; what is known is known of the direct one.
        self.standings.extend((0..books).map(|_| Standing {
            group: [0; 6],
            asset: [0; 6],
            rpt_seq: 0,
            live_from: 0,
            depth: self.depth_default,
            ladders: Default::default(),
        }));
        Some(InstrumentId(id))
    }

    fn book(&mut self, entry: BookEntry, context: &mut Context<'_>) {
        let Some((instrument, flags)) = self.follow(entry.security, entry.rpt_seq, context) else {
            return;
        };
        let (ladder, side) = match entry.kind {
            kind::BID | kind::OFFER | kind::IMPLIED_BID | kind::IMPLIED_OFFER
                if self.shows_implied() =>
            {
                return self.level_of_books(&entry, (instrument, flags), context);
            }
            kind::BID => (0, Side::Bid),
            kind::OFFER => (1, Side::Ask),
            kind::IMPLIED_BID => (2, Side::None),
            kind::IMPLIED_OFFER => (3, Side::None),
            kind::BOOK_RESET => {
                self.clear(instrument, flags, context);
                return;
            }
            // Best prices over several books of the venue: not levels of this one.
            kind::MARKET_BEST_BID | kind::MARKET_BEST_OFFER => {
                context.counters.messages_ignored += 1;
                return;
            }
            _ => return self.refuse(context),
        };
        let tick = Tick {
            instrument,
            side,
            flags: flags.with(Flags::MBP),
            ..self.blank(Action::Level, context)
        };
        let standing = &mut self.standings[instrument.index()];
        let depth = if ladder < 2 {
            standing.depth
        } else {
            IMPLIED_DEPTH
        };
        let (pending, out) = (&mut self.pending, &mut *context.out);
        let is_open = &mut self.is_event_open;
        let mut tell = |rung: Rung| {
            if side == Side::None {
                return;
            }
            if let Some(before) = pending.take() {
                *is_open = true;
                out.push(before);
            }
            *pending = Some(Tick {
                price: rung.price,
                size: Size(rung.size),
                order_id: u64::from(rung.orders),
                ..tick
            });
        };
        let ladder = &mut standing.ladders[ladder];
        let level = usize::from(entry.level);
        let price = entry.price.and_then(|price| price_of(price).ok());
        let rung = price.zip(entry.size).map(|(price, size)| Rung {
            price,
            size,
            orders: entry.orders.map_or(0, i32::unsigned_abs),
        });
        let done = match (entry.action, rung) {
            (action::NEW_FIELD, Some(rung)) => ladder.insert(level, rung, depth, &mut tell),
            (action::CHANGE, Some(rung)) => ladder.replace(level, rung, (depth, false), &mut tell),
            (action::OVERLAY, Some(rung)) => ladder.replace(level, rung, (depth, true), &mut tell),
            (action::DELETE_FIELD, _) => ladder.remove(level, price, &mut tell),
            (action::DELETE_THRU, _) => {
                ladder.remove_best(level, &mut tell);
                Ok(())
            }
            (action::DELETE_FROM, _) => {
                ladder.trim(level.saturating_sub(1), &mut tell);
                Ok(())
            }
            _ => return self.refuse(context),
        };
        if done == Err(Misfit) && side != Side::None {
            self.misfit(instrument, context);
        }
    }

    /// What is known of a book does not fit what the venue says of it: its next word says that it may be bad.
    #[cold]
    fn misfit(&mut self, instrument: InstrumentId, context: &mut Context<'_>) {
        match &mut self.pending {
            Some(tick) if tick.instrument == instrument && tick.action == Action::Level => {
                tick.flags = tick.flags.with(Flags::MAYBE_BAD_BOOK);
            }
            // Nothing is told of a level nobody knew.
            _ => context.counters.messages_ignored += 1,
        }
    }

    #[cold]
    fn refuse(&mut self, context: &mut Context<'_>) {
        context.counters.refuse(DecodeError::BadField {
            tag: u32::from(context.template),
            offset: 0,
        });
    }

    #[cold]
    fn clear(&mut self, instrument: InstrumentId, flags: Flags, context: &mut Context<'_>) {
        let standing = &mut self.standings[instrument.index()];
        standing.ladders.iter_mut().for_each(Ladder::clear);
        for instrument in self.books_of(instrument) {
            let tick = Tick {
                instrument,
                flags,
                ..self.blank(Action::Clear, context)
            };
            self.push(tick, context.out);
        }
    }

    fn trade(&mut self, entry: TradeEntry, context: &mut Context<'_>) {
        let Some((instrument, flags)) = self.follow(entry.security, entry.rpt_seq, context) else {
            return;
        };
        let (Ok(price), Some(size)) = (price_of(entry.price), entry.size) else {
            return self.refuse(context);
        };
        let side = match entry.aggressor {
            Some(1) => Side::Bid,
            Some(2) => Side::Ask,
            _ => Side::None,
        };
        let tick = Tick {
            instrument,
            flags,
            price,
            size: Size(size),
            side,
            order_id: entry.id,
            ..self.blank(Action::Trade, context)
        };
        match entry.action {
            action::NEW_FIELD => self.push(tick, context.out),
            action::DELETE_FIELD => {
                let broken = Tick {
                    action: Action::Statistic,
                    detail: StatisticKind::TradeBroken as u8,
                    ..tick
                };
                self.push(broken, context.out);
            }
            // A trade said again, corrected: what it was is not said.
            _ => context.counters.messages_ignored += 1,
        }
    }

    fn statistic(&mut self, entry: StatisticEntry, context: &mut Context<'_>) {
        let Some((instrument, flags)) = self.follow(entry.security, entry.rpt_seq, context) else {
            return;
        };
        if entry.action == action::DELETE_FIELD {
            context.counters.messages_ignored += 1;
            return;
        }
        let (what, is_size) = match entry.kind {
            kind::OPEN_PRICE => (StatisticKind::OpeningPrice, false),
            kind::SETTLEMENT_PRICE => (StatisticKind::SettlementPrice, false),
            kind::TRADING_SESSION_HIGH_PRICE => (StatisticKind::SessionHighPrice, false),
            kind::TRADING_SESSION_LOW_PRICE => (StatisticKind::SessionLowPrice, false),
            kind::VWAP => (StatisticKind::Vwap, false),
            kind::CLEARED_VOLUME => (StatisticKind::ClearedVolume, true),
            kind::OPEN_INTEREST => (StatisticKind::OpenInterest, true),
            kind::SESSION_HIGH_BID => (StatisticKind::HighestBid, false),
            kind::SESSION_LOW_OFFER => (StatisticKind::LowestOffer, false),
            kind::FIXING_PRICE => (StatisticKind::FixingPrice, false),
            _ => {
                context.counters.messages_ignored += 1;
                return;
            }
        };
        let tick = Tick {
            instrument,
            flags,
            detail: what as u8,
            size: Size(entry.size.unwrap_or(0)),
            ..self.blank(Action::Statistic, context)
        };
        let price = entry.price.map(price_of);
        match (price, is_size) {
            (Some(Ok(price)), false) => self.push(Tick { price, ..tick }, context.out),
            (_, true) if entry.size.is_some() => self.push(tick, context.out),
            _ => context.counters.values_left_out += 1,
        }
    }

    fn limits(&mut self, entry: LimitsEntry, context: &mut Context<'_>) {
        let Some((instrument, flags)) = self.follow(entry.security, entry.rpt_seq, context) else {
            return;
        };
        for (price, what) in [
            (entry.high, StatisticKind::UpperPriceLimit),
            (entry.low, StatisticKind::LowerPriceLimit),
        ] {
            match price.map(price_of) {
                Some(Ok(price)) => {
                    let tick = Tick {
                        instrument,
                        flags,
                        price,
                        detail: what as u8,
                        ..self.blank(Action::Statistic, context)
                    };
                    self.push(tick, context.out);
                }
                Some(Err(_)) => context.counters.values_left_out += 1,
                None => {}
            }
        }
    }

    fn define(&mut self, defined: &Defined<'_>, context: &mut Context<'_>) {
        let symbol = Symbol::new(defined.symbol);
        let known = self.ids.get(&defined.security).copied();
        let instrument = match known.filter(|&id| id != NOT_FOLLOWED) {
            Some(id) => InstrumentId(id),
            None => match self.add(defined.security, symbol, context.counters) {
                Some(instrument) => instrument,
                None => return,
            },
        };
        if defined.action == sbe::security_update_action::DELETE_FIELD {
            self.clear(instrument, context.flags, context);
            self.state(instrument, TradingState::NotAvailable, 0, context);
            return;
        }
        let depth = defined.depth.map_or(self.depth_default, usize::from);
        let standing = &mut self.standings[instrument.index()];
        standing.group = padded(defined.group);
        standing.asset = padded(defined.asset);
        standing.depth = depth;
        let tick_size = defined.tick_size.and_then(|size| price_of(size).ok());
        let definition = Definition {
            tick_size: tick_size.unwrap_or(Price::UNDEFINED),
            round_lot: defined.round_lot,
            terms: defined.terms,
            ..Definition::named(instrument, symbol)
        };
        self.flush(Flags::NONE, context.out);
        self.is_event_open = true;
        self.tell_definition(&definition, context);
        if self.shows_implied() {
            self.trim_books(instrument, context);
        } else {
            self.trim(instrument, context);
        }
        if let Some(state) = defined.status.and_then(state_of) {
            self.state(instrument, state, 0, context);
        }
    }

    /// Levels beyond a depth that is less than it was.
    fn trim(&mut self, instrument: InstrumentId, context: &mut Context<'_>) {
        for (index, side) in [Side::Bid, Side::Ask].into_iter().enumerate() {
            let blank = self.blank(Action::Level, context);
            let standing = &mut self.standings[instrument.index()];
            let (out, pending) = (&mut *context.out, &mut self.pending);
            let is_open = &mut self.is_event_open;
            standing.ladders[index].trim(standing.depth, &mut |rung: Rung| {
                if let Some(before) = pending.take() {
                    *is_open = true;
                    out.push(before);
                }
                *pending = Some(Tick {
                    instrument,
                    side,
                    price: rung.price,
                    size: Size(rung.size),
                    flags: blank.flags.with(Flags::MBP),
                    ..blank
                });
            });
        }
    }

    fn state(
        &mut self,
        instrument: InstrumentId,
        state: TradingState,
        reason: u64,
        context: &mut Context<'_>,
    ) {
        for instrument in self.books_of(instrument) {
            let tick = Tick {
                instrument,
                detail: state as u8,
                order_id: reason,
                ..self.blank(Action::Status, context)
            };
            self.push(tick, context.out);
        }
    }

    /// A status is of one instrument, or of all of a group, or of all of an asset in it.
    fn status(&mut self, block: &sbe::SecurityStatusBlock<'_>, context: &mut Context<'_>) {
        let Some(state) = block.security_trading_status().and_then(state_of) else {
            return;
        };
        let reason = reason(block.halt_reason());
        if let Some(security) = block.security_id_optional() {
            match self.ids.get(&security) {
                Some(&NOT_FOLLOWED) => {}
                Some(&id) => self.state(InstrumentId(id), state, reason, context),
                None => context.counters.unknown_instrument_messages += 1,
            }
            return;
        }
        let (group, asset) = (padded(block.security_group()), padded(block.asset()));
        if group == [0; 6] && asset == [0; 6] {
            self.state(InstrumentId::ALL, state, reason, context);
            return;
        }
        let is_meant = |standing: &Standing| {
            (group == [0; 6] || standing.group == group)
                && (asset == [0; 6] || standing.asset == asset)
        };
        let books = if self.shows_implied() {
            implied::BOOKS as usize
        } else {
            1
        };
        for index in (0..self.standings.len()).step_by(books) {
            if is_meant(&self.standings[index])
                && let Ok(id) = u32::try_from(index)
            {
                self.state(InstrumentId(id), state, reason, context);
            }
        }
    }

    /// Every book of the channel is empty, and updates are numbered from 1.
    #[cold]
    fn channel_reset(&mut self, context: &mut Context<'_>) {
        self.clear_all();
        context.counters.resets += 1;
        let tick = Tick {
            detail: ResetKind::Session as u8,
            ..self.blank(Action::Reset, context)
        };
        self.push(tick, context.out);
        self.notice(Notice::SessionReset {
            sequence: context.place.sequence,
        });
    }

    #[cold]
    fn unknown_template(&mut self, template: u16, counters: &mut FeedCounters) {
        counters.unknown_messages += 1;
        if self.told_unknown.len() < UNKNOWN_NAMED_MAX && !self.told_unknown.contains(&template) {
            self.told_unknown.push(template);
            self.notice(Notice::UnknownType {
                tag: u32::from(template),
                name: Symbol::from(template.to_string().as_str()),
            });
        }
    }

    fn notice(&mut self, notice: Notice) {
        if self.notices.len() < NOTICES_MAX {
            self.notices.push_back(notice);
        }
    }
}

/// Ties an entry's type to its group's, for closures.
#[inline(always)]
fn pin<'a, E: crate::session::sbe::Entry<'a>>(_: &Group<'a, E>, entry: E) -> E {
    entry
}

/// A price in 1e-9.
fn terms_of(
    kind: InstrumentKind,
    currency: &[u8],
    maturity: Option<sbe::MaturityMonthYear<'_>>,
    unit: Option<Decimal>,
) -> Terms {
    let unit = unit.and_then(|unit| price_of(unit).ok());
    let expiry = maturity.map(|maturity| Expiry {
        year: maturity.year().unwrap_or(0),
        month: maturity.month().unwrap_or(0),
        day: maturity.day().unwrap_or(0),
    });
    let mut terms = Terms {
        kind,
        multiplier: unit.unwrap_or(Price::UNDEFINED),
        expiry: expiry.unwrap_or_default(),
        ..Terms::default()
    };
    terms.set_currency(currency);
    terms
}

fn price_of(decimal: Decimal) -> Result<Price, DecodeError> {
    let not_exact = DecodeError::NotExact { tag: 0 };
    let power = u32::try_from(9 + i32::from(decimal.exponent)).map_err(|_| not_exact)?;
    let unit = 10_i64.checked_pow(power).ok_or(not_exact)?;
    let price = Price(decimal.mantissa.checked_mul(unit).ok_or(not_exact)?);
    if price.is_defined() {
        Ok(price)
    } else {
        Err(not_exact)
    }
}

fn padded(text: &[u8]) -> [u8; 6] {
    let mut bytes = [0; 6];
    let count = text.len().min(6);
    bytes[..count].copy_from_slice(&text[..count]);
    bytes
}

/// What trading a status allows; `None` where it says that nothing changes.
fn state_of(status: u8) -> Option<TradingState> {
    use sbe::security_trading_status as status_of;
    Some(match status {
        status_of::TRADING_HALT => TradingState::Halt,
        status_of::CLOSE => TradingState::Close,
        status_of::NEW_PRICE_INDICATION | status_of::PRE_CROSS | status_of::CROSS => {
            TradingState::Auction
        }
        status_of::READY_TO_TRADE | status_of::PRIVATE_WORKUP | status_of::PUBLIC_WORKUP => {
            TradingState::Trading
        }
        status_of::NOT_AVAILABLE_FOR_TRADING => TradingState::NotAvailable,
        status_of::PRE_OPEN => TradingState::PreOpen,
        status_of::POST_CLOSE => TradingState::PostClose,
        _ => return None,
    })
}

/// The venue's number of a reason as text in 8 bytes; 0 for a change by schedule.
fn reason(number: u8) -> u64 {
    if number == 0 {
        return 0;
    }
    let mut bytes = [0; 8];
    for (byte, digit) in bytes.iter_mut().zip(number.to_string().bytes()) {
        *byte = digit;
    }
    u64::from_be_bytes(bytes)
}
