//! `waveletd list`: what this build can speak, compute and publish.

use super::fields::{append, quote};
use super::{Exit, exit_of_write};
use clap::{Args, ValueEnum};
use feeds::contract::{BookKind, Transport};
use std::io::{self, Write};

/// Arguments of `list`.
#[derive(Args, Debug)]
#[command(before_help = "Examples:
  waveletd list feeds
  waveletd list signals --format json | jq -r '.[].name'")]
pub struct ListArgs {
    /// What to list.
    #[arg(value_enum)]
    pub what: Listed,
    /// How to write it.
    #[arg(long, value_enum, default_value_t = ListFormat::Table)]
    pub format: ListFormat,
}

/// What can be listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Listed {
    /// Protocols of venues.
    Feeds,
    /// Values computed from books and trades.
    Signals,
    /// Ways out.
    Sinks,
}

/// How a list is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ListFormat {
    /// For people.
    Table,
    /// One JSON list of objects.
    Json,
}

/// One thing of a registry, for the list.
#[derive(Clone, Copy, Debug)]
pub struct Named<'a> {
    /// Its name in the configuration.
    pub name: &'a str,
    /// One sentence.
    pub title: &'a str,
}

/// Lists feeds from their registry, and signals and sinks as they are given.
pub fn run(args: &ListArgs, signals: &[Named<'_>], sinks: &[Named<'_>]) -> Exit {
    let (columns, rows) = match args.what {
        Listed::Feeds => feed_rows(),
        Listed::Signals => named_rows(signals),
        Listed::Sinks => named_rows(sinks),
    };
    let text = match args.format {
        ListFormat::Table => table(&columns, &rows),
        ListFormat::Json => json(&columns, &rows),
    };
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => Exit::Success,
        Err(error) => exit_of_write(&error),
    }
}

type Rows = (Vec<&'static str>, Vec<Vec<String>>);

fn feed_rows() -> Rows {
    let columns = vec![
        "name",
        "venue",
        "transport",
        "book",
        "retransmission",
        "specification",
        "title",
    ];
    let all = feeds::REGISTRY.iter().chain(feeds::FILE_FORMS);
    let rows = all.map(|feed| {
        let transport = match feed.transport {
            Transport::Datagrams => "datagrams",
            Transport::WebSocket => "websocket",
            Transport::File => "file",
        };
        let book = match feed.book {
            BookKind::ByOrder => "by_order",
            BookKind::ByLevel => "by_level",
        };
        let retransmission = if feed.has_retransmission { "yes" } else { "no" };
        [
            feed.name,
            feed.venue,
            transport,
            book,
            retransmission,
            feed.specification,
            feed.title,
        ]
        .map(str::to_owned)
        .to_vec()
    });
    (columns, rows.collect())
}

fn named_rows(named: &[Named<'_>]) -> Rows {
    let rows = named
        .iter()
        .map(|named| vec![named.name.to_owned(), named.title.to_owned()]);
    (vec!["name", "title"], rows.collect())
}

fn table(columns: &[&str], rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.chain([columns[column].len()]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns.len()).map(width).collect();
    let mut out = String::new();
    let header = columns.iter().map(|column| column.to_ascii_uppercase());
    for row in std::iter::once(header.collect()).chain(rows.iter().cloned()) {
        let row: Vec<String> = row;
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            append(&mut line, format_args!("{cell:width$}  "));
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

fn json(columns: &[&str], rows: &[Vec<String>]) -> String {
    let mut out = String::from("[");
    for (index, row) in rows.iter().enumerate() {
        out.push_str(if index == 0 { "\n  {" } else { ",\n  {" });
        for (column, (name, cell)) in columns.iter().zip(row).enumerate() {
            if column > 0 {
                out.push_str(", ");
            }
            quote(&mut out, name);
            out.push_str(": ");
            quote(&mut out, cell);
        }
        out.push('}');
    }
    out.push_str("\n]\n");
    out
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn every_feed_of_the_registry_is_listed() {
        let (columns, rows) = feed_rows();
        let json: serde_json::Value = serde_json::from_str(&json(&columns, &rows)).unwrap();
        let names = json
            .as_array()
            .unwrap()
            .iter()
            .map(|feed| feed["name"].as_str());
        let all = feeds::REGISTRY.iter().chain(feeds::FILE_FORMS);
        assert!(names.eq(all.map(|feed| Some(feed.name))));
        assert_eq!(
            table(&columns, &rows).lines().count(),
            feeds::REGISTRY.len() + feeds::FILE_FORMS.len() + 1
        );
    }

    #[test]
    fn an_empty_list_is_still_a_list() {
        assert_eq!(table(&["name"], &[]), "NAME\n");
        assert_eq!(json(&["name"], &[]), "[\n]\n");
    }
}
