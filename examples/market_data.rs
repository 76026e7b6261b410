//! Ticks over a channel: mid, spread, an average that decays with time, bars and an alert.
//!
//! ```text
//!  thread ─► quotes ──┬─► mid ──┬─► average ──► alert
//!                     │         └─► bars (one a second)
//!                     └─► spread
//! ```
//!
//! `cargo run --no-default-features --example market_data`
//!
//! The time of the graph is that of the quotes, so the run is the same each time. Prices are whole
//! cents; averages, which are not prices, are floats.

use std::time::Duration;

use waveletd::runtime::steps::statistics::ewma;
use waveletd::runtime::{
    Executor, Nanos, Sender, Stream, TrySendError,
    nodes::{AtEnd, Bound, Burst, channel},
};

/// Best bid and ask in cents.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Quote {
    at: Nanos,
    bid: i64,
    ask: i64,
}

/// Open, high, low and close of the mids of a second, in half cents.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Bar {
    open: i64,
    high: i64,
    low: i64,
    close: i64,
}

/// What the graph gives.
struct Outputs {
    spread: Stream<i64>,
    average: Stream<f64>,
    bars: Stream<Bar>,
    alert: Stream<bool>,
}

fn bar(mids: &Burst<i64>) -> Option<Bar> {
    Some(Bar {
        open: *mids.first()?,
        high: *mids.iter().max()?,
        low: *mids.iter().min()?,
        close: *mids.last()?,
    })
}

fn build(executor: &mut Executor) -> (Outputs, Sender<Quote>) {
    let (quotes, sender) = channel(executor, 64, AtEnd::Stay);
    let spread = quotes.map(executor, |quote: &Quote| quote.ask - quote.bid);
    let spread = spread.distinct(executor);
    // Twice the mid has no fraction.
    let mid = quotes.map(executor, |quote| quote.bid + quote.ask);
    let average = mid.map(executor, |&mid| mid as f64).step_named(
        executor,
        "average",
        ewma(Duration::from_secs(2)),
    );
    let bars = mid
        .window(executor, Duration::from_secs(1), Bound::drop_oldest(10_000))
        .map_filter(executor, bar);
    // A mid more than 20 half cents off its average; told once, and once when it is over.
    let alert = mid
        .join(executor, &average, |&mid, average| {
            (mid as f64 - average).abs() > 20.0
        })
        .distinct(executor);
    (
        Outputs {
            spread,
            average,
            bars,
            alert,
        },
        sender,
    )
}

/// Six seconds of quotes, ten a second, with a jump in the fourth.
fn quotes() -> impl Iterator<Item = Quote> {
    (0..60_i64).map(|tick| {
        let jump = if tick >= 35 { 40 } else { 0 };
        let bid = 10_000 + (tick * 7) % 5 + jump;
        let ask = bid + 1 + i64::from(tick % 20 == 0);
        Quote {
            at: Nanos(1_000_000_000).after(Duration::from_millis(100 * tick as u64)),
            bid,
            ask,
        }
    })
}

/// Runs the graph over the quotes and tells what it gave.
fn run(mut tell: impl FnMut(String)) -> Result<Outputs, TrySendError<Quote>> {
    let mut executor = Executor::new();
    let (outputs, mut sender) = build(&mut executor);
    let (mut bars, mut alerts) = (0, 0);
    for quote in quotes() {
        sender.try_send(quote)?;
        let _ = executor.cycle(quote.at);
        let (bar, alert) = (outputs.bars.latest(), outputs.alert.latest());
        if let Some(value) = bar.value().filter(|_| bar.ticks() > bars) {
            tell(format!("{} {value:?}", quote.at));
        }
        if let Some(on) = alert.value().filter(|_| alert.ticks() > alerts) {
            tell(format!(
                "{} alert {}",
                quote.at,
                if *on { "on" } else { "off" }
            ));
        }
        (bars, alerts) = (bar.ticks(), alert.ticks());
    }
    Ok(outputs)
}

fn main() -> Result<(), TrySendError<Quote>> {
    let outputs = run(|line| println!("{line}"))?;
    println!(
        "spread {:?} cents, average of twice the mid {:.2}, {} bars",
        outputs.spread.value(),
        outputs.average.value().unwrap_or(f64::NAN),
        outputs.bars.latest().ticks(),
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_and_the_alert_follow_the_jump() {
        let mut lines = Vec::new();
        let outputs = run(|line| lines.push(line)).unwrap();
        assert!(outputs.bars.latest().ticks() >= 5);
        let alerts: Vec<_> = lines.iter().filter(|line| line.contains("alert")).collect();
        assert!(
            alerts[0].ends_with("off") && alerts[1].starts_with("4.5"),
            "{lines:#?}"
        );
        assert_eq!(outputs.spread.value(), Some(1));
    }
}
