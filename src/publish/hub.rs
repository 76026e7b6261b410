//! The hub: who wants what, and the text of it, made once per message and shared by all who want it.
//!
//! A *variant* is one channel as subscribed (`book_snapshot_10_100ms`). Each of its instruments has a sequence that
//! goes up by one a message. A subscriber sees it without holes: the next message is `sequence + 1`, or, where its
//! queue conflated `n` messages into one, `sequence + 1 + n` with `"conflated":n`.

use super::channel::Channel;
use super::json;
use super::queue::{Bounds, Subscriber};
use super::record::{Body, Level, Record};
use super::view::{Instrument, View};
use axum::extract::ws::Utf8Bytes;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Most different channels in use at a time, over all subscribers.
const VARIANTS_MAX: usize = 256;
/// Most instrument names one subscriber may give.
const NAMES_MAX: usize = 4_096;

/// Which instruments a request means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    All,
    Named(Vec<String>),
}

#[derive(Debug, Default)]
struct Slot {
    sequence: u64,
    /// Changed since the last flush of a conflating interval.
    dirty: bool,
    subscribers: Vec<Arc<Subscriber>>,
}

#[derive(Debug)]
struct Variant {
    channel: Channel,
    slots: Vec<Slot>,
    /// Subscribers of every instrument, those to come included.
    all: Vec<Arc<Subscriber>>,
    /// Subscribers of names; kept so that an instrument defined later finds them.
    named: Vec<(Arc<Subscriber>, HashSet<String>)>,
    dirty: Vec<u32>,
    flushed: Option<Instant>,
}

impl Variant {
    fn slot(&mut self, instrument: u32) -> &mut Slot {
        let index = instrument as usize;
        if index >= self.slots.len() {
            self.slots.resize_with(index + 1, Slot::default);
        }
        &mut self.slots[index]
    }

    fn wanted(&self, instrument: u32) -> bool {
        !self.all.is_empty()
            || self
                .slots
                .get(instrument as usize)
                .is_some_and(|slot| !slot.subscribers.is_empty())
    }

    fn unused(&self) -> bool {
        self.all.is_empty() && self.named.is_empty()
    }

    fn drop_subscriber(&mut self, id: u64) {
        self.all.retain(|other| other.id != id);
        self.named.retain(|(other, _)| other.id != id);
        for slot in &mut self.slots {
            slot.subscribers.retain(|other| other.id != id);
        }
    }

    /// When what is held back is to be sent; at once when nothing was sent yet.
    fn due(&self, now: Instant) -> Option<Instant> {
        let interval = Duration::from_millis(u64::from(self.channel.interval_ms()));
        match self.flushed {
            _ if self.dirty.is_empty() => None,
            Some(flushed) => Some(flushed + interval),
            None => Some(now),
        }
    }
}

/// What the hub counts.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub(super) messages: u64,
    pub(super) slow: u64,
    pub(super) refused: u64,
}

#[derive(Debug)]
pub(super) struct Hub {
    variants: Vec<Variant>,
    by_channel: HashMap<Channel, usize>,
    subscribers: HashMap<u64, Arc<Subscriber>>,
    next_id: u64,
    subscribers_max: usize,
    bounds: Bounds,
    pub(super) counts: Counts,
    /// Levels that changed in the record at hand; kept for their memory.
    changed: (Vec<Level>, Vec<Level>),
}

impl Hub {
    pub(super) fn new(subscribers_max: usize, bounds: Bounds) -> Hub {
        Hub {
            variants: Vec::new(),
            by_channel: HashMap::new(),
            subscribers: HashMap::new(),
            next_id: 0,
            subscribers_max,
            bounds,
            counts: Counts::default(),
            changed: Default::default(),
        }
    }

    pub(super) fn subscriber_count(&self) -> usize {
        self.subscribers.len()
    }

    /// A new subscriber, or `None` when there are as many as allowed.
    pub(super) fn join(&mut self) -> Option<Arc<Subscriber>> {
        if self.subscribers.len() >= self.subscribers_max {
            self.counts.refused += 1;
            return None;
        }
        self.next_id += 1;
        let subscriber = Arc::new(Subscriber::new(self.next_id, self.bounds));
        self.subscribers
            .insert(self.next_id, Arc::clone(&subscriber));
        Some(subscriber)
    }

    pub(super) fn leave(&mut self, id: u64) {
        self.subscribers.remove(&id);
        for variant in &mut self.variants {
            variant.drop_subscriber(id);
        }
    }

    pub(super) fn stop(&mut self) {
        for subscriber in self.subscribers.values() {
            subscriber.stop();
        }
    }

    /// Subscribes; gives the answer and a first image of every instrument meant that was not subscribed before.
    pub(super) fn subscribe(
        &mut self,
        view: &View,
        subscriber: &Arc<Subscriber>,
        channels: &[Channel],
        wanted: &Wanted,
    ) -> Result<(), String> {
        let mut numbers = Vec::with_capacity(channels.len());
        for &channel in channels {
            numbers.push(
                self.variant(channel)
                    .ok_or("too many different channels are in use")?,
            );
        }
        if let Wanted::Named(names) = wanted {
            for &number in &numbers {
                let held = &self.variants[number].named;
                let held = held.iter().find(|(other, _)| other.id == subscriber.id);
                if held.map_or(0, |(_, held)| held.len()) + names.len() > NAMES_MAX {
                    return Err(format!("more than {NAMES_MAX} instrument names"));
                }
            }
        }
        let answer = subscribed(view, channels, wanted);
        let mut cut = subscriber.push_image(answer.into());
        for number in numbers {
            for id in self.variants[number].add(view, subscriber, wanted) {
                if let Some(instrument) = view.instrument(id) {
                    cut |= self.variants[number].image(view, instrument, id, subscriber);
                }
            }
        }
        self.counts.slow += u64::from(cut);
        Ok(())
    }

    /// Takes back; instruments that were not subscribed are passed over.
    pub(super) fn unsubscribe(
        &mut self,
        view: &View,
        subscriber: &Arc<Subscriber>,
        channels: &[Channel],
        wanted: &Wanted,
    ) {
        for channel in channels {
            let Some(&number) = self.by_channel.get(channel) else {
                continue;
            };
            let variant = &mut self.variants[number];
            match wanted {
                Wanted::All => variant.drop_subscriber(subscriber.id),
                Wanted::Named(names) => {
                    for name in names {
                        for id in view.matching(name) {
                            let slot = variant.slot(id);
                            slot.subscribers.retain(|other| other.id != subscriber.id);
                        }
                    }
                    for (other, held) in &mut variant.named {
                        if other.id == subscriber.id {
                            held.retain(|name| !names.contains(name));
                        }
                    }
                    variant.named.retain(|(_, held)| !held.is_empty());
                }
            }
        }
        subscriber.push_image(r#"{"type":"unsubscribed"}"#.into());
    }

    fn variant(&mut self, channel: Channel) -> Option<usize> {
        if let Some(&number) = self.by_channel.get(&channel) {
            return Some(number);
        }
        let variant = Variant {
            channel,
            slots: Vec::new(),
            all: Vec::new(),
            named: Vec::new(),
            dirty: Vec::new(),
            flushed: None,
        };
        let number = if self.variants.len() < VARIANTS_MAX {
            self.variants.push(variant);
            self.variants.len() - 1
        } else {
            let number = self.variants.iter().position(Variant::unused)?;
            self.by_channel.remove(&self.variants[number].channel);
            self.variants[number] = variant;
            number
        };
        self.by_channel.insert(channel, number);
        Some(number)
    }

    /// Takes a record into the view and hands its messages out.
    pub(super) fn apply(&mut self, view: &mut View, record: &Record<'_>, now: Instant) {
        let id = record.header.instrument;
        if let Body::Channel { feed, connected } = record.body {
            view.apply(record, now);
            let ts = record.header.ts_recv.get();
            let text = json::feed(&view.names, feed, connected, record.header.reason, ts);
            let text = Utf8Bytes::from(text);
            for subscriber in self.subscribers.values() {
                self.counts.slow += u64::from(subscriber.push(text.clone(), None));
                self.counts.messages += 1;
            }
            return;
        }
        let known = view.instrument(id).is_some();
        let old = view.instrument(id);
        let old_trust = old.map(|of| (of.state, of.reason));
        self.changed.0.clear();
        self.changed.1.clear();
        if let (Some(old), Body::Snapshot { bids, asks }) = (old, record.body) {
            difference(&old.bids, bids, true, &mut self.changed.0);
            difference(&old.asks, asks, false, &mut self.changed.1);
        }
        view.apply(record, now);
        let Some(instrument) = view.instrument(id) else {
            return;
        };
        if !known || matches!(record.body, Body::Instrument { .. }) {
            for variant in &mut self.variants {
                variant.meet(view, instrument, id);
            }
        }
        let trust_changed = old_trust != Some((instrument.state, instrument.reason));
        for number in 0..self.variants.len() {
            let variant = &mut self.variants[number];
            if !variant.wanted(id) {
                continue;
            }
            let (bids, asks) = (&self.changed.0[..], &self.changed.1[..]);
            let says = match (variant.channel, record.body) {
                (Channel::Summary, _) => true,
                (Channel::BookSnapshot { .. }, Body::Snapshot { .. } | Body::State) => true,
                (Channel::BookSnapshot { .. }, _) => trust_changed,
                (Channel::BookChange, _) => !bids.is_empty() || !asks.is_empty() || trust_changed,
                (Channel::Statistics { .. }, Body::Statistic(_)) => true,
                (Channel::Statistics { .. }, _) => {
                    trust_changed && !instrument.statistics.is_empty()
                }
                (Channel::Trade, Body::Trade(_) | Body::Lost { .. })
                | (Channel::Signal, Body::Signal { .. } | Body::Lost { .. })
                | (Channel::Bar, Body::Bar(_) | Body::Lost { .. })
                | (Channel::Instrument, Body::Instrument { .. }) => true,
                _ => false,
            };
            if !says {
                continue;
            }
            if variant.channel.interval_ms() > 0 {
                let slot = variant.slot(id);
                if !std::mem::replace(&mut slot.dirty, true) {
                    variant.dirty.push(id);
                }
                continue;
            }
            let slot = variant.slot(id);
            slot.sequence += 1;
            let sequence = slot.sequence;
            let names = &view.names;
            let text = match (variant.channel, record.body) {
                (Channel::BookSnapshot { depth, .. }, _) => {
                    json::book_snapshot(names, instrument, depth.into(), 0, sequence)
                }
                (Channel::BookChange, _) => {
                    json::book_change(names, instrument, false, (bids, asks), sequence)
                }
                (Channel::Statistics { .. }, body) => {
                    let one = match &body {
                        Body::Statistic(one) => Some(one),
                        _ => None,
                    };
                    json::statistics(names, instrument, one.into_iter(), 0, sequence)
                }
                (_, Body::Trade(trade)) => json::trade(names, instrument, &trade, sequence),
                (_, Body::Bar(bar)) => json::bar(names, instrument, &bar, sequence),
                (_, Body::Signal { index, value }) => {
                    let value = (value, record.header.state);
                    json::signal(names, instrument, index, value, sequence)
                }
                (_, Body::Lost { count }) => json::lost(names, instrument, count, sequence),
                _ => json::instrument(names, instrument, id, sequence),
            };
            variant.send(number, id, text, &mut self.counts);
        }
    }

    /// Sends what the intervals held back and is due; returns when the next is.
    pub(super) fn flush(&mut self, view: &View, now: Instant) -> Option<Instant> {
        let mut next: Option<Instant> = None;
        for number in 0..self.variants.len() {
            let variant = &mut self.variants[number];
            let Some(due) = variant.due(now) else {
                continue;
            };
            if due > now {
                next = Some(next.map_or(due, |next| next.min(due)));
                continue;
            }
            variant.flushed = Some(now);
            for id in std::mem::take(&mut variant.dirty) {
                let slot = variant.slot(id);
                slot.dirty = false;
                let Some(instrument) = view.instrument(id) else {
                    continue;
                };
                if !variant.wanted(id) {
                    continue;
                }
                let slot = variant.slot(id);
                slot.sequence += 1;
                let sequence = slot.sequence;
                let text = variant.text(view, instrument, id, sequence);
                variant.send(number, id, text, &mut self.counts);
            }
        }
        next
    }
}

impl Variant {
    /// Enters a subscriber; the instruments that are new to it.
    fn add(&mut self, view: &View, subscriber: &Arc<Subscriber>, wanted: &Wanted) -> Vec<u32> {
        let is_me = |other: &Arc<Subscriber>| other.id == subscriber.id;
        if self.all.iter().any(is_me) {
            return Vec::new();
        }
        let held = |slots: &[Slot], id: u32| {
            let slot = slots.get(id as usize);
            slot.is_some_and(|slot| slot.subscribers.iter().any(is_me))
        };
        match wanted {
            Wanted::All => {
                let new = view
                    .instruments()
                    .map(|(id, _)| id)
                    .filter(|&id| !held(&self.slots, id))
                    .collect();
                self.drop_subscriber(subscriber.id);
                self.all.push(Arc::clone(subscriber));
                new
            }
            Wanted::Named(names) => {
                let mut new = Vec::new();
                for name in names {
                    for id in view.matching(name) {
                        if !held(&self.slots, id) {
                            self.slot(id).subscribers.push(Arc::clone(subscriber));
                            new.push(id);
                        }
                    }
                }
                let names = names.iter().cloned();
                match self.named.iter_mut().find(|(other, _)| is_me(other)) {
                    Some((_, held)) => held.extend(names),
                    None => self.named.push((Arc::clone(subscriber), names.collect())),
                }
                new
            }
        }
    }

    /// Enters those who asked for a newly defined instrument by name.
    fn meet(&mut self, view: &View, instrument: &Instrument, id: u32) {
        let meant: Vec<_> = self
            .named
            .iter()
            .filter(|(_, names)| names.iter().any(|name| view.is_named(instrument, name)))
            .map(|(subscriber, _)| Arc::clone(subscriber))
            .collect();
        for subscriber in meant {
            let slot = self.slot(id);
            if !slot
                .subscribers
                .iter()
                .any(|other| other.id == subscriber.id)
            {
                slot.subscribers.push(Arc::clone(&subscriber));
                self.image(view, instrument, id, &subscriber);
            }
        }
        let everyone = self.all.clone();
        for subscriber in everyone {
            if self.channel == Channel::BookChange {
                self.image(view, instrument, id, &subscriber);
            }
        }
    }

    /// Sends the latest state to one subscriber, under the sequence last given out. Returns whether it was cut off.
    fn image(
        &mut self,
        view: &View,
        instrument: &Instrument,
        id: u32,
        subscriber: &Subscriber,
    ) -> bool {
        let sequence = self.slot(id).sequence;
        let text = match self.channel {
            // A stream of events has no state to begin with but its position.
            Channel::Trade | Channel::Signal | Channel::Bar => {
                let snapshot = json::book_snapshot(&view.names, instrument, 1, 0, sequence);
                let mut text = format!("{{\"channel\":\"{}\",", self.channel);
                text.push_str(&snapshot[1..]);
                text
            }
            _ => self.text(view, instrument, id, sequence),
        };
        let mut cut = subscriber.push_image(text.into());
        if self.channel == Channel::Signal {
            for (&index, &value) in &instrument.signals {
                let text = json::signal(&view.names, instrument, index, value, sequence);
                cut |= subscriber.push_image(text.into());
            }
        }
        cut
    }

    /// The latest state as this channel says it.
    fn text(&self, view: &View, instrument: &Instrument, id: u32, sequence: u64) -> String {
        let names = &view.names;
        match self.channel {
            Channel::BookSnapshot { depth, interval_ms } => {
                json::book_snapshot(names, instrument, depth.into(), interval_ms, sequence)
            }
            Channel::BookChange => {
                let levels = (&instrument.bids[..], &instrument.asks[..]);
                json::book_change(names, instrument, true, levels, sequence)
            }
            Channel::Statistics { interval_ms } => {
                let all = instrument.statistics.values();
                json::statistics(names, instrument, all, interval_ms, sequence)
            }
            Channel::Summary => json::summary(names, instrument, id, sequence),
            _ => json::instrument(names, instrument, id, sequence),
        }
    }

    fn send(&self, number: usize, id: u32, text: String, counts: &mut Counts) {
        let text = Utf8Bytes::from(text);
        let key = self.channel.conflates().then_some((number as u16, id));
        let named = self.slots.get(id as usize).map(|slot| &slot.subscribers);
        for subscriber in self.all.iter().chain(named.into_iter().flatten()) {
            counts.slow += u64::from(subscriber.push(text.clone(), key));
            counts.messages += 1;
        }
    }
}

/// The answer to a subscription: what was understood, names that mean nothing yet, and the feeds.
fn subscribed(view: &View, channels: &[Channel], wanted: &Wanted) -> String {
    let list = |items: &mut dyn Iterator<Item = String>| {
        let mut out = String::from("[");
        for (index, item) in items.enumerate() {
            if index > 0 {
                out.push(',');
            }
            json::string(&mut out, &item);
        }
        out.push(']');
        out
    };
    let channels = list(&mut channels.iter().map(Channel::to_string));
    let (instruments, pending) = match wanted {
        Wanted::All => ("\"*\"".to_owned(), "[]".to_owned()),
        Wanted::Named(names) => (
            list(&mut names.iter().cloned()),
            list(
                &mut names
                    .iter()
                    .filter(|name| view.matching(name).next().is_none())
                    .cloned(),
            ),
        ),
    };
    let feeds = json::feeds(view);
    format!(
        "{{\"type\":\"subscribed\",\"channels\":{channels},\"instruments\":{instruments},\
         \"pending\":{pending},\"feeds\":{feeds}}}"
    )
}

/// Levels of `new` that differ from `old`, and those of `old` that are gone with size 0. Both are best first.
fn difference(old: &[Level], new: &[Level], descending: bool, changed: &mut Vec<Level>) {
    let (mut old, mut new) = (old.iter().peekable(), new.iter().peekable());
    let gone = |level: &Level| Level {
        price: level.price,
        ..Level::default()
    };
    loop {
        match (old.peek(), new.peek()) {
            (None, None) => return,
            (Some(was), None) => {
                changed.push(gone(was));
                old.next();
            }
            (None, Some(is)) => {
                changed.push(**is);
                new.next();
            }
            (Some(was), Some(is)) if was.price == is.price => {
                if was != is {
                    changed.push(**is);
                }
                old.next();
                new.next();
            }
            (Some(was), Some(is)) => {
                if (was.price > is.price) == descending {
                    changed.push(gone(was));
                    old.next();
                } else {
                    changed.push(**is);
                    new.next();
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn side() -> impl Strategy<Value = BTreeMap<i64, u64>> {
        proptest::collection::btree_map(-20i64..20, 1u64..5, 0..20)
    }

    fn levels(side: &BTreeMap<i64, u64>, descending: bool) -> Vec<Level> {
        let level = |(&price, &size): (&i64, &u64)| Level {
            price,
            size,
            orders: 0,
        };
        if descending {
            side.iter().rev().map(level).collect()
        } else {
            side.iter().map(level).collect()
        }
    }

    proptest! {
        #[test]
        fn applying_the_changes_gives_exactly_the_new_book(old in side(), new in side(), descending: bool) {
            let mut changed = Vec::new();
            difference(&levels(&old, descending), &levels(&new, descending), descending, &mut changed);
            let mut book = old.clone();
            for level in &changed {
                if level.size == 0 {
                    prop_assert!(book.remove(&level.price).is_some());
                } else {
                    prop_assert_ne!(book.insert(level.price, level.size), Some(level.size));
                }
            }
            prop_assert_eq!(book, new);
        }
    }
}
