#![allow(clippy::unwrap_used)]

use super::*;
use feeds::model::{
    Action, ChannelId, Flags, GapKind, Price, RecvTime, ResetKind, Size, TradingState,
    cancel_detail, heartbeat_detail,
};
use proptest::prelude::*;
use std::collections::{BTreeMap, HashMap};

const A: InstrumentId = InstrumentId(0);
const B: InstrumentId = InstrumentId(1);

fn tick(action: Action, order_id: u64, side: Side, price: i64, size: u64) -> Tick {
    Tick {
        instrument: A,
        order_id,
        side,
        price: Price(price),
        size: Size(size),
        sequence: 1,
        ts_recv: RecvTime(10),
        ..Tick::blank(ChannelId(0), action)
    }
}

fn add(order_id: u64, side: Side, price: i64, size: u64) -> Tick {
    tick(Action::Add, order_id, side, price, size)
}

fn cancel(order_id: u64, size: u64) -> Tick {
    tick(Action::Cancel, order_id, Side::None, i64::MAX, size)
}

fn modify(order_id: u64, side: Side, price: i64, size: u64) -> Tick {
    tick(Action::Modify, order_id, side, price, size)
}

fn level(side: Side, price: i64, size: u64) -> Tick {
    tick(Action::Level, 0, side, price, size)
}

fn orders(ticks: &[Tick]) -> OrderBooks {
    let mut books = OrderBooks::new(0);
    books.define(B);
    for tick in ticks {
        books.apply(tick);
        books.invariant();
    }
    books
}

/// Applies the ticks; the book of `A` must then be these levels, best first, as (price, size, orders).
#[track_caller]
fn check(ticks: &[Tick], bids: &[(i64, u64, u32)], asks: &[(i64, u64, u32)]) {
    let books = orders(ticks);
    for (side, expected) in [(Side::Bid, bids), (Side::Ask, asks)] {
        let levels: Vec<_> = books
            .levels(A, side)
            .map(|level| (level.price.0, level.size, level.orders))
            .collect();
        assert_eq!(levels, expected, "{side:?}");
        assert_eq!(books.top(A).side(side), books.levels(A, side).next());
    }
}

/// The fault of the last tick.
#[track_caller]
fn check_fault(ticks: &[Tick], expected: Option<Fault>) {
    let (last, before) = ticks.split_last().unwrap();
    let mut books = orders(before);
    assert_eq!(books.apply(last).fault, expected);
    books.invariant();
}

mod by_order {
    use super::*;
    use Side::{Ask, Bid};

    #[test]
    fn levels_are_sums_of_orders_best_first() {
        check(
            &[
                add(1, Bid, 100, 5),
                add(2, Bid, 101, 7),
                add(3, Bid, 100, 1),
                add(4, Ask, 105, 2),
                add(5, Ask, 103, 9),
            ],
            &[(101, 7, 1), (100, 6, 2)],
            &[(103, 9, 1), (105, 2, 1)],
        );
    }

    #[test]
    fn a_cancel_takes_its_size_and_the_whole_takes_the_order() {
        check(
            &[add(1, Bid, 100, 5), add(2, Bid, 100, 7), cancel(1, 2)],
            &[(100, 10, 2)],
            &[],
        );
        check(
            &[add(1, Bid, 100, 5), add(2, Bid, 100, 7), cancel(1, 5)],
            &[(100, 7, 1)],
            &[],
        );
        check(&[add(1, Bid, 100, 5), cancel(1, u64::MAX)], &[], &[]);
    }

    #[test]
    fn what_cannot_be_true_is_a_fault_and_does_no_harm() {
        check_fault(&[cancel(1, 2)], Some(Fault::UnknownOrder));
        check_fault(&[add(1, Bid, 1, 5), cancel(1, 6)], Some(Fault::OverCancel));
        check_fault(
            &[add(1, Bid, 1, 5), add(1, Ask, 9, 6)],
            Some(Fault::DuplicateOrder),
        );
        check_fault(&[add(1, Side::None, 1, 5)], Some(Fault::UnknownOrder));
        check_fault(&[add(1, Bid, 1, 0)], Some(Fault::NoSize));
        check_fault(&[add(1, Bid, 1, u64::MAX)], Some(Fault::NoSize));
        check_fault(
            &[add(1, Bid, 1, u64::MAX - 1), add(2, Bid, 1, 2)],
            Some(Fault::SizeOverflow),
        );
        check_fault(&[level(Bid, 1, 5)], Some(Fault::WrongKind));
        let stranger = Tick {
            instrument: InstrumentId(7),
            ..add(1, Bid, 1, 1)
        };
        check_fault(&[stranger], Some(Fault::UndefinedInstrument));
        check_fault(
            &[add(1, Bid, 1, 5), modify(1, Ask, 2, 5)],
            Some(Fault::SideChanged),
        );
    }

    #[test]
    fn an_order_added_twice_is_what_was_said_last() {
        check(
            &[add(1, Bid, 100, 5), add(1, Ask, 103, 6)],
            &[],
            &[(103, 6, 1)],
        );
    }

    #[test]
    fn a_modify_gives_price_and_size_anew() {
        check(
            &[add(1, Bid, 100, 5), modify(1, Bid, 101, 3)],
            &[(101, 3, 1)],
            &[],
        );
        check(
            &[add(1, Bid, 100, 5), modify(1, Bid, 100, 8)],
            &[(100, 8, 1)],
            &[],
        );
        check(&[add(1, Bid, 100, 5), modify(1, Bid, 100, 0)], &[], &[]);
    }

    #[test]
    fn a_modify_leaves_alone_what_it_does_not_say() {
        check(
            &[
                add(1, Bid, 100, 5),
                modify(1, Side::None, i64::MAX, 2),
                modify(1, Side::None, 99, u64::MAX),
            ],
            &[(99, 2, 1)],
            &[],
        );
    }

    #[test]
    fn a_modify_of_an_unknown_order_is_an_add_and_a_fault() {
        check(&[modify(1, Bid, 100, 5)], &[(100, 5, 1)], &[]);
        check_fault(&[modify(1, Bid, 100, 5)], Some(Fault::UnknownOrder));
    }

    #[test]
    fn a_modify_that_does_not_fit_changes_nothing() {
        check(
            &[
                add(1, Bid, 100, u64::MAX - 5),
                add(2, Bid, 99, 3),
                modify(2, Bid, 100, 10),
                modify(2, Bid, 99, 4),
            ],
            &[(100, u64::MAX - 5, 1), (99, 4, 1)],
            &[],
        );
    }

    #[test]
    fn an_order_without_a_price_rests_but_shows_in_no_level() {
        let books = orders(&[add(1, Bid, i64::MAX, 5)]);
        assert_eq!(books.order_count(), 1);
        assert_eq!(books.top(A), Top::default());
        check(
            &[add(1, Bid, i64::MAX, 5), modify(1, Bid, 100, 5)],
            &[(100, 5, 1)],
            &[],
        );
        check(&[add(1, Bid, i64::MAX, 5), cancel(1, 5)], &[], &[]);
    }

    #[test]
    fn the_best_moves_when_its_price_size_or_count_does() {
        let mut books = orders(&[add(1, Bid, 100, 5), add(2, Bid, 99, 5)]);
        let mut moved = |tick: Tick| {
            let change = books.apply(&tick);
            (change.best_moved, change.depth)
        };
        assert_eq!(moved(add(3, Bid, 99, 5)), (false, 1));
        assert_eq!(moved(add(4, Bid, 98, 5)), (false, 2));
        assert_eq!(moved(add(5, Bid, 100, 5)), (true, 0));
        assert_eq!(moved(cancel(1, 1)), (true, 0));
        assert_eq!(moved(cancel(1, 0)), (false, Change::DEPTH_NONE));
        assert_eq!(moved(modify(5, Bid, 97, 5)), (true, 0));
        assert_eq!(moved(modify(5, Bid, 97, 5)), (false, Change::DEPTH_NONE));
        assert_eq!(moved(add(6, Ask, 110, 5)), (true, 0));
        assert_eq!(moved(cancel(4, u64::MAX)), (false, 2));
    }

    #[test]
    fn a_change_tells_the_level_before_and_after() {
        let mut books = orders(&[add(1, Bid, 100, 5), add(2, Bid, 99, 4)]);
        let change = books.apply(&modify(1, Bid, 99, 3));
        assert_eq!(
            (change.price, change.size_before, change.size_after),
            (Price(99), 4, 7)
        );
        assert_eq!(change.price_left, Price(100));
        assert_eq!((change.orders_after, change.side), (2, Bid));
        assert!(change.visible(1) && change.is_change());
    }

    #[test]
    fn a_cancel_and_a_fill_tell_the_order_that_prices_the_trade() {
        let mut books = orders(&[add(1, Ask, 103, 5)]);
        let expected = Some(Filled {
            price: Price(103),
            side: Ask,
        });
        let fill = tick(Action::Fill, 1, Side::None, i64::MAX, 5);
        assert_eq!(books.apply(&fill).filled(), expected);
        assert_eq!(books.apply(&cancel(1, 2)).filled(), expected);
        assert_eq!(books.apply(&cancel(1, u64::MAX)).filled(), expected);
        assert_eq!(books.apply(&cancel(1, u64::MAX)).filled(), None);
    }

    #[test]
    fn a_successor_without_a_side_has_that_of_the_order_it_replaces() {
        let replaced = |id| Tick {
            detail: cancel_detail::REPLACED,
            ..cancel(id, u64::MAX)
        };
        let successor = add(2, Side::None, 104, 6);
        check(
            &[add(1, Ask, 103, 5), replaced(1), successor],
            &[],
            &[(104, 6, 1)],
        );
        // Nobody knows the side when nobody knew the order, nor without a replacement.
        check_fault(&[replaced(9), successor], Some(Fault::UnknownOrder));
        check_fault(
            &[add(1, Ask, 103, 5), cancel(1, 5), successor],
            Some(Fault::UnknownOrder),
        );
        check_fault(
            &[
                add(1, Ask, 103, 5),
                replaced(1),
                Tick {
                    instrument: B,
                    ..successor
                },
            ],
            Some(Fault::UnknownOrder),
        );
    }

    #[test]
    fn a_trade_leaves_the_book_alone() {
        let mut books = orders(&[add(1, Ask, 103, 5)]);
        let change = books.apply(&tick(Action::Trade, 1, Bid, 103, 5));
        assert!(!change.is_change() && change.fault.is_none());
        assert_eq!(books.order_count(), 1);
    }

    #[test]
    fn a_tick_without_an_instrument_means_that_of_its_order() {
        let mut books = orders(&[Tick {
            instrument: B,
            ..add(1, Bid, 100, 5)
        }]);
        let change = books.apply(&Tick {
            instrument: InstrumentId::ALL,
            ..cancel(1, 5)
        });
        assert_eq!((change.instrument, change.fault), (B, None));
        assert!(books.is_empty(B));
    }

    #[test]
    fn two_instruments_may_use_the_same_order_id() {
        let other = Tick {
            instrument: B,
            ..add(1, Bid, 200, 9)
        };
        let books = orders(&[add(1, Bid, 100, 5), other, cancel(1, u64::MAX)]);
        assert!(books.is_empty(A));
        assert_eq!(books.top(B).bid.unwrap().size, 9);
    }

    #[test]
    fn a_cleared_book_forgets_its_orders_and_no_others() {
        let clear = tick(Action::Clear, 0, Side::None, i64::MAX, 0);
        let other = Tick {
            instrument: B,
            ..add(2, Bid, 200, 9)
        };
        let mut books = orders(&[add(1, Bid, 100, 5), other, clear]);
        assert!(books.is_empty(A) && !books.is_empty(B));
        assert_eq!(books.apply(&cancel(1, 1)).fault, Some(Fault::UnknownOrder));
        assert_eq!(books.apply(&add(1, Ask, 100, 7)).fault, None);
        books.invariant();
        assert_eq!(books.order_count(), 2);
    }

    #[test]
    fn a_new_session_empties_everything_and_a_sequence_reset_nothing() {
        let reset = |kind: ResetKind| Tick {
            detail: kind as u8,
            ..Tick::blank(ChannelId(0), Action::Reset)
        };
        let mut books = orders(&[add(1, Bid, 100, 5)]);
        assert!(!books.apply(&reset(ResetKind::Sequence)).best_moved);
        assert_eq!(books.order_count(), 1);
        assert!(books.apply(&reset(ResetKind::Session)).best_moved);
        assert_eq!(books.order_count(), 0);
        books.invariant();
    }

    #[test]
    fn the_table_grows_and_forgets_stale_orders_when_it_is_full() {
        let mut books = OrderBooks::new(0);
        books.define(A);
        let mut start = 0;
        for round in 0..50u64 {
            for id in 0..30 {
                books.apply(&add(round * 1_000 + id, Bid, id as i64, 1));
            }
            books.clear(A);
            books.invariant();
            if round == 0 {
                start = books.bytes();
            }
        }
        assert!(books.bytes() <= start * 4, "stale orders take no room");
        for id in 0..5_000 {
            assert_eq!(books.apply(&add(id * 8, Bid, 7, 1)).fault, None);
        }
        books.invariant();
        assert_eq!(books.order_count(), 5_000);
        for id in (0..5_000).rev() {
            assert_eq!(books.apply(&cancel(id * 8, 1)).fault, None);
        }
        books.invariant();
        assert_eq!(books.order_count(), 0);
    }

    /// The least tick of a size and a price that the ring can tell.
    fn near(order_id: u64, side: Side, price: i64, size: u64) -> Tick {
        add(order_id, side, price * 100_000, size)
    }

    #[test]
    fn orders_in_each_others_place_are_all_found() {
        // Ids that share their low bits, so that only one of them can be in the ring.
        let mut books = orders(&[]);
        let count = 300u64;
        for id in 0..count {
            assert_eq!(books.apply(&near(id << 20 | 5, Bid, 100, 1)).fault, None);
        }
        books.invariant();
        assert_eq!(books.order_count(), count as usize);
        let again = books.apply(&near(7 << 20 | 5, Bid, 100, 1));
        assert_eq!(again.fault, Some(Fault::DuplicateOrder));
        for id in (0..count).step_by(2).chain((0..count).skip(1).step_by(2)) {
            assert_eq!(books.apply(&cancel(id << 20 | 5, 1)).fault, None);
        }
        books.invariant();
        assert_eq!(books.order_count(), 0);
        let unknown = books.apply(&cancel(9 << 20 | 5, 1)).fault;
        assert_eq!(unknown, Some(Fault::UnknownOrder));
    }

    #[test]
    fn what_a_place_or_a_cell_cannot_tell_is_told_elsewhere() {
        let large = 1 << 45;
        check(
            &[
                near(1, Bid, 100, 5),
                near(2, Bid, 99, 7),
                near(3, Bid, 100, large),
                near(u64::MAX, Bid, 98, u64::from(u32::MAX)),
                near(4, Bid, 98, 1),
                near(5, Ask, i64::from(u32::MAX), 1),
                near(6, Ask, i64::from(u32::MAX) + 1, 2),
                cancel(3, large - 1),
                modify(2, Bid, 9_900_000, large),
                modify(2, Bid, 9_900_000, 8),
            ],
            &[
                (10_000_000, 6, 2),
                (9_900_000, 8, 1),
                (9_800_000, 1 << 32, 2),
            ],
            &[
                (i64::from(u32::MAX) * 100_000, 1, 1),
                ((i64::from(u32::MAX) + 1) * 100_000, 2, 1),
            ],
        );
    }

    #[test]
    fn orders_stay_forgotten_when_generations_are_used_up() {
        let clear = tick(Action::Clear, 0, Side::None, i64::MAX, 0);
        let other = Tick {
            instrument: B,
            ..near(900_000, Bid, 200, 9)
        };
        let mut books = orders(&[other, near(1, Bid, 100, 5)]);
        for round in 0..5_000u64 {
            books.apply(&clear);
            let fault = books.apply(&cancel(1, 1)).fault;
            assert_eq!(fault, Some(Fault::UnknownOrder), "round {round}");
            if round % 1_000 == 0 {
                books.apply(&near(2 + round, Bid, 100, 5));
                books.invariant();
            }
        }
        books.invariant();
        assert_eq!(books.order_count(), 1);
        assert_eq!(books.top(B).bid.map(|level| level.size), Some(9));
    }

    #[test]
    fn the_ends_of_the_price_range_are_prices() {
        check(
            &[
                add(1, Bid, i64::MIN, 1),
                add(2, Bid, i64::MAX - 1, 1),
                add(3, Ask, i64::MIN, 1),
                add(4, Ask, i64::MAX - 1, 1),
            ],
            &[(i64::MAX - 1, 1, 1), (i64::MIN, 1, 1)],
            &[(i64::MIN, 1, 1), (i64::MAX - 1, 1, 1)],
        );
    }
}

mod by_level {
    use super::*;
    use Side::{Ask, Bid};

    fn prices(ticks: &[Tick]) -> PriceBooks {
        let mut books = PriceBooks::new();
        books.define(B);
        for tick in ticks {
            books.apply(tick);
            books.invariant();
        }
        books
    }

    #[track_caller]
    fn check(ticks: &[Tick], bids: &[(i64, u64)], asks: &[(i64, u64)]) {
        let books = prices(ticks);
        for (side, expected) in [(Bid, bids), (Ask, asks)] {
            let levels: Vec<_> = books
                .levels(A, side)
                .map(|level| (level.price.0, level.size))
                .collect();
            assert_eq!(levels, expected, "{side:?}");
        }
    }

    fn quote(side: Side, price: i64, size: u64) -> Tick {
        tick(Action::Quote, 0, side, price, size)
    }

    #[test]
    fn a_level_is_what_the_venue_said_last() {
        check(
            &[
                level(Bid, 100, 5),
                level(Bid, 101, 6),
                level(Bid, 100, 7),
                level(Ask, 103, 1),
                level(Bid, 101, 0),
            ],
            &[(100, 7)],
            &[(103, 1)],
        );
    }

    #[test]
    fn removing_a_level_that_is_not_there_is_harmless() {
        let mut books = prices(&[level(Bid, 100, 5)]);
        let change = books.apply(&level(Bid, 99, 0));
        assert_eq!(change.fault, Some(Fault::OrphanLevel));
        assert!(!change.is_change());
        assert_eq!(books.level_count(A, Bid), 1);
    }

    #[test]
    fn a_quote_is_the_only_level_of_its_side() {
        check(
            &[
                quote(Bid, 100, 5),
                quote(Ask, 103, 5),
                quote(Bid, 99, 4),
                quote(Ask, i64::MAX, 0),
            ],
            &[(99, 4)],
            &[],
        );
        let mut books = prices(&[quote(Bid, 100, 5)]);
        let change = books.apply(&quote(Bid, 99, 4));
        assert!(change.best_moved);
        assert_eq!((change.price, change.price_left), (Price(99), Price(100)));
        assert!(!books.apply(&quote(Bid, 99, 4)).is_change());
        assert_eq!(books.apply(&quote(Bid, 99, 9)).size_before, 4);
    }

    #[test]
    fn orders_are_not_for_books_by_level() {
        let mut books = prices(&[]);
        assert_eq!(
            books.apply(&add(1, Bid, 1, 1)).fault,
            Some(Fault::WrongKind)
        );
        assert_eq!(
            books.apply(&level(Bid, i64::MAX, 1)).fault,
            Some(Fault::Incomplete)
        );
        assert_eq!(
            books.apply(&level(Bid, 1, u64::MAX)).fault,
            Some(Fault::NoSize)
        );
    }

    #[test]
    fn a_clear_empties_one_book() {
        let clear = tick(Action::Clear, 0, Side::None, i64::MAX, 0);
        check(&[level(Bid, 100, 5), level(Ask, 103, 5), clear], &[], &[]);
    }
}

mod models {
    use super::*;

    /// What a textbook would write.
    #[derive(Default)]
    struct Model {
        orders: HashMap<u64, (Side, i64, u64)>,
        levels: [BTreeMap<i64, (u64, u32)>; 2],
    }

    impl Model {
        fn place(&mut self, id: u64, side: Side, price: i64, size: u64) {
            self.remove(id);
            self.orders.insert(id, (side, price, size));
            let level = self.levels[usize::from(side == Side::Ask)]
                .entry(price)
                .or_default();
            level.0 += size;
            level.1 += 1;
        }

        fn remove(&mut self, id: u64) {
            if let Some((side, price, size)) = self.orders.remove(&id) {
                let levels = &mut self.levels[usize::from(side == Side::Ask)];
                let level = levels.get_mut(&price).unwrap();
                level.0 -= size;
                level.1 -= 1;
                if level.1 == 0 {
                    levels.remove(&price);
                }
            }
        }

        fn apply(&mut self, tick: &Tick) {
            let id = tick.order_id;
            match tick.action {
                Action::Add => self.place(id, tick.side, tick.price.0, tick.size.0),
                Action::Modify => {
                    let side = self.orders.get(&id).map_or(tick.side, |order| order.0);
                    self.place(id, side, tick.price.0, tick.size.0);
                }
                Action::Cancel => {
                    if let Some((side, price, size)) = self.orders.get(&id).copied() {
                        if tick.size.0 >= size {
                            self.remove(id);
                        } else {
                            self.place(id, side, price, size - tick.size.0);
                        }
                    }
                }
                Action::Clear => *self = Model::default(),
                _ => {}
            }
        }

        fn levels(&self, side: Side) -> Vec<Level> {
            let level = |(&price, &(size, orders)): (&i64, &(u64, u32))| Level {
                price: Price(price),
                size,
                orders,
            };
            match side {
                Side::Bid => self.levels[0].iter().rev().map(level).collect(),
                _ => self.levels[1].iter().map(level).collect(),
            }
        }

        fn top(&self) -> Top {
            Top {
                bid: self.levels(Side::Bid).first().copied(),
                ask: self.levels(Side::Ask).first().copied(),
            }
        }
    }

    /// Few ids and prices, so that everything meets everything.
    fn any_tick() -> impl Strategy<Value = Tick> {
        let side = prop_oneof![Just(Side::Bid), Just(Side::Ask)];
        (0..100u32, 0..48u64, side, 90..115i64, 1..6u64).prop_map(
            |(kind, id, side, price, size)| {
                // A side that depends on the id: a changed side is a fault with tests of its own.
                let modified = if id % 2 == 0 { Side::Bid } else { Side::Ask };
                match kind {
                    0..45 => add(id, modified, price, size),
                    45..80 => cancel(id, if size == 5 { u64::MAX } else { size }),
                    80..98 => modify(id, modified, price, size),
                    98 => tick(Action::Trade, id, side, price, size),
                    _ => tick(Action::Clear, 0, Side::None, i64::MAX, 0),
                }
            },
        )
    }

    /// Prices near each other, far away, below zero, at both ends, and off the grid. No id comes twice.
    fn any_wide_tick() -> impl Strategy<Value = Tick> {
        let price = prop_oneof![
            8 => -60..60i64,
            2 => -1_500..1_500i64,
            1 => (-3..3i64, -400..400i64).prop_map(|(far, near)| far * 4_000 + near),
            1 => (-8_000..8_000i64).prop_map(|far| far * 4_000),
        ];
        (0..100u32, 0..400u64, price, 1..6u64).prop_map(|(kind, id, price, size)| {
            let side = if id % 2 == 0 { Side::Bid } else { Side::Ask };
            match kind {
                0..50 => modify(id, side, price, size),
                _ => cancel(id, u64::MAX),
            }
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn books_by_order_equal_the_textbook_after_every_tick(
            is_near in proptest::bool::ANY,
            ticks in proptest::collection::vec(any_tick(), 1..500)
        ) {
            let mut model = Model::default();
            let mut books = OrderBooks::new(0);
            books.define(A);
            for tick in &ticks {
                let mut tick = *tick;
                if is_near {
                    // On the grid of the ring, and ids that contend for its places.
                    tick.price.0 = tick.price.0.saturating_mul(100_000);
                    tick.order_id *= 24;
                }
                let tick = &tick;
                let before = model.top();
                model.apply(tick);
                let change = books.apply(tick);
                prop_assert_eq!(books.top(A), model.top());
                // An order added twice leaves and comes back, so the best may move onto itself.
                let is_again = change.fault == Some(Fault::DuplicateOrder);
                let moved = before != model.top();
                prop_assert!(change.best_moved == moved || is_again && change.best_moved, "{tick:?}");
                if change.best_moved && tick.action != Action::Clear {
                    prop_assert_eq!(change.best, model.top().side(change.side));
                }
                prop_assert_eq!(books.order_count(), model.orders.len());
            }
            books.invariant();
            for side in [Side::Bid, Side::Ask] {
                prop_assert_eq!(books.levels(A, side).collect::<Vec<_>>(), model.levels(side));
            }
        }

        #[test]
        fn windows_move_without_losing_a_level(
            kind in 0..4usize,
            ticks in proptest::collection::vec(any_wide_tick(), 1..1_500)
        ) {
            let mut model = Model::default();
            let mut books = OrderBooks::new(0);
            books.define(A);
            for (index, tick) in ticks.iter().enumerate() {
                let mut tick = *tick;
                let (near, wide) = [(1, 1), (100, 1), (250_000_000, 31), (1, i64::MAX >> 14)][kind];
                if tick.price.is_defined() {
                    tick.price.0 = tick.price.0 / 4_000 * wide + tick.price.0 % 4_000 * near;
                }
                let before = model.top();
                model.apply(&tick);
                let change = books.apply(&tick);
                prop_assert_eq!(books.top(A), model.top());
                prop_assert_eq!(change.best_moved, before != model.top(), "{:?}", tick);
                if change.best_moved {
                    prop_assert_eq!(change.best, model.top().side(change.side));
                }
                if change.is_change() && change.size_after > 0 && !change.price_left.is_defined() {
                    let levels = model.levels(change.side);
                    let depth = levels.iter().position(|level| level.price == change.price);
                    prop_assert_eq!(Some(change.depth as usize), depth);
                }
                if index % 64 == 0 {
                    books.invariant();
                }
            }
            books.invariant();
            for side in [Side::Bid, Side::Ask] {
                prop_assert_eq!(books.level_count(A, side), model.levels(side).len());
                prop_assert_eq!(books.levels(A, side).collect::<Vec<_>>(), model.levels(side));
            }
        }

        #[test]
        fn looking_ahead_changes_nothing(
            ticks in proptest::collection::vec(any_tick(), 1..200)
        ) {
            let (mut one, mut all) = (OrderBooks::new(0), OrderBooks::new(0));
            one.define(A);
            all.define(A);
            let each: Vec<Change> = ticks.iter().map(|tick| one.apply(tick)).collect();
            let mut ahead = Vec::new();
            all.apply_all(&ticks, |_, change| ahead.push(*change));
            prop_assert_eq!(each, ahead);
        }

        #[test]
        fn orders_added_up_are_the_same_book_by_level(
            ticks in proptest::collection::vec(any_tick(), 1..300)
        ) {
            let mut by_order = OrderBooks::new(0);
            let mut by_level = PriceBooks::new();
            by_order.define(A);
            by_level.define(A);
            for tick in &ticks {
                let change = by_order.apply(tick);
                if tick.action == Action::Clear {
                    by_level.apply(tick);
                } else if change.is_change() {
                    // What an aggregating venue would send of this change.
                    for price in [change.price_left, change.price] {
                        for side in [Side::Bid, Side::Ask] {
                            let now = by_order.levels(A, side).find(|level| level.price == price);
                            let mut said = level(side, price.0, now.map_or(0, |level| level.size));
                            said.order_id = now.map_or(0, |level| u64::from(level.orders));
                            if price.is_defined() {
                                by_level.apply(&said);
                            }
                        }
                    }
                }
            }
            by_level.invariant();
            for side in [Side::Bid, Side::Ask] {
                prop_assert_eq!(
                    by_order.levels(A, side).collect::<Vec<_>>(),
                    by_level.levels(A, side).collect::<Vec<_>>()
                );
            }
        }
    }
}

mod trust {
    use super::*;

    struct Bench {
        books: Books,
        trust: Trust,
    }

    impl Bench {
        fn new() -> Bench {
            let mut bench = Bench {
                books: Books::Orders(OrderBooks::new(0)),
                trust: Trust::new(),
            };
            bench.books.define(B);
            bench.trust.define(B);
            bench
        }

        fn run(ticks: &[Tick]) -> Bench {
            let mut bench = Bench::new();
            for tick in ticks {
                bench.feed(tick);
            }
            bench
        }

        fn feed(&mut self, tick: &Tick) {
            self.trust.on_tick(tick, &self.books);
            let change = self.books.apply(tick);
            self.trust.on_change(tick, &change);
            for instrument in [A, B] {
                let top = self.books.top(instrument);
                self.trust.on_top(instrument, &top, tick.ts_recv);
            }
            self.trust.invariant();
        }
    }

    fn whole(action: Action, detail: u8) -> Tick {
        Tick {
            detail,
            sequence: 5,
            ts_recv: RecvTime(20),
            ..Tick::blank(ChannelId(0), action)
        }
    }

    fn gap(kind: GapKind) -> Tick {
        whole(Action::Gap, kind as u8)
    }

    fn recovered() -> Tick {
        whole(Action::Recovered, 0)
    }

    fn reset(kind: ResetKind) -> Tick {
        whole(Action::Reset, kind as u8)
    }

    fn status(instrument: InstrumentId, state: TradingState) -> Tick {
        Tick {
            instrument,
            ..whole(Action::Status, state as u8)
        }
    }

    fn snapshot(tick: Tick, is_last: bool) -> Tick {
        let last = if is_last { Flags::LAST } else { Flags::NONE };
        Tick {
            flags: Flags::SNAPSHOT.with(last),
            ..tick
        }
    }

    fn bid() -> Tick {
        add(1, Side::Bid, 100, 5)
    }

    fn clear() -> Tick {
        tick(Action::Clear, 0, Side::None, i64::MAX, 0)
    }

    #[track_caller]
    fn check(ticks: &[Tick], state: TrustState, reason: Reason) {
        let shown = Bench::run(ticks).trust.state(A);
        assert_eq!((shown.state, shown.reason), (state, reason));
    }

    #[test]
    fn a_book_that_saw_everything_is_live() {
        check(&[bid()], TrustState::Live, Reason::Ok);
    }

    #[test]
    fn nothing_is_live_while_a_gap_is_open() {
        use TrustState::*;
        check(&[gap(GapKind::Open)], Recovering, Reason::GapOpen);
        check(&[gap(GapKind::Open), recovered()], Live, Reason::Ok);
        check(
            &[gap(GapKind::Open), gap(GapKind::Lost)],
            Suspect,
            Reason::GapLost,
        );
        check(
            &[gap(GapKind::Lost), gap(GapKind::Open), recovered()],
            Suspect,
            Reason::GapLost,
        );
        check(
            &[status(A, TradingState::Halt), gap(GapKind::Open)],
            Recovering,
            Reason::GapOpen,
        );
    }

    #[test]
    fn a_stream_joined_in_its_middle_is_never_live_without_a_snapshot() {
        use TrustState::*;
        let joined = gap(GapKind::Joined);
        check(&[joined, bid()], AwaitingSnapshot, Reason::JoinedMidStream);
        check(
            &[joined, cancel(9, 1)],
            AwaitingSnapshot,
            Reason::JoinedMidStream,
        );
        check(
            &[joined, gap(GapKind::Open), recovered()],
            AwaitingSnapshot,
            Reason::JoinedMidStream,
        );
        check(
            &[joined, snapshot(clear(), false), snapshot(bid(), false)],
            AwaitingSnapshot,
            Reason::JoinedMidStream,
        );
        check(
            &[joined, snapshot(clear(), false), snapshot(bid(), true)],
            Live,
            Reason::Ok,
        );
        check(&[joined, reset(ResetKind::Session)], Live, Reason::Ok);
    }

    #[test]
    fn an_instrument_seen_later_shares_the_facts_of_its_channel() {
        let mut bench = Bench::run(&[gap(GapKind::Lost)]);
        bench.trust.define(InstrumentId(9));
        assert_eq!(
            bench.trust.state(InstrumentId(9)).state,
            TrustState::Suspect
        );
        assert_eq!(
            Trust::new().state(A).state,
            TrustState::AwaitingSnapshot,
            "nobody defined it"
        );
    }

    #[test]
    fn a_sequence_reset_harms_only_books_with_content() {
        let again = reset(ResetKind::Sequence);
        check(&[again], TrustState::Live, Reason::Ok);
        check(&[bid(), again], TrustState::Suspect, Reason::SequenceReset);
        check(&[bid(), again, clear()], TrustState::Live, Reason::Ok);
        let bench = Bench::run(&[bid(), again]);
        assert_eq!(bench.trust.state(B).state, TrustState::Live);
    }

    #[test]
    fn a_snapshot_that_is_owed_is_owed_until_its_last_tick() {
        use TrustState::*;
        let owed = reset(ResetKind::AwaitSnapshot);
        check(&[owed], AwaitingSnapshot, Reason::AwaitingSnapshot);
        check(&[owed, clear()], AwaitingSnapshot, Reason::AwaitingSnapshot);
        check(
            &[owed, snapshot(bid(), false)],
            AwaitingSnapshot,
            Reason::AwaitingSnapshot,
        );
        check(&[owed, snapshot(bid(), true)], Live, Reason::Ok);
        let bench = Bench::run(&[owed, snapshot(bid(), true)]);
        assert_eq!(bench.trust.state(B).state, AwaitingSnapshot);
        assert_eq!(bench.books.order_count(), 1);
    }

    #[test]
    fn one_instrument_may_wait_alone() {
        let owed = Tick {
            instrument: B,
            ..reset(ResetKind::AwaitSnapshot)
        };
        let bench = Bench::run(&[bid(), owed]);
        assert_eq!(bench.trust.state(A).state, TrustState::Live);
        assert_eq!(bench.trust.state(B).state, TrustState::AwaitingSnapshot);
        assert_eq!(bench.books.order_count(), 1);
    }

    #[test]
    fn an_event_that_passes_during_a_snapshot_does_not_close_it() {
        let last = Tick {
            flags: Flags::LAST,
            instrument: B,
            ..add(2, Side::Bid, 100, 1)
        };
        check(
            &[
                reset(ResetKind::AwaitSnapshot),
                snapshot(bid(), false),
                last,
            ],
            TrustState::AwaitingSnapshot,
            Reason::AwaitingSnapshot,
        );
    }

    #[test]
    fn a_beginning_that_was_asked_for_in_vain_leaves_no_gap_open() {
        let end = snapshot(
            whole(Action::Heartbeat, heartbeat_detail::SNAPSHOT_WHOLE),
            true,
        );
        let ticks = [gap(GapKind::Open), gap(GapKind::Joined), bid(), end];
        check(&ticks, TrustState::Live, Reason::Ok);
    }

    #[test]
    fn the_end_of_a_snapshot_closes_all_books_or_those_it_named() {
        let end = |detail| snapshot(whole(Action::Heartbeat, detail), true);
        let part = [
            reset(ResetKind::AwaitSnapshot),
            snapshot(bid(), false),
            end(heartbeat_detail::SNAPSHOT_PART),
        ];
        let bench = Bench::run(&part);
        assert_eq!(bench.trust.state(A).state, TrustState::Live);
        assert_eq!(bench.trust.state(B).state, TrustState::AwaitingSnapshot);
        let mut entire = part;
        entire[2] = end(heartbeat_detail::SNAPSHOT_WHOLE);
        let bench = Bench::run(&entire);
        assert_eq!(bench.trust.state(B).state, TrustState::Live);
    }

    #[test]
    fn a_fault_of_the_book_makes_it_suspect_unless_it_was_to_be_expected() {
        use TrustState::*;
        check(&[cancel(9, 1)], Suspect, Reason::BookFault);
        check(&[bid(), cancel(1, 99), clear()], Live, Reason::Ok);
        check(
            &[gap(GapKind::Lost), cancel(9, 1)],
            Suspect,
            Reason::GapLost,
        );
        let bench = Bench::run(&[cancel(9, 1)]);
        assert_eq!(bench.trust.state(B).state, Live);
    }

    #[test]
    fn lost_ticks_of_our_own_are_as_bad_as_lost_messages() {
        check(
            &[gap(GapKind::Overrun)],
            TrustState::Suspect,
            Reason::RingOverrun,
        );
    }

    #[test]
    fn a_partial_tick_makes_its_book_suspect() {
        let partial = Tick {
            flags: Flags::MAYBE_BAD_BOOK,
            ..bid()
        };
        check(&[partial], TrustState::Suspect, Reason::InputPartial);
        check(
            &[gap(GapKind::Open), partial, recovered()],
            TrustState::Live,
            Reason::Ok,
        );
    }

    #[test]
    fn halts_of_the_instrument_and_of_the_session_are_two_facts() {
        use TradingState::*;
        let all = InstrumentId::ALL;
        check(&[status(A, Halt)], TrustState::Halted, Reason::Halted);
        check(&[status(A, Pause)], TrustState::Halted, Reason::Paused);
        check(
            &[status(A, Halt), status(A, Trading)],
            TrustState::Live,
            Reason::Ok,
        );
        check(
            &[status(A, Halt), status(all, Trading)],
            TrustState::Halted,
            Reason::Halted,
        );
        check(
            &[status(A, Halt), status(all, Close)],
            TrustState::Closed,
            Reason::SessionClosed,
        );
        check(
            &[status(A, Halt), status(A, ShortSaleChange)],
            TrustState::Halted,
            Reason::Halted,
        );
        check(
            &[status(all, Close), reset(ResetKind::Session)],
            TrustState::Live,
            Reason::Ok,
        );
    }

    #[test]
    fn crossed_and_locked_books_are_not_live() {
        let ask = |price| add(2, Side::Ask, price, 5);
        check(&[bid(), ask(99)], TrustState::Crossed, Reason::Crossed);
        check(&[bid(), ask(100)], TrustState::Crossed, Reason::Locked);
        check(&[bid(), ask(101)], TrustState::Live, Reason::Ok);
        check(
            &[bid(), ask(99), cancel(2, 5)],
            TrustState::Live,
            Reason::Ok,
        );
    }

    #[test]
    fn silence_ends_with_any_tick() {
        let mut bench = Bench::run(&[bid()]);
        assert_eq!(bench.trust.set_silent(true, RecvTime(50)), Touched::All);
        let shown = bench.trust.state(A);
        assert_eq!(
            (shown.state, shown.since),
            (TrustState::Stale, RecvTime(50))
        );
        bench.feed(&Tick {
            ts_recv: RecvTime(60),
            ..whole(Action::Heartbeat, 0)
        });
        assert_eq!(bench.trust.state(A).state, TrustState::Live);
    }

    #[test]
    fn since_tells_the_change_and_sequences_tell_how_far_the_book_is_good() {
        let numbered = |sequence, id| Tick {
            sequence,
            ..add(id, Side::Bid, 100, 5)
        };
        let bench = Bench::run(&[
            numbered(3, 1),
            gap(GapKind::Open),
            gap(GapKind::Lost),
            numbered(9, 2),
        ]);
        let shown = bench.trust.state(A);
        assert_eq!((shown.good_sequence, shown.last_sequence), (3, 9));
        assert_eq!(shown.since, RecvTime(20));
    }

    #[test]
    fn names_and_codes_are_stable() {
        for (code, state) in TrustState::ALL.iter().enumerate() {
            assert_eq!(TrustState::from_code(code as u8), Some(*state));
        }
        for (code, reason) in Reason::ALL.iter().enumerate() {
            assert_eq!(*reason as usize, code);
        }
        for (code, fault) in Fault::ALL.iter().enumerate() {
            assert_eq!(*fault as usize, code);
        }
        assert_eq!(
            TrustState::Live.worse(TrustState::Suspect).as_str(),
            "suspect"
        );
    }
}
