//! Which channels have work, at a cost in proportion to those that have.
//!
//! Few channels are simply looked at, one after the other: the consumer's look and the sender's
//! write then meet on the ring alone, which no other scheme beats. From [`PLACES_DIRECT`] places
//! on, each channel has a bit: a sender raises it unless it is up, and a cycle reads the words of
//! the bits (64 channels a word, 512 a cache line) and looks only at channels whose bit is up.
//!
//! ```text
//! sender                                consumer
//! 1 write item to the ring              a look at the ring: empty
//! 2 fence(SeqCst)                       b bit = 0
//! 3 if bit is 0: bit = 1                c fence(SeqCst)
//!                                       d look at the ring again; if not empty: bit = 1
//! ```
//!
//! *No item is overlooked.* A bit goes down only at b. If 2 comes before c, then d sees the item.
//! If c comes before 2, then 3 sees the zero of b, or a one that was put there later, and either
//! way the bit is up. While a channel is busy its bit stays up and neither side writes to it.
//!
//! *Order and fairness.* Channels are told of in the order of their places, all that are ready in
//! every cycle, without a limit. A new channel takes the lowest place that is free: the order in
//! which they were built, as long as none was removed.

use std::collections::BTreeSet;
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

use super::sync::{AtomicU64, Ordering, fence};
use super::wake::Wake;
use crate::runtime::node::NodeId;

/// So many places are looked at one by one; more have bits.
pub(super) const PLACES_DIRECT: usize = 4;
/// Bits go out of use when no more places than this are left: not at once, so that one channel
/// that comes and goes does not switch to and fro.
const PLACES_DIRECT_AGAIN: usize = PLACES_DIRECT / 2;
const WORD_BITS: usize = u64::BITS as usize;
const LINE_WORDS: usize = 8;

/// One cache line of bits.
#[repr(align(64))]
#[derive(Default)]
struct Line([AtomicU64; LINE_WORDS]);

/// The bit of one channel, as its senders hold it.
#[derive(Clone)]
pub(in crate::runtime) struct Mark {
    line: Arc<Line>,
    word: usize,
    bit: u64,
}

impl Mark {
    /// Sender: raises the bit; the item was written, and a fence came in between.
    ///
    /// The mark of a channel that was removed may raise the bit of the one that took its place,
    /// which costs that one a look.
    #[inline]
    pub(super) fn raise(&self) {
        let word = &self.line.0[self.word];
        if word.load(Ordering::Relaxed) & self.bit == 0 {
            word.fetch_or(self.bit, Ordering::Release);
        }
    }
}

impl fmt::Debug for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mark")
            .field("word", &self.word)
            .field("bit", &self.bit.trailing_zeros())
            .finish_non_exhaustive()
    }
}

/// Something outside the graph that schedules a node: looked at once a cycle, never changed.
pub(in crate::runtime) trait HasWork {
    fn has_work(&self) -> bool;
}

struct Watched {
    node: NodeId,
    source: Rc<dyn HasWork>,
}

/// The channels and notifiers of one executor.
#[derive(Default)]
pub(in crate::runtime) struct Ready {
    places: Vec<Option<Watched>>,
    /// Free places below the end of `places`.
    free: BTreeSet<usize>,
    /// Place of each node by its index; [`usize::MAX`] for none.
    place_of: Vec<usize>,
    /// As many as there ever were places for; held by marks too.
    lines: Vec<Arc<Line>>,
    has_marks: bool,
}

impl Ready {
    /// Watches `source` for `node`; the mark is for the senders.
    pub(in crate::runtime) fn add(
        &mut self,
        wake: &Wake,
        node: NodeId,
        source: Rc<dyn HasWork>,
    ) -> Mark {
        let place = self.free.pop_first().unwrap_or_else(|| {
            self.places.push(None);
            self.places.len() - 1
        });
        self.places[place] = Some(Watched { node, source });
        if self.place_of.len() <= node.index() {
            self.place_of.resize(node.index() + 1, usize::MAX);
        }
        self.place_of[node.index()] = place;
        let line = place / (WORD_BITS * LINE_WORDS);
        if self.lines.len() <= line {
            self.lines.push(Arc::default());
        }
        let mark = self.mark(place);
        if self.has_marks {
            mark.raise();
        } else if self.places.len() > PLACES_DIRECT {
            self.has_marks = true;
            wake.ask_for_marks(true);
            // Who has not seen the call wrote before it: every channel is looked at once.
            for place in 0..self.places.len() {
                self.mark(place).raise();
            }
        }
        mark
    }

    fn mark(&self, place: usize) -> Mark {
        let word = place / WORD_BITS;
        Mark {
            line: Arc::clone(&self.lines[word / LINE_WORDS]),
            word: word % LINE_WORDS,
            bit: 1 << (place % WORD_BITS),
        }
    }

    /// Forgets the channel of a node, if it has one.
    pub(in crate::runtime) fn remove(&mut self, wake: &Wake, node: NodeId) {
        let Some(place) = self.place_of.get_mut(node.index()) else {
            return;
        };
        let place = std::mem::replace(place, usize::MAX);
        let Some(watched) = self.places.get_mut(place) else {
            return;
        };
        *watched = None;
        self.free.insert(place);
        while self.places.last().is_some_and(Option::is_none) {
            self.places.pop();
            self.free.remove(&self.places.len());
        }
        if self.has_marks && self.places.len() <= PLACES_DIRECT_AGAIN {
            self.has_marks = false;
            wake.ask_for_marks(false);
        }
    }

    /// Whether nothing is watched.
    #[inline]
    pub(in crate::runtime) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Calls `found` for the node of each channel that has work, in the order of the places.
    #[inline]
    pub(in crate::runtime) fn drain(&mut self, mut found: impl FnMut(NodeId)) {
        if self.has_marks {
            return self.drain_marks(found);
        }
        for watched in self.places.iter().flatten() {
            if watched.source.has_work() {
                found(watched.node);
            }
        }
    }

    fn drain_marks(&self, mut found: impl FnMut(NodeId)) {
        for (index, word) in self.words().enumerate() {
            // What a sender wrote before it raised the bit is visible to the look.
            let mut bits = word.load(Ordering::Acquire);
            while bits != 0 {
                let at = bits.trailing_zeros() as usize;
                let bit = 1 << at;
                bits &= !bit;
                let watched = self.places.get(index * WORD_BITS + at);
                let Some(Some(watched)) = watched else {
                    // The bit of a channel that was removed.
                    word.fetch_and(!bit, Ordering::Relaxed);
                    continue;
                };
                if watched.source.has_work() || lower(word, bit, watched) {
                    found(watched.node);
                }
            }
        }
    }

    /// Whether any channel of a node that `counts` has work.
    #[inline]
    pub(in crate::runtime) fn any(&self, counts: impl Fn(NodeId) -> bool) -> bool {
        if !self.has_marks {
            let mut watched = self.places.iter().flatten();
            return watched.any(|watched| watched.source.has_work() && counts(watched.node));
        }
        self.words().enumerate().any(|(index, word)| {
            let mut bits = word.load(Ordering::Acquire);
            while bits != 0 {
                let place = index * WORD_BITS + bits.trailing_zeros() as usize;
                if let Some(Some(watched)) = self.places.get(place)
                    && watched.source.has_work()
                    && counts(watched.node)
                {
                    return true;
                }
                bits &= bits - 1;
            }
            false
        })
    }

    /// The words in use.
    fn words(&self) -> impl Iterator<Item = &AtomicU64> {
        self.lines
            .iter()
            .flat_map(|line| &line.0)
            .take(self.places.len().div_ceil(WORD_BITS))
    }
}

/// Takes the bit of an empty channel down and looks again; returns whether there was work now.
fn lower(word: &AtomicU64, bit: u64, watched: &Watched) -> bool {
    word.fetch_and(!bit, Ordering::AcqRel);
    fence(Ordering::SeqCst);
    let has_work = watched.source.has_work();
    if has_work {
        word.fetch_or(bit, Ordering::Relaxed);
    }
    has_work
}
