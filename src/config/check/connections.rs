//! The keys of a feed that comes over connections: where to, how many, by which way.

use super::{Checker, value as value_of};
use crate::config::raw::{Located, RawFeed};
use crate::config::yaml::{self, Key, Node};
use crate::config::{Fault, Reach, secret};
use crate::ingest::websocket::{Roots, Way, split_user};
use feeds::contract::{Descriptor, Value};
use std::path::Path;
use std::sync::Arc;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue};

/// Beyond what any venue lets a connection carry.
const INSTRUMENTS_PER_CONNECTION_MAX: i64 = 16_384;

impl Checker<'_> {
    pub(super) fn websocket(&mut self, raw: &RawFeed, descriptor: &Descriptor) -> Option<Reach> {
        self.misplaced(
            raw.lines.as_ref(),
            descriptor,
            "remove the key; `url` says where from",
        );
        self.misplaced(raw.retransmit.as_ref(), descriptor, "remove the key");
        self.misplaced(raw.snapshot.as_ref(), descriptor, "remove the key");
        self.misplaced(raw.snapshot_lines.as_ref(), descriptor, "remove the key");
        self.misplaced(raw.timestamps.as_ref(), descriptor, "remove the key");
        self.misplaced(raw.gap_lines.as_ref(), descriptor, "remove the key");
        self.misplaced(raw.delivery.as_ref(), descriptor, "remove the key");
        self.misplaced(
            raw.receive_buffer_bytes.as_ref(),
            descriptor,
            "remove the key",
        );
        let Some(url) = &raw.url else {
            if descriptor.default_url.is_empty() {
                self.missing(raw, "url", "write url: \"wss://…\"");
                return None;
            }
            return Some(self.connections(raw, descriptor.default_url));
        };
        let host = url
            .value
            .strip_prefix("wss://")
            .or_else(|| url.value.strip_prefix("ws://"));
        match host {
            Some(host) if !host.is_empty() && !host.starts_with('/') => {
                Some(self.connections(raw, &url.value))
            }
            _ => {
                let why = format!("`{}` is no WebSocket address", yaml::shorten(&url.value));
                self.tell(
                    url,
                    why,
                    "begin it with wss:// (or ws:// without encryption)",
                );
                None
            }
        }
    }

    /// How the connections to `url` are made.
    fn connections(&mut self, raw: &RawFeed, url: &str) -> Reach {
        let connections = self.size(&raw.connections, 1..=2, 1) as u8;
        let instruments_per_connection = raw.instruments_per_connection.as_ref().map(|_| {
            let per_connection = &raw.instruments_per_connection;
            self.size(per_connection, 1..=INSTRUMENTS_PER_CONNECTION_MAX, 1) as u32
        });
        let proxy = raw.proxy.as_ref().and_then(|proxy| self.proxy(proxy));
        let roots = raw.tls_roots.as_ref().and_then(|file| {
            let roots = Roots::read(Path::new(&file.value));
            roots
                .map(Arc::new)
                .map_err(|why| self.tell(file, why, "give a PEM file this user may read"))
                .ok()
        });
        let headers = raw
            .headers
            .iter()
            .filter_map(|(name, value)| self.header(raw, name, value))
            .collect();
        Reach::WebSocket {
            url: url.to_owned(),
            connections,
            instruments_per_connection,
            way: Way {
                proxy,
                roots,
                headers,
            },
        }
    }

    /// A proxy's address; one that holds a password is a secret.
    fn proxy(&mut self, proxy: &Located<String>) -> Option<String> {
        let is_reference = ["env:", "file:"]
            .iter()
            .any(|form| proxy.value.starts_with(form));
        let text = if is_reference || proxy.value.contains('@') {
            match secret::resolve(&proxy.value) {
                Ok(text) => text,
                Err((why, remedy)) => {
                    self.tell(proxy, why, remedy);
                    return None;
                }
            }
        } else {
            proxy.value.clone()
        };
        match split_user(&text) {
            Ok(_) => Some(text),
            Err(why) => {
                self.tell(proxy, why, "write http://host:port or socks5://host:port");
                None
            }
        }
    }

    /// A header of the request that opens a connection. What it says is taken for a secret.
    fn header(
        &mut self,
        raw: &RawFeed,
        name: &Key,
        value: &Node,
    ) -> Option<(HeaderName, HeaderValue)> {
        let path = format!("{}.headers.{}", raw.path, yaml::shorten(&name.text));
        let mut fault = |why: String, remedy: &str| {
            self.faults.push(Fault::new(value.at, &path, why, remedy));
        };
        let Some(Value::Text(reference)) = value_of(value) else {
            fault("not a text".to_owned(), "write env:NAME or file:PATH");
            return None;
        };
        let text = match secret::resolve(&reference) {
            Ok(text) => text,
            Err((why, remedy)) => {
                fault(why, remedy);
                return None;
            }
        };
        let header = (
            HeaderName::try_from(name.text.as_str()),
            HeaderValue::try_from(text),
        );
        match header {
            (Ok(name), Ok(mut value)) => {
                value.set_sensitive(true);
                Some((name, value))
            }
            _ => {
                fault("no header of HTTP".to_owned(), "write Name: env:NAME");
                None
            }
        }
    }
}
