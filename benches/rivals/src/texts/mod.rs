//! Decoding of texts: hot messages of five venues, to fixed-point prices and sizes, against typed readers of JSON.
//!
//! Ours is what the room does with a text ([`Venue::read`]), and in a column of its own all the feed does, down to normalised
//! ticks. A peer parses into a struct whose texts are borrowed; its numbers are then made into fixed point by the same routine as
//! ours, or, in the bare columns, left as texts. All of the first kind have to agree on a sum of everything said.

mod barter;
mod made;
mod sums;
mod typed;

use crate::measure::{is_test, run_count};
use feeds::contract::{Batch, FeedSettings, Form, Line, LinkEvent, Packet, TickSink};
use feeds::model::{Action, ChannelId, Definition, RecvTime, Tick};
use feeds::session::stitch::Venue;
use made::{Kind, Pass};
use std::hint::black_box;
use std::time::{Duration, Instant};
use sums::Sum;
use typed::Library;

fn pass_of(mut venue: impl Venue + 'static) -> Pass {
    Box::new(move |texts, sum| {
        for text in texts {
            let heard = venue.read(text, sum);
            black_box(heard.expect("a message the room knows"));
        }
    })
}

/// Counts what says something.
#[derive(Default)]
struct Ticks(u64);

impl TickSink for Ticks {
    fn accept(&mut self, ticks: &[Tick]) {
        for tick in ticks {
            let says = matches!(
                tick.action,
                Action::Level | Action::Trade | Action::Statistic
            );
            self.0 += u64::from(says);
        }
        black_box(self.0);
    }
    fn define(&mut self, _: ChannelId, _: &Definition) {}
}

/// All texts through a fresh feed.
fn to_ticks(kind: &Kind) -> Duration {
    let settings = FeedSettings {
        instruments: vec![kind.symbol.to_owned()],
        ..FeedSettings::single_line(ChannelId(0))
    };
    let mut feed = (kind.feed.build)(&settings).expect("the settings are valid");
    let mut out = Batch::new(Box::new(Ticks::default()));
    feed.on_link(LinkEvent::Up(Line(0)), RecvTime(1), &mut out);
    let packet = |form, bytes| Packet {
        line: Line(0),
        ts_recv: RecvTime(1),
        form,
        bytes,
    };
    for (url, text) in &kind.before {
        let form = url.map_or(Form::Text, Form::Rest);
        feed.on_packet(&packet(form, text.as_bytes()), &mut out);
    }
    let start = Instant::now();
    for text in &kind.texts {
        black_box(feed.on_packet(&packet(Form::Text, text), &mut out));
        out.flush();
    }
    let took = start.elapsed();
    let counters = feed.counters();
    let lost =
        counters.messages_ignored + counters.decode_errors_total() + counters.snapshots_failed;
    assert_eq!(lost, 0, "{}: the feed follows its texts", kind.name);
    took
}

/// One contender of one kind of message: runs all texts once.
struct Cell<'a> {
    pass: Box<dyn FnMut(&mut Sum) -> Duration + 'a>,
    is_checked: bool,
    ns: Vec<f64>,
}

impl<'a> Cell<'a> {
    fn new(is_checked: bool, mut pass: impl FnMut(&mut Sum) + 'a) -> Cell<'a> {
        Cell {
            pass: Box::new(move |sum| {
                let start = Instant::now();
                pass(sum);
                start.elapsed()
            }),
            is_checked,
            ns: Vec::new(),
        }
    }

    /// What a busy machine disturbs least.
    fn fastest(&self) -> f64 {
        self.ns.first().copied().unwrap_or(f64::NAN)
    }

    fn median(&self) -> f64 {
        self.ns.get(self.ns.len() / 2).copied().unwrap_or(f64::NAN)
    }
}

/// Ours, our feed's, then the peers in the order of the heads below.
const HEADS: [&str; 9] = [
    "waveletd",
    "to ticks",
    "sonic-rs",
    "simd-json",
    "serde_json",
    "sonic bare",
    "simd bare",
    "serde bare",
    "barter",
];

fn cells(kind: &Kind) -> Vec<Cell<'_>> {
    let texts = &kind.texts;
    let mut ours = (kind.ours)();
    let mut cells = vec![
        Cell::new(true, move |sum| ours(texts, sum)),
        Cell {
            pass: Box::new(|_| to_ticks(kind)),
            is_checked: false,
            ns: Vec::new(),
        },
    ];
    let order = [Library::Sonic, Library::Simd, Library::Serde];
    for (is_bare, library) in [false, true]
        .iter()
        .flat_map(|&bare| order.map(|one| (bare, one)))
    {
        let rival = kind
            .typed
            .iter()
            .find(|one| one.is_bare == is_bare && one.library == library);
        let pass = rival.expect("every kind has all").pass;
        let mut room = typed::Room::default();
        cells.push(Cell::new(!is_bare, move |sum| pass(texts, sum, &mut room)));
    }
    if let Some(pass) = kind.barter {
        cells.push(Cell::new(false, move |_| pass(texts)));
    }
    cells
}

/// Prints the table.
pub(crate) fn table() {
    let kinds = made::kinds();
    let mut rows: Vec<Vec<Cell<'_>>> = kinds.iter().map(cells).collect();
    let bytes_a_turn = if is_test() { 1 } else { 4_000_000 };
    for _ in 0..run_count() {
        for (kind, row) in kinds.iter().zip(&mut rows) {
            let bytes: usize = kind.texts.iter().map(Vec::len).sum();
            let passes = 1 + bytes_a_turn / bytes;
            let mut truth = None;
            for cell in row.iter_mut() {
                let (mut sum, mut took) = (Sum::default(), Duration::ZERO);
                for _ in 0..passes {
                    took += (cell.pass)(&mut sum);
                }
                if cell.is_checked {
                    let truth = *truth.get_or_insert(sum);
                    assert_eq!(sum, truth, "{}: all read the same", kind.name);
                }
                cell.ns
                    .push(took.as_nanos() as f64 / (passes * kind.texts.len()) as f64);
            }
        }
    }
    for cell in rows.iter_mut().flatten() {
        cell.ns.sort_by(f64::total_cmp);
    }
    print_table("median", &kinds, &rows, |cell| cell.median());
    print_table("fastest", &kinds, &rows, |cell| cell.fastest());
}

fn print_table(which: &str, kinds: &[Kind], rows: &[Vec<Cell<'_>>], of: fn(&Cell<'_>) -> f64) {
    let runs = run_count();
    println!("\nTexts to fixed point, ns a message, {which} of {runs}");
    print!("{:<40}{:>7}", "", "bytes");
    HEADS.iter().for_each(|head| print!("{head:>12}"));
    println!("{:>14}{:>14}", "sonic / ours", "bare / ours");
    for (kind, row) in kinds.iter().zip(rows) {
        let bytes: usize = kind.texts.iter().map(Vec::len).sum();
        print!("{:<40}{:>7}", kind.name, bytes / kind.texts.len());
        for index in 0..HEADS.len() {
            match row.get(index) {
                Some(cell) => print!("{:>12.1}", of(cell)),
                None => print!("{:>12}", ""),
            }
        }
        let ours = of(&row[0]);
        let (sonic, bare) = (of(&row[2]), of(&row[5]));
        println!("{:>14.2}{:>14.2}", sonic / ours, bare / ours);
    }
}
