//! The ring between an ingest thread and the graph thread, and what happens when it is full.
//!
//! Policy, by who fills it:
//!
//! - **Datagrams cannot wait.** Before a datagram is given to its feed the ring must have room for
//!   [`TICKS_PER_PACKET_MAX`] ticks ([`TickSink::room`] answers that). If it has not, the datagram is discarded *before*
//!   arbitration and counted, so the feed sees an ordinary gap, in order, and recovers as from any loss. What a
//!   feed releases at once beyond that bound (packets it kept back during a gap) waits for room, at most
//!   [`Patience::Bounded`]; after that the ticks are dropped, counted, and a `Gap` tick of kind `Overrun` comes first
//!   when there is room again.
//! - **Streams wait.** A WebSocket, a replay or a simulator waits until there is room, or until the reader is gone
//!   ([`Patience::Endless`]); TCP's own flow control does the rest.
//!
//! Order: a definition is in its ring before the ticks that need it are in theirs, so a reader that sees the tick finds
//! the definition.

use feeds::contract::TickSink;
use feeds::model::{Action, ChannelId, Definition, Flags, GapKind, RecvTime, Size, Tick};
use rtrb::{Consumer, Producer, RingBuffer};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

pub use feeds::contract::TICKS_PER_PACKET_MAX;

/// Room that must be there before a datagram is given to its feed, in definitions.
pub const DEFINITIONS_PER_PACKET_MAX: usize = 512;

/// Wakes whoever reads the ring. Called once a flush, so it should cost next to nothing while the reader is awake.
pub trait Notify: Send + Sync {
    /// There is something to read.
    fn notify(&self);
}

/// A reader that polls and needs no waking.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoNotify;

impl Notify for NoNotify {
    fn notify(&self) {}
}

impl<F: Fn() + Send + Sync> Notify for F {
    fn notify(&self) {
        self();
    }
}

impl Notify for crate::runtime::Wake {
    fn notify(&self) {
        self.wake();
    }
}

/// How long a full ring is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// At least this long and about twice that at most, then the ticks are dropped and an `Overrun` is told.
    Bounded(Duration),
    /// Until there is room or the reader is gone.
    Endless,
}

impl Patience {
    /// For threads that receive datagrams: long enough for a graph that is alive, shorter than a receive buffer takes to fill.
    pub const DATAGRAMS: Patience = Patience::Bounded(Duration::from_millis(100));
}

/// Totals of one ring.
#[derive(Debug, Default)]
pub struct RingCounters {
    ticks: AtomicU64,
    ticks_dropped: AtomicU64,
    definitions_dropped: AtomicU64,
    waits: AtomicU64,
}

impl RingCounters {
    /// Ticks written.
    pub fn ticks(&self) -> u64 {
        self.ticks.load(Ordering::Relaxed)
    }

    /// Ticks dropped because there was no room for longer than the patience, or no reader.
    pub fn ticks_dropped(&self) -> u64 {
        self.ticks_dropped.load(Ordering::Relaxed)
    }

    /// Definitions dropped for the same reasons.
    pub fn definitions_dropped(&self) -> u64 {
        self.definitions_dropped.load(Ordering::Relaxed)
    }

    /// Times the writer had to wait.
    pub fn waits(&self) -> u64 {
        self.waits.load(Ordering::Relaxed)
    }
}

/// The graph's side of a ring.
#[derive(Debug)]
pub struct RingReader {
    /// Ticks, in order.
    pub ticks: Consumer<Tick>,
    /// Definitions; those a tick needs are here before the tick is there.
    pub definitions: Consumer<(ChannelId, Definition)>,
}

/// The ingest thread's side of a ring.
pub struct RingSink {
    ticks: Producer<Tick>,
    definitions: Producer<(ChannelId, Definition)>,
    notify: Arc<dyn Notify>,
    patience: Patience,
    counters: Arc<RingCounters>,
    /// Channels that lost ticks here, told by an `Overrun` before anything else of theirs.
    overruns: Vec<Overrun>,
    /// Last, so that a sleeping reader is woken when the end of both rings is there to be seen.
    _end: NotifyOnDrop,
}

struct NotifyOnDrop(Arc<dyn Notify>);

impl Drop for NotifyOnDrop {
    fn drop(&mut self) {
        self.0.notify();
    }
}

/// What a channel lost at a full ring.
struct Overrun {
    channel: ChannelId,
    first_sequence: u64,
    ticks: u64,
    ts_recv: RecvTime,
}

/// A ring of `tick_capacity` ticks and `definition_capacity` definitions.
///
/// # Panics
/// When a capacity cannot hold what one packet may bring ([`TICKS_PER_PACKET_MAX`], [`DEFINITIONS_PER_PACKET_MAX`]):
/// every datagram would be discarded. The configuration refuses such values.
pub fn ring(
    tick_capacity: usize,
    definition_capacity: usize,
    patience: Patience,
    notify: Arc<dyn Notify>,
) -> (RingSink, RingReader) {
    assert!(
        tick_capacity >= TICKS_PER_PACKET_MAX,
        "a ring holds at least one packet's ticks"
    );
    assert!(
        definition_capacity >= DEFINITIONS_PER_PACKET_MAX,
        "a ring holds at least one packet's definitions"
    );
    let (tick_writer, tick_reader) = RingBuffer::new(tick_capacity);
    let (definition_writer, definition_reader) = RingBuffer::new(definition_capacity);
    let sink = RingSink {
        ticks: tick_writer,
        definitions: definition_writer,
        _end: NotifyOnDrop(Arc::clone(&notify)),
        notify,
        patience,
        counters: Arc::new(RingCounters::default()),
        overruns: Vec::new(),
    };
    (
        sink,
        RingReader {
            ticks: tick_reader,
            definitions: definition_reader,
        },
    )
}

impl RingSink {
    /// Totals, for readers on other threads.
    pub fn counters(&self) -> Arc<RingCounters> {
        Arc::clone(&self.counters)
    }

    /// Waits until `has_room` says so. False when patience ran out or the reader is gone.
    fn wait(&mut self, has_room: impl Fn(&RingSink) -> bool) -> bool {
        const SPINS: u32 = 1_000;
        const YIELDS: u32 = 100;
        const SLEEP: Duration = Duration::from_micros(50);
        self.counters.waits.fetch_add(1, Ordering::Relaxed);
        // A reader that sleeps must know that it is being waited for.
        self.notify.notify();
        // Counted rather than measured: a sleep is never shorter than asked for, and no clock is read on this path.
        let mut slept = Duration::ZERO;
        for turn in 0u32.. {
            if has_room(self) {
                return true;
            }
            if self.ticks.is_abandoned() {
                return false;
            }
            if turn < SPINS {
                std::hint::spin_loop();
            } else if turn < SPINS + YIELDS {
                std::thread::yield_now();
            } else {
                if matches!(self.patience, Patience::Bounded(limit) if slept >= limit) {
                    return false;
                }
                std::thread::sleep(SLEEP);
                slept = slept.saturating_add(SLEEP);
                self.notify.notify();
            }
        }
        false
    }

    /// Writes `part`, waiting within the patience. What does not fit is dropped and remembered.
    fn write(&mut self, part: &[Tick]) {
        if self.ticks.push_entire_slice(part).is_err() {
            let need = part.len();
            if !self.wait(|sink| sink.ticks.slots() >= need)
                || self.ticks.push_entire_slice(part).is_err()
            {
                self.drop_ticks(part);
                return;
            }
        }
        self.counters
            .ticks
            .fetch_add(part.len() as u64, Ordering::Relaxed);
    }

    fn drop_ticks(&mut self, part: &[Tick]) {
        self.counters
            .ticks_dropped
            .fetch_add(part.len() as u64, Ordering::Relaxed);
        for tick in part {
            self.overrun(tick.channel, tick.sequence, tick.ts_recv);
        }
    }

    fn overrun(&mut self, channel: ChannelId, sequence: u64, ts_recv: RecvTime) {
        match self
            .overruns
            .iter_mut()
            .find(|overrun| overrun.channel == channel)
        {
            Some(overrun) => overrun.ticks += 1,
            None => self.overruns.push(Overrun {
                channel,
                first_sequence: sequence,
                ticks: 1,
                ts_recv,
            }),
        }
    }

    /// Tells every overrun for which there is room now. False when some are left.
    fn tell_overruns(&mut self) -> bool {
        while let Some(overrun) = self.overruns.last() {
            let mut tick = Tick::blank(overrun.channel, Action::Gap);
            tick.detail = GapKind::Overrun as u8;
            tick.sequence = overrun.first_sequence;
            tick.size = Size(overrun.ticks);
            tick.ts_recv = overrun.ts_recv;
            tick.flags = Flags::LAST;
            if self.ticks.push(tick).is_err() {
                return false;
            }
            self.counters.ticks.fetch_add(1, Ordering::Relaxed);
            self.overruns.pop();
        }
        true
    }
}

impl TickSink for RingSink {
    fn accept(&mut self, ticks: &[Tick]) {
        if !self.overruns.is_empty() && !self.tell_overruns() {
            // Still no room for the bad news, so none for anything behind it.
            self.wait(|sink| sink.ticks.slots() > sink.overruns.len());
            if !self.tell_overruns() {
                self.drop_ticks(ticks);
                self.notify.notify();
                return;
            }
        }
        for part in ticks.chunks(TICKS_PER_PACKET_MAX) {
            self.write(part);
        }
        self.notify.notify();
    }

    fn define(&mut self, channel: ChannelId, definition: &Definition) {
        if self.definitions.is_full() && !self.wait(|sink| !sink.definitions.is_full()) {
            self.counters
                .definitions_dropped
                .fetch_add(1, Ordering::Relaxed);
            // Without its definition an instrument's book means nothing: the channel must not pass for whole.
            self.overrun(channel, 0, RecvTime::UNDEFINED);
            return;
        }
        if self.definitions.push((channel, *definition)).is_err() {
            // The one writer has just seen room and nobody else can take it.
            self.counters
                .definitions_dropped
                .fetch_add(1, Ordering::Relaxed);
            self.overrun(channel, 0, RecvTime::UNDEFINED);
        }
    }

    fn room(&mut self) -> usize {
        // The cached count is a lower bound and costs no shared cache line; ask the reader's index only when it is short.
        const ENOUGH: usize = TICKS_PER_PACKET_MAX + feeds::contract::Batch::TICKS_MAX;
        if self.definitions.cached_slots() < DEFINITIONS_PER_PACKET_MAX
            && self.definitions.slots() < DEFINITIONS_PER_PACKET_MAX
        {
            return 0;
        }
        let cached = self.ticks.cached_slots();
        let room = if cached >= ENOUGH {
            cached
        } else {
            self.ticks.slots()
        };
        room.saturating_sub(self.overruns.len())
    }

    fn is_abandoned(&self) -> bool {
        self.ticks.is_abandoned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use feeds::contract::Batch;
    use feeds::model::{InstrumentId, Symbol};
    use std::sync::atomic::AtomicUsize;

    fn tick(sequence: u64) -> Tick {
        let mut tick = Tick::blank(ChannelId(3), Action::Heartbeat);
        tick.sequence = sequence;
        tick
    }

    fn small(patience: Patience) -> (RingSink, RingReader) {
        ring(
            TICKS_PER_PACKET_MAX,
            DEFINITIONS_PER_PACKET_MAX,
            patience,
            Arc::new(NoNotify),
        )
    }

    #[test]
    fn ticks_come_out_in_order_and_the_reader_is_woken_once_a_flush() {
        let wakes = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&wakes);
        let notify = move || {
            counted.fetch_add(1, Ordering::Relaxed);
        };
        let (sink, mut reader) = ring(16_384, 512, Patience::Endless, Arc::new(notify));
        let mut batch = Batch::new(Box::new(sink));
        for sequence in 0..100 {
            batch.push(tick(sequence));
        }
        batch.flush();
        let sequences: Vec<u64> = std::iter::from_fn(|| reader.ticks.pop().ok())
            .map(|tick| tick.sequence)
            .collect();
        assert_eq!(sequences, (0..100).collect::<Vec<_>>());
        assert_eq!(wakes.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn the_end_of_the_stream_wakes_the_reader() {
        let wakes = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&wakes);
        let notify = move || {
            counted.fetch_add(1, Ordering::Relaxed);
        };
        let (sink, reader) = ring(16_384, 512, Patience::Endless, Arc::new(notify));
        drop(sink);
        assert_eq!(wakes.load(Ordering::Relaxed), 1);
        assert!(reader.ticks.is_abandoned() && reader.definitions.is_abandoned());
    }

    #[test]
    fn room_shrinks_by_what_is_pushed_and_grows_by_what_is_read() {
        let (sink, mut reader) = small(Patience::DATAGRAMS);
        let mut batch = Batch::new(Box::new(sink));
        assert_eq!(batch.room(), TICKS_PER_PACKET_MAX);
        batch.push(tick(1));
        assert_eq!(batch.room(), TICKS_PER_PACKET_MAX - 1);
        batch.flush();
        assert_eq!(batch.room(), TICKS_PER_PACKET_MAX - 1);
        reader.ticks.pop().expect("one tick");
        assert_eq!(batch.room(), TICKS_PER_PACKET_MAX);
    }

    #[test]
    fn a_full_ring_drops_after_its_patience_and_says_so_in_order() {
        let (mut sink, mut reader) = small(Patience::Bounded(Duration::from_millis(1)));
        let counters = sink.counters();
        sink.accept(&vec![tick(1); TICKS_PER_PACKET_MAX]);
        sink.accept(&[tick(2), tick(3)]);
        assert_eq!(counters.ticks_dropped(), 2);
        // Room again: the loss is told before the next tick.
        for _ in 0..TICKS_PER_PACKET_MAX {
            reader.ticks.pop().expect("the ring was full");
        }
        sink.accept(&[tick(4)]);
        let gap = reader.ticks.pop().expect("the overrun");
        assert_eq!(
            (gap.action, gap.detail),
            (Action::Gap, GapKind::Overrun as u8)
        );
        assert_eq!(
            (gap.sequence, gap.size, gap.channel),
            (2, Size(2), ChannelId(3))
        );
        assert!(gap.is_last());
        assert_eq!(reader.ticks.pop().expect("what follows").sequence, 4);
    }

    #[test]
    fn a_patient_writer_loses_nothing() {
        let (mut sink, mut reader) = small(Patience::Endless);
        let count = TICKS_PER_PACKET_MAX as u64 * 3;
        let writer = std::thread::spawn(move || {
            for sequence in 0..count {
                sink.accept(&[tick(sequence)]);
            }
        });
        let mut expected = 0;
        while expected < count {
            if let Ok(tick) = reader.ticks.pop() {
                assert_eq!(tick.sequence, expected);
                expected += 1;
            } else {
                std::thread::yield_now();
            }
        }
        writer.join().expect("the writer ends");
    }

    #[test]
    fn a_patient_writer_stops_waiting_when_the_reader_is_gone() {
        let (mut sink, reader) = small(Patience::Endless);
        drop(reader);
        sink.accept(&vec![tick(1); TICKS_PER_PACKET_MAX]);
        sink.accept(&[tick(2)]);
        assert!(sink.is_abandoned());
        assert_eq!(sink.counters().ticks_dropped(), 1);
    }

    #[test]
    fn a_definition_that_finds_no_room_takes_the_channel_s_trust() {
        let (mut sink, mut reader) = small(Patience::Bounded(Duration::from_millis(1)));
        let definition = Definition::named(InstrumentId(0), Symbol::from("X"));
        for _ in 0..=DEFINITIONS_PER_PACKET_MAX {
            sink.define(ChannelId(3), &definition);
        }
        assert_eq!(sink.counters().definitions_dropped(), 1);
        assert_eq!(
            sink.room(),
            0,
            "no datagram is taken while definitions have no room"
        );
        sink.accept(&[tick(1)]);
        assert_eq!(reader.ticks.pop().expect("the overrun").action, Action::Gap);
        assert_eq!(reader.definitions.slots(), DEFINITIONS_PER_PACKET_MAX);
    }
}
