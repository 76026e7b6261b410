//! Records to ticks.
//!
//! The records are normalised already, in nearly our own language. What is added: dense ids and definitions by the names of the
//! metadata, where a snapshot begins and ends, and that a book whose beginning is in no file was joined in its middle.

use super::metadata::{MAGIC, Metadata, Named};
use super::wire::{MBO, Mbo, RecordHeader, TYPES, type_index};
use super::{metadata_bytes, split};
use crate::contract::{
    Action as FeedAction, Batch, DecodeError, Feed, FeedCounters, FeedSettings, Form, Gap,
    LinkEvent, Notice, Outcome, Packet, SettingFault,
};
use crate::model::time::{DAY_NS, civil};
use crate::model::{
    Action, ChannelId, Definition, EventTime, Flags, GapKind, InstrumentId, Price, RecvTime, Side,
    Size, Symbol, Tick, cancel_detail, heartbeat_detail,
};
use hashbrown::HashMap;
use std::collections::VecDeque;

/// Instruments a file may name; records of further ones are counted as of unknown instruments.
const INSTRUMENTS_MAX: usize = 1 << 20;
/// Notices kept until they are polled.
const NOTICES_MAX: usize = 64;
/// In the place of an id: nobody follows the instrument.
const NOT_FOLLOWED: u32 = u32::MAX;

type Map<K, V> = HashMap<K, V, foldhash::fast::FixedState>;

/// What is known of an instrument.
#[derive(Clone, Copy, Debug, Default)]
struct Standing {
    /// Its last record was of a snapshot.
    is_in_snapshot: bool,
    /// That snapshot's end was not said yet.
    owes_end: bool,
}

/// Reads files of records as one channel.
pub(super) struct DbnFeed {
    channel: ChannelId,
    /// Ids by publisher and number.
    ids: Map<(u16, u32), u32>,
    standings: Vec<Standing>,
    /// Names by number, with the days they are for.
    names: Map<u32, Vec<Named>>,
    /// Symbols to follow, sorted; empty means all.
    followed: Vec<Symbol>,
    /// The publisher whose instruments go by their names alone.
    first_publisher: Option<u16>,
    /// Metadata came, so records may.
    is_begun: bool,
    /// The order that the last record said had traded.
    filled: u64,
    /// By place in [`TYPES`], and metadata.
    counts: [u64; TYPES.len()],
    metadata_count: u64,
    counters: FeedCounters,
    notices: VecDeque<Notice>,
}

/// A channel that has read nothing.
///
/// # Errors
/// None: there is nothing to set but what all feeds have.
pub(super) fn build(settings: &FeedSettings) -> Result<Box<dyn Feed>, Vec<SettingFault>> {
    let mut followed: Vec<Symbol> = settings
        .instruments
        .iter()
        .map(|symbol| Symbol::from(symbol.as_str()))
        .collect();
    followed.sort_unstable();
    Ok(Box::new(DbnFeed {
        channel: settings.channel,
        ids: Map::with_hasher(foldhash::fast::FixedState::with_seed(0)),
        standings: Vec::new(),
        names: Map::with_hasher(foldhash::fast::FixedState::with_seed(0)),
        followed,
        first_publisher: None,
        is_begun: false,
        filled: 0,
        counts: [0; TYPES.len()],
        metadata_count: 0,
        counters: FeedCounters::default(),
        notices: VecDeque::new(),
    }))
}

/// The day of a moment as year, month and day in decimal.
fn day_of(moment: u64) -> u32 {
    let (year, month, day) = civil(moment / DAY_NS);
    u32::try_from(year).unwrap_or(0) * 10_000 + month as u32 * 100 + day as u32
}

fn side_of(code: u8) -> Option<Side> {
    Some(match code {
        b'B' => Side::Bid,
        b'A' => Side::Ask,
        b'N' => Side::None,
        _ => return None,
    })
}

impl DbnFeed {
    fn refuse(&mut self, error: DecodeError) -> Outcome {
        self.counters.refuse(error);
        Outcome::Refused(error)
    }

    fn metadata(&mut self, bytes: &[u8]) {
        let metadata = match Metadata::read(bytes) {
            Ok(metadata) => metadata,
            Err(error) => {
                self.counters.refuse(error);
                return;
            }
        };
        self.metadata_count += 1;
        self.is_begun = true;
        let names = &mut self.names;
        names.clear();
        let is_whole = metadata.for_each_name(|named| {
            names.entry(named.instrument_id).or_default().push(named);
        });
        if !is_whole {
            self.counters.refuse(DecodeError::BadLength {
                tag: u32::from(MAGIC[0]),
                need_bytes: bytes.len() as u32 + 1,
                have_bytes: bytes.len() as u32,
            });
        }
    }

    fn record(&mut self, bytes: &[u8], out: &mut Batch) {
        let Some(header) = RecordHeader::of(bytes).filter(|_| self.is_begun) else {
            self.counters.refuse(DecodeError::NotThisProtocol);
            return;
        };
        let rtype = header.rtype();
        let Some(index) = type_index(rtype) else {
            self.unknown(rtype);
            return;
        };
        self.counts[index] += 1;
        self.counters.messages += 1;
        self.counters.first_on_line[0] += 1;
        if rtype != MBO {
            self.counters.messages_ignored += 1;
            return;
        }
        match Mbo::of(bytes) {
            Some(record) => self.mbo(&record, out),
            None => self.counters.refuse(DecodeError::BadLength {
                tag: u32::from(MBO),
                need_bytes: Mbo::LEN as u32,
                have_bytes: bytes.len() as u32,
            }),
        }
    }

    #[cold]
    fn unknown(&mut self, rtype: u8) {
        self.counters.unknown_messages += 1;
        if self.counters.unknown_messages == 1 && self.notices.len() < NOTICES_MAX {
            self.notices.push_back(Notice::UnknownType {
                tag: u32::from(rtype),
                name: Symbol::from(format!("rtype {rtype:#04x}").as_str()),
            });
        }
    }

    fn mbo(&mut self, record: &Mbo<'_>, out: &mut Batch) {
        let flags = Flags(record.flags());
        let action = match record.action() {
            b'A' => Action::Add,
            b'C' => Action::Cancel,
            b'M' => Action::Modify,
            b'R' => Action::Clear,
            b'T' => Action::Trade,
            b'F' => Action::Fill,
            b'N' => Action::Heartbeat,
            _ => return self.bad_field(38),
        };
        let Some(side) = side_of(record.side()) else {
            return self.bad_field(39);
        };
        if flags.contains(Flags::TOB) && matches!(action, Action::Add | Action::Modify) {
            // A best price, not an order: books by order have no place for it.
            self.counters.messages_ignored += 1;
            return;
        }
        if action == Action::Add && side == Side::None {
            return self.bad_field(39);
        }
        let blank = Tick {
            ts_event: EventTime(record.ts_event()),
            ts_recv: RecvTime(record.ts_recv()),
            ts_in_delta: record.ts_in_delta(),
            sequence: u64::from(record.sequence()),
            ..Tick::blank(self.channel, action)
        };
        let is_beginning = action == Action::Clear || flags.contains(Flags::SNAPSHOT);
        let Some(instrument) = self.instrument(record, &blank, is_beginning, out) else {
            return;
        };
        let blank = Tick {
            instrument,
            ..blank
        };
        self.follow_snapshot(&blank, flags, out);
        // What the publisher means by its own bit is not what we mean by it.
        let flags = flags.without(Flags::PUBLISHER_SPECIFIC);
        let tick = Tick {
            flags,
            side,
            price: Price(record.price()),
            size: Size(u64::from(record.size())),
            order_id: record.order_id(),
            ..blank
        };
        let filled = std::mem::take(&mut self.filled);
        match action {
            Action::Heartbeat => {
                // Nothing happened; only an end of an event is worth a tick.
                if flags.contains(Flags::LAST) {
                    out.push(Tick { flags, ..blank });
                }
            }
            Action::Clear => out.push(Tick { flags, ..blank }),
            // No id of a trade is given: the one there is an order's.
            Action::Trade => out.push(Tick {
                order_id: 0,
                ..tick
            }),
            Action::Fill => {
                self.filled = tick.order_id;
                out.push(tick);
            }
            Action::Cancel if filled == tick.order_id && filled != 0 => out.push(Tick {
                detail: cancel_detail::EXECUTED,
                ..tick
            }),
            _ => out.push(tick),
        }
    }

    /// Says where snapshots begin and end, which records say by a bit on each of theirs alone.
    fn follow_snapshot(&mut self, record: &Tick, flags: Flags, out: &mut Batch) {
        let standing = &mut self.standings[record.instrument.index()];
        let is_snapshot = flags.contains(Flags::SNAPSHOT);
        let was_snapshot = std::mem::replace(&mut standing.is_in_snapshot, is_snapshot);
        match (was_snapshot, is_snapshot) {
            (false, false) => return,
            // What rested before is not part of it.
            (false, true) if record.action != Action::Clear => out.push(Tick {
                action: Action::Clear,
                flags: Flags::SNAPSHOT,
                ..*record
            }),
            (true, false) if standing.owes_end => out.push(Tick {
                action: Action::Heartbeat,
                detail: heartbeat_detail::SNAPSHOT_PART,
                flags: Flags::SNAPSHOT.with(Flags::LAST),
                ..*record
            }),
            _ => {}
        }
        standing.owes_end = is_snapshot && !flags.contains(Flags::LAST);
    }

    #[cold]
    fn bad_field(&mut self, offset: u32) {
        self.counters.refuse(DecodeError::BadField {
            tag: u32::from(MBO),
            offset,
        });
    }

    fn instrument(
        &mut self,
        record: &Mbo<'_>,
        blank: &Tick,
        is_beginning: bool,
        out: &mut Batch,
    ) -> Option<InstrumentId> {
        let key = (record.publisher_id(), record.instrument_id());
        match self.ids.get(&key) {
            Some(&NOT_FOLLOWED) => None,
            Some(&id) => Some(InstrumentId(id)),
            None => self.first_sight(key, blank, is_beginning, out),
        }
    }

    /// The first record of an instrument: its definition, and whether its book begins with it.
    #[cold]
    fn first_sight(
        &mut self,
        key: (u16, u32),
        blank: &Tick,
        is_beginning: bool,
        out: &mut Batch,
    ) -> Option<InstrumentId> {
        if self.ids.len() >= INSTRUMENTS_MAX {
            self.counters.unknown_instrument_messages += 1;
            return None;
        }
        let day = day_of(blank.ts_recv.0);
        let named = self.names.get(&key.1).and_then(|names| {
            let of_day = names
                .iter()
                .find(|name| (name.from..name.until).contains(&day));
            of_day.or(names.first())
        });
        let mut symbol = named.map_or_else(
            || Symbol::from(key.1.to_string().as_str()),
            |named| named.symbol,
        );
        if !self.followed.is_empty() && self.followed.binary_search(&symbol).is_err() {
            self.ids.insert(key, NOT_FOLLOWED);
            return None;
        }
        // The same name at another publisher is another book.
        if *self.first_publisher.get_or_insert(key.0) != key.0 {
            symbol = Symbol::from(format!("{symbol}@{}", key.0).as_str());
        }
        let id = u32::try_from(self.standings.len()).ok()?;
        self.ids.insert(key, id);
        self.standings.push(Standing::default());
        let instrument = InstrumentId(id);
        let tick = Tick {
            instrument,
            action: Action::Definition,
            ..*blank
        };
        out.define(&Definition::named(instrument, symbol), tick);
        if !is_beginning {
            out.push(Tick {
                action: Action::Gap,
                detail: GapKind::Joined as u8,
                ..tick
            });
        }
        Some(instrument)
    }
}

impl Feed for DbnFeed {
    fn on_packet(&mut self, packet: &Packet<'_>, out: &mut Batch) -> Outcome {
        self.counters.packets[0] += 1;
        if packet.form != Form::FileMessages {
            return self.refuse(DecodeError::NotThisProtocol);
        }
        let mut rest = packet.bytes;
        while !rest.is_empty() {
            let is_metadata = metadata_bytes(rest).is_some();
            let message = match split(rest) {
                Ok((message, behind)) => {
                    rest = behind;
                    message
                }
                Err(error) => return self.refuse(error),
            };
            if is_metadata {
                self.metadata(message);
            } else {
                self.record(message, out);
            }
        }
        Outcome::Applied
    }

    fn on_clock(&mut self, _: RecvTime, _: &mut Batch) {}

    fn next_deadline(&self) -> Option<RecvTime> {
        None
    }

    fn on_link(&mut self, _: LinkEvent, _: RecvTime, _: &mut Batch) {}

    fn finish(&mut self, _: RecvTime, _: &mut Batch) {}

    fn poll_action(&mut self) -> Option<FeedAction> {
        None
    }

    fn poll_notice(&mut self) -> Option<Notice> {
        self.notices.pop_front()
    }

    fn counters(&self) -> &FeedCounters {
        &self.counters
    }

    fn gaps(&self) -> &[Gap] {
        &[]
    }

    fn messages_by_type(&self) -> Vec<(&'static str, u64)> {
        let records = TYPES.iter().zip(self.counts);
        std::iter::once(("metadata", self.metadata_count))
            .chain(records.map(|(&(_, name), count)| (name, count)))
            .filter(|(_, count)| *count > 0)
            .collect()
    }
}
