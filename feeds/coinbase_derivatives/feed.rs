//! From packet to tick: numbers that never begin anew, requests, and the snapshot lines.

use super::encode::request;
use super::generated::{self, MessageHeader};
use super::normalize::Normalizer;
use super::settings::Settings;
use super::wire::{self, Header, RETRANSMIT, SNAPSHOT};
use crate::contract::{
    Action, Batch, DecodeError, FeedCounters, FeedSettings, Line, Notice, Packet, SettingFault,
};
use crate::model::{RecvTime, ResetKind, SendTime, heartbeat_detail};
use crate::session::SequencedChannel;
use crate::session::channel::{Follow, Framed, Kind, Place, Progress, Protocol, Standing};
use crate::session::sbe::HeaderShape;
use crate::session::sequencer::Request;

/// A packet sent so much later than the newest one, whose number is less, is no late copy: the venue has begun again. Far
/// beyond what lines differ by, and within the first heartbeats.
const BEGUN_AGAIN_NS: u64 = 2_000_000_000;

/// One channel of the venue.
pub(super) type DerivativesFeed = SequencedChannel<Derivatives>;

/// A channel that has seen nothing.
///
/// # Errors
/// All faults of the settings at once.
pub(super) fn build(settings: &FeedSettings) -> Result<DerivativesFeed, Vec<SettingFault>> {
    let own = Settings::of(settings)?;
    let derivatives = Derivatives {
        channel: None,
        newest_ns: 0,
        normalizer: Normalizer::new(
            settings.channel,
            &settings.instruments,
            own.follows_undefined,
        ),
    };
    Ok(SequencedChannel::new(
        settings,
        own.sequencer,
        own.rebuild,
        own.silence_ns,
        derivatives,
    ))
}

/// What the venue adds to a sequenced channel.
pub(super) struct Derivatives {
    /// The venue's number of the channel, once a packet said it.
    channel: Option<u16>,
    /// When the newest packet with something new was sent, ns.
    newest_ns: u64,
    normalizer: Normalizer,
}

impl Protocol for Derivatives {
    type Header = Header;

    const SEQUENCE_OFFSET: u32 = 8;
    const SNAPSHOT_END: u8 = heartbeat_detail::SNAPSHOT_PART;

    #[inline(always)]
    fn split(bytes: &[u8]) -> Result<Framed<'_, Header>, DecodeError> {
        let (header, body) = Header::split(bytes)?;
        let mut is_reject = false;
        if let Some(message) = body.get(wire::SIZE_BYTES..)
            && let Some((first, _)) = MessageHeader::read(message)
        {
            if first.schema != generated::SCHEMA {
                return Err(DecodeError::NotThisProtocol);
            }
            is_reject = first.template == generated::RetransmitRejectMessage::TEMPLATE;
        }
        Ok(Framed {
            header,
            kind: if header.flags & SNAPSHOT != 0 || is_reject {
                Kind::Unnumbered
            } else if header.count == 0 {
                Kind::Heartbeat
            } else {
                Kind::Messages
            },
            first: header.sequence,
            count: u64::from(header.count),
            sent: SendTime(header.sent_ns),
            promised_bytes: 0,
            body,
        })
    }

    fn whole_count(body: &[u8], count: u64) -> u64 {
        wire::whole_count(body, count)
    }

    #[inline(always)]
    fn follow(&mut self, framed: &Framed<'_, Header>, standing: Standing) -> Follow {
        let header = framed.header;
        if *self.channel.get_or_insert(header.channel) != header.channel {
            return Follow::Refuse(DecodeError::BadField { tag: 0, offset: 16 });
        }
        if framed.first.saturating_add(framed.count) >= standing.expected {
            self.newest_ns = self.newest_ns.max(header.sent_ns);
        } else if header.flags & RETRANSMIT == 0
            && standing.line != Line::RECOVERY
            && self.newest_ns > 0
            && header.sent_ns > self.newest_ns.saturating_add(BEGUN_AGAIN_NS)
        {
            self.newest_ns = header.sent_ns;
            return Follow::Anew(ResetKind::Session);
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
        self.normalizer
            .apply(place, body, skip, count, counters, out)
    }

    fn request(&self, request_of: Request) -> Option<Action> {
        Some(Action::SendDatagram {
            server: request_of.server,
            bytes: request(self.channel?, request_of.first, request_of.count),
        })
    }

    fn on_snapshot_datagram(
        &mut self,
        packet: &Packet<'_>,
        from: u64,
        counters: &mut FeedCounters,
        out: &mut Batch,
    ) -> Progress {
        let (header, body) = match Header::split(packet.bytes) {
            Ok(split) => split,
            Err(error) => {
                counters.refuse(error);
                return Progress::More;
            }
        };
        if header.flags & SNAPSHOT == 0 || self.channel.is_some_and(|own| own != header.channel) {
            counters.messages_ignored += u64::from(header.count);
            return Progress::More;
        }
        let place = Place {
            sequence: 0,
            ts_recv: packet.ts_recv,
            sent: SendTime(header.sent_ns),
        };
        self.normalizer
            .apply_snapshot(place, &header, body, from, counters, out)
    }

    /// Definitions of snapshots that come on the lines themselves, and rejects.
    fn apply_unnumbered(
        &mut self,
        framed: &Framed<'_, Header>,
        ts_recv: RecvTime,
        counters: &mut FeedCounters,
        out: &mut Batch,
    ) -> u64 {
        let place = Place {
            sequence: 0,
            ts_recv,
            sent: framed.sent,
        };
        let (body, count) = (framed.body, framed.count);
        self.normalizer.apply_unnumbered(
            place,
            framed.header.instrument,
            (body, count),
            counters,
            out,
        )
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
