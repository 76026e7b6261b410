//! Two lossy lines and a server against the loss-free stream: every message once and in order, or named in the ledger.

use crate::contract::Line;
use crate::model::RecvTime;
use crate::session::sequencer::Step;
use crate::session::{Offer, Sequencer, SequencerSettings};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// How a server behaves.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Server {
    None,
    /// Answers all of it in time.
    Good,
    /// Answers later than the time allowed.
    Slow,
    /// Never answers.
    Refusing,
    /// Answers with at most three messages, sometimes not at all.
    Partial,
}

#[derive(Clone, Debug)]
struct World {
    seed: u64,
    message_count: u64,
    first_seen: u64,
    loss_percent: [u64; 2],
    duplicate_percent: u64,
    jitter_ns: u64,
    skew_ns: u64,
    server: Server,
    server_count: u8,
    held_packets_max: usize,
    request_count_max: u64,
    requests_waiting_max: usize,
    backfill: bool,
}

/// Small steady randomness (SplitMix64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % bound.max(1)
    }
    fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

#[derive(Clone, Copy, Debug)]
enum Arrival {
    Packet { line: Line, first: u64, count: u64 },
    Heartbeat { next: u64 },
}

const MESSAGE_NS: u64 = 1_000;
const WINDOW_NS: u64 = 5_000;
const TIMEOUT_NS: u64 = 20_000;

struct Run {
    world: World,
    sequencer: Sequencer,
    dice: Dice,
    arrivals: BTreeMap<(u64, u64), Arrival>,
    arrival_count: u64,
    delivered: Vec<u64>,
    joined: u64,
    lost_steps: Vec<(u64, u64)>,
    open: Option<(u64, u64)>,
}

impl Run {
    fn new(world: World) -> Run {
        let server_count = if world.server == Server::None {
            0
        } else {
            world.server_count
        };
        let settings = SequencerSettings {
            server_count,
            reorder_window_ns: WINDOW_NS,
            held_packets_max: world.held_packets_max,
            request_count_max: world.request_count_max,
            requests_waiting_max: world.requests_waiting_max,
            request_timeout_ns: TIMEOUT_NS,
            request_attempts_max: 4,
            backfill: world.backfill,
            ..SequencerSettings::default()
        };
        let mut run = Run {
            dice: Dice(world.seed),
            sequencer: Sequencer::new(settings),
            arrivals: BTreeMap::new(),
            arrival_count: 0,
            delivered: Vec::new(),
            joined: 1,
            lost_steps: Vec::new(),
            open: None,
            world,
        };
        run.send();
        run
    }

    fn arrive(&mut self, at: u64, arrival: Arrival) {
        self.arrival_count += 1;
        self.arrivals.insert((at, self.arrival_count), arrival);
    }

    /// Both lines, each with packets, losses and delays of its own.
    fn send(&mut self) {
        let end = self.world.message_count + 1;
        for line in 0..2u8 {
            let mut first = self.world.first_seen;
            while first < end {
                let count = (1 + self.dice.below(5)).min(end - first);
                let sent = (first + count) * MESSAGE_NS + u64::from(line) * self.world.skew_ns;
                let arrival = Arrival::Packet {
                    line: Line(line),
                    first,
                    count,
                };
                if !self
                    .dice
                    .percent(self.world.loss_percent[usize::from(line)])
                {
                    let at = sent + self.dice.below(self.world.jitter_ns);
                    self.arrive(at, arrival);
                }
                if self.dice.percent(self.world.duplicate_percent) {
                    let at = sent + self.dice.below(self.world.jitter_ns * 3);
                    self.arrive(at, arrival);
                }
                if self.dice.percent(5) {
                    self.arrive(
                        sent,
                        Arrival::Heartbeat {
                            next: first + count,
                        },
                    );
                }
                first += count;
            }
        }
        let quiet = (end + 2) * MESSAGE_NS + self.world.skew_ns + self.world.jitter_ns * 3;
        self.arrive(quiet, Arrival::Heartbeat { next: end });
    }

    fn run(&mut self) {
        let mut now = 0;
        let mut turns = 0;
        loop {
            turns += 1;
            assert!(turns < 100_000, "does not come to rest");
            let arrival = self.arrivals.first_key_value().map(|(&key, _)| key);
            let deadline = self.sequencer.next_deadline();
            match (arrival, deadline) {
                (arrival, Some(RecvTime(due))) if arrival.is_none_or(|(at, _)| due <= at) => {
                    now = now.max(due);
                    self.sequencer.on_clock(RecvTime(now));
                }
                (Some(key), _) => {
                    now = now.max(key.0);
                    let arrival = self.arrivals.remove(&key).unwrap();
                    self.take(arrival, now);
                }
                (None, _) => break,
            }
            self.drain(now);
        }
        self.sequencer.finish(RecvTime(now));
        self.drain(now);
    }

    fn take(&mut self, arrival: Arrival, now: u64) {
        match arrival {
            Arrival::Heartbeat { next } => self.sequencer.on_heartbeat(next, RecvTime(now)),
            Arrival::Packet { line, first, count } => {
                let body: Vec<u8> = (first..first + count).flat_map(u64::to_be_bytes).collect();
                let offer = self
                    .sequencer
                    .offer(line, first, count, &body, RecvTime(now));
                if let Offer::Deliver { skip } = offer {
                    while let Some(step) = self.sequencer.poll_before_delivery() {
                        self.step(step);
                    }
                    self.delivered.extend(first + skip..first + count);
                }
            }
        }
        assert!(self.sequencer.held_count() <= self.world.held_packets_max);
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::GapOpened { first, count } => {
                assert_eq!(self.open.replace((first, count)), None, "one gap at a time");
            }
            Step::GapRecovered { first, count } => {
                assert_eq!(self.open.take().unwrap_or((first, count)), (first, count));
            }
            Step::GapLost { first, count } => {
                self.open = None;
                self.lost_steps.push((first, count));
            }
            Step::Joined { sequence } => {
                self.open = None;
                self.joined = sequence;
            }
            Step::Deliver(packet) => {
                let messages = packet.body.chunks_exact(8).skip(packet.skip as usize);
                let numbers = messages.map(|bytes| u64::from_be_bytes(bytes.try_into().unwrap()));
                self.delivered.extend(numbers);
                self.sequencer.recycle(packet);
            }
        }
    }

    fn drain(&mut self, now: u64) {
        while let Some(step) = self.sequencer.poll() {
            self.step(step);
        }
        let mut requests = 0;
        while let Some(request) = self.sequencer.poll_request() {
            requests += 1;
            assert!(
                requests <= self.world.requests_waiting_max,
                "asks for too much at once"
            );
            let end = self.world.message_count + 1;
            assert!(request.count > 0 && request.count <= self.world.request_count_max);
            assert!(
                request.first + request.count <= end,
                "asks for what does not exist"
            );
            let (count, delay) = match self.world.server {
                Server::None => panic!("nobody to ask"),
                Server::Refusing => continue,
                Server::Good => (request.count, TIMEOUT_NS / 4),
                Server::Slow => (request.count, TIMEOUT_NS * 2),
                Server::Partial if self.dice.percent(30) => continue,
                Server::Partial => (request.count.min(1 + self.dice.below(3)), TIMEOUT_NS / 4),
            };
            let line = Line::RECOVERY;
            self.arrive(
                now + delay,
                Arrival::Packet {
                    line,
                    first: request.first,
                    count,
                },
            );
        }
    }

    fn check(&self) {
        assert_eq!(
            self.sequencer.held_count(),
            0,
            "a held packet outlived the stream"
        );
        assert!(
            self.delivered.is_sorted_by(|one, other| one < other),
            "out of order or twice"
        );
        let ledger = self.sequencer.ledger();
        let ends_before_next = |pair: &[crate::contract::Gap]| {
            pair[0].count > 0 && pair[0].first + pair[0].count <= pair[1].first
        };
        assert!(
            ledger.windows(2).all(ends_before_next),
            "ledger not sorted or not disjoint"
        );
        let mut missing: Vec<u64> = (1..=self.world.message_count).collect();
        missing.retain(|number| self.delivered.binary_search(number).is_err());
        let mut named: Vec<u64> = (1..self.joined).collect();
        for gap in ledger {
            let range = gap.first..gap.first + gap.count;
            if gap.recovered {
                let is_delivered = |number| self.delivered.binary_search(&number).is_ok();
                assert!(
                    range.clone().all(is_delivered),
                    "said to be recovered: {gap:?}"
                );
            } else {
                named.extend(range);
            }
        }
        named.sort_unstable();
        named.dedup();
        assert_eq!(missing, named, "missing and named differ");
        for &(first, count) in &self.lost_steps {
            let is_entry = |gap: &&crate::contract::Gap| {
                (gap.first, gap.count, gap.recovered) == (first, count, false)
            };
            assert!(
                ledger.iter().any(|gap| is_entry(&gap)),
                "lost {first}+{count} not in ledger"
            );
        }
        let counters = &self.sequencer.counters;
        assert_eq!(counters.messages, self.delivered.len() as u64);
        let sum = |recovered: bool| {
            let entries = ledger.iter().filter(|gap| gap.recovered == recovered);
            entries.map(|gap| gap.count).sum::<u64>()
        };
        assert_eq!(counters.messages_lost, sum(false));
        assert_eq!(counters.messages_recovered, sum(true));
        if self.world.server == Server::Good {
            assert_eq!(counters.messages_lost, 0, "a good server loses nothing");
        }
        if self.world.server == Server::Refusing {
            let waiting_max = self.world.requests_waiting_max as u64;
            let asked_max = (counters.gaps_opened * 4 + counters.messages) * waiting_max;
            assert!(counters.requests <= asked_max);
        }
    }
}

fn worlds() -> impl Strategy<Value = World> {
    let server = prop_oneof![
        Just(Server::None),
        Just(Server::Good),
        Just(Server::Slow),
        Just(Server::Refusing),
        Just(Server::Partial),
    ];
    let lines = (0..40u64, 0..100u64, 0..30u64, 0..12_000u64, 0..8_000u64);
    let bounds = (1..3u8, 1..40usize, 1..50u64, any::<bool>(), 1..6usize);
    let extent = (any::<u64>(), 1..300u64, prop_oneof![Just(1u64), 1..60u64]);
    (extent, lines, server, bounds).prop_map(|(extent, lines, server, bounds)| World {
        seed: extent.0,
        message_count: extent.1,
        first_seen: extent.2,
        loss_percent: [lines.0, lines.1],
        duplicate_percent: lines.2,
        jitter_ns: lines.3 + 1,
        skew_ns: lines.4,
        server,
        server_count: bounds.0,
        held_packets_max: bounds.1,
        request_count_max: bounds.2,
        backfill: bounds.3,
        requests_waiting_max: bounds.4,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_message_comes_once_and_in_order_or_is_named(world in worlds()) {
        let mut run = Run::new(world);
        run.run();
        run.check();
    }
}
