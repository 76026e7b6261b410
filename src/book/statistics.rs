//! What the venue says of an instrument beside its book: mark price, funding rate, open interest, limits, liquidations.
//!
//! Of each kind the last one is kept, with its own times and a count of all that were heard, so that whoever sees only some
//! of them knows how many there were. They are the venue's words: a reset, a cleared book or a new session takes none back,
//! and their times say how old they are.
//!
//! Memory: one entry a kind heard, so it stops growing with the first of the last kind.

use feeds::model::{EventTime, Price, RecvTime, Side, StatisticKind, Tick};

/// The last statistic of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statistic {
    /// What it is.
    pub kind: StatisticKind,
    /// The side it is about; [`Side::None`] for most kinds.
    pub side: Side,
    /// Its price in 1e-9; undefined where it has none.
    pub price: Price,
    /// Its size in the instrument's units; see [`Statistic::size`].
    pub size: u64,
    /// An order, trade or level it names; 0 where it names none.
    pub id: u64,
    /// Venue's sequence of its message; 0 where the venue has none.
    pub sequence: u64,
    /// When it was made; undefined where the venue does not say.
    pub ts_event: EventTime,
    /// When it reached us.
    pub ts_recv: RecvTime,
    /// How many of the kind were heard since the start, this one included.
    pub count: u64,
}

impl Statistic {
    /// Its size, where it has one: above zero, or of a kind that is a size.
    pub const fn size(&self) -> Option<u64> {
        if self.size > 0 || self.kind.is_size() {
            Some(self.size)
        } else {
            None
        }
    }
}

/// The last statistic of each kind, of one instrument.
#[derive(Clone, Debug, Default)]
pub struct Statistics {
    /// By kind; with each whether it was heard in the event under way.
    entries: Vec<(Statistic, bool)>,
}

impl Statistics {
    /// None heard yet.
    pub const fn new() -> Statistics {
        Statistics {
            entries: Vec::new(),
        }
    }

    /// All of them, in the order of the kinds.
    pub fn all(&self) -> impl Iterator<Item = &Statistic> {
        self.entries.iter().map(|(statistic, _)| statistic)
    }

    /// Those heard in the last event, in the order of the kinds.
    pub fn fresh(&self) -> impl Iterator<Item = &Statistic> {
        let fresh = self.entries.iter().filter(|(_, is_fresh)| *is_fresh);
        fresh.map(|(statistic, _)| statistic)
    }

    /// The last one of a kind.
    pub fn get(&self, kind: StatisticKind) -> Option<&Statistic> {
        let index = self.find(kind).ok()?;
        self.entries.get(index).map(|(statistic, _)| statistic)
    }

    fn find(&self, kind: StatisticKind) -> Result<usize, usize> {
        self.entries
            .binary_search_by_key(&kind, |(statistic, _)| statistic.kind)
    }

    /// Takes a `Statistic` tick in. Returns whether its kind is known.
    pub fn hear(&mut self, tick: &Tick) -> bool {
        let Some(kind) = StatisticKind::from_detail(tick.detail) else {
            return false;
        };
        let mut statistic = Statistic {
            kind,
            side: tick.side,
            price: tick.price,
            size: tick.size.0,
            id: tick.order_id,
            sequence: tick.sequence,
            ts_event: tick.ts_event,
            ts_recv: tick.ts_recv,
            count: 1,
        };
        match self.find(kind) {
            Ok(index) => {
                let entry = &mut self.entries[index];
                statistic.count += entry.0.count;
                *entry = (statistic, true);
            }
            Err(index) => self.entries.insert(index, (statistic, true)),
        }
        true
    }

    /// The event in which some were heard is over.
    pub fn age(&mut self) {
        for (_, is_fresh) in &mut self.entries {
            *is_fresh = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use feeds::model::{Action, ChannelId, Size};

    fn tick(kind: u8, price: Price, size: u64, at: u64) -> Tick {
        Tick {
            detail: kind,
            price,
            size: Size(size),
            ts_recv: RecvTime(at),
            ..Tick::blank(ChannelId(0), Action::Statistic)
        }
    }

    #[track_caller]
    fn check(ticks: &[Tick], fresh_after: usize, all: &str, fresh: &str) {
        let mut statistics = Statistics::new();
        for (index, tick) in ticks.iter().enumerate() {
            if index == fresh_after {
                statistics.age();
            }
            let _ = statistics.hear(tick);
        }
        let text =
            |one: &Statistic| format!("{} {} x{}", one.kind.as_str(), one.ts_recv.0, one.count);
        let join = |list: Vec<String>| list.join(", ");
        assert_eq!(join(statistics.all().map(text).collect()), all);
        assert_eq!(join(statistics.fresh().map(text).collect()), fresh);
    }

    #[test]
    fn the_last_of_each_kind_is_kept_and_all_are_counted() {
        let mark = StatisticKind::MarkPrice as u8;
        let interest = StatisticKind::OpenInterest as u8;
        let ticks = [
            tick(mark, Price(5), 0, 1),
            tick(interest, Price::UNDEFINED, 7, 2),
            tick(mark, Price(6), 0, 3),
            tick(mark, Price(6), 0, 4),
        ];
        check(
            &ticks,
            2,
            "open_interest 2 x1, mark_price 4 x3",
            "mark_price 4 x3",
        );
        check(
            &ticks,
            0,
            "open_interest 2 x1, mark_price 4 x3",
            "open_interest 2 x1, mark_price 4 x3",
        );
        check(
            &ticks[..2],
            9,
            "open_interest 2 x1, mark_price 1 x1",
            "open_interest 2 x1, mark_price 1 x1",
        );
    }

    #[test]
    fn a_kind_nobody_knows_is_no_statistic() {
        let mut statistics = Statistics::new();
        for kind in 0..=u8::MAX {
            let is_known = StatisticKind::from_detail(kind).is_some();
            assert_eq!(statistics.hear(&tick(kind, Price(1), 1, 1)), is_known);
        }
        let mut kinds: Vec<_> = statistics.all().map(|one| one.kind).collect();
        let count = kinds.len();
        kinds.dedup();
        assert_eq!(kinds.len(), count);
        assert!(kinds.is_sorted());
    }

    #[test]
    fn a_size_of_zero_is_told_of_kinds_that_are_sizes_only() {
        let mut statistics = Statistics::new();
        for kind in [StatisticKind::OpenInterest, StatisticKind::MarkPrice] {
            assert!(statistics.hear(&tick(kind as u8, Price(1), 0, 1)));
        }
        let size = |kind| statistics.get(kind).and_then(Statistic::size);
        assert_eq!(size(StatisticKind::OpenInterest), Some(0));
        assert_eq!(size(StatisticKind::MarkPrice), None);
        assert_eq!(size(StatisticKind::Vwap), None);
    }
}
