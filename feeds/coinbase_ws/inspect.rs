//! Messages as `inspect` shows them: the venue's own objects, member by member.

use super::parse::Scratch;
use crate::contract::{DecodeError, FieldSink, Form, InspectedMessage, MessageSink, Packet};
use simd_json::prelude::*;

struct Object<'a> {
    name: &'a str,
    text: &'a str,
}

impl InspectedMessage for Object<'_> {
    fn name(&self) -> &str {
        self.name
    }

    fn fields(&self, sink: &mut dyn FieldSink) {
        sink.json_members(self.text);
    }
}

/// Shows the message of a WebSocket text, or the products of a REST answer (type `product`).
///
/// # Errors
/// [`DecodeError::BadText`] when the bytes are no JSON, [`DecodeError::NotThisProtocol`] for datagrams.
pub(super) fn inspect(packet: &Packet<'_>, sink: &mut dyn MessageSink) -> Result<(), DecodeError> {
    let bad = DecodeError::BadText { offset: 0 };
    let text = std::str::from_utf8(packet.bytes).map_err(|error| DecodeError::BadText {
        offset: u32::try_from(error.valid_up_to()).unwrap_or(u32::MAX),
    })?;
    let channel = packet.line.0.to_string();
    match packet.form {
        Form::Text => {
            let mut bytes = packet.bytes.to_vec();
            let tape = simd_json::to_tape(&mut bytes).map_err(|_| bad)?;
            let value = tape.as_value();
            let object = value.as_object().ok_or(bad)?;
            let name = object.get("type").and_then(|value| value.into_string());
            let sequence = object.get("sequence").and_then(|value| value.as_u64());
            let message = Object {
                name: name.ok_or(bad)?,
                text: text.trim(),
            };
            sink.message(&channel, sequence, &message);
            Ok(())
        }
        Form::Rest(_) => {
            Scratch::default().read_products(packet.bytes)?;
            for text in objects(text) {
                let name = "product";
                sink.message(&channel, None, &Object { name, text });
            }
            Ok(())
        }
        Form::Datagram | Form::FileMessages | Form::Binary | Form::Stream(_) => {
            Err(DecodeError::NotThisProtocol)
        }
    }
}

/// The objects of a JSON list that is known to be well formed.
fn objects(list: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let (mut depth, mut start, mut in_text, mut is_escaped) = (0usize, 0, false, false);
    for (index, byte) in list.bytes().enumerate() {
        if in_text {
            match byte {
                _ if is_escaped => is_escaped = false,
                b'\\' => is_escaped = true,
                b'"' => in_text = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_text = true,
            b'{' => {
                if depth == 0 {
                    start = index;
                }
                depth += 1;
            }
            b'}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    found.push(&list[start..=index]);
                }
            }
            _ => {}
        }
    }
    found
}
