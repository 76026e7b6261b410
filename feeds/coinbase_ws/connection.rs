//! Connections: what they are told when they open, and what happens to books when they break.

use super::encode;
use super::feed::{SNAPSHOT_WAIT_NS, State, after, earliest};
use crate::contract::{Action, Batch, Line, Notice};
use crate::model::{InstrumentId, RecvTime, Symbol};

/// One connection, as far as the feed has heard of it.
pub(super) struct Connection {
    pub(super) line: Line,
    pub(super) is_up: bool,
    /// Somebody told us that it is open, so that it can be talked to; a capture may begin behind that.
    pub(super) is_asked: bool,
    /// Somebody told us that it is gone.
    pub(super) is_lost: bool,
    pub(super) is_silent: bool,
    pub(super) has_subscribed_products: bool,
    pub(super) last_packet: RecvTime,
    pub(super) confirm_by: Option<RecvTime>,
}

/// When and where a message came.
#[derive(Clone, Copy)]
pub(super) struct Arrival {
    pub(super) at: RecvTime,
    pub(super) line: Line,
}

impl State {
    #[inline]
    pub(super) fn connection(&mut self, line: Line) -> &mut Connection {
        let index = match self.connections.iter().position(|one| one.line == line) {
            Some(index) => index,
            None => {
                self.connections.push(Connection {
                    line,
                    is_up: false,
                    is_asked: false,
                    is_lost: false,
                    is_silent: true,
                    has_subscribed_products: false,
                    last_packet: RecvTime(0),
                    confirm_by: None,
                });
                self.connections.len() - 1
            }
        };
        &mut self.connections[index]
    }

    pub(super) fn up(&mut self, line: Line, now: RecvTime, out: &mut Batch) {
        self.down(line, now, out);
        let confirm_by = Some(after(now, self.settings.silence_ns));
        let connection = self.connection(line);
        connection.is_up = true;
        connection.is_asked = true;
        connection.is_lost = false;
        connection.is_silent = true;
        connection.has_subscribed_products = false;
        connection.last_packet = now;
        connection.confirm_by = confirm_by;
        if self.products.is_empty() {
            // The status channel lists the products; they are subscribed when it has.
            self.act_text(line, encode::subscribe(&[], &["status".to_owned()]));
        } else {
            self.subscribe_products(line, now);
        }
    }

    pub(super) fn down(&mut self, line: Line, now: RecvTime, out: &mut Batch) {
        let connection = self.connection(line);
        connection.confirm_by = None;
        connection.is_asked = false;
        connection.is_lost = true;
        if !std::mem::replace(&mut connection.is_up, false) {
            return;
        }
        if self.connections.iter().any(|other| other.is_up) {
            for index in 0..self.products.len() {
                if self.products[index].line == line {
                    self.await_snapshot(index, now, out);
                }
            }
            return;
        }
        self.resubscribe_at = None;
        for product in &mut self.products {
            product.forget_connection();
        }
        if self.instrument_count > 0 {
            self.counters.resets += 1;
            out.push(self.reset(InstrumentId::ALL, now));
        }
    }

    #[inline]
    pub(super) fn heard(&mut self, arrival: Arrival) {
        let Arrival { at, line } = arrival;
        let connection = self.connection(line);
        connection.last_packet = at;
        let was_up = std::mem::replace(&mut connection.is_up, true);
        let was_silent = std::mem::replace(&mut connection.is_silent, false);
        if !was_up && std::mem::replace(&mut connection.is_lost, false) {
            // Texts were lost, not the connection: only a new one brings new snapshots.
            self.act(Action::Reconnect {
                line,
                reason: "texts of the connection were lost",
            });
        }
        if was_silent {
            self.note(Notice::LineUp(line));
        }
    }

    pub(super) fn watch(&mut self, index: usize, now: RecvTime) {
        let silence_ns = self.settings.silence_ns;
        let connection = &mut self.connections[index];
        if !connection.is_up {
            return;
        }
        let line = connection.line;
        let is_silent = now >= after(connection.last_packet, silence_ns);
        let is_unconfirmed = connection
            .confirm_by
            .is_some_and(|deadline| now >= deadline);
        if is_silent {
            // Asked again after another such time, if nothing changes.
            connection.last_packet = now;
            connection.is_silent = true;
            self.note(Notice::LineSilent(line));
        }
        if is_unconfirmed {
            self.connections[index].confirm_by = Some(after(now, silence_ns));
        }
        if is_silent || is_unconfirmed {
            let reason = if is_silent {
                "the connection was silent for too long"
            } else {
                "the subscription was not confirmed in time"
            };
            self.act(Action::Reconnect { line, reason });
        }
    }

    pub(super) fn has_level2(&self) -> bool {
        self.settings
            .channels
            .iter()
            .any(|name| name.starts_with("level2"))
    }

    pub(super) fn subscribe_products(&mut self, line: Line, now: RecvTime) {
        self.connection(line).has_subscribed_products = true;
        let symbols: Vec<Symbol> = self.products.iter().map(|product| product.symbol).collect();
        self.act_text(line, encode::subscribe(&symbols, &self.settings.channels));
        if self.has_level2() {
            let at = after(now, SNAPSHOT_WAIT_NS);
            for product in &mut self.products {
                product.resubscribe_at = Some(at);
                product.resubscribe_from = at;
            }
            self.resubscribe_at = Some(at);
        }
    }

    pub(super) fn resubscribe_due(&mut self, now: RecvTime) {
        let mut symbols = Vec::new();
        let mut next = None;
        for product in &mut self.products {
            let Some(at) = product.resubscribe_at else {
                continue;
            };
            if at <= now {
                let again = after(now, SNAPSHOT_WAIT_NS);
                product.resubscribe_at = Some(again);
                product.resubscribe_from = again;
                symbols.push(product.symbol);
            }
            next = earliest(next, product.resubscribe_at);
        }
        self.resubscribe_at = next;
        let level2: Vec<String> = self
            .settings
            .channels
            .iter()
            .filter(|name| name.starts_with("level2"))
            .cloned()
            .collect();
        let line = self
            .connections
            .iter()
            .find(|one| one.is_up)
            .map(|one| one.line);
        if let Some(line) = line
            && !symbols.is_empty()
            && !level2.is_empty()
        {
            self.act_text(line, encode::unsubscribe(&symbols, &level2));
            self.act_text(line, encode::subscribe(&symbols, &level2));
        }
    }
}
