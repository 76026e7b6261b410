//! Decoding: bytes of a made ITCH day to fields, and to ticks through the whole feed.
//!
//! Sketch before measuring, a message of about 33 bytes: framing is two dependent loads; the jump on the type is missed about
//! every other message (10 to 15 cycles a miss); the fields are ten loads and byte swaps that overlap; a tick is one 64-byte
//! line written. So about 4 ns for the fields and 3 ns a tick more.
//!
//! `cargo bench --bench decode`; with `--test` everything runs once, small.
#![allow(clippy::disallowed_methods, reason = "a bench reads the clock")]

use feeds::contract::{Batch, Feed, FeedSettings, Form, Line, Packet, TickSink};
use feeds::model::{ChannelId, Definition, RecvTime, Side, Tick};
use feeds::nasdaq_itch50::DESCRIPTOR;
use feeds::nasdaq_itch50::encode::{Head, ItchEncoder, Listing};
use feeds::nasdaq_itch50::wire::{Message, OrderFields};
use feeds::session::moldudp64::{Packetizer, split_message};
use std::hint::black_box;
use std::time::Instant;

const SYMBOLS: u64 = 8_000;
const SESSION: [u8; 10] = *b"000000001A";

/// Small steady randomness (SplitMix64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((u128::from(mixed ^ (mixed >> 31)) * u128::from(bound)) >> 64) as u64
    }
}

/// A day of the usual mix: 45 % adds, 40 % deletes, 6 % executions, 5 % replaces, some cancels and trades.
fn day(message_count: u64) -> ItchEncoder {
    let mut dice = Dice(1);
    let mut encoder = ItchEncoder::new();
    let symbol = |locate: u64| format!("S{locate:07}");
    for locate in 0..SYMBOLS {
        let head = Head {
            stock_locate: locate as u16,
            tracking_number: 0,
            timestamp: locate,
        };
        let listing = Listing {
            round_lot_size: 100,
            is_test: false,
        };
        encoder.directory(head, symbol(locate).as_bytes(), listing);
    }
    for index in 0..message_count {
        let locate = dice.below(SYMBOLS);
        let (stock_locate, timestamp) = (locate as u16, 34_200_000_000_000 + index * 1_000);
        let head = Head {
            stock_locate,
            tracking_number: 2,
            timestamp,
        };
        let (order, shares) = (index, dice.below(500) as u32 + 1);
        let price = 1_000_000 + dice.below(10_000) as u32;
        let old = index.saturating_sub(dice.below(1_000));
        match dice.below(100) {
            0..45 => {
                let side = if dice.below(2) == 0 {
                    Side::Bid
                } else {
                    Side::Ask
                };
                encoder.add_order(head, order, side, shares, symbol(locate).as_bytes(), price);
            }
            45..85 => encoder.delete(head, old),
            85..91 => encoder.executed(head, old, shares, index),
            91..96 => encoder.replace(head, old, order, shares, price),
            96..98 => encoder.cancel(head, old, shares),
            _ => encoder.trade(head, shares, symbol(locate).as_bytes(), price, index),
        }
    }
    encoder
}

/// Every field of every message, folded into one number so that none is left out.
fn every_field_by_table(mut blocks: &[u8]) -> u64 {
    let mut sum = 0u64;
    loop {
        blocks = OrderFields::each(blocks, |fields| {
            sum = sum
                .wrapping_add(fields.timestamp ^ u64::from(fields.stock_locate))
                .wrapping_add(u64::from(fields.tracking_number))
                .wrapping_add(fields.order_reference_number)
                .wrapping_add(fields.second_number)
                .wrapping_add(u64::from(fields.shares))
                .wrapping_add(u64::from(fields.price))
                .wrapping_add(u64::from(fields.code))
                .wrapping_add(fields.stock)
                .wrapping_add(u64::from(fields.attribution));
        });
        let Some((message, rest)) = split_message(blocks) else {
            return sum;
        };
        sum = sum.wrapping_add(every_field(&blocks[..message.len() + 2]));
        blocks = rest;
    }
}

/// The same through the typed views.
fn every_field(mut blocks: &[u8]) -> u64 {
    let mut sum = 0u64;
    let text = |text: &[u8]| {
        text.first_chunk()
            .map_or(0, |bytes| u64::from_be_bytes(*bytes))
    };
    while let Some((message, rest)) = split_message(blocks) {
        blocks = rest;
        macro_rules! fold {
            ($view:ident, $($field:ident)*) => {
                sum = sum
                    .wrapping_add($view.timestamp() ^ u64::from($view.stock_locate()))
                    .wrapping_add(u64::from($view.tracking_number()))
                    $(.wrapping_add(u64::from($view.$field())))*
            };
        }
        match Message::of(message) {
            Some(Message::AddOrderNoMpidAttribution(view)) => {
                fold!(view, order_reference_number buy_sell_indicator shares price);
                sum = sum.wrapping_add(text(view.stock()));
            }
            Some(Message::OrderDelete(view)) => fold!(view, order_reference_number),
            Some(Message::OrderExecuted(view)) => {
                fold!(view, order_reference_number executed_shares match_number);
            }
            Some(Message::OrderReplace(view)) => {
                fold!(view, original_order_reference_number new_order_reference_number shares price);
            }
            Some(Message::OrderCancel(view)) => fold!(view, order_reference_number canceled_shares),
            Some(Message::NonCrossTrade(view)) => {
                fold!(view, order_reference_number buy_sell_indicator shares price match_number);
                sum = sum.wrapping_add(text(view.stock()));
            }
            Some(Message::StockDirectory(view)) => {
                fold!(view, round_lot_size);
                sum = sum.wrapping_add(text(view.stock()));
            }
            _ => {}
        }
    }
    sum
}

#[derive(Default)]
struct Count {
    ticks: u64,
    orders: u64,
}

impl TickSink for Count {
    fn accept(&mut self, ticks: &[Tick]) {
        self.ticks += ticks.len() as u64;
        self.orders = ticks
            .iter()
            .fold(self.orders, |sum, tick| sum.wrapping_add(tick.order_id));
        black_box(self.orders);
    }
    fn define(&mut self, _: ChannelId, _: &Definition) {}
}

fn new_feed() -> (Box<dyn Feed>, Batch) {
    let settings = FeedSettings::single_line(ChannelId(0));
    let feed = (DESCRIPTOR.build)(&settings).expect("default settings are valid");
    (feed, Batch::new(Box::new(Count::default())))
}

fn through_feed(datagrams: &[Vec<u8>]) -> u64 {
    let (mut feed, mut out) = new_feed();
    let form = Form::Datagram;
    let ts_recv = RecvTime(1_580_392_800_000_000_000);
    for bytes in datagrams {
        let packet = Packet {
            line: Line(0),
            ts_recv,
            form,
            bytes,
        };
        feed.on_packet(&packet, &mut out);
    }
    feed.counters().messages
}

fn as_file(blocks: &[u8]) -> u64 {
    let (mut feed, mut out) = new_feed();
    let form = Form::FileMessages;
    let packet = Packet {
        line: Line(0),
        ts_recv: RecvTime(0),
        form,
        bytes: blocks,
    };
    feed.on_packet(&packet, &mut out);
    feed.counters().messages
}

fn main() {
    let is_test = std::env::args().any(|argument| argument == "--test");
    let (message_count, runs) = if is_test { (10_000, 1) } else { (2_000_000, 9) };
    let encoder = day(message_count);
    let total = message_count + SYMBOLS;
    let mut packetizer = Packetizer::new(SESSION, 1);
    let mut datagrams: Vec<Vec<u8>> = Vec::new();
    let mut blocks = encoder.bytes();
    while let Some((message, rest)) = split_message(blocks) {
        blocks = rest;
        packetizer.append(message, &mut |bytes| datagrams.push(bytes.to_vec()));
    }
    packetizer.flush(&mut |bytes| datagrams.push(bytes.to_vec()));

    assert_eq!(
        every_field(encoder.bytes()),
        every_field_by_table(encoder.bytes())
    );
    type Stage<'a> = (&'static str, Box<dyn Fn() -> u64 + 'a>);
    let stages: Vec<Stage<'_>> = vec![
        ("every field", Box::new(|| every_field(encoder.bytes()))),
        (
            "by table",
            Box::new(|| every_field_by_table(encoder.bytes())),
        ),
        ("file to ticks", Box::new(|| as_file(encoder.bytes()))),
        ("datagrams to ticks", Box::new(|| through_feed(&datagrams))),
    ];
    let mut times = vec![Vec::new(); stages.len()];
    for _ in 0..runs {
        for (stage, times) in stages.iter().zip(&mut times) {
            let start = Instant::now();
            black_box((stage.1)());
            times.push(start.elapsed().as_nanos() as f64 / total as f64);
        }
    }
    println!(
        "{total} messages, {} bytes, median of {runs}",
        encoder.bytes().len()
    );
    for (stage, times) in stages.iter().zip(&mut times) {
        times.sort_by(f64::total_cmp);
        println!(
            "{:>20}  {:6.2} ns a message",
            stage.0,
            times[times.len() / 2]
        );
    }
}
