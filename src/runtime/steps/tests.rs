//! What each step gives, and when, in both tiers.

use super::harness::check_tiers;

#[test]
fn the_seed_steps_give_the_same_in_both_tiers() {
    let input = [(1, 1_u64), (2, 2), (2, 3), (5, 4)];
    check_tiers(
        || super::map(|n: &u64| n * 10),
        &input,
        9,
        &[(1, 10), (2, 20), (2, 30), (5, 40)],
    );
    check_tiers(
        || super::filter(|n: &u64| n % 2 == 0),
        &input,
        9,
        &[(2, 2), (5, 4)],
    );
}
