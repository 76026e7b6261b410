//! Values by key to streams made on demand.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::rc::Rc;

use super::super::channel::Sender;
use super::super::context::Context;
use super::super::executor::Executor;
use super::super::node::{AnyNode, ParentRef};
use super::super::steps::{Burst, Lost};
use super::super::stream::Stream;
use super::channels::{AtEnd, Handover, channel_handover};
use super::outlet::{BurstOutlet, combine_named};

struct Table<K, T> {
    outlets: HashMap<K, BurstOutlet<T>>,
    prune_at: usize,
    rest: Option<BurstOutlet<T>>,
    unrouted: Lost,
}

impl<K: Eq + Hash, T: 'static> Table<K, T> {
    fn deliver(&mut self, key: &K, mut value: T, ctx: &mut Context<'_>) {
        if let Some(outlet) = self.outlets.get(key) {
            match outlet.push(value, ctx) {
                Ok(()) => return,
                Err(back) => value = back,
            }
            self.outlets.remove(key);
        }
        let rest = self.rest.as_ref();
        if rest.is_none_or(|rest| rest.push(value, ctx).is_err()) {
            self.unrouted.add(1);
        }
    }
}

/// Sends values to the stream of their key.
///
/// Streams are made when asked for and held weakly: one that nobody holds leaves the graph, and is
/// made anew when asked for again. Values without a stream go to the rest ([`Router::rest`]) where
/// that is held, else they are counted. Values of one cycle travel as one burst, in the cycle in
/// which they came.
///
/// ```
/// use waveletd::runtime::{TestRuntime, nodes};
///
/// let mut runtime = TestRuntime::new();
/// let executor = runtime.executor();
/// let mut words = nodes::input(executor);
/// let router = nodes::Router::new(executor, words.stream(), |word: &&str| word.len());
/// let short = router.route(executor, 2);
/// words.set(executor, "hi");
/// let _ = runtime.run_one_cycle();
/// assert_eq!(&**short.latest().value().unwrap(), ["hi"]);
/// words.set(runtime.executor(), "hello");
/// let _ = runtime.run_one_cycle();
/// assert_eq!(router.unrouted().count(), 1);
/// ```
pub struct Router<K, T> {
    table: Rc<RefCell<Table<K, T>>>,
    feed: AnyNode,
}

impl<K: Eq + Hash + 'static, T: 'static> Router<K, T> {
    fn table() -> Rc<RefCell<Table<K, T>>> {
        Rc::new(RefCell::new(Table {
            outlets: HashMap::new(),
            prune_at: 16,
            rest: None,
            unrouted: Lost::new(),
        }))
    }

    /// Routes the values of a stream by `key(value)`.
    pub fn new(
        executor: &mut Executor,
        source: &Stream<T>,
        mut key: impl FnMut(&T) -> K + 'static,
    ) -> Self
    where
        T: Clone,
    {
        let table = Self::table();
        let (routed, input) = (Rc::clone(&table), source.clone());
        let feed = combine_named(executor, "router", &[source], &[], move |ctx| {
            let value = input.value()?;
            routed.borrow_mut().deliver(&key(&value), value, ctx);
            None::<()>
        });
        let feed = feed.to_any();
        Self { table, feed }
    }

    /// Routes the values of bursts by `key(value)`.
    pub fn bursts(
        executor: &mut Executor,
        source: &Stream<Burst<T>>,
        mut key: impl FnMut(&T) -> K + 'static,
    ) -> Self
    where
        T: Clone,
    {
        let table = Self::table();
        let (routed, input) = (Rc::clone(&table), source.clone());
        let feed = combine_named(executor, "router", &[source], &[], move |ctx| {
            let mut routed = routed.borrow_mut();
            for value in input.latest().value()? {
                routed.deliver(&key(value), value.clone(), ctx);
            }
            None::<()>
        });
        let feed = feed.to_any();
        Self { table, feed }
    }

    /// Routes values by `key(value)`, by move.
    pub fn taking(
        executor: &mut Executor,
        source: &Stream<Handover<T>>,
        mut key: impl FnMut(&T) -> K + 'static,
    ) -> Self {
        let table = Self::table();
        let (routed, input) = (Rc::clone(&table), source.clone());
        let mut taken = Vec::new();
        let feed = combine_named(executor, "router", &[source], &[], move |ctx| {
            input.latest().value()?.take_into(&mut taken);
            let mut routed = routed.borrow_mut();
            for value in taken.drain(..) {
                routed.deliver(&key(&value), value, ctx);
            }
            None::<()>
        });
        let feed = feed.to_any();
        Self { table, feed }
    }

    /// Routes messages of a channel by `key(message)`, by move; at most `per_cycle` a cycle.
    pub fn channel(
        executor: &mut Executor,
        capacity: usize,
        per_cycle: usize,
        at_end: AtEnd,
        key: impl FnMut(&T) -> K + 'static,
    ) -> (Self, Sender<T>) {
        // The router takes all, so nothing is left to be counted.
        let (source, sender) =
            channel_handover(executor, capacity, per_cycle, at_end, &Lost::new());
        (Self::taking(executor, &source, key), sender)
    }

    /// The stream of a key: the one there is, or a new one.
    pub fn route(&self, executor: &mut Executor, key: K) -> Stream<Burst<T>> {
        let mut table = self.table.borrow_mut();
        if let Some(stream) = table.outlets.get(&key).and_then(BurstOutlet::stream) {
            return stream;
        }
        if table.outlets.len() >= table.prune_at {
            // At twice the living: keys that come and go cost a constant each.
            table.outlets.retain(|_, outlet| outlet.stream().is_some());
            table.prune_at = (table.outlets.len() * 2).max(16);
        }
        let (stream, outlet) = BurstOutlet::new(executor, "route", &[&self.feed]);
        table.outlets.insert(key, outlet);
        stream
    }

    /// The stream of values whose key has no stream.
    pub fn rest(&self, executor: &mut Executor) -> Stream<Burst<T>> {
        let mut table = self.table.borrow_mut();
        if let Some(stream) = table.rest.as_ref().and_then(BurstOutlet::stream) {
            return stream;
        }
        let (stream, outlet) = BurstOutlet::new(executor, "route of the rest", &[&self.feed]);
        table.rest = Some(outlet);
        stream
    }

    /// The count of values that went nowhere.
    #[must_use]
    pub fn unrouted(&self) -> Lost {
        self.table.borrow().unrouted.clone()
    }

    /// Keys remembered, those of streams since gone included; at most twice the living, or 16.
    #[must_use]
    pub fn key_count(&self) -> usize {
        self.table.borrow().outlets.len()
    }
}

impl<K, T> fmt::Debug for Router<K, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Router")
            .field("feed", &self.feed)
            .finish_non_exhaustive()
    }
}

impl<T: Clone + 'static> Stream<T> {
    /// A [`Router`] of this stream: a stream for each key on demand.
    pub fn demux<K: Eq + Hash + 'static>(
        &self,
        executor: &mut Executor,
        key: impl FnMut(&T) -> K + 'static,
    ) -> Router<K, T> {
        Router::new(executor, self, key)
    }

    /// The values of `count` places, one stream a place, by `place(value)` from 0; values of other
    /// places are counted in `lost`.
    pub fn demux_n(
        &self,
        executor: &mut Executor,
        count: usize,
        mut place: impl FnMut(&T) -> usize + 'static,
        lost: &Lost,
    ) -> Vec<Stream<T>> {
        let lost = lost.clone();
        let placed = self.map_filter(executor, move |value| {
            let place = place(value);
            if place >= count {
                lost.add(1);
            }
            (place < count).then(|| (place, value.clone()))
        });
        (0..count)
            .map(|wanted| {
                placed.map_filter(executor, move |(place, value)| {
                    (*place == wanted).then(|| value.clone())
                })
            })
            .collect()
    }
}
