//! One channel of this transport: which session it follows, and where its sequence starts anew.
//!
//! The venue may begin its sequence at 1 again within one session id. A packet numbered 1 at stream
//! offset 0 that was sent later than everything before it is such a restart: a `Reset` of kind
//! sequence, and books stay as they are, because on a recorded day the venue goes on to change what
//! it set before. An older one is only a late copy of the first packet.

use super::normalize::{At, Dialect, Messages};
use super::{HEADER_BYTES, Header, split_message, whole_count};
use crate::contract::{
    Batch, DecodeError, FeedCounters, FeedSettings, Form, MessageSink, Notice, Packet, SessionKey,
    SettingFault, SettingKey,
};
use crate::model::{ResetKind, SendTime};
use crate::session::channel::{Follow, Framed, Kind, Place, Protocol, Standing};
use crate::session::settings::{HELD_PACKETS_MAX, REORDER_WINDOW_US, SILENCE_MS};
use crate::session::{OwnKeys, RebuildSettings, SequencedChannel};
use std::marker::PhantomData;

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
    let own = (keys.sequencer(), keys.silence_ns());
    let (sequencer, silence_ns) = keys.finish(own)?;
    let follower = Follower {
        session: None,
        messages: Messages::new(settings.channel, &settings.instruments),
        dialect: PhantomData,
    };
    Ok(SequencedChannel::new(
        settings,
        sequencer,
        RebuildSettings::default(),
        silence_ns,
        follower,
    ))
}

/// Session and channel of a packet of this dialect. All lines of a channel carry the same ones.
pub(crate) fn session_key<D: Dialect>(bytes: &[u8]) -> Option<SessionKey> {
    let (header, _) = split::<D>(bytes).ok()?;
    Some(header.session_key())
}

/// Shows every message of a packet: `channel` is session and channel, numbers run on from the
/// header's.
///
/// Unknown types and messages that are too short are not shown.
///
/// # Errors
/// The packet is shorter than its header promises; the whole messages before that are shown.
pub(crate) fn inspect<D: Dialect>(
    packet: &Packet<'_>,
    sink: &mut dyn MessageSink,
) -> Result<(), DecodeError> {
    if packet.form != Form::Datagram {
        return Err(DecodeError::NotThisProtocol);
    }
    let (header, mut payload) = split::<D>(packet.bytes)?;
    let channel = format!("{}.{}", header.session, header.channel);
    for index in 0..u64::from(header.count) {
        let (message, rest) = split_message(payload).ok_or(DecodeError::Truncated {
            need_bytes: packet.bytes.len() as u32 + 1,
            have_bytes: packet.bytes.len() as u32,
        })?;
        payload = rest;
        let sequence = header.sequence.wrapping_add(index);
        // Neither an unknown type nor a short message has fields to show.
        let _ = D::inspect(message, &mut |fields| {
            sink.message(&channel, Some(sequence), fields);
        });
    }
    Ok(())
}

/// The header of a packet of this dialect and what of its payload is there.
#[inline(always)]
fn split<D: Dialect>(bytes: &[u8]) -> Result<(Header, &[u8]), DecodeError> {
    match Header::split(bytes) {
        Some((header, body)) if D::PROTOCOLS.contains(&header.protocol) => Ok((header, body)),
        _ => Err(not_this_protocol(bytes)),
    }
}

#[cold]
fn not_this_protocol(bytes: &[u8]) -> DecodeError {
    if bytes.len() < HEADER_BYTES {
        return DecodeError::Truncated {
            need_bytes: HEADER_BYTES as u32,
            have_bytes: bytes.len() as u32,
        };
    }
    DecodeError::NotThisProtocol
}

/// The session the channel follows.
#[derive(Clone, Copy, Debug)]
struct Session {
    id: u32,
    channel: u32,
    protocol: u16,
    /// Newest send time seen in it, ns.
    newest_ns: u64,
    /// The one before.
    before: Option<u32>,
}

/// What this transport adds to a sequenced channel.
pub(crate) struct Follower<D> {
    session: Option<Session>,
    messages: Messages,
    dialect: PhantomData<D>,
}

impl<D: Dialect> Protocol for Follower<D> {
    type Header = Header;

    const SEQUENCE_OFFSET: u32 = 24;

    #[inline(always)]
    fn split(bytes: &[u8]) -> Result<Framed<'_, Header>, DecodeError> {
        let (header, body) = split::<D>(bytes)?;
        Ok(Framed {
            header,
            kind: if header.is_heartbeat() {
                Kind::Heartbeat
            } else {
                Kind::Messages
            },
            first: header.sequence,
            count: u64::from(header.count),
            sent: SendTime(header.send_time_ns),
            promised_bytes: HEADER_BYTES + usize::from(header.payload_bytes),
            body,
        })
    }

    fn whole_count(body: &[u8], count: u64) -> u64 {
        whole_count(body, count as u16)
    }

    #[inline(always)]
    fn follow(&mut self, framed: &Framed<'_, Header>, standing: Standing) -> Follow {
        let header = &framed.header;
        match &mut self.session {
            Some(session) if session.id == header.session => {
                if session.channel != header.channel || session.protocol != header.protocol {
                    return Follow::Refuse(DecodeError::NotThisProtocol);
                }
                let is_newer = header.send_time_ns > session.newest_ns;
                let is_start = header.sequence == 1 && header.stream_offset == 0;
                session.newest_ns = session.newest_ns.max(header.send_time_ns);
                if is_start && is_newer && standing.expected > 1 {
                    return Follow::Anew(ResetKind::Sequence);
                }
                Follow::Yes
            }
            _ => self.change_session(header),
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
            sent: place.sent,
            sequence: place.sequence,
        };
        self.messages
            .apply::<D>(at, body, skip, count, counters, out)
    }

    fn on_hole(&mut self) {
        self.messages.on_hole();
    }

    fn restart(&mut self) {
        self.messages.restart();
    }

    fn expects_silence(&self) -> bool {
        self.messages.is_over()
    }

    fn poll_notice(&mut self) -> Option<Notice> {
        self.messages.poll_notice()
    }

    fn messages_by_type(&self) -> Vec<(&'static str, u64)> {
        self.messages.messages_by_type(D::TYPES)
    }
}

impl<D> Follower<D> {
    /// Follows another session, unless the packet is a late one of the session before.
    #[cold]
    fn change_session(&mut self, header: &Header) -> Follow {
        let left = self.session;
        let is_late = left.is_some_and(|left| {
            left.before == Some(header.session) && header.send_time_ns <= left.newest_ns
        });
        if is_late {
            return Follow::Late;
        }
        self.session = Some(Session {
            id: header.session,
            channel: header.channel,
            protocol: header.protocol,
            newest_ns: header.send_time_ns,
            before: left.map(|left| left.id),
        });
        match left {
            None => Follow::Yes,
            Some(_) => Follow::Anew(ResetKind::Session),
        }
    }
}
