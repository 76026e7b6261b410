//! Messages to ticks.
//!
//! A transaction of the matching engine may be several messages in several packets; its last message says so. That message may
//! become no tick, so the newest tick is kept until the next one or the end of the packet, and takes the mark. Where the packet
//! before has gone out already, a tick about the channel carries it.

use super::generated::{
    self as sbe, InstrHeader, Message, MessageHeader, stat_type, trading_status as status,
};
use super::snapshot::{Snapshots, Step};
use super::wire::{self, Header};
use crate::contract::{Batch, DecodeError, FeedCounters, Notice};
use crate::model::{
    Action, ChannelId, Definition, EventTime, Expiry, Flags, ImbalanceKind, InstrumentId,
    InstrumentKind, Leg, Price, Side, Size, StatisticKind, Symbol, Terms, Tick, TradingState,
    cancel_detail,
};
use crate::session::channel::{Place, Progress};
use crate::session::liveness::channel_tick;
use crate::session::sbe::{Decimal, HeaderShape};
use hashbrown::{HashMap, HashSet};
use std::collections::VecDeque;

/// Notices kept until they are polled.
const NOTICES_MAX: usize = 256;
/// Instruments a channel may name; messages for further ones are counted as for unknown instruments.
const INSTRUMENTS_MAX: usize = 1 << 20;
/// Orders of an instrument that are remembered, which is more than the venue allows; further ones are counted and left out.
const ORDERS_MAX: usize = 1 << 17;
/// Templates this build does not know that are named in a notice; further ones are only counted.
const UNKNOWN_NAMED_MAX: usize = 64;
/// Orders that traded in one transaction; the deletion of further ones says that they were withdrawn.
const TRADED_MAX: usize = 1_024;
/// In the place of an id: nobody follows the instrument.
const NOT_FOLLOWED: u32 = u32::MAX;

/// Bit of the instrument header: the transaction ends with this message.
pub(super) const END_OF_TRANSACTION: u8 = 2;
/// Bit of the instrument header: every order of the instrument goes, before what the message says.
pub(super) const CLEAR_BOOK: u8 = 4;

/// Which message of an instrument: the trading day, in days since the Unix epoch, and its number in that day.
pub(super) type Position = (u16, u32);

/// What is known of an instrument.
#[derive(Debug, Default)]
struct Standing {
    /// The newest message, once there was one.
    position: Option<Position>,
    /// Whether that is what a snapshot said, so that earlier messages are in it.
    is_covered: bool,
    orders: HashSet<i64, foldhash::fast::FixedState>,
    state: Option<TradingState>,
}

/// What of a definition has a place here.
struct Defined<'a> {
    symbol: &'a [u8],
    tick_size: Decimal,
    status: i8,
    settlement: Option<Decimal>,
    /// Lower and upper.
    limits: Option<[Decimal; 2]>,
    terms: Terms,
}

/// Terms of a spread, from a definition or the start of its snapshot.
macro_rules! spread_terms {
    ($block:expr) => {{
        let block = $block;
        let kind = InstrumentKind::Spread;
        let mut terms = terms_of(kind, block.currency(), block.logical_expiry());
        for leg in [block.leg_1_instrument_id(), block.leg_2_instrument_id()] {
            // Which of them a buyer buys is a convention of the venue, not a number of the leg.
            terms.add_leg(Leg {
                instrument: u64::from(leg.unsigned_abs()),
                ratio: 0,
            });
        }
        terms
    }};
}

/// The same of an option.
macro_rules! option_terms {
    ($block:expr) => {{
        let block = $block;
        let kind = if block.definition_flags().is_call() {
            InstrumentKind::Call
        } else {
            InstrumentKind::Put
        };
        Terms {
            strike: Price(block.strike_price().mantissa),
            ..terms_of(kind, b"", Some(block.logical_expiry()))
        }
    }};
}

/// The same of an outright.
macro_rules! outright_terms {
    ($block:expr) => {{
        let block = $block;
        terms_of(
            InstrumentKind::Future,
            block.currency(),
            block.logical_expiry(),
        )
    }};
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

/// What the messages of one channel mean.
pub(super) struct Normalizer {
    channel: ChannelId,
    /// Ids by the venue's number; [`NOT_FOLLOWED`] for defined ones nobody follows.
    ids: HashMap<i32, u32, foldhash::fast::FixedState>,
    standings: Vec<Standing>,
    /// Symbols to follow, sorted; empty means all.
    followed: Vec<Symbol>,
    /// Whether instruments without a definition are followed, under their numbers.
    follows_undefined: bool,
    /// Orders that traded in the transaction that goes on.
    traded: Vec<i64>,
    /// A tick of a transaction went out, and none that ends it.
    is_event_open: bool,
    is_over: bool,
    pending: Option<Tick>,
    snapshots: Snapshots,
    /// By place in [`sbe::TEMPLATES`].
    counts: [u64; sbe::TEMPLATES.len()],
    told_unknown: Vec<u16>,
    notices: VecDeque<Notice>,
}

impl Normalizer {
    /// A normaliser that knows no instrument. Empty `followed` follows all symbols.
    pub(super) fn new(
        channel: ChannelId,
        followed: &[String],
        follows_undefined: bool,
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
            follows_undefined,
            traded: Vec::new(),
            is_event_open: false,
            is_over: false,
            pending: None,
            snapshots: Snapshots::default(),
            counts: [0; sbe::TEMPLATES.len()],
            told_unknown: Vec::new(),
            notices: VecDeque::new(),
        }
    }

    /// The stream is broken here: no transaction continues over it.
    pub(super) fn close_event(&mut self) {
        self.is_event_open = false;
        self.traded.clear();
    }

    /// The stream starts anew: books are empty.
    pub(super) fn restart(&mut self) {
        self.close_event();
        self.is_over = false;
        self.snapshots = Snapshots::default();
        self.forget_orders();
        for standing in &mut self.standings {
            standing.position = None;
            standing.is_covered = false;
        }
    }

    fn forget_orders(&mut self) {
        for standing in &mut self.standings {
            standing.orders.clear();
        }
    }

    /// Whether no instrument trades any more.
    pub(super) fn is_over(&self) -> bool {
        self.is_over
    }

    /// Messages seen by template, zeros left out.
    pub(super) fn messages_by_type(&self) -> Vec<(&'static str, u64)> {
        let counts = sbe::TEMPLATES.iter().zip(&self.counts);
        counts
            .filter(|&(_, &count)| count > 0)
            .map(|(&(_, name), &count)| (name, count))
            .collect()
    }

    /// Next thing to log.
    pub(super) fn poll_notice(&mut self) -> Option<Notice> {
        self.notices.pop_front()
    }

    /// Applies the whole messages among the first `count`, except the first `skip`; says how many there were.
    pub(super) fn apply(
        &mut self,
        place: Place,
        mut body: &[u8],
        skip: u64,
        count: u64,
        counters: &mut FeedCounters,
        out: &mut Batch,
    ) -> u64 {
        let mut whole = 0;
        while whole < count
            && let Some((message, rest)) = wire::split_message(body)
        {
            body = rest;
            if whole >= skip {
                let place = Place {
                    sequence: place.sequence.saturating_add(whole),
                    ..place
                };
                if let Err(error) = self.message(place, message, counters, out) {
                    counters.refuse(error);
                }
            }
            whole += 1;
        }
        self.flush(Flags::NONE, out);
        whole
    }

    /// Takes a packet of the snapshot lines, after something before message `from` was lost.
    pub(super) fn apply_snapshot(
        &mut self,
        place: Place,
        header: &Header,
        mut body: &[u8],
        from: u64,
        counters: &mut FeedCounters,
        out: &mut Batch,
    ) -> Progress {
        if self.snapshots.begin(from) {
            // The books were emptied when the rebuild began.
            self.forget_orders();
        }
        let (mut count, mut progress) = (0, Progress::More);
        while count < header.count
            && let Some((message, rest)) = wire::split_message(body)
        {
            (body, count) = (rest, count + 1);
            let read = MessageHeader::read(message).filter(|read| read.0.schema == sbe::SCHEMA);
            let Some((head, fields)) = read else {
                progress = Progress::Failed("not what this venue sends");
                break;
            };
            let mut context = Context {
                place,
                template: head.template,
                ts_event: 0,
                flags: Flags::SNAPSHOT,
                counters: &mut *counters,
                out: &mut *out,
            };
            match Message::read(head, fields) {
                Ok(Some(message)) => {
                    self.count(head.template);
                    self.snapshot_message(&message, header, &mut context);
                }
                Ok(None) => self.unknown_template(head.template, counters),
                Err(error) => counters.refuse(error),
            }
        }
        self.flush(Flags::NONE, out);
        self.is_event_open = false;
        let (ids, standings) = (&self.ids, &self.standings);
        // Only asked where no end of a cycle is said.
        let misses = |snapshots: &Snapshots| {
            ids.iter().any(|(number, &id)| {
                let standing = standings.get(id as usize);
                let is_gone =
                    |standing: &Standing| standing.state == Some(TradingState::NotAvailable);
                standing.is_some_and(|standing| !is_gone(standing) && !snapshots.has(*number))
            })
        };
        if let Some((next, newest)) = self.snapshots.take_whole(&misses) {
            progress = Progress::CompleteInParts { next, newest };
        }
        progress
    }

    fn snapshot_message(
        &mut self,
        message: &Message<'_>,
        header: &Header,
        context: &mut Context<'_>,
    ) {
        macro_rules! start {
            ($message:ident, $tick:ident, $terms:ident) => {{
                let block = &$message.block;
                let position = (block.trading_session_date(), block.last_instr_seq_num());
                let step = self.snapshots.start(
                    header,
                    block.snapshot_seq_num(),
                    position,
                    block.order_count(),
                );
                let defined = Defined {
                    symbol: block.symbol(),
                    tick_size: block.$tick(),
                    status: block.trading_status(),
                    settlement: None,
                    limits: None,
                    terms: $terms!(block),
                };
                self.start(header.instrument, step, &defined, context);
            }};
        }
        match message {
            Message::StartOfOutrightInstrumentSnapshotMessage(start) => {
                start!(start, tick_size, outright_terms)
            }
            Message::StartOfSpreadInstrumentSnapshotMessage(start) => {
                start!(start, tick_size, spread_terms)
            }
            Message::StartOfOptionInstrumentSnapshotMessage(start) => {
                start!(start, small_tick, option_terms)
            }
            Message::OrderSnapshotMessage(order) => {
                let block = &order.block;
                if self.snapshots.next(header, block.snapshot_seq_num(), true) == Step::Take {
                    context.ts_event = time(block.transact_time());
                    let side = if block.quantity() < 0 {
                        Side::Ask
                    } else {
                        Side::Bid
                    };
                    let order = (block.order_id(), block.price(), block.quantity());
                    self.put_known(header.instrument, side, order, context);
                }
            }
            Message::EndOfSnapshotMessage(end) => {
                let block = &end.block;
                if self.snapshots.next(header, block.snapshot_seq_num(), false) == Step::Take {
                    self.end_snapshot(header.instrument, block, context);
                }
            }
            Message::EndOfCycleMessage(end) => {
                self.snapshots
                    .end_cycle(end.block.active_instrument_count());
            }
            _ => context.counters.messages_ignored += 1,
        }
    }

    fn start(&mut self, number: i32, step: Step, defined: &Defined<'_>, context: &mut Context<'_>) {
        if step != Step::Take {
            return;
        }
        context.ts_event = EventTime::UNDEFINED.0;
        let Some(instrument) = self.define(number, defined, context) else {
            self.snapshots.is_nobodys(number);
            return;
        };
        self.clear(instrument, context);
    }

    fn put_known(
        &mut self,
        number: i32,
        side: Side,
        order: (i64, Decimal, i32),
        context: &mut Context<'_>,
    ) {
        if let Some(&id) = self.ids.get(&number).filter(|&&id| id != NOT_FOLLOWED) {
            self.put(InstrumentId(id), side, order, context);
        }
    }

    fn end_snapshot(
        &mut self,
        number: i32,
        block: &sbe::EndOfSnapshotMessageBlock<'_>,
        context: &mut Context<'_>,
    ) {
        let position = self.snapshots.take();
        let Some(&id) = self.ids.get(&number).filter(|&&id| id != NOT_FOLLOWED) else {
            return;
        };
        let standing = &mut self.standings[id as usize];
        standing.position = position;
        standing.is_covered = true;
        context.ts_event = EventTime::UNDEFINED.0;
        let instrument = InstrumentId(id);
        for (price, kind) in [
            (block.day_open_price(), StatisticKind::OpeningPrice),
            (block.close_price(), StatisticKind::ClosePrice),
            (block.low_price(), StatisticKind::SessionLowPrice),
            (block.high_price(), StatisticKind::SessionHighPrice),
            (block.vwap_price_optional(), StatisticKind::Vwap),
            (block.settlement_price(), StatisticKind::SettlementPrice),
            (
                Some(block.limit_down_price()),
                StatisticKind::LowerPriceLimit,
            ),
            (Some(block.limit_up_price()), StatisticKind::UpperPriceLimit),
        ] {
            if let Some(price) = price {
                self.statistic(instrument, kind, price, context);
            }
        }
        let volume = Some(block.trade_volume());
        for (size, kind) in [
            (volume, StatisticKind::ClearedVolume),
            (block.open_interest(), StatisticKind::OpenInterest),
        ] {
            if let Some(size) = size {
                self.amount(instrument, kind, size, context);
            }
        }
    }

    /// Takes messages without numbers: definitions of snapshots on the lines themselves, and rejects of requests.
    pub(super) fn apply_unnumbered(
        &mut self,
        place: Place,
        number: i32,
        (mut body, count): (&[u8], u64),
        counters: &mut FeedCounters,
        out: &mut Batch,
    ) -> u64 {
        let (mut seen, mut taken) = (0, 0);
        while seen < count
            && let Some((message, rest)) = wire::split_message(body)
        {
            (body, seen) = (rest, seen + 1);
            let Some((head, fields)) = MessageHeader::read(message) else {
                continue;
            };
            let message = match Message::read(head, fields) {
                Ok(Some(message)) if head.schema == sbe::SCHEMA => message,
                Ok(_) => continue,
                Err(error) => {
                    counters.refuse(error);
                    continue;
                }
            };
            let mut context = Context {
                place,
                template: head.template,
                ts_event: EventTime::UNDEFINED.0,
                flags: Flags::NONE,
                counters: &mut *counters,
                out: &mut *out,
            };
            let (symbol, tick_size, status, terms) = match &message {
                Message::StartOfOutrightInstrumentSnapshotMessage(start) => {
                    let block = &start.block;
                    let terms = outright_terms!(block);
                    (
                        block.symbol(),
                        block.tick_size(),
                        block.trading_status(),
                        terms,
                    )
                }
                Message::StartOfSpreadInstrumentSnapshotMessage(start) => {
                    let block = &start.block;
                    let terms = spread_terms!(block);
                    (
                        block.symbol(),
                        block.tick_size(),
                        block.trading_status(),
                        terms,
                    )
                }
                Message::StartOfOptionInstrumentSnapshotMessage(start) => {
                    let block = &start.block;
                    let terms = option_terms!(block);
                    (
                        block.symbol(),
                        block.small_tick(),
                        block.trading_status(),
                        terms,
                    )
                }
                Message::RetransmitRejectMessage(reject) => {
                    self.count(head.template);
                    taken += 1;
                    let details = Symbol::new(reject.block.details());
                    self.notice(Notice::VenueError(details));
                    continue;
                }
                _ => continue,
            };
            if self.ids.contains_key(&number) {
                continue;
            }
            self.count(head.template);
            taken += 1;
            let defined = Defined {
                symbol,
                tick_size,
                status,
                settlement: None,
                limits: None,
                terms,
            };
            self.define(number, &defined, &mut context);
        }
        self.flush(Flags::LAST, out);
        taken
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

    /// Keeps a tick until it is known whether the transaction ends with it.
    #[inline]
    fn push(&mut self, tick: Tick, out: &mut Batch) {
        self.flush(Flags::NONE, out);
        self.pending = Some(tick);
    }

    fn count(&mut self, template: u16) {
        if let Ok(index) = sbe::TEMPLATES.binary_search_by_key(&template, |known| known.0) {
            self.counts[index] += 1;
        }
    }

    fn message(
        &mut self,
        place: Place,
        message: &[u8],
        counters: &mut FeedCounters,
        out: &mut Batch,
    ) -> Result<(), DecodeError> {
        let Some((head, body)) = MessageHeader::read(message) else {
            return Err(DecodeError::NotThisProtocol);
        };
        if head.schema != sbe::SCHEMA {
            return Err(DecodeError::NotThisProtocol);
        }
        let Some(message) = Message::read(head, body)? else {
            self.unknown_template(head.template, counters);
            return Ok(());
        };
        self.count(head.template);
        let mut context = Context {
            place,
            template: head.template,
            ts_event: 0,
            flags: Flags::NONE,
            counters,
            out,
        };
        if self.dispatch(&message, &mut context) & END_OF_TRANSACTION != 0 {
            self.end_event(place, out);
        }
        Ok(())
    }

    /// The transaction is over: the newest tick says so.
    fn end_event(&mut self, place: Place, out: &mut Batch) {
        self.traded.clear();
        if self.pending.is_some() {
            self.flush(Flags::LAST, out);
        } else if std::mem::take(&mut self.is_event_open) {
            let tick = channel_tick(self.channel, Action::Heartbeat, place.ts_recv);
            let sequence = place.sequence;
            out.push(Tick { sequence, ..tick });
        }
    }

    /// Applies a message; the flags of its instrument header.
    fn dispatch(&mut self, message: &Message<'_>, context: &mut Context<'_>) -> u8 {
        macro_rules! definition {
            ($message:ident, $tick:ident, $limits:expr, $terms:expr) => {{
                let (block, head) = (&$message.block, $message.block.instr_header());
                let defined = Defined {
                    symbol: block.symbol(),
                    tick_size: block.$tick(),
                    status: block.trading_status(),
                    settlement: block.settlement_price(),
                    limits: $limits,
                    terms: $terms,
                };
                self.definition(&head, &defined, context);
                head
            }};
        }
        /// Messages that count as ones of their instrument and mean nothing here.
        macro_rules! ignored {
            ($message:ident) => {{
                let head = $message.block.instr_header();
                if self.follow(&head, context).is_some() {
                    context.counters.messages_ignored += 1;
                }
                head
            }};
        }
        let head = match message {
            Message::OrderPutMessage(put) => {
                let (block, head) = (&put.block, put.block.instr_header());
                if let Some(instrument) = self.follow(&head, context) {
                    let order = (block.order_id(), block.price(), block.quantity());
                    self.put(instrument, side_of(&head), order, context);
                }
                head
            }
            Message::OrderDeleteMessage(delete) => {
                let head = delete.block.instr_header();
                if let Some(instrument) = self.follow(&head, context) {
                    self.delete(instrument, side_of(&head), delete.block.order_id(), context);
                }
                head
            }
            Message::TradeMessage(trade) => {
                let head = trade.block.instr_header();
                if let Some(instrument) = self.follow(&head, context) {
                    self.trade(instrument, side_of(&head), &trade.block, context);
                }
                head
            }
            Message::TradingStatusUpdateMessage(update) => {
                let (block, head) = (&update.block, update.block.instr_header());
                if let Some(instrument) = self.follow(&head, context) {
                    self.limits(
                        instrument,
                        [block.limit_down_price(), block.limit_up_price()],
                        context,
                    );
                    self.state(instrument, block.trading_status(), context);
                }
                head
            }
            Message::MarketStatMessage(stat) => {
                let (block, head) = (&stat.block, stat.block.instr_header());
                if let Some(instrument) = self.follow(&head, context) {
                    self.market_stat(instrument, block.stat_type(), block.price(), context);
                }
                head
            }
            Message::TradeSessionVolumeMessage(volume) => {
                let (block, head) = (&volume.block, volume.block.instr_header());
                if let Some(instrument) = self.follow(&head, context) {
                    self.statistic(instrument, StatisticKind::Vwap, block.vwap_price(), context);
                    let kind = StatisticKind::ClearedVolume;
                    self.amount(instrument, kind, block.trade_volume(), context);
                }
                head
            }
            Message::OpenInterestMessage(interest) => {
                let (block, head) = (&interest.block, interest.block.instr_header());
                if let Some(instrument) = self.follow(&head, context) {
                    let kind = StatisticKind::OpenInterest;
                    self.amount(instrument, kind, block.quantity(), context);
                }
                head
            }
            Message::TradeBustMessage(bust) => {
                let (block, head) = (&bust.block, bust.block.instr_header());
                if let Some(instrument) = self.follow(&head, context) {
                    let tick = Tick {
                        instrument,
                        detail: StatisticKind::TradeBroken as u8,
                        order_id: id_of(block.match_id()),
                        ..self.blank(Action::Statistic, context)
                    };
                    self.push(tick, context.out);
                }
                head
            }
            Message::OutrightInstrumentDefinitionMessage(outright) => definition!(
                outright,
                tick_size,
                Some([
                    outright.block.limit_down_price(),
                    outright.block.limit_up_price()
                ]),
                outright_terms!(&outright.block)
            ),
            Message::SpreadInstrumentDefinitionMessage(spread) => definition!(
                spread,
                tick_size,
                Some([
                    spread.block.limit_down_price(),
                    spread.block.limit_up_price()
                ]),
                spread_terms!(&spread.block)
            ),
            Message::OptionInstrumentDefinitionMessage(option) => {
                definition!(option, small_tick, None, option_terms!(&option.block))
            }
            Message::ImpliedOrderUpdateMessage(implied) => ignored!(implied),
            Message::TradeSummaryMessage(summary) => ignored!(summary),
            Message::TradeAmendMessage(amend) => ignored!(amend),
            Message::SpreadTradeAmendMessage(amend) => ignored!(amend),
            Message::FundingRateMessage(rate) => ignored!(rate),
            // Of the snapshot lines and of the servers: they have no place in the sequence.
            Message::StartOfOutrightInstrumentSnapshotMessage(_)
            | Message::StartOfSpreadInstrumentSnapshotMessage(_)
            | Message::StartOfOptionInstrumentSnapshotMessage(_)
            | Message::OrderSnapshotMessage(_)
            | Message::EndOfSnapshotMessage(_)
            | Message::EndOfCycleMessage(_)
            | Message::RetransmitRequestMessage(_)
            | Message::RetransmitRejectMessage(_) => {
                context.counters.messages_ignored += 1;
                return 0;
            }
        };
        head.instrument_flags()
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

    /// The instrument a message is of; `None` where the message is known already or nobody follows the instrument.
    fn follow(
        &mut self,
        head: &InstrHeader<'_>,
        context: &mut Context<'_>,
    ) -> Option<InstrumentId> {
        context.ts_event = time(head.transact_time());
        let instrument = match self.ids.get(&head.instrument_id()) {
            Some(&NOT_FOLLOWED) => return None,
            Some(&id) => InstrumentId(id),
            None => self.first_sight(head.instrument_id(), context)?,
        };
        self.proceed(instrument, head, context)
    }

    /// Counts a message of an instrument.
    fn proceed(
        &mut self,
        instrument: InstrumentId,
        head: &InstrHeader<'_>,
        context: &mut Context<'_>,
    ) -> Option<InstrumentId> {
        let standing = &mut self.standings[instrument.index()];
        let position = (head.trading_session_date(), head.instr_seq_num());
        let before = standing.position;
        if standing.is_covered && before.is_some_and(|before| position <= before) {
            return None;
        }
        standing.is_covered = false;
        standing.position = Some(position);
        let continues = before
            .is_none_or(|(day, number)| position.0 != day || position.1 == number.wrapping_add(1));
        if !continues {
            context.counters.instrument_gaps += 1;
            context.flags = context.flags.with(Flags::MAYBE_BAD_BOOK);
        }
        if head.instrument_flags() & CLEAR_BOOK != 0 {
            self.clear(instrument, context);
        }
        Some(instrument)
    }

    /// An instrument without a definition so far: its number is its name, where such ones are followed.
    #[cold]
    fn first_sight(&mut self, number: i32, context: &mut Context<'_>) -> Option<InstrumentId> {
        if !self.follows_undefined {
            context.counters.unknown_instrument_messages += 1;
            return None;
        }
        let symbol = Symbol::from(number.to_string().as_str());
        let instrument = self.add(number, symbol, context.counters)?;
        self.tell(&Definition::named(instrument, symbol), context);
        Some(instrument)
    }

    fn add(
        &mut self,
        number: i32,
        symbol: Symbol,
        counters: &mut FeedCounters,
    ) -> Option<InstrumentId> {
        if self.ids.len() >= INSTRUMENTS_MAX {
            counters.unknown_instrument_messages += 1;
            return None;
        }
        if !self.followed.is_empty() && self.followed.binary_search(&symbol).is_err() {
            self.ids.insert(number, NOT_FOLLOWED);
            return None;
        }
        let id = u32::try_from(self.standings.len()).ok()?;
        self.ids.insert(number, id);
        self.standings.push(Standing::default());
        Some(InstrumentId(id))
    }

    fn tell(&mut self, definition: &Definition, context: &mut Context<'_>) {
        self.flush(Flags::NONE, context.out);
        self.is_event_open = true;
        let tick = self.blank(Action::Definition, context);
        let instrument = definition.instrument;
        context.out.define(definition, Tick { instrument, ..tick });
    }

    fn definition(
        &mut self,
        head: &InstrHeader<'_>,
        defined: &Defined<'_>,
        context: &mut Context<'_>,
    ) {
        context.ts_event = time(head.transact_time());
        let known = self.ids.get(&head.instrument_id()).copied();
        // A message that is in a snapshot is not told again; one of an instrument nobody knew begins its numbers.
        if let Some(id) = known.filter(|&id| id != NOT_FOLLOWED)
            && self.proceed(InstrumentId(id), head, context).is_none()
        {
            return;
        }
        let Some(instrument) = self.define(head.instrument_id(), defined, context) else {
            return;
        };
        if known.is_none() {
            self.proceed(instrument, head, context);
        }
    }

    /// Takes a definition; the instrument, where it is followed.
    fn define(
        &mut self,
        number: i32,
        defined: &Defined<'_>,
        context: &mut Context<'_>,
    ) -> Option<InstrumentId> {
        let symbol = Symbol::new(defined.symbol);
        let instrument = match self.ids.get(&number) {
            Some(&NOT_FOLLOWED) => return None,
            Some(&id) => InstrumentId(id),
            None => self.add(number, symbol, context.counters)?,
        };
        let tick_size = Price(defined.tick_size.mantissa);
        let definition = Definition {
            tick_size: if tick_size.0 > 0 {
                tick_size
            } else {
                Price::UNDEFINED
            },
            terms: defined.terms,
            ..Definition::named(instrument, symbol)
        };
        self.tell(&definition, context);
        if let Some(price) = defined.settlement {
            self.statistic(instrument, StatisticKind::SettlementPrice, price, context);
        }
        if let Some(limits) = defined.limits {
            self.limits(instrument, limits, context);
        }
        self.state(instrument, defined.status, context);
        Some(instrument)
    }

    #[cold]
    fn clear(&mut self, instrument: InstrumentId, context: &mut Context<'_>) {
        self.standings[instrument.index()].orders.clear();
        let tick = self.blank(Action::Clear, context);
        self.push(Tick { instrument, ..tick }, context.out);
    }

    fn put(
        &mut self,
        instrument: InstrumentId,
        side: Side,
        (order, price, quantity): (i64, Decimal, i32),
        context: &mut Context<'_>,
    ) {
        let price = Price(price.mantissa);
        if side == Side::None || quantity == 0 || !price.is_defined() {
            return self.refuse(context);
        }
        let orders = &mut self.standings[instrument.index()].orders;
        if orders.len() >= ORDERS_MAX && !orders.contains(&order) {
            context.counters.values_left_out += 1;
            return;
        }
        let action = if orders.insert(order) {
            Action::Add
        } else {
            Action::Modify
        };
        let tick = Tick {
            instrument,
            side,
            price,
            size: Size(u64::from(quantity.unsigned_abs())),
            order_id: id_of(order),
            ..self.blank(action, context)
        };
        self.push(tick, context.out);
    }

    fn delete(
        &mut self,
        instrument: InstrumentId,
        side: Side,
        order: i64,
        context: &mut Context<'_>,
    ) {
        self.standings[instrument.index()].orders.remove(&order);
        let detail = if self.traded.contains(&order) {
            cancel_detail::EXECUTED
        } else {
            cancel_detail::WITHDRAWN
        };
        let tick = Tick {
            instrument,
            side,
            size: Size::WHOLE,
            order_id: id_of(order),
            detail,
            ..self.blank(Action::Cancel, context)
        };
        self.push(tick, context.out);
    }

    fn trade(
        &mut self,
        instrument: InstrumentId,
        side: Side,
        block: &sbe::TradeMessageBlock<'_>,
        context: &mut Context<'_>,
    ) {
        let price = Price(block.price().mantissa);
        if !price.is_defined() {
            return self.refuse(context);
        }
        for order in [block.buy_order_id(), block.sell_order_id()]
            .into_iter()
            .flatten()
        {
            if self.traded.len() < TRADED_MAX {
                self.traded.push(order);
            }
        }
        let tick = Tick {
            instrument,
            side,
            price,
            size: Size(u64::from(block.quantity().unsigned_abs())),
            order_id: id_of(block.match_id()),
            ..self.blank(Action::Trade, context)
        };
        self.push(tick, context.out);
    }

    fn market_stat(
        &mut self,
        instrument: InstrumentId,
        kind: u8,
        price: Decimal,
        context: &mut Context<'_>,
    ) {
        let kind = match kind {
            stat_type::DAY_OPENING_PRICE => StatisticKind::OpeningPrice,
            stat_type::CLOSING_PRICE => StatisticKind::ClosePrice,
            stat_type::SETTLEMENT_PRICE => StatisticKind::SettlementPrice,
            stat_type::TRADING_SESSION_HIGH_PRICE => StatisticKind::SessionHighPrice,
            stat_type::TRADING_SESSION_LOW_PRICE => StatisticKind::SessionLowPrice,
            stat_type::INDICATIVE_OPENING_PRICE => {
                let tick = Tick {
                    instrument,
                    price: Price(price.mantissa),
                    detail: ImbalanceKind::Indicative as u8,
                    ..self.blank(Action::Imbalance, context)
                };
                return self.push(tick, context.out);
            }
            _ => {
                context.counters.messages_ignored += 1;
                return;
            }
        };
        self.statistic(instrument, kind, price, context);
    }

    fn statistic(
        &mut self,
        instrument: InstrumentId,
        kind: StatisticKind,
        price: Decimal,
        context: &mut Context<'_>,
    ) {
        let tick = Tick {
            instrument,
            price: Price(price.mantissa),
            detail: kind as u8,
            ..self.blank(Action::Statistic, context)
        };
        self.push(tick, context.out);
    }

    fn amount(
        &mut self,
        instrument: InstrumentId,
        kind: StatisticKind,
        size: i32,
        context: &mut Context<'_>,
    ) {
        let Ok(size) = u64::try_from(size) else {
            context.counters.values_left_out += 1;
            return;
        };
        let tick = Tick {
            instrument,
            size: Size(size),
            detail: kind as u8,
            ..self.blank(Action::Statistic, context)
        };
        self.push(tick, context.out);
    }

    /// Lower and upper limit.
    fn limits(
        &mut self,
        instrument: InstrumentId,
        [lower, upper]: [Decimal; 2],
        context: &mut Context<'_>,
    ) {
        self.statistic(instrument, StatisticKind::LowerPriceLimit, lower, context);
        self.statistic(instrument, StatisticKind::UpperPriceLimit, upper, context);
    }

    fn state(&mut self, instrument: InstrumentId, status: i8, context: &mut Context<'_>) {
        let Some(state) = state_of(status) else {
            return self.refuse(context);
        };
        let tick = Tick {
            instrument,
            detail: state as u8,
            ..self.blank(Action::Status, context)
        };
        self.push(tick, context.out);
        self.standings[instrument.index()].state = Some(state);
        let is_done = |standing: &Standing| {
            matches!(
                standing.state,
                Some(TradingState::Close | TradingState::NotAvailable)
            )
        };
        if !is_done(&self.standings[instrument.index()]) {
            self.is_over = false;
        } else if !self.is_over && self.standings.iter().all(is_done) {
            self.is_over = true;
            self.notice(Notice::SessionEnded);
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

/// The side a message is of; none where it says "opening fill" or nothing.
fn side_of(head: &InstrHeader<'_>) -> Side {
    match head.instrument_side() {
        1 => Side::Bid,
        -1 => Side::Ask,
        _ => Side::None,
    }
}

/// Ids are positive; others keep their bits.
fn id_of(id: i64) -> u64 {
    id.cast_unsigned()
}

/// A time as ticks have it; one before 1970 is none.
fn time(ns: i64) -> u64 {
    u64::try_from(ns).unwrap_or(EventTime::UNDEFINED.0)
}

/// What trading a status allows; `None` where this build does not know it.
fn state_of(code: i8) -> Option<TradingState> {
    Some(match code {
        status::PRE_OPEN | status::PRE_OPEN_NO_CANCEL => TradingState::PreOpen,
        status::OPEN => TradingState::Trading,
        status::HALT => TradingState::Halt,
        status::PAUSE => TradingState::Pause,
        status::CLOSE => TradingState::Close,
        status::EXPIRED => TradingState::NotAvailable,
        _ => return None,
    })
}

fn terms_of(
    kind: InstrumentKind,
    currency: &[u8],
    expiry: Option<sbe::LogicalExpiry<'_>>,
) -> Terms {
    let expiry = expiry.map(|said| Expiry {
        year: u16::try_from(said.year()).unwrap_or(0),
        month: u8::try_from(said.month()).unwrap_or(0),
        day: u8::try_from(said.day_of_month()).unwrap_or(0),
    });
    let mut terms = Terms {
        kind,
        expiry: expiry.unwrap_or_default(),
        ..Terms::default()
    };
    terms.set_currency(currency);
    terms
}
