//! From packet to tick: MoldUDP64 sessions, their days, and the file form.

use super::normalize::{At, Normalizer};
use super::settings::Settings;
use crate::contract::{
    Action, Batch, DecodeError, Feed, FeedCounters, FeedSettings, Line, Notice, Outcome, Packet,
    SettingFault,
};
use crate::model::time::NewYorkDay;
use crate::model::{Flags, RecvTime, ResetKind, SendTime};
use crate::session::channel::{Follow, Framed, Kind, Place, Progress, Protocol, Standing};
use crate::session::moldudp64::{self, Header, SessionId};
use crate::session::sequencer::Request;
use crate::session::soupbintcp::{self, FromServer, Packets};
use crate::session::{SequencedChannel, SoupDelivery};

/// Packets of the session before are taken for late ones this long after a change, in ns.
const OLD_SESSION_NS: u64 = 1_000_000_000;

/// Type of the message that ends a GLIMPSE snapshot; the number of the live message behind it follows in 20 digits.
pub(super) const END_OF_SNAPSHOT: u8 = b'G';

/// One channel of the venue.
pub(super) type ItchFeed = SequencedChannel<Itch>;

/// A channel that has seen nothing.
///
/// # Errors
/// All faults of the settings at once.
pub(super) fn build(settings: &FeedSettings) -> Result<Box<dyn Feed>, Vec<SettingFault>> {
    let own = Settings::of(settings)?;
    let delivery = own.delivery.clone();
    let channel = channel(settings, own);
    if delivery.server_count > 0 {
        return Ok(Box::new(SoupDelivery::new(delivery, channel)));
    }
    Ok(Box::new(channel))
}

fn channel(settings: &FeedSettings, own: Settings) -> ItchFeed {
    let itch = Itch {
        session: None,
        normalizer: Normalizer::new(settings.channel, &settings.instruments),
        day: NewYorkDay::default(),
        file_midnight_ns: own.file_midnight_ns,
        file_sequence: 1,
        login: own.login,
        glimpse: Packets::default(),
    };
    SequencedChannel::new(settings, own.sequencer, own.rebuild, own.silence_ns, itch)
}

/// The session the channel follows.
#[derive(Clone, Copy, Debug)]
struct Session {
    id: SessionId,
    is_over: bool,
    /// The one before, and when it was left.
    before: Option<(SessionId, RecvTime)>,
}

/// What the venue adds to a sequenced channel.
pub(super) struct Itch {
    session: Option<Session>,
    normalizer: Normalizer,
    day: NewYorkDay,
    file_midnight_ns: u64,
    file_sequence: u64,
    /// User and password of the GLIMPSE servers.
    login: (String, String),
    /// Bytes of the one that is being read.
    glimpse: Packets,
}

impl Protocol for Itch {
    type Header = SessionId;

    const SEQUENCE_OFFSET: u32 = 10;

    #[inline(always)]
    fn split(bytes: &[u8]) -> Result<Framed<'_, SessionId>, DecodeError> {
        let Some((header, body)) = Header::split(bytes) else {
            return Err(truncated(moldudp64::HEADER_BYTES, bytes.len()));
        };
        Ok(Framed {
            header: header.session,
            kind: if header.is_heartbeat() {
                Kind::Heartbeat
            } else if header.is_end_of_session() {
                Kind::End
            } else {
                Kind::Messages
            },
            first: header.sequence,
            count: u64::from(header.count),
            sent: SendTime::UNDEFINED,
            promised_bytes: 0,
            body,
        })
    }

    fn whole_count(body: &[u8], count: u64) -> u64 {
        moldudp64::whole_count(body, count as u16)
    }

    #[inline(always)]
    fn follow(&mut self, framed: &Framed<'_, SessionId>, standing: Standing) -> Follow {
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
            midnight_ns: self.day.midnight_ns(place.ts_recv),
            ts_recv: place.ts_recv,
            sequence: place.sequence,
            closing: Flags::LAST,
        };
        self.normalizer
            .apply::<false>(at, body, skip, count, counters, out)
            .0
    }

    fn apply_file(
        &mut self,
        packet: &Packet<'_>,
        counters: &mut FeedCounters,
        out: &mut Batch,
    ) -> Option<Outcome> {
        let at = At {
            midnight_ns: self.file_midnight_ns,
            ts_recv: RecvTime::UNDEFINED,
            sequence: self.file_sequence,
            closing: Flags::LAST,
        };
        let (done, rest) =
            self.normalizer
                .apply::<true>(at, packet.bytes, 0, u64::MAX, counters, out);
        self.file_sequence += done;
        counters.messages += done;
        counters.first_on_line[usize::from(packet.line.0).min(Line::COUNT_MAX - 1)] += done;
        if rest.is_empty() {
            return Some(Outcome::Applied);
        }
        let error = truncated(packet.bytes.len() + 1, packet.bytes.len());
        counters.refuse(error);
        Some(Outcome::Refused(error))
    }

    fn request(&self, request: Request) -> Option<Action> {
        let bytes = moldudp64::request(self.session?.id, request.first, request.count).to_vec();
        Some(Action::SendDatagram {
            server: request.server,
            bytes,
        })
    }

    /// GLIMPSE 5.0: the present state as messages of the feed, then the number of the live message that continues it.
    fn begin_snapshot(&mut self) -> Vec<u8> {
        self.glimpse.clear();
        let (user, password) = &self.login;
        soupbintcp::login_request(user, password, b"", 1)
    }

    fn on_snapshot_bytes(
        &mut self,
        bytes: &[u8],
        ts_recv: RecvTime,
        reply: &mut Vec<u8>,
        counters: &mut FeedCounters,
        out: &mut Batch,
    ) -> Progress {
        let at = At {
            midnight_ns: self.day.midnight_ns(ts_recv),
            ts_recv,
            sequence: 0,
            closing: Flags::SNAPSHOT,
        };
        self.glimpse.push(bytes);
        while let Some(packet) = self.glimpse.next_from_server() {
            match packet {
                Ok(FromServer::Sequenced([END_OF_SNAPSHOT, digits @ ..])) => {
                    return match digits.get(..20).and_then(soupbintcp::number) {
                        Some(next) => Progress::Complete { next },
                        None => Progress::Failed("its end has no sequence number"),
                    };
                }
                Ok(FromServer::Sequenced(message)) => {
                    self.normalizer.message::<false>(at, message, counters, out);
                }
                // The server hears from us at least as often as we from it.
                Ok(FromServer::Heartbeat) => *reply = soupbintcp::packet(b'R', &[]),
                Ok(
                    FromServer::Accepted { .. } | FromServer::Unsequenced(_) | FromServer::Other,
                ) => {}
                Ok(FromServer::Rejected(b'A')) => {
                    return Progress::Failed("the server refuses user and password");
                }
                Ok(FromServer::Rejected(_)) => return Progress::Failed("the server refuses"),
                Ok(FromServer::EndOfSession) => {
                    return Progress::Failed("the server ended before its snapshot did");
                }
                Err(error) => {
                    counters.refuse(error);
                    return Progress::Failed("not what a GLIMPSE server sends");
                }
            }
        }
        Progress::More
    }

    fn restart(&mut self) {
        self.normalizer.restart();
    }

    fn end(&mut self) -> bool {
        self.session
            .as_mut()
            .is_some_and(|session| !std::mem::replace(&mut session.is_over, true))
    }

    /// The session has ended, or a file is read.
    fn expects_silence(&self) -> bool {
        self.file_sequence > 1 || self.session.is_some_and(|session| session.is_over)
    }

    fn poll_notice(&mut self) -> Option<Notice> {
        self.normalizer.poll_notice()
    }

    fn messages_by_type(&self) -> Vec<(&'static str, u64)> {
        self.normalizer.messages_by_type()
    }
}

impl Itch {
    /// Follows another session, unless the packet is a late one.
    #[cold]
    fn change_session(&mut self, id: SessionId, standing: Standing) -> Follow {
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

fn truncated(need_bytes: usize, have_bytes: usize) -> DecodeError {
    DecodeError::Truncated {
        need_bytes: need_bytes as u32,
        have_bytes: have_bytes as u32,
    }
}
