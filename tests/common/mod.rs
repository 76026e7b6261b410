//! What several test programs need: the captures, the program itself, and JSON whose members keep their order.
#![allow(clippy::unwrap_used, dead_code)]

#[allow(unused)]
pub(crate) mod day;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Where the captures are, or nothing where this machine has none.
pub(crate) fn captures() -> Option<PathBuf> {
    let folder = std::env::var_os("WAVELETD_CAPTURES").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/captures"),
        PathBuf::from,
    );
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(
        std::env::var("CI").as_deref() != Ok("true"),
        "captures are missing: set WAVELETD_CAPTURES"
    );
    eprintln!("skipped: no captures at {}", folder.display());
    None
}

/// A file's text, unpacked when its name ends in `.gz`.
#[track_caller]
pub(crate) fn text_of(path: &Path) -> String {
    let bytes = std::fs::read(path).unwrap();
    let mut text = String::new();
    if path.extension().is_some_and(|extension| extension == "gz") {
        flate2::read::MultiGzDecoder::new(&bytes[..])
            .read_to_string(&mut text)
            .unwrap();
    } else {
        text = String::from_utf8(bytes).unwrap();
    }
    text
}

/// Runs the program to its end.
pub(crate) fn waveletd(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_waveletd"))
        .args(arguments)
        .output()
        .unwrap()
}

/// Runs the program, wants `code` of it and reads its output as one JSON document.
#[track_caller]
pub(crate) fn report(arguments: &[&str], code: i32) -> Json {
    let output = waveletd(arguments);
    assert_eq!(
        output.status.code(),
        Some(code),
        "{arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Json::parse(std::str::from_utf8(&output.stdout).unwrap())
}

/// JSON in the order it was written.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    /// As shortest decimal text.
    Number(String),
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    #[track_caller]
    pub(crate) fn parse(text: &str) -> Json {
        serde_json::from_str(text).unwrap()
    }

    /// The member called `name`, if there is one.
    pub(crate) fn find(&self, name: &str) -> Option<&Json> {
        let Json::Object(members) = self else {
            return None;
        };
        members
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value)
    }

    /// The member called `name`.
    #[track_caller]
    pub(crate) fn get(&self, name: &str) -> &Json {
        self.find(name)
            .unwrap_or_else(|| panic!("no member `{name}` in {self:?}"))
    }

    /// Members of an object.
    #[track_caller]
    pub(crate) fn members(&self) -> &[(String, Json)] {
        let Json::Object(members) = self else {
            panic!("no object: {self:?}");
        };
        members
    }

    /// Elements of a list.
    #[track_caller]
    pub(crate) fn list(&self) -> &[Json] {
        let Json::List(elements) = self else {
            panic!("no list: {self:?}");
        };
        elements
    }

    /// Text, or a number as text.
    #[track_caller]
    pub(crate) fn text(&self) -> &str {
        match self {
            Json::Text(text) | Json::Number(text) => text,
            other => panic!("neither text nor number: {other:?}"),
        }
    }

    /// A whole number.
    #[track_caller]
    pub(crate) fn count(&self) -> u64 {
        self.text().parse().unwrap()
    }

    /// Every value of objects within objects, in order, without the objects.
    pub(crate) fn leaves(&self) -> Vec<&Json> {
        match self {
            Json::Object(members) => members
                .iter()
                .flat_map(|(_, value)| value.leaves())
                .collect(),
            leaf => vec![leaf],
        }
    }
}

/// A value in one spelling: decimals without zeros that say nothing, text without blanks behind it, bits as 0 and 1.
pub(crate) fn plain(value: &Json) -> String {
    match value {
        Json::Bool(true) => "1e0".to_owned(),
        Json::Bool(false) => "0".to_owned(),
        Json::Text(text) | Json::Number(text) => exact(text).unwrap_or_else(|| {
            let text = text.trim_end();
            text.to_owned()
        }),
        other => format!("{other:?}"),
    }
}

/// A decimal in one spelling, whatever its zeros and exponent: digits, `e`, power of ten. `None` when it is no number.
pub(crate) fn exact(text: &str) -> Option<String> {
    let (mantissa, power) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let mut power: i32 = power.parse().ok()?;
    let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.trim_start_matches('-').is_empty() {
        return None;
    }
    let mut digits: i128 = format!("{whole}{part}").parse().ok()?;
    power -= part.len() as i32;
    if digits == 0 {
        return Some("0".to_owned());
    }
    while digits % 10 == 0 {
        digits /= 10;
        power += 1;
    }
    Some(format!("{digits}e{power}"))
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Json, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Json;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("JSON")
            }
            fn visit_unit<E>(self) -> Result<Json, E> {
                Ok(Json::Null)
            }
            fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
                Ok(Json::Bool(value))
            }
            fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
                Ok(Json::Number(value.to_string()))
            }
            fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
                Ok(Json::Number(value.to_string()))
            }
            fn visit_f64<E>(self, value: f64) -> Result<Json, E> {
                Ok(Json::Number(value.to_string()))
            }
            fn visit_str<E>(self, value: &str) -> Result<Json, E> {
                Ok(Json::Text(value.to_owned()))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Json, A::Error> {
                let mut elements = Vec::new();
                while let Some(element) = list.next_element()? {
                    elements.push(element);
                }
                Ok(Json::List(elements))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Json::Object(members))
            }
        }
        deserializer.deserialize_any(Any)
    }
}
