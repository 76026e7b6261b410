//! A folder of raw session files: several connections and REST answers, merged by time.
//!
//! `NAME.0` holds the REST answers that the client learned its symbols from, `NAME.http.N.0` further REST answers (order
//! book snapshots), `NAME.ws.N.0` one WebSocket connection. Other files of the folder are left alone. At one and the same
//! time the answers come first, then the connections by number.

use super::capture::{Broken, CaptureCounters, OpenError};
use super::text::{Entry, TextForm, TextReader, TextStep};
use super::window::Window;
use std::fs::{self, File};
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Files of one folder: each has a buffer and an open file.
const FILES_MAX: usize = 64;

/// What a session file's name says: in the order of ties.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Answers { rotation: u64 },
    Http { number: u64, rotation: u64 },
    WebSocket { number: u64, rotation: u64 },
}

impl Part {
    fn of_name(name: &str) -> Option<Part> {
        let parts: Vec<&str> = name.split('.').collect();
        let number = |text: &str| -> Option<u64> {
            text.bytes()
                .all(|byte| byte.is_ascii_digit())
                .then(|| text.parse().ok())?
        };
        match parts.as_slice() {
            [.., "http", id, rotation] => Some(Part::Http {
                number: number(id)?,
                rotation: number(rotation)?,
            }),
            [.., "ws", id, rotation] => Some(Part::WebSocket {
                number: number(id)?,
                rotation: number(rotation)?,
            }),
            [_, .., rotation] => Some(Part::Answers {
                rotation: number(rotation)?,
            }),
            _ => None,
        }
    }
}

struct Stream {
    reader: TextReader,
    conn: u32,
    head: Option<Entry>,
    name: String,
}

/// The files of one session.
pub(super) struct Session {
    streams: Vec<Stream>,
    connections: Vec<String>,
    /// Which stream gave the last entry.
    current: Option<usize>,
    is_started: bool,
    broken: Option<Broken>,
}

impl Session {
    /// Opens every session file of a folder.
    pub(super) fn open(folder: &Path) -> Result<Session, OpenError> {
        let io_error = |path: &Path, error| OpenError::Io {
            path: path.to_owned(),
            error,
        };
        let mut files: Vec<(Part, PathBuf)> = Vec::new();
        for file in fs::read_dir(folder).map_err(|error| io_error(folder, error))? {
            let file = file.map_err(|error| io_error(folder, error))?;
            let name = file.file_name();
            let Some(part) = name.to_str().and_then(Part::of_name) else {
                continue;
            };
            if files.len() == FILES_MAX {
                return Err(OpenError::Folder {
                    path: folder.to_owned(),
                    why: format!("more than {FILES_MAX} session files"),
                });
            }
            files.push((part, file.path()));
        }
        if files.is_empty() {
            return Err(OpenError::Folder {
                path: folder.to_owned(),
                why: "no session files: NAME.0, NAME.http.N.0 or NAME.ws.N.0".to_owned(),
            });
        }
        files.sort();
        let mut connections: Vec<String> = Vec::new();
        let mut streams = Vec::with_capacity(files.len());
        for (part, path) in files {
            let conn = match part {
                Part::WebSocket { number, .. } => {
                    // A connection whose file was rotated goes on under its number.
                    let name = number.to_string();
                    let known = connections.iter().position(|known| *known == name);
                    known.unwrap_or_else(|| {
                        connections.push(name);
                        connections.len() - 1
                    }) as u32
                }
                Part::Answers { .. } | Part::Http { .. } => 0,
            };
            let window = File::open(&path)
                .and_then(Window::open)
                .map_err(|error| io_error(&path, error))?;
            streams.push(Stream {
                reader: TextReader::new(window, TextForm::Session, Vec::new()),
                conn,
                head: None,
                name: path
                    .file_name()
                    .map(|name| name.to_string_lossy().into_owned())
                    .unwrap_or_default(),
            });
        }
        Ok(Session {
            streams,
            connections,
            current: None,
            is_started: false,
            broken: None,
        })
    }

    /// Names of the connections.
    pub(super) fn connections(&self) -> &[String] {
        &self.connections
    }

    /// The first place where one of the files broke off.
    pub(super) fn broken(&self) -> Option<&Broken> {
        self.broken.as_ref()
    }

    /// Bytes of the entry given last.
    pub(super) fn bytes(&self, place: &Range<usize>) -> &[u8] {
        match self.current {
            Some(index) => self.streams[index].reader.bytes(place),
            None => &[],
        }
    }

    /// The next entry by time.
    pub(super) fn advance(&mut self, counters: &mut CaptureCounters) -> Option<Entry> {
        if !self.is_started {
            self.is_started = true;
            for index in 0..self.streams.len() {
                self.read(index, counters);
            }
        }
        // The entry given last lies in its stream's buffer until here.
        if let Some(index) = self.current.take() {
            self.read(index, counters);
        }
        let heads = self
            .streams
            .iter()
            .enumerate()
            .filter_map(|(index, stream)| {
                let head = stream.head.as_ref()?;
                Some((head.ts_recv, index))
            });
        let (_, index) = heads.min()?;
        self.current = Some(index);
        self.streams[index].head.take()
    }

    fn read(&mut self, index: usize, counters: &mut CaptureCounters) {
        let stream = &mut self.streams[index];
        loop {
            match stream.reader.step() {
                TextStep::Entry(mut entry) => {
                    entry.conn = stream.conn;
                    stream.head = Some(entry);
                    return;
                }
                TextStep::Skipped(skip) => counters.skip(skip),
                TextStep::Nothing => {}
                TextStep::End => return,
                TextStep::Broken { offset, why } => {
                    let why = format!("{}: {why}", stream.name);
                    self.broken.get_or_insert(Broken { offset, why });
                    return;
                }
            }
        }
    }
}
