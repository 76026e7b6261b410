//! State saved and restored: nodes registered by [`NodeBuilder::persistent`].
//!
//! A [`GraphState`] is a version and a map from key to the state in JSON. It holds states only:
//! channels, timers and what waits in queues are not in it.

use std::collections::BTreeMap;
use std::fmt;
use std::rc::{Rc, Weak};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::builder::NodeBuilder;
use super::executor::Executor;
use super::node::{Node, NodeCell};

/// Version of the format written.
pub const STATE_VERSION: u32 = 1;

/// The states of the persistent nodes of a graph.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GraphState {
    /// Of the format: [`STATE_VERSION`].
    pub version: u32,
    /// State of each node in JSON, by its key.
    pub nodes: BTreeMap<String, Value>,
}

/// Why states could not be saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SnapshotError {
    /// Two nodes have the same key.
    Duplicate(String),
    /// The state of this key is in use: a snapshot is taken between cycles.
    Borrowed(String),
    /// The state has no form in JSON.
    Serialize {
        /// Key of the node.
        key: String,
        /// What serde says.
        message: String,
    },
}

impl fmt::Display for SnapshotError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Duplicate(key) => write!(f, "two nodes are saved as {key:?}"),
            Self::Borrowed(key) => write!(f, "the state {key:?} is in use"),
            Self::Serialize { key, message } => write!(f, "the state {key:?}: {message}"),
        }
    }
}

impl std::error::Error for SnapshotError {}

/// What [`Executor::restore`] did. Keys in ascending order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Restored {
    /// Keys whose nodes have the saved state now.
    pub restored: Vec<String>,
    /// Saved keys without a node in this graph.
    pub unknown: Vec<String>,
    /// Keys of nodes without a saved state; they keep their own.
    pub missing: Vec<String>,
    /// Keys whose state does not fit the type of the node, with what serde says, or is in use; the
    /// nodes keep their own.
    pub mismatched: Vec<(String, String)>,
}

/// The state is of a format that this version does not read; nothing was restored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownVersion(pub u32);

impl fmt::Display for UnknownVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a saved state of version {} cannot be read", self.0)
    }
}

impl std::error::Error for UnknownVersion {}

enum Fault {
    Borrowed,
    Serde(String),
}

/// One persistent node without its type.
trait Persist {
    /// `None` where the node has gone.
    fn save(&self) -> Option<Result<Value, Fault>>;
    fn load(&self, value: &Value) -> Option<Result<(), Fault>>;
    fn is_alive(&self) -> bool;
}

impl<T: Serialize + DeserializeOwned> Persist for Weak<NodeCell<T>> {
    fn save(&self) -> Option<Result<Value, Fault>> {
        let node = Node(self.upgrade()?);
        let Ok(state) = node.try_borrow() else {
            return Some(Err(Fault::Borrowed));
        };
        Some(serde_json::to_value(&*state).map_err(|error| Fault::Serde(error.to_string())))
    }

    fn load(&self, value: &Value) -> Option<Result<(), Fault>> {
        let node = Node(self.upgrade()?);
        let state = match T::deserialize(value) {
            Ok(state) => state,
            Err(error) => return Some(Err(Fault::Serde(error.to_string()))),
        };
        let Ok(mut data) = node.0.data.try_borrow_mut() else {
            return Some(Err(Fault::Borrowed));
        };
        *data = state;
        Some(Ok(()))
    }

    fn is_alive(&self) -> bool {
        self.upgrade().is_some_and(|cell| !Node(cell).is_removed())
    }
}

/// The persistent nodes, by key. Those that have gone are cleared when others come.
#[derive(Default)]
pub(super) struct Persistent {
    nodes: BTreeMap<Box<str>, Vec<Box<dyn Persist>>>,
    /// Entries after the last clearing.
    cleared_len: usize,
    len: usize,
}

/// Registers a node once it is built.
pub(super) type Register<T> = fn(&mut Executor, Box<str>, &Rc<NodeCell<T>>);

impl<T: Serialize + DeserializeOwned + 'static> NodeBuilder<T> {
    /// Has the state saved by [`Executor::snapshot`] and restored by [`Executor::restore`] under
    /// this key, one of its own in the graph and the same in each run of the program.
    pub fn persistent(mut self, key: impl Into<Box<str>>) -> Self {
        self.persistent = Some((key.into(), |executor, key, cell| {
            executor.persistent.add(key, Box::new(Rc::downgrade(cell)));
        }));
        self
    }
}

impl Persistent {
    fn add(&mut self, key: Box<str>, node: Box<dyn Persist>) {
        // Twice as many as were left: amortised constant.
        if self.len > 2 * self.cleared_len + 16 {
            self.clear();
        }
        self.nodes.entry(key).or_default().push(node);
        self.len += 1;
    }

    fn clear(&mut self) {
        self.nodes.retain(|_, nodes| {
            nodes.retain(|node| node.is_alive());
            !nodes.is_empty()
        });
        self.len = self.nodes.values().map(Vec::len).sum();
        self.cleared_len = self.len;
    }
}

impl Executor {
    /// The states of all persistent nodes. Taken between cycles.
    ///
    /// # Errors
    ///
    /// [`SnapshotError`], of the first key that cannot be saved.
    pub fn snapshot(&mut self) -> Result<GraphState, SnapshotError> {
        self.persistent.clear();
        let mut nodes = BTreeMap::new();
        for (key, held) in &self.persistent.nodes {
            let key = key.to_string();
            let [node] = &held[..] else {
                return Err(SnapshotError::Duplicate(key));
            };
            match node.save() {
                Some(Ok(value)) => drop(nodes.insert(key, value)),
                Some(Err(Fault::Borrowed)) => return Err(SnapshotError::Borrowed(key)),
                Some(Err(Fault::Serde(message))) => {
                    return Err(SnapshotError::Serialize { key, message });
                }
                None => {}
            }
        }
        Ok(GraphState {
            version: STATE_VERSION,
            nodes,
        })
    }

    /// Gives the persistent nodes their saved states; runs nothing. Nodes of the same key all get
    /// the state.
    ///
    /// # Errors
    ///
    /// [`UnknownVersion`]. What fits no node, or does not fit it, is in the report.
    pub fn restore(&mut self, state: &GraphState) -> Result<Restored, UnknownVersion> {
        if state.version != STATE_VERSION {
            return Err(UnknownVersion(state.version));
        }
        self.persistent.clear();
        let mut report = Restored::default();
        let known = &self.persistent.nodes;
        let unknown = state
            .nodes
            .keys()
            .filter(|key| !known.contains_key(key.as_str()));
        report.unknown = unknown.cloned().collect();
        for (key, held) in known {
            let Some(value) = state.nodes.get(&**key) else {
                report.missing.push(key.to_string());
                continue;
            };
            let fault = held.iter().find_map(|node| node.load(value)?.err());
            match fault {
                None => report.restored.push(key.to_string()),
                Some(Fault::Borrowed) => {
                    let message = "the state is in use".to_owned();
                    report.mismatched.push((key.to_string(), message));
                }
                Some(Fault::Serde(message)) => report.mismatched.push((key.to_string(), message)),
            }
        }
        Ok(report)
    }
}
