//! The connections of a stitched feed: how many there are, what each carries, when one takes the place of another.
//!
//! Instruments are dealt out to shards, as many to each as the venue lets one connection carry. A shard has one connection,
//! or two that say the same: the even line and the odd line of a pair. Where there is one, its pair is opened in time before
//! the venue would close it, and takes over once it carries every book.

use super::Chain;
use super::book::{Book, Phase};
use super::feed::{Arrival, State};
use crate::contract::{Action as FeedAction, Batch, Line, Notice, Pace};
use crate::model::{InstrumentId, RecvTime, Symbol};

/// Most shards a feed may have; instruments beyond share the last one.
pub(super) const SHARDS_MAX: usize = 32;
/// A connection that is subscribed for so long has said what it had to of books that nothing happens to, ns.
const SETTLED_NS: u64 = 2_000_000_000;
/// How long two connections of a shard go side by side before the older one is let go, at least and at most, ns.
const OVERLAP_NS: u64 = 5_000_000_000;
const OVERLAP_MAX_NS: u64 = 60_000_000_000;
/// A venue that confirms only a part is asked so often, from the beginning, before it is let be.
const HALF_CONFIRMED_MAX: u8 = 4;
/// How often it is seen whether the younger one is ready.
const LOOK_NS: u64 = 1_000_000_000;

/// What a venue allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Instruments a connection may carry.
    pub instruments_per_connection: usize,
    /// How fast to connect and to speak.
    pub pace: Pace,
    /// How long a connection may live before it is replaced, ns: somewhat less than the venue's own limit.
    pub age_max_ns: Option<u64>,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            instruments_per_connection: 100,
            pace: Pace::default(),
            age_max_ns: None,
        }
    }
}

/// One connection, as far as the feed has heard of it.
pub(super) struct Connection {
    pub(super) line: Line,
    pub(super) is_up: bool,
    /// Somebody told us that it is gone.
    is_lost: bool,
    is_silent: bool,
    /// It is being replaced because of its age.
    is_retiring: bool,
    up_since: RecvTime,
    /// When its age is looked at.
    replace_at: Option<RecvTime>,
    last_text: RecvTime,
    /// When everything that was subscribed has to be confirmed.
    pub(super) confirm_by: Option<RecvTime>,
    /// Texts that are not.
    unconfirmed: usize,
    /// How many there were.
    subscribed: usize,
    /// Times in a row that some were confirmed and some were not.
    half_confirmed: u8,
    pub(super) ping_at: Option<RecvTime>,
}

/// A set of lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct LineSet(u64);

impl LineSet {
    pub(super) fn of(line: Line) -> LineSet {
        LineSet(1 << (line.0 & 63))
    }
    pub(super) fn has(self, line: Line) -> bool {
        self.0 & LineSet::of(line).0 != 0
    }
    pub(super) fn insert(&mut self, line: Line) {
        self.0 |= LineSet::of(line).0;
    }
    pub(super) fn remove(&mut self, line: Line) {
        self.0 &= !LineSet::of(line).0;
    }
    pub(super) fn is_empty(self) -> bool {
        self.0 == 0
    }
}

pub(super) fn shard_of(line: Line) -> usize {
    usize::from(line.0 / 2)
}

fn partner_of(line: Line) -> Line {
    Line(line.0 ^ 1)
}

pub(super) fn after(start: RecvTime, nanos: u64) -> RecvTime {
    RecvTime(start.0.saturating_add(nanos))
}

pub(super) fn earliest(one: Option<RecvTime>, other: Option<RecvTime>) -> Option<RecvTime> {
    one.into_iter().chain(other).min()
}

impl State {
    /// The shard of one more instrument; a new shard's connections are wanted from here on.
    pub(super) fn deal(&mut self) -> u8 {
        let full = self.limits.instruments_per_connection.max(1);
        let free = self.shards.iter().position(|&count| count < full);
        let shard = match free {
            Some(shard) => shard,
            None if self.shards.len() < SHARDS_MAX => {
                self.add_shard();
                self.shards.len() - 1
            }
            None => SHARDS_MAX - 1,
        };
        // Below 32.
        let shard = shard as u8;
        self.take_place(shard);
        shard
    }

    /// Most instruments that all connections together may carry.
    pub(super) fn places(&self) -> usize {
        let each = self.limits.instruments_per_connection.max(1);
        each.saturating_mul(SHARDS_MAX)
    }

    /// One more instrument of a shard. A shard that was given up gets its connections back.
    pub(super) fn take_place(&mut self, shard: u8) {
        self.shards[usize::from(shard)] += 1;
        if !self.is_shard_open(shard) {
            self.open_shard(shard);
        }
    }

    /// One instrument less. A shard that has none needs no connection, but for the first one.
    pub(super) fn free(&mut self, shard: u8) {
        let count = &mut self.shards[usize::from(shard)];
        *count = count.saturating_sub(1);
        if *count == 0 && shard > 0 {
            self.wanted
                .retain(|&line| shard_of(line) != usize::from(shard));
        }
    }

    pub(super) fn add_shard(&mut self) {
        // Below 32.
        let shard = self.shards.len() as u8;
        self.shards.push(0);
        self.open_shard(shard);
    }

    fn is_shard_open(&self, shard: u8) -> bool {
        let mut lines = self.wanted.iter();
        lines.any(|&line| shard_of(line) == usize::from(shard))
    }

    fn open_shard(&mut self, shard: u8) {
        let first = shard * 2;
        self.wanted.push(Line(first));
        if self.settings.connections > 1 {
            self.wanted.push(Line(first + 1));
        }
    }

    pub(super) fn connection(&mut self, line: Line) -> &mut Connection {
        let known = self.connections.iter().position(|one| one.line == line);
        let index = known.unwrap_or_else(|| {
            self.connections.push(Connection {
                line,
                is_up: false,
                is_lost: false,
                is_silent: true,
                is_retiring: false,
                up_since: RecvTime(0),
                replace_at: None,
                last_text: RecvTime(0),
                confirm_by: None,
                unconfirmed: 0,
                subscribed: 0,
                half_confirmed: 0,
                ping_at: None,
            });
            self.connections.len() - 1
        });
        &mut self.connections[index]
    }

    /// A connection that is up and carries the instruments of a shard: one that is going to stay, where there is one.
    pub(super) fn line_of(&self, shard: u8) -> Option<Line> {
        let mut of_shard = self
            .connections
            .iter()
            .filter(|one| one.is_up && shard_of(one.line) == usize::from(shard));
        let first = of_shard.next()?;
        // The one that is going to stay, where one is leaving.
        let other = of_shard.find(|_| first.is_retiring);
        Some(other.unwrap_or(first).line)
    }

    pub(super) fn up(&mut self, line: Line, now: RecvTime) {
        let age_max_ns = self.limits.age_max_ns;
        let connection = self.connection(line);
        connection.is_up = true;
        connection.is_lost = false;
        connection.is_silent = true;
        connection.is_retiring = false;
        connection.up_since = now;
        connection.replace_at = age_max_ns.map(|age| after(now, age));
        connection.last_text = now;
        self.count_up();
    }

    /// Whether two connections say the same of the instruments of a shard.
    pub(super) fn is_doubled(&self, shard: u8) -> bool {
        self.doubled >> (usize::from(shard) % SHARDS_MAX) & 1 == 1
    }

    fn count_up(&mut self) {
        let up = self.connections.iter().filter(|one| one.is_up);
        let (even, odd) = up.fold((0, 0), |(even, odd), one| {
            let bit = 1u32 << (shard_of(one.line) % SHARDS_MAX);
            match one.line.0 % 2 {
                0 => (even | bit, odd),
                _ => (even, odd | bit),
            }
        });
        self.doubled = even & odd;
    }

    pub(super) fn down(&mut self, line: Line, now: RecvTime, out: &mut Batch) {
        let connection = self.connection(line);
        connection.confirm_by = None;
        connection.ping_at = None;
        connection.is_lost = true;
        connection.replace_at = None;
        let was_retiring = std::mem::replace(&mut connection.is_retiring, false);
        let was_up = std::mem::replace(&mut connection.is_up, false);
        if was_retiring && self.settings.connections < 2 {
            // Its partner is wanted in its place.
            self.wanted.retain(|wanted| *wanted != line);
        }
        if !was_up {
            return;
        }
        self.count_up();
        let is_last = self.connections.iter().all(|other| !other.is_up);
        if is_last {
            self.forget_all(now, out);
            return;
        }
        let partner = partner_of(line);
        let settled = self.connections.iter().any(|other| {
            other.line == partner
                && other.is_up
                && other.confirm_by.is_none()
                && now >= after(other.up_since, SETTLED_NS)
        });
        let has_partner = self
            .connections
            .iter()
            .any(|other| other.is_up && shard_of(other.line) == shard_of(line));
        for index in 0..self.instruments.len() {
            let instrument = &mut self.instruments[index];
            if instrument.trades.line == Some(line) {
                instrument.trades.line = None;
            }
            let is_ours = usize::from(instrument.shard) == shard_of(line);
            let book = &mut instrument.book;
            book.met.remove(line);
            // What comes when it is back does not continue this.
            book.kept.retain(|kept| kept.arrival.line != line);
            if book.phase != Phase::Following {
                if is_ours && !has_partner {
                    book.forget(now);
                    book.ask_at = None;
                    book.ask_from = RecvTime(0);
                }
                continue;
            }
            if self.chain == Chain::Connection {
                self.leave_connection(
                    index,
                    Arrival {
                        at: now,
                        line,
                        ..Arrival::default()
                    },
                    out,
                );
            } else if book.met.is_empty() {
                if settled && is_ours && book.kept.is_empty() {
                    // Nothing happened to it on either: nothing is missing.
                    book.met.insert(partner);
                } else if has_partner && is_ours && !book.kept.is_empty() {
                    self.join_alone(index, now, out);
                } else if !(has_partner && is_ours) || self.chain == Chain::Rising {
                    self.lose_book(index, now, out);
                }
                // Otherwise the next update shows by its number whether something is missing.
            }
        }
    }

    fn forget_all(&mut self, now: RecvTime, out: &mut Batch) {
        self.ask_at = None;
        let mut was_following = false;
        for instrument in &mut self.instruments {
            was_following |= instrument.book.forget(now);
            instrument.trades.line = None;
            instrument.book.ask_at = None;
            instrument.book.ask_from = RecvTime(0);
        }
        if was_following {
            self.counters.resets += 1;
            out.push(self.reset(InstrumentId::ALL, now));
        }
    }

    #[inline]
    pub(super) fn heard(&mut self, arrival: Arrival) {
        let Arrival { at, line, .. } = arrival;
        let connection = self.connection(line);
        connection.last_text = at;
        let was_up = std::mem::replace(&mut connection.is_up, true);
        let was_silent = std::mem::replace(&mut connection.is_silent, false);
        if !was_up && std::mem::replace(&mut connection.is_lost, false) {
            // Texts were lost, not the connection: only a new one brings new snapshots.
            let reason = "texts of the connection were lost";
            self.act(FeedAction::Reconnect { line, reason });
        }
        if was_silent {
            self.note(Notice::LineUp(line));
        }
    }

    /// Looks after one connection: silence, a subscription that is not confirmed, age.
    pub(super) fn watch(&mut self, index: usize, now: RecvTime) {
        let silence_ns = self.settings.silence_ns;
        let connection = &mut self.connections[index];
        if !connection.is_up {
            return;
        }
        let (line, replace_at) = (connection.line, connection.replace_at);
        let is_idle = self
            .shards
            .get(shard_of(line))
            .is_none_or(|&count| count == 0);
        if is_idle && !(self.follows_all && self.instrument_count > 0) {
            // Nothing is subscribed to: there is nothing to hear.
            connection.last_text = now;
        } else if now >= after(connection.last_text, silence_ns) {
            // Asked again after another such time, if nothing changes.
            connection.last_text = now;
            connection.is_silent = true;
            self.note(Notice::LineSilent(line));
            let reason = "the connection was silent for too long";
            self.act(FeedAction::Reconnect { line, reason });
        } else if connection
            .confirm_by
            .is_some_and(|deadline| now >= deadline)
        {
            self.not_confirmed(index, now);
        } else if replace_at.is_some_and(|at| now >= at) {
            self.replace(index, now);
        }
    }

    /// So many texts are said, and each has to be confirmed.
    pub(super) fn expect(&mut self, line: Line, texts: usize, by: RecvTime) {
        let connection = self.connection(line);
        connection.confirm_by = Some(by);
        connection.unconfirmed = texts;
        connection.subscribed = texts;
    }

    /// So many texts more.
    pub(super) fn expect_more(&mut self, line: Line, texts: usize, by: RecvTime) {
        let connection = self.connection(line);
        if texts > 0 {
            let (open, all) = match connection.confirm_by {
                Some(_) => (connection.unconfirmed, connection.subscribed),
                None => (0, 0),
            };
            connection.confirm_by = Some(by);
            connection.unconfirmed = open + texts;
            connection.subscribed = all + texts;
        }
    }

    /// One of them is.
    pub(super) fn confirm(&mut self, line: Line) {
        let connection = self.connection(line);
        connection.unconfirmed = connection.unconfirmed.saturating_sub(1);
        if connection.unconfirmed == 0 && connection.confirm_by.take().is_some() {
            connection.half_confirmed = 0;
            self.note(Notice::Subscribed(line));
        }
    }

    #[cold]
    fn not_confirmed(&mut self, index: usize, now: RecvTime) {
        let connection = &mut self.connections[index];
        let (line, missing, all) = (
            connection.line,
            connection.unconfirmed,
            connection.subscribed,
        );
        if missing < all {
            connection.half_confirmed = connection.half_confirmed.saturating_add(1);
        }
        if missing < all && connection.half_confirmed >= HALF_CONFIRMED_MAX {
            // The venue will not have the rest, whatever we do; what it gives is worth more than nothing.
            connection.confirm_by = None;
            connection.half_confirmed = 0;
            let text = format!("{missing} of {all} requests are not confirmed");
            self.note(Notice::VenueError(Symbol::new(text.as_bytes())));
            return;
        }
        connection.confirm_by = Some(after(now, self.settings.silence_ns));
        let reason = "the subscription was not confirmed in time";
        self.act(FeedAction::Reconnect { line, reason });
    }

    fn partner(&self, line: Line) -> Option<&Connection> {
        let partner = partner_of(line);
        let mut all = self.connections.iter();
        all.find(|one| one.line == partner && one.is_up)
    }

    /// Lets a connection go that is old enough, once its partner carries what it does.
    fn replace(&mut self, index: usize, now: RecvTime) {
        let line = self.connections[index].line;
        let partner = partner_of(line);
        self.connections[index].replace_at = Some(after(now, LOOK_NS));
        if !std::mem::replace(&mut self.connections[index].is_retiring, true)
            && !self.wanted.contains(&partner)
        {
            self.wanted.push(partner);
        }
        let Some(other) = self.partner(line) else {
            return;
        };
        let is_confirmed = other.confirm_by.is_none();
        let up_since = other.up_since;
        if now < after(up_since, OVERLAP_NS) {
            return;
        }
        let is_settled = now >= after(up_since, SETTLED_NS);
        let carries = |book: &Book| {
            book.phase != Phase::Following
                || book.met.has(partner)
                || book.is_carried_by(partner)
                || (self.chain != Chain::Connection && book.kept.is_empty() && is_settled)
        };
        let shard = shard_of(line);
        let mut of_shard = self
            .instruments
            .iter()
            .filter(|one| usize::from(one.shard) == shard);
        let is_ready = is_confirmed && of_shard.all(|one| carries(&one.book));
        if !is_ready && now < after(up_since, OVERLAP_MAX_NS) {
            return;
        }
        // Not again until it is gone and back; a partner as old as this one waits for that.
        self.connections[index].replace_at = None;
        let other = self.connection(partner);
        if let Some(at) = &mut other.replace_at {
            *at = (*at).max(after(now, 2 * OVERLAP_NS));
        }
        if self.settings.connections > 1 {
            let reason = "planned: before the venue closes it for its age";
            self.act(FeedAction::Reconnect { line, reason });
        } else {
            self.wanted.retain(|other| *other != line);
        }
    }

    /// When the connections need to be looked after.
    pub(super) fn connections_deadline(&self) -> Option<RecvTime> {
        let mut next = None;
        for connection in self.connections.iter().filter(|one| one.is_up) {
            let silent_at = after(connection.last_text, self.settings.silence_ns);
            next = earliest(next, Some(silent_at));
            next = earliest(next, connection.confirm_by);
            next = earliest(next, connection.ping_at);
            next = earliest(next, connection.replace_at);
            next = earliest(next, self.ask_at);
        }
        next
    }
}
