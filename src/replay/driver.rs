//! Drives feeds from captures: the same feeds, the same ring, the capture's clock.
//!
//! Destinations of datagrams that carry the same session are lines of one channel; every other destination is a channel
//! of its own, unless the addresses of a configuration say more. Text connections of a session are one channel.

use super::capture::{Capture, What};
use super::pace::Pacer;
use feeds::contract::{
    Batch, Descriptor, Feed, FeedCounters, FeedSettings, Form, Gap, Line, LinkEvent, Notice,
    Outcome, Packet, SessionKey, SettingFault, Value,
};
use feeds::model::{ChannelId, RecvTime};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};

/// Most channels of one replay; destinations beyond it are counted and left out.
pub const CHANNELS_MAX: usize = 4_096;

/// What to replay and how.
#[derive(Clone, Debug)]
pub struct DriverSettings {
    /// Which feed reads the bytes.
    pub descriptor: &'static Descriptor,
    /// Known channels: name and line addresses, A first. Empty: found out from the capture.
    pub channels: Vec<(String, Vec<SocketAddr>)>,
    /// Symbols to follow; empty means all.
    pub instruments: Vec<String>,
    /// The room's own settings.
    pub own: Vec<(String, Value)>,
    /// Records before this are left out.
    pub from: Option<RecvTime>,
    /// Records from this on are left out.
    pub to: Option<RecvTime>,
}

/// One channel of a replay, at its end.
#[derive(Clone, Debug)]
pub struct ChannelReport {
    /// First destination (or connection, or file) that carried it, or its configured name.
    pub name: String,
    /// Totals.
    pub counters: FeedCounters,
    /// Every missing range.
    pub gaps: Vec<Gap>,
    /// Messages by type.
    pub messages_by_type: Vec<(&'static str, u64)>,
    /// What was worth a log line, first ones only.
    pub notices: Vec<Notice>,
}

/// What was replayed.
#[derive(Clone, Debug, Default)]
pub struct DriverReport {
    /// Packets, lines or messages read from the captures.
    pub packets: u64,
    /// Bytes given to feeds.
    pub bytes: u64,
    /// Packets nobody wanted: other destinations, other forms.
    pub packets_unclaimed: u64,
    /// The channels, in order of appearance.
    pub channels: Vec<ChannelReport>,
}

struct Channel {
    name: String,
    feed: Box<dyn Feed>,
    line_count: u8,
    deadline: RecvTime,
    notices: Vec<Notice>,
    /// Lines that delivered something: how many there are is not known before.
    heard: u8,
    /// Packets since the feed was last asked what it has to say.
    unattended: u32,
}

/// Packets in order after which a feed is asked what it has to say all the same. Until then its last deadline stands, which is
/// never later than the true one.
const UNATTENDED_PACKETS_MAX: u32 = 256;

/// The time of what is never due.
const NEVER: RecvTime = RecvTime(u64::MAX);

/// Notices kept a channel; a replay reports edges, it is not a log.
const NOTICES_MAX: usize = 64;

/// Channel and line of a destination.
type Place = (usize, Line);

/// Destinations looked at before the table.
const RECENT_MAX: usize = 4;

/// The driver. One for all captures of a replay, so that a session may span files.
pub struct Driver {
    settings: DriverSettings,
    channels: Vec<Channel>,
    destinations: HashMap<SocketAddr, Option<Place>>,
    /// Destinations of the last packets, newest first: most captures have two.
    recent: Vec<(SocketAddr, Option<Place>)>,
    sessions: HashMap<SessionKey, usize>,
    /// The channel of text connections and of a venue's file form.
    single: Option<usize>,
    now: RecvTime,
    /// No channel has anything to do before this time.
    idle_until: RecvTime,
    report: DriverReport,
}

impl Driver {
    /// A driver that has seen nothing.
    ///
    /// # Errors
    /// What is wrong with the feed's settings.
    pub fn new(settings: DriverSettings) -> Result<Driver, Vec<SettingFault>> {
        let mut driver = Driver {
            channels: Vec::new(),
            destinations: HashMap::new(),
            recent: Vec::with_capacity(RECENT_MAX),
            sessions: HashMap::new(),
            single: None,
            now: RecvTime(0),
            idle_until: NEVER,
            report: DriverReport::default(),
            settings,
        };
        // Settings are tried once here, so that building channels later cannot fail.
        (driver.settings.descriptor.build)(&driver.feed_settings(0))?;
        for (name, addresses) in driver.settings.channels.clone() {
            let Some(index) = driver.add_channel(name) else {
                break;
            };
            for (line, address) in addresses.into_iter().take(Line::COUNT_MAX).enumerate() {
                driver
                    .destinations
                    .insert(address, Some((index, Line(line as u8))));
                driver.channels[index].line_count += 1;
            }
        }
        Ok(driver)
    }

    /// Reads `capture` to its end (or until `stop`), each record no earlier than `pacer` allows.
    pub fn run(
        &mut self,
        capture: &mut Capture,
        name: &str,
        pacer: &mut Pacer,
        out: &mut Batch,
        stop: &AtomicBool,
        mut on_progress: impl FnMut(u64),
    ) {
        let (from, to) = (self.settings.from, self.settings.to);
        let mut count = 0u64;
        while let Some(record) = capture.next() {
            count += 1;
            if count.is_multiple_of(4_096) {
                on_progress(count);
                if stop.load(Ordering::Relaxed) {
                    break;
                }
            }
            let ts_recv = record.ts_recv;
            let is_timed = ts_recv.get().is_some();
            if is_timed
                && (from.is_some_and(|from| ts_recv < from) || to.is_some_and(|to| ts_recv >= to))
            {
                continue;
            }
            if is_timed {
                if pacer.is_paced() {
                    // What was decoded so far must not wait for the next record.
                    out.flush();
                    pacer.wait_until(ts_recv);
                }
                self.on_time(ts_recv, out);
            }
            match record.what {
                What::Datagram { dst, payload, .. } => self.on_datagram(dst, ts_recv, payload, out),
                What::FileMessages(bytes) => {
                    self.give_single(name, Line(0), ts_recv, Form::FileMessages, bytes, out);
                }
                What::Text { conn, text } => {
                    self.give_single(name, line(conn), ts_recv, Form::Text, text, out);
                }
                What::Binary { conn, bytes } => {
                    self.give_single(name, line(conn), ts_recv, Form::Binary, bytes, out);
                }
                What::Rest { url, body } => {
                    self.give_single(name, Line(0), ts_recv, Form::Rest(url), body, out);
                }
                What::Open { conn, .. } => {
                    self.link_single(name, LinkEvent::Up(line(conn)), ts_recv, out);
                }
                What::Close { conn } => {
                    self.link_single(name, LinkEvent::Down(line(conn)), ts_recv, out);
                }
                What::Sent { .. } | What::Segment { .. } => {}
            }
        }
        let counters = capture.counters();
        self.report.packets += counters.packets;
        on_progress(count);
    }

    /// Ends every channel and says what was replayed.
    pub fn finish(mut self, out: &mut Batch) -> DriverReport {
        for channel in &mut self.channels {
            channel.feed.finish(self.now, out);
            channel.attend();
        }
        out.flush();
        self.report.channels = self
            .channels
            .into_iter()
            .map(|channel| ChannelReport {
                counters: channel.feed.counters().clone(),
                gaps: channel.feed.gaps().to_vec(),
                messages_by_type: channel.feed.messages_by_type(),
                name: channel.name,
                notices: channel.notices,
            })
            .collect();
        self.report
    }

    fn feed_settings(&self, channel: u16) -> FeedSettings {
        FeedSettings {
            line_count: Line::COUNT_MAX as u8,
            instruments: self.settings.instruments.clone(),
            own: self.settings.own.clone(),
            ..FeedSettings::single_line(ChannelId(channel))
        }
    }

    fn add_channel(&mut self, name: String) -> Option<usize> {
        let index = self.channels.len();
        if index >= CHANNELS_MAX {
            return None;
        }
        let settings = self.feed_settings(index as u16);
        let feed = (self.settings.descriptor.build)(&settings).ok()?;
        self.channels.push(Channel {
            name,
            feed,
            line_count: 0,
            deadline: NEVER,
            notices: Vec::new(),
            heard: 0,
            unattended: UNATTENDED_PACKETS_MAX,
        });
        Some(index)
    }

    #[inline]
    fn on_time(&mut self, now: RecvTime, out: &mut Batch) {
        // A capture's clock may step back; the machines are never told so.
        self.now = self.now.max(now);
        if self.now >= self.idle_until {
            self.on_deadline(out);
        }
    }

    #[inline(never)]
    fn on_deadline(&mut self, out: &mut Batch) {
        for channel in &mut self.channels {
            if channel.deadline <= self.now {
                channel.feed.on_clock(self.now, out);
                channel.attend();
            }
        }
        let deadlines = self.channels.iter().map(|channel| channel.deadline);
        self.idle_until = deadlines.min().unwrap_or(NEVER);
    }

    fn on_datagram(&mut self, dst: SocketAddr, ts_recv: RecvTime, payload: &[u8], out: &mut Batch) {
        let place = match self.recent.iter().find(|(known, _)| *known == dst) {
            Some((_, place)) => *place,
            None => self.look_up(dst, payload),
        };
        let Some((index, line)) = place else {
            self.report.packets_unclaimed += 1;
            return;
        };
        let packet = Packet {
            line,
            ts_recv,
            form: Form::Datagram,
            bytes: payload,
        };
        self.report.bytes += payload.len() as u64;
        let channel = &mut self.channels[index];
        channel.give(&packet, out);
        self.idle_until = self.idle_until.min(channel.deadline);
    }

    #[cold]
    fn look_up(&mut self, dst: SocketAddr, payload: &[u8]) -> Option<Place> {
        let place = match self.destinations.get(&dst) {
            Some(place) => *place,
            None => self.place(dst, payload),
        };
        self.recent.truncate(RECENT_MAX - 1);
        self.recent.insert(0, (dst, place));
        place
    }

    /// Decides which channel and line a new destination is.
    fn place(&mut self, dst: SocketAddr, payload: &[u8]) -> Option<Place> {
        let key = (self.settings.descriptor.session_key)(payload);
        let place = if !self.settings.channels.is_empty() {
            None
        } else {
            let known = key.and_then(|key| self.sessions.get(&key).copied());
            let index = match known {
                Some(index) => Some(index),
                None => self.add_channel(dst.to_string()),
            };
            index.and_then(|index| {
                let channel = &mut self.channels[index];
                let line = Line(channel.line_count);
                if usize::from(line.0) >= Line::COUNT_MAX {
                    return None;
                }
                channel.line_count += 1;
                if let Some(key) = key {
                    self.sessions.insert(key, index);
                }
                Some((index, line))
            })
        };
        // Hostile captures may name any number of destinations: those beyond the bound are not remembered.
        if self.destinations.len() < CHANNELS_MAX * Line::COUNT_MAX {
            self.destinations.insert(dst, place);
        }
        place
    }

    fn single(&mut self, name: &str) -> Option<usize> {
        if self.single.is_none() {
            let name = self
                .settings
                .channels
                .first()
                .map_or(name, |(name, _)| name)
                .to_owned();
            self.single = if self.channels.is_empty() {
                self.add_channel(name)
            } else {
                Some(0)
            };
        }
        self.single
    }

    fn give_single(
        &mut self,
        name: &str,
        line: Line,
        ts_recv: RecvTime,
        form: Form<'_>,
        bytes: &[u8],
        out: &mut Batch,
    ) {
        let Some(index) = self.single(name) else {
            return;
        };
        self.report.bytes += bytes.len() as u64;
        let packet = Packet {
            line,
            ts_recv,
            form,
            bytes,
        };
        let channel = &mut self.channels[index];
        channel.give(&packet, out);
        self.idle_until = self.idle_until.min(channel.deadline);
    }

    fn link_single(&mut self, name: &str, event: LinkEvent, now: RecvTime, out: &mut Batch) {
        let Some(index) = self.single(name) else {
            return;
        };
        let channel = &mut self.channels[index];
        channel.feed.on_link(event, now, out);
        channel.attend();
        self.idle_until = self.idle_until.min(channel.deadline);
    }
}

impl Channel {
    #[inline]
    fn give(&mut self, packet: &Packet<'_>, out: &mut Batch) {
        let outcome = self.feed.on_packet(packet, out);
        self.unattended += 1;
        if outcome != Outcome::Applied || self.unattended > UNATTENDED_PACKETS_MAX {
            self.attend();
        }
    }

    /// A replay cannot ask anybody for anything, so actions are declined; notices are kept.
    fn attend(&mut self) {
        self.unattended = 0;
        while self.feed.poll_action().is_some() {}
        while let Some(notice) = self.feed.poll_notice() {
            match notice {
                Notice::LineUp(line) => self.heard |= 1 << (line.0 & 7),
                // A line that may not exist is not silent.
                Notice::LineSilent(line) if self.heard & 1 << (line.0 & 7) == 0 => continue,
                _ => {}
            }
            if self.notices.len() < NOTICES_MAX {
                self.notices.push(notice);
            }
        }
        self.deadline = self.feed.next_deadline().unwrap_or(NEVER);
    }
}

fn line(conn: u32) -> Line {
    Line((conn % u32::from(u8::MAX)) as u8)
}
