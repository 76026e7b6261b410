//! Packets that the operator's other markets sent, in the layouts all of them share, against the
//! values another decoder shows.

use super::super::DESCRIPTOR;
use crate::session::pitch::tests::check_shown;

#[track_caller]
fn check(hex: &str, lines: &[&str]) {
    check_shown(&DESCRIPTOR, hex, lines);
}

#[test]
fn a_long_order_behind_its_second_is_what_another_decoder_shows() {
    check(
        "3000020125000000\
         06203e2a0100\
         2221c0cc2b15141074e9ea9e680342e80300004120202020201d0000000000000001",
        &[
            "1 #37 time time 76350",
            "1 #38 add_order_long time_offset 355192000 order_id 245620911467925524 \
             side_indicator B quantity 1000 symbol A price 0.0029 add_order_flags { display true }",
        ],
    );
}

#[test]
fn an_order_deleted_and_an_order_executed_are_what_another_decoder_shows() {
    check(
        "160001210a199900\
         0e29d0f7ca2bdc8b7ed12ed5983c",
        &["33 #10033418 delete_order time_offset 734722000 order_id 4366474235795639260"],
    );
    check(
        "23000121ec349800\
         1b23803ab21acbb6add02ed5983c01000000dcce14e85a02000066",
        &[
            "33 #9975020 order_executed time_offset 447888000 order_id 4366474235781953227 \
             executed_quantity 1 execution_id 2589463989980 trade_condition f",
        ],
    );
}

#[test]
fn a_short_order_and_its_modification_are_what_another_decoder_shows() {
    // This market sends neither flags nor two decimals of price in the same places: what is before
    // them is the same.
    check(
        "1a000101f5550000\
         1228e8c1ec04532f7b077e561f0223006d06",
        &[
            "1 #22005 modify_order_short time_offset 82625000 order_id 152936011645267795 \
             quantity_short 35 price_short 16.45",
        ],
    );
}

#[test]
fn a_heartbeat_shows_nothing() {
    check("0800000101000000", &[]);
}
