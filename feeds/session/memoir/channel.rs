//! One channel of this transport: which session it follows, and what its packets hold.

use super::normalize::{At, Dialect, Messages};
use super::{HEARTBEAT, Header, SHUTDOWN, split_message, truncated, whole_count};
use crate::contract::{
    Batch, DecodeError, FeedCounters, FeedSettings, Form, Line, MessageSink, Notice, Packet,
    SessionKey, SettingFault, SettingKey,
};
use crate::model::{RecvTime, ResetKind, SendTime};
use crate::session::channel::{Follow, Framed, Kind, Place, Protocol, Standing};
use crate::session::sbe::HeaderShape;
use crate::session::settings::{HELD_PACKETS_MAX, REORDER_WINDOW_US, SILENCE_MS};
use crate::session::{OwnKeys, RebuildSettings, SequencedChannel};

/// Packets of the session before are taken for late ones this long after a change, in ns.
const OLD_SESSION_NS: u64 = 1_000_000_000;
/// Characters of a symbol and its suffix, and the blank between them.
const SYMBOL_BYTES_MAX: usize = 13;

/// The YAML keys of a channel beyond the common ones.
pub const KEYS: &[SettingKey] = &[REORDER_WINDOW_US, HELD_PACKETS_MAX, SILENCE_MS];

/// A channel of the dialect `D` that has seen nothing.
///
/// # Errors
/// All faults of the settings at once; unknown keys are found by the caller, who knows the common
/// ones.
pub(crate) fn build<D: Dialect>(
    settings: &FeedSettings,
) -> Result<SequencedChannel<Follower<D>>, Vec<SettingFault>> {
    let mut keys = OwnKeys::of(settings);
    keys.symbols(SYMBOL_BYTES_MAX, "AAPL, or BRK B with its suffix");
    let own = (keys.sequencer(), keys.silence_ns());
    let (sequencer, silence_ns) = keys.finish(own)?;
    let follower = Follower {
        session: None,
        messages: Messages::new(settings.channel, &settings.instruments),
        dialect: D::default(),
    };
    Ok(SequencedChannel::new(
        settings,
        sequencer,
        RebuildSettings::default(),
        silence_ns,
        follower,
    ))
}

/// The session of a packet. All lines of a channel carry the same one.
pub(crate) fn session_key(bytes: &[u8]) -> Option<SessionKey> {
    let (header, _) = Header::split(bytes).ok()?;
    let mut key = [0; 16];
    key[..8].copy_from_slice(&header.session.to_be_bytes());
    Some(SessionKey(key))
}

/// Shows every message of a packet: `channel` is the session, numbers run on from the header's.
///
/// Unknown templates and messages that contradict their own lengths are not shown.
///
/// # Errors
/// The packet is shorter than its header promises, or of another schema; the whole messages before
/// that are shown.
pub(crate) fn inspect<D: Dialect>(
    packet: &Packet<'_>,
    sink: &mut dyn MessageSink,
) -> Result<(), DecodeError> {
    if packet.form != Form::Datagram {
        return Err(DecodeError::NotThisProtocol);
    }
    let (header, mut body) = Header::split(packet.bytes)?;
    let channel = header.session.to_string();
    for index in 0..u64::from(header.count) {
        let (message, rest) = split_message(body)
            .ok_or_else(|| truncated(packet.bytes.len() + 1, packet.bytes.len()))?;
        body = rest;
        let Some((head, block)) = D::Head::read(message) else {
            continue;
        };
        if D::SCHEMA.is_some_and(|schema| schema != head.schema) {
            return Err(DecodeError::NotThisProtocol);
        }
        let sequence = header.sequence.wrapping_add(index);
        // A message that leaves its own length has no fields to show.
        let _ = D::inspect(head, block, &mut |fields| {
            sink.message(&channel, Some(sequence), fields);
        });
    }
    Ok(())
}

/// The session the channel follows.
#[derive(Clone, Copy, Debug)]
struct Session {
    id: u64,
    is_over: bool,
    /// The one before, and when it was left.
    before: Option<(u64, RecvTime)>,
}

/// What this transport adds to a sequenced channel.
pub(crate) struct Follower<D> {
    session: Option<Session>,
    messages: Messages,
    dialect: D,
}

impl<D: Dialect> Protocol for Follower<D> {
    type Header = u64;

    const SEQUENCE_OFFSET: u32 = 10;

    #[inline(always)]
    fn split(bytes: &[u8]) -> Result<Framed<'_, u64>, DecodeError> {
        let (header, body) = Header::split(bytes)?;
        Ok(Framed {
            header: header.session,
            kind: match (header.kind, header.count) {
                (HEARTBEAT, _) => Kind::Heartbeat,
                (SHUTDOWN, _) => Kind::End,
                (_, 0) => Kind::Heartbeat,
                _ => Kind::Messages,
            },
            first: header.sequence,
            count: u64::from(header.count),
            sent: SendTime::UNDEFINED,
            promised_bytes: 0,
            body,
        })
    }

    fn whole_count(body: &[u8], count: u64) -> u64 {
        whole_count(body, count)
    }

    #[inline(always)]
    fn follow(&mut self, framed: &Framed<'_, u64>, standing: Standing) -> Follow {
        match self.session {
            Some(session) if session.id == framed.header => Follow::Yes,
            _ => self.change_session(framed.header, standing),
        }
    }

    #[inline(always)]
    fn apply(
        &mut self,
        place: Place,
        body: &[u8],
        skip: u64,
        count: u64,
        counters: &mut FeedCounters,
        out: &mut Batch,
    ) -> u64 {
        let at = At {
            ts_recv: place.ts_recv,
            sequence: place.sequence,
        };
        let (messages, dialect) = (&mut self.messages, &mut self.dialect);
        messages.apply(dialect, at, body, (skip, count), counters, out)
    }

    fn on_hole(&mut self) {
        self.dialect.on_hole();
    }

    fn restart(&mut self) {
        self.messages.restart();
        self.dialect.restart();
    }

    fn end(&mut self) -> bool {
        self.session
            .as_mut()
            .is_some_and(|session| !std::mem::replace(&mut session.is_over, true))
    }

    fn expects_silence(&self) -> bool {
        self.session.is_some_and(|session| session.is_over)
    }

    fn poll_notice(&mut self) -> Option<Notice> {
        self.messages.poll_notice()
    }

    fn messages_by_type(&self) -> Vec<(&'static str, u64)> {
        self.messages.messages_by_type(D::TEMPLATES)
    }
}

impl<D> Follower<D> {
    /// Follows another session, unless the packet is a late one of the session before.
    #[cold]
    fn change_session(&mut self, id: u64, standing: Standing) -> Follow {
        if standing.line == Line::RECOVERY {
            return Follow::Late;
        }
        let left = self.session;
        let is_late = left
            .and_then(|left| left.before)
            .is_some_and(|(before, at)| {
                before == id && standing.now.0.saturating_sub(at.0) < OLD_SESSION_NS
            });
        if is_late {
            return Follow::Late;
        }
        self.session = Some(Session {
            id,
            is_over: false,
            before: left.map(|left| (left.id, standing.now)),
        });
        match left {
            None => Follow::Yes,
            Some(_) => Follow::Anew(ResetKind::Session),
        }
    }
}
