//! A line that loses, doubles and reorders, from a seed.

use super::random::Random;
use std::collections::VecDeque;

/// How bad a line is. Chances are per million datagrams.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct ImpairmentSettings {
    /// Two lines of one seed and different `stream` fail independently.
    pub seed: u64,
    /// Which line.
    pub stream: u64,
    /// Datagrams lost.
    pub loss_per_million: u32,
    /// Datagrams sent twice.
    pub duplicate_per_million: u32,
    /// Datagrams sent late: behind up to `reorder_span` later ones.
    pub reorder_per_million: u32,
    /// How far a late datagram falls behind, in datagrams.
    pub reorder_span: u32,
    /// Nothing is delivered at all.
    pub dead: bool,
}

/// The line. Datagrams go in, what the receiver gets comes out.
#[derive(Debug)]
pub struct Impairment {
    settings: ImpairmentSettings,
    random: Random,
    late: VecDeque<(u32, Vec<u8>)>,
    /// Datagrams that went in.
    pub offered: u64,
    /// Datagrams lost.
    pub lost: u64,
}

/// Most datagrams kept back at once; beyond it the oldest is sent.
const LATE_MAX: usize = 64;

impl Impairment {
    /// A line at its beginning.
    pub fn new(settings: ImpairmentSettings) -> Impairment {
        let random = Random::new(settings.seed, settings.stream.wrapping_add(0x11e5));
        Impairment {
            settings,
            random,
            late: VecDeque::new(),
            offered: 0,
            lost: 0,
        }
    }

    /// Turns the line off or on.
    pub fn set_dead(&mut self, dead: bool) {
        self.settings.dead = dead;
    }

    /// Sends `datagram` through the line; `deliver` gets what arrives, in order of arrival.
    pub fn send(&mut self, datagram: &[u8], mut deliver: impl FnMut(&[u8])) {
        self.offered += 1;
        for (countdown, _) in &mut self.late {
            *countdown = countdown.saturating_sub(1);
        }
        // The draws are made whether or not they matter, so that a dead line does not shift the stream.
        let lost = self.random.chance(self.settings.loss_per_million) || self.settings.dead;
        let doubled = self.random.chance(self.settings.duplicate_per_million);
        let late = self.random.chance(self.settings.reorder_per_million);
        let behind = 1 + self
            .random
            .below(u64::from(self.settings.reorder_span.max(1))) as u32;
        if lost {
            self.lost += 1;
        } else if late && self.late.len() < LATE_MAX {
            self.late.push_back((behind, datagram.to_vec()));
        } else {
            deliver(datagram);
        }
        if doubled && !lost {
            deliver(datagram);
        }
        while let Some(index) = self.late.iter().position(|(countdown, _)| *countdown == 0) {
            if let Some((_, datagram)) = self.late.remove(index) {
                deliver(&datagram);
            }
        }
    }

    /// Delivers what was kept back (end of a run).
    pub fn drain(&mut self, mut deliver: impl FnMut(&[u8])) {
        for (_, datagram) in self.late.drain(..) {
            deliver(&datagram);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn delivered(settings: ImpairmentSettings) -> Vec<u32> {
        let (mut line, mut out) = (Impairment::new(settings), Vec::new());
        let number = |bytes: &[u8]| u32::from_le_bytes(bytes.try_into().expect("four bytes"));
        for index in 0..10_000u32 {
            line.send(&index.to_le_bytes(), |bytes| out.push(number(bytes)));
        }
        line.drain(|bytes| out.push(number(bytes)));
        out
    }

    #[test]
    fn a_clean_line_changes_nothing() {
        assert_eq!(
            delivered(ImpairmentSettings::default()),
            (0..10_000).collect::<Vec<_>>()
        );
    }

    #[test]
    fn loss_and_duplicates_come_at_their_rates() {
        let lossy = ImpairmentSettings {
            loss_per_million: 10_000,
            ..Default::default()
        };
        let doubling = ImpairmentSettings {
            duplicate_per_million: 10_000,
            ..Default::default()
        };
        assert!((9_850..9_950).contains(&delivered(lossy).len()));
        assert!((10_050..10_150).contains(&delivered(doubling).len()));
    }

    #[test]
    fn reordering_loses_nothing_and_is_bounded() {
        let settings = ImpairmentSettings {
            reorder_per_million: 20_000,
            reorder_span: 5,
            ..Default::default()
        };
        let mut out = delivered(settings);
        assert!(
            out.iter()
                .enumerate()
                .all(|(index, &n)| (index as i64 - i64::from(n)).abs() <= 64)
        );
        assert!(!out.is_sorted());
        out.sort_unstable();
        assert_eq!(out, (0..10_000).collect::<Vec<_>>());
    }

    #[test]
    fn a_dead_line_delivers_nothing() {
        assert!(
            delivered(ImpairmentSettings {
                dead: true,
                ..Default::default()
            })
            .is_empty()
        );
    }
}
