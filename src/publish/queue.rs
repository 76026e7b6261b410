//! One subscriber's queue: bounded in messages and bytes, conflating what may be conflated before it gives up.

use axum::extract::ws::Utf8Bytes;
use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// Which message stream: a variant's number and an instrument.
pub(super) type Key = (u16, u32);

/// Bounds of one subscriber's queue.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Most messages waiting; from half of it on, snapshots conflate.
    pub messages_max: usize,
    /// Most bytes waiting; from half of it on, snapshots conflate.
    pub bytes_max: usize,
    /// Most first images waiting: they answer a request and do not count as falling behind.
    pub images_max: usize,
}

/// Why a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// The subscriber did not keep up; so many messages were not delivered.
    Slow { lost: u64 },
    /// The server stops.
    Stop,
}

/// What the connection's writer does next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Send this.
    Text(Utf8Bytes),
    /// Say this and close.
    End(Ending),
    /// Wait.
    Nothing,
}

#[derive(Debug)]
struct Item {
    key: Option<Key>,
    text: Utf8Bytes,
    /// Messages this one replaced.
    conflated: u64,
    image: bool,
}

#[derive(Debug, Default)]
struct Queue {
    items: VecDeque<Item>,
    /// Number of the first item; numbers never repeat.
    base: u64,
    /// Number of the latest item of each conflating stream.
    latest: HashMap<Key, u64>,
    messages: usize,
    bytes: usize,
    images: usize,
    ending: Option<Ending>,
}

/// One subscriber.
#[derive(Debug)]
pub(super) struct Subscriber {
    pub(super) id: u64,
    bounds: Bounds,
    queue: Mutex<Queue>,
    /// Rings when something is to be sent.
    pub(super) wake: Notify,
    /// Rings when the connection must end now, even if a send is under way.
    pub(super) cut: Notify,
}

impl Subscriber {
    pub(super) fn new(id: u64, bounds: Bounds) -> Subscriber {
        Subscriber {
            id,
            bounds,
            queue: Mutex::default(),
            wake: Notify::new(),
            cut: Notify::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a message in. `key` names the stream if a later message of it replaces an earlier one. Returns whether the
    /// subscriber was cut off by this call.
    pub(super) fn push(&self, text: Utf8Bytes, key: Option<Key>) -> bool {
        let mut queue = self.lock();
        let queue = &mut *queue;
        match &mut queue.ending {
            Some(Ending::Slow { lost }) => {
                *lost += 1;
                return false;
            }
            Some(Ending::Stop) => return false,
            None => {}
        }
        let behind = queue.messages >= self.bounds.messages_max / 2
            || queue.bytes >= self.bounds.bytes_max / 2;
        if let Some(key) = key
            && behind
            && let Some(number) = queue.latest.get(&key)
            && let Some(index) = number.checked_sub(queue.base)
            && let Some(item) = queue.items.get_mut(index as usize)
            && !item.image
        {
            queue.bytes = queue.bytes - item.text.len() + text.len();
            item.text = text;
            item.conflated += 1;
        } else {
            if let Some(key) = key {
                let number = queue.base + queue.items.len() as u64;
                queue.latest.insert(key, number);
            }
            queue.messages += 1;
            queue.bytes += text.len();
            queue.items.push_back(Item {
                key,
                text,
                conflated: 0,
                image: false,
            });
        }
        let over = queue.messages > self.bounds.messages_max || queue.bytes > self.bounds.bytes_max;
        self.settle(queue, over)
    }

    /// Puts in an answer or a first image. Returns whether the subscriber was cut off by this call.
    pub(super) fn push_image(&self, text: Utf8Bytes) -> bool {
        let mut queue = self.lock();
        if queue.ending.is_some() {
            return false;
        }
        queue.images += 1;
        queue.items.push_back(Item {
            key: None,
            text,
            conflated: 0,
            image: true,
        });
        let over = queue.images > self.bounds.images_max;
        self.settle(&mut queue, over)
    }

    fn settle(&self, queue: &mut Queue, over: bool) -> bool {
        if over {
            let lost = queue.items.iter().map(|item| 1 + item.conflated).sum();
            *queue = Queue {
                ending: Some(Ending::Slow { lost }),
                ..Queue::default()
            };
            self.cut.notify_one();
        }
        self.wake.notify_one();
        over
    }

    /// Ends the connection once what waits is sent.
    pub(super) fn stop(&self) {
        self.lock().ending.get_or_insert(Ending::Stop);
        self.wake.notify_one();
    }

    /// Takes the next thing to do.
    pub(super) fn next(&self) -> Next {
        let mut queue = self.lock();
        let Some(item) = queue.items.pop_front() else {
            return queue.ending.map_or(Next::Nothing, Next::End);
        };
        let number = queue.base;
        queue.base += 1;
        if item.image {
            queue.images -= 1;
        } else {
            queue.messages -= 1;
            queue.bytes -= item.text.len();
        }
        if let Some(key) = item.key
            && queue.latest.get(&key) == Some(&number)
        {
            queue.latest.remove(&key);
        }
        if item.conflated == 0 {
            return Next::Text(item.text);
        }
        // The shared text ends with the brace of its object; only this subscriber's copy says what it missed.
        let body = item.text.strip_suffix('}').unwrap_or(&item.text);
        Next::Text(format!("{body},\"conflated\":{}}}", item.conflated).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds = Bounds {
        messages_max: 4,
        bytes_max: 1_000,
        images_max: 2,
    };

    #[track_caller]
    fn check(subscriber: &Subscriber, expected: &str) {
        assert_eq!(subscriber.next(), Next::Text(expected.to_owned().into()));
    }

    #[test]
    fn a_subscriber_that_keeps_up_gets_everything() {
        let subscriber = Subscriber::new(1, BOUNDS);
        for _ in 0..100 {
            assert!(!subscriber.push("{1}".into(), Some((0, 0))));
            check(&subscriber, "{1}");
        }
        assert_eq!(subscriber.next(), Next::Nothing);
    }

    #[test]
    fn snapshots_conflate_to_the_latest_and_say_so() {
        let subscriber = Subscriber::new(1, BOUNDS);
        for text in ["{1}", "{2}", "{3}", "{4}"] {
            assert!(!subscriber.push(text.into(), Some((0, 7))));
        }
        check(&subscriber, "{1}");
        check(&subscriber, "{4,\"conflated\":2}");
        assert_eq!(subscriber.next(), Next::Nothing);
    }

    #[test]
    fn what_cannot_conflate_cuts_the_subscriber_off_with_a_count() {
        let subscriber = Subscriber::new(1, BOUNDS);
        for _ in 0..4 {
            assert!(!subscriber.push("{}".into(), None));
        }
        assert!(subscriber.push("{}".into(), None));
        assert!(!subscriber.push("{}".into(), None));
        assert_eq!(subscriber.next(), Next::End(Ending::Slow { lost: 6 }));
    }

    #[test]
    fn first_images_have_a_bound_of_their_own() {
        let subscriber = Subscriber::new(1, BOUNDS);
        assert!(!subscriber.push_image("{a}".into()));
        assert!(!subscriber.push_image("{b}".into()));
        check(&subscriber, "{a}");
        assert!(!subscriber.push_image("{c}".into()));
        assert!(subscriber.push_image("{d}".into()));
    }

    #[test]
    fn a_stop_lets_what_waits_go_first() {
        let subscriber = Subscriber::new(1, BOUNDS);
        subscriber.push("{1}".into(), None);
        subscriber.stop();
        check(&subscriber, "{1}");
        assert_eq!(subscriber.next(), Next::End(Ending::Stop));
    }
}
