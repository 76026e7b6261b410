//! Every feed of the registry: ns a message and ns a packet, from bytes to ticks, on a day its own simulated venue says; what
//! arbitration of a second line costs; and decoding and books together.
//!
//! `cargo bench --bench feeds`; with `--test` everything runs once, small.
#![allow(clippy::disallowed_methods, reason = "a bench reads the clock")]

use feeds::contract::{
    Action, Batch, Descriptor, FeedSettings, Form, Line, LinkEvent, Packet, TickSink,
};
use feeds::model::{ChannelId, Definition, EventTime, RecvTime, Tick};
use std::hint::black_box;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use waveletd::pipeline::{Channel, ChannelSpec};
use waveletd::simulate::{FlowSettings, OrderFlow, symbols};

const START_NS: u64 = 1_700_000_000_000_000_000;
const SYMBOLS: u32 = 200;

/// What a venue said: each datagram, text or answer (behind its address) with its time.
struct Day {
    said: Vec<(u64, Option<String>, Vec<u8>)>,
    is_text: bool,
}

fn day(descriptor: &'static Descriptor, events: u64) -> Day {
    let mut venue = (descriptor.simulator)();
    let names = symbols(&[], SYMBOLS as usize);
    let mut flow = OrderFlow::new(FlowSettings {
        symbol_count: SYMBOLS,
        ..FlowSettings::default()
    });
    let mut out = Batch::new(Box::new(Nothing));
    let mut said = Vec::new();
    let mut now = START_NS;
    venue.open(EventTime(now), &names);
    let is_text = descriptor.transport == feeds::contract::Transport::WebSocket;
    if is_text {
        // Whatever the feed would say to be told everything.
        let named = FeedSettings {
            instruments: names.iter().map(|name| name.as_str().to_owned()).collect(),
            ..FeedSettings::single_line(ChannelId(0))
        };
        let mut feed = (descriptor.build)(&named).expect("names of a simulated venue are names");
        venue.on_connect(1);
        feed.on_link(LinkEvent::Up(Line(0)), RecvTime(now), &mut out);
        // Long enough for every snapshot, however slowly they may be asked for.
        for _ in 0..4 * SYMBOLS {
            while let Some(action) = feed.poll_action() {
                match action {
                    Action::SendText { text, .. } => venue.on_text(EventTime(now), 1, &text),
                    Action::Fetch { url, .. } => {
                        let body = venue.on_fetch(EventTime(now), &url);
                        let answer = body.clone().unwrap_or_default();
                        feed.on_packet(
                            &Packet {
                                line: Line(0),
                                ts_recv: RecvTime(now),
                                form: Form::Rest(&url),
                                bytes: answer.as_bytes(),
                            },
                            &mut out,
                        );
                        said.extend(body.map(|body| (now, Some(url), body.into_bytes())));
                    }
                    _ => {}
                }
            }
            while let Some((_, text)) = venue.poll_text() {
                said.push((now, None, text.into_bytes()));
            }
            now += 250_000_000;
            feed.on_clock(RecvTime(now), &mut out);
        }
    }
    for event in 0..events {
        now += 20_000;
        venue.on_event(EventTime(now), &flow.next_event());
        if event % 8 == 0 {
            venue.on_clock(EventTime(now));
        }
        while let Some(datagram) = venue.poll_datagram() {
            said.push((now, None, datagram));
        }
        while let Some((_, text)) = venue.poll_text() {
            said.push((now, None, text.into_bytes()));
        }
    }
    Day { said, is_text }
}

struct Nothing;

impl TickSink for Nothing {
    fn accept(&mut self, ticks: &[Tick]) {
        black_box(ticks.len());
    }
    fn define(&mut self, _: ChannelId, _: &Definition) {}
}

/// Ticks and definitions on their way to books, on one thread.
struct ToBooks(Arc<Mutex<Channel>>);

impl TickSink for ToBooks {
    fn accept(&mut self, ticks: &[Tick]) {
        let mut channel = self.0.lock().expect("one thread");
        for tick in ticks {
            channel.apply(tick);
            if tick.is_last() {
                channel.end_event(tick);
                channel.begin_event();
            }
        }
    }
    fn define(&mut self, _: ChannelId, definition: &Definition) {
        self.0.lock().expect("one thread").define(definition);
    }
}

/// How the lines deliver.
#[derive(Clone, Copy, PartialEq)]
enum Lines {
    One,
    /// Everything twice, A first.
    Both,
    /// Each line loses every second run of eight datagrams, the other has them.
    Halves,
}

/// Gives the day to a new feed; how long it took, messages, packets given.
fn run(
    descriptor: &'static Descriptor,
    day: &Day,
    lines: Lines,
    books: bool,
) -> (Duration, u64, u64) {
    let settings = FeedSettings {
        line_count: if lines == Lines::One { 1 } else { 2 },
        ..FeedSettings::single_line(ChannelId(0))
    };
    let mut feed = (descriptor.build)(&settings).expect("default settings are valid");
    let spec = ChannelSpec {
        id: ChannelId(0),
        feed: descriptor.name.to_owned(),
        venue: descriptor.venue.to_owned(),
        book: descriptor.book,
        orders_capacity: 65_536,
    };
    let sink: Box<dyn TickSink + Send> = if books {
        Box::new(ToBooks(Arc::new(Mutex::new(Channel::new(spec, 10)))))
    } else {
        Box::new(Nothing)
    };
    let mut out = Batch::new(sink);
    let mut given = 0;
    let start = Instant::now();
    for (index, (now, url, bytes)) in day.said.iter().enumerate() {
        let form = match url {
            Some(url) => Form::Rest(url),
            None if day.is_text => Form::Text,
            None => Form::Datagram,
        };
        for line in 0..2u8 {
            let is_there = match lines {
                Lines::One => line == 0,
                Lines::Both => true,
                Lines::Halves => u64::from(line) == (index as u64 / 8) % 2,
            };
            if is_there {
                given += 1;
                let packet = Packet {
                    line: Line(line),
                    ts_recv: RecvTime(*now),
                    form,
                    bytes,
                };
                black_box(feed.on_packet(&packet, &mut out));
            }
        }
    }
    out.flush();
    (start.elapsed(), feed.counters().messages, given)
}

fn main() {
    let is_test = std::env::args().any(|argument| argument == "--test");
    let (events, runs) = if is_test { (500, 1) } else { (200_000, 9) };
    let median = |descriptor, day: &Day, lines, books| {
        let mut times: Vec<(Duration, u64, u64)> = (0..runs)
            .map(|_| run(descriptor, day, lines, books))
            .collect();
        times.sort();
        times[times.len() / 2]
    };
    println!("{events} events on {SYMBOLS} symbols, one thread, median of {runs}; ns");
    println!(
        "{:>22} {:>9} {:>9} {:>9} {:>9} | {:>9} {:>9} | {:>9}",
        "feed", "messages", "packets", "message", "packet", "A and B", "halves", "and book"
    );
    for &descriptor in feeds::REGISTRY {
        let day = day(descriptor, events);
        let (took, messages, packets) = median(descriptor, &day, Lines::One, false);
        let per = |took: Duration, count: u64| took.as_nanos() as f64 / count.max(1) as f64;
        let (with_books, ..) = median(descriptor, &day, Lines::One, true);
        // A packet that both lines brought, and one of lines that help each other: beyond one line's.
        let (both, halves) = if day.is_text {
            (f64::NAN, f64::NAN)
        } else {
            let both = median(descriptor, &day, Lines::Both, false);
            let halves = median(descriptor, &day, Lines::Halves, false);
            (per(both.0, both.2), per(halves.0, halves.2))
        };
        println!(
            "{:>22} {messages:>9} {packets:>9} {:>9.1} {:>9.1} | {both:>9.1} {halves:>9.1} | {:>9.1}",
            descriptor.name,
            per(took, messages),
            per(took, packets),
            per(with_books, messages),
        );
    }
}
