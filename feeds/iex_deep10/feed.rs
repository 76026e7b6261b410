//! From packet to tick: IEX-TP sessions and their restarts.

use super::normalize::{At, Normalizer};
use super::settings::Settings;
use super::{PROTOCOL, not_this_protocol};
use crate::contract::{Batch, DecodeError, FeedCounters, FeedSettings, Notice, SettingFault};
use crate::model::{ResetKind, SendTime};
use crate::session::channel::{Follow, Framed, Kind, Place, Protocol, Standing};
use crate::session::iextp::{self, Header};
use crate::session::{RebuildSettings, SequencedChannel};

/// One channel of the venue.
pub(super) type DeepFeed = SequencedChannel<Deep>;

/// A channel that has seen nothing.
///
/// # Errors
/// All faults of the settings at once.
pub(super) fn build(settings: &FeedSettings) -> Result<DeepFeed, Vec<SettingFault>> {
    let own = Settings::of(settings)?;
    let deep = Deep {
        session: None,
        normalizer: Normalizer::new(settings.channel, &settings.instruments),
    };
    Ok(SequencedChannel::new(
        settings,
        own.sequencer,
        RebuildSettings::default(),
        own.silence_ns,
        deep,
    ))
}

/// The session the channel follows.
#[derive(Clone, Copy, Debug)]
struct Session {
    id: u32,
    channel: u32,
    /// Newest send time seen in it, ns.
    newest_ns: u64,
    /// The one before.
    before: Option<u32>,
}

/// What the venue adds to a sequenced channel.
pub(super) struct Deep {
    session: Option<Session>,
    normalizer: Normalizer,
}

impl Protocol for Deep {
    type Header = Header;

    const SEQUENCE_OFFSET: u32 = 24;

    #[inline(always)]
    fn split(bytes: &[u8]) -> Result<Framed<'_, Header>, DecodeError> {
        let (header, body) = match Header::split(bytes) {
            Some((header, body)) if header.protocol == PROTOCOL => (header, body),
            _ => return Err(not_this_protocol(bytes)),
        };
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
            promised_bytes: iextp::HEADER_BYTES + usize::from(header.payload_bytes),
            body,
        })
    }

    fn whole_count(body: &[u8], count: u64) -> u64 {
        iextp::whole_count(body, count as u16)
    }

    #[inline(always)]
    fn follow(&mut self, framed: &Framed<'_, Header>, standing: Standing) -> Follow {
        let header = &framed.header;
        match &mut self.session {
            Some(session) if session.id == header.session => {
                if session.channel != header.channel {
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
        self.normalizer.apply(at, body, skip, count, counters, out)
    }

    fn on_hole(&mut self) {
        self.normalizer.close_event();
    }

    fn restart(&mut self) {
        self.normalizer.restart();
    }

    fn expects_silence(&self) -> bool {
        self.normalizer.is_over()
    }

    fn poll_notice(&mut self) -> Option<Notice> {
        self.normalizer.poll_notice()
    }

    fn messages_by_type(&self) -> Vec<(&'static str, u64)> {
        self.normalizer.messages_by_type()
    }
}

impl Deep {
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
            newest_ns: header.send_time_ns,
            before: left.map(|left| left.id),
        });
        match left {
            None => Follow::Yes,
            Some(_) => Follow::Anew(ResetKind::Session),
        }
    }
}
