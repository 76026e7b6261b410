//! From a captured frame to the datagram in it.
//!
//! ```text
//!  Ethernet ─┬─ 802.1Q, QinQ, ┐
//!            │  Arista's time  │
//!  SLL, SLL2 ┘                ├─ IPv4 (options) ─┬─ UDP ─▶ payload, exactly as long as UDP says
//!  raw IP, NULL, LOOP ────────┴─ IPv6 (headers) ─┘
//! ```
//!
//! The payload's length comes from UDP and never from the frame: behind the IP packet there may be padding, trailers and
//! check sequences. Fragments are not put together: market data is never fragmented by a venue, so one that is there is
//! counted and left out.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Link layer of a frame, as pcap and pcapng number it (<https://www.tcpdump.org/linktypes.html>).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LinkType {
    /// A four-byte address family in either byte order, then IP (0, and 108 of OpenBSD).
    Null,
    /// Ethernet II (1).
    Ethernet,
    /// IP without a link layer (12, 14, 101, 228, 229).
    RawIp,
    /// Linux cooked capture (113).
    LinuxSll,
    /// Linux cooked capture, second version (276).
    LinuxSll2,
    /// Any other: its packets are counted and left out.
    Other(u32),
}

impl LinkType {
    /// The link layer with this number. The upper bits hold other facts in classic pcap and are ignored.
    pub fn from_number(number: u32) -> LinkType {
        match number & 0xffff {
            0 | 108 => LinkType::Null,
            1 => LinkType::Ethernet,
            12 | 14 | 101 | 228 | 229 => LinkType::RawIp,
            113 => LinkType::LinuxSll,
            276 => LinkType::LinuxSll2,
            other => LinkType::Other(other),
        }
    }
}

/// Why a packet or a line of a capture is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Skip {
    /// A link layer this build does not read.
    UnknownLink,
    /// Not IP: ARP, LLDP, spanning tree and the like.
    NotIp,
    /// TCP.
    Tcp,
    /// IP, but neither UDP nor TCP.
    NotUdp,
    /// A fragment of an IP packet.
    Fragment,
    /// The capture kept less of the packet than its headers say.
    Cut,
    /// Headers that contradict themselves.
    BadHeader,
    /// Larger than any packet can be.
    Oversized,
    /// A block or record of the capture file that contradicts itself.
    BadRecord,
    /// A line of text that is not what its file holds.
    BadText,
}

impl Skip {
    /// Names, as reported; a `Skip` as a number indexes this.
    pub const NAMES: [&'static str; 10] = [
        "unknown_link",
        "not_ip",
        "tcp",
        "not_udp",
        "fragment",
        "cut",
        "bad_header",
        "oversized",
        "bad_record",
        "bad_text",
    ];

    /// Index into [`Skip::NAMES`].
    pub const fn index(self) -> usize {
        self as usize
    }

    /// Whether it is damage, and not merely something else than market data.
    pub const fn is_damage(self) -> bool {
        matches!(
            self,
            Skip::Cut | Skip::BadHeader | Skip::Oversized | Skip::BadRecord | Skip::BadText
        )
    }
}

/// A UDP datagram, or a segment of a TCP connection, inside a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Datagram {
    /// Who sent it.
    pub src: SocketAddr,
    /// Whom it is for: usually a multicast group.
    pub dst: SocketAddr,
    /// Where its payload starts in the frame, in bytes.
    pub payload_start: usize,
    /// Bytes of payload.
    pub payload_bytes: usize,
}

const ETHERTYPE_IPV4: u16 = 0x0800;
const ETHERTYPE_IPV6: u16 = 0x86dd;
const ETHERTYPE_VLAN: u16 = 0x8100;
const ETHERTYPE_QINQ: u16 = 0x88a8;
const ETHERTYPE_QINQ_OLD: u16 = 0x9100;
/// Arista's, in front of the frame's own type; IEEE assigned it to them.
pub(super) const ETHERTYPE_ARISTA: u16 = 0xd28b;
const PROTOCOL_TCP: u8 = 6;
const PROTOCOL_UDP: u8 = 17;
const UDP_HEADER_BYTES: usize = 8;
/// Tags one behind the other: two are in use, a few more are tolerated.
const VLAN_TAGS_MAX: usize = 4;
/// Extension headers one behind the other.
const EXTENSION_HEADERS_MAX: usize = 8;

/// Finds the datagram in a frame.
///
/// # Errors
/// [`Skip`]: what it is instead, to be counted.
#[inline]
pub fn datagram(link: LinkType, frame: &[u8]) -> Result<Datagram, Skip> {
    find(link, frame, PROTOCOL_UDP)
}

/// Finds the bytes of a TCP connection in a frame, where it is one whole segment; nothing is put in order or together.
///
/// # Errors
/// [`Skip`]: what it is instead.
pub fn segment(link: LinkType, frame: &[u8]) -> Result<Datagram, Skip> {
    find(link, frame, PROTOCOL_TCP)
}

/// Finds what is of protocol `wanted` in a frame.
#[inline]
fn find(link: LinkType, frame: &[u8], wanted: u8) -> Result<Datagram, Skip> {
    match link {
        LinkType::Ethernet => by_ethertype(frame, 12, wanted),
        LinkType::LinuxSll => by_ethertype(frame, 14, wanted),
        LinkType::LinuxSll2 => {
            let protocol = be16(frame, 0)?;
            by_protocol(frame, protocol, 20, wanted)
        }
        LinkType::RawIp => by_version(frame, 0, wanted),
        LinkType::Null => match frame.first_chunk::<4>() {
            // The family is a small number in the byte order of the machine that captured; systems disagree on
            // IPv6's, so the version in the IP header decides.
            Some(&[0, 0, 0, family] | &[family, 0, 0, 0]) if family != 0 => {
                by_version(frame, 4, wanted)
            }
            Some(_) => Err(Skip::NotIp),
            None => Err(Skip::Cut),
        },
        LinkType::Other(_) => Err(Skip::UnknownLink),
    }
}

/// The header in which a switch of Arista says when it had the frame.
pub(super) struct AristaHeader {
    /// Where the time is in the frame: seconds, then four bytes of nanoseconds.
    pub(super) time: std::ops::Range<usize>,
    /// International atomic time; else UTC.
    pub(super) is_tai: bool,
}

/// The header behind Arista's type; `None` when it is of a kind not known here.
pub(super) fn arista_header(frame: &[u8], at: usize) -> Option<AristaHeader> {
    const SUBTYPE_TIME: u16 = 1;
    let [kind_high, kind_low, scale, format] = *frame.get(at..)?.first_chunk::<4>()?;
    // The low half of the last byte names the hardware.
    let time_bytes = match format >> 4 {
        1 => 8,
        2 => 6,
        _ => return None,
    };
    if u16::from_be_bytes([kind_high, kind_low]) != SUBTYPE_TIME || scale > 1 {
        return None;
    }
    let start = at + 4;
    Some(AristaHeader {
        time: start..start + time_bytes,
        is_tai: scale == 0,
    })
}

/// What [`datagram`] finds in an Ethernet frame that has neither tags nor options nor anything else that is unusual, as nearly all
/// have; `None` for every other one.
#[inline(always)]
pub(super) fn plain_datagram(frame: &[u8]) -> Option<Datagram> {
    /// Ethernet, IPv4 and UDP without anything more.
    const PLAIN_BYTES: usize = 14 + 20 + UDP_HEADER_BYTES;
    let headers = frame.first_chunk::<PLAIN_BYTES>()?;
    let word = |at: usize| {
        u32::from_be_bytes([
            headers[at],
            headers[at + 1],
            headers[at + 2],
            headers[at + 3],
        ])
    };
    // Ethertype, version and header length; then fragment bits and protocol, the time to live between them left out.
    let is_ipv4 = word(12) >> 8 == 0x08_00_45;
    let is_udp = word(20) & 0x3fff_00ff == u32::from(PROTOCOL_UDP);
    let packet_bytes = (word(14) & 0xffff) as usize;
    let udp_bytes = (word(36) & 0xffff) as usize;
    let is_long_enough = packet_bytes >= udp_bytes + 20 && frame.len() >= udp_bytes + 34;
    if !(is_ipv4 && is_udp && is_long_enough && udp_bytes >= UDP_HEADER_BYTES) {
        return None;
    }
    let address = |at: usize, port: usize| {
        let octets = [
            headers[at],
            headers[at + 1],
            headers[at + 2],
            headers[at + 3],
        ];
        let port = u16::from_be_bytes([headers[port], headers[port + 1]]);
        SocketAddr::new(IpAddr::V4(Ipv4Addr::from(octets)), port)
    };
    Some(Datagram {
        src: address(26, 34),
        dst: address(30, 36),
        payload_start: PLAIN_BYTES,
        payload_bytes: udp_bytes - UDP_HEADER_BYTES,
    })
}

#[inline]
fn by_ethertype(frame: &[u8], at: usize, wanted: u8) -> Result<Datagram, Skip> {
    let ethertype = be16(frame, at)?;
    by_protocol(frame, ethertype, at + 2, wanted)
}

#[inline]
fn by_protocol(
    frame: &[u8],
    mut ethertype: u16,
    mut at: usize,
    wanted: u8,
) -> Result<Datagram, Skip> {
    for _ in 0..=VLAN_TAGS_MAX {
        match ethertype {
            ETHERTYPE_IPV4 => return ipv4(frame, at, wanted),
            ETHERTYPE_VLAN | ETHERTYPE_QINQ | ETHERTYPE_QINQ_OLD => {
                ethertype = be16(frame, at + 2)?;
                at += 4;
            }
            ETHERTYPE_ARISTA => {
                let end = arista_header(frame, at).ok_or(Skip::NotIp)?.time.end;
                ethertype = be16(frame, end)?;
                at = end + 2;
            }
            ETHERTYPE_IPV6 => return ipv6(frame, at, wanted),
            _ => return Err(Skip::NotIp),
        }
    }
    Err(Skip::BadHeader)
}

fn by_version(frame: &[u8], at: usize, wanted: u8) -> Result<Datagram, Skip> {
    match frame.get(at).map(|byte| byte >> 4) {
        Some(4) => ipv4(frame, at, wanted),
        Some(6) => ipv6(frame, at, wanted),
        Some(_) => Err(Skip::NotIp),
        None => Err(Skip::Cut),
    }
}

#[inline]
fn ipv4(frame: &[u8], at: usize, wanted: u8) -> Result<Datagram, Skip> {
    let header: &[u8; 20] = frame
        .get(at..)
        .and_then(|rest| rest.first_chunk())
        .ok_or(Skip::Cut)?;
    let header_bytes = usize::from(header[0] & 0x0f) * 4;
    if header[0] >> 4 != 4 || header_bytes < 20 {
        return Err(Skip::BadHeader);
    }
    // More fragments, or not the first: bit 13 and the 13 bits of the offset.
    if u16::from_be_bytes([header[6], header[7]]) & 0x3fff != 0 {
        return Err(Skip::Fragment);
    }
    match header[9] {
        protocol if protocol == wanted => {}
        PROTOCOL_TCP => return Err(Skip::Tcp),
        _ => return Err(Skip::NotUdp),
    }
    let packet_bytes = match usize::from(u16::from_be_bytes([header[2], header[3]])) {
        // Left to the network card by the sender, when captured on the sender itself.
        0 => frame.len() - at,
        bytes => bytes,
    };
    let body_bytes = packet_bytes
        .checked_sub(header_bytes)
        .ok_or(Skip::BadHeader)?;
    let src = IpAddr::V4(Ipv4Addr::new(
        header[12], header[13], header[14], header[15],
    ));
    let dst = IpAddr::V4(Ipv4Addr::new(
        header[16], header[17], header[18], header[19],
    ));
    transport(wanted, frame, at + header_bytes, body_bytes, src, dst)
}

fn ipv6(frame: &[u8], at: usize, wanted: u8) -> Result<Datagram, Skip> {
    let header: &[u8; 40] = frame
        .get(at..)
        .and_then(|rest| rest.first_chunk())
        .ok_or(Skip::Cut)?;
    if header[0] >> 4 != 6 {
        return Err(Skip::BadHeader);
    }
    let mut body_bytes = usize::from(u16::from_be_bytes([header[4], header[5]]));
    let mut next = header[6];
    let mut start = at + 40;
    for _ in 0..EXTENSION_HEADERS_MAX {
        let extension = frame.get(start..).and_then(|rest| rest.first_chunk::<8>());
        let extension_bytes = match next {
            protocol if protocol == wanted => {
                return transport(
                    wanted,
                    frame,
                    start,
                    body_bytes,
                    IpAddr::V6(address6(header, 8)),
                    IpAddr::V6(address6(header, 24)),
                );
            }
            PROTOCOL_TCP => return Err(Skip::Tcp),
            // Hop-by-hop options, routing, destination options: in units of eight bytes, the first not counted.
            0 | 43 | 60 => (usize::from(extension.ok_or(Skip::Cut)?[1]) + 1) * 8,
            44 => {
                let fragment = extension.ok_or(Skip::Cut)?;
                // Offset and the bit for more; a packet whole in one fragment is no fragment (RFC 6946).
                if u16::from_be_bytes([fragment[2], fragment[3]]) & 0xfff9 != 0 {
                    return Err(Skip::Fragment);
                }
                8
            }
            // Authentication header: in units of four bytes, the first two not counted (RFC 4302).
            51 => (usize::from(extension.ok_or(Skip::Cut)?[1]) + 2) * 4,
            _ => return Err(Skip::NotUdp),
        };
        next = extension.ok_or(Skip::Cut)?[0];
        start += extension_bytes;
        body_bytes = body_bytes
            .checked_sub(extension_bytes)
            .ok_or(Skip::BadHeader)?;
    }
    Err(Skip::BadHeader)
}

fn address6(header: &[u8; 40], at: usize) -> Ipv6Addr {
    let mut octets = [0; 16];
    octets.copy_from_slice(&header[at..at + 16]);
    Ipv6Addr::from(octets)
}

#[inline]
fn transport(
    protocol: u8,
    frame: &[u8],
    at: usize,
    body_bytes: usize,
    src: IpAddr,
    dst: IpAddr,
) -> Result<Datagram, Skip> {
    if protocol == PROTOCOL_TCP {
        tcp(frame, at, body_bytes, src, dst)
    } else {
        udp(frame, at, body_bytes, src, dst)
    }
}

fn tcp(
    frame: &[u8],
    at: usize,
    body_bytes: usize,
    src: IpAddr,
    dst: IpAddr,
) -> Result<Datagram, Skip> {
    let header: &[u8; 20] = frame
        .get(at..)
        .and_then(|rest| rest.first_chunk())
        .ok_or(Skip::Cut)?;
    let header_bytes = usize::from(header[12] >> 4) * 4;
    if header_bytes < header.len() || header_bytes > body_bytes {
        return Err(Skip::BadHeader);
    }
    if frame.len() - at < body_bytes {
        return Err(Skip::Cut);
    }
    Ok(Datagram {
        src: SocketAddr::new(src, u16::from_be_bytes([header[0], header[1]])),
        dst: SocketAddr::new(dst, u16::from_be_bytes([header[2], header[3]])),
        payload_start: at + header_bytes,
        payload_bytes: body_bytes - header_bytes,
    })
}

#[inline]
fn udp(
    frame: &[u8],
    at: usize,
    body_bytes: usize,
    src: IpAddr,
    dst: IpAddr,
) -> Result<Datagram, Skip> {
    let header: &[u8; UDP_HEADER_BYTES] = frame
        .get(at..)
        .and_then(|rest| rest.first_chunk())
        .ok_or(Skip::Cut)?;
    let udp_bytes = usize::from(u16::from_be_bytes([header[4], header[5]]));
    if udp_bytes < UDP_HEADER_BYTES || udp_bytes > body_bytes {
        return Err(Skip::BadHeader);
    }
    if frame.len() - at < udp_bytes {
        return Err(Skip::Cut);
    }
    Ok(Datagram {
        src: SocketAddr::new(src, u16::from_be_bytes([header[0], header[1]])),
        dst: SocketAddr::new(dst, u16::from_be_bytes([header[2], header[3]])),
        payload_start: at + UDP_HEADER_BYTES,
        payload_bytes: udp_bytes - UDP_HEADER_BYTES,
    })
}

#[inline]
fn be16(frame: &[u8], at: usize) -> Result<u16, Skip> {
    match frame.get(at..at + 2) {
        Some(&[high, low]) => Ok(u16::from_be_bytes([high, low])),
        _ => Err(Skip::Cut),
    }
}
