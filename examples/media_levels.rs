//! A WAV file by its own time: levels of each block, automatic gain control, a WAV file out.
//!
//! ```text
//!  file ─► blocks of 10 ms ──┬─► levels (RMS, peak) ──┬─► gained ─► file
//!                            └────────────────────────┘
//! ```
//!
//! `cargo run --no-default-features --example media_levels [IN.wav OUT.wav]`
//!
//! Without arguments a tone that grows softer is made in a folder of its own. The run is
//! historical: time is that of the samples, an hour of sound takes as long as its arithmetic. What
//! is 16 bits of one channel goes through; a file of another form is refused.

use std::cell::RefCell;
use std::error::Error;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::rc::Rc;

use waveletd::runtime::{
    Control, EventTimes, Executor, HistoricalRuntime, Nanos, NextEvent, NodeBuilder, Push,
    push_node,
};

/// RMS and peak of a block, of full scale.
#[derive(Debug, Clone, Copy, Default)]
struct Level {
    rms: f32,
    peak: f32,
}

impl Level {
    fn of(block: &[i16]) -> Self {
        let full = f32::from(i16::MAX);
        let squares: f32 = block.iter().map(|&s| (f32::from(s) / full).powi(2)).sum();
        let peak = block
            .iter()
            .map(|&s| f32::from(s).abs() / full)
            .fold(0.0, f32::max);
        Self {
            rms: (squares / block.len().max(1) as f32).sqrt(),
            peak,
        }
    }
}

/// The blocks of a file, each at the time of its first sample.
struct Blocks {
    reader: hound::WavReader<BufReader<File>>,
    source: Push<Vec<i16>>,
    block: Vec<i16>,
    rate: u32,
    samples: u64,
    error: Option<hound::Error>,
}

impl Blocks {
    fn fill(&mut self) {
        let count = self.rate as usize / 100;
        for sample in self.reader.samples::<i16>().take(count) {
            match sample {
                Ok(sample) => self.block.push(sample),
                Err(error) => {
                    self.error = Some(error);
                    break;
                }
            }
        }
    }
}

impl EventTimes for Blocks {
    fn next(&mut self) -> NextEvent {
        if self.block.is_empty() {
            self.fill();
        }
        if self.block.is_empty() {
            return NextEvent::End;
        }
        NextEvent::At(Nanos(self.samples * 1_000_000_000 / u64::from(self.rate)))
    }

    fn deliver(&mut self, executor: &mut Executor) {
        self.samples += self.block.len() as u64;
        self.source.push(executor, std::mem::take(&mut self.block));
    }
}

/// Levels of the first and last block before and after the gain.
#[derive(Debug, Clone, Copy, Default)]
struct Report {
    blocks: u64,
    before: (Level, Level),
    after: (Level, Level),
}

fn run(from: &Path, to: &Path) -> Result<Report, Box<dyn Error>> {
    let reader = hound::WavReader::open(from)?;
    let spec = reader.spec();
    if spec.channels != 1 || spec.bits_per_sample != 16 || spec.sample_rate < 100 {
        return Err("one channel of 16 bits, at 100 Hz or more".into());
    }
    let writer = Rc::new(RefCell::new(hound::WavWriter::create(to, spec)?));
    let mut runtime = HistoricalRuntime::new();
    let executor = runtime.executor();
    let source = push_node(executor, Vec::<i16>::new());
    let block = source.node().clone();
    let levels = NodeBuilder::new(Level::default())
        .named("levels")
        .triggered_by(&source)
        .build(executor, move |level, _| {
            *level = Level::of(&block.borrow());
            Control::Broadcast
        });
    // The gain moves a twentieth of the way to its aim with each block, so it does not pump.
    let (block, level) = (source.node().clone(), levels.clone());
    let gained = NodeBuilder::new((1.0_f32, Vec::<i16>::new()))
        .named("gained")
        .triggered_by(&levels)
        .observer_of(&source)
        .build(executor, move |(gain, out), _| {
            let level = *level.borrow();
            let aim = (0.25 / level.rms.max(1e-4))
                .min(1.0 / level.peak.max(1e-4))
                .min(16.0);
            *gain += (aim - *gain) / 20.0;
            out.clear();
            out.extend(
                block
                    .borrow()
                    .iter()
                    .map(|&s| (f32::from(s) * *gain) as i16),
            );
            Control::Broadcast
        });
    let (level, out) = (levels.clone(), gained.clone());
    let open = Rc::clone(&writer);
    let file = NodeBuilder::new((Report::default(), Ok(())))
        .named("file")
        .triggered_by(&gained)
        .observer_of(&levels)
        .build(executor, move |(report, written), _| {
            let (before, block) = (*level.borrow(), out.borrow());
            let after = Level::of(&block.1);
            if report.blocks == 0 {
                (report.before.0, report.after.0) = (before, after);
            }
            (report.before.1, report.after.1) = (before, after);
            report.blocks += 1;
            let mut open = open.borrow_mut();
            *written = block
                .1
                .iter()
                .try_for_each(|&sample| open.write_sample(sample));
            if written.is_err() {
                return Control::Terminate;
            }
            Control::Broadcast
        });
    let rate = spec.sample_rate;
    let mut blocks = Blocks {
        reader,
        source,
        block: Vec::new(),
        rate,
        samples: 0,
        error: None,
    };
    runtime.run_historical(&mut blocks)?;
    // Flushes and writes the length; dropping the writer would hide what fails in it.
    writer.borrow_mut().flush()?;
    if let Err(error) = &file.borrow().1 {
        return Err(error.to_string().into());
    }
    if let Some(error) = blocks.error {
        return Err(error.into());
    }
    Ok(file.borrow().0)
}

/// Three seconds of 440 Hz that grow softer.
fn tone(path: &Path) -> Result<(), hound::Error> {
    let (rate, seconds) = (16_000_u32, 3_u32);
    let sample_format = hound::SampleFormat::Int;
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: rate,
        bits_per_sample: 16,
        sample_format,
    };
    let mut writer = hound::WavWriter::create(path, spec)?;
    for n in 0..rate * seconds {
        let t = f64::from(n) / f64::from(rate);
        let sample = (t * 440.0 * std::f64::consts::TAU).sin() * 16_000.0 * (-t).exp();
        writer.write_sample(sample as i16)?;
    }
    writer.finalize()
}

fn tell(report: &Report) {
    let db = |level: Level| 20.0 * level.rms.max(1e-6).log10();
    println!("{} blocks of 10 ms", report.blocks);
    println!(
        "in:  first {:6.1} dB, last {:6.1} dB",
        db(report.before.0),
        db(report.before.1)
    );
    println!(
        "out: first {:6.1} dB, last {:6.1} dB",
        db(report.after.0),
        db(report.after.1)
    );
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let report = match (arguments.next(), arguments.next()) {
        (Some(from), Some(to)) => run(from.as_ref(), to.as_ref())?,
        _ => {
            let folder = tempfile::tempdir()?;
            let from = folder.path().join("tone.wav");
            tone(&from)?;
            run(&from, &folder.path().join("levelled.wav"))?
        }
    };
    tell(&report);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tone_that_grows_softer_keeps_its_level() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("in.wav"), folder.path().join("out.wav"));
        tone(&from).unwrap();
        let report = run(&from, &to).unwrap();
        assert_eq!(report.blocks, 300);
        assert!(
            report.before.1.rms < report.before.0.rms / 10.0,
            "{report:?}"
        );
        assert!(report.after.1.rms > report.after.0.rms / 2.0, "{report:?}");
        assert_eq!(hound::WavReader::open(&to).unwrap().len(), 48_000);
    }
}
