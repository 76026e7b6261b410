//! REST requests of a feed: snapshots and lists of instruments, beside its connection and never in its way.
//!
//! At most [`IN_FLIGHT_MAX`] requests are under way, [`WAITING_MAX`] wait; beyond that they are refused, counted, and the feed
//! asks again in its own time. A venue that says "too many" is left alone for as long as it says.

use super::websocket::{Refusal, Way};
use feeds::contract::Line;
use futures_util::StreamExt as _;
use futures_util::future::LocalBoxFuture;
use futures_util::stream::FuturesUnordered;
use reqwest::header::RETRY_AFTER;
use reqwest::{Certificate, Client, RequestBuilder, StatusCode};
use std::cell::OnceCell;
use std::collections::{HashMap, VecDeque};
use std::rc::Rc;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};
use tracing::{debug, warn};

/// Requests under way at once.
const IN_FLIGHT_MAX: usize = 4;
/// Requests that wait for their turn.
const WAITING_MAX: usize = 1_024;
/// Longest answer taken; longer ones are refused.
const BODY_BYTES_MAX: usize = 64 << 20;
/// How long an answer may take, all of it.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a venue is left alone that says "too many" and not for how long, and at most if it does.
const PAUSE: Duration = Duration::from_secs(5);
const PAUSE_MAX: Duration = Duration::from_secs(600);

/// An answer: the connection it was asked for, the address it is of, and its body.
pub(super) type Answer = (Line, String, Vec<u8>);

/// Why there is none.
#[derive(Debug)]
enum Failure {
    /// The venue wants to be left alone.
    TooMany(Duration),
    /// Anything else, for the log.
    Other(String),
}

type Request = LocalBoxFuture<'static, (Question, Result<Vec<u8>, Failure>)>;

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Question {
    line: Line,
    url: String,
    /// How often questions of its connection were forgotten before.
    age: u32,
}

/// What asks: made when it is first needed, since many feeds ask for nothing.
#[derive(Debug)]
pub(super) struct Asker {
    way: Way,
    client: OnceCell<Client>,
}

impl Asker {
    pub(super) fn new(way: &Way) -> Asker {
        Asker {
            way: way.clone(),
            client: OnceCell::new(),
        }
    }

    fn client(&self) -> Result<Client, reqwest::Error> {
        if let Some(client) = self.client.get() {
            return Ok(client.clone());
        }
        let client = new_client(&self.way)?;
        Ok(self.client.get_or_init(|| client).clone())
    }

    /// The answer to a POST without a body: what a connection needs before it is opened.
    pub(super) async fn ticket(&self, url: &str) -> Result<Vec<u8>, Refusal> {
        let refusal = |reason: String, retry_after| Refusal {
            reason: format!("no ticket to connect with: {reason}"),
            retry_after,
        };
        let client = self.client();
        let client = client.map_err(|error| refusal(error.to_string(), None))?;
        let body = fetch(client.post(url)).await;
        body.map_err(|failure| match failure {
            Failure::TooMany(pause) => refusal("too many requests".to_owned(), Some(pause)),
            Failure::Other(why) => refusal(why, None),
        })
    }
}

/// The requests of one feed.
pub(super) struct Rest {
    asker: Rc<Asker>,
    waiting: VecDeque<Question>,
    /// By line: how often its questions were forgotten.
    ages: HashMap<Line, u32>,
    in_flight: FuturesUnordered<Request>,
    /// No request before this.
    not_before: Instant,
    /// Requests that failed or were refused, since start.
    failures: u64,
    /// Failures since the last answer: the first one is worth a line of the log.
    failures_in_row: u64,
}

impl Rest {
    pub(super) fn new(asker: &Rc<Asker>) -> Rest {
        Rest {
            asker: Rc::clone(asker),
            waiting: VecDeque::new(),
            ages: HashMap::new(),
            in_flight: FuturesUnordered::new(),
            not_before: Instant::now(),
            failures: 0,
            failures_in_row: 0,
        }
    }

    /// Asks for an address, when it is its turn.
    pub(super) fn ask(&mut self, line: Line, url: String) {
        let age = self.age(line);
        let question = Question { line, url, age };
        if self.waiting.len() >= WAITING_MAX {
            self.failures += 1;
        } else if !self.waiting.contains(&question) {
            self.waiting.push_back(question);
        }
    }

    /// Forgets what was asked for a connection: it is gone, and answers on their way are as old as it.
    pub(super) fn forget(&mut self, line: Line) {
        self.waiting.retain(|question| question.line != line);
        *self.ages.entry(line).or_default() += 1;
    }

    fn age(&self, line: Line) -> u32 {
        self.ages.get(&line).copied().unwrap_or_default()
    }

    /// Requests that failed or were refused, since start.
    pub(super) fn failures(&self) -> u64 {
        self.failures
    }

    /// The next answer; waits for ever where nothing is asked for. Loses nothing when it is dropped and called again.
    pub(super) async fn next(&mut self, feed: &str) -> Answer {
        loop {
            self.start_waiting();
            tokio::select! {
                biased;
                Some((asked, result)) = self.in_flight.next(), if !self.in_flight.is_empty() => {
                    match result {
                        Ok(body) => {
                            self.failures_in_row = 0;
                            if asked.age == self.age(asked.line) {
                                return (asked.line, asked.url, body);
                            }
                        }
                        Err(failure) => self.failed(feed, &asked.url, failure),
                    }
                }
                () = sleep_until(self.not_before), if self.is_paused() => {}
                else => std::future::pending().await,
            }
        }
    }

    fn is_paused(&self) -> bool {
        !self.waiting.is_empty() && Instant::now() < self.not_before
    }

    fn start_waiting(&mut self) {
        while self.in_flight.len() < IN_FLIGHT_MAX
            && Instant::now() >= self.not_before
            && let Some(question) = self.waiting.pop_front()
        {
            let client = match self.asker.client() {
                Ok(client) => client,
                Err(error) => {
                    self.failures += 1;
                    warn!(%error, "no REST client can be made");
                    return;
                }
            };
            self.in_flight.push(Box::pin(async move {
                let result = fetch(client.get(&question.url)).await;
                (question, result)
            }));
        }
    }

    fn failed(&mut self, feed: &str, url: &str, failure: Failure) {
        self.failures += 1;
        self.failures_in_row += 1;
        let is_first = self.failures_in_row == 1;
        match failure {
            Failure::TooMany(pause) => {
                self.not_before = Instant::now() + pause;
                let pause_ms = pause.as_millis() as u64;
                warn!(
                    feed,
                    url, pause_ms, "the venue says that these are too many requests"
                );
            }
            Failure::Other(why) if is_first => warn!(feed, url, why, "no answer by REST"),
            Failure::Other(why) => debug!(feed, url, why, "no answer by REST"),
        }
    }
}

/// Through the feed's own proxy, else the one of the environment; the headers are for the connection alone.
fn new_client(way: &Way) -> reqwest::Result<Client> {
    let mut builder = Client::builder()
        .user_agent(concat!("waveletd/", env!("CARGO_PKG_VERSION")))
        .timeout(ANSWER_TIMEOUT);
    if let Some(proxy) = &way.proxy {
        builder = builder.proxy(reqwest::Proxy::all(proxy)?);
    }
    if let Some(roots) = &way.roots {
        let certificates = roots.certificates().map(Certificate::from_der);
        builder = builder.tls_certs_merge(certificates.collect::<Result<Vec<_>, _>>()?);
    }
    builder.build()
}

async fn fetch(request: RequestBuilder) -> Result<Vec<u8>, Failure> {
    let other = |error: reqwest::Error| Failure::Other(error.to_string());
    let mut response = request.send().await.map_err(other)?;
    let status = response.status();
    // 418 is what one venue says to those who go on after 429.
    if matches!(
        status,
        StatusCode::TOO_MANY_REQUESTS | StatusCode::IM_A_TEAPOT
    ) {
        let said = response.headers().get(RETRY_AFTER);
        let seconds = said.and_then(|text| text.to_str().ok()?.trim().parse().ok());
        let pause = seconds.map_or(PAUSE, Duration::from_secs);
        return Err(Failure::TooMany(pause.min(PAUSE_MAX)));
    }
    if !status.is_success() {
        return Err(Failure::Other(format!("status {status}")));
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(other)? {
        if body.len() + chunk.len() > BODY_BYTES_MAX {
            return Err(Failure::Other(format!("more than {BODY_BYTES_MAX} bytes")));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}
