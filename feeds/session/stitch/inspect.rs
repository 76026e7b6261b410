//! Texts as `inspect` shows them: the venue's own objects, member by member.

use crate::contract::{DecodeError, FieldSink, Form, InspectedMessage, MessageSink, Packet};
use crate::session::text::Reader;
use simd_json::prelude::*;
use simd_json::tape::Object;

struct Shown<'a> {
    name: String,
    text: &'a str,
}

impl InspectedMessage for Shown<'_> {
    fn name(&self) -> &str {
        &self.name
    }

    fn fields(&self, sink: &mut dyn FieldSink) {
        sink.json_members(self.text);
    }
}

/// A member that is an object.
pub fn child<'tape, 'input>(
    object: &Object<'tape, 'input>,
    key: &str,
) -> Option<Object<'tape, 'input>> {
    object.get(key)?.into_object()
}

/// A member that is a text.
pub fn text_of<'input>(object: &Object<'_, 'input>, key: &str) -> Option<&'input str> {
    object.get(key)?.into_string()
}

/// The text behind `key` (quotes and colon included) in a text that may not be JSON.
pub fn member<'a>(text: &'a [u8], key: &[u8]) -> Option<&'a [u8]> {
    let at = text.windows(key.len()).position(|part| part == key)?;
    let rest = &text[at + key.len()..];
    let end = rest.iter().position(|&byte| byte == b'"')?;
    Some(&rest[..end])
}

/// Says a message's type and, where it has one, its number.
pub type NameOf<'a> = &'a dyn Fn(&Object<'_, '_>) -> Option<(String, Option<u64>)>;

/// Shows a text, or the body of a REST answer (type `rest`), as one message. `name` says its type and, where it has one, its
/// number; a list or an object it does not know is `message`.
///
/// # Errors
/// [`DecodeError::BadText`] when the bytes are no JSON object or list, [`DecodeError::NotThisProtocol`] for datagrams.
pub fn inspect(
    packet: &Packet<'_>,
    sink: &mut dyn MessageSink,
    name: NameOf<'_>,
) -> Result<(), DecodeError> {
    let bad = DecodeError::BadText { offset: 0 };
    let text = std::str::from_utf8(packet.bytes).map_err(|error| DecodeError::BadText {
        offset: u32::try_from(error.valid_up_to()).unwrap_or(u32::MAX),
    })?;
    let is_rest = match packet.form {
        Form::Text => false,
        Form::Rest(_) => true,
        _ => return Err(DecodeError::NotThisProtocol),
    };
    let channel = packet.line.0.to_string();
    let mut reader = Reader::default();
    let tape = reader.tape(packet.bytes)?;
    let value = tape.as_value();
    let wrapped;
    let (said, text) = match value.as_object() {
        Some(object) => (name(&object), text.trim()),
        None if value.as_array().is_some() => {
            wrapped = format!("{{\"list\":{}}}", text.trim());
            (None, wrapped.as_str())
        }
        None => return Err(bad),
    };
    let (name, sequence) = said.unwrap_or_else(|| ("message".to_owned(), None));
    let name = if is_rest { "rest".to_owned() } else { name };
    sink.message(&channel, sequence, &Shown { name, text });
    Ok(())
}
