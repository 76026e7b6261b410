//! The product against its peers, over one and the same made day, in one run.
//!
//! `cargo run --release` prints the tables: cycles of the graph runtimes, decoding of every field, of texts, decoding and books by order, and
//! reading of pcap files. `WAVELETD_BENCH_MESSAGES`, `WAVELETD_BENCH_RUNS` and `WAVELETD_BENCH_SLICE` (messages of the contenders that are too
//! slow for a whole day) change the size; `-- --test` runs everything once, small; `-- graphs`, `timers`, `handover`, `texts`, `parse`, `books` or `pcap` prints only
//! that table.

#[path = "../../support/capture.rs"]
mod capture;
#[path = "../../support/itch_day.rs"]
mod itch_day;
#[path = "../../support/measure.rs"]
mod measure;
#[path = "../../support/textbook.rs"]
mod textbook;

mod books;
mod graphs;
mod handover;
mod packets;
mod parse;
mod texts;
mod timers;

fn main() {
    let wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with('-'))
        .collect();
    let is_wanted = |table: &str| wanted.is_empty() || wanted.iter().any(|name| name == table);
    if is_wanted("graphs") {
        graphs::tables();
    }
    if is_wanted("timers") {
        timers::tables();
    }
    if is_wanted("handover") {
        handover::table();
    }
    if is_wanted("texts") {
        texts::table();
    }
    let needs_no_day =
        |name: &String| ["graphs", "timers", "handover", "texts"].contains(&name.as_str());
    if !wanted.is_empty() && wanted.iter().all(needs_no_day) {
        return;
    }
    let day = itch_day::make(7, measure::message_count());
    println!(
        "{} messages of {} symbols, {} MB, seed 7",
        day.messages,
        itch_day::SYMBOLS,
        day.bytes.len() / 1_000_000
    );
    if is_wanted("parse") {
        parse::table(&day);
    }
    if is_wanted("books") {
        books::table(&day);
    }
    if is_wanted("pcap") {
        packets::table(&day);
    }
}
