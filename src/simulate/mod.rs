//! Room `simulate`.
