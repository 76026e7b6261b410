//! Room `replay`.
