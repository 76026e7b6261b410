//! Counters: one table, one sentence a counter, written by ingest threads and read by whoever exposes them.
//!
//! A loop counts in locals and stores totals here once a turn, so the hot path never shares a cache line with a reader.
//! Only `Relaxed` atomics: each value is a total of its own and nothing is inferred from two of them together.

use crate::book::{Fault, Finding};
use feeds::contract::{ControlAnswer, FeedCounters, Line};
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};

macro_rules! counters {
    ($($variant:ident, $metric:literal, $label:literal, $help:literal;)*) => {
        /// Everything counted for a channel. Each is a total since start.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(usize)]
        pub enum Counter { $(#[doc = $help] $variant,)* }

        impl Counter {
            /// Every counter, in the order of exposition.
            pub const ALL: &'static [Counter] = &[$(Counter::$variant,)*];

            /// How many there are.
            pub const COUNT: usize = Self::ALL.len();

            /// Name of the metric, without the prefix of the program.
            pub const fn metric(self) -> &'static str {
                match self { $(Self::$variant => $metric,)* }
            }

            /// Label that tells counters of one metric apart (`line="a"`), or nothing.
            pub const fn label(self) -> &'static str {
                match self { $(Self::$variant => $label,)* }
            }

            /// What an operator should make of it.
            pub const fn help(self) -> &'static str {
                match self { $(Self::$variant => $help,)* }
            }
        }
    };
}

counters! {
    PacketsLineA, "packets_total", "line=\"a\"", "Packets received, by line (d counts recovery answers too).";
    PacketsLineB, "packets_total", "line=\"b\"", "Packets received, by line (d counts recovery answers too).";
    PacketsLineC, "packets_total", "line=\"c\"", "Packets received, by line (d counts recovery answers too).";
    PacketsLineD, "packets_total", "line=\"d\"", "Packets received, by line (d counts recovery answers too).";
    Bytes, "bytes_total", "", "Payload bytes received on all lines.";
    PacketsDuplicate, "packets_duplicate_total", "", "Packets that held nothing new: the other line was first.";
    PacketsHeld, "packets_held_total", "", "Packets that came early and waited for the range before them.";
    Heartbeats, "heartbeats_total", "", "Packets without messages; a channel that is quiet still counts these.";
    Messages, "messages_total", "", "Venue messages applied, each once whatever the number of lines.";
    UnknownMessages, "unknown_messages_total", "", "Messages of types this build does not know; the venue changed.";
    DecodeErrors, "decode_errors_total", "", "Packets or messages refused; any growth deserves a capture.";
    UnknownInstruments, "unknown_instrument_messages_total", "", "Messages for instruments nobody defined.";
    ValuesLeftOut, "values_left_out_total", "", "Prices and sizes that do not fit exactly and were left out of messages.";
    InstrumentsListed, "instruments_listed_total", "", "Instruments followed because the venue listed them meanwhile.";
    InstrumentsDelisted, "instruments_delisted_total", "", "Instruments given up because the venue does not list them any more.";
    InstrumentsLeftOut, "instruments_left_out_total", "", "Times an instrument was chosen and there was no place for it.";
    Requests, "retransmission_requests_total", "", "Retransmission requests sent.";
    RequestsRefused, "retransmission_refusals_total", "", "Requests, or logins for them, that a server refused: quotas, ranges.";
    GapsOpened, "gaps_total", "", "Gaps declared: messages missing on every line.";
    MessagesRecovered, "messages_recovered_total", "", "Missing messages that came by retransmission.";
    MessagesLost, "messages_lost_total", "", "Messages given up: books of the channel are suspect since.";
    Resets, "resets_total", "", "Sessions or sequences started anew.";
    Rebuilds, "rebuilds_total", "", "Times the books of a channel had to wait for a snapshot.";
    SnapshotsApplied, "snapshots_applied_total", "", "Snapshots that books were rebuilt from.";
    AuditsPassed, "audits_passed_total", "", "Books compared with a fresh snapshot that are the same.";
    AuditsFailed, "audits_failed_total", "", "Books compared with a fresh snapshot that are not; they are built anew.";
    SnapshotsFailed, "snapshots_failed_total", "", "Snapshots that were refused, broke off or were too old.";
    RebuildOverflows, "rebuild_overflows_total", "", "Times the live messages kept for a snapshot were more than their bound.";
    FirstOnLineA, "messages_first_total", "line=\"a\"", "Messages seen first on this line, while arbitrated.";
    FirstOnLineB, "messages_first_total", "line=\"b\"", "Messages seen first on this line, while arbitrated.";
    FirstOnLineC, "messages_first_total", "line=\"c\"", "Messages seen first on this line, while arbitrated.";
    FirstOnLineD, "messages_first_total", "line=\"d\"", "Messages seen first on this line, while arbitrated.";
    KernelDrops, "kernel_drops_total", "", "Datagrams the kernel dropped: the receive buffer was full.";
    DatagramsTruncated, "datagrams_truncated_total", "", "Datagrams longer than a receive slot; discarded.";
    ReceiveErrors, "receive_errors_total", "", "Receive calls the kernel answered with an error, refusals apart.";
    RingFullPackets, "ring_full_packets_total", "", "Packets discarded because the graph was behind; they show as gaps.";
    TimesHardware, "receive_times_total", "origin=\"hardware\"", "Receive times by whose clock said them: the network card's, the kernel's, this process's.";
    TimesKernel, "receive_times_total", "origin=\"kernel\"", "Receive times by whose clock said them: the network card's, the kernel's, this process's.";
    TimesApplication, "receive_times_total", "origin=\"application\"", "Receive times by whose clock said them: the network card's, the kernel's, this process's.";
    HardwareTimesRefused, "hardware_times_refused_total", "", "Times of the network card more than a second from the kernel's: its clock is not set.";
    SendErrors, "send_errors_total", "", "Requests the kernel refused to send.";
    ServerRefusals, "server_refusals_total", "", "Retransmission servers that refused (port closed).";
    RestFailures, "rest_failures_total", "", "REST requests without a usable answer: refused, failed, or too many at once.";
    RecordedFrames, "recorded_frames_total", "", "Frames, answers and changes of connections written to recordings.";
    RecordLost, "record_lost_total", "", "Those that were left out because the writer was behind; the recording says where.";
    RecordErrors, "record_errors_total", "", "Those that could not be written: a full disk, a folder that is gone.";
    Connects, "connects_total", "", "Connections opened.";
    Disconnects, "disconnects_total", "", "Connections lost or closed, by either side.";
    FaultUnknownOrder, "book_faults_total", "kind=\"unknown_order\"", "Ticks that cannot be true of their book; some of it was lost, or the venue is wrong.";
    FaultDuplicateOrder, "book_faults_total", "kind=\"duplicate_order\"", "Ticks that cannot be true of their book; some of it was lost, or the venue is wrong.";
    FaultOverCancel, "book_faults_total", "kind=\"over_cancel\"", "Ticks that cannot be true of their book; some of it was lost, or the venue is wrong.";
    FaultSideChanged, "book_faults_total", "kind=\"side_changed\"", "Ticks that cannot be true of their book; some of it was lost, or the venue is wrong.";
    FaultOrphanLevel, "book_faults_total", "kind=\"orphan_level\"", "Ticks that cannot be true of their book; some of it was lost, or the venue is wrong.";
    FaultIncomplete, "book_faults_total", "kind=\"incomplete\"", "Ticks that cannot be true of their book; some of it was lost, or the venue is wrong.";
    FaultNoSize, "book_faults_total", "kind=\"no_size\"", "Ticks that cannot be true of their book; some of it was lost, or the venue is wrong.";
    FaultSizeOverflow, "book_faults_total", "kind=\"size_overflow\"", "Ticks that cannot be true of their book; some of it was lost, or the venue is wrong.";
    FaultUndefinedInstrument, "book_faults_total", "kind=\"undefined_instrument\"", "Ticks that cannot be true of their book; some of it was lost, or the venue is wrong.";
    FaultWrongKind, "book_faults_total", "kind=\"wrong_kind\"", "Ticks that cannot be true of their book; some of it was lost, or the venue is wrong.";
    FaultFull, "book_faults_total", "kind=\"full\"", "Ticks that cannot be true of their book; some of it was lost, or the venue is wrong.";
    FoundBrief, "book_findings_total", "kind=\"brief\"", "Books that overlapped, by whose fault (ours: lost input before; input: the venue sent it so), and prices of zero or below.";
    FoundNotTrading, "book_findings_total", "kind=\"not_trading\"", "Books that overlapped, by whose fault (ours: lost input before; input: the venue sent it so), and prices of zero or below.";
    FoundCrossedInput, "book_findings_total", "kind=\"crossed_input\"", "Books that overlapped, by whose fault (ours: lost input before; input: the venue sent it so), and prices of zero or below.";
    FoundLockedInput, "book_findings_total", "kind=\"locked_input\"", "Books that overlapped, by whose fault (ours: lost input before; input: the venue sent it so), and prices of zero or below.";
    FoundCrossedOurs, "book_findings_total", "kind=\"crossed_ours\"", "Books that overlapped, by whose fault (ours: lost input before; input: the venue sent it so), and prices of zero or below.";
    FoundLockedOurs, "book_findings_total", "kind=\"locked_ours\"", "Books that overlapped, by whose fault (ours: lost input before; input: the venue sent it so), and prices of zero or below.";
    FoundPriceNotPositive, "book_findings_total", "kind=\"price_not_positive\"", "Books that overlapped, by whose fault (ours: lost input before; input: the venue sent it so), and prices of zero or below.";
    RepairsAsked, "book_repairs_asked_total", "", "Times broken books made us ask for a snapshot.";
    ResyncStarted, "resyncs_total", "answer=\"started\"", "Orders to build the books anew, by the answer of the feed.";
    ResyncUnderWay, "resyncs_total", "answer=\"under_way\"", "Orders to build the books anew, by the answer of the feed.";
    ResyncNoSnapshots, "resyncs_total", "answer=\"no_snapshots\"", "Orders to build the books anew, by the answer of the feed.";
}

/// Totals of one channel.
#[derive(Debug)]
pub struct ChannelCounters {
    name: String,
    values: [AtomicU64; Counter::COUNT],
}

impl ChannelCounters {
    /// The feed's name in the configuration.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The total so far.
    pub fn get(&self, counter: Counter) -> u64 {
        self.values[counter as usize].load(Ordering::Relaxed)
    }

    /// Stores a total kept elsewhere.
    pub fn set(&self, counter: Counter, total: u64) {
        self.values[counter as usize].store(total, Ordering::Relaxed);
    }

    /// Adds to a total. For rare events; loops use [`ChannelCounters::set`] once a turn.
    pub fn add(&self, counter: Counter, count: u64) {
        self.values[counter as usize].fetch_add(count, Ordering::Relaxed);
    }

    /// Stores what a feed counted of itself.
    pub fn set_feed(&self, feed: &FeedCounters) {
        const PACKETS: [Counter; Line::COUNT_MAX] = [
            Counter::PacketsLineA,
            Counter::PacketsLineB,
            Counter::PacketsLineC,
            Counter::PacketsLineD,
        ];
        const FIRST: [Counter; Line::COUNT_MAX] = [
            Counter::FirstOnLineA,
            Counter::FirstOnLineB,
            Counter::FirstOnLineC,
            Counter::FirstOnLineD,
        ];
        for (counter, total) in PACKETS.iter().zip(feed.packets) {
            self.set(*counter, total);
        }
        for (counter, total) in FIRST.iter().zip(feed.first_on_line) {
            self.set(*counter, total);
        }
        self.set(Counter::PacketsDuplicate, feed.packets_duplicate);
        self.set(Counter::PacketsHeld, feed.packets_held);
        self.set(Counter::Heartbeats, feed.heartbeats);
        self.set(Counter::Messages, feed.messages);
        self.set(Counter::UnknownMessages, feed.unknown_messages);
        self.set(Counter::DecodeErrors, feed.decode_errors_total());
        self.set(
            Counter::UnknownInstruments,
            feed.unknown_instrument_messages,
        );
        self.set(Counter::ValuesLeftOut, feed.values_left_out);
        self.set(Counter::InstrumentsListed, feed.instruments_listed);
        self.set(Counter::InstrumentsDelisted, feed.instruments_delisted);
        self.set(Counter::InstrumentsLeftOut, feed.instruments_left_out);
        self.set(Counter::Requests, feed.requests);
        self.set(Counter::RequestsRefused, feed.requests_refused);
        self.set(Counter::GapsOpened, feed.gaps_opened);
        self.set(Counter::MessagesRecovered, feed.messages_recovered);
        self.set(Counter::MessagesLost, feed.messages_lost);
        self.set(Counter::Resets, feed.resets);
        self.set(Counter::Rebuilds, feed.rebuilds);
        self.set(Counter::SnapshotsApplied, feed.snapshots_applied);
        self.set(Counter::SnapshotsFailed, feed.snapshots_failed);
        self.set(Counter::AuditsPassed, feed.audits_passed);
        self.set(Counter::AuditsFailed, feed.audits_failed);
        self.set(Counter::RebuildOverflows, feed.rebuild_overflows);
    }
}

impl ChannelCounters {
    /// Stores what the graph counted of the channel's books.
    pub fn set_books(
        &self,
        faults: &[u64; Fault::ALL.len()],
        findings: &[u64; Finding::COUNT],
        repairs: u64,
    ) {
        const FAULTS: [Counter; Fault::ALL.len()] = [
            Counter::FaultUnknownOrder,
            Counter::FaultDuplicateOrder,
            Counter::FaultOverCancel,
            Counter::FaultSideChanged,
            Counter::FaultOrphanLevel,
            Counter::FaultIncomplete,
            Counter::FaultNoSize,
            Counter::FaultSizeOverflow,
            Counter::FaultUndefinedInstrument,
            Counter::FaultWrongKind,
            Counter::FaultFull,
        ];
        const FINDINGS: [Counter; Finding::COUNT] = [
            Counter::FoundBrief,
            Counter::FoundNotTrading,
            Counter::FoundCrossedInput,
            Counter::FoundLockedInput,
            Counter::FoundCrossedOurs,
            Counter::FoundLockedOurs,
            Counter::FoundPriceNotPositive,
        ];
        for (counter, &total) in FAULTS.into_iter().zip(faults) {
            self.set(counter, total);
        }
        for (counter, &total) in FINDINGS.into_iter().zip(findings) {
            self.set(counter, total);
        }
        self.set(Counter::RepairsAsked, repairs);
    }

    /// Counts what a feed made of an order to build its books anew.
    pub fn count_resync(&self, answer: ControlAnswer) {
        let counter = match answer {
            ControlAnswer::Started => Counter::ResyncStarted,
            ControlAnswer::UnderWay => Counter::ResyncUnderWay,
            ControlAnswer::NoSnapshots => Counter::ResyncNoSnapshots,
        };
        self.add(counter, 1);
    }
}

/// The table: a row a channel, in the order of the configuration.
#[derive(Debug, Default)]
pub struct Counters {
    channels: Vec<ChannelCounters>,
}

impl Counters {
    /// A row of zeros for each name.
    pub fn new<N: Into<String>>(names: impl IntoIterator<Item = N>) -> Counters {
        let channels = names
            .into_iter()
            .map(|name| ChannelCounters {
                name: name.into(),
                values: std::array::from_fn(|_| AtomicU64::new(0)),
            })
            .collect();
        Counters { channels }
    }

    /// The row of channel number `index`.
    pub fn channel(&self, index: usize) -> Option<&ChannelCounters> {
        self.channels.get(index)
    }

    /// Every row.
    pub fn channels(&self) -> &[ChannelCounters] {
        &self.channels
    }

    /// Appends the table to `text` in the Prometheus text format.
    pub fn expose(&self, text: &mut String) {
        let mut last = "";
        for &counter in Counter::ALL {
            let metric = counter.metric();
            if metric != last {
                // Writing to a `String` cannot fail.
                let _ = writeln!(text, "# HELP waveletd_{metric} {}", counter.help());
                let _ = writeln!(text, "# TYPE waveletd_{metric} counter");
                last = metric;
            }
            for channel in &self.channels {
                let name = escape(&channel.name);
                let comma = if counter.label().is_empty() { "" } else { "," };
                let value = channel.get(counter);
                let label = counter.label();
                let _ = writeln!(
                    text,
                    "waveletd_{metric}{{feed=\"{name}\"{comma}{label}}} {value}"
                );
            }
        }
    }
}

/// A label value as the text format wants it.
fn escape(name: &str) -> String {
    name.replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_of_one_metric_stand_together_and_differ_by_label() {
        let mut seen: Vec<(&str, &str)> = Vec::new();
        for &counter in Counter::ALL {
            let (metric, label) = (counter.metric(), counter.label());
            assert!(!seen.contains(&(metric, label)), "{metric} {label} twice");
            if let Some(at) = seen.iter().position(|(name, _)| *name == metric) {
                assert!(
                    seen[at..].iter().all(|(name, _)| *name == metric),
                    "{metric} is scattered"
                );
            }
            assert!(metric.ends_with("_total") && counter.help().ends_with('.'));
            seen.push((metric, label));
        }
    }

    #[test]
    fn exposition_names_the_feed_and_the_line() {
        let counters = Counters::new(["it\"ch"]);
        let row = counters.channel(0).expect("one row");
        row.set_feed(&FeedCounters {
            packets: [7, 0, 0, 0],
            ..FeedCounters::default()
        });
        row.add(Counter::KernelDrops, 3);
        let mut text = String::new();
        counters.expose(&mut text);
        assert!(text.contains("waveletd_packets_total{feed=\"it\\\"ch\",line=\"a\"} 7\n"));
        assert!(text.contains("waveletd_kernel_drops_total{feed=\"it\\\"ch\"} 3\n"));
        assert_eq!(text.matches("# TYPE waveletd_packets_total").count(), 1);
    }
}
