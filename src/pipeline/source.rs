//! The source: one ring of ticks, and the books of the channels that come through it.
//!
//! It takes one event at a time: ticks up to the one that is marked last, applied as they come. Ticks ahead in the ring are known, so the cache
//! lines they will need are fetched early. An event nobody can see (a level too deep, a heartbeat) needs no cycle: the
//! next one is taken at once, within a bound.

use super::channel::{Channel, ChannelSpec};
use crate::ingest::orders::{Cause, Orders};
use crate::ingest::ring::RingReader;
use crate::metrics::Counters;
use feeds::model::{Action, ChannelId, InstrumentId, RecvTime, Tick};
use std::sync::Arc;

/// Ticks taken from the ring at once.
const CHUNK_TICKS: usize = 64;
/// Events without a visible effect that one cycle may take, so that timers and other sources get their turn.
const UNSEEN_EVENTS_PER_CYCLE_MAX: usize = 256;
/// Most channels of a process; a tick of a higher one is counted and left out.
const CHANNELS_MAX: usize = 4_096;

/// What [`Source::take_event`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// An event of this channel ended, and somebody can see what it did.
    Event(ChannelId),
    /// An instrument appeared in the middle of an event: its nodes are wanted before the event goes on.
    Instrument(ChannelId, InstrumentId),
    /// Nothing more for now.
    Nothing,
    /// Nothing more ever: whoever wrote the ring is gone.
    Closed,
}

/// Where a source tells what became of its books, and asks for new ones. Rows are those of the channel ids.
#[derive(Clone, Debug)]
pub struct Desk {
    /// Faults and findings are stored here.
    pub counters: Arc<Counters>,
    /// Repairs are asked for here.
    pub orders: Arc<Orders>,
}

impl Desk {
    fn settle(&self, channel: &mut Channel, now: RecvTime) {
        let row = usize::from(channel.spec.id.0);
        if channel.poll_repair(now) {
            self.orders.resync(row, Cause::Repair);
        }
        if channel.take_counted()
            && let Some(row) = self.counters.channel(row)
        {
            let integrity = channel.integrity();
            row.set_books(channel.faults(), integrity.findings(), integrity.repairs());
        }
    }
}

/// One ring and its channels.
pub struct Source {
    desk: Option<Desk>,
    ring: RingReader,
    channels: Vec<Option<Box<Channel>>>,
    /// What a channel that was not announced is like (a replay finds its channels as it goes).
    template: Option<ChannelSpec>,
    depth: u32,
    /// Channel of the event under way.
    open: Option<ChannelId>,
    /// Channel of an event that ended with the appearance of an instrument, and is not given out yet.
    ended: Option<ChannelId>,
    event_cycle: Option<u64>,
    ticks: u64,
    unknown_channel_ticks: u64,
}

impl Source {
    /// A source of announced channels; `template` describes those that are not.
    pub fn new(
        ring: RingReader,
        specs: Vec<ChannelSpec>,
        template: Option<ChannelSpec>,
        depth: u32,
    ) -> Source {
        let mut source = Source {
            desk: None,
            ring,
            channels: Vec::new(),
            template,
            depth,
            open: None,
            ended: None,
            event_cycle: None,
            ticks: 0,
            unknown_channel_ticks: 0,
        };
        for spec in specs {
            source.add(spec);
        }
        source
    }

    /// The same source, which counts and asks for repairs at `desk`.
    #[must_use]
    pub fn with_desk(mut self, desk: Desk) -> Source {
        self.desk = Some(desk);
        self
    }

    fn add(&mut self, spec: ChannelSpec) {
        let index = usize::from(spec.id.0);
        if index >= CHANNELS_MAX {
            return;
        }
        if self.channels.len() <= index {
            self.channels.resize_with(index + 1, || None);
        }
        self.channels[index] = Some(Box::new(Channel::new(spec, self.depth)));
    }

    /// The channel called `id`, if it is one of this ring's.
    #[inline]
    pub fn channel(&self, id: ChannelId) -> Option<&Channel> {
        self.channels.get(usize::from(id.0))?.as_deref()
    }

    /// Every channel, by id.
    pub fn channels(&self) -> impl Iterator<Item = &Channel> {
        self.channels.iter().flatten().map(AsRef::as_ref)
    }

    /// Ticks taken so far.
    pub fn ticks(&self) -> u64 {
        self.ticks
    }

    /// Ticks of channels nobody announced.
    pub fn unknown_channel_ticks(&self) -> u64 {
        self.unknown_channel_ticks
    }

    /// The cycle (its epoch) in which the last event was given out; what it touched is news in that cycle only.
    #[inline]
    pub fn event_cycle(&self) -> Option<u64> {
        self.event_cycle
    }

    /// Says in which cycle the event that was just taken is given out.
    pub fn set_event_cycle(&mut self, epoch: u64) {
        self.event_cycle = Some(epoch);
    }

    /// When the next tick reached us, without taking it.
    pub fn next_time(&self) -> Option<RecvTime> {
        self.ring.ticks.peek().ok().map(|tick| tick.ts_recv)
    }

    /// Whether there is something to take.
    pub fn is_ready(&self) -> bool {
        !self.ring.ticks.is_empty()
    }

    /// Whether nothing will ever come again.
    pub fn is_closed(&self) -> bool {
        // Order matters: what was written before the writer left must be seen.
        self.ended.is_none() && self.ring.ticks.is_abandoned() && self.ring.ticks.is_empty()
    }

    /// Takes ticks until an event ends that somebody can see.
    ///
    /// Never goes beyond ticks of the time `until` when it is given: a later event belongs to a later cycle.
    pub fn take_event(&mut self, until: Option<RecvTime>) -> Taken {
        if let Some(channel) = self.ended.take() {
            return Taken::Event(channel);
        }
        let mut unseen = 0;
        loop {
            let count = self.ring.ticks.slots().min(CHUNK_TICKS);
            if count == 0 {
                return if self.ring.ticks.is_abandoned() && self.ring.ticks.is_empty() {
                    Taken::Closed
                } else {
                    Taken::Nothing
                };
            }
            let Ok(chunk) = self.ring.ticks.read_chunk(count) else {
                return Taken::Nothing;
            };
            let (first, second) = chunk.as_slices();
            let ticks = if first.is_empty() { second } else { first };
            let mut found = None;
            let mut used = 0;
            for (index, tick) in ticks.iter().enumerate() {
                // Nearly always the ticks ahead are of the same channel; where not, a wrong line is fetched and no harm done.
                if let Some(Some(channel)) = self.channels.get(usize::from(tick.channel.0)) {
                    channel.prefetch(&ticks[index..]);
                }
                if self.open.is_none()
                    && until.is_some_and(|until| unseen > 0 && tick.ts_recv != until)
                {
                    found = Some(Taken::Nothing);
                    break;
                }
                used = index + 1;
                let step = apply(
                    &mut self.channels,
                    &mut self.open,
                    &mut self.ring.definitions,
                    self.desk.as_ref(),
                    tick,
                );
                match step {
                    Step::More => {}
                    Step::Unseen => {
                        unseen += 1;
                        if unseen >= UNSEEN_EVENTS_PER_CYCLE_MAX {
                            found = Some(Taken::Nothing);
                            break;
                        }
                    }
                    Step::Seen(taken) => {
                        if tick.is_last() && matches!(taken, Taken::Instrument(..)) {
                            self.ended = Some(tick.channel);
                        }
                        found = Some(taken);
                        break;
                    }
                    Step::UnknownChannel => {
                        if self.template.is_none() || usize::from(tick.channel.0) >= CHANNELS_MAX {
                            self.unknown_channel_ticks += 1;
                        } else {
                            // Made outside the loop, then the tick is taken again.
                            used = index;
                            found = None;
                            break;
                        }
                    }
                }
            }
            let missing = ticks.get(used).map(|tick| tick.channel);
            chunk.commit(used);
            self.ticks += used as u64;
            if let Some(taken) = found {
                return taken;
            }
            if let (Some(id), Some(template)) = (missing, &self.template)
                && self.channel(id).is_none()
            {
                self.add(ChannelSpec {
                    id,
                    ..template.clone()
                });
            }
        }
    }
}

enum Step {
    More,
    Unseen,
    Seen(Taken),
    UnknownChannel,
}

#[inline]
fn apply(
    channels: &mut [Option<Box<Channel>>],
    open: &mut Option<ChannelId>,
    definitions: &mut rtrb::Consumer<(ChannelId, feeds::model::Definition)>,
    desk: Option<&Desk>,
    tick: &Tick,
) -> Step {
    let Some(Some(channel)) = channels.get_mut(usize::from(tick.channel.0)) else {
        return Step::UnknownChannel;
    };
    if *open != Some(tick.channel) {
        channel.begin_event();
        *open = Some(tick.channel);
    }
    let mut is_new = false;
    if tick.action == Action::Definition {
        // One a tick, in the same order; after an overrun some have no tick left and are passed over.
        while let Ok((id, definition)) = definitions.pop() {
            if id == tick.channel && definition.instrument == tick.instrument {
                is_new = channel.define(&definition);
                break;
            }
        }
    }
    channel.apply(tick);
    if tick.is_last() {
        channel.end_event(tick);
        if let Some(desk) = desk {
            desk.settle(channel, tick.ts_recv);
        }
        *open = None;
    }
    if is_new {
        return Step::Seen(Taken::Instrument(tick.channel, tick.instrument));
    }
    if !tick.is_last() {
        Step::More
    } else if channel.event().is_seen() {
        Step::Seen(Taken::Event(tick.channel))
    } else {
        Step::Unseen
    }
}
