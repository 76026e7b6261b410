//! Every feed over connections, with no socket, in a world where much goes wrong: connections that are cut and fall silent,
//! texts lost, cut off and repeated, answers lost and late. No book that is called whole is ever one the venue did not have,
//! and all are whole again soon after it stops.
//!
//! A text may be lost only where the venue's numbers or checksums show it: inside a connection TCP loses none.
//! `WAVELETD_SEEDS` says how many seeds are tried of each feed; `WAVELETD_CHAOS=FEED:SEED` tries that one alone.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_macros,
    clippy::disallowed_methods,
    reason = "a test tells its figures and is told how long to try"
)]

mod world;

use feeds::contract::{Descriptor, FeedSettings, SettingKey, Transport, Value};
use feeds::model::ChannelId;
use std::collections::BTreeMap;
use world::{Dice, Faults, SECOND, World};

const BY_ORDER: SettingKey = SettingKey::BY_ORDER;
const STEP: u64 = SECOND / 20;
/// How long all books may take once nothing goes wrong any more.
const HEALED_WITHIN_S: u64 = 60;

fn faults_of(seed: u64) -> Faults {
    let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let mut one_in = |least: u64, most: u64| {
        // Half of the faults are away at a time, so that each is also seen alone.
        let is_away = dice.one_in(2);
        let rate = least + dice.below(most - least);
        if is_away { 0 } else { rate }
    };
    Faults {
        lose: one_in(20, 2_000),
        cut_off: one_in(100, 3_000),
        twice: one_in(10, 500),
        cut: one_in(40, 600),
        silence: one_in(100, 800),
        lose_ours: one_in(5, 100),
        no_answer: one_in(2, 10),
        late_answer: one_in(2, 6),
    }
}

/// Comparisons made; fails where a book was wrong or stayed away.
#[track_caller]
fn check(
    descriptor: &'static Descriptor,
    seed: u64,
    reasons: &mut BTreeMap<&'static str, u64>,
) -> u64 {
    // Where there are both, orders in half of the cases.
    let tells_orders = descriptor
        .settings
        .iter()
        .any(|key| key.key == BY_ORDER.key);
    let own = (BY_ORDER.key.to_owned(), Value::Bool(true));
    let is_by_order = tells_orders && seed % 4 >= 2;
    let settings = FeedSettings {
        own: is_by_order.then_some(own).into_iter().collect(),
        line_count: 1 + (seed % 2) as u8,
        instruments_per_connection: seed.is_multiple_of(3).then_some(2),
        ..FeedSettings::single_line(ChannelId(0))
    };
    let name = descriptor.name;
    let faults = faults_of(seed);
    let mut world = World::new(descriptor, 3, settings);
    world.dice = Dice(seed | 1);
    world.faults = faults;
    let step = |world: &mut World| {
        world.now += STEP;
        world.event();
        for _ in 0..3 {
            world.turn();
        }
    };
    for _ in 0..30 * SECOND / STEP {
        world.harm();
        step(&mut world);
    }
    world.faults = Faults::default();
    let mut steps = 0;
    // Twice well in a row is not by chance: an event changes a book in between.
    let mut well = 0;
    while well < 2 && steps < HEALED_WITHIN_S * SECOND / STEP {
        step(&mut world);
        well = if world.is_well() { well + 1 } else { 0 };
        steps += 1;
    }
    let books = world.books.lock().unwrap();
    assert!(
        books.wrong.is_empty(),
        "{name} {seed}: {:?} {faults:?}",
        books.wrong
    );
    assert_eq!(well, 2, "{name} {seed}: not whole again {faults:?}");
    for (reason, count) in &world.reasons {
        *reasons.entry(reason).or_default() += count;
    }
    books.compared
}

/// The one that is to be tried alone.
fn alone() -> Option<(String, u64)> {
    let text = std::env::var("WAVELETD_CHAOS").ok()?;
    let (feed, seed) = text.split_once(':').unwrap();
    Some((feed.to_owned(), seed.parse().unwrap()))
}

fn seeds() -> u64 {
    let text = std::env::var("WAVELETD_SEEDS").ok();
    text.and_then(|text| text.parse().ok()).unwrap_or(12)
}

/// What went wrong once: answers asked for before a loss, and numbers behind a text that could not be read.
const FOUND: [(&str, u64); 3] = [
    ("bitstamp_ws", 605),
    ("bitstamp_ws", 671),
    ("bitfinex_ws", 637),
];

#[test]
fn what_went_wrong_once_goes_well() {
    for (name, seed) in FOUND {
        let descriptor = feeds::descriptor(name).unwrap();
        check(descriptor, seed, &mut BTreeMap::new());
    }
}

#[test]
fn no_book_called_whole_is_ever_wrong_and_all_come_back() {
    if let Some((name, seed)) = alone() {
        let descriptor = feeds::descriptor(&name).unwrap();
        check(descriptor, seed, &mut BTreeMap::new());
        return;
    }
    let over_connections = |feed: &&&Descriptor| feed.transport == Transport::WebSocket;
    std::thread::scope(|scope| {
        for descriptor in feeds::REGISTRY.iter().filter(over_connections) {
            scope.spawn(move || {
                let mut reasons = BTreeMap::new();
                let compared: u64 = (0..seeds())
                    .map(|seed| check(descriptor, seed, &mut reasons))
                    .sum();
                println!(
                    "{:>16}: {} seeds, {compared} books compared, {reasons:?}",
                    descriptor.name,
                    seeds()
                );
            });
        }
    });
}
