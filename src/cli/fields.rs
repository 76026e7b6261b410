//! Fields of venue messages as JSON and as words.

use feeds::contract::FieldSink;
use feeds::model::decimal::Decimal;
use std::fmt::Write;

/// Writes members of a JSON object.
pub(super) struct JsonFields<'a> {
    out: &'a mut String,
    needs_comma: bool,
    /// Whether each open bracket is a list's, outermost first.
    lists: Vec<bool>,
}

impl<'a> JsonFields<'a> {
    /// Members of the object whose opening brace is the last character of `out`.
    pub(super) fn new(out: &'a mut String) -> JsonFields<'a> {
        JsonFields {
            out,
            needs_comma: false,
            lists: Vec::new(),
        }
    }

    fn key(&mut self, name: &str) {
        if self.needs_comma {
            self.out.push(',');
        }
        self.needs_comma = true;
        if self.lists.last() != Some(&true) {
            quote(self.out, name);
            self.out.push(':');
        }
    }

    fn open(&mut self, name: &str, bracket: char, is_list: bool) {
        self.key(name);
        self.out.push(bracket);
        self.lists.push(is_list);
        self.needs_comma = false;
    }

    fn close(&mut self, bracket: char) {
        self.out.push(bracket);
        self.lists.pop();
        self.needs_comma = true;
    }
}

/// Appends `text` as a JSON string.
pub(super) fn quote(out: &mut String, text: &str) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            control if u32::from(control) < 0x20 => {
                append(out, format_args!("\\u{:04x}", u32::from(control)));
            }
            other => out.push(other),
        }
    }
    out.push('"');
}

/// Appends formatted text.
pub(super) fn append(out: &mut String, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("a string takes everything");
}

/// Text as it is shown: without the blanks and zeros that fill its field.
fn trimmed(value: &[u8]) -> String {
    let text = String::from_utf8_lossy(value);
    text.trim_matches(|character: char| character.is_whitespace() || character == '\0')
        .to_owned()
}

impl FieldSink for JsonFields<'_> {
    fn integer(&mut self, name: &'static str, value: i128) {
        self.key(name);
        append(self.out, format_args!("{value}"));
    }

    fn decimal(&mut self, name: &'static str, mantissa: i128, scale: u8) {
        self.key(name);
        append(
            self.out,
            format_args!("\"{:#}\"", Decimal { mantissa, scale }),
        );
    }

    fn text(&mut self, name: &'static str, value: &[u8]) {
        self.key(name);
        quote(self.out, &trimmed(value));
    }

    fn code(&mut self, name: &'static str, value: u8) {
        self.key(name);
        let mut bytes = [0; 4];
        quote(self.out, char::from(value).encode_utf8(&mut bytes));
    }

    fn flag(&mut self, name: &'static str, value: bool) {
        self.key(name);
        self.out.push_str(if value { "true" } else { "false" });
    }

    fn absent(&mut self, name: &'static str) {
        self.key(name);
        self.out.push_str("null");
    }

    fn begin_object(&mut self, name: &'static str) {
        self.open(name, '{', false);
    }

    fn end_object(&mut self) {
        self.close('}');
    }

    fn begin_list(&mut self, name: &'static str) {
        self.open(name, '[', true);
    }

    fn end_list(&mut self) {
        self.close(']');
    }

    fn json_members(&mut self, object: &str) {
        let object = object.trim();
        let members = object
            .strip_prefix('{')
            .and_then(|rest| rest.strip_suffix('}'))
            .unwrap_or("")
            .trim();
        if members.is_empty() {
            return;
        }
        if self.needs_comma {
            self.out.push(',');
        }
        self.needs_comma = true;
        // A line is one message: line ends stand between members only, where a blank is as good.
        self.out
            .extend(members.chars().map(|character| match character {
                '\n' | '\r' => ' ',
                other => other,
            }));
    }
}

/// Writes fields as `name=value`, for people.
pub(super) struct WordFields<'a> {
    out: &'a mut String,
}

impl<'a> WordFields<'a> {
    /// Words behind what `out` holds.
    pub(super) fn new(out: &'a mut String) -> WordFields<'a> {
        WordFields { out }
    }

    fn word(&mut self, name: &str, value: std::fmt::Arguments<'_>) {
        if !self.out.ends_with(['[', '{']) {
            self.out.push(' ');
        }
        if !name.is_empty() {
            self.out.push_str(name);
            self.out.push('=');
        }
        append(self.out, value);
    }
}

impl FieldSink for WordFields<'_> {
    fn integer(&mut self, name: &'static str, value: i128) {
        self.word(name, format_args!("{value}"));
    }

    fn decimal(&mut self, name: &'static str, mantissa: i128, scale: u8) {
        self.word(name, format_args!("{:#}", Decimal { mantissa, scale }));
    }

    fn text(&mut self, name: &'static str, value: &[u8]) {
        // What is not plain is shown escaped, so that no message can move the cursor.
        self.word(name, format_args!("{}", trimmed(value).escape_debug()));
    }

    fn code(&mut self, name: &'static str, value: u8) {
        self.word(name, format_args!("{}", char::from(value).escape_debug()));
    }

    fn flag(&mut self, name: &'static str, value: bool) {
        self.word(name, format_args!("{value}"));
    }

    fn absent(&mut self, name: &'static str) {
        self.word(name, format_args!("-"));
    }

    fn begin_object(&mut self, name: &'static str) {
        self.word(name, format_args!("{{"));
    }

    fn end_object(&mut self) {
        self.out.push('}');
    }

    fn begin_list(&mut self, name: &'static str) {
        self.word(name, format_args!("["));
    }

    fn end_list(&mut self) {
        self.out.push(']');
    }

    fn json_members(&mut self, object: &str) {
        let plain = object.trim().chars().map(|character| {
            if character.is_control() {
                ' '
            } else {
                character
            }
        });
        self.out.push(' ');
        self.out.extend(plain);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(fields: impl Fn(&mut dyn FieldSink), json: &str, words: &str) {
        let mut out = String::from("{");
        fields(&mut JsonFields::new(&mut out));
        out.push('}');
        assert_eq!(out, json);
        let mut out = String::new();
        fields(&mut WordFields::new(&mut out));
        assert_eq!(out, words);
    }

    #[test]
    fn values_keep_every_digit_and_lose_only_their_filling() {
        check(
            |sink| {
                sink.integer("stock_locate", 13);
                sink.decimal("price", 1_872_500, 4);
                sink.text("stock", b"AAPL    ");
                sink.code("side", b'B');
                sink.code("modifier", b' ');
                sink.flag("odd_lot", true);
            },
            r#"{"stock_locate":13,"price":"187.2500","stock":"AAPL","side":"B","modifier":" ","odd_lot":true}"#,
            " stock_locate=13 price=187.2500 stock=AAPL side=B modifier=  odd_lot=true",
        );
    }

    #[test]
    fn lists_hold_objects_and_values_without_names() {
        check(
            |sink| {
                sink.begin_list("entries");
                sink.begin_object("");
                sink.integer("a", -1);
                sink.end_object();
                sink.begin_object("");
                sink.end_object();
                sink.integer("", 7);
                sink.end_list();
                sink.integer("b", 2);
            },
            r#"{"entries":[{"a":-1},{},7],"b":2}"#,
            " entries=[{a=-1} {} 7] b=2",
        );
    }

    #[test]
    fn text_of_any_bytes_is_valid_json_on_one_line() {
        check(
            |sink| {
                sink.text("t", b"a\"\\\n\x01\xffz\0\0");
                sink.json_members("{\n\"x\": 1 }");
                sink.json_members("{}");
                sink.json_members("[1]");
            },
            "{\"t\":\"a\\\"\\\\\\n\\u0001\u{fffd}z\",\"x\": 1}",
            " t=a\\\"\\\\\\n\\u{1}\u{fffd}z { \"x\": 1 } {} [1]",
        );
    }
}
