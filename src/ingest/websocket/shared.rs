//! A feed as its connections share it, and the task that keeps it: its clock, its REST answers, which connections are open.

use super::connection;
use super::{Refusal, Way, WebSocketFeed, WebSocketOptions};
use crate::ingest::orders::Orders;
use crate::ingest::rest::{Asker, Rest};
use crate::ingest::ring::TICKS_PER_PACKET_MAX;
use crate::ingest::{Stop, carry_out, log_notices};
use crate::metrics::{Counter, Counters};
use crate::record::{Tap, What};
use crate::sys::wall_clock_ns;
use feeds::contract::{Action, Batch, Feed, Form, Line, LinkEvent, Outcome, Packet};
use feeds::model::RecvTime;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tracing::{error, info};

/// Actions carried out at a time.
const ACTIONS_PER_TURN_MAX: usize = 256;
/// Texts that wait to be sent, a connection. Subscriptions of a large shard are some hundreds.
const OUTBOX_MAX: usize = 1_024;
/// Addresses that wait to be asked for.
const FETCHES_MAX: usize = 1_024;
/// Longest sleep of a task: a feed's new deadline is seen after this.
const SLEEP_MAX: Duration = Duration::from_millis(500);
/// How often a full ring is looked at.
const ROOM_POLL: Duration = Duration::from_millis(1);
/// What is left for all connections of a feed to say good-bye in.
const GOODBYE_MAX: Duration = Duration::from_millis(800);

/// What the feed wants of one connection.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) line: Line,
    /// Texts to be sent.
    pub(super) outbox: RefCell<VecDeque<String>>,
    /// The feed wants it opened anew, and why.
    pub(super) reconnect: Cell<Option<&'static str>>,
    /// It is not wanted any more.
    pub(super) is_over: Cell<bool>,
    pub(super) is_up: Cell<bool>,
    /// Something of the above changed.
    pub(super) news: Notify,
}

/// A feed and all that its connections use.
pub(super) struct Shared {
    pub(super) name: String,
    pub(super) url: String,
    pub(super) way: Way,
    pub(super) asker: Rc<Asker>,
    pub(super) options: WebSocketOptions,
    pub(super) stop: Arc<Stop>,
    pub(super) row: usize,
    tap: Option<Tap>,
    feed: RefCell<Box<dyn Feed>>,
    orders: Arc<Orders>,
    batch: Rc<RefCell<Batch>>,
    counters: Arc<Counters>,
    links: RefCell<Vec<Rc<Link>>>,
    fetches: RefCell<VecDeque<(Line, String)>>,
    /// Connections that are gone: answers to what was asked for them are worth nothing.
    gone: RefCell<Vec<Line>>,
    /// The keeper has something to do.
    news: Notify,
    /// When the last attempts to connect were made, oldest first.
    attempts: RefCell<VecDeque<Instant>>,
    bytes: Cell<u64>,
    /// Messages, each stamped by this process.
    messages: Cell<u64>,
}

pub(super) fn now() -> RecvTime {
    RecvTime(wall_clock_ns())
}

impl Shared {
    pub(super) fn new(
        feed: WebSocketFeed,
        batch: &Rc<RefCell<Batch>>,
        counters: &Arc<Counters>,
        options: WebSocketOptions,
        stop: &Arc<Stop>,
    ) -> Shared {
        Shared {
            name: feed.name,
            url: feed.url,
            asker: Rc::new(Asker::new(&feed.way)),
            way: feed.way,
            options,
            stop: Arc::clone(stop),
            row: feed.row,
            tap: feed.tap,
            feed: RefCell::new(feed.feed),
            orders: feed.orders,
            batch: Rc::clone(batch),
            counters: Arc::clone(counters),
            links: RefCell::default(),
            fetches: RefCell::default(),
            gone: RefCell::default(),
            news: Notify::new(),
            attempts: RefCell::default(),
            bytes: Cell::new(0),
            messages: Cell::new(0),
        }
    }

    /// Waits for this connection's turn to be opened: venues count attempts.
    pub(super) async fn wait_for_turn(&self) {
        let pace = self.feed.borrow().pace();
        let window = Duration::from_nanos(pace.connect_window_ns);
        let at = {
            let mut attempts = self.attempts.borrow_mut();
            let is_full = attempts.len() >= usize::from(pace.connects_max.max(1));
            let oldest = if is_full { attempts.pop_front() } else { None };
            let now = Instant::now();
            let at = oldest.map_or(now, |oldest| now.max(oldest + window));
            attempts.push_back(at);
            at
        };
        sleep_until(at).await;
    }

    /// Where to connect to: the address of the configuration, or what the venue's ticket makes of it.
    pub(super) async fn address(&self) -> Result<String, Refusal> {
        let ticket_url = self.feed.borrow().ticket_url(&self.url);
        let Some(ticket_url) = ticket_url else {
            return Ok(self.url.clone());
        };
        let ticket = self.asker.ticket(&ticket_url).await?;
        let address = self.feed.borrow_mut().address(&self.url, &ticket);
        address.map_err(|error| Refusal {
            reason: format!("the ticket to connect with cannot be read: {error}"),
            retry_after: None,
        })
    }

    /// Least time between two texts of a connection.
    pub(super) fn send_interval(&self) -> Duration {
        Duration::from_nanos(self.feed.borrow().pace().send_interval_ns)
    }

    /// Gives one frame to the feed; whether it could use it.
    pub(super) fn take(&self, line: Line, form: Form<'_>, bytes: &[u8]) -> bool {
        self.bytes.set(self.bytes.get() + bytes.len() as u64);
        if !matches!(form, Form::Rest(_)) {
            self.messages.set(self.messages.get() + 1);
        }
        let ts_recv = now();
        self.record(ts_recv, line, || match form {
            Form::Rest(url) => What::Rest(url.to_owned(), bytes.into()),
            Form::Binary => What::BinaryIn(bytes.into()),
            // A text of the protocol is UTF-8.
            _ => What::TextIn(String::from_utf8_lossy(bytes).into()),
        });
        let packet = Packet {
            line,
            ts_recv,
            form,
            bytes,
        };
        let outcome = self
            .feed
            .borrow_mut()
            .on_packet(&packet, &mut self.batch.borrow_mut());
        matches!(outcome, Outcome::Applied)
    }

    /// Puts something into the recording, where there is one.
    pub(super) fn record(&self, at: RecvTime, line: Line, what: impl FnOnce() -> What) {
        if let Some(tap) = &self.tap {
            tap.put(at.0, line.0, what());
        }
    }

    /// Whether a further frame may be given to the feed without waiting.
    pub(super) fn has_room(&self) -> bool {
        self.batch.borrow_mut().room() >= TICKS_PER_PACKET_MAX
    }

    /// What follows some frames: ticks go on, the clock is told, actions are carried out.
    pub(super) fn step(&self) {
        self.batch.borrow_mut().flush();
        self.tell_time();
        self.act();
        self.count();
    }

    /// Carries out what the feed wants.
    pub(super) fn act(&self) {
        let mut feed = self.feed.borrow_mut();
        log_notices(&self.name, feed.as_mut());
        for _ in 0..ACTIONS_PER_TURN_MAX {
            let Some(action) = feed.poll_action() else {
                break;
            };
            match action {
                Action::SendText { line, text } => self.with_link(line, |link| {
                    let mut outbox = link.outbox.borrow_mut();
                    if outbox.len() >= OUTBOX_MAX {
                        // A subscription that is lost is one that is never confirmed: begin again.
                        self.add(Counter::SendErrors);
                        link.reconnect
                            .set(Some("more to say than the connection takes"));
                    } else {
                        outbox.push_back(text);
                    }
                }),
                Action::Reconnect { line, reason } => {
                    self.with_link(line, |link| link.reconnect.set(Some(reason)));
                }
                Action::SendDatagram { .. }
                | Action::OpenStream { .. }
                | Action::SendStream { .. }
                | Action::CloseStream { .. } => self.add(Counter::SendErrors),
                Action::Fetch { line, url } => {
                    let mut fetches = self.fetches.borrow_mut();
                    if fetches.len() < FETCHES_MAX {
                        fetches.push_back((line, url));
                    } else {
                        self.add(Counter::SendErrors);
                    }
                    self.news.notify_one();
                }
            }
        }
        let links = self.links.borrow();
        let mut wanted = feed.connections().iter();
        if feed.connections().len() != links.len()
            || wanted.any(|line| !links.iter().any(|link| link.line == *line))
        {
            self.news.notify_one();
        }
    }

    /// Does something with a connection that is up; without one there is nothing to carry an action out on, and the feed
    /// asks again when it is.
    fn with_link(&self, line: Line, act: impl FnOnce(&Link)) {
        let links = self.links.borrow();
        let link = links.iter().find(|link| link.line == line);
        if let Some(link) = link.filter(|link| link.is_up.get()) {
            act(link);
            link.news.notify_one();
        }
    }

    /// Waits until a frame may be given to the feed. False when there will never be room, or we were asked to stop.
    pub(super) async fn wait_for_room(&self) -> bool {
        loop {
            {
                let mut batch = self.batch.borrow_mut();
                if batch.sink_mut().is_abandoned() {
                    return false;
                }
                if batch.room() >= TICKS_PER_PACKET_MAX {
                    return true;
                }
                batch.flush();
            }
            tokio::select! {
                biased;
                () = self.stop.requested() => return false,
                () = sleep(ROOM_POLL) => {}
            }
        }
    }

    fn until_deadline(&self) -> Duration {
        match self.feed.borrow().next_deadline() {
            Some(deadline) => {
                Duration::from_nanos(deadline.0.saturating_sub(wall_clock_ns())).min(SLEEP_MAX)
            }
            None => SLEEP_MAX,
        }
    }

    fn tell_time(&self) {
        let now = now();
        let which = (self.row, self.name.as_str());
        let mut feed = self.feed.borrow_mut();
        let mut batch = self.batch.borrow_mut();
        let feed = feed.as_mut();
        let was_ordered = carry_out(&self.orders, &self.counters, which, feed, now, &mut batch);
        let is_due = feed.next_deadline().is_some_and(|deadline| deadline <= now);
        if is_due {
            feed.on_clock(now, &mut batch);
        }
        if was_ordered || is_due {
            batch.flush();
        }
    }

    /// A connection is open, or is no more.
    pub(super) fn changed(&self, link: &Link, is_up: bool) {
        let line = link.line;
        link.outbox.borrow_mut().clear();
        link.reconnect.set(None);
        link.is_up.set(is_up);
        let event = if is_up {
            self.add(Counter::Connects);
            LinkEvent::Up(line)
        } else {
            self.add(Counter::Disconnects);
            self.fetches.borrow_mut().retain(|asked| asked.0 != line);
            self.gone.borrow_mut().push(line);
            self.news.notify_one();
            LinkEvent::Down(line)
        };
        let at = now();
        self.record(at, line, || match event {
            LinkEvent::Up(_) => What::Open(self.url.clone()),
            _ => What::Close,
        });
        let mut feed = self.feed.borrow_mut();
        feed.on_link(event, at, &mut self.batch.borrow_mut());
        drop(feed);
        self.step();
    }

    pub(super) fn add(&self, counter: Counter) {
        if let Some(row) = self.counters.channel(self.row) {
            row.add(counter, 1);
        }
    }

    fn count(&self) {
        if let Some(row) = self.counters.channel(self.row) {
            row.set_feed(self.feed.borrow().counters());
            row.set(Counter::Bytes, self.bytes.get());
            row.set(Counter::TimesApplication, self.messages.get());
        }
    }

    /// Opens what is wanted and not there, ends what is there and not wanted.
    fn match_connections(shared: &Rc<Shared>, tasks: &mut Vec<(Rc<Link>, JoinHandle<()>)>) {
        tasks.retain(|(_, task)| !task.is_finished());
        let wanted = shared.feed.borrow().connections().to_vec();
        shared.links.borrow_mut().retain(|link| {
            let is_wanted = wanted.contains(&link.line);
            if !is_wanted {
                link.is_over.set(true);
                link.news.notify_one();
            }
            is_wanted
        });
        for line in wanted {
            let is_there = shared.links.borrow().iter().any(|link| link.line == line);
            // One that is on its way out has to be gone before it comes again.
            if is_there || tasks.iter().any(|(link, _)| link.line == line) {
                continue;
            }
            let link = Rc::new(Link {
                line,
                outbox: RefCell::default(),
                reconnect: Cell::new(None),
                is_over: Cell::new(false),
                is_up: Cell::new(false),
                news: Notify::new(),
            });
            shared.links.borrow_mut().push(Rc::clone(&link));
            let task = connection::run(Rc::clone(shared), Rc::clone(&link));
            tasks.push((link, tokio::task::spawn_local(task)));
        }
    }
}

/// Keeps a feed until it is asked to stop.
pub(super) async fn keep(shared: Rc<Shared>) {
    let stop = Arc::clone(&shared.stop);
    let mut rest = Rest::new(&shared.asker);
    let mut tasks = Vec::new();
    loop {
        shared.step();
        for line in shared.gone.take() {
            rest.forget(line);
        }
        while let Some((line, url)) = shared.fetches.borrow_mut().pop_front() {
            rest.ask(line, url);
        }
        if let Some(row) = shared.counters.channel(shared.row) {
            row.set(Counter::RestFailures, rest.failures());
        }
        Shared::match_connections(&shared, &mut tasks);
        if !shared.wait_for_room().await {
            break;
        }
        tokio::select! {
            biased;
            () = stop.requested() => break,
            () = shared.news.notified() => {}
            (line, url, body) = rest.next(&shared.name) => {
                shared.take(line, Form::Rest(&url), &body);
            }
            () = sleep(shared.until_deadline()) => {}
        }
    }
    let goodbye = async {
        for (link, task) in tasks {
            link.is_over.set(true);
            link.news.notify_one();
            if let Err(failed) = task.await {
                error!(feed = shared.name, %failed, "a connection's task failed");
            }
        }
    };
    let _ = timeout(GOODBYE_MAX, goodbye).await;
    let mut batch = shared.batch.borrow_mut();
    shared.feed.borrow_mut().finish(now(), &mut batch);
    batch.flush();
    drop(batch);
    shared.act();
    shared.count();
    info!(feed = shared.name, "stopped");
}
