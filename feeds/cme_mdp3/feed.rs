//! From packet to tick: packet numbers and their restarts.

use super::normalize::{self, Normalizer};
use super::settings::Settings;
use super::{generated, split_packet};
use crate::contract::{
    Batch, DecodeError, FeedCounters, FeedSettings, Notice, Packet, SettingFault,
};
use crate::model::{ResetKind, SendTime, heartbeat_detail};
use crate::session::SequencedChannel;
use crate::session::channel::{Follow, Framed, Kind, Place, Progress, Protocol, Standing};
use crate::session::sbe::HeaderShape;

/// One channel of the venue.
pub(super) type CmeFeed = SequencedChannel<Cme>;

/// A channel that has seen nothing.
///
/// # Errors
/// All faults of the settings at once.
pub(super) fn build(settings: &FeedSettings) -> Result<CmeFeed, Vec<SettingFault>> {
    let own = Settings::of(settings)?;
    let cme = Cme {
        newest_ns: 0,
        began_ns: 0,
        normalizer: Normalizer::new(
            settings.channel,
            &settings.instruments,
            own.depth_default,
            own.follows_undefined,
            own.told,
        ),
    };
    Ok(SequencedChannel::new(
        settings,
        own.sequencer,
        own.rebuild,
        own.silence_ns,
        cme,
    ))
}

/// What the venue adds to a sequenced channel.
pub(super) struct Cme {
    /// Newest send time seen, ns.
    newest_ns: u64,
    /// When the first packet of the present numbers was sent, ns; 0 for the first ones seen.
    began_ns: u64,
    normalizer: Normalizer,
}

/// When a packet was sent, ns since the Unix epoch.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sent(u64);

impl Protocol for Cme {
    type Header = Sent;

    const SEQUENCE_OFFSET: u32 = 0;
    const SNAPSHOT_END: u8 = heartbeat_detail::SNAPSHOT_PART;

    #[inline(always)]
    fn split(bytes: &[u8]) -> Result<Framed<'_, Sent>, DecodeError> {
        let (sequence, sent, body) = split_packet(bytes)?;
        if let Some(message) = body.get(normalize::SIZE_BYTES..)
            && let Some((header, _)) = generated::MessageHeader::read(message)
            && header.schema != generated::SCHEMA
        {
            return Err(DecodeError::NotThisProtocol);
        }
        Ok(Framed {
            header: Sent(sent),
            kind: Kind::Messages,
            first: u64::from(sequence),
            count: 1,
            sent: SendTime(sent),
            promised_bytes: 0,
            body,
        })
    }

    fn whole_count(body: &[u8], count: u64) -> u64 {
        if normalize::is_whole(body) { count } else { 0 }
    }

    #[inline(always)]
    fn follow(&mut self, framed: &Framed<'_, Sent>, standing: Standing) -> Follow {
        let Sent(sent) = framed.header;
        let is_newer = sent > self.newest_ns;
        self.newest_ns = self.newest_ns.max(sent);
        // A late packet was sent before what is known; one that was not begins the numbers anew.
        if is_newer && framed.first < standing.expected && standing.expected > 1 {
            self.began_ns = sent;
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
        if !normalize::is_whole(body) {
            return 0;
        }
        if skip < count {
            self.normalizer.apply(place, body, counters, out);
        }
        count
    }

    /// Market recovery and instrument replay: loops whose packets have numbers of their own, which say nothing here.
    fn on_snapshot_datagram(
        &mut self,
        packet: &Packet<'_>,
        from: u64,
        counters: &mut FeedCounters,
        out: &mut Batch,
    ) -> Progress {
        let (_, sent, body) = match split_packet(packet.bytes) {
            Ok(split) => split,
            Err(error) => {
                counters.refuse(error);
                return Progress::More;
            }
        };
        // Numbers of before the last restart mean other packets.
        if sent < self.began_ns {
            return Progress::More;
        }
        let place = Place {
            sequence: 0,
            ts_recv: packet.ts_recv,
            sent: SendTime(sent),
        };
        self.normalizer
            .apply_snapshots(place, body, from, counters, out)
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
