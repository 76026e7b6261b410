//! Feeds over several connections, with no socket: instruments dealt out to shards, a connection replaced before its age.
#![allow(clippy::unwrap_used)]

mod world;

use feeds::contract::{Descriptor, FeedSettings, Value};
use feeds::model::{ChannelId, Price, Side};
use feeds::simulator::MarketEvent;
use world::{CENT, SECOND, World, stitched};

#[test]
fn instruments_beyond_what_a_connection_carries_get_another_one() {
    for descriptor in stitched() {
        let settings = FeedSettings {
            instruments_per_connection: Some(2),
            ..FeedSettings::single_line(ChannelId(0))
        };
        let mut world = World::new(descriptor, 5, settings);
        world.run(20, SECOND / 10, 3);
        assert_eq!(world.opened, [0, 2, 4], "{}", descriptor.name);
        world.check_books(descriptor.name);
        let resets = world.books.lock().unwrap().resets;
        // The loss of one shard is nothing to the others.
        world.close(2);
        world.run(15, SECOND / 10, 3);
        world.check_books(descriptor.name);
        let given_up = world.books.lock().unwrap().resets - resets;
        assert_eq!(given_up, 2, "{}", descriptor.name);
    }
}

#[test]
fn what_is_listed_later_gets_connections_and_what_is_delisted_frees_them() {
    let is_listed_by_rest = |descriptor: &&Descriptor| {
        let keys = descriptor.settings.iter();
        descriptor.name != "kraken_ws_v2" && keys.clone().any(|key| key.key == "kind")
    };
    let rooms: Vec<&Descriptor> = stitched().filter(is_listed_by_rest).collect();
    assert!(rooms.len() >= 9, "{} rooms", rooms.len());
    for descriptor in rooms {
        let name = descriptor.name;
        let settings = FeedSettings {
            instruments: vec!["SIM*".to_owned()],
            instruments_per_connection: Some(2),
            own: vec![("instruments_refresh_s".to_owned(), Value::Integer(30))],
            ..FeedSettings::single_line(ChannelId(0))
        };
        let mut world = World::new(descriptor, 5, settings);
        world.listed = 3;
        world.run(20, SECOND / 10, 3);
        assert_eq!(world.opened, [0, 2], "{name}");
        world.check_books(name);

        world.listed = 5;
        world.run(50, SECOND / 10, 3);
        assert_eq!(world.opened, [0, 2, 4], "{name}");
        world.check_books(name);
        assert_eq!(world.feed.counters().instruments_listed, 2, "{name}");

        // One of each of two shards, and one that was the only one of its shard.
        world.listed = 1;
        world.run(50, SECOND / 10, 3);
        assert_eq!(world.closed, [2, 4], "{name}");
        world.check_books(name);
        assert_eq!(world.feed.counters().instruments_delisted, 4, "{name}");

        world.listed = 4;
        world.run(50, SECOND / 10, 3);
        assert_eq!(world.opened, [0, 2, 4, 2], "{name}");
        world.check_books(name);
    }
}

#[test]
fn patterns_choose_no_more_than_all_connections_carry() {
    let descriptor = feeds::descriptor("binance_spot").unwrap();
    let settings = FeedSettings {
        instruments: vec!["SIM*".to_owned()],
        instruments_per_connection: Some(1),
        ..FeedSettings::single_line(ChannelId(0))
    };
    // There are never more than 32 shards.
    let mut world = World::new(descriptor, 40, settings);
    world.run(5, SECOND / 10, 1);
    assert_eq!(world.opened.len(), 32);
    assert_eq!(world.feed.counters().instruments_left_out, 8);
}

#[test]
fn a_connection_is_replaced_before_the_venue_ends_it_and_no_book_is_given_up() {
    let mut replaced = 0;
    for descriptor in stitched() {
        for connections in [1, 2] {
            let settings = FeedSettings {
                line_count: connections,
                ..FeedSettings::single_line(ChannelId(0))
            };
            let name = descriptor.name;
            let mut world = World::new(descriptor, 2, settings);
            world.run(30, SECOND / 10, 2);
            let resets = world.books.lock().unwrap().resets;
            // More than a day of a market in which something happens every five seconds.
            world.run(26 * 3_600, 5 * SECOND, 2);
            world.run(30, SECOND / 10, 2);
            world.check_books(name);
            assert_eq!(world.books.lock().unwrap().resets, resets, "{name}");
            let first = usize::from(connections);
            if world.opened.len() > first {
                replaced += 1;
                let (opened, closed) = (&world.opened[first..], &world.closed);
                let expected: (&[u8], &[u8]) = if connections == 1 {
                    (&[1], &[0])
                } else {
                    (&[0, 1], &[0, 1])
                };
                assert_eq!((opened, closed.as_slice()), expected, "{name}");
            }
        }
    }
    assert!(replaced >= 2 * 4, "{replaced} were replaced");
}

/// Feeds whose books can be compared with fresh snapshots.
fn audited() -> impl Iterator<Item = &'static Descriptor> {
    stitched().filter(|descriptor| descriptor.settings.iter().any(|key| key.key == "audit_s"))
}

fn audit_settings() -> FeedSettings {
    FeedSettings {
        own: vec![("audit_s".to_owned(), Value::Integer(10))],
        ..FeedSettings::single_line(ChannelId(0))
    }
}

#[test]
fn a_book_that_moves_is_the_same_as_a_fresh_snapshot() {
    for descriptor in audited() {
        let mut world = World::new(descriptor, 3, audit_settings());
        world.run(600, SECOND / 4, 1);
        let counters = world.feed.counters();
        let (passed, failed) = (counters.audits_passed, counters.audits_failed);
        assert!(passed > 20, "{}: {passed}", descriptor.name);
        assert_eq!(failed, 0, "{}", descriptor.name);
    }
}

#[test]
fn a_loss_that_no_number_shows_is_found_by_comparison_and_healed() {
    // Its numbers only rise.
    let descriptor = feeds::descriptor("bitstamp_ws").unwrap();
    let mut world = World::new(descriptor, 3, audit_settings());
    world.run(20, SECOND / 10, 3);
    world.lost_every = 3;
    world.run(20, SECOND, 1);
    world.lost_every = 0;
    world.run(600, 5 * SECOND, 0);
    assert!(world.feed.counters().audits_failed > 0);
    world.check_books(descriptor.name);
}

#[test]
fn a_connection_that_leaves_a_book_out_holds_nobody_up() {
    let settings = FeedSettings {
        line_count: 2,
        ..FeedSettings::single_line(ChannelId(0))
    };
    let descriptor = feeds::descriptor("gateio_ws").unwrap();
    let mut world = World::new(descriptor, 2, settings);
    // The venue never hears of it, and after some tries the feed lets it be.
    world.unheard = Some((0, "\"SIM0\",\"100ms\""));
    world.run(90, SECOND / 20, 1);
    world.check_books("gateio_ws");
    world.close(1);
    world.run(30, SECOND / 20, 1);
    world.check_books("gateio_ws");
}

#[test]
fn positions_closed_by_force_are_told_once_though_two_connections_say_so() {
    for name in [
        "binance_usdm",
        "binance_coinm",
        "bitmex_ws",
        "bybit_ws_v5",
        "deribit_ws",
        "kraken_futures",
    ] {
        let descriptor = feeds::descriptor(name).unwrap();
        let settings = FeedSettings {
            line_count: 2,
            ..FeedSettings::single_line(ChannelId(0))
        };
        let mut world = World::new(descriptor, 2, settings);
        world.run(20, SECOND / 10, 3);
        let (order, price) = (1_000_000, Price(990 * CENT));
        world.apply(&MarketEvent::Add {
            symbol: 0,
            order,
            side: Side::Bid,
            price,
            size: 1_000,
        });
        // Of these trades the sixteenth and the thirty-second are forced.
        for trade in 1..=40 {
            world.apply(&MarketEvent::Execute {
                symbol: 0,
                order,
                size: 20,
                trade,
            });
            world.turn();
        }
        let books = world.books.lock().unwrap();
        let told = &books.liquidations;
        assert_eq!(told.len(), 2, "{name}");
        let unit = 10u64.pow(u32::from(books.decimals[told[0].instrument.index()]) - 4);
        for tick in told {
            let found = (tick.side, tick.price, tick.size.0);
            assert_eq!(found, (Side::Ask, price, 20 * unit), "{name}");
        }
    }
}
