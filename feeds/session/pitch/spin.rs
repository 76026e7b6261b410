//! Spin servers: images of a unit over a connection, for those who missed too much.
//!
//! ```text
//!  login ▶            ◀ login response     ◀ image available (again and again)
//!  spin request ▶     ◀ spin response, orders, spin finished
//! ```
//!
//! Everything is in packets with a sequenced unit header whose number is 0; an empty packet is a
//! heartbeat of either side. An image is named by the last message it contains: the live message
//! behind it continues it. Images are taken for whole events: a transaction does not go on behind
//! one.
//!
//! The sizes of these messages stand on the public documents; no capture of them was at hand.

use super::PitchEncoder;
use super::normalize::is_order;
use crate::contract::DecodeError;
use crate::session::layout::{Code, LittleEndian, Text};
use crate::session::sequenced_unit::{Header, Packetizer, Packets, split_message};
use crate::{pitch_say as say, pitch_view as view};

/// Type of a login.
pub const LOGIN: u8 = 0x01;
/// Type of its answer.
pub const LOGIN_RESPONSE: u8 = 0x02;
/// Type of an offer of an image.
pub const IMAGE_AVAILABLE: u8 = 0x80;
/// Type of a request for one.
pub const SPIN_REQUEST: u8 = 0x81;
/// Type of its answer.
pub const SPIN_RESPONSE: u8 = 0x82;
/// Type of the end of an image.
pub const SPIN_FINISHED: u8 = 0x83;

crate::layout! {
    /// A client says who it is.
    pub struct LoginMessage(20) "login" {
        0 session_sub_id: Text<4>,
        4 username: Text<4>,
        8 filler: Text<2>,
        10 password: Text<10>,
    }
    /// Whether it may.
    pub struct LoginResponse(1) "login_response" {
        0 status: Code,
    }
    /// An image can be had, or is asked for, or is whole.
    pub struct Image(4) "spin_image" {
        0 sequence: LittleEndian<u32>,
    }
    /// Whether an image follows.
    pub struct SpinResponse(9) "spin_response" {
        0 sequence: LittleEndian<u32>,
        4 order_count: LittleEndian<u32>,
        8 status: Code,
    }
}

/// Who logs in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Login {
    /// Session sub id, at most 4 characters.
    pub session: String,
    /// User, at most 4 characters.
    pub user: String,
    /// Password, at most 10 characters.
    pub password: String,
}

/// What a spin server said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said<'a> {
    /// A message of the image: type and body.
    Message(&'a [u8]),
    /// The image is whole, and the live message behind it has this number.
    Finished {
        /// That number.
        next: u64,
    },
    /// There is no image to be had here; why.
    Failed(&'static str),
}

/// What is awaited of the server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Awaited {
    #[default]
    LoginResponse,
    /// An image that is young enough.
    Image,
    Response {
        sequence: u32,
    },
    Orders {
        sequence: u32,
        /// Orders that are still to come.
        left: u32,
    },
}

/// The client's side of one connection after the other.
#[derive(Debug, Default)]
pub struct SpinClient {
    packets: Packets,
    /// What of the packet being read was not looked at yet, and how many messages that is.
    body: Vec<u8>,
    at: usize,
    left: u8,
    awaited: Awaited,
    from: u64,
}

impl SpinClient {
    /// A connection is open: what to say first.
    pub fn begin(&mut self, login: &Login) -> Vec<u8> {
        self.packets.clear();
        (self.at, self.left) = (0, 0);
        self.body.clear();
        self.awaited = Awaited::LoginResponse;
        login_packet(login)
    }

    /// An image that message `from` does not continue, nor a later one, is not asked for.
    pub fn wants_from(&mut self, from: u64) {
        self.from = from;
    }

    /// Adds what came.
    pub fn push(&mut self, bytes: &[u8]) {
        self.packets.push(bytes);
    }

    /// What the server said next about `unit`, where that is known; what to answer goes into
    /// `reply`. `None` until more comes.
    ///
    /// # Errors
    /// No spin server sends this.
    pub fn next(
        &mut self,
        unit: Option<u8>,
        reply: &mut Vec<u8>,
    ) -> Option<Result<Said<'_>, DecodeError>> {
        loop {
            while self.left == 0 {
                match self.packets.next()? {
                    Err(error) => return Some(Err(error)),
                    Ok((header, _)) if is_other(header.unit, unit) => {
                        return Some(Ok(Said::Failed("the server has another unit")));
                    }
                    Ok((header, body)) => {
                        if header.is_heartbeat() && reply.is_empty() {
                            // The server hears from us at least as often as we from it.
                            reply.extend(heartbeat());
                        }
                        self.body.clear();
                        self.body.extend_from_slice(body);
                        (self.at, self.left) = (0, header.count);
                    }
                }
            }
            let start = self.at;
            let Some((message, rest)) = split_message(&self.body[start..]) else {
                return Some(Err(DecodeError::BadField {
                    tag: 0,
                    offset: start as u32,
                }));
            };
            let end = self.body.len() - rest.len();
            let first = end - message.len();
            (self.at, self.left) = (end, self.left - 1);
            match self.take(first, end, reply) {
                Ok(None) => {}
                Ok(Some(Taken::Message)) => return Some(Ok(Said::Message(&self.body[first..end]))),
                Ok(Some(Taken::Finished { next })) => return Some(Ok(Said::Finished { next })),
                Ok(Some(Taken::Failed(reason))) => return Some(Ok(Said::Failed(reason))),
                Err(error) => return Some(Err(error)),
            }
        }
    }

    /// Takes the message between these two places of the body.
    fn take(
        &mut self,
        first: usize,
        end: usize,
        reply: &mut Vec<u8>,
    ) -> Result<Option<Taken>, DecodeError> {
        let failed = |reason| Ok(Some(Taken::Failed(reason)));
        let Some((&tag, body)) = self.body[first..end].split_first() else {
            return Ok(None);
        };
        match (tag, self.awaited) {
            (LOGIN_RESPONSE, Awaited::LoginResponse) => {
                match view!(LoginResponse, body, tag).status() {
                    b'A' => self.awaited = Awaited::Image,
                    b'N' => return failed("the server refuses user and password"),
                    b'B' => return failed("the server says that the session is in use"),
                    b'S' => return failed("the server does not know the session"),
                    _ => return failed("the server refuses"),
                }
            }
            (IMAGE_AVAILABLE, awaited) => {
                let sequence = view!(Image, body, tag).sequence();
                if awaited == Awaited::Image && u64::from(sequence) + 1 >= self.from {
                    self.awaited = Awaited::Response { sequence };
                    reply.extend(request(sequence));
                } else if reply.is_empty() {
                    reply.extend(heartbeat());
                }
            }
            (SPIN_RESPONSE, Awaited::Response { sequence }) => {
                let response = view!(SpinResponse, body, tag);
                match response.status() {
                    b'A' if response.sequence() == sequence => {
                        let left = response.order_count();
                        self.awaited = Awaited::Orders { sequence, left };
                    }
                    b'A' => return failed("the server sends another image"),
                    // It was replaced meanwhile: the next one is asked for.
                    b'O' => self.awaited = Awaited::Image,
                    b'S' => return failed("the server sends an image already"),
                    _ => return failed("the server refuses the image"),
                }
            }
            (SPIN_FINISHED, Awaited::Orders { sequence, left }) => {
                if view!(Image, body, tag).sequence() != sequence {
                    return failed("the server finished another image");
                }
                if left != 0 {
                    return failed("the image has fewer orders than it promised");
                }
                let next = u64::from(sequence) + 1;
                return Ok(Some(Taken::Finished { next }));
            }
            (LOGIN_RESPONSE | SPIN_RESPONSE | SPIN_FINISHED, _) => {
                return failed("the server answers what was not asked");
            }
            (_, Awaited::Orders { sequence, left }) => {
                let left = left.saturating_sub(u32::from(is_order(tag)));
                self.awaited = Awaited::Orders { sequence, left };
                return Ok(Some(Taken::Message));
            }
            // Before an image nothing else means anything.
            _ => {}
        }
        Ok(None)
    }
}

/// As [`Said`], without what it borrows.
enum Taken {
    Message,
    Finished { next: u64 },
    Failed(&'static str),
}

fn is_other(found: u8, unit: Option<u8>) -> bool {
    found != 0 && unit.is_some_and(|unit| unit != found)
}

/// An empty packet, as either side says that it is alive.
pub fn heartbeat() -> Vec<u8> {
    let length = crate::session::sequenced_unit::HEADER_BYTES as u16;
    let header = Header {
        length,
        count: 0,
        unit: 0,
        sequence: 0,
    };
    header.to_bytes().to_vec()
}

/// A packet of one message.
pub fn packet(tag: u8, body: &[u8]) -> Vec<u8> {
    let mut packets = Packetizer::new(0, 0);
    let length = body.len() as u8 + 2;
    packets.push(&[&[length, tag], body].concat());
    packets.packet()
}

/// A login.
pub fn login_packet(login: &Login) -> Vec<u8> {
    let mut body = [b' '; LoginMessage::LEN];
    LoginMessage::put_session_sub_id(&mut body, login.session.as_bytes());
    LoginMessage::put_username(&mut body, login.user.as_bytes());
    LoginMessage::put_password(&mut body, login.password.as_bytes());
    packet(LOGIN, &body)
}

/// The answer to a login.
pub fn login_response(status: u8) -> Vec<u8> {
    packet(LOGIN_RESPONSE, &[status])
}

/// Offers an image up to a message.
pub fn image_available(sequence: u32) -> Vec<u8> {
    packet(IMAGE_AVAILABLE, &sequence.to_le_bytes())
}

/// Asks for an image up to a message.
pub fn request(sequence: u32) -> Vec<u8> {
    packet(SPIN_REQUEST, &sequence.to_le_bytes())
}

/// The answer to a request.
pub fn say_response(venue: &mut PitchEncoder, sequence: u32, order_count: u32, status: u8) {
    say!(
        venue,
        SpinResponse,
        SPIN_RESPONSE,
        [
            put_sequence(sequence),
            put_order_count(order_count),
            put_status(status),
        ],
        &[]
    );
}

/// The image is whole.
pub fn say_finished(venue: &mut PitchEncoder, sequence: u32) {
    say!(venue, Image, SPIN_FINISHED, [put_sequence(sequence)], &[]);
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::session::sequenced_unit::unsequenced;

    const LEFT: [u8; 12] = [0; 12];

    fn image(sequence: u32, promised: u32, orders: u32) -> Vec<u8> {
        let mut venue = PitchEncoder::new(&crate::cboe_pitch_equities::encode::DIALECT);
        say_response(&mut venue, sequence, promised, b'A');
        for _ in 0..orders {
            venue.message(0x22, &LEFT, &[]);
        }
        say_finished(&mut venue, sequence);
        unsequenced(1, venue.bytes()).concat()
    }

    /// What a client that needs message 8 or a later one makes of `sent`, in steps of `step`
    /// bytes: orders, and the last thing that is not one.
    fn read(
        sent: &[u8],
        step: usize,
    ) -> (u32, Option<Result<Said<'static>, DecodeError>>, Vec<u8>) {
        let (mut client, mut reply, mut orders) = (SpinClient::default(), Vec::new(), 0);
        client.begin(&Login::default());
        client.wants_from(8);
        for bytes in sent.chunks(step) {
            client.push(bytes);
            while let Some(said) = client.next(Some(1), &mut reply) {
                match said {
                    Ok(Said::Message(_)) => orders += 1,
                    Ok(Said::Finished { next }) => {
                        return (orders, Some(Ok(Said::Finished { next })), reply);
                    }
                    Ok(Said::Failed(why)) => return (orders, Some(Ok(Said::Failed(why))), reply),
                    Err(error) => return (orders, Some(Err(error)), reply),
                }
            }
        }
        (orders, None, reply)
    }

    #[test]
    fn an_image_is_asked_for_when_it_is_young_enough_however_the_bytes_come() {
        let mut sent = login_response(b'A');
        sent.extend(image_available(6));
        sent.extend(image_available(7));
        sent.extend(image(7, 3, 3));
        for step in 1..sent.len() {
            let (orders, end, reply) = read(&sent, step);
            assert_eq!((orders, end), (3, Some(Ok(Said::Finished { next: 8 }))));
            assert_eq!(reply, [heartbeat(), request(7)].concat());
        }
    }

    #[track_caller]
    fn check_fails(status: u8, image: &[u8]) {
        let mut sent = login_response(status);
        sent.extend(image_available(7));
        sent.extend_from_slice(image);
        let (_, end, _) = read(&sent, sent.len());
        assert!(matches!(end, Some(Ok(Said::Failed(_)) | Err(_))), "{end:?}");
    }

    #[test]
    fn refusals_and_images_that_are_not_whole_or_not_ours_fail() {
        check_fails(b'N', &[]);
        check_fails(b'B', &[]);
        check_fails(b'S', &[]);
        check_fails(b'A', &image(9, 1, 1));
        check_fails(b'A', &image(7, 2, 1));
        check_fails(b'A', &login_response(b'A'));
        check_fails(b'A', &[7, 0, 0, 0]);
        check_fails(b'A', &[8, 0, 1, 1, 0, 0, 0, 0]);
        check_fails(b'A', &[8, 0, 0, 2, 0, 0, 0, 0]);
    }

    #[test]
    fn a_login_has_the_fields_of_the_documents() {
        let login = Login {
            session: "0001".to_owned(),
            user: "USER".to_owned(),
            password: "SECRET".to_owned(),
        };
        let bytes = login_packet(&login);
        assert_eq!(bytes[..8], [30, 0, 1, 0, 0, 0, 0, 0]);
        assert_eq!(&bytes[8..], b"\x16\x010001USER  SECRET    ");
    }
}
