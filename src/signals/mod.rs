//! Room `signals`.
