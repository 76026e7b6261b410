//! Whether a channel and its lines are alive.
//!
//! A line is alive while packets come on it; a channel only while something *current* comes: a packet that is not wholly
//! behind what is known, or a heartbeat that is not. Lines that merely repeat the past do not keep a channel alive: a sender
//! that began anew under the same session would otherwise look healthy for ever.

use crate::contract::{Line, Notice};
use crate::model::{
    Action, ChannelId, Flags, GapKind, RecvTime, Size, Tick, heartbeat_detail as heartbeat,
};

/// A tick that concerns the whole channel and is an event of its own.
pub fn channel_tick(channel: ChannelId, action: Action, now: RecvTime) -> Tick {
    Tick {
        ts_recv: now,
        flags: Flags::LAST,
        ..Tick::blank(channel, action)
    }
}

/// The tick of a missing range.
pub fn gap_tick(channel: ChannelId, kind: GapKind, first: u64, count: u64, now: RecvTime) -> Tick {
    Tick {
        sequence: first,
        size: Size(count),
        detail: kind as u8,
        ..channel_tick(channel, Action::Gap, now)
    }
}

/// The tick of a range that came after all.
pub fn recovered_tick(channel: ChannelId, first: u64, count: u64, now: RecvTime) -> Tick {
    Tick {
        sequence: first,
        size: Size(count),
        ..channel_tick(channel, Action::Recovered, now)
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct LineState {
    /// Last packet, or when silence began to count.
    since: Option<RecvTime>,
    is_up: bool,
    is_silent: bool,
}

/// The machine. `silence_ns` of 0 never reports anything.
#[derive(Clone, Debug)]
pub struct Liveness {
    silence_ns: u64,
    lines: [LineState; Line::COUNT_MAX],
    line_count: usize,
    /// Last current packet, or when silence began to count.
    current_since: Option<RecvTime>,
    is_silent: bool,
}

impl Liveness {
    /// A channel of `line_count` lines, reported after `silence_ns` without a packet.
    pub fn new(line_count: u8, silence_ns: u64) -> Liveness {
        Liveness {
            silence_ns,
            lines: [LineState::default(); Line::COUNT_MAX],
            line_count: usize::from(line_count).clamp(1, Line::COUNT_MAX),
            current_since: None,
            is_silent: false,
        }
    }

    /// A packet came on a line. The notice when the line was not up before.
    #[inline(always)]
    pub fn on_packet(&mut self, line: Line, now: RecvTime) -> Option<Notice> {
        let index = usize::from(line.0).min(Line::COUNT_MAX - 1);
        let state = &mut self.lines[index];
        state.since = Some(now);
        if state.is_up {
            return None;
        }
        state.is_up = true;
        state.is_silent = false;
        Some(Notice::LineUp(Line(index as u8)))
    }

    /// Something current came. The tick when the channel was silent before.
    #[inline(always)]
    pub fn on_current(&mut self, channel: ChannelId, now: RecvTime) -> Option<Tick> {
        self.current_since = Some(now);
        if !std::mem::take(&mut self.is_silent) {
            return None;
        }
        Some(Tick {
            detail: heartbeat::ALIVE,
            ..channel_tick(channel, Action::Heartbeat, now)
        })
    }

    /// Takes the time: names lines that fell silent, and gives the tick when the channel did.
    pub fn on_clock(
        &mut self,
        channel: ChannelId,
        now: RecvTime,
        mut notice: impl FnMut(Notice),
    ) -> Option<Tick> {
        if self.silence_ns == 0 {
            return None;
        }
        let is_over = |since: RecvTime| now.0.saturating_sub(since.0) >= self.silence_ns;
        for (index, line) in self.lines[..self.line_count].iter_mut().enumerate() {
            if !line.is_silent && is_over(*line.since.get_or_insert(now)) {
                line.is_silent = true;
                line.is_up = false;
                notice(Notice::LineSilent(Line(index as u8)));
            }
        }
        if self.is_silent || !is_over(*self.current_since.get_or_insert(now)) {
            return None;
        }
        self.is_silent = true;
        Some(Tick {
            detail: heartbeat::SILENT,
            ..channel_tick(channel, Action::Heartbeat, now)
        })
    }

    /// When [`Liveness::on_clock`] has something to say, if nothing comes before.
    pub fn next_deadline(&self) -> Option<RecvTime> {
        if self.silence_ns == 0 {
            return None;
        }
        let lines = self.lines[..self.line_count]
            .iter()
            .filter(|line| !line.is_silent);
        let since = lines
            .filter_map(|line| line.since)
            .chain(self.current_since.filter(|_| !self.is_silent))
            .min()?;
        Some(RecvTime(since.0.saturating_add(self.silence_ns)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHANNEL: ChannelId = ChannelId(0);

    fn clock(liveness: &mut Liveness, now: u64) -> (Vec<Notice>, Option<u8>) {
        let mut notices = Vec::new();
        let tick = liveness.on_clock(CHANNEL, RecvTime(now), |notice| notices.push(notice));
        (notices, tick.map(|tick| tick.detail))
    }

    #[test]
    fn a_line_without_packets_is_named_once_and_welcomed_back() {
        let mut liveness = Liveness::new(2, 100);
        assert_eq!(
            liveness.on_packet(Line(0), RecvTime(0)),
            Some(Notice::LineUp(Line(0)))
        );
        assert_eq!(liveness.on_packet(Line(0), RecvTime(1)), None);
        liveness.on_current(CHANNEL, RecvTime(1));
        assert_eq!(clock(&mut liveness, 50), (vec![], None));
        liveness.on_packet(Line(0), RecvTime(140));
        liveness.on_current(CHANNEL, RecvTime(140));
        assert_eq!(
            clock(&mut liveness, 150),
            (vec![Notice::LineSilent(Line(1))], None)
        );
        assert_eq!(clock(&mut liveness, 160), (vec![], None));
        assert_eq!(
            liveness.on_packet(Line(1), RecvTime(170)),
            Some(Notice::LineUp(Line(1)))
        );
    }

    #[test]
    fn repeating_the_past_keeps_a_line_alive_but_not_the_channel() {
        let mut liveness = Liveness::new(1, 100);
        liveness.on_packet(Line(0), RecvTime(0));
        assert_eq!(liveness.on_current(CHANNEL, RecvTime(0)), None);
        liveness.on_packet(Line(0), RecvTime(90));
        assert_eq!(liveness.next_deadline(), Some(RecvTime(100)));
        assert_eq!(clock(&mut liveness, 100), (vec![], Some(heartbeat::SILENT)));
        assert_eq!(clock(&mut liveness, 110), (vec![], None));
        let alive = liveness
            .on_current(CHANNEL, RecvTime(120))
            .map(|tick| tick.detail);
        assert_eq!(alive, Some(heartbeat::ALIVE));
    }

    #[test]
    fn without_a_limit_nothing_is_ever_silent() {
        let mut liveness = Liveness::new(1, 0);
        assert_eq!(clock(&mut liveness, u64::MAX - 1), (vec![], None));
        assert_eq!(liveness.next_deadline(), None);
    }
}
