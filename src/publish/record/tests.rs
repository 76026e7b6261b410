#![allow(clippy::unwrap_used)]
use super::*;
use proptest::prelude::*;

fn header(instrument: u32) -> Header {
    Header {
        instrument,
        ts_event: EventTime(11),
        ts_recv: RecvTime(12),
        state: 3,
        reason: 4,
        since: RecvTime(13),
        last_sequence: 14,
    }
}

fn level(price: i64) -> Level {
    Level {
        price,
        size: 7,
        orders: 2,
    }
}

const TRADE: Trade = Trade {
    id: 5,
    price: -1_000_000_000,
    size: 100,
    aggressor: Side::Ask,
};

const STATISTIC: Statistic = Statistic {
    kind: StatisticKind::TradeBroken,
    side: Side::Ask,
    price: Price(-7),
    size: 3,
    id: 9,
    sequence: 8,
    ts_event: EventTime(21),
    ts_recv: RecvTime(22),
    count: 4,
};

#[test]
fn the_layout_of_a_record_is_as_documented() {
    let (mut writer, mut reader) = ring(256, 8);
    assert!(writer.snapshot(&header(6), &[level(99)], &[level(101), level(102)]));
    let cells: Vec<Cell> = reader.cells.read_chunk(3).unwrap().into_iter().collect();
    assert_eq!(cells[0].0, [0x6_0403_0202, 1, 11, 12, 13, 14, 0x0201, 0]);
    assert_eq!(cells[1].0, [99, 7, 2, 0, 101, 7, 2, 0]);
    assert_eq!(cells[2].0, [102, 7, 2, 0, 0, 0, 0, 0]);
    assert!(reader.is_empty());
}

#[test]
fn every_kind_comes_out_as_it_went_in() {
    let (mut writer, mut reader) = ring(256, 8);
    let symbol = Symbol::new(b"BTC-PERPETUAL-WITH-A-NAME-OF-FORTY-SEVEN-BYTES!");
    let bar = Bar {
        interval_ns: 60_000_000_000,
        open: 1,
        high: 4,
        low: -1,
        close: 2,
        volume: 9,
        buy_volume: 5,
        sell_volume: 4,
        trades: 3,
        vwap: 2,
        ts_open: 100,
        ts_close: 200,
    };
    assert!(writer.instrument(&header(1), 2, &symbol, 8));
    assert!(writer.trade(&header(1), &TRADE));
    assert!(writer.signal(&header(1), 9, -0.5));
    assert!(writer.bar(&header(1), &bar));
    assert!(writer.state(&header(1)));
    assert!(writer.statistic(&header(1), &STATISTIC));
    assert!(writer.channel(&header(1), 2, true));
    writer.time(EventTime(1), RecvTime(2));
    let expected = [
        (
            1,
            Body::Instrument {
                feed: 2,
                symbol,
                size_decimals: 8,
            },
        ),
        (2, Body::Trade(TRADE)),
        (
            3,
            Body::Signal {
                index: 9,
                value: -0.5,
            },
        ),
        (4, Body::Bar(bar)),
        (5, Body::State),
        (6, Body::Statistic(STATISTIC)),
        (
            1,
            Body::Channel {
                feed: 2,
                connected: true,
            },
        ),
        (2, Body::Time),
    ];
    for (pub_seq, body) in expected {
        let record = reader.pop().unwrap();
        assert_eq!((record.pub_seq, record.body), (pub_seq, body));
    }
    assert_eq!(reader.pop(), None);
}

#[test]
fn a_full_ring_conflates_snapshots_and_counts_trades() {
    let (mut writer, mut reader) = ring(RING_CELLS_MIN, 4);
    while writer.slots() > 1 {
        assert!(writer.state(&header(0)));
    }
    assert!(!writer.snapshot(&header(2), &[level(1)], &[]));
    assert!(!writer.snapshot(&header(2), &[level(2)], &[]));
    assert!(!writer.trade(&header(3), &TRADE));
    assert!(!writer.trade(&header(3), &TRADE));
    assert_eq!(writer.dropped(), 4);
    assert_eq!(reader.dropped(), 4);
    assert_eq!(writer.next_dirty(), None, "no room yet");
    while reader.pop().is_some() {}
    assert_eq!(writer.next_dirty(), Some(2));
    assert_eq!(writer.next_dirty(), None);
    assert!(writer.snapshot(&header(2), &[level(3)], &[]));
    assert!(writer.trade(&header(3), &TRADE));
    let snapshot = reader.pop().unwrap();
    assert_eq!(snapshot.pub_seq, 1, "what was never written has no number");
    assert!(matches!(snapshot.body, Body::Snapshot { bids, .. } if bids == [level(3)]));
    assert_eq!(reader.pop().unwrap().body, Body::Lost { count: 2 });
    assert_eq!(reader.pop().unwrap().body, Body::Trade(TRADE));
}

#[test]
fn a_snapshot_written_by_itself_settles_the_debt() {
    let (mut writer, mut reader) = ring(RING_CELLS_MIN, 4);
    while writer.slots() > 0 {
        writer.state(&header(0));
    }
    assert!(!writer.state(&header(1)));
    while reader.pop().is_some() {}
    assert!(writer.snapshot(&header(1), &[], &[]));
    assert_eq!(writer.next_dirty(), None);
}

#[test]
fn a_statistic_that_finds_no_room_is_owed_until_the_instrument_is_asked_for() {
    let (mut writer, mut reader) = ring(RING_CELLS_MIN, 4);
    while writer.slots() > 0 {
        writer.state(&header(0));
    }
    assert!(!writer.statistic(&header(1), &STATISTIC));
    assert!(!writer.statistic(&header(1), &STATISTIC));
    assert_eq!(writer.dropped(), 2);
    while reader.pop().is_some() {}
    // A snapshot says nothing of it.
    assert!(writer.snapshot(&header(1), &[], &[]));
    assert!(writer.is_owing());
    assert_eq!(writer.next_dirty(), Some(1));
    assert_eq!(writer.next_dirty(), None);
    assert!(!writer.is_owing());
    assert!(writer.statistic(&header(1), &STATISTIC));
    assert!(matches!(reader.pop().unwrap().body, Body::Snapshot { .. }));
    assert_eq!(
        reader.pop().unwrap().body,
        Body::Statistic(STATISTIC),
        "and it counts as no loss"
    );
}

#[test]
fn an_instrument_beyond_the_stated_count_is_refused_and_counted() {
    let (mut writer, reader) = ring(RING_CELLS_MIN, 4);
    assert!(!writer.trade(&header(4), &TRADE));
    assert_eq!((writer.dropped(), reader.is_empty()), (1, true));
}

#[test]
fn a_sleeping_reader_is_woken() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let (mut writer, mut reader) = ring(1024, 1);
    let producer = std::thread::spawn(move || {
        for _ in 0..2_000 {
            while !writer.state(&header(0)) {
                std::thread::yield_now();
            }
        }
    });
    runtime.block_on(async {
        let mut count = 0;
        while count < 2_000 {
            reader.ready().await;
            while reader.pop().is_some() {
                count += 1;
            }
        }
    });
    producer.join().unwrap();
}

fn levels() -> impl Strategy<Value = Vec<Level>> {
    let level =
        (any::<i64>(), any::<u64>(), any::<u32>()).prop_map(|(price, size, orders)| Level {
            price,
            size,
            orders,
        });
    proptest::collection::vec(level, 0..=DEPTH_MAX)
}

proptest! {
    #[test]
    fn any_snapshot_survives_the_ring(bids in levels(), asks in levels(), state: u8, at: u64) {
        let (mut writer, mut reader) = ring(RING_CELLS_MIN, 1);
        let header = Header { state, since: RecvTime(at), ..header(0) };
        for pub_seq in 1..=5 {
            prop_assert!(writer.snapshot(&header, &bids, &asks));
            let record = reader.pop().unwrap();
            let body = Body::Snapshot { bids: &bids, asks: &asks };
            prop_assert_eq!(record, Record { header, pub_seq, body });
        }
    }
}

#[test]
fn signals_that_travel_together_come_out_one_by_one() {
    let (mut writer, mut reader) = ring(RING_CELLS_MIN, 4);
    let values: Vec<(u16, f64)> = (0..SIGNALS_MAX as u16 + 3)
        .map(|index| (index * 7, f64::from(index) / 4.0))
        .collect();
    for count in [1, 2, 5, 6, SIGNALS_MAX, values.len()] {
        let first = writer.accounts[1].sequence + 1;
        assert!(writer.signals(&header(1), &values[..count]));
        for (pub_seq, &(index, value)) in (first..).zip(&values[..count]) {
            assert!(!reader.is_empty());
            let body = Body::Signal { index, value };
            let header = header(1);
            let expected = Record {
                header,
                pub_seq,
                body,
            };
            assert_eq!(reader.pop(), Some(expected), "{count} values");
        }
        assert!(reader.is_empty());
    }
    assert_eq!(reader.pop(), None);
    assert_eq!(reader.malformed(), 0);
}

#[test]
fn values_that_find_no_room_are_counted_one_by_one() {
    let (mut writer, mut reader) = ring(RING_CELLS_MIN, 4);
    while writer.slots() > 1 {
        assert!(writer.state(&header(0)));
    }
    assert!(!writer.signals(&header(1), &[(0, 1.0), (1, 2.0), (2, 3.0)]));
    while reader.pop().is_some() {}
    assert!(writer.signal(&header(1), 0, 4.0));
    assert_eq!(reader.pop().unwrap().body, Body::Lost { count: 3 });
    assert_eq!(reader.pop().unwrap().pub_seq, 2);
}

#[test]
fn a_digest_counts_what_would_be_read() {
    let digested = |values: &[(u16, f64)]| {
        let (mut writer, mut reader) = ring(RING_CELLS_MIN, 4);
        assert!(writer.signals(&header(1), values));
        reader.pop_digest(0).unwrap()
    };
    let (three, other) = (
        digested(&[(0, 1.0), (1, 2.0), (2, 3.0)]),
        digested(&[(0, 1.0), (1, 2.0), (2, 3.5)]),
    );
    assert_eq!(three.records, 3);
    assert_ne!(three.digest, other.digest);
}
