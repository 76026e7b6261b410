//! Seeded randomness: one small generator whose stream never changes between versions.

use rand_core::{Rng, SeedableRng};
use rand_pcg::Pcg64Mcg;

/// A generator made from a seed. Two of the same seed give the same numbers on every machine.
#[derive(Clone, Debug)]
pub struct Random(Pcg64Mcg);

impl Random {
    /// A generator for `seed`; `stream` tells apart generators that must not be correlated (a line, a symbol).
    pub fn new(seed: u64, stream: u64) -> Random {
        Random(Pcg64Mcg::seed_from_u64(
            seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ stream.rotate_left(32),
        ))
    }

    /// Any 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number below `bound`; 0 when `bound` is 0. The bias is below 2^-32 for bounds below 2^32.
    pub fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.bits()) * u128::from(bound)) >> 64) as u64
    }

    /// True `per_million` times in a million.
    pub fn chance(&mut self, per_million: u32) -> bool {
        self.below(1_000_000) < u64::from(per_million)
    }

    /// Number of failures before the first success of probability 1/2^`shift`, at most `limit`.
    pub fn geometric(&mut self, shift: u32, limit: u64) -> u64 {
        let mut count = 0;
        while count < limit && self.bits() >> (64 - shift.clamp(1, 63)) != 0 {
            count += 1;
        }
        count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_seed_is_one_stream() {
        let draw = |seed, stream| {
            let mut random = Random::new(seed, stream);
            (0..8).map(|_| random.bits()).collect::<Vec<_>>()
        };
        assert_eq!(draw(7, 0), draw(7, 0));
        assert_ne!(draw(7, 0), draw(7, 1));
        assert_ne!(draw(7, 0), draw(8, 0));
    }

    #[test]
    fn bounds_and_chances_hold() {
        let mut random = Random::new(1, 0);
        assert!((0..10_000).all(|_| random.below(10) < 10));
        let hits = (0..100_000).filter(|_| random.chance(10_000)).count();
        assert!((800..1_200).contains(&hits), "{hits}");
        assert!((0..1_000).all(|_| random.geometric(1, 5) <= 5));
        assert_eq!(random.below(0), 0);
    }
}
