//! Implied books and those of both: one sentence a rule.

use super::{AT, Run, SECURITY, action};
use crate::cme_mdp3::settings::Settings;
use crate::contract::{FeedSettings, SettingKey, Value};
use crate::model::{ChannelId, Symbol};

const YES: Value = Value::Bool(true);

fn run() -> Run {
    Run::with(3, &[("implied", YES)])
}

#[test]
fn each_instrument_has_three_books_with_ids_and_names_of_their_own() {
    let run = run();
    let seen = run.seen.0.lock().unwrap();
    let names: Vec<(u32, Symbol)> = seen
        .1
        .iter()
        .map(|it| (it.instrument.0, it.symbol))
        .collect();
    let name = Symbol::from;
    let wanted = [
        (0, name("ESM8")),
        (1, name("ESM8:implied")),
        (2, name("ESM8:consolidated")),
    ];
    assert_eq!(names, wanted);
}

#[test]
fn the_book_of_both_adds_up_what_rests_at_a_price() {
    let mut run = run();
    let direct = run.update(action::NEW_FIELD, 1, b'0', 100, 7);
    run.check(
        &[direct],
        &[
            "Level order 2 side Bid price 1 size 7",
            "Level instrument 2 order 2 side Bid price 1 size 7 .",
        ],
    );
    let implied = run.update(action::NEW_FIELD, 1, b'E', 100, 4);
    let implied = super::LevelUpdate {
        orders: None,
        ..implied
    };
    run.check(
        &[implied],
        &[
            "Level instrument 1 side Bid price 1 size 4",
            "Level instrument 2 order 2 side Bid price 1 size 11 .",
        ],
    );
    let gone = run.update(action::DELETE_FIELD, 1, b'0', 100, 7);
    run.check(
        &[gone],
        &[
            "Level side Bid price 1",
            "Level instrument 2 side Bid price 1 size 4 .",
        ],
    );
    let gone = run.update(action::DELETE_FIELD, 1, b'E', 100, 4);
    run.check(
        &[gone],
        &[
            "Level instrument 1 side Bid price 1",
            "Level instrument 2 side Bid price 1 .",
        ],
    );
}

#[test]
fn an_implied_book_is_two_levels_deep_and_what_does_not_fit_it_says_so() {
    let mut run = run();
    for cents in [100, 101] {
        let level = run.update(action::NEW_FIELD, 1, b'F', 200 - cents, 1);
        run.venue.book(&[level], AT, true);
    }
    run.send();
    run.ticks();
    let third = run.update(action::NEW_FIELD, 1, b'F', 98, 1);
    run.check(
        &[third],
        &[
            "Level instrument 1 order 2 side Ask price 0.98 size 1",
            "Level instrument 2 order 2 side Ask price 0.98 size 1",
            "Level instrument 1 side Ask price 1",
            "Level instrument 2 side Ask price 1 .",
        ],
    );
    let misfit = run.update(action::CHANGE, 1, b'F', 97, 1);
    run.check(
        &[misfit],
        &[
            "Level instrument 1 side Ask price 0.98 !",
            "Level instrument 2 side Ask price 0.98 !",
            "Level instrument 1 order 2 side Ask price 0.97 size 1 !",
            "Level instrument 2 order 2 side Ask price 0.97 size 1 ! .",
        ],
    );
}

#[test]
fn a_reset_and_a_status_are_of_all_three_books() {
    let mut run = run();
    let reset = run.update(action::NEW_FIELD, 0, b'J', 0, 0);
    run.check(
        &[reset],
        &["Clear", "Clear instrument 1", "Clear instrument 2 ."],
    );
    let halt = 2;
    run.venue.status((Some(SECURITY), ""), halt, AT);
    run.send();
    let one = run.ticks();
    run.venue.status((None, "SM"), halt, AT);
    run.send();
    for ticks in [one, run.ticks()] {
        let books: Vec<u32> = ticks.iter().map(|tick| tick.instrument.0).collect();
        assert_eq!(books, [0, 1, 2]);
    }
}

#[test]
fn implied_books_and_books_by_order_exclude_each_other() {
    let settings = FeedSettings {
        own: ["implied", SettingKey::BY_ORDER.key]
            .map(|key| (key.to_owned(), YES))
            .to_vec(),
        ..FeedSettings::single_line(ChannelId(0))
    };
    let faults = Settings::of(&settings).unwrap_err();
    assert_eq!(faults.len(), 1);
    assert_eq!(faults[0].key, "implied");
}
