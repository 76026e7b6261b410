use super::*;

fn node(index: u32) -> NodeId {
    NodeId {
        index,
        generation: 0,
    }
}

/// A small generator with a full period: enough for choosing operations.
struct Lcg(u64);

impl Lcg {
    fn next(&mut self) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let x = self.0 ^ (self.0 >> 33);
        x.wrapping_mul(0xff51_afd7_ed55_8ccd) ^ (x >> 29)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}

/// A timer as plain as can be; the list is searched from end to end.
struct Plain {
    deadline: u64,
    key: TimerKey,
    node: u32,
    period: u64,
}

fn first(plain: &[Plain]) -> Option<usize> {
    (0..plain.len()).min_by_key(|&at| (plain[at].deadline, plain[at].key.sequence >> 1))
}

/// Runs random operations on the timers and on a plain list, which must always agree.
#[track_caller]
fn check_against_a_list(
    seed: u64,
    ops: u32,
    live_max: u64,
    deadline: impl Fn(&mut Lcg, u64) -> u64,
) {
    let (mut random, mut now) = (Lcg(seed), 1_700_000_000_000_000_000_u64);
    let (mut timers, mut plain) = (Timers::default(), Vec::<Plain>::new());
    for epoch in 1..=u64::from(ops) {
        match random.below(8) {
            0..=3 if (plain.len() as u64) < live_max => {
                let (owner, deadline) = (random.below(5) as u32, deadline(&mut random, now));
                let period = (random.below(10) == 0).then(|| 1 + random.below(1 << 30));
                let period = period.and_then(NonZeroU64::new);
                let key = timers.set(node(owner), Nanos(deadline), period).key;
                plain.push(Plain {
                    deadline,
                    key,
                    node: owner,
                    period: period.map_or(0, NonZeroU64::get),
                });
            }
            4 | 5 if !plain.is_empty() => {
                // Often the earliest one, which costs most.
                let at = match random.below(2) {
                    0 => first(&plain).unwrap(),
                    _ => random.below(plain.len() as u64) as usize,
                };
                let ended = plain.swap_remove(at);
                assert!(timers.cancel(ended.key), "ended twice or never set");
                assert!(!timers.cancel(ended.key));
                assert!(timers.is_expired(ended.key, epoch));
            }
            6 if random.below(50) == 0 => {
                let owner = random.below(5) as u32;
                timers.remove_node(node(owner));
                plain.retain(|timer| timer.node != owner);
            }
            _ => {
                now = match (random.below(3), timers.next_deadline()) {
                    (0, Some(Nanos(next))) if next < u64::MAX - (1 << 40) => next.max(now),
                    (1, _) => now + random.below(1 << 12),
                    _ => now + random.below(1 << 32),
                };
                loop {
                    let due = first(&plain).filter(|&at| plain[at].deadline <= now);
                    let popped = timers.pop_due(Nanos(now), epoch);
                    assert_eq!(popped, due.map(|at| node(plain[at].node)));
                    let Some(at) = due else { break };
                    let timer = &mut plain[at];
                    assert!(timers.is_expired(timer.key, epoch));
                    match (now - timer.deadline).checked_div(timer.period) {
                        Some(passed) => timer.deadline += timer.period * (passed + 1),
                        None => drop(plain.swap_remove(at)),
                    }
                }
            }
        }
        let next = first(&plain).map(|at| Nanos(plain[at].deadline));
        assert_eq!(timers.next_deadline(), next, "operation {epoch}");
        assert_eq!(timers.count(), plain.len());
    }
}

#[test]
fn timers_agree_with_a_list_over_an_hour() {
    check_against_a_list(1, 100_000, 400, |random, now| {
        now + random.below(3_600_000_000_000)
    });
}

#[test]
fn timers_agree_with_a_list_at_every_scale() {
    check_against_a_list(2, 40_000, 600, |random, now| {
        let bits = random.below(64) as u32;
        now.saturating_add(random.next() >> bits)
    });
}

#[test]
fn timers_agree_with_a_list_where_many_fall_on_one_instant() {
    check_against_a_list(3, 40_000, 600, |random, now| {
        // A grid of a second: hundreds of timers a point.
        (now / 1_000_000_000 + random.below(2)) * 1_000_000_000
    });
}

#[test]
fn timers_agree_with_a_list_at_both_ends_of_time() {
    check_against_a_list(4, 40_000, 600, |random, now| match random.below(4) {
        0 => 0,
        1 => u64::MAX - random.below(2),
        2 => random.below(3),
        _ => now + random.below(100),
    });
}

#[test]
fn equal_deadlines_fire_in_the_order_of_setting_also_after_some_were_ended() {
    let mut timers = Timers::default();
    let keys: Vec<_> = (0..1_000)
        .map(|at| timers.set(node(at), Nanos(77), None).key)
        .collect();
    for key in keys.iter().skip(1).step_by(3) {
        assert!(timers.cancel(*key));
    }
    let fired: Vec<_> = std::iter::from_fn(|| timers.pop_due(Nanos(77), 1))
        .map(|id| id.index)
        .collect();
    let expected: Vec<_> = (0..1_000).filter(|at| at % 3 != 1).collect();
    assert_eq!(fired, expected);
    assert_eq!((timers.count(), timers.next_deadline()), (0, None));
}

#[test]
fn timers_set_and_ended_a_million_times_do_not_grow_the_tables() {
    let (mut timers, mut random) = (Timers::default(), Lcg(5));
    let mut held = std::collections::VecDeque::new();
    let mut sizes = None;
    let mut deadline = 1_u64 << 60;
    for round in 0..1_000_000_u32 {
        deadline += random.below(1 << 12);
        held.push_back(timers.set(node(0), Nanos(deadline + (1 << 34)), None).key);
        if held.len() > 1_000 {
            assert!(timers.cancel(held.pop_front().unwrap()));
        }
        if round == 10_000 {
            sizes = Some((timers.table.size(), timers.trie.sizes()));
        }
    }
    let (places, (blocks, chunks)) = sizes.unwrap();
    // Ended ones are swept at different moments, within a bound.
    assert!(timers.table.size() <= places + 64 && places <= 2 * 1_000 + 1_280);
    // Neighbouring leaves are cut differently as time moves on, within a bound.
    let (blocks_now, chunks_now) = timers.trie.sizes();
    assert!(blocks_now <= blocks + 64 && chunks_now <= 2 * chunks + 64);
    timers.remove_node(node(0));
    assert_eq!((timers.count(), timers.next_deadline()), (0, None));
    assert!(timers.trie.is_empty());
}

/// Sets and ends timers far apart, so that each has a leaf of its own: the worst for the sweep.
#[test]
fn ended_timers_that_never_come_up_are_swept_out() {
    let (mut timers, mut random) = (Timers::default(), Lcg(6));
    let mut held = Vec::new();
    for _ in 0..200_000_u32 {
        held.push(
            timers
                .set(node(0), Nanos(1 + (random.next() >> 1)), None)
                .key,
        );
        if held.len() > 2_000 {
            let at = random.below(2_000) as usize;
            assert!(timers.cancel(held.swap_remove(at)));
        }
        assert!(timers.table.size() <= 3 * 2_001 + 1_280);
    }
    assert_eq!(timers.count(), 2_000);
}

#[test]
fn timers_of_a_removed_node_do_not_come_back_with_the_next_in_its_slot() {
    let mut timers = Timers::default();
    let of = |generation| NodeId {
        index: 3,
        generation,
    };
    let old: Vec<_> = (0..500)
        .map(|at| timers.set(of(7), Nanos(10 + at % 3), NonZeroU64::new(at % 2)))
        .collect();
    timers.remove_node(of(7));
    assert_eq!((timers.count(), timers.next_deadline()), (0, None));
    let new = timers.set(of(8), Nanos(11), None);
    for timer in &old {
        assert!(timers.is_expired(timer.key, 1) && !timers.cancel(timer.key));
    }
    assert!(!timers.is_expired(new.key, 1));
    assert_eq!(timers.pop_due(Nanos(20), 1), Some(of(8)));
    assert_eq!(timers.pop_due(Nanos(20), 1), None);
    assert!(timers.is_expired(new.key, 1));
}

/// Sorts numbers made by `deadline`, and compares with the general sort.
#[track_caller]
fn check_sort(count: usize, mut deadline: impl FnMut() -> u64) {
    let mut sequence = 0;
    let mut run: Vec<_> = std::iter::repeat_with(|| {
        sequence += 2;
        Due {
            // Not in the order of setting.
            sequence: sequence * 7 % 1_024,
            item: Item {
                deadline: deadline(),
                ..Item::default()
            },
        }
    })
    .take(count)
    .collect();
    let orders = |run: &[Due]| run.iter().map(Due::order).collect::<Vec<_>>();
    let mut expected = orders(&run);
    expected.sort_unstable_by_key(|order| std::cmp::Reverse(*order));
    sort(&mut run, &mut Vec::new());
    assert_eq!(orders(&run), expected);
}

#[test]
fn a_run_is_sorted_however_its_deadlines_are_spread() {
    let mut random = Lcg(8);
    for count in [0, 1, 2, 3, 64, 511, 512] {
        check_sort(count, || random.next());
        check_sort(count, || random.below(1 << 30));
        check_sort(count, || (1 << 60) + random.below(300));
        check_sort(count, || random.below(3));
        check_sort(count, || u64::MAX - random.below(2));
        check_sort(count, || random.next() >> (random.next() % 64));
        check_sort(count, || 5);
    }
}

#[test]
fn timers_agree_with_a_list_where_most_are_set_before_those_that_wait() {
    check_against_a_list(9, 40_000, 3_000, |random, now| {
        let bits = 10 + random.below(30);
        now + random.below(1 << bits)
    });
}
