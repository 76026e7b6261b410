//! Text captures, line by line: WebSocket recordings, `LOCAL_NS JSON` lines, raw session files.
//!
//! ```text
//!  {"ts_recv":ns,"conn":"1","kind":"ws","dir":"in","url":"…","data":"…"}   recording
//!  1723161253937085768 {"stream":…}                                       stamped lines
//!  wss://… <-> 1618677816.8434298                                         session: opened
//!  wss://… <- 1618677817.020616: {"type":"subscribe",…}                   session: sent
//!  1618677817.1039: {"type":"snapshot",…}                                 session: received
//!  https://… -> 1618677816.8414998: [{"id":…}]                            session: REST answer
//! ```

use super::link::Skip;
use super::window::{Line, Window};
use feeds::model::decimal;
use serde::Deserialize;
use std::borrow::Cow;
use std::ops::Range;

/// Bytes of a line at most: the largest REST answers have a few million.
const LINE_BYTES_MAX: usize = 64 << 20;
/// Connections of one recording that keep their own number; further ones share the last.
const CONNECTIONS_MAX: usize = 64;

/// What a line tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Received,
    /// A binary message.
    Binary,
    Sent,
    Opened,
    Closed,
    Rest,
}

/// A line, as places in the buffer it was read into.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) ts_recv: u64,
    pub(super) conn: u32,
    pub(super) kind: Kind,
    pub(super) url: Range<usize>,
    pub(super) text: Range<usize>,
}

/// What a reader of lines came upon.
pub(super) enum TextStep {
    Entry(Entry),
    Skipped(Skip),
    Nothing,
    End,
    Broken { offset: u64, why: String },
}

/// How lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TextForm {
    Recording,
    Stamped,
    Session,
}

impl TextForm {
    /// The form of a file's first line, if it is one of these.
    pub(super) fn recognise(prefix: &[u8]) -> Option<TextForm> {
        let first = prefix.split(|byte| *byte == b'\n').next()?;
        if first.first() == Some(&b'{') {
            let head = &first[..first.len().min(512)];
            let key = b"\"ts_recv\"";
            return head
                .windows(key.len())
                .any(|part| part == key)
                .then_some(TextForm::Recording);
        }
        if stamped_line(first).is_some() {
            return Some(TextForm::Stamped);
        }
        // The first line of a session file may be longer than the prefix; its beginning says enough.
        session_line(first).map(|_| TextForm::Session)
    }
}

/// Reader of one file.
pub(super) struct TextReader {
    pub(super) window: Window,
    pub(super) form: TextForm,
    pub(super) line_number: u64,
    /// Connections by name, in order of appearance.
    pub(super) connections: Vec<String>,
    /// URL and text of a recording's line, without the escapes of JSON.
    plain: Vec<u8>,
}

impl TextReader {
    pub(super) fn new(window: Window, form: TextForm, connections: Vec<String>) -> TextReader {
        TextReader {
            window,
            form,
            line_number: 0,
            connections,
            plain: Vec::new(),
        }
    }

    /// Bytes of the entry that was read last.
    pub(super) fn bytes(&self, place: &Range<usize>) -> &[u8] {
        match self.form {
            TextForm::Recording => &self.plain[place.clone()],
            TextForm::Stamped | TextForm::Session => self.window.taken(place.clone()),
        }
    }

    /// The next line.
    pub(super) fn step(&mut self) -> TextStep {
        let offset = self.window.offset();
        let Some(line) = self.window.line(LINE_BYTES_MAX) else {
            return match self.window.fault() {
                Some(fault) => TextStep::Broken {
                    offset,
                    why: fault.to_owned(),
                },
                None => TextStep::End,
            };
        };
        self.line_number += 1;
        let (place, is_last) = match line {
            Line::Whole(place) => (place, false),
            Line::Last(place) => (place, true),
            Line::TooLong => return TextStep::Skipped(Skip::Oversized),
        };
        let line = self.window.taken(place.clone());
        if line.trim_ascii().is_empty() {
            return TextStep::Nothing;
        }
        if is_last && let Some(fault) = self.window.fault() {
            let why = format!("the file ends inside a line: {fault}");
            return TextStep::Broken { offset, why };
        }
        let entry = match self.form {
            TextForm::Recording => self.recorded(place),
            TextForm::Stamped => stamped_line(line).map(|(ts_recv, at)| Entry {
                ts_recv,
                conn: 0,
                kind: Kind::Received,
                url: 0..0,
                text: place.start + at..place.end,
            }),
            TextForm::Session if line.starts_with(b"configuration:") => return TextStep::Nothing,
            TextForm::Session => session_line(line).map(|parsed| {
                let shift = |part: Range<usize>| place.start + part.start..place.start + part.end;
                Entry {
                    ts_recv: parsed.ts_recv,
                    conn: 0,
                    kind: parsed.kind,
                    url: shift(parsed.url),
                    text: shift(parsed.text),
                }
            }),
        };
        match entry {
            Some(entry) => TextStep::Entry(entry),
            // A line without its end that makes no sense is one that was cut off.
            None if is_last => TextStep::Broken {
                offset,
                why: "the file ends inside a line".to_owned(),
            },
            None => TextStep::Skipped(Skip::BadText),
        }
    }

    fn recorded(&mut self, place: Range<usize>) -> Option<Entry> {
        let line: RecordedLine<'_> = serde_json::from_slice(self.window.taken(place)).ok()?;
        let is_encoded = line.encoding.as_deref() == Some("base64");
        let is_out = line.dir.as_deref() == Some("out");
        let kind = match &*line.kind {
            "ws" | "http" if is_out => Kind::Sent,
            "ws" if is_encoded => Kind::Binary,
            "ws" => Kind::Received,
            "http" => Kind::Rest,
            "open" => Kind::Opened,
            "close" => Kind::Closed,
            // `lost`, among others: counted as what cannot be used.
            _ => return None,
        };
        let url = line.url.as_deref().unwrap_or("");
        let data = line.data.as_deref().unwrap_or("");
        self.plain.clear();
        self.plain.extend_from_slice(url.as_bytes());
        if is_encoded {
            let bytes = data_encoding::BASE64.decode(data.as_bytes()).ok()?;
            self.plain.extend_from_slice(&bytes);
        } else {
            self.plain.extend_from_slice(data.as_bytes());
        }
        let name = match &line.conn {
            Some(Name::Text(name)) => Cow::Borrowed(&**name),
            Some(Name::Number(number)) => Cow::Owned(number.to_string()),
            None => Cow::Borrowed(""),
        };
        let known = self.connections.iter().position(|known| *known == *name);
        let conn = known.unwrap_or_else(|| {
            if self.connections.len() < CONNECTIONS_MAX {
                self.connections.push(name.into_owned());
            }
            self.connections.len() - 1
        });
        Some(Entry {
            ts_recv: line.ts_recv,
            conn: conn as u32,
            kind,
            url: 0..url.len(),
            text: url.len()..self.plain.len(),
        })
    }
}

/// A line of a recording.
#[derive(Deserialize)]
struct RecordedLine<'a> {
    ts_recv: u64,
    #[serde(borrow)]
    conn: Option<Name<'a>>,
    #[serde(borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    dir: Option<Cow<'a, str>>,
    #[serde(borrow)]
    url: Option<Cow<'a, str>>,
    #[serde(borrow)]
    encoding: Option<Cow<'a, str>>,
    #[serde(borrow)]
    data: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Name<'a> {
    Text(#[serde(borrow)] Cow<'a, str>),
    Number(u64),
}

/// Time and where the text starts, of `LOCAL_NS JSON`.
fn stamped_line(line: &[u8]) -> Option<(u64, usize)> {
    let digits = line.iter().position(|byte| !byte.is_ascii_digit())?;
    // Nanoseconds of this century: anything shorter is another unit.
    if !(18..=19).contains(&digits) || line[digits] != b' ' {
        return None;
    }
    let ts_recv = decimal::parse_unsigned(&line[..digits], 0).ok()?;
    matches!(line.get(digits + 1), Some(b'{' | b'[')).then_some((ts_recv, digits + 1))
}

struct SessionLine {
    ts_recv: u64,
    kind: Kind,
    url: Range<usize>,
    text: Range<usize>,
}

/// A line of a raw session file.
fn session_line(line: &[u8]) -> Option<SessionLine> {
    if line.first()?.is_ascii_digit() {
        let (ts_recv, at) = time_and_text(line, 0)?;
        return Some(SessionLine {
            ts_recv,
            kind: Kind::Received,
            url: 0..0,
            text: at..line.len(),
        });
    }
    let url_end = line.iter().position(|byte| *byte == b' ')?;
    if !line[..url_end].windows(3).any(|part| part == b"://") {
        return None;
    }
    let rest = &line[url_end + 1..];
    let url = 0..url_end;
    if let Some(time) = rest.strip_prefix(b"<-> ") {
        return Some(SessionLine {
            ts_recv: seconds(time.trim_ascii())?,
            kind: Kind::Opened,
            url,
            text: line.len()..line.len(),
        });
    }
    let kind = match rest.get(..3)? {
        b"<- " => Kind::Sent,
        b"-> " => Kind::Rest,
        _ => return None,
    };
    let (ts_recv, at) = time_and_text(line, url_end + 4)?;
    let mut end = line.len();
    if kind == Kind::Rest {
        // Some answers carry their HTTP header behind the body.
        let mark = b" header: {";
        let tail = line[at..]
            .windows(mark.len())
            .rposition(|part| part == mark);
        if let Some(tail) = tail
            && matches!(line[..at + tail].last(), Some(b'}' | b']'))
        {
            end = at + tail;
        }
    }
    Some(SessionLine {
        ts_recv,
        kind,
        url,
        text: at..end,
    })
}

/// `TIME: ` at `at`: nanoseconds, and where the text behind it starts.
fn time_and_text(line: &[u8], at: usize) -> Option<(u64, usize)> {
    // 10 digits, a point and up to 9 digits; nothing further is looked at in a long line.
    let head = &line[at..line.len().min(at + 32)];
    let digits = head.iter().position(|byte| *byte == b':')?;
    let ts_recv = seconds(&head[..digits])?;
    let text = at + digits + 1;
    Some((ts_recv, text + usize::from(line.get(text) == Some(&b' '))))
}

/// Decimal seconds as nanoseconds, exactly.
fn seconds(text: &[u8]) -> Option<u64> {
    decimal::parse_unsigned(text, 9).ok()
}
