//! The standard library of nodes: sources, what needs several parents, what builds nodes, and the
//! methods of [`Stream`](super::Stream) for single steps.

mod transform;
