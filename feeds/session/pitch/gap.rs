//! Gap request proxies: servers that are asked over a connection, and have the answers sent on
//! multicast groups of their own.
//!
//! ```text
//!  login ▶            ◀ login response
//!  gap request ▶      ◀ gap response: granted or why not      ◀ (groups) the messages
//! ```
//!
//! Everything is in packets with a sequenced unit header whose number is 0; an empty packet is a
//! heartbeat of either side. The answers are ordinary numbered packets of the unit.
//!
//! The sizes of these messages stand on the public documents; no capture of them was at hand.

use super::spin::{LOGIN_RESPONSE, Login, LoginResponse, login_packet, packet};
use crate::session::channel::Answer;
use crate::session::layout::{Code, LittleEndian};
use crate::session::sequenced_unit::{Packets, split_message};

/// Type of a request.
pub const GAP_REQUEST: u8 = 0x03;
/// Type of its answer.
pub const GAP_RESPONSE: u8 = 0x04;
/// Either side says something at least this often, in ns.
pub const HEARTBEAT_NS: u64 = 1_000_000_000;

/// A proxy that refuses the login is not asked again for so long, in ns.
pub const LOGIN_REST_NS: u64 = 60_000_000_000;
const SECOND_NS: u64 = 1_000_000_000;
const MINUTE_NS: u64 = 60 * SECOND_NS;
const DAY_NS: u64 = 1_440 * MINUTE_NS;

crate::layout! {
    /// Asks for messages of a unit.
    pub struct GapRequest(7) "gap_request" {
        0 unit: LittleEndian<u8>,
        1 sequence: LittleEndian<u32>,
        5 count: LittleEndian<u16>,
    }
    /// Whether they come.
    pub struct GapResponse(8) "gap_response" {
        0 unit: LittleEndian<u8>,
        1 sequence: LittleEndian<u32>,
        5 count: LittleEndian<u16>,
        7 status: Code,
    }
}

/// The client's side of one connection after the other.
#[derive(Debug, Default)]
pub struct GapClient {
    packets: Packets,
    is_in: bool,
}

impl GapClient {
    /// A connection is open: what to say first.
    pub fn begin(&mut self, login: &Login) -> Vec<u8> {
        self.packets.clear();
        self.is_in = false;
        login_packet(login)
    }

    /// Takes what came, and says what it means.
    pub fn on_bytes(&mut self, bytes: &[u8], answers: &mut Vec<Answer>) {
        self.packets.push(bytes);
        while let Some(packet) = self.packets.next() {
            let Ok((header, mut blocks)) = packet else {
                answers.push(failed("not what a gap request proxy sends"));
                return;
            };
            for _ in 0..header.count {
                let Some((message, rest)) = split_message(blocks) else {
                    answers.push(failed("not what a gap request proxy sends"));
                    return;
                };
                blocks = rest;
                let Some(answer) = answer(message, &mut self.is_in) else {
                    continue;
                };
                let is_over = matches!(answer, Answer::Failed { .. });
                answers.push(answer);
                if is_over {
                    return;
                }
            }
        }
    }
}

/// What a message means; `None` where it asks for nothing.
fn answer(message: &[u8], is_in: &mut bool) -> Option<Answer> {
    let (&tag, body) = message.split_first()?;
    match tag {
        LOGIN_RESPONSE if *is_in => Some(failed("the proxy answers what was not asked")),
        LOGIN_RESPONSE => {
            let refused = |reason| {
                let rest_ns = LOGIN_REST_NS;
                Some(Answer::Failed { rest_ns, reason })
            };
            match LoginResponse::of(body).map(|response| response.status()) {
                Some(b'A') => {
                    *is_in = true;
                    Some(Answer::Ready)
                }
                Some(b'N') => refused("the proxy refuses user and password"),
                Some(b'B') => refused("the proxy says that the session is in use"),
                Some(b'S') => refused("the proxy does not know the session"),
                Some(_) => refused("the proxy refuses the login"),
                None => Some(failed("not what a gap request proxy sends")),
            }
        }
        GAP_RESPONSE => {
            let Some(response) = GapResponse::of(body) else {
                return Some(failed("not what a gap request proxy sends"));
            };
            let (rest_ns, reason) = match response.status() {
                b'A' => return None,
                b'O' => (0, "out of the range that is sent again"),
                b'D' => (DAY_NS, "the quota of the day is used up"),
                b'M' => (MINUTE_NS, "the quota of the minute is used up"),
                b'S' => (SECOND_NS, "the quota of the second is used up"),
                b'C' => (0, "more messages than one request may ask for"),
                b'I' => (0, "no such unit"),
                b'U' => (0, "the unit is not available"),
                _ => (0, "refused"),
            };
            Some(Answer::Refused {
                first: u64::from(response.sequence()),
                rest_ns,
                reason,
            })
        }
        // Proxies say nothing else that matters to a client.
        _ => None,
    }
}

fn failed(reason: &'static str) -> Answer {
    Answer::Failed { rest_ns: 0, reason }
}

/// Asks for `count` messages of `unit` from `first` on. Counts beyond 16 bits are cut.
pub fn request(unit: u8, first: u64, count: u64) -> Vec<u8> {
    let mut body = [0; GapRequest::LEN];
    GapRequest::put_unit(&mut body, unit);
    GapRequest::put_sequence(&mut body, u32::try_from(first).unwrap_or(u32::MAX));
    GapRequest::put_count(&mut body, u16::try_from(count).unwrap_or(u16::MAX));
    packet(GAP_REQUEST, &body)
}

/// The answer to a request.
pub fn response(unit: u8, sequence: u32, count: u16, status: u8) -> Vec<u8> {
    let mut body = [0; GapResponse::LEN];
    GapResponse::put_unit(&mut body, unit);
    GapResponse::put_sequence(&mut body, sequence);
    GapResponse::put_count(&mut body, count);
    GapResponse::put_status(&mut body, status);
    packet(GAP_RESPONSE, &body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::pitch::spin::{heartbeat, login_response};

    /// What a client makes of `sent`, in steps of `step` bytes.
    fn read(sent: &[u8], step: usize) -> Vec<Answer> {
        let (mut client, mut answers) = (GapClient::default(), Vec::new());
        client.begin(&Login::default());
        for bytes in sent.chunks(step) {
            client.on_bytes(bytes, &mut answers);
        }
        answers
    }

    #[test]
    fn a_request_has_the_fields_of_the_documents() {
        let bytes = request(3, 0x0102_0304, 100);
        assert_eq!(bytes[..8], [17, 0, 1, 0, 0, 0, 0, 0]);
        assert_eq!(bytes[8..], [9, 3, 3, 4, 3, 2, 1, 100, 0]);
        assert_eq!(response(3, 7, 100, b'A').len(), 18);
    }

    #[test]
    fn a_login_and_refusals_are_understood_however_the_bytes_come() {
        let mut sent = login_response(b'A');
        sent.extend(heartbeat());
        sent.extend(response(1, 7, 9, b'A'));
        sent.extend(response(1, 16, 9, b'M'));
        for step in 1..sent.len() {
            let refused = Answer::Refused {
                first: 16,
                rest_ns: MINUTE_NS,
                reason: "the quota of the minute is used up",
            };
            assert_eq!(read(&sent, step), [Answer::Ready, refused]);
        }
    }

    #[test]
    fn only_quotas_keep_other_requests_from_being_granted() {
        for (status, rest) in [
            (b'O', 0),
            (b'C', 0),
            (b'I', 0),
            (b'U', 0),
            (b'?', 0),
            (b'S', SECOND_NS),
            (b'M', MINUTE_NS),
            (b'D', DAY_NS),
        ] {
            let answers = read(&response(1, 5, 2, status), 100);
            let is_so = matches!(answers[..], [Answer::Refused { first: 5, rest_ns, .. }]
                if rest_ns == rest);
            assert!(is_so, "{}: {answers:?}", char::from(status));
        }
    }

    #[test]
    fn what_no_proxy_sends_is_not_read_on() {
        for sent in [
            login_response(b'N'),
            login_response(b'B'),
            login_response(b'S'),
            vec![7, 0, 0, 0],
            vec![8, 0, 1, 0, 0, 0, 0, 0],
            vec![11, 0, 1, 0, 0, 0, 0, 0, 3, GAP_RESPONSE, 1],
        ] {
            let sent = [sent, login_response(b'A')].concat();
            let answers = read(&sent, sent.len());
            assert!(matches!(answers[..], [Answer::Failed { .. }]), "{sent:?}");
        }
    }
}
