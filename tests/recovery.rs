//! Recovery under seeds: whatever goes wrong on lines and servers, no book that is called complete is ever wrong, all books are
//! live again within a bound, and the ledger is exact.
//!
//! `WAVELETD_SEEDS` says how many seeds each feed has; the default is small enough for every run.
#![cfg(feature = "service")]
#![allow(clippy::unwrap_used)]

use feeds::contract::{Descriptor, SettingKey, SnapshotService, Transport, Value};
use waveletd::simulate::certification::{CASES, NIGHT_NS, Verdict};
use waveletd::simulate::{Faults, ServerFault, World, WorldSettings};

/// Milliseconds with faults, and the bound within which all books are live again after the last one.
const FAULTY_MS: u64 = 400;
const LIVE_AGAIN_MS: u64 = 8_000;

fn seeds() -> u64 {
    let seeds = std::env::var("WAVELETD_SEEDS");
    seeds.ok().and_then(|text| text.parse().ok()).unwrap_or(12)
}

fn datagram_feeds() -> impl Iterator<Item = &'static Descriptor> {
    feeds::REGISTRY
        .iter()
        .copied()
        .filter(|descriptor| descriptor.transport == Transport::Datagrams)
}

/// Whether the venue gives a way back after any loss.
fn can_always_recover(descriptor: &Descriptor) -> bool {
    descriptor.snapshot != SnapshotService::None
}

fn check(descriptor: &'static Descriptor, seed: u64) {
    check_with(descriptor, seed, &[]);
}

#[track_caller]
fn check_with(descriptor: &'static Descriptor, seed: u64, own: &[(String, Value)]) {
    let settings = WorldSettings {
        seed,
        own: own.to_vec(),
        ..WorldSettings::default()
    };
    let mut world = World::new(descriptor, &settings).unwrap();
    let is_late = seed.is_multiple_of(3);
    world.follow(!is_late);
    world.open();
    world.run(20, 4);
    world.follow(true);
    world.set_faults(Faults::of(seed));
    world.run(FAULTY_MS, 4);
    if seed % 4 == 1 {
        world.close();
        world.run(1_500, 0);
        world.sleep(NIGHT_NS);
        world.open();
        world.run(FAULTY_MS / 2, 4);
    }
    world.set_faults(Faults::default());
    // What was lost last shows only when something follows it.
    world.run(100, 1);
    let mut waited = 0;
    while waited < LIVE_AGAIN_MS && !world.is_all_live() {
        world.run(10, 1);
        waited += 10;
    }
    world.run(100, 1);
    world.check_end();
    let name = descriptor.name;
    let findings = world.findings();
    assert_eq!(findings.breaches, 0, "{name} seed {seed}: {findings:?}");
    if can_always_recover(descriptor) {
        let states = world.states();
        // Names that are said once and were missed cannot come back, where no snapshot repeats them.
        let says_names_once =
            descriptor.snapshot == SnapshotService::Inline && world.misses_names();
        assert!(
            world.is_all_live() || says_names_once,
            "{name} seed {seed}: {states:?} after {waited} ms"
        );
    }
}

#[test]
fn books_by_order_recover_as_those_by_level_do() {
    let by_order = SettingKey::BY_ORDER.key;
    let own = [(by_order.to_owned(), Value::Bool(true))];
    let knows = |descriptor: &&Descriptor| descriptor.book_of(&own) != descriptor.book;
    for descriptor in datagram_feeds().filter(knows) {
        for seed in 0..seeds() {
            check_with(descriptor, seed, &own);
        }
    }
}

#[test]
fn an_order_that_overtakes_the_name_of_its_symbol_leaves_no_live_book() {
    check(feeds::descriptor("cboe_pitch_options").unwrap(), 69);
}

#[test]
fn a_day_whose_first_packets_are_lost_does_not_continue_the_one_before() {
    check(feeds::descriptor("cboe_pitch_equities").unwrap(), 13);
}

#[test]
fn snapshots_of_different_ages_leave_no_book_behind() {
    check(feeds::descriptor("cme_mdp3").unwrap(), 216);
    check(feeds::descriptor("coinbase_derivatives").unwrap(), 216);
}

#[test]
fn a_day_that_begins_beyond_the_last_known_number_has_right_books() {
    check(feeds::descriptor("cboe_pitch_equities").unwrap(), 877);
}

#[test]
fn every_feed_of_datagrams_passes_every_case_that_applies_to_it() {
    for descriptor in datagram_feeds() {
        for case in CASES {
            let verdict = case.run(descriptor, 1);
            let has_failed = matches!(verdict, Verdict::Fail(_));
            assert!(
                !has_failed,
                "{} {}: {verdict:?}",
                descriptor.name, case.name
            );
        }
    }
}

#[test]
fn no_complete_book_is_ever_wrong_and_all_are_live_again_within_the_bound() {
    for descriptor in datagram_feeds() {
        for seed in 0..seeds() {
            check(descriptor, seed);
        }
    }
}

/// A world without snapshots whose both lines lost three datagrams while the servers had `fault`, two seconds later.
fn without_snapshots(descriptor: &'static Descriptor, fault: ServerFault) -> World {
    let settings = WorldSettings {
        has_snapshots: false,
        ..WorldSettings::default()
    };
    let mut world = World::new(descriptor, &settings).unwrap();
    world.open();
    world.run(100, 4);
    world.set_faults(Faults {
        retransmit: fault,
        ..Faults::default()
    });
    world.lose_next([3, 3]);
    world.run(2_000, 1);
    world.check_end();
    let (name, findings) = (descriptor.name, world.findings());
    assert_eq!(findings.breaches, 0, "{name}: {findings:?}");
    world
}

fn feeds_that_ask() -> impl Iterator<Item = &'static Descriptor> {
    datagram_feeds().filter(|descriptor| descriptor.has_retransmission)
}

#[test]
fn what_both_lines_lost_is_sent_again_where_nothing_else_helps() {
    for descriptor in feeds_that_ask() {
        for fault in [
            ServerFault::None,
            ServerFault::Slow(20_000_000),
            ServerFault::Partial,
        ] {
            let world = without_snapshots(descriptor, fault);
            let counters = world.feed().counters();
            let name = descriptor.name;
            assert!(counters.messages_recovered > 0, "{name} {fault:?}");
            assert_eq!(counters.messages_lost, 0, "{name} {fault:?}");
            assert!(world.is_all_live(), "{name} {fault:?}");
        }
    }
}

#[test]
fn a_server_that_does_not_help_leaves_a_loss_that_is_known() {
    for descriptor in feeds_that_ask() {
        for fault in [
            ServerFault::Unreachable,
            ServerFault::Silent,
            ServerFault::Quota,
        ] {
            let mut world = without_snapshots(descriptor, fault);
            if fault == ServerFault::Quota && !world.has_quotas() {
                continue;
            }
            let counters = world.feed().counters();
            let name = descriptor.name;
            assert!(counters.messages_lost > 0, "{name} {fault:?}");
            let is_refused = counters.requests_refused > 0;
            assert_eq!(is_refused, fault == ServerFault::Quota, "{name} {fault:?}");
            assert!(!world.is_all_live(), "{name} {fault:?}");
        }
    }
}
