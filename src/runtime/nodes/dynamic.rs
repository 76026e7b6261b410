//! Nodes that build and remove nodes while the graph runs.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::rc::{Rc, Weak};

use super::super::builder::NodeBuilder;
use super::super::executor::Executor;
use super::super::node::{AnyNode, Control, Node, NodeRef, ParentRef};
use super::super::steps::{Burst, Lost};
use super::super::stream::Stream;
use super::outlet::{BurstOutlet, Outlet, combine_named};

/// Most nodes that stand idle below the collector of a group.
const DEPTH_MAX: u32 = 64;

/// What is there once the node that needs it is built.
type Late<T> = Rc<RefCell<Option<T>>>;

/// Removes `target`, with all that it triggers, after a cycle in which `trigger` broadcasts; as
/// long as the returned node is held.
#[must_use = "the node leaves the graph when nobody holds it"]
pub fn sweep_on(
    executor: &mut Executor,
    trigger: &impl ParentRef,
    target: &impl NodeRef,
) -> Node<()> {
    let target = target.node_id();
    NodeBuilder::new(())
        .named("sweep_on")
        .triggered_by(trigger)
        .build(executor, move |(), ctx| {
            ctx.sweep(&target);
            Control::Unchanged
        })
}

/// Ends the run when `trigger` broadcasts, as long as the returned node is held.
#[must_use = "the node leaves the graph when nobody holds it"]
pub fn terminate_on(executor: &mut Executor, trigger: &impl ParentRef) -> Node<()> {
    NodeBuilder::new(())
        .named("terminate_on")
        .triggered_by(trigger)
        .build(executor, |(), _| Control::Terminate)
}

impl<T: Clone + 'static> Stream<T> {
    /// The values of a subgraph that is built anew by `build` for each value of this stream.
    ///
    /// The subgraph before is let go first, with values of it not yet given. The new one runs from
    /// the next cycle on; a value its stream has already is given in it. Values of a subgraph that
    /// stands higher than the result come a cycle later, at the same instant where time stands
    /// still.
    pub fn bind<O: Clone + 'static>(
        &self,
        executor: &mut Executor,
        build: impl FnMut(&mut Executor, &T) -> Stream<O> + 'static,
    ) -> Stream<O> {
        let slot: Late<Stream<()>> = Rc::default();
        let result: Late<Outlet<O>> = Rc::default();
        let build = Rc::new(RefCell::new(build));
        let (input, held, out) = (self.clone(), Rc::downgrade(&slot), Rc::clone(&result));
        let binder = combine_named(executor, "bind", &[self], &[], move |ctx| {
            let value = input.value()?;
            let outlet = out.borrow().clone()?;
            let (held, build) = (Weak::clone(&held), Rc::clone(&build));
            ctx.spawn_subgraph(move |executor| {
                let Some(slot) = held.upgrade() else {
                    return;
                };
                slot.borrow_mut().take();
                outlet.clear();
                let bound = (build.borrow_mut())(executor, &value);
                let read = bound.clone();
                let tail = combine_named(executor, "bind tail", &[&bound], &[], move |ctx| {
                    outlet.put(read.value()?, ctx);
                    None::<()>
                });
                if bound.is_valid() {
                    executor.schedule(&tail);
                }
                *slot.borrow_mut() = Some(tail);
            });
            None::<()>
        });
        let (stream, outlet) = Outlet::new(executor, "bound", &[&binder], slot);
        *result.borrow_mut() = Some(outlet);
        stream
    }
}

impl<T: Clone + 'static> Stream<Stream<T>> {
    /// The values of the latest stream; as [`Stream::bind`].
    pub fn flatten(&self, executor: &mut Executor) -> Stream<T> {
        self.bind(executor, |_, stream| stream.clone())
    }
}

/// How large a [`Group`] may become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupLimits {
    /// Members at one time; values of keys beyond are refused and counted.
    pub members_max: usize,
    /// How many nodes deep, at most 64, a member may be to have its values collected in the cycle
    /// in which they come; those of deeper members come a cycle later, at the same instant where
    /// time stands still.
    pub depth: u32,
}

struct Member<T> {
    outlet: BurstOutlet<T>,
    /// Held for the member: its input, and the node that collects its values.
    _held: (Stream<Burst<T>>, Stream<()>),
}

struct Members<K, T> {
    built: HashMap<K, Member<T>>,
    /// Values of members that are built after the cycle.
    waiting: HashMap<K, Vec<T>>,
    feed: Option<AnyNode>,
}

/// A subgraph for each key, built when its first value comes.
///
/// Made by [`dynamic_group`]. The members live as long as the group is held.
pub struct Group<K, T, O> {
    members: Rc<RefCell<Members<K, T>>>,
    stream: Stream<Burst<(K, O)>>,
    refused: Lost,
}

/// Sends each value of `source` to the subgraph of its key, built by `build(executor, key, input)`
/// when the first value of a key comes; collects what the subgraphs give.
///
/// A new subgraph gets its first values in the next cycle, the others in the cycle in which they
/// come. [`Group::remove`] and [`Group::remove_on`] take members out.
pub fn dynamic_group<K, T, O>(
    executor: &mut Executor,
    source: &Stream<Burst<T>>,
    limits: GroupLimits,
    mut key: impl FnMut(&T) -> K + 'static,
    build: impl FnMut(&mut Executor, &K, &Stream<Burst<T>>) -> Stream<O> + 'static,
) -> Group<K, T, O>
where
    K: Eq + Hash + Clone + 'static,
    T: Clone + 'static,
    O: Clone + 'static,
{
    let members = Rc::new(RefCell::new(Members {
        built: HashMap::new(),
        waiting: HashMap::new(),
        feed: None,
    }));
    let refused = Lost::new();
    let collector: Late<BurstOutlet<(K, O)>> = Rc::default();
    let build = Rc::new(RefCell::new(build));
    let (input, lost, out) = (source.clone(), refused.clone(), Rc::clone(&collector));
    // Weak: the members stand on this node and keep it.
    let weak = Rc::downgrade(&members);
    let feed = combine_named(executor, "dynamic_group", &[source], &[], move |ctx| {
        let members = weak.upgrade()?;
        let mut members = members.borrow_mut();
        let members = &mut *members;
        for value in input.latest().value()? {
            let key = key(value);
            if let Some(member) = members.built.get(&key) {
                if member.outlet.push(value.clone(), ctx).is_err() {
                    // Swept by someone: as good as removed.
                    members.built.remove(&key);
                    lost.add(1);
                }
            } else if let Some(waiting) = members.waiting.get_mut(&key) {
                waiting.push(value.clone());
            } else if members.built.len() + members.waiting.len() >= limits.members_max {
                lost.add(1);
            } else {
                members.waiting.insert(key.clone(), vec![value.clone()]);
                let (weak, build) = (Weak::clone(&weak), Rc::clone(&build));
                let out = out.borrow().clone()?;
                ctx.spawn_subgraph(move |executor| {
                    add_member(executor, &weak, key, out, &mut *build.borrow_mut());
                });
            }
        }
        None::<()>
    });
    members.borrow_mut().feed = Some(feed.to_any());
    // Nodes that never run raise the collector above members of the depth.
    let mut base = feed.to_any();
    for _ in 0..limits.depth.min(DEPTH_MAX) + 2 {
        base = NodeBuilder::new(())
            .named("depth")
            .triggered_by(&base)
            .build(executor, |(), _| Control::Unchanged)
            .to_any();
    }
    let (stream, outlet) = BurstOutlet::new(executor, "dynamic_collect", &[&base]);
    *collector.borrow_mut() = Some(outlet);
    Group {
        members,
        stream,
        refused,
    }
}

fn add_member<K, T, O>(
    executor: &mut Executor,
    members: &Weak<RefCell<Members<K, T>>>,
    key: K,
    collector: BurstOutlet<(K, O)>,
    build: &mut impl FnMut(&mut Executor, &K, &Stream<Burst<T>>) -> Stream<O>,
) where
    K: Eq + Hash + Clone + 'static,
    T: 'static,
    O: Clone + 'static,
{
    let Some(members) = members.upgrade() else {
        return;
    };
    let (feed, values) = {
        let mut members = members.borrow_mut();
        // Removed before it was built.
        let Some(values) = members.waiting.remove(&key) else {
            return;
        };
        (members.feed.clone(), values)
    };
    let Some(feed) = feed else {
        return;
    };
    let (input, outlet) = BurstOutlet::new(executor, "member", &[&feed]);
    let given = build(executor, &key, &input);
    let (read, name) = (given.clone(), key.clone());
    let tail = combine_named(executor, "member tail", &[&given], &[], move |ctx| {
        // A collector that is gone has no readers.
        let _ = collector.push((name.clone(), read.value()?), ctx);
        None
    });
    for value in values {
        outlet.push_from_outside(value, executor);
    }
    let member = Member {
        outlet,
        _held: (input, tail),
    };
    members.borrow_mut().built.insert(key, member);
}

impl<K: Eq + Hash + Clone + 'static, T: 'static, O: 'static> Group<K, T, O> {
    /// What the members give in a cycle, with their keys.
    #[must_use]
    pub fn stream(&self) -> &Stream<Burst<(K, O)>> {
        &self.stream
    }

    /// Takes a member out, with its subgraph, after the cycle; returns whether it was there. The
    /// next value of its key builds it anew.
    pub fn remove(&self, key: &K) -> bool {
        let mut members = self.members.borrow_mut();
        let waiting = members.waiting.remove(key).is_some();
        members.built.remove(key).is_some() || waiting
    }

    /// Takes out the member of each key that `keys` gives, as long as the returned node is held.
    #[must_use = "the node leaves the graph when nobody holds it"]
    pub fn remove_on(&self, executor: &mut Executor, keys: &Stream<K>) -> Node<()> {
        let members = Rc::downgrade(&self.members);
        keys.for_each(executor, move |key, _| {
            if let Some(members) = members.upgrade() {
                let mut members = members.borrow_mut();
                members.waiting.remove(key);
                members.built.remove(key);
            }
        })
    }

    /// Members at this time, those about to be built included.
    #[must_use]
    pub fn len(&self) -> usize {
        let members = self.members.borrow();
        members.built.len() + members.waiting.len()
    }

    /// Whether there are no members.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The count of values refused: of keys beyond the limit, or of members swept from outside.
    #[must_use]
    pub fn refused(&self) -> Lost {
        self.refused.clone()
    }
}

impl<K, T, O> fmt::Debug for Group<K, T, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Group")
            .field("stream", &self.stream)
            .finish_non_exhaustive()
    }
}
