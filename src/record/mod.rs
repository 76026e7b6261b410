//! Recordings of WebSocket feeds: every frame in and out, every REST answer, with the time the feed was given.
//!
//! ```text
//!  ingest threads ─▶ bounded queue ─▶ writer thread ─▶ FEED-20261123T060000.000Z.jsonl.zst, the next one, …
//! ```
//!
//! A line of JSON each, in order of arrival: what `replay` reads. Ingest never waits: what the queue has no room for is left
//! out, counted, and a line of kind `lost` says how much is missing there. Files are never overwritten; they are written as
//! compressed frames of a second or a mebibyte, each whole in itself, so that a process that dies takes no more with it. Each
//! file begins with the connections that are open, so that it can be replayed by itself. Headers and proxies, where secrets
//! are, are not in it.

mod file;

use crate::metrics::{Counter, Counters};
use file::FeedFile;
use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// Entries that wait to be written.
const ENTRIES_MAX: usize = 65_536;
/// How often files are looked after when nothing comes.
const TURN: Duration = Duration::from_millis(250);

/// `record:` of a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordConfig {
    /// Where files are written; has to be there.
    pub dir: PathBuf,
    /// A file is closed and the next one opened after so long.
    pub rotate: Duration,
    /// Or after so many bytes before compression.
    pub rotate_bytes: u64,
    /// Most bytes that wait to be written.
    pub queue_bytes_max: u64,
    /// Level of compression, 1 to 19.
    pub level: i32,
}

impl RecordConfig {
    /// Makes a file in the folder, and removes it again.
    ///
    /// # Errors
    /// The kernel's reason why it cannot be made.
    pub fn can_write(&self) -> io::Result<()> {
        let name = format!(".waveletd-check-{}", std::process::id());
        let path = self.dir.join(name);
        File::create_new(&path)?;
        std::fs::remove_file(&path)
    }
}

/// What a line of a recording is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// The connection is open, at this address.
    Open(String),
    /// It is closed.
    Close,
    /// The venue's text.
    TextIn(Box<str>),
    /// The venue's binary message.
    BinaryIn(Box<[u8]>),
    /// Our text.
    TextOut(Box<str>),
    /// The body of the answer of this address.
    Rest(String, Box<[u8]>),
}

impl What {
    fn len(&self) -> u64 {
        let len = match self {
            What::Open(url) => url.len(),
            What::Close => 0,
            What::TextIn(text) | What::TextOut(text) => text.len(),
            What::BinaryIn(bytes) => bytes.len(),
            What::Rest(url, body) => url.len() + body.len(),
        };
        len as u64
    }
}

struct Entry {
    row: usize,
    ts_recv: u64,
    line: u8,
    what: What,
    /// Entries of the feed that had no room before this one.
    lost: u64,
}

/// Where a feed's transport puts what it hears and says. Cheap to clone, never waits.
#[derive(Clone, Debug)]
pub struct Tap {
    row: usize,
    sender: SyncSender<Entry>,
    waiting: Arc<AtomicU64>,
    bytes_max: u64,
    lost: Arc<AtomicU64>,
    counters: Arc<Counters>,
}

impl Tap {
    /// Hands something over, or counts it as lost.
    pub fn put(&self, ts_recv: u64, line: u8, what: What) {
        let len = what.len();
        let lost = self.lost.swap(0, Ordering::Relaxed);
        let has_room = self.waiting.load(Ordering::Relaxed) + len <= self.bytes_max;
        let entry = Entry {
            row: self.row,
            ts_recv,
            line,
            what,
            lost,
        };
        if has_room && self.sender.try_send(entry).is_ok() {
            self.waiting.fetch_add(len, Ordering::Relaxed);
        } else {
            self.lost.fetch_add(lost + 1, Ordering::Relaxed);
            if let Some(row) = self.counters.channel(self.row) {
                row.add(Counter::RecordLost, 1);
            }
        }
    }
}

/// The writer. Ends when all taps are gone.
pub struct Recorder {
    sender: SyncSender<Entry>,
    waiting: Arc<AtomicU64>,
    bytes_max: u64,
    counters: Arc<Counters>,
    thread: JoinHandle<()>,
}

impl Recorder {
    /// Starts the writer for feeds of these names.
    ///
    /// # Errors
    /// When the folder cannot be written, or the host gives no thread.
    pub fn start(
        config: &RecordConfig,
        names: &[String],
        counters: &Arc<Counters>,
    ) -> io::Result<Recorder> {
        std::fs::create_dir_all(&config.dir)?;
        let (sender, receiver) = sync_channel(ENTRIES_MAX);
        let waiting = Arc::new(AtomicU64::new(0));
        let files = names
            .iter()
            .map(|name| FeedFile::new(config.clone(), name))
            .collect();
        let (left, counted) = (Arc::clone(&waiting), Arc::clone(counters));
        let thread = std::thread::Builder::new()
            .name("record".to_owned())
            .spawn(move || write(&receiver, files, &left, &counted))?;
        Ok(Recorder {
            sender,
            waiting,
            bytes_max: config.queue_bytes_max,
            counters: Arc::clone(counters),
            thread,
        })
    }

    /// Where the feed of this row puts what it hears and says.
    pub fn tap(&self, row: usize) -> Tap {
        Tap {
            row,
            sender: self.sender.clone(),
            waiting: Arc::clone(&self.waiting),
            bytes_max: self.bytes_max,
            lost: Arc::default(),
            counters: Arc::clone(&self.counters),
        }
    }

    /// Waits until everything is written. All taps have to be gone.
    pub fn finish(self) {
        drop(self.sender);
        let _ = self.thread.join();
    }
}

fn write(
    receiver: &Receiver<Entry>,
    mut files: Vec<FeedFile>,
    waiting: &AtomicU64,
    counters: &Counters,
) {
    loop {
        match receiver.recv_timeout(TURN) {
            Ok(entry) => {
                waiting.fetch_sub(entry.what.len(), Ordering::Relaxed);
                let Some(file) = files.get_mut(entry.row) else {
                    continue;
                };
                let row = counters.channel(entry.row);
                let counter = match file.put(&entry) {
                    Ok(()) => Counter::RecordedFrames,
                    Err(_) => Counter::RecordErrors,
                };
                if let Some(row) = row {
                    row.add(counter, 1);
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
        for file in &mut files {
            file.look_after();
        }
    }
    for file in &mut files {
        file.close();
    }
}

#[cfg(test)]
mod tests;
