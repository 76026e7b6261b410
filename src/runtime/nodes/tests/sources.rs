//! Sources: clocks, curves, channels, loops.

use super::super::super::{ExecutorState, Nanos, Sender, TestRuntime};
use super::super::*;
use super::{Bench, NS, burst};
use crate::runtime::Stream;

fn nanos<T: Copy>(values: &[(u64, T)]) -> Vec<(Nanos, T)> {
    values
        .iter()
        .map(|(at, value)| (Nanos(*at), *value))
        .collect()
}

#[test]
fn constants_and_deadlines_tick_once() {
    let mut bench = Bench::new();
    let executor = bench.executor();
    let (constant, never) = (constant(executor, 'c'), never::<u8>(executor));
    let (at, past) = (at(executor, Nanos(30), 'a'), at(executor, Nanos(2), 'p'));
    let (after, now) = (after(executor, NS(7), 'f'), after(executor, NS(0), 'n'));
    let constant = bench.record(&constant);
    let never = bench.record(&never);
    let rest = [&at, &past, &after, &now].map(|stream| bench.record(stream));
    bench.at(5, |_| {});
    bench.run_to(99);
    constant.check(&[(5, 'c')]);
    never.check(&[]);
    rest[0].check(&[(30, 'a')]);
    rest[1].check(&[(5, 'p')]);
    rest[2].check(&[(12, 'f')]);
    rest[3].check(&[(5, 'n')]);
}

#[test]
fn tickers_stand_on_their_grid_and_count_what_they_missed() {
    let mut bench = Bench::new();
    let ticker = ticker(bench.executor(), NS(10));
    let aligned = at_intervals(bench.executor(), NS(10), Nanos(102));
    let (ticker, aligned) = (bench.record(&ticker), bench.record(&aligned));
    bench.at(5, |_| {});
    bench.run_to(26);
    let tick = |at, missed| Tick {
        at: Nanos(at),
        missed,
    };
    ticker.check(&[(15, tick(15, 0)), (25, tick(25, 0))]);
    aligned.check(&[(12, tick(12, 0)), (22, tick(22, 0))]);
}

#[test]
fn a_late_cycle_does_not_move_the_grid() {
    let mut runtime = TestRuntime::new();
    let ticker = ticker(runtime.executor(), NS(10));
    let _ = runtime.run_one_cycle();
    let mut ticks = Vec::new();
    for by in [10, 25, 4, 1, 10] {
        let before = ticker.latest().ticks();
        let _ = runtime.advance_and_run(NS(by));
        if ticker.latest().ticks() > before {
            let tick = ticker.value().unwrap();
            ticks.push((runtime.now().0, tick.at.0, tick.missed));
        }
    }
    assert_eq!(ticks, [(10, 10, 0), (35, 30, 1), (40, 40, 0), (50, 50, 0)]);
}

#[test]
fn curves_give_all_and_step_functions_the_latest() {
    let steps = [(10, 'a'), (20, 'b'), (20, 'c'), (40, 'd')];
    let mut bench = Bench::new();
    let every = curve(bench.executor(), nanos(&steps));
    let as_of = step_function(bench.executor(), '0', nanos(&steps));
    let (every, as_of) = (bench.record(&every), bench.record(&as_of));
    bench.at(5, |_| {});
    bench.run_to(99);
    every.check(&steps);
    as_of.check(&[(5, '0'), (10, 'a'), (20, 'c'), (40, 'd')]);

    // Begun late: what has passed is given at once, or merged.
    let mut bench = Bench::new();
    let every = curve(bench.executor(), nanos(&steps));
    let as_of = step_function(bench.executor(), '0', nanos(&steps));
    let (every, as_of) = (bench.record(&every), bench.record(&as_of));
    bench.at(30, |_| {});
    bench.run_to(99);
    every.check(&[(30, 'a'), (30, 'b'), (30, 'c'), (40, 'd')]);
    as_of.check(&[(30, 'c'), (40, 'd')]);
}

#[test]
fn polls_ask_every_cycle_or_every_period() {
    let mut runtime = TestRuntime::new();
    let mut asked = 0;
    let polled = poll(runtime.executor(), move |_| {
        asked += 1;
        (asked % 2 == 0).then_some(asked)
    });
    for _ in 0..5 {
        let _ = runtime.run_one_cycle();
    }
    assert_eq!(polled.latest().ticks(), 2);
    assert_eq!(polled.value(), Some(4));

    let mut bench = Bench::new();
    let polled = poll_every(bench.executor(), NS(10), |at| (at.0 != 20).then_some(at.0));
    let polled = bench.record(&polled);
    bench.settle();
    bench.run_to(35);
    polled.check(&[(10, 10), (30, 30)]);
}

#[test]
fn an_input_counts_what_it_overwrites() {
    let mut bench = Bench::new();
    let mut input = input(bench.executor());
    let values = bench.record(input.stream());
    bench.at(1, |executor| input.set(executor, 'a'));
    bench.at(2, |executor| {
        input.set(executor, 'b');
        input.set(executor, 'c');
    });
    values.check(&[(1, 'a'), (2, 'c')]);
    assert_eq!(input.overwritten().count(), 1);
}

#[test]
fn feedback_comes_a_cycle_later_at_the_same_instant() {
    let mut bench = Bench::new();
    let mut start = bench.input::<u64>();
    let mut back = feedback(bench.executor());
    let lost = Lost::new();
    let next = start.stream().merge(bench.executor(), back.stream(), &lost);
    let halved = next.map_filter(bench.executor(), |n| (*n > 1).then_some(n / 2));
    back.connect(bench.executor(), &halved);
    let halves = bench.record(&halved);
    bench.feed(&mut start, &[(10, 8), (20, 2)], 99);
    halves.check(&[(10, 4), (10, 2), (10, 1), (20, 1)]);
    assert_eq!(back.rounds(), 4);
}

#[test]
fn a_loop_that_nobody_holds_is_removed() {
    let mut bench = Bench::new();
    let mut back = feedback::<u64>(bench.executor());
    let source = back.stream().map(bench.executor(), |n| n + 1);
    back.connect(bench.executor(), &source);
    bench.settle();
    assert_eq!(bench.executor().node_count(), 3);
    drop((back, source));
    bench.settle();
    assert_eq!(bench.executor().node_count(), 0);
}

fn send<T: std::fmt::Debug>(sender: &mut Sender<T>, values: impl IntoIterator<Item = T>) {
    for value in values {
        sender.try_send(value).unwrap();
    }
}

#[test]
fn channels_give_one_the_latest_or_all() {
    let mut bench = Bench::new();
    let (one, mut to_one) = channel(bench.executor(), 8, AtEnd::Stay);
    let merged = Lost::new();
    let (latest, mut to_latest) = channel_latest(bench.executor(), 8, AtEnd::Stay, &merged);
    let (all, mut to_all) = channel_burst(bench.executor(), 8, 2, AtEnd::Stay);
    let (one, latest, all) = (
        bench.record(&one),
        bench.record(&latest),
        bench.record(&all),
    );
    bench.at(5, |_| {
        send(&mut to_one, [1, 2, 3]);
        send(&mut to_latest, [1, 2, 3]);
        send(&mut to_all, [1, 2, 3]);
    });
    one.check(&[(5, 1), (5, 2), (5, 3)]);
    latest.check(&[(5, 3)]);
    assert_eq!(merged.count(), 2);
    all.check(&[(5, burst(&[1, 2])), (5, burst(&[3]))]);
    bench.at(6, |_| send(&mut to_latest, [9]));
    latest.check(&[(5, 3), (6, 9)]);
}

#[test]
fn the_end_of_a_channel_does_what_was_asked() {
    for (at_end, nodes, state) in [
        (AtEnd::Stay, 2, ExecutorState::Running),
        (AtEnd::Sweep, 0, ExecutorState::Running),
        (AtEnd::Terminate, 2, ExecutorState::Terminated),
    ] {
        let mut runtime = TestRuntime::new();
        let (bursts, mut sender) = channel_burst(runtime.executor(), 4, 4, at_end);
        let sum = bursts.collapse(runtime.executor());
        send(&mut sender, [1, 2]);
        drop(sender);
        assert_eq!(runtime.run_one_cycle(), ExecutorState::Running);
        assert_eq!(sum.value(), Some(2), "nothing sent before the end is lost");
        assert_eq!(runtime.run_one_cycle(), state, "{at_end:?}");
        assert_eq!(runtime.executor().node_count(), nodes, "{at_end:?}");
    }
}

#[test]
fn lanes_of_a_group_stay_in_step() {
    let mut bench = Bench::new();
    let lost = Lost::new();
    let (lanes, mut sender) = channel_group(bench.executor(), 2, 8, AtEnd::Stay, &lost);
    let both = lanes[0].both(bench.executor(), &lanes[1]);
    let both = bench.record(&both);
    bench.at(5, |_| {
        send(
            &mut sender,
            [(0, 1), (1, 10), (0, 2), (0, 3), (7, 0), (1, 30)],
        );
    });
    // 2 and 3 are not merged, and 30 is not seen with 2.
    both.check(&[(5, (1, 10)), (5, (2, 10)), (5, (3, 30))]);
    assert_eq!(lost.count(), 1);
}

#[test]
fn boxes_of_a_pool_go_round() {
    let mut bench = Bench::new();
    let (values, mut sender) = pooled_channel(bench.executor(), 2, || 0, AtEnd::Stay);
    let values = bench.record(&values);
    let mut places = std::collections::HashSet::new();
    for n in 1..10_u64 {
        let mut loan = sender.loan().unwrap();
        *loan = n;
        places.insert(std::ptr::from_ref(&*loan).addr());
        sender.try_send(loan).unwrap();
        assert!(
            n == 1 || sender.loan().is_none(),
            "the graph holds the other"
        );
        bench.settle();
        if n == 1 {
            assert_eq!(values.all().len(), 1);
        }
    }
    assert!(places.len() <= 2, "nine values went in two boxes");
    assert_eq!(values.all().len(), 9);
}

#[test]
fn a_handover_is_taken_once_and_by_move() {
    /// Cannot be copied.
    #[derive(Debug, PartialEq)]
    struct Token(u32);
    let mut bench = Bench::new();
    let lost = Lost::new();
    let (values, mut sender) = channel_handover(bench.executor(), 8, 8, AtEnd::Stay, &lost);
    let taken = values.take_map(bench.executor(), |token: Token| Some(token.0));
    let second = values.take_map(bench.executor(), |token| Some(token.0));
    let (taken, second) = (bench.record(&taken), bench.record(&second));
    bench.at(1, |_| send(&mut sender, [Token(1), Token(2)]));
    bench.at(2, |_| send(&mut sender, [Token(3)]));
    taken.check(&[(1, burst(&[1, 2])), (2, burst(&[3]))]);
    second.check(&[]);
    assert_eq!(lost.count(), 0);
}

#[test]
fn a_switch_takes_from_the_chosen_alone() {
    let mut bench = Bench::new();
    let lost = Lost::new();
    let (left, mut to_left) = channel_handover(bench.executor(), 8, 8, AtEnd::Stay, &lost);
    let (right, mut to_right) = channel_handover(bench.executor(), 8, 8, AtEnd::Stay, &lost);
    let mut place = bench.input();
    let streams: [Stream<Handover<u32>>; 2] = [left, right];
    let taken = take_switch(bench.executor(), place.stream(), &streams);
    let taken = bench.record(&taken);
    bench.at(1, |executor| place.push(executor, 1, 1));
    for at in 2..4 {
        bench.at(at, |_| {
            send(&mut to_left, [1]);
            send(&mut to_right, [2, 3]);
        });
    }
    taken.check(&[(2, burst(&[2, 3])), (3, burst(&[2, 3]))]);
    assert_eq!(lost.count(), 1, "what the left had at 2 was never taken");
}
