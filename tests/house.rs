//! The rules of the house, as a test: the ladder of rooms, what is absent on purpose, and that folders, registry and YAML agree.
#![cfg(feature = "service")]
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            if entry.file_name() != "target" && entry.file_name() != "fuzz" {
                files.extend(rust_files(&path));
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// Lines of code with their numbers: comments are prose, and unit tests may do what they must.
fn code(path: &Path) -> Vec<(usize, String)> {
    let text = fs::read_to_string(path).unwrap();
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
    text.lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line.split("//").next().unwrap_or("").to_owned()))
        .filter(|(_, line)| !line.trim().is_empty())
        .collect()
}

fn is_test(path: &Path) -> bool {
    path.components().any(|part| part.as_os_str() == "tests")
        || path.file_name().is_some_and(|name| name == "tests.rs")
}

/// `folder/…` of a file, relative to the root, with `/`.
fn relative(path: &Path) -> String {
    path.strip_prefix(root())
        .unwrap()
        .to_string_lossy()
        .replace('\\', "/")
}

#[track_caller]
fn check_absent(what: &str, files: &[PathBuf], words: &[&str], allowed: &[&str]) {
    let mut found = Vec::new();
    for path in files.iter().filter(|path| !is_test(path)) {
        let name = relative(path);
        if allowed.iter().any(|prefix| name.starts_with(prefix)) {
            continue;
        }
        for (number, line) in code(path) {
            if let Some(word) = words.iter().find(|word| line.contains(**word)) {
                found.push(format!("{name}:{number}: `{word}`"));
            }
        }
    }
    assert!(found.is_empty(), "{what}:\n{}", found.join("\n"));
}

fn service() -> Vec<PathBuf> {
    rust_files(&root().join("src"))
}

fn rooms() -> Vec<PathBuf> {
    rust_files(&root().join("feeds"))
}

#[test]
fn imports_go_down_the_ladder() {
    let rank = |room: &str| match room {
        "main" | "lib" => 0,
        "cli" => 1,
        "daemon" => 2,
        "config" | "ingest" | "replay" | "record" | "publish" | "metrics" | "simulate"
        | "pipeline" => 3,
        "signals" => 4,
        "runtime" | "book" => 5,
        "sys" => 6,
        other => panic!("`src/{other}` has no place on the ladder"),
    };
    let mut found = Vec::new();
    for path in service().iter().filter(|path| !is_test(path)) {
        let name = relative(path);
        let room = name
            .split('/')
            .nth(1)
            .unwrap()
            .trim_end_matches(".rs")
            .to_owned();
        for (number, line) in code(path) {
            for target in line.split("crate::").skip(1) {
                let target: String = target
                    .chars()
                    .take_while(|c| c.is_alphanumeric() || *c == '_')
                    .collect();
                if target.is_empty() || !root().join("src").join(&target).is_dir() {
                    continue;
                }
                if rank(&target) < rank(&room) {
                    found.push(format!("{name}:{number}: {room} imports {target}"));
                }
            }
        }
    }
    assert!(
        found.is_empty(),
        "imports that climb the ladder:\n{}",
        found.join("\n")
    );
}

#[test]
fn the_runtime_knows_nothing_of_markets() {
    let files = rust_files(&root().join("src/runtime"));
    check_absent(
        "markets in the runtime",
        &files,
        &["feeds::", "crate::book"],
        &[],
    );
}

#[test]
fn a_room_imports_no_other_room() {
    for descriptor in feeds::REGISTRY {
        let files = rust_files(&root().join("feeds").join(descriptor.name));
        let others: Vec<String> = feeds::REGISTRY
            .iter()
            .filter(|other| other.name != descriptor.name)
            .map(|other| format!("{}::", other.name))
            .collect();
        let others: Vec<&str> = others.iter().map(String::as_str).collect();
        check_absent("a room that imports another", &files, &others, &[]);
    }
}

#[test]
fn no_venue_is_named_outside_its_room() {
    let words: Vec<String> = feeds::REGISTRY
        .iter()
        .flat_map(|descriptor| {
            let first = descriptor.name.split('_').next().unwrap();
            [
                descriptor.name.to_owned(),
                format!("\"{first}"),
                format!("{first}_"),
            ]
        })
        .collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    // Examples in `--help` have to name something real.
    check_absent(
        "a venue named outside its room",
        &service(),
        &words,
        &["src/cli/"],
    );
    let shared: Vec<PathBuf> = ["session", "model"]
        .iter()
        .flat_map(|folder| rust_files(&root().join("feeds").join(folder)))
        .collect();
    check_absent("a venue named outside its room", &shared, &words, &[]);
}

#[test]
fn sockets_are_opened_where_they_belong() {
    let words = [
        "UdpSocket::bind",
        "TcpListener::bind",
        "TcpStream::connect",
        "Socket::new(",
    ];
    let allowed = [
        "src/ingest/",
        "src/publish/",
        "src/runtime/net/",
        "src/simulate/",
        "src/sys/",
    ];
    check_absent("a socket outside its rooms", &service(), &words, &allowed);
    check_absent("a socket in a feed", &rooms(), &words, &[]);
}

#[test]
fn clocks_are_read_where_they_belong() {
    let words = ["Instant::now", "SystemTime::now"];
    check_absent(
        "a clock outside its rooms",
        &service(),
        &words,
        &[
            "src/sys/",
            "src/replay/",
            "src/ingest/websocket/",
            "src/ingest/rest.rs",
        ],
    );
    check_absent("a clock in a feed", &rooms(), &words, &[]);
}

#[test]
fn prices_are_never_floats() {
    let allowed = [
        "src/signals/",
        "src/publish/",
        "src/cli/",
        "src/replay/",
        "src/metrics/",
        "src/pipeline/steps.rs",
        "src/pipeline/outlet.rs",
        "src/config/",
        "src/daemon/",
        "src/runtime/",
    ];
    check_absent("a float", &service(), &["f64", "f32"], &allowed);
    check_absent("a float in a feed", &rooms(), &["f64", "f32"], &[]);
}

#[test]
fn unsafe_stays_in_the_rooms_that_argue_for_it() {
    let allowed = ["src/book/prefetch.rs", "src/replay/mapped.rs"];
    check_absent(
        "unsafe",
        &service(),
        &["unsafe {", "unsafe fn", "unsafe impl"],
        &allowed,
    );
    check_absent(
        "unsafe in a feed",
        &rooms(),
        &["unsafe {", "unsafe fn", "unsafe impl"],
        &[],
    );
}

#[test]
fn no_queue_is_unbounded() {
    let words = ["unbounded_channel", "unbounded()", "mpsc::channel()"];
    check_absent("an unbounded queue", &service(), &words, &[]);
    check_absent("an unbounded queue", &rooms(), &words, &[]);
}

#[test]
fn every_feed_has_a_room_a_registry_line_and_a_yaml() {
    for descriptor in feeds::REGISTRY {
        let name = descriptor.name;
        assert!(
            root().join("feeds").join(name).join("mod.rs").is_file(),
            "no room for {name}"
        );
        let yaml = root().join("config").join(format!("{name}.yaml"));
        assert!(yaml.is_file(), "no config/{name}.yaml");
        assert!(feeds::descriptor(name).is_some_and(|found| found.name == name));
    }
    let shared = ["model", "session", "fuzz", "tests", "examples", "target"];
    for entry in fs::read_dir(root().join("feeds"))
        .unwrap()
        .map(Result::unwrap)
    {
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.path().is_dir() && !shared.contains(&name.as_str()) {
            assert!(
                feeds::feed_or_file_form(&name).is_some(),
                "feeds/{name} is not in the registry"
            );
        }
    }
}
