//! The standard library of steps: pure, composable, without a graph.
//!
//! Each is a [`Step`](super::Step) made by a function of its name; [`Stream`](super::Stream) has a
//! method of the same name for most of them. Rows of the catalogue, by file:
//!
//! | File | Steps |
//! |---|---|
//! | `transform` | `map`, `map_filter`, `filter`, `scan` |

#[cfg(test)]
pub(crate) mod harness;
#[cfg(test)]
mod tests;
mod transform;

pub use transform::{Filter, Map, MapFilter, Scan, filter, map, map_filter, scan};
