//! The simulated venues of a configuration: what `simulate` and `demo` run.

use crate::config::{Config, Reach, SimulateConfig, SimulatedFaults};
use crate::simulate::{
    DatagramPlan, DatagramVenue, FlowSettings, RetransmitPlan, WebSocketPlan, WebSocketVenue,
    symbols,
};
use feeds::model::Symbol;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};

/// Instruments of a venue for which neither its own list nor the feed's names any.
const INSTRUMENTS_DEFAULT: usize = 20;

/// Venues at work. Dropping them stops them.
#[derive(Debug, Default)]
pub struct Venues {
    datagrams: Vec<(String, DatagramVenue)>,
    websockets: Vec<(String, WebSocketVenue)>,
}

/// Why a venue could not start.
#[derive(Debug, thiserror::Error)]
#[error("the venue of feed `{feed}`: {error}")]
pub struct VenueError {
    /// Which feed it stands for.
    pub feed: String,
    /// What the system says.
    pub error: io::Error,
}

impl Venues {
    /// Starts every venue of the configuration, at the addresses its feed listens on or connects to.
    ///
    /// # Errors
    /// The first venue that cannot have its sockets.
    pub fn start(config: &Config) -> Result<Venues, VenueError> {
        let mut venues = Venues::default();
        for plan in &config.simulate {
            let feed = &config.feeds[plan.feed];
            venues.add(config, plan).map_err(|error| VenueError {
                feed: feed.name.clone(),
                error,
            })?;
        }
        Ok(venues)
    }

    fn add(&mut self, config: &Config, plan: &SimulateConfig) -> io::Result<()> {
        let feed = &config.feeds[plan.feed];
        let venue = (feed.descriptor.simulator)();
        // A pattern of the feed is no name to simulate.
        let is_name = |name: &&String| !name.contains(['*', '?', '!']);
        let named: Vec<String>;
        let given: &[String] = if plan.instruments.is_empty() {
            let all = feed.instruments.symbols().iter();
            named = all.filter(is_name).cloned().collect();
            &named
        } else {
            &plan.instruments
        };
        let count = if given.is_empty() {
            INSTRUMENTS_DEFAULT
        } else {
            given.len()
        };
        let symbols: Vec<Symbol> = symbols(given, count);
        let flow = FlowSettings {
            seed: plan.seed,
            symbol_count: count as u32,
            ..FlowSettings::default()
        };
        match (&feed.reach, &plan.faults) {
            (
                Reach::Datagrams {
                    lines,
                    retransmit,
                    snapshot_lines,
                    gap_lines,
                    snapshot,
                    ..
                },
                faults,
            ) => {
                let (impairments, delay) = match faults {
                    SimulatedFaults::Datagrams {
                        lines,
                        retransmit_delay,
                    } => (lines.clone(), *retransmit_delay),
                    SimulatedFaults::WebSocket(_) => Default::default(),
                };
                let plan = DatagramPlan {
                    lines: lines.addresses.clone(),
                    interface: Ipv4Addr::UNSPECIFIED,
                    impairments,
                    retransmit: retransmit.first().map(|&listen| RetransmitPlan {
                        listen,
                        delay,
                        refuse: false,
                    }),
                    snapshot_lines: snapshot_lines.clone(),
                    gap_lines: gap_lines.clone(),
                    snapshot: snapshot.first().copied(),
                    flow,
                    symbols,
                    events_per_second: plan.events_per_second,
                    event_count: None,
                };
                let venue = DatagramVenue::start(plan, venue)?;
                self.datagrams.push((feed.name.clone(), venue));
            }
            (Reach::WebSocket { url, .. }, faults) => {
                let faults = match faults {
                    SimulatedFaults::WebSocket(faults) => *faults,
                    SimulatedFaults::Datagrams { .. } => Default::default(),
                };
                let plan = WebSocketPlan {
                    listen: address_of(url)?,
                    faults,
                    flow,
                    symbols,
                    events_per_second: plan.events_per_second,
                };
                let venue = WebSocketVenue::start(plan, venue)?;
                self.websockets.push((feed.name.clone(), venue));
            }
        }
        Ok(())
    }

    /// Name of the feed each venue stands for, and the events it has said.
    pub fn events(&self) -> impl Iterator<Item = (&str, u64)> {
        let datagrams = self
            .datagrams
            .iter()
            .map(|(name, venue)| (name.as_str(), venue.events()));
        let websockets = self
            .websockets
            .iter()
            .map(|(name, venue)| (name.as_str(), venue.events()));
        datagrams.chain(websockets)
    }
}

/// The address a simulated venue listens on for a feed that connects to `url`. Only this machine, and no TLS.
fn address_of(url: &str) -> io::Result<SocketAddr> {
    let wrong = || {
        let why = format!("a simulated venue needs a url such as ws://127.0.0.1:26480, not {url}");
        io::Error::new(io::ErrorKind::InvalidInput, why)
    };
    let rest = url.strip_prefix("ws://").ok_or_else(wrong)?;
    let host = rest.split('/').next().unwrap_or_default();
    let address: SocketAddr = host.parse().map_err(|_| wrong())?;
    if address.ip().is_loopback() {
        Ok(address)
    } else {
        Err(wrong())
    }
}
