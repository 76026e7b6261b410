//! A live table in the terminal, from the same state that the server keeps.
//!
//! On a terminal it redraws in place; elsewhere it writes plain lines. Colour is left out when `NO_COLOR` is set.

use super::record::Level;
use super::view::{Instrument, View};
use crossterm::{cursor, queue, style, terminal};
use feeds::model::decimal::Decimal;
use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Shortest time between two drawings.
pub const REDRAW_MIN: Duration = Duration::from_millis(100);

/// How the table is drawn.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// Redraw in place with control sequences.
    pub in_place: bool,
    /// Colour the state.
    pub colour: bool,
    /// Most rows.
    pub rows_max: usize,
    /// Most columns; longer lines are cut.
    pub columns_max: usize,
}

impl Style {
    /// What fits standard output and `NO_COLOR`.
    pub fn of_stdout() -> Style {
        let in_place = io::stdout().is_terminal();
        let (columns, rows) = terminal::size().unwrap_or((120, 40));
        let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Style {
            in_place,
            colour: in_place && !no_colour,
            rows_max: if in_place {
                usize::from(rows.saturating_sub(3))
            } else {
                usize::MAX
            },
            columns_max: if in_place {
                usize::from(columns)
            } else {
                usize::MAX
            },
        }
    }
}

/// Draws tables, at most ten a second.
#[derive(Debug)]
pub struct Table {
    style: Style,
    drawn: Option<Instant>,
}

impl Table {
    /// A table not drawn yet.
    pub const fn new(style: Style) -> Table {
        Table { style, drawn: None }
    }

    /// Draws the present state, unless it was drawn less than [`REDRAW_MIN`] ago.
    ///
    /// # Errors
    /// What the writer says.
    pub fn draw(
        &mut self,
        out: &mut impl Write,
        view: &Mutex<View>,
        now: Instant,
    ) -> io::Result<()> {
        let first = self.drawn.is_none();
        if self
            .drawn
            .is_some_and(|drawn| now.saturating_duration_since(drawn) < REDRAW_MIN)
        {
            return Ok(());
        }
        self.drawn = Some(now);
        // The lines are made under the lock and written without it.
        let lines = self.lines(&view.lock().unwrap_or_else(PoisonError::into_inner), now);
        if self.style.in_place {
            if first {
                queue!(out, terminal::Clear(terminal::ClearType::All))?;
            }
            queue!(out, cursor::MoveTo(0, 0))?;
        }
        for (index, (line, state)) in lines.iter().enumerate() {
            let line: String = line.chars().take(self.style.columns_max).collect();
            match colour(state) {
                Some(colour) if self.style.colour => {
                    queue!(out, style::SetForegroundColor(colour))?;
                    write!(out, "{line}")?;
                    queue!(out, style::ResetColor)?;
                }
                _ => write!(out, "{line}")?,
            }
            if self.style.in_place {
                queue!(out, terminal::Clear(terminal::ClearType::UntilNewLine))?;
                let newline = if index + 1 < lines.len() { "\r\n" } else { "" };
                write!(out, "{newline}")?;
            } else {
                writeln!(out)?;
            }
        }
        if self.style.in_place {
            queue!(out, terminal::Clear(terminal::ClearType::FromCursorDown))?;
        }
        out.flush()
    }

    /// The head and a line an instrument, each with its state.
    fn lines(&self, view: &View, now: Instant) -> Vec<(String, &'static str)> {
        let mut lines = vec![(
            format!(
                "{:<20} {:<18} {:<12} {:>12} {:>14} {:>14} {:>12} {:>14} {:>8} {:>8}  REASON",
                "SYMBOL",
                "FEED",
                "STATE",
                "BID SIZE",
                "BID",
                "ASK",
                "ASK SIZE",
                "LAST",
                "UPD/S",
                "AGE S"
            ),
            "",
        )];
        let mut left_out = 0;
        for (_, of) in view.instruments() {
            if lines.len() > self.style.rows_max {
                left_out += 1;
                continue;
            }
            let state = view.names.state(of.state);
            lines.push((
                format!(
                    "{:<20} {:<18} {:<12} {:>12} {:>14} {:>14} {:>12} {:>14} {:>8.0} {:>8.1}  {}",
                    of.symbol,
                    view.names.feed(of.feed),
                    state,
                    size(of, of.bids.first()),
                    price(of.bids.first().map(|level| level.price)),
                    price(of.asks.first().map(|level| level.price)),
                    size(of, of.asks.first()),
                    price(of.trades.back().map(|(_, trade)| trade.price)),
                    of.updates_per_second,
                    now.saturating_duration_since(of.updated).as_secs_f64(),
                    view.names.reason(of.reason),
                ),
                state,
            ));
        }
        if left_out > 0 {
            lines.push((format!("… and {left_out} more"), ""));
        }
        lines
    }
}

fn price(price: Option<i64>) -> String {
    price.map_or_else(String::new, |price| {
        Decimal {
            mantissa: i128::from(price),
            scale: 9,
        }
        .to_string()
    })
}

fn size(of: &Instrument, level: Option<&Level>) -> String {
    level.map_or_else(String::new, |level| {
        Decimal {
            mantissa: i128::from(level.size),
            scale: of.size_decimals,
        }
        .to_string()
    })
}

/// Green for what can be trusted, red for what cannot, yellow for what is on its way.
fn colour(state: &str) -> Option<style::Color> {
    match state.to_ascii_lowercase().as_str() {
        "" => None,
        "live" => Some(style::Color::Green),
        "stale" | "suspect" | "crossed" => Some(style::Color::Red),
        "closed" | "halted" => Some(style::Color::DarkGrey),
        _ => Some(style::Color::Yellow),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::record::{Header, ring};
    use super::super::view::Names;
    use super::*;
    use feeds::model::{EventTime, RecvTime, Symbol};

    #[test]
    fn plain_lines_hold_no_control_sequences_and_exact_numbers() {
        let names = Names {
            feeds: vec!["itch".to_owned()],
            states: &["live"],
            reasons: &["ok"],
            ..Names::default()
        };
        let now = crate::sys::clock::instant_now();
        let mut view = View::new(names, 4, now);
        let (mut writer, mut reader) = ring(256, 4);
        let header = Header {
            instrument: 0,
            ..Header::at(EventTime(1), RecvTime(2))
        };
        assert!(writer.instrument(&header, 0, &Symbol::from("AAPL"), 2));
        let bid = Level {
            price: 187_250_000_000,
            size: 150,
            orders: 1,
        };
        assert!(writer.snapshot(&header, &[bid], &[]));
        while let Some(record) = reader.pop() {
            view.apply(&record, now);
        }
        let view = Mutex::new(view);
        let style = Style {
            in_place: false,
            colour: false,
            rows_max: 10,
            columns_max: 200,
        };
        let mut table = Table::new(style);
        let mut out = Vec::new();
        table.draw(&mut out, &view, now).unwrap();
        table.draw(&mut out, &view, now).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(
            text.lines().count(),
            2,
            "drawn once within a tenth of a second"
        );
        assert!(text.contains("AAPL") && text.contains("187.25 ") && text.contains(" 1.5 "));
        assert!(!text.contains('\u{1b}'));
    }
}
