//! Values later, less often, or for want of others. Spans count from the times of values.

use std::time::Duration;

use super::super::clock::{Nanos, duration_ns};
use super::super::step::Step;
use super::buffer::{Bound, Lost, Queue};

fn later(now: Nanos, span_ns: u64) -> Nanos {
    Nanos(now.0.saturating_add(span_ns))
}

/// Holds values back for a time. Made by [`delay`].
#[derive(Debug, Clone)]
pub struct Delay<I> {
    queue: Queue<(Nanos, I)>,
    span_ns: u64,
}

/// Gives each value `span` after it came, in order. Values due at one instant are given in cycles
/// of their own, one after the other.
#[must_use]
pub fn delay<I: Clone>(span: Duration, bound: Bound) -> Delay<I> {
    Delay {
        queue: Queue::new(bound),
        span_ns: duration_ns(span),
    }
}

impl<I> Delay<I> {
    /// Forgets the values held back; they are not counted as lost.
    pub fn clear(&mut self) {
        self.queue.clear();
    }
}

impl<I: Clone> Step<I> for Delay<I> {
    type Out = I;

    fn on(&mut self, input: &I, now: Nanos) -> Option<I> {
        // What is due leaves before the new value asks for room.
        let due = <Self as Step<I>>::on_deadline(self, now);
        self.queue.push((later(now, self.span_ns), input.clone()));
        due.or_else(|| <Self as Step<I>>::on_deadline(self, now))
    }

    fn deadline(&self) -> Option<Nanos> {
        self.queue.front().map(|(due, _)| *due)
    }

    fn on_deadline(&mut self, now: Nanos) -> Option<I> {
        if self.queue.front().is_none_or(|(due, _)| *due > now) {
            return None;
        }
        self.queue.pop().map(|(_, value)| value)
    }
}

/// Gives at most one value a span. Made by [`throttle`] and [`throttle_latest`].
#[derive(Debug, Clone)]
pub struct Throttle<I> {
    span_ns: u64,
    open_at: Option<Nanos>,
    held: Option<I>,
    trailing: bool,
}

/// Gives a value, then drops what comes within `span` of it.
#[must_use]
pub fn throttle<I: Clone>(span: Duration) -> Throttle<I> {
    Throttle {
        span_ns: duration_ns(span),
        open_at: None,
        held: None,
        trailing: false,
    }
}

/// Gives a value, then at the end of each `span` the latest that came within it: the rate is
/// bounded and the last value is never withheld.
#[must_use]
pub fn throttle_latest<I: Clone>(span: Duration) -> Throttle<I> {
    Throttle {
        trailing: true,
        ..throttle(span)
    }
}

impl<I: Clone> Step<I> for Throttle<I> {
    type Out = I;

    fn on(&mut self, input: &I, now: Nanos) -> Option<I> {
        if self.open_at.is_some_and(|open_at| now < open_at) {
            if self.trailing {
                self.held = Some(input.clone());
            }
            return None;
        }
        self.held = None;
        self.open_at = Some(later(now, self.span_ns));
        Some(input.clone())
    }

    fn deadline(&self) -> Option<Nanos> {
        self.held.as_ref().and(self.open_at)
    }

    fn on_deadline(&mut self, now: Nanos) -> Option<I> {
        let value = self.held.take()?;
        self.open_at = Some(later(now, self.span_ns));
        Some(value)
    }
}

/// Waits for quiet. Made by [`debounce`].
#[derive(Debug, Clone)]
pub struct Debounce<I> {
    span_ns: u64,
    held: Option<(Nanos, I)>,
}

/// Gives the latest value once none has come for `span`.
#[must_use]
pub fn debounce<I: Clone>(span: Duration) -> Debounce<I> {
    Debounce {
        span_ns: duration_ns(span),
        held: None,
    }
}

impl<I: Clone> Step<I> for Debounce<I> {
    type Out = I;

    fn on(&mut self, input: &I, now: Nanos) -> Option<I> {
        let due = <Self as Step<I>>::on_deadline(self, now);
        self.held = Some((later(now, self.span_ns), input.clone()));
        due
    }

    fn deadline(&self) -> Option<Nanos> {
        self.held.as_ref().map(|(due, _)| *due)
    }

    fn on_deadline(&mut self, now: Nanos) -> Option<I> {
        if self.held.as_ref().is_none_or(|(due, _)| *due > now) {
            return None;
        }
        self.held.take().map(|(_, value)| value)
    }
}

/// Says when values stop coming. Made by [`stale`].
#[derive(Debug, Clone, Copy)]
pub struct Stale {
    span_ns: u64,
    due: Option<Nanos>,
    is_stale: Option<bool>,
}

/// Gives `false` with the first value, `true` once none has come for `span`, `false` with the next,
/// and so on. Before the first value it says nothing.
#[must_use]
pub fn stale(span: Duration) -> Stale {
    Stale {
        span_ns: duration_ns(span),
        due: None,
        is_stale: None,
    }
}

impl<I: ?Sized> Step<I> for Stale {
    type Out = bool;

    #[inline]
    fn on(&mut self, _: &I, now: Nanos) -> Option<bool> {
        self.due = Some(later(now, self.span_ns));
        (self.is_stale.replace(false) != Some(false)).then_some(false)
    }

    fn deadline(&self) -> Option<Nanos> {
        self.due
    }

    fn on_deadline(&mut self, _: Nanos) -> Option<bool> {
        self.due = None;
        self.is_stale = Some(true);
        Some(true)
    }
}

/// How often values may pass: `burst` at once, then one every `interval`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Time in which one value's leave comes back.
    pub interval: Duration,
    /// Values that may pass at once after a rest, at least one.
    pub burst: u32,
}

/// A bucket that fills with time, kept as the time at which it is full again.
#[derive(Debug, Clone, Copy)]
struct Bucket {
    interval_ns: u64,
    /// How far ahead of now the time of fullness may be for one more value to pass.
    slack_ns: u64,
    full_at: Nanos,
}

impl Bucket {
    fn new(rate: Rate) -> Self {
        let interval_ns = duration_ns(rate.interval);
        Self {
            interval_ns,
            slack_ns: interval_ns.saturating_mul(u64::from(rate.burst.max(1)) - 1),
            full_at: Nanos::ZERO,
        }
    }

    /// When the next value may pass.
    fn opens_at(&self) -> Nanos {
        Nanos(self.full_at.0.saturating_sub(self.slack_ns))
    }

    fn take(&mut self, now: Nanos) -> bool {
        if now < self.opens_at() {
            return false;
        }
        self.full_at = later(self.full_at.max(now), self.interval_ns);
        true
    }
}

/// Drops what comes too often. Made by [`rate_limit`].
#[derive(Debug, Clone)]
pub struct RateLimit {
    bucket: Bucket,
    lost: Lost,
}

/// Gives values as often as `rate` allows; the others are dropped and counted in `lost`.
#[must_use]
pub fn rate_limit(rate: Rate, lost: &Lost) -> RateLimit {
    RateLimit {
        bucket: Bucket::new(rate),
        lost: lost.clone(),
    }
}

impl<I: Clone> Step<I> for RateLimit {
    type Out = I;

    #[inline]
    fn on(&mut self, input: &I, now: Nanos) -> Option<I> {
        if self.bucket.take(now) {
            return Some(input.clone());
        }
        self.lost.add(1);
        None
    }
}

/// Has what comes too often wait. Made by [`rate_limit_queued`].
#[derive(Debug, Clone)]
pub struct RateLimitQueued<I> {
    bucket: Bucket,
    queue: Queue<I>,
}

/// Gives values as often as `rate` allows; the others wait their turn, within the bound.
#[must_use]
pub fn rate_limit_queued<I: Clone>(rate: Rate, bound: Bound) -> RateLimitQueued<I> {
    RateLimitQueued {
        bucket: Bucket::new(rate),
        queue: Queue::new(bound),
    }
}

impl<I: Clone> Step<I> for RateLimitQueued<I> {
    type Out = I;

    fn on(&mut self, input: &I, now: Nanos) -> Option<I> {
        let due = <Self as Step<I>>::on_deadline(self, now);
        self.queue.push(input.clone());
        due.or_else(|| <Self as Step<I>>::on_deadline(self, now))
    }

    fn deadline(&self) -> Option<Nanos> {
        (!self.queue.is_empty()).then(|| self.bucket.opens_at())
    }

    fn on_deadline(&mut self, now: Nanos) -> Option<I> {
        if self.queue.is_empty() || !self.bucket.take(now) {
            return None;
        }
        self.queue.pop()
    }
}

/// When to try again: after `first`, then each time after twice as long, at most `max`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// Wait after the first failure.
    pub first: Duration,
    /// Longest wait.
    pub max: Duration,
    /// Tries in all, at least one.
    pub tries: u32,
}

impl Backoff {
    /// Nanoseconds to wait after `failures` failures, of which there is at least one.
    fn wait_ns(&self, failures: u32) -> u64 {
        let factor = 1_u64
            .checked_shl(failures.saturating_sub(1))
            .unwrap_or(u64::MAX);
        duration_ns(self.first)
            .saturating_mul(factor)
            .min(duration_ns(self.max))
    }
}

/// Tries again. Made by [`retry`].
pub struct Retry<I, F> {
    attempt: F,
    backoff: Backoff,
    /// The input, failures so far, and when to try next.
    waiting: Option<(I, u32, Nanos)>,
    superseded: Lost,
}

impl<I, F> std::fmt::Debug for Retry<I, F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Retry")
            .field("backoff", &self.backoff)
            .field("waits", &self.waiting.is_some())
            .finish_non_exhaustive()
    }
}

/// Calls `attempt(value, failures so far)` until it succeeds, and gives its result; gives the error
/// of the last try when all tries have failed.
///
/// A new value takes the place of one still being tried, which is counted in `superseded`.
pub fn retry<I, O, E, F>(attempt: F, backoff: Backoff, superseded: &Lost) -> Retry<I, F>
where
    I: Clone,
    F: FnMut(&I, u32) -> Result<O, E>,
{
    Retry {
        attempt,
        backoff,
        waiting: None,
        superseded: superseded.clone(),
    }
}

impl<I, F> Retry<I, F> {
    fn tried<O, E>(&mut self, input: I, failures: u32, now: Nanos) -> Option<Result<O, E>>
    where
        F: FnMut(&I, u32) -> Result<O, E>,
    {
        match (self.attempt)(&input, failures) {
            Err(_) if failures + 1 < self.backoff.tries => {
                let failures = failures + 1;
                let next = later(now, self.backoff.wait_ns(failures));
                self.waiting = Some((input, failures, next));
                None
            }
            ended => Some(ended),
        }
    }
}

impl<I, O, E, F> Step<I> for Retry<I, F>
where
    I: Clone,
    F: FnMut(&I, u32) -> Result<O, E>,
{
    type Out = Result<O, E>;

    fn on(&mut self, input: &I, now: Nanos) -> Option<Result<O, E>> {
        if self.waiting.take().is_some() {
            self.superseded.add(1);
        }
        self.tried(input.clone(), 0, now)
    }

    fn deadline(&self) -> Option<Nanos> {
        self.waiting.as_ref().map(|(_, _, next)| *next)
    }

    fn on_deadline(&mut self, now: Nanos) -> Option<Result<O, E>> {
        let (input, failures, _) = self.waiting.take()?;
        self.tried(input, failures, now)
    }
}

/// The value as of a time. Made by [`snapshot_at`].
#[derive(Debug, Clone)]
pub struct SnapshotAt<I> {
    at: Nanos,
    held: Option<I>,
    done: bool,
}

/// Gives, once and at `at`, the latest value up to and including that time; nothing where there is
/// none by then.
#[must_use]
pub fn snapshot_at<I: Clone>(at: Nanos) -> SnapshotAt<I> {
    SnapshotAt {
        at,
        held: None,
        done: false,
    }
}

impl<I: Clone> Step<I> for SnapshotAt<I> {
    type Out = I;

    fn on(&mut self, input: &I, now: Nanos) -> Option<I> {
        if self.done {
            return None;
        }
        if now <= self.at {
            self.held = Some(input.clone());
        }
        if now < self.at {
            return None;
        }
        self.done = true;
        self.held.take()
    }

    fn deadline(&self) -> Option<Nanos> {
        self.held.as_ref().map(|_| self.at)
    }

    fn on_deadline(&mut self, _: Nanos) -> Option<I> {
        self.done = true;
        self.held.take()
    }
}
