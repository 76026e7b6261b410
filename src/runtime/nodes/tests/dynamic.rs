//! Nodes that come and go: routes, groups, bound subgraphs.

use std::cell::Cell;
use std::rc::Rc;

use super::super::super::{Control, ExecutorState, NodeBuilder, TestRuntime};
use super::super::*;
use super::{Bench, NS, burst};

#[test]
fn a_router_sends_each_value_in_its_own_cycle() {
    let mut bench = Bench::new();
    let mut input = bench.input();
    let router = Router::bursts(bench.executor(), input.stream(), |n: &u64| n % 3);
    let (zero, one) = (
        router.route(bench.executor(), 0),
        router.route(bench.executor(), 1),
    );
    let (zero, one) = (bench.record(&zero), bench.record(&one));
    bench.feed(
        &mut input,
        &[(1, burst(&[1, 3, 4, 5])), (2, burst(&[6]))],
        9,
    );
    zero.check(&[(1, burst(&[3])), (2, burst(&[6]))]);
    one.check(&[(1, burst(&[1, 4]))]);
    assert_eq!(router.unrouted().count(), 1);
}

#[test]
fn the_rest_takes_what_has_no_route() {
    let mut bench = Bench::new();
    let mut input = bench.input();
    let router = input.stream().demux(bench.executor(), |n: &u64| *n);
    let rest = router.rest(bench.executor());
    let seven = router.route(bench.executor(), 7);
    let rest = bench.record(&rest);
    bench.feed(&mut input, &[(1, 7), (2, 8)], 9);
    rest.check(&[(2, burst(&[8]))]);
    assert_eq!(router.unrouted().count(), 0);
    drop(seven);
    bench.settle();
    bench.feed(&mut input, &[(10, 7)], 19);
    rest.check(&[(2, burst(&[8])), (10, burst(&[7]))]);
}

#[test]
fn routes_that_nobody_holds_leave_the_graph() {
    let mut bench = Bench::new();
    let input = bench.input();
    let router = Router::new(bench.executor(), input.stream(), |n: &u64| *n);
    for key in 0..1000 {
        let route = router.route(bench.executor(), key);
        let again = router.route(bench.executor(), key);
        assert_eq!(route.node().id(), again.node().id());
        drop((route, again));
        bench.settle();
    }
    assert_eq!(bench.executor().node_count(), 2, "the input and the router");
    assert!(router.key_count() <= 16);
}

#[test]
fn a_route_outlives_its_router_handle() {
    let mut bench = Bench::new();
    let (router, mut sender) =
        Router::channel(bench.executor(), 8, 8, AtEnd::Sweep, |text: &String| {
            text.len()
        });
    let three = router.route(bench.executor(), 3);
    drop(router);
    bench.settle();
    sender.try_send("one".to_owned()).unwrap();
    bench.settle();
    assert_eq!(three.value(), Some(burst(&["one".to_owned()])));
    drop(sender);
    bench.settle();
    assert_eq!(
        bench.executor().node_count(),
        0,
        "the end sweeps the routes"
    );
}

#[test]
fn fixed_places_need_no_router() {
    let mut bench = Bench::new();
    let mut input = bench.input::<usize>();
    let lost = Lost::new();
    let places = input
        .stream()
        .demux_n(bench.executor(), 2, |n| n % 3, &lost);
    let places = [&places[0], &places[1]].map(|place| bench.record(place));
    bench.feed(&mut input, &[(1, 3), (2, 4), (3, 5)], 9);
    places[0].check(&[(1, 3)]);
    places[1].check(&[(2, 4)]);
    assert_eq!(lost.count(), 1);
}

const LIMITS: GroupLimits = GroupLimits {
    members_max: 2,
    depth: 4,
};

#[test]
fn a_group_builds_a_subgraph_for_each_key() {
    let mut bench = Bench::new();
    let mut input = bench.input();
    let group = dynamic_group(
        bench.executor(),
        input.stream(),
        LIMITS,
        |n: &u64| n % 10,
        |executor, _, values| values.collapse_accumulate(executor, 0, |sum, n: &u64| *sum += n),
    );
    let given = bench.record(group.stream());
    let bursts = [
        (1, burst(&[11, 21, 2])),
        (5, burst(&[1, 12, 3])),
        (6, burst(&[2])),
    ];
    bench.feed(&mut input, &bursts, 9);
    given.check(&[
        (1, burst(&[(1, 32), (2, 2)])),
        (5, burst(&[(1, 33), (2, 14)])),
        (6, burst(&[(2, 16)])),
    ]);
    assert_eq!(group.len(), 2);
    assert_eq!(group.refused().count(), 1, "the third key");
}

#[test]
fn members_are_removed_whole_and_built_anew() {
    let mut bench = Bench::new();
    let (mut input, mut ends) = (bench.input(), bench.input());
    let group = dynamic_group(
        bench.executor(),
        input.stream(),
        LIMITS,
        |n: &u64| n % 10,
        |executor, _, values| values.collapse(executor).count(executor),
    );
    let remover = group.remove_on(bench.executor(), ends.stream());
    let given = bench.record(group.stream());
    bench.settle();
    let before = bench.executor().node_count();
    for at in 1..=3 {
        bench.at(at, |executor| input.push(executor, burst(&[1]), at));
    }
    let with_member = bench.executor().node_count();
    assert!(with_member > before);
    bench.at(4, |executor| ends.push(executor, 1, 4));
    assert_eq!(bench.executor().node_count(), before);
    bench.at(5, |executor| input.push(executor, burst(&[1]), 5));
    given.check(&[
        (1, burst(&[(1, 1)])),
        (2, burst(&[(1, 2)])),
        (3, burst(&[(1, 3)])),
        (5, burst(&[(1, 1)])),
    ]);
    assert!(group.remove(&1));
    assert!(!group.remove(&1) && group.is_empty());
    drop((remover, group, given));
}

#[test]
fn members_deeper_than_the_collector_come_at_the_same_instant() {
    let mut bench = Bench::new();
    let mut input = bench.input();
    let limits = GroupLimits {
        members_max: 1,
        depth: 0,
    };
    let group = dynamic_group(
        bench.executor(),
        input.stream(),
        limits,
        |_: &u64| (),
        |executor, (), values| {
            let mut stream = values.collapse(executor);
            for _ in 0..8 {
                stream = stream.map(executor, |n| n + 1);
            }
            stream
        },
    );
    let given = bench.record(group.stream());
    bench.feed(&mut input, &[(1, burst(&[0])), (2, burst(&[10]))], 9);
    given.check(&[(1, burst(&[((), 8)])), (2, burst(&[((), 18)]))]);
}

#[test]
fn a_group_that_nobody_holds_is_removed() {
    let mut bench = Bench::new();
    let mut input = bench.input();
    let group = dynamic_group(
        bench.executor(),
        input.stream(),
        LIMITS,
        |n: &u64| *n,
        |executor, _, values| values.collapse(executor),
    );
    bench.feed(&mut input, &[(1, burst(&[1, 2]))], 9);
    assert_eq!(group.len(), 2);
    drop(group);
    bench.settle();
    assert_eq!(bench.executor().node_count(), 1, "the input alone");
}

#[test]
fn bind_builds_anew_for_each_value() {
    let mut bench = Bench::new();
    let (mut choice, mut values) = (bench.input::<u64>(), bench.input::<u64>());
    let read = values.stream().clone();
    let built = Rc::new(Cell::new(0));
    let count = Rc::clone(&built);
    let bound = choice
        .stream()
        .bind(bench.executor(), move |executor, factor| {
            count.set(count.get() + 1);
            let factor = *factor;
            read.map(executor, move |n| n * factor)
        });
    let given = bench.record(&bound);
    bench.settle();
    let before = bench.executor().node_count();
    let mut at = 0;
    for (factor, value) in [(2, 1), (2, 3), (10, 5)] {
        at += 10;
        bench.at(at, |executor| choice.push(executor, factor, at));
        at += 10;
        bench.at(at, |executor| values.push(executor, value, at));
    }
    given.check(&[(20, 2), (40, 6), (60, 50)]);
    assert_eq!(built.get(), 3);
    assert_eq!(bench.executor().node_count(), before + 2, "one subgraph");
    drop((given, bound));
}

#[test]
fn flatten_follows_the_latest_stream() {
    let mut bench = Bench::new();
    let (mut a, mut b) = (bench.input::<u64>(), bench.input::<u64>());
    let mut choice = bench.input();
    let flat = choice.stream().flatten(bench.executor());
    let flat = bench.record(&flat);
    bench.at(1, |executor| a.push(executor, 1, 1));
    let to_a = a.stream().clone();
    bench.at(2, |executor| choice.push(executor, to_a, 2));
    bench.at(3, |executor| a.push(executor, 3, 3));
    let to_b = b.stream().clone();
    bench.at(4, |executor| choice.push(executor, to_b, 4));
    bench.at(5, |executor| a.push(executor, 5, 5));
    bench.at(6, |executor| b.push(executor, 6, 6));
    flat.check(&[(2, 1), (3, 3), (6, 6)]);
}

#[test]
fn sweeps_and_ends_follow_their_trigger() {
    let mut runtime = TestRuntime::new();
    let executor = runtime.executor();
    let victim = NodeBuilder::new(()).build(executor, |(), _| Control::Unchanged);
    let mut trigger = input(executor);
    let sweeper = sweep_on(executor, trigger.stream(), &victim);
    let late = after(executor, NS(5), ());
    let end = terminate_on(executor, &late);
    let _ = runtime.run_one_cycle();
    assert!(runtime.executor().contains(&victim));
    trigger.set(runtime.executor(), ());
    assert_eq!(runtime.run_one_cycle(), ExecutorState::Running);
    assert!(!runtime.executor().contains(&victim));
    assert_eq!(runtime.advance_and_run(NS(5)), ExecutorState::Terminated);
    drop((sweeper, end));
}

#[test]
fn bursts_use_their_memory_again() {
    let mut bench = Bench::new();
    let (router, mut sender) =
        Router::channel(bench.executor(), 8, 8, AtEnd::Stay, |n: &u64| n % 2);
    let even = router.route(bench.executor(), 0);
    let places = Rc::new(std::cell::RefCell::new(std::collections::HashSet::new()));
    let seen = Rc::clone(&places);
    let each = even.for_each(bench.executor(), move |burst, _| {
        seen.borrow_mut().insert(burst.as_ptr().addr());
    });
    for round in 0..100 {
        for n in 0..8 {
            sender.try_send(round * 8 + n).unwrap();
        }
        bench.settle();
    }
    assert_eq!(even.latest().ticks(), 100);
    assert!(places.borrow().len() <= 2, "two vectors take turns");
    drop(each);
}
