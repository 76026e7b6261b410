//! From packet to tick: units, and sessions that no header names.

use super::gap::{self, GapClient};
use super::instruments::Instruments;
use super::normalize::{Market, Normalizer};
use super::settings::Settings;
use super::spin::{Login, Said, SpinClient};
use super::unit::{At, Unit};
use crate::contract::{
    Batch, DecodeError, Feed, FeedCounters, FeedSettings, Line, Notice, SettingFault,
};
use crate::model::{Flags, RecvTime, ResetKind, SendTime};
use crate::session::SequencedChannel;
use crate::session::channel::{Answer, Follow, Framed, Kind, Place, Progress, Protocol, Standing};
use crate::session::sequenced_unit::{HEADER_BYTES, Header, whole_count};
use crate::session::sequencer::Request;

/// A first message is taken for a late copy this long after the end of a session, in ns.
const OLD_SESSION_NS: u64 = 1_000_000_000;
/// Without an end of session, a first message opens another one after this long without anything
/// new, in ns.
const NEW_SESSION_NS: u64 = 60_000_000_000;

/// A channel of a market that has seen nothing.
///
/// # Errors
/// All faults of the settings at once.
pub fn build<M: Market>(settings: &FeedSettings) -> Result<Box<dyn Feed>, Vec<SettingFault>> {
    let own = Settings::of::<M>(settings)?;
    let instruments = Instruments::new(&settings.instruments, M::IS_MAPPED);
    let unit = Unit::new(settings.channel, instruments, own.orders_max, M::LATER_NS);
    let pitch = Pitch::<M> {
        unit: (own.unit != 0).then_some(own.unit),
        normalizer: Normalizer::new(unit),
        login: own.login,
        spin: SpinClient::default(),
        request_login: own.request_login,
        gap: Vec::new(),
    };
    Ok(Box::new(SequencedChannel::new(
        settings,
        own.sequencer,
        own.rebuild,
        own.silence_ns,
        pitch,
    )))
}

/// What the venue adds to a sequenced channel.
struct Pitch<M> {
    /// The unit followed; `None` until the first packet where the settings leave it open.
    unit: Option<u8>,
    normalizer: Normalizer<M>,
    /// For the spin servers.
    login: Login,
    /// What is read of one.
    spin: SpinClient,
    /// For the gap request proxies.
    request_login: Login,
    /// What is read of each.
    gap: Vec<GapClient>,
}

impl<M: Market> Protocol for Pitch<M> {
    type Header = Header;

    const SEQUENCE_OFFSET: u32 = 4;

    #[inline(always)]
    fn split(bytes: &[u8]) -> Result<Framed<'_, Header>, DecodeError> {
        let Some((header, body)) = Header::split(bytes) else {
            return Err(DecodeError::Truncated {
                need_bytes: HEADER_BYTES as u32,
                have_bytes: bytes.len() as u32,
            });
        };
        Ok(Framed {
            header,
            kind: if header.sequence == 0 || header.unit == 0 {
                Kind::Unnumbered
            } else if header.is_heartbeat() {
                Kind::Heartbeat
            } else {
                Kind::Messages
            },
            first: u64::from(header.sequence),
            count: u64::from(header.count),
            sent: SendTime::UNDEFINED,
            promised_bytes: usize::from(header.length),
            body,
        })
    }

    fn whole_count(body: &[u8], count: u64) -> u64 {
        whole_count(body, count as u8)
    }

    #[inline(always)]
    fn follow(&mut self, framed: &Framed<'_, Header>, standing: Standing) -> Follow {
        let unit = framed.header.unit;
        if standing.line == Line::RECOVERY {
            // Answers to whoever asked, about any unit. They are old, and open no session.
            let is_ours = self.unit == Some(unit);
            return if is_ours { Follow::Yes } else { Follow::Late };
        }
        if *self.unit.get_or_insert(unit) != unit {
            // Another unit has a sequence of its own and needs a channel of its own.
            return Follow::Refuse(DecodeError::BadField { tag: 0, offset: 3 });
        }
        if framed.first != standing.expected {
            return self.consider_new_session(standing);
        }
        Follow::Yes
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
            closing: Flags::LAST,
        };
        self.normalizer.apply(at, body, skip, count, counters, out)
    }

    fn apply_unnumbered(
        &mut self,
        framed: &Framed<'_, Header>,
        ts_recv: RecvTime,
        counters: &mut FeedCounters,
        out: &mut Batch,
    ) -> u64 {
        // The unit may still be open: only numbered messages decide it.
        if framed.header.unit == 0 || self.unit.is_some_and(|unit| unit != framed.header.unit) {
            return 0;
        }
        let at = At {
            ts_recv,
            sequence: 0,
            closing: Flags::LAST,
        };
        let (body, count) = (framed.body, framed.count);
        self.normalizer
            .apply_reference(at, body, count, counters, out)
    }

    const ASKS_BY_STREAM: bool = true;

    const REQUEST_HEARTBEAT_NS: u64 = gap::HEARTBEAT_NS;

    fn begin_requests(&mut self, server: u8) -> Vec<u8> {
        let index = usize::from(server);
        if self.gap.len() <= index {
            self.gap.resize_with(index + 1, GapClient::default);
        }
        self.gap[index].begin(&self.request_login)
    }

    fn request_bytes(&self, request: Request) -> Vec<u8> {
        // Nothing is missing before a first packet, which says what unit it is.
        let unit = self.unit.unwrap_or_default();
        gap::request(unit, request.first, request.count)
    }

    fn request_heartbeat() -> Vec<u8> {
        super::spin::heartbeat()
    }

    fn on_request_bytes(
        &mut self,
        server: u8,
        bytes: &[u8],
        _reply: &mut Vec<u8>,
        answers: &mut Vec<Answer>,
    ) {
        if let Some(client) = self.gap.get_mut(usize::from(server)) {
            client.on_bytes(bytes, answers);
        }
    }

    fn begin_snapshot(&mut self) -> Vec<u8> {
        self.normalizer.unit().begin_image();
        self.spin.begin(&self.login)
    }

    fn wants_snapshot_from(&mut self, from: u64) {
        self.spin.wants_from(from);
    }

    /// A spin server: the orders that rest, as messages of the feed, up to a message.
    fn on_snapshot_bytes(
        &mut self,
        bytes: &[u8],
        ts_recv: RecvTime,
        reply: &mut Vec<u8>,
        counters: &mut FeedCounters,
        out: &mut Batch,
    ) -> Progress {
        let at = At {
            ts_recv,
            sequence: 0,
            closing: Flags::SNAPSHOT,
        };
        let Pitch {
            unit,
            normalizer,
            spin,
            ..
        } = self;
        spin.push(bytes);
        while let Some(said) = spin.next(*unit, reply) {
            match said {
                Ok(Said::Message(message)) => normalizer.apply_image(at, message, counters, out),
                Ok(Said::Finished { next }) => {
                    // What the image told last need not be the second the live messages are in.
                    normalizer.unit().on_hole();
                    return Progress::Complete { next };
                }
                Ok(Said::Failed(reason)) => return Progress::Failed(reason),
                Err(error) => {
                    counters.refuse(error);
                    return Progress::Failed("not what a spin server sends");
                }
            }
        }
        Progress::More
    }

    fn has_lost(&mut self) -> bool {
        std::mem::take(&mut self.normalizer.unit().has_lost)
    }

    fn settle(&mut self, out: &mut Batch) {
        self.normalizer.unit().settle(out);
    }

    fn on_hole(&mut self) {
        self.normalizer.unit().on_hole();
    }

    fn restart(&mut self) {
        self.normalizer.restart();
    }

    fn expects_silence(&self) -> bool {
        self.normalizer.is_over()
    }

    fn poll_notice(&mut self) -> Option<Notice> {
        self.normalizer.unit().poll_notice()
    }

    fn messages_by_type(&self) -> Vec<(&'static str, u64)> {
        self.normalizer.messages_by_type()
    }
}

impl<M: Market> Pitch<M> {
    /// The header names no session. Low numbers are seen again when a day begins: after the end of
    /// the one before, or, where that was missed, after long silence. Its first packets may be
    /// lost, so any low number will do; and so many may be lost that the first one seen is beyond
    /// the last known of the day before. What servers send of such a gap is of the new day, so that
    /// after long silence nothing is continued over one.
    #[cold]
    fn consider_new_session(&self, standing: Standing) -> Follow {
        let quiet_ns = standing.now.0.saturating_sub(standing.current_at.0);
        let needed_ns = if self.normalizer.is_over() {
            OLD_SESSION_NS
        } else {
            NEW_SESSION_NS
        };
        let is_first = standing.current_at.0 == 0;
        if is_first || quiet_ns < needed_ns {
            Follow::Yes
        } else {
            Follow::Anew(ResetKind::Session)
        }
    }
}
