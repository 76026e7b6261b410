//! The files of one feed, one after the other.

use super::{Entry, RecordConfig, What};
use crate::sys::wall_clock_ns;
use feeds::model::time::civil;
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use tracing::{info, warn};
use zstd::stream::Encoder;

/// A compressed frame ends after so long, or so many bytes before compression.
const FRAME_NS: u64 = 1_000_000_000;
const FRAME_BYTES: u64 = 1 << 20;
/// After an error nothing is tried for so long.
const REST_NS: u64 = 10_000_000_000;
/// Files of one name's time.
const SUFFIXES_MAX: u32 = 1_000;

/// Where the lines of one feed go.
pub(super) struct FeedFile {
    config: RecordConfig,
    name: String,
    open: Option<Open>,
    /// Connections that are open, by line, with their address.
    connections: BTreeMap<u8, String>,
    not_before: u64,
    text: Vec<u8>,
}

/// An open file.
struct Open {
    encoder: Encoder<'static, BufWriter<File>>,
    opened_at: u64,
    bytes: u64,
    frame_at: u64,
    frame_bytes: u64,
}

impl FeedFile {
    pub(super) fn new(config: RecordConfig, name: &str) -> FeedFile {
        FeedFile {
            config,
            name: name.to_owned(),
            open: None,
            connections: BTreeMap::new(),
            not_before: 0,
            text: Vec::new(),
        }
    }

    /// Writes one entry.
    pub(super) fn put(&mut self, entry: &Entry) -> io::Result<()> {
        let now = wall_clock_ns();
        let done = self.try_put(entry, now);
        if let Err(error) = &done
            && now >= self.not_before
        {
            // What is in the file already stays readable.
            self.open = None;
            self.not_before = now + REST_NS;
            warn!(feed = self.name, %error, "cannot record; tried again in a while");
        }
        match &entry.what {
            What::Open(url) => {
                self.connections.insert(entry.line, url.clone());
            }
            What::Close => {
                self.connections.remove(&entry.line);
            }
            _ => {}
        }
        done
    }

    fn try_put(&mut self, entry: &Entry, now: u64) -> io::Result<()> {
        if self.open.is_none() {
            if now < self.not_before {
                return Err(io::Error::other("waiting after an error"));
            }
            self.begin(entry.ts_recv, now)?;
        }
        self.text.clear();
        if entry.lost > 0 {
            let (at, count) = (entry.ts_recv, entry.lost);
            writeln!(
                self.text,
                "{{\"ts_recv\":{at},\"kind\":\"lost\",\"count\":{count}}}"
            )?;
        }
        line(&mut self.text, entry.ts_recv, entry.line, &entry.what)?;
        self.append()
    }

    fn append(&mut self) -> io::Result<()> {
        let Some(open) = &mut self.open else {
            return Ok(());
        };
        open.encoder.write_all(&self.text)?;
        open.bytes += self.text.len() as u64;
        open.frame_bytes += self.text.len() as u64;
        if open.frame_bytes >= FRAME_BYTES {
            self.end_frame()?;
        }
        Ok(())
    }

    /// A new file, beginning with the connections that are open.
    fn begin(&mut self, ts_recv: u64, now: u64) -> io::Result<()> {
        let file = self.create(now)?;
        let encoder = Encoder::new(BufWriter::new(file), self.config.level)?;
        self.open = Some(Open {
            encoder,
            opened_at: now,
            bytes: 0,
            frame_at: now,
            frame_bytes: 0,
        });
        self.text.clear();
        for (&connection, url) in &self.connections {
            line(
                &mut self.text,
                ts_recv,
                connection,
                &What::Open(url.clone()),
            )?;
        }
        self.append()
    }

    /// A file nobody has yet.
    fn create(&self, now: u64) -> io::Result<File> {
        let (seconds, millis) = (now / 1_000_000_000, now / 1_000_000 % 1_000);
        let (year, month, day) = civil(seconds / 86_400);
        let (hour, minute, second) = (seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60);
        let stem = format!(
            "{}-{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}.{millis:03}Z",
            self.name
        );
        for suffix in 0..SUFFIXES_MAX {
            let name = match suffix {
                0 => format!("{stem}.jsonl.zst"),
                _ => format!("{stem}-{suffix}.jsonl.zst"),
            };
            let path = self.config.dir.join(name);
            match OpenOptions::new().write(true).create_new(true).open(&path) {
                Ok(file) => {
                    info!(feed = self.name, path = %path.display(), "recording");
                    return Ok(file);
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Err(io::Error::other("too many files of the same moment"))
    }

    /// Ends the compressed frame, so that what was written can be read whatever happens.
    fn end_frame(&mut self) -> io::Result<()> {
        let Some(open) = self.open.take() else {
            return Ok(());
        };
        let mut file = open.encoder.finish()?;
        file.flush()?;
        self.open = Some(Open {
            encoder: Encoder::new(file, self.config.level)?,
            frame_at: wall_clock_ns(),
            frame_bytes: 0,
            ..open
        });
        Ok(())
    }

    /// Ends what is old: a frame, or the file.
    pub(super) fn look_after(&mut self) {
        let now = wall_clock_ns();
        let Some(open) = &self.open else {
            return;
        };
        let age = now.saturating_sub(open.opened_at);
        let rotate_ns = u64::try_from(self.config.rotate.as_nanos()).unwrap_or(u64::MAX);
        if age >= rotate_ns || open.bytes >= self.config.rotate_bytes {
            self.close();
        } else if open.frame_bytes > 0
            && now.saturating_sub(open.frame_at) >= FRAME_NS
            && let Err(error) = self.end_frame()
        {
            self.not_before = now + REST_NS;
            warn!(feed = self.name, %error, "cannot record; tried again in a while");
        }
    }

    /// Ends the file, down to the disk.
    pub(super) fn close(&mut self) {
        let Some(open) = self.open.take() else {
            return;
        };
        let ended = open
            .encoder
            .finish()
            .and_then(|file| file.into_inner().map_err(io::IntoInnerError::into_error))
            .and_then(|file| file.sync_all());
        if let Err(error) = ended {
            warn!(feed = self.name, %error, "a recording may not be whole");
        }
    }
}

/// One line of a recording.
fn line(out: &mut Vec<u8>, ts_recv: u64, connection: u8, what: &What) -> io::Result<()> {
    write!(out, "{{\"ts_recv\":{ts_recv},\"conn\":\"{connection}\",")?;
    let text = |out: &mut Vec<u8>, text: &str| serde_json::to_writer(out, text);
    match what {
        What::Open(url) => {
            out.write_all(b"\"kind\":\"open\",\"url\":")?;
            text(out, url)?;
        }
        What::Close => out.write_all(b"\"kind\":\"close\"")?,
        What::TextIn(data) => {
            out.write_all(b"\"kind\":\"ws\",\"dir\":\"in\",\"data\":")?;
            text(out, data)?;
        }
        What::TextOut(data) => {
            out.write_all(b"\"kind\":\"ws\",\"dir\":\"out\",\"data\":")?;
            text(out, data)?;
        }
        What::BinaryIn(bytes) => {
            out.write_all(b"\"kind\":\"ws\",\"dir\":\"in\",\"encoding\":\"base64\",\"data\":")?;
            text(out, &data_encoding::BASE64.encode(bytes))?;
        }
        What::Rest(url, body) => {
            out.write_all(b"\"kind\":\"http\",\"dir\":\"in\",\"url\":")?;
            text(out, url)?;
            match std::str::from_utf8(body) {
                Ok(body) => {
                    out.write_all(b",\"data\":")?;
                    text(out, body)?;
                }
                Err(_) => {
                    out.write_all(b",\"encoding\":\"base64\",\"data\":")?;
                    text(out, &data_encoding::BASE64.encode(body))?;
                }
            }
        }
    }
    out.write_all(b"}\n")
}
