use super::*;
use crate::book::{Level, Top};

fn level(price: i64, size: u64) -> Level {
    Level {
        price: Price(price),
        size,
        orders: 1,
    }
}

/// Prices in whole units of the quote currency.
fn top(bid: Option<(i64, u64)>, ask: Option<(i64, u64)>) -> Top {
    let of = |(price, size)| level(price * 1_000_000_000, size);
    Top {
        bid: bid.map(of),
        ask: ask.map(of),
    }
}

fn number(number: f64) -> Option<Value> {
    Some(Value {
        number: Some(number),
    })
}

fn trade(at_ms: u64, price: i64, size: u64) -> Trade {
    Trade {
        price: Price(price * 1_000_000_000),
        size,
        at_ns: at_ms * 1_000_000,
        counts: true,
    }
}

type Side = Option<(i64, u64)>;

const FULL: (Side, Side) = (Some((100, 30)), Some((103, 10)));

#[test]
fn values_of_a_top_are_what_the_formula_says() {
    let top = top(FULL.0, FULL.1);
    assert_eq!(Mid::new().on_top(&top), number(101.5));
    assert_eq!(Spread::new().on_top(&top), number(3.0));
    assert_eq!(Microprice::new().on_top(&top), number(102.25));
    assert_eq!(Imbalance::new(1).on_top(&top), number(0.5));
}

#[test]
fn an_empty_side_undefines_once_and_is_no_news_at_first() {
    let one_sided = top(FULL.0, None);
    let mut mid = Mid::new();
    assert_eq!(mid.on_top(&one_sided), None);
    assert_eq!(mid.on_top(&top(FULL.0, FULL.1)), number(101.5));
    assert_eq!(mid.on_top(&one_sided), Some(Value::UNDEFINED));
    assert_eq!(mid.on_top(&one_sided), None);
    assert_eq!(Imbalance::new(1).on_top(&one_sided), number(1.0));
    assert_eq!(Imbalance::new(1).on_top(&Top::default()), None);
}

#[test]
fn a_change_that_does_not_matter_is_cut_off() {
    let mut spread = Spread::new();
    assert_eq!(spread.on_top(&top(FULL.0, FULL.1)), number(3.0));
    assert_eq!(
        spread.on_top(&top(Some((100, 99)), Some((103, 1)))),
        None,
        "sizes only"
    );
    assert_eq!(
        spread.on_top(&top(Some((101, 1)), Some((104, 1)))),
        None,
        "both prices moved alike"
    );
}

#[test]
fn a_crossed_book_has_a_negative_spread() {
    let crossed = top(Some((105, 1)), Some((103, 1)));
    assert_eq!(Spread::new().on_top(&crossed), number(-2.0));
}

#[test]
fn extreme_prices_do_not_overflow() {
    let top = Top {
        bid: Some(level(i64::MIN, u64::MAX)),
        ask: Some(level(i64::MAX - 1, u64::MAX)),
    };
    assert!(Mid::new().on_top(&top).is_some());
    assert!(Spread::new().on_top(&top).is_some());
    assert!(Microprice::new().on_top(&top).is_some());
    assert_eq!(Imbalance::new(1).on_top(&top), number(0.0));
}

#[test]
fn imbalance_looks_as_deep_as_it_is_told() {
    let bids = [level(100, 10), level(99, 20), level(98, 1_000)];
    let asks = [level(101, 10)];
    let mut imbalance = Imbalance::new(2);
    assert_eq!(
        imbalance.on_levels(bids.into_iter(), asks.into_iter()),
        number(0.5)
    );
}

#[test]
fn vwap_of_a_session_weighs_every_print_that_counts() {
    let mut vwap = Vwap::new(0);
    assert_eq!(vwap.on_trade(&trade(1, 100, 10)), number(100.0));
    assert_eq!(vwap.on_trade(&trade(50_000_000, 103, 20)), number(102.0));
    let uncounted = Trade {
        counts: false,
        ..trade(3, 500, 10)
    };
    assert_eq!(vwap.on_trade(&uncounted), None);
    assert_eq!(vwap.on_trade(&trade(4, 102, 7)), None, "unchanged");
    assert_eq!(vwap.reset(), Some(Value::UNDEFINED));
}

#[test]
fn vwap_of_a_window_forgets() {
    let mut vwap = Vwap::new(6_400);
    assert_eq!(vwap.on_trade(&trade(100_000, 100, 10)), number(100.0));
    assert_eq!(vwap.on_trade(&trade(103_000, 110, 10)), number(105.0));
    assert_eq!(vwap.on_clock(106_400 * 1_000_000), None, "still within");
    assert_eq!(vwap.on_clock(106_600 * 1_000_000), number(110.0));
    assert_eq!(vwap.on_trade(&trade(99_000, 1, 10)), None, "too old");
    assert_eq!(vwap.on_clock(200_000 * 1_000_000), Some(Value::UNDEFINED));
}

#[test]
fn a_bar_is_given_when_its_interval_is_over() {
    let mut bars = Bars::new(1_000);
    assert_eq!(bars.on_clock(4_900 * 1_000_000), None);
    for (at, price, size) in [(5_000, 10, 1), (5_300, 12, 2), (5_600, 9, 3)] {
        assert_eq!(bars.on_trade(&trade(at, price, size)), None);
    }
    let bar = bars.on_trade(&trade(7_100, 11, 4));
    let unit = 1_000_000_000;
    assert_eq!(
        bar,
        Some(Bar {
            ts_ns: 5_000 * 1_000_000,
            open: Price(10 * unit),
            high: Price(12 * unit),
            low: Price(9 * unit),
            close: Price(9 * unit),
            volume: 6,
            trades: 3,
            complete: true,
        })
    );
    assert_eq!(bars.on_clock(7_999 * 1_000_000), None);
    let next = bars.on_clock(8_000 * 1_000_000);
    assert_eq!(
        next.map(|bar| (bar.ts_ns, bar.complete)),
        Some((7_000_000_000, true))
    );
    assert_eq!(bars.on_clock(60_000 * 1_000_000), None, "no trade, no bar");
}

#[test]
fn an_interval_not_watched_whole_is_not_complete() {
    let mut bars = Bars::new(1_000);
    bars.on_trade(&trade(5_300, 10, 1));
    assert_eq!(bars.current().map(|bar| bar.complete), Some(false));
    let first = bars.on_trade(&trade(6_300, 10, 1));
    assert_eq!(first.map(|bar| bar.complete), Some(false));
    let second = bars.on_trade(&trade(7_300, 10, 1));
    assert_eq!(second.map(|bar| bar.complete), Some(true));
    bars.on_loss(7_400 * 1_000_000);
    let third = bars.on_trade(&trade(8_300, 10, 1));
    assert_eq!(third.map(|bar| bar.complete), Some(false));
}

#[test]
fn a_trade_behind_its_bar_is_counted_as_late() {
    let mut bars = Bars::new(1_000);
    bars.on_trade(&trade(5_300, 10, 1));
    bars.on_clock(6_000 * 1_000_000);
    assert_eq!(bars.on_trade(&trade(5_900, 99, 1)), None);
    bars.on_trade(&trade(7_000, 10, 1));
    assert_eq!(bars.on_trade(&trade(6_900, 99, 1)), None);
    assert_eq!(bars.late_trades(), 2);
    assert_eq!(bars.current().map(|bar| bar.volume), Some(1));
}

#[test]
fn kinds_are_sorted_and_defaults_are_within_their_range() {
    assert!(SIGNALS.is_sorted_by(|a, b| a.name < b.name));
    for signal in SIGNALS {
        assert_eq!(descriptor(signal.name), Some(signal));
        for param in signal.params {
            assert!(param.min <= param.default && param.default <= param.max);
        }
    }
    assert_eq!(descriptor("nothing"), None);
}
