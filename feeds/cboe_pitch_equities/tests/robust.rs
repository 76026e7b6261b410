//! Damaged packets: no panic, bounded output, the same answer twice, and what is counted adds up.

use super::vectors::message_of;
use super::{MILLISECOND, OPEN, Rig, integer, packet_of};
use crate::cboe_pitch_equities::wire::TYPES;
use crate::contract::{Line, Outcome};

/// Numbers of a fixed seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, count: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % count
    }
}

/// What comes out of packets of all types with some bytes changed and some cut off.
fn run(seed: u64) -> (Vec<String>, u64) {
    let mut dice = Dice(seed);
    let mut rig = Rig::new(|settings| {
        settings.line_count = 2;
        settings.own = vec![integer("orders_max", 16), integer("held_packets_max", 8)];
    });
    let (mut sequence, mut refused) = (1, 0);
    for step in 0..300 {
        let mut blocks = Vec::new();
        let count = 1 + dice.below(5);
        for _ in 0..count {
            blocks.extend(message_of(TYPES[dice.below(TYPES.len())].tag));
        }
        let mut bytes = packet_of(1, sequence, &blocks);
        sequence += count as u32;
        for _ in 0..dice.below(4) {
            let at = dice.below(bytes.len());
            bytes[at] = dice.below(256) as u8;
        }
        if dice.below(10) == 0 {
            bytes.truncate(dice.below(bytes.len()));
        }
        let now = OPEN + step * MILLISECOND;
        let outcome = rig.packet(Line((step % 2) as u8), &bytes, now);
        refused += u64::from(matches!(outcome, Outcome::Refused(_)));
        rig.clock(now);
        rig.notices();
    }
    assert!(rig.feed.counters().decode_errors_total() >= refused);
    (rig.said(), refused)
}

#[test]
fn damaged_packets_are_survived_counted_and_answered_alike() {
    let mut refused = 0;
    for seed in 0..40 {
        let first = run(seed);
        assert!(first.0.len() < 300 * 5 * 6, "{} lines", first.0.len());
        assert_eq!(first, run(seed), "seed {seed}");
        refused += first.1;
    }
    assert!(refused > 0);
}
