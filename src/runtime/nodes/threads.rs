//! Work on threads of its own, joined to the graph by bounded rings.

use std::io;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::super::builder::NodeBuilder;
use super::super::channel::{Sender, TryReceiveError, Wake, channel as ring};
use super::super::executor::Executor;
use super::super::node::{Control, Node};
use super::super::steps::{Burst, Lost};
use super::super::stream::Stream;
use super::channels::{AtEnd, channel_burst};

/// Longest sleep of a worker between two looks at its ring; sends wake it at once.
const WORKER_SLEEP: Duration = Duration::from_millis(100);

/// Runs `run` on a thread of its own and gives what it sends: all messages of a cycle as a burst.
///
/// The ring holds `capacity` messages. The thread should end when a send says that the stream is
/// gone ([`Sender::is_closed`]). It is not waited for.
///
/// # Errors
///
/// What the operating system says of the thread; nothing is added to the graph then.
pub fn spawn<T: Send + 'static>(
    executor: &mut Executor,
    name: &str,
    capacity: usize,
    at_end: AtEnd,
    run: impl FnOnce(Sender<T>) + Send + 'static,
) -> io::Result<Stream<Burst<T>>> {
    let (stream, sender) = channel_burst(executor, capacity, capacity, at_end);
    thread::Builder::new()
        .name(name.to_owned())
        .spawn(move || run(sender))?;
    Ok(stream)
}

/// A stream worked on by another thread. Made by [`Stream::spawn_map`].
#[derive(Debug)]
pub struct SpawnedMap<O> {
    /// What the thread gives, in the order of its inputs.
    pub stream: Stream<Burst<O>>,
    /// The node that feeds the thread; the thread ends when nobody holds it.
    pub feed: Node<()>,
}

impl<T: Clone + Send + 'static> Stream<T> {
    /// What `function(value)` gives on a thread of its own, in the order of the values. Both rings
    /// hold `capacity`: values that find the way in full are counted in `lost`, and the thread
    /// waits where the way out is.
    ///
    /// A result comes in a later cycle, how much later depends on the thread: such a graph is not a
    /// function of its inputs alone.
    ///
    /// # Errors
    ///
    /// What the operating system says of the thread.
    pub fn spawn_map<O: Send + 'static>(
        &self,
        executor: &mut Executor,
        name: &str,
        capacity: usize,
        lost: &Lost,
        mut function: impl FnMut(T) -> Option<O> + Send + 'static,
    ) -> io::Result<SpawnedMap<O>> {
        let wake = Arc::new(Wake::default());
        let (mut to_worker, mut inbox) = ring::<T>(capacity, Arc::clone(&wake));
        let stream = spawn(executor, name, capacity, AtEnd::Stay, move |mut out| {
            let worker = thread::current();
            wake.set_hook(move || worker.unpark());
            loop {
                match inbox.try_receive() {
                    Ok(value) => {
                        if let Some(given) = function(value)
                            && out.blocking_send(given).is_err()
                        {
                            return;
                        }
                    }
                    Err(TryReceiveError::Closed) => return,
                    Err(TryReceiveError::Empty) => {
                        wake.park(
                            || !inbox.is_empty() || inbox.is_closed(),
                            || thread::park_timeout(WORKER_SLEEP),
                        );
                    }
                }
            }
        })?;
        let (lost, input) = (lost.clone(), self.clone());
        let feed = NodeBuilder::new(())
            .named("spawn_map")
            .triggered_by(self)
            .build(executor, move |(), _| {
                if input
                    .value()
                    .is_some_and(|value| to_worker.try_send(value).is_err())
                {
                    lost.add(1);
                }
                Control::Unchanged
            });
        Ok(SpawnedMap { stream, feed })
    }
}
