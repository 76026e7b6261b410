//! Contenders side by side: interleaved runs, medians, one table.
#![allow(dead_code, reason = "no bench uses all of it")]

use std::time::Duration;

/// Whether the run is only to show that the bench works: everything once, small.
pub(crate) fn is_test() -> bool {
    std::env::args().any(|argument| argument == "--test")
}

/// A number from the environment.
pub(crate) fn setting(name: &str, default: usize) -> usize {
    std::env::var(name)
        .ok()
        .and_then(|text| text.replace('_', "").parse().ok())
        .unwrap_or(default)
}

/// Messages of the day: `WAVELETD_BENCH_MESSAGES`, 2,000,000 if not set, few in a test.
pub(crate) fn message_count() -> usize {
    if is_test() {
        20_000
    } else {
        setting("WAVELETD_BENCH_MESSAGES", 2_000_000)
    }
}

/// How often each contender runs: `WAVELETD_BENCH_RUNS`, 9 if not set, once in a test.
pub(crate) fn run_count() -> usize {
    if is_test() {
        1
    } else {
        setting("WAVELETD_BENCH_RUNS", 9).max(1)
    }
}

/// One way to do it.
pub(crate) struct Contender<'a> {
    name: String,
    items: usize,
    run: Box<dyn FnMut() -> Duration + 'a>,
    ns: Vec<f64>,
}

impl<'a> Contender<'a> {
    /// `run` says how long it took, over `items` items.
    pub(crate) fn new(
        name: impl Into<String>,
        items: usize,
        run: impl FnMut() -> Duration + 'a,
    ) -> Contender<'a> {
        Contender {
            name: name.into(),
            items,
            run: Box::new(run),
            ns: Vec::new(),
        }
    }

    /// Median, in ns an item.
    pub(crate) fn median(&self) -> f64 {
        self.ns.get(self.ns.len() / 2).copied().unwrap_or(f64::NAN)
    }
}

/// Runs them in turn, so that what slows the machine for a while slows all of them, and prints a table. The first is what
/// the others are compared with.
pub(crate) fn side_by_side(title: &str, item: &str, contenders: &mut [Contender<'_>]) {
    let runs = run_count();
    for _ in 0..runs {
        for contender in contenders.iter_mut() {
            let took = (contender.run)();
            contender
                .ns
                .push(took.as_nanos() as f64 / contender.items as f64);
        }
    }
    for contender in contenders.iter_mut() {
        contender.ns.sort_by(f64::total_cmp);
    }
    println!("\n{title}, median of {runs}");
    println!(
        "{:<44} {:>10} {:>10} {:>10} {:>12} {:>12}",
        "",
        item.to_owned() + "s",
        "ns each",
        "fastest",
        "M/s",
        "first / this"
    );
    let first = contenders.first().map_or(f64::NAN, Contender::median);
    for contender in contenders.iter() {
        println!(
            "{:<44} {:>10} {:>10.2} {:>10.2} {:>12.2} {:>12.3}",
            contender.name,
            contender.items,
            contender.median(),
            contender.ns[0],
            1_000.0 / contender.median(),
            first / contender.median()
        );
    }
}
