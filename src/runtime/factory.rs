//! Nodes made once and shared: by those who ask for the same thing, for as long as anyone holds it.
//!
//! A factory holds its nodes weakly. What nobody holds any more leaves the graph as any node does,
//! and is built anew when it is asked for again.

use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;

use super::executor::Executor;
use super::node::{Node, WeakNode};

type Build<T> = Box<dyn FnMut(&mut Executor) -> Node<T>>;
type BuildKeyed<K, T> = Box<dyn FnMut(&mut Executor, &K) -> Node<T>>;

/// Makes one shared node.
pub struct SimpleFactory<T> {
    build: Build<T>,
    built: Option<WeakNode<T>>,
}

impl<T> SimpleFactory<T> {
    /// A factory that makes its node with `build`.
    pub fn attach(build: impl FnMut(&mut Executor) -> Node<T> + 'static) -> Self {
        Self {
            build: Box::new(build),
            built: None,
        }
    }

    /// The shared node; built unless it is alive.
    pub fn get(&mut self, executor: &mut Executor) -> Node<T> {
        if let Some(node) = self.built.as_ref().and_then(WeakNode::upgrade) {
            return node;
        }
        let node = (self.build)(executor);
        self.built = Some(node.downgrade());
        node
    }
}

impl<T> fmt::Debug for SimpleFactory<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimpleFactory")
            .field("built", &self.built)
            .finish_non_exhaustive()
    }
}

/// Makes one shared node for each key.
pub struct KeyedFactory<K, T> {
    build: BuildKeyed<K, T>,
    built: HashMap<K, WeakNode<T>>,
    prune_at: usize,
}

impl<K: Eq + Hash, T> KeyedFactory<K, T> {
    /// A factory that makes the node of a key with `build`.
    pub fn attach(build: impl FnMut(&mut Executor, &K) -> Node<T> + 'static) -> Self {
        Self {
            build: Box::new(build),
            built: HashMap::new(),
            prune_at: 16,
        }
    }

    /// The shared node of `key`; built unless it is alive.
    pub fn get(&mut self, executor: &mut Executor, key: K) -> Node<T> {
        if let Some(node) = self.built.get(&key).and_then(WeakNode::upgrade) {
            return node;
        }
        if self.built.len() >= self.prune_at {
            // At twice the living: keys that come and go cost a constant each.
            self.built.retain(|_, node| node.upgrade().is_some());
            self.prune_at = (self.built.len() * 2).max(16);
        }
        let node = (self.build)(executor, &key);
        self.built.insert(key, node.downgrade());
        node
    }

    /// Keys remembered, those of nodes since gone included; at most twice the living, or 16.
    #[must_use]
    pub fn key_count(&self) -> usize {
        self.built.len()
    }
}

impl<K, T> fmt::Debug for KeyedFactory<K, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyedFactory")
            .field("keys", &self.built.len())
            .finish_non_exhaustive()
    }
}
