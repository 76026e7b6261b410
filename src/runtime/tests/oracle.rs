//! Random graphs that change while they live, against a sweep over all nodes in every cycle.
//!
//! The sweep knows nothing of queues: at each height it runs the nodes that were scheduled or have
//! an active parent that changed, sorted by what the contract says of the order among equals.
//! `WAVELETD_GRAPHS` sets the number of graphs (300 without it).

use super::*;

/// A small generator with a seed (SplitMix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, count: usize) -> usize {
        (self.roll() % count.max(1) as u64) as usize
    }

    fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }
}

struct ModelEdge {
    parent: usize,
    active: bool,
    /// When the edge last became what it is.
    made: u64,
}

struct ModelNode {
    alive: bool,
    height: u32,
    edges: Vec<ModelEdge>,
    every: u64,
    state: u64,
    lazy: bool,
    /// Whether a guard is held, and whether one was when the last cycle started.
    guarded: bool,
    was_guarded: bool,
    was_wanted: bool,
}

/// The graph as the contract describes it.
#[derive(Default)]
struct Model {
    nodes: Vec<ModelNode>,
    made: u64,
    scheduled: Vec<usize>,
}

impl Model {
    fn tick(&mut self) -> u64 {
        self.made += 1;
        self.made
    }

    fn edge(&mut self, child: usize, parent: usize) -> Option<&mut ModelEdge> {
        let edges = &mut self.nodes[child].edges;
        edges.iter_mut().find(|edge| edge.parent == parent)
    }

    fn alive(&self, nodes: [usize; 2]) -> bool {
        nodes.iter().all(|&at| self.nodes[at].alive)
    }

    /// Whether `below` is `above` or stands on it, along edges between living nodes.
    fn stands_on(&self, below: usize, above: usize) -> bool {
        below == above
            || self.nodes[below].alive
                && self.nodes[below]
                    .edges
                    .iter()
                    .any(|edge| self.nodes[edge.parent].alive && self.stands_on(edge.parent, above))
    }

    /// Lifts nodes until all stand above their living parents.
    fn lift(&mut self) {
        let mut changed = true;
        while changed {
            changed = false;
            for at in 0..self.nodes.len() {
                let edges = self.nodes[at].edges.iter();
                let parents = edges.map(|edge| &self.nodes[edge.parent]);
                let needed = parents
                    .filter(|node| node.alive)
                    .map(|node| node.height + 1);
                let needed = needed.max().unwrap_or(0);
                if self.nodes[at].alive && self.nodes[at].height < needed {
                    self.nodes[at].height = needed;
                    changed = true;
                }
            }
        }
    }

    fn is_wanted(&self, at: usize) -> bool {
        let node = &self.nodes[at];
        let wanted_child = |child: usize| {
            let edges = &self.nodes[child].edges;
            self.nodes[child].alive
                && edges.iter().any(|edge| edge.parent == at)
                && self.is_wanted(child)
        };
        node.alive && (!node.lazy || node.was_guarded || (0..self.nodes.len()).any(wanted_child))
    }

    /// Schedules the lazy nodes that have become wanted; returns which are.
    fn wake(&mut self) -> Vec<bool> {
        let wanted: Vec<bool> = (0..self.nodes.len()).map(|at| self.is_wanted(at)).collect();
        for (at, node) in self.nodes.iter_mut().enumerate() {
            if node.lazy && wanted[at] && !node.was_wanted {
                self.scheduled.push(at);
            }
            node.was_wanted = wanted[at];
        }
        wanted
    }

    fn sweep(&mut self, at: usize) {
        self.nodes[at].alive = false;
        for child in 0..self.nodes.len() {
            let edges = &self.nodes[child].edges;
            let hit = edges.iter().any(|edge| edge.parent == at && edge.active);
            if self.nodes[child].alive && hit {
                self.sweep(child);
            }
        }
    }

    /// Runs a cycle; returns the nodes that ran, in order, and those that changed.
    fn cycle(&mut self) -> (Vec<usize>, HashSet<usize>) {
        for node in &mut self.nodes {
            node.was_guarded = node.guarded;
        }
        let wanted = self.wake();
        let scheduled = std::mem::take(&mut self.scheduled);
        let (mut ran, mut changed) = (Vec::new(), HashSet::new());
        let height_max = self.nodes.iter().map(|node| node.height).max();
        for height in 0..=height_max.unwrap_or(0) {
            // When a node was scheduled: by hand, or by which parent and along which edge.
            let mut due: Vec<((u8, usize, u64), usize)> = Vec::new();
            for (at, node) in self.nodes.iter().enumerate() {
                if node.height != height || !wanted[at] {
                    continue;
                }
                let by_hand = scheduled.iter().position(|&other| other == at);
                let by_parent = node.edges.iter().filter(|edge| edge.active);
                let by_parent = by_parent.filter(|edge| changed.contains(&edge.parent));
                let place = |parent| ran.iter().position(|&other| other == parent).unwrap();
                let moments = by_parent.map(|edge| (1, place(edge.parent), edge.made));
                let moments = by_hand
                    .map(|place| (0, place, 0))
                    .into_iter()
                    .chain(moments);
                due.extend(moments.min().map(|moment| (moment, at)));
            }
            due.sort_unstable();
            for (_, at) in due {
                let node = &self.nodes[at];
                let parents = node.edges.iter().map(|edge| self.nodes[edge.parent].state);
                let (state, broadcasts) = step(node.state, parents, node.every);
                self.nodes[at].state = state;
                ran.push(at);
                if broadcasts {
                    changed.insert(at);
                }
            }
        }
        (ran, changed)
    }
}

type Parents = Rc<RefCell<Vec<Node<u64>>>>;

/// The real graph beside the model.
struct Pair {
    executor: Executor,
    model: Model,
    nodes: Vec<Node<u64>>,
    parents: Vec<Parents>,
    guards: Vec<Option<Observer>>,
    log: Rc<RefCell<Vec<usize>>>,
    with_lazy: bool,
}

impl Pair {
    fn new(with_lazy: bool) -> Self {
        Self {
            executor: Executor::new(),
            model: Model::default(),
            nodes: Vec::new(),
            parents: Vec::new(),
            guards: Vec::new(),
            log: Rc::default(),
            with_lazy,
        }
    }

    fn build(&mut self, dice: &mut Dice) {
        let name = self.nodes.len();
        let living: Vec<usize> = (0..name).filter(|&at| self.model.nodes[at].alive).collect();
        let mut picked = Vec::new();
        for _ in 0..dice.below(4).min(living.len()) {
            let parent = living[dice.below(living.len())];
            if !picked.contains(&parent) {
                picked.push(parent);
            }
        }
        let triggers_count = dice.below(picked.len() + 1);
        let (every, lazy) = (1 + dice.roll() % 3, self.with_lazy && dice.one_in(2));
        let handles: Vec<_> = picked.iter().map(|&at| self.nodes[at].clone()).collect();
        let parents: Parents = Rc::new(RefCell::new(handles.clone()));
        let (reads, log) = (Rc::clone(&parents), Rc::clone(&self.log));
        let builder = NodeBuilder::new(0)
            .triggered_by_many(&handles[..triggers_count])
            .observer_of_many(&handles[triggers_count..]);
        let builder = if lazy { builder.lazy() } else { builder };
        let node = builder.build(&mut self.executor, move |state, _| {
            log.borrow_mut().push(name);
            let reads = reads.borrow();
            let (next, changed) = step(*state, reads.iter().map(Node::get), every);
            *state = next;
            changed.into()
        });
        let mut edges = Vec::new();
        for (at, &parent) in picked.iter().enumerate() {
            edges.push(ModelEdge {
                parent,
                active: at < triggers_count,
                made: self.model.tick(),
            });
        }
        self.model.nodes.push(ModelNode {
            alive: true,
            height: 0,
            edges,
            every,
            state: 0,
            lazy,
            guarded: false,
            was_guarded: false,
            was_wanted: false,
        });
        self.model.lift();
        self.nodes.push(node);
        self.parents.push(parents);
        self.guards.push(None);
    }

    fn add_edge(&mut self, child: usize, parent: usize, active: bool) {
        let (below, above) = (&self.nodes[child], &self.nodes[parent]);
        let result = if active {
            self.executor.add_trigger(below, above)
        } else {
            self.executor.add_observer(below, above)
        };
        if !self.model.alive([child, parent]) {
            assert!(matches!(result, Err(EdgeError::NotFound(_))));
            return;
        }
        let made = self.model.tick();
        if let Some(edge) = self.model.edge(child, parent) {
            assert_eq!(result, Ok(()));
            if active && !edge.active {
                (edge.active, edge.made) = (true, made);
            }
        } else if self.model.stands_on(parent, child) {
            let Err(EdgeError::Cycle { path }) = result else {
                panic!("a ring was not refused: {result:?}")
            };
            let ends = (path.first().unwrap().0, path.last().unwrap().0);
            assert_eq!(ends, (below.id(), above.id()));
        } else {
            assert_eq!(result, Ok(()));
            self.model.nodes[child].edges.push(ModelEdge {
                parent,
                active,
                made,
            });
            self.parents[child].borrow_mut().push(above.clone());
            self.model.lift();
        }
    }

    fn cut_edge(&mut self, child: usize, parent: usize) {
        let (below, above) = (&self.nodes[child], &self.nodes[parent]);
        let result = self.executor.remove_edge(below, above);
        let exists = self.model.alive([child, parent]) && self.model.edge(child, parent).is_some();
        assert_eq!(result.is_ok(), exists);
        if exists {
            let edges = &mut self.model.nodes[child].edges;
            edges.retain(|edge| edge.parent != parent);
            let mut reads = self.parents[child].borrow_mut();
            reads.retain(|read| read.id() != above.id());
        }
    }

    fn switch_edge(&mut self, child: usize, parent: usize, active: bool) {
        let (below, above) = (&self.nodes[child], &self.nodes[parent]);
        let result = self.executor.set_active(below, above, active);
        let made = self.model.tick();
        let alive = self.model.alive([child, parent]);
        let edge = self.model.edge(child, parent).filter(|_| alive);
        assert_eq!(result.is_ok(), edge.is_some());
        if let Some(edge) = edge.filter(|edge| edge.active != active) {
            (edge.active, edge.made) = (active, made);
        }
    }

    fn change(&mut self, dice: &mut Dice) {
        let count = self.nodes.len();
        let (one, other) = (dice.below(count), dice.below(count));
        // An edge that is there, where the node has one.
        let edges = &self.model.nodes[one].edges;
        let parent = if edges.is_empty() {
            other
        } else {
            edges[dice.below(edges.len())].parent
        };
        match dice.below(12) {
            0 | 1 => self.build(dice),
            2..=4 => self.add_edge(one, other, dice.one_in(2)),
            5 => self.cut_edge(one, parent),
            6..=8 => self.switch_edge(one, parent, dice.one_in(2)),
            9 if dice.one_in(3) => {
                self.executor.sweep(&self.nodes[one]);
                if self.model.nodes[one].alive {
                    self.model.sweep(one);
                }
            }
            10 | 11 if self.with_lazy => {
                let guarded = &mut self.model.nodes[one].guarded;
                *guarded = !*guarded;
                self.guards[one] = guarded.then(|| self.nodes[one].observe());
            }
            _ => {}
        }
        self.model.wake();
    }

    fn cycle(&mut self, dice: &mut Dice) {
        for _ in 0..dice.below(4) {
            let at = dice.below(self.nodes.len());
            let alive = self.model.nodes[at].alive;
            assert_eq!(self.executor.schedule(&self.nodes[at]), alive);
            if alive {
                self.model.scheduled.push(at);
            }
        }
        let (mut expected, changed) = self.model.cycle();
        let _ = run(&mut self.executor);
        let mut ran = self.log.take();
        if self.with_lazy {
            // The order in which nodes wake is not part of the contract.
            expected.sort_unstable();
            ran.sort_unstable();
        }
        assert_eq!(ran, expected, "the nodes that ran");
        for (at, node) in self.nodes.iter().enumerate() {
            let model = &self.model.nodes[at];
            assert_eq!(node.get(), model.state, "state of node {at}");
            assert_eq!(self.executor.contains(node), model.alive);
            if model.alive {
                let mutated = self.executor.has_mutated(node);
                assert_eq!(mutated, changed.contains(&at), "change of node {at}");
                assert_eq!(node.height(), model.height, "height of node {at}");
            }
        }
    }
}

#[test]
fn changing_graphs_agree_with_a_full_sweep() {
    let graphs = std::env::var("WAVELETD_GRAPHS");
    let graphs = graphs.map_or(300, |text| {
        text.parse().expect("WAVELETD_GRAPHS is a number")
    });
    for seed in 0..graphs {
        let outcome = std::panic::catch_unwind(|| {
            let mut dice = Dice(seed);
            let mut pair = Pair::new(seed % 3 == 0);
            for _ in 0..1 + dice.below(20) {
                pair.build(&mut dice);
            }
            for _ in 0..1 + dice.below(12) {
                for _ in 0..dice.below(6) {
                    pair.change(&mut dice);
                }
                pair.cycle(&mut dice);
            }
        });
        assert!(outcome.is_ok(), "graph of seed {seed}");
    }
}
