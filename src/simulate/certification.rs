//! Certification: the cases a venue would put a feed handler through, against the bundled venue in simulated time.
//!
//! Each case sets up a [`World`], lets something happen, and says what must follow. What a protocol cannot say, or its simulator
//! does not, is `not applicable`, with the reason: never a pass.

use super::world::{Faults, ServerFault, World, WorldSettings};
use crate::book::TrustState;
use feeds::contract::{BookKind, Descriptor, SnapshotService, Value};
use feeds::model::{Action, Price, Side, Symbol};
use feeds::session::settings::SILENCE_MS;
use feeds::simulator::{Announcement, MarketEvent};

/// Milliseconds within which all books are live again after the last fault.
pub const LIVE_AGAIN_MS: u64 = 10_000;

/// From the end of a session to the beginning of the next one.
pub const NIGHT_NS: u64 = 86_400_000_000_000;

/// Silence of a line that is reported, in every case.
const SILENCE_OF_CASES_MS: i64 = 5_000;

/// How a case ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// What must follow followed.
    Pass,
    /// It did not; what was seen instead.
    Fail(String),
    /// The protocol or its simulator has no such thing; why.
    NotApplicable(&'static str),
}

/// A case: its name, what must follow, and how it is tried.
pub struct Case {
    /// Short name, as in the venue's lists.
    pub name: &'static str,
    /// What must follow.
    pub demand: &'static str,
    run: fn(&Setting) -> Result<(), Verdict>,
}

impl Case {
    /// Tries the case.
    pub fn run(&self, descriptor: &'static Descriptor, seed: u64) -> Verdict {
        match (self.run)(&Setting { descriptor, seed }) {
            Ok(()) => Verdict::Pass,
            Err(verdict) => verdict,
        }
    }
}

struct Setting {
    descriptor: &'static Descriptor,
    seed: u64,
}

impl Setting {
    fn world(&self) -> Result<World, Verdict> {
        self.world_of(WorldSettings::default())
    }

    fn world_of(&self, settings: WorldSettings) -> Result<World, Verdict> {
        // How long a line may be silent is the room's own business, unless it is said; the cases count on it.
        let silence = (
            SILENCE_MS.key.to_owned(),
            Value::Integer(SILENCE_OF_CASES_MS),
        );
        let settings = WorldSettings {
            seed: self.seed,
            own: settings.own.iter().cloned().chain([silence]).collect(),
            ..settings
        };
        World::new(self.descriptor, &settings).map_err(|faults| fail(format!("{faults:?}")))
    }

    /// A world whose day has begun, with books.
    fn opened(&self) -> Result<World, Verdict> {
        let mut world = self.world()?;
        world.open();
        world.run(100, 4);
        Ok(world)
    }

    fn can_ask_again(&self) -> bool {
        self.descriptor.has_retransmission
    }

    /// Whether there is a service that can fail.
    fn has_snapshots(&self) -> bool {
        match self.descriptor.snapshot {
            SnapshotService::Stream | SnapshotService::Lines => true,
            SnapshotService::None | SnapshotService::Inline => false,
        }
    }

    /// Whether books are made whole again after a range that nobody delivers.
    fn can_recover(&self) -> bool {
        self.can_ask_again() || self.descriptor.snapshot != SnapshotService::None
    }
}

fn fail(text: impl Into<String>) -> Verdict {
    Verdict::Fail(text.into())
}

fn demand(holds: bool, otherwise: impl FnOnce() -> String) -> Result<(), Verdict> {
    if holds {
        Ok(())
    } else {
        Err(fail(otherwise()))
    }
}

fn states(world: &World) -> String {
    let states = world.states();
    let text = states
        .iter()
        .map(|(symbol, state)| format!("{}={}", symbol.as_str(), state.as_str()));
    text.collect::<Vec<_>>().join(" ")
}

/// Waits until all books are live, then compares everything.
fn settles_live(world: &mut World) -> Result<(), Verdict> {
    // What was lost last shows only when something follows it.
    world.run(100, 1);
    let mut waited = 0;
    while waited < LIVE_AGAIN_MS && !world.is_all_live() {
        world.run(10, 1);
        waited += 10;
    }
    world.run(200, 1);
    demand(world.is_all_live(), || {
        format!("after {waited} ms: {}", states(world))
    })?;
    is_right(world)
}

/// As [`settles_live`], for instruments whose names may have been missed: where the venue says names once, those stay unknown.
fn settles_live_if_named(setting: &Setting, world: &mut World) -> Result<(), Verdict> {
    let settled = settles_live(world);
    let says_names_once = setting.descriptor.snapshot == SnapshotService::Inline;
    if settled.is_err() && says_names_once && world.misses_names() {
        world.check_end();
        let findings = world.findings();
        return demand(findings.breaches == 0, || findings.named.join("; "));
    }
    settled
}

/// No complete book was ever wrong, and the ledger is exact.
fn is_right(world: &mut World) -> Result<(), Verdict> {
    world.check_end();
    let findings = world.findings();
    demand(findings.breaches == 0, || findings.named.join("; "))?;
    demand(findings.compared > 0, || {
        "no book was ever complete".to_owned()
    })
}

/// A loss on both lines: recovered where the venue can, and otherwise known as such and nowhere live.
fn recovers_or_says_so(setting: &Setting, world: &mut World) -> Result<(), Verdict> {
    if setting.can_recover() {
        return settles_live(world);
    }
    world.run(500, 2);
    is_right(world)?;
    let lost = world.feed().counters().messages_lost;
    demand(lost > 0, || "the loss is not in the ledger".to_owned())?;
    let is_any_live = world
        .states()
        .iter()
        .any(|(_, state)| *state == TrustState::Live);
    demand(!is_any_live, || {
        format!("live after a loss: {}", states(world))
    })
}

fn needs_servers(setting: &Setting) -> Result<(), Verdict> {
    if setting.can_ask_again() {
        Ok(())
    } else {
        Err(Verdict::NotApplicable("the protocol has no retransmission"))
    }
}

fn needs_snapshots(setting: &Setting) -> Result<(), Verdict> {
    if setting.has_snapshots() {
        Ok(())
    } else {
        Err(Verdict::NotApplicable(
            "the protocol has no snapshots, or none is built in",
        ))
    }
}

fn needs_book(setting: &Setting, book: BookKind) -> Result<(), Verdict> {
    if setting.descriptor.book == book {
        Ok(())
    } else {
        Err(Verdict::NotApplicable(
            "the feed has books of the other kind",
        ))
    }
}

fn says(world: &mut World, announcement: &Announcement) -> Result<(), Verdict> {
    let before = world.reference_messages();
    if !world.announce(announcement) {
        return Err(Verdict::NotApplicable(
            "the simulator of the venue does not say such",
        ));
    }
    world.run(5, 0);
    let said = world.reference_messages() - before;
    demand(said > 0, || "nothing was said".to_owned())?;
    let unknown = world.feed().counters().unknown_messages;
    demand(unknown == 0, || format!("{unknown} messages are not known"))
}

/// Loses the next datagrams on both lines.
fn loses(world: &mut World, datagrams: u64) {
    world.lose_next([datagrams, datagrams]);
}

fn lines_with(faults: Faults, setting: &Setting) -> Result<(), Verdict> {
    let mut world = setting.opened()?;
    world.set_faults(faults);
    world.run(400, 4);
    world.set_faults(Faults::default());
    settles_live(&mut world)?;
    let lost = world.feed().counters().messages_lost;
    demand(lost == 0, || {
        format!("{lost} messages lost, though one line had them")
    })
}

fn with_server(fault: ServerFault, setting: &Setting) -> Result<(), Verdict> {
    needs_servers(setting)?;
    let mut world = setting.opened()?;
    world.set_faults(Faults {
        retransmit: fault,
        ..Faults::default()
    });
    loses(&mut world, 3);
    world.run(2_000, 1);
    // Until the server is well again either the gap is open or what was lost is known; `is_right` holds both to it.
    world.set_faults(Faults::default());
    if setting.has_snapshots() || world.feed().counters().messages_lost == 0 {
        return settles_live(&mut world);
    }
    is_right(&mut world)?;
    let is_any_live = world
        .states()
        .iter()
        .any(|(_, state)| *state == TrustState::Live);
    demand(!is_any_live, || {
        format!("live after a loss: {}", states(&world))
    })
}

fn adds(world: &mut World, price: Price, order: u64) -> Result<(), Verdict> {
    world.say(&MarketEvent::Add {
        symbol: 0,
        order,
        side: Side::Bid,
        price,
        size: 7,
    });
    world.run(2, 0);
    let symbol = world.names()[0];
    let ours = world.has_level(symbol, Side::Bid, price);
    if world.reference_has_level(symbol, Side::Bid, price) {
        demand(ours, || format!("no level at {price:?}"))
    } else {
        Err(Verdict::NotApplicable(
            "the protocol cannot say such a price",
        ))
    }
}

/// Every case, in the order of the table.
pub const CASES: &[Case] = &[
    Case {
        name: "start of day",
        demand: "all books live, from the first message on",
        run: |setting| {
            let mut world = setting.world()?;
            world.open();
            world.run(200, 4);
            settles_live(&mut world)
        },
    },
    Case {
        name: "late join",
        demand: "live by backfill or snapshot; otherwise never live",
        run: |setting| {
            let mut world = setting.world()?;
            world.follow(false);
            world.open();
            world.run(200, 4);
            world.follow(true);
            world.run(50, 4);
            if setting.can_recover() {
                return settles_live_if_named(setting, &mut world);
            }
            world.check_end();
            demand(!world.is_all_live(), || {
                "live without its beginning".to_owned()
            })?;
            let findings = world.findings();
            demand(findings.breaches == 0, || findings.named.join("; "))
        },
    },
    Case {
        name: "instrument added",
        demand: "an instrument listed during the day has a live book",
        run: |setting| {
            let mut world = setting.opened()?;
            let count = world.states().len();
            says(&mut world, &Announcement::List(Symbol::from("NEWONE")))?;
            world.run(20, 1);
            let now = world.states().len();
            demand(now == count + 1, || {
                format!("{now} instruments after {count}")
            })?;
            is_right(&mut world)
        },
    },
    Case {
        name: "unknown instrument",
        demand: "messages of an instrument nobody defined are counted, the others go on",
        run: |setting| {
            let mut world = setting.opened()?;
            let listed = world.states().len();
            says(&mut world, &Announcement::UnlistedOrder)?;
            let counted = world.feed().counters().unknown_instrument_messages;
            // An order that names its instrument in full may define it.
            let is_new = world.states().len() > listed;
            demand(counted > 0 || is_new, || "not counted".to_owned())?;
            is_right(&mut world)
        },
    },
    Case {
        name: "book by price",
        demand: "levels equal the venue's",
        run: |setting| {
            needs_book(setting, BookKind::ByLevel)?;
            let mut world = setting.opened()?;
            world.run(500, 8);
            settles_live(&mut world)
        },
    },
    Case {
        name: "book by order",
        demand: "levels and order counts equal the venue's",
        run: |setting| {
            needs_book(setting, BookKind::ByOrder)?;
            let mut world = setting.opened()?;
            world.run(500, 8);
            settles_live(&mut world)
        },
    },
    Case {
        name: "trades",
        demand: "as many trades as the venue made",
        run: |setting| {
            let mut world = setting.opened()?;
            world.run(300, 8);
            let (ours, theirs) = world.ticks(Action::Trade);
            if theirs == 0 {
                return Err(Verdict::NotApplicable("the feed tells of no trades"));
            }
            demand(ours == theirs, || format!("{ours} of {theirs}"))?;
            is_right(&mut world)
        },
    },
    Case {
        name: "trade cancelled",
        demand: "told, and the book is untouched",
        run: |setting| {
            let mut world = setting.opened()?;
            says(
                &mut world,
                &Announcement::TradeBreak {
                    symbol: 0,
                    trade: 1,
                },
            )?;
            settles_live(&mut world)
        },
    },
    Case {
        name: "halt",
        demand: "the book of the instrument is halted, the others live",
        run: |setting| {
            let mut world = setting.opened()?;
            says(&mut world, &Announcement::Halt { symbol: 0 })?;
            let halted = world
                .states()
                .iter()
                .filter(|(_, state)| *state == TrustState::Halted)
                .count();
            demand(halted == 1, || states(&world))?;
            is_right(&mut world)
        },
    },
    Case {
        name: "resume",
        demand: "live again",
        run: |setting| {
            let mut world = setting.opened()?;
            says(&mut world, &Announcement::Halt { symbol: 0 })?;
            says(&mut world, &Announcement::Resume { symbol: 0 })?;
            settles_live(&mut world)
        },
    },
    Case {
        name: "auction imbalance",
        demand: "an imbalance is told",
        run: |setting| {
            let mut world = setting.opened()?;
            says(
                &mut world,
                &Announcement::Imbalance {
                    symbol: 0,
                    price: Price(10_000_000_000),
                    size: 300,
                },
            )?;
            let (ours, _) = world.ticks(Action::Imbalance);
            demand(ours > 0, || "no imbalance".to_owned())?;
            settles_live(&mut world)
        },
    },
    Case {
        name: "empty book",
        demand: "an instrument without orders has a live, empty book",
        run: |setting| {
            let mut world = setting.world()?;
            world.open();
            world.run(2_000, 0);
            let is_empty = world.is_all_empty();
            demand(is_empty, || "levels out of nothing".to_owned())?;
            demand(world.is_all_live(), || states(&world))
        },
    },
    Case {
        name: "single gap",
        demand: "recovered, or known and nowhere live",
        run: |setting| {
            let mut world = setting.opened()?;
            loses(&mut world, 1);
            world.run(100, 4);
            recovers_or_says_so(setting, &mut world)
        },
    },
    Case {
        name: "large gap",
        demand: "recovered, or known and nowhere live",
        run: |setting| {
            let mut world = setting.opened()?;
            loses(&mut world, 600);
            world.run(700, 8);
            recovers_or_says_so(setting, &mut world)
        },
    },
    Case {
        name: "gap in definitions",
        demand: "instruments are known after recovery, or nothing is live",
        run: |setting| {
            let mut world = setting.world()?;
            loses(&mut world, 1);
            world.open();
            world.run(100, 4);
            if setting.can_recover() {
                return settles_live_if_named(setting, &mut world);
            }
            world.check_end();
            demand(!world.is_all_live(), || {
                "live without definitions".to_owned()
            })?;
            let findings = world.findings();
            demand(findings.breaches == 0, || findings.named.join("; "))
        },
    },
    Case {
        name: "gap during recovery",
        demand: "recovered, or known and nowhere live",
        run: |setting| {
            let mut world = setting.opened()?;
            world.set_faults(Faults {
                retransmit: ServerFault::Slow(30_000_000),
                snapshot: ServerFault::Slow(30_000_000),
                ..Faults::default()
            });
            for _ in 0..5 {
                loses(&mut world, 3);
                world.run(20, 4);
            }
            world.set_faults(Faults::default());
            recovers_or_says_so(setting, &mut world)
        },
    },
    Case {
        name: "line A fails",
        demand: "nothing is lost",
        run: |setting| {
            lines_with(
                Faults {
                    dead: Some(0),
                    ..Faults::default()
                },
                setting,
            )
        },
    },
    Case {
        name: "line B fails",
        demand: "nothing is lost",
        run: |setting| {
            lines_with(
                Faults {
                    dead: Some(1),
                    ..Faults::default()
                },
                setting,
            )
        },
    },
    Case {
        name: "both lines fail",
        demand: "stale while silent; then recovered, or known and nowhere live",
        run: |setting| {
            let mut world = setting.opened()?;
            loses(&mut world, u64::MAX);
            world.run(7_000, 1);
            let is_any_live = world
                .states()
                .iter()
                .any(|(_, state)| *state == TrustState::Live);
            demand(!is_any_live, || {
                format!("live in silence: {}", states(&world))
            })?;
            world.lose_next([0, 0]);
            world.run(100, 4);
            recovers_or_says_so(setting, &mut world)
        },
    },
    Case {
        name: "lines swap",
        demand: "nothing is lost when one line dies as the other comes back",
        run: |setting| {
            let mut world = setting.opened()?;
            for dead in [0, 1, 0, 1] {
                world.set_faults(Faults {
                    dead: Some(dead),
                    ..Faults::default()
                });
                world.run(100, 4);
            }
            world.set_faults(Faults::default());
            settles_live(&mut world)?;
            let lost = world.feed().counters().messages_lost;
            demand(lost == 0, || format!("{lost} lost"))
        },
    },
    Case {
        name: "duplicates",
        demand: "each message once",
        run: |setting| {
            lines_with(
                Faults {
                    duplicate: 500_000,
                    ..Faults::default()
                },
                setting,
            )
        },
    },
    Case {
        name: "reordering",
        demand: "applied in order, nothing lost",
        run: |setting| {
            lines_with(
                Faults {
                    reorder_max: 10,
                    ..Faults::default()
                },
                setting,
            )
        },
    },
    Case {
        name: "skew between lines",
        demand: "the faster line wins, nothing lost",
        run: |setting| {
            lines_with(
                Faults {
                    skew_ns: 15_000_000,
                    ..Faults::default()
                },
                setting,
            )
        },
    },
    Case {
        name: "disjoint loss",
        demand: "one line has what the other lost",
        run: |setting| {
            let mut world = setting.opened()?;
            for round in 0..20 {
                world.lose_next(if round % 2 == 0 { [2, 0] } else { [0, 2] });
                world.run(20, 4);
            }
            settles_live(&mut world)?;
            let lost = world.feed().counters().messages_lost;
            demand(lost == 0, || format!("{lost} lost"))
        },
    },
    Case {
        name: "heartbeats only",
        demand: "a quiet market stays live",
        run: |setting| {
            let mut world = setting.opened()?;
            world.run(12_000, 0);
            demand(world.is_all_live(), || states(&world))
        },
    },
    Case {
        name: "silent feed",
        demand: "stale, with the reason; live again when it speaks",
        run: |setting| {
            let mut world = setting.opened()?;
            world.set_faults(Faults::default());
            world.follow(false);
            world.run(7_000, 0);
            let stale = world
                .states()
                .iter()
                .all(|(_, state)| *state == TrustState::Stale);
            demand(stale, || states(&world))?;
            world.follow(true);
            settles_live(&mut world)
        },
    },
    Case {
        name: "end of session",
        demand: "closed, and silence means nothing any more",
        run: |setting| {
            let mut world = setting.opened()?;
            world.close();
            world.run(10_000, 0);
            let closed = world
                .states()
                .iter()
                .all(|(_, state)| *state == TrustState::Closed);
            demand(closed, || states(&world))?;
            is_right(&mut world)
        },
    },
    Case {
        name: "next session",
        demand: "empty books, then live, numbers from the beginning unless they never begin anew",
        run: |setting| {
            let mut world = setting.opened()?;
            world.close();
            world.run(2_000, 0);
            let was_emptied = world.is_all_empty();
            world.sleep(NIGHT_NS);
            world.open();
            world.run(200, 4);
            settles_live(&mut world)?;
            let resets = world.feed().counters().resets;
            // Where the numbers go on, the venue itself has to say that its books are empty.
            let numbers_go_on = was_emptied && world.reference().counters().resets == 0;
            demand(resets > 0 || numbers_go_on, || {
                "no reset was seen".to_owned()
            })
        },
    },
    Case {
        name: "retransmission refused",
        demand: "never live on a hole; by snapshot where there is one",
        run: |setting| with_server(ServerFault::Unreachable, setting),
    },
    Case {
        name: "retransmission times out",
        demand: "never live on a hole; by snapshot where there is one",
        run: |setting| with_server(ServerFault::Silent, setting),
    },
    Case {
        name: "retransmission partial",
        demand: "asked again until complete",
        run: |setting| with_server(ServerFault::Partial, setting),
    },
    Case {
        name: "retransmission slow",
        demand: "recovering meanwhile, then live",
        run: |setting| with_server(ServerFault::Slow(40_000_000), setting),
    },
    Case {
        name: "retransmission quota",
        demand: "counted; never live on a hole; by snapshot where there is one",
        run: |setting| {
            needs_servers(setting)?;
            if !setting.world()?.has_quotas() {
                return Err(Verdict::NotApplicable("the venue says nothing of quotas"));
            }
            with_server(ServerFault::Quota, setting)
        },
    },
    Case {
        name: "snapshot refused",
        demand: "not live; asked again until there is one",
        run: |setting| with_snapshot(ServerFault::Unreachable, setting),
    },
    Case {
        name: "snapshot times out",
        demand: "not live; asked again until there is one",
        run: |setting| with_snapshot(ServerFault::Silent, setting),
    },
    Case {
        name: "reconnect during snapshot",
        demand: "half a snapshot is none",
        run: |setting| with_snapshot(ServerFault::Partial, setting),
    },
    Case {
        name: "snapshot slow",
        demand: "live messages are kept meanwhile and follow it",
        run: |setting| with_snapshot(ServerFault::Slow(300_000_000), setting),
    },
    Case {
        name: "implied book",
        demand: "implied levels beside the direct ones",
        run: |_| Err(Verdict::NotApplicable("no simulator says implied prices")),
    },
    Case {
        name: "negative price",
        demand: "a level below zero",
        run: |setting| adds(&mut setting.opened()?, Price(-1_000_000_000), 9_000_001),
    },
    Case {
        name: "zero price",
        demand: "a level at zero",
        run: |setting| adds(&mut setting.opened()?, Price(0), 9_000_002),
    },
    Case {
        name: "finest price",
        demand: "every digit the protocol has",
        run: |setting| adds(&mut setting.opened()?, Price(12_345_600_000), 9_000_003),
    },
];

fn with_snapshot(fault: ServerFault, setting: &Setting) -> Result<(), Verdict> {
    needs_snapshots(setting)?;
    let mut world = setting.opened()?;
    world.set_faults(Faults {
        retransmit: ServerFault::Unreachable,
        snapshot: fault,
        ..Faults::default()
    });
    loses(&mut world, 5);
    world.run(3_000, 2);
    world.set_faults(Faults::default());
    settles_live(&mut world)?;
    let applied = world.feed().counters().snapshots_applied;
    demand(applied > 0, || "no snapshot was applied".to_owned())
}
