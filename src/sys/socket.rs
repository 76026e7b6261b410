//! Socket options of the receive path: buffers, kernel timestamps, drop counts, multicast groups.

use nix::sys::socket::{TimestampingFlag, setsockopt, sockopt};
use socket2::{Domain, InterfaceIndexOrAddress, Protocol, Socket, Type};
use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// Which network interface a group is joined on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Interface {
    /// The interface that has this address.
    Address(Ipv4Addr),
    /// The interface of this name (`eth0`).
    Name(String),
}

impl fmt::Display for Interface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Interface::Address(address) => address.fmt(f),
            Interface::Name(name) => f.write_str(name),
        }
    }
}

/// How a multicast group is joined.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Join {
    /// On which interface; none lets the routing table choose.
    pub interface: Option<Interface>,
    /// Only what this sender says (source-specific multicast, RFC 4607); none takes every sender.
    pub source: Option<Ipv4Addr>,
}

impl Join {
    /// Joined on `interface`, for every sender.
    pub fn on(interface: Interface) -> Join {
        Join {
            interface: Some(interface),
            source: None,
        }
    }
}

impl Interface {
    /// An IPv4 address of the interface: the one it was named by, or its first.
    ///
    /// # Errors
    /// When this host has no such interface, or it has no IPv4 address.
    pub fn address(&self) -> io::Result<Ipv4Addr> {
        match self {
            Interface::Address(address) => Ok(*address),
            Interface::Name(name) => nix::ifaddrs::getifaddrs()?
                .filter(|interface| interface.interface_name == *name)
                .find_map(|interface| Some(interface.address?.as_sockaddr_in()?.ip()))
                .ok_or_else(|| io::Error::from(io::ErrorKind::AddrNotAvailable)),
        }
    }

    /// The interface's name.
    ///
    /// # Errors
    /// When this host has no such interface.
    pub fn name(&self) -> io::Result<String> {
        match self {
            Interface::Name(name) => Ok(name.clone()),
            Interface::Address(address) => nix::ifaddrs::getifaddrs()?
                .find(|interface| {
                    let held = interface.address.as_ref();
                    held.and_then(|held| held.as_sockaddr_in())
                        .is_some_and(|held| held.ip() == *address)
                })
                .map(|holder| holder.interface_name)
                .ok_or_else(|| io::Error::from(io::ErrorKind::AddrNotAvailable)),
        }
    }

    /// Whether the interface's card has a clock that can stamp datagrams. A bond has none, though the
    /// cards below it may.
    ///
    /// # Errors
    /// When this host has no such interface.
    pub fn has_clock(&self) -> io::Result<bool> {
        let folder = format!("/sys/class/net/{}/device/ptp", self.name()?);
        Ok(std::path::Path::new(&folder).is_dir())
    }

    /// The kernel's index of the interface.
    ///
    /// # Errors
    /// When this host has no such interface.
    pub fn index(&self) -> io::Result<u32> {
        Ok(nix::net::if_::if_nametoindex(self.name()?.as_str())?)
    }
}

/// Which clocks are asked for the time at which a datagram came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stamping {
    /// The kernel's.
    #[default]
    Kernel,
    /// The network card's where it gives one, else the kernel's.
    Hardware,
}

/// A step of opening a socket that failed.
#[derive(Debug, thiserror::Error)]
#[error("{step} {address}: {source}")]
pub struct SocketError {
    /// What was tried (`bind`, `join`).
    pub step: &'static str,
    /// With which address.
    pub address: SocketAddr,
    /// What the kernel said.
    pub source: io::Error,
}

/// A receiving socket, and what the kernel made of the wishes.
#[derive(Debug)]
pub struct Receiver {
    /// The socket: bound, joined, not blocking, with kernel timestamps and drop counts.
    pub socket: Socket,
    /// Receive buffer the kernel granted, in bytes of payload and bookkeeping together.
    pub buffer_bytes: usize,
}

fn step<T>(
    step: &'static str,
    address: SocketAddr,
    result: io::Result<T>,
) -> Result<T, SocketError> {
    result.map_err(|source| SocketError {
        step,
        address,
        source,
    })
}

/// Opens a socket that receives datagrams sent to `address`: a multicast group, joined as `wished`,
/// or a unicast address of this host.
///
/// # Errors
/// [`SocketError`] naming the step; also a source wished for a group of IPv6, which is not
/// supported. A receive buffer smaller than asked for is no error; see [`Receiver::buffer_bytes`].
pub fn udp_receiver(
    address: SocketAddr,
    wished: &Join,
    buffer_bytes: usize,
) -> Result<Receiver, SocketError> {
    let domain = Domain::for_address(address);
    let socket = step(
        "socket",
        address,
        Socket::new(domain, Type::DGRAM, Some(Protocol::UDP)),
    )?;
    step("set non-blocking", address, socket.set_nonblocking(true))?;
    if address.ip().is_multicast() {
        // Several processes (and several feeds of one) may listen to the same group. Never for unicast: the kernel would give
        // each datagram to only one of them.
        step("share address", address, socket.set_reuse_address(true))?;
    }
    let buffer_bytes = grow_receive_buffer(&socket, buffer_bytes, address)?;
    step("ask for timestamps", address, enable_stamps(&socket))?;
    // Bound to the group itself: on Linux a socket bound to the wildcard also gets what other groups of the port carry.
    step("bind", address, socket.bind(&address.into()))?;
    join(&socket, address, wished)?;
    Ok(Receiver {
        socket,
        buffer_bytes,
    })
}

fn join(socket: &Socket, address: SocketAddr, wished: &Join) -> Result<(), SocketError> {
    let interface = wished.interface.as_ref();
    match (address.ip(), wished.source) {
        (IpAddr::V4(group), Some(source)) if group.is_multicast() => {
            let on = match interface {
                None => Ipv4Addr::UNSPECIFIED,
                // The kernel's source filter names interfaces by address only.
                Some(named) => step("find interface for", address, named.address())?,
            };
            let joined = socket.join_ssm_v4(&source, &group, &on);
            step("join with source", address, joined)?;
            step(
                "set membership of",
                address,
                socket.set_multicast_all_v4(false),
            )
        }
        (IpAddr::V6(group), Some(_)) if group.is_multicast() => {
            let error = io::Error::from(io::ErrorKind::Unsupported);
            step("join with source", address, Err(error))
        }
        (IpAddr::V4(group), None) if group.is_multicast() => {
            let on = match interface {
                None => InterfaceIndexOrAddress::Address(Ipv4Addr::UNSPECIFIED),
                Some(Interface::Address(own)) => InterfaceIndexOrAddress::Address(*own),
                Some(named @ Interface::Name(_)) => InterfaceIndexOrAddress::Index(step(
                    "find interface for",
                    address,
                    named.index(),
                )?),
            };
            step("join", address, socket.join_multicast_v4_n(&group, &on))?;
            // Only this socket's own memberships, not those of the whole host.
            step(
                "set membership of",
                address,
                socket.set_multicast_all_v4(false),
            )
        }
        (IpAddr::V6(group), None) if group.is_multicast() => {
            let index = match interface {
                None => 0,
                Some(interface) => step("find interface for", address, interface.index())?,
            };
            step("join", address, socket.join_multicast_v6(&group, index))
        }
        _ => Ok(()),
    }
}

/// Opens a socket that talks to one server.
///
/// # Errors
/// [`SocketError`] naming the step.
pub fn udp_connected(server: SocketAddr, buffer_bytes: usize) -> Result<Receiver, SocketError> {
    let domain = Domain::for_address(server);
    let socket = step(
        "socket",
        server,
        Socket::new(domain, Type::DGRAM, Some(Protocol::UDP)),
    )?;
    step("set non-blocking", server, socket.set_nonblocking(true))?;
    let buffer_bytes = grow_receive_buffer(&socket, buffer_bytes, server)?;
    step("ask for timestamps", server, enable_stamps(&socket))?;
    step("connect", server, socket.connect(&server.into()))?;
    Ok(Receiver {
        socket,
        buffer_bytes,
    })
}

fn enable_stamps(socket: &Socket) -> io::Result<()> {
    setsockopt(socket, sockopt::ReceiveTimestampns, &true)?;
    setsockopt(socket, sockopt::RxqOvfl, &1)?;
    Ok(())
}

/// Asks for the network card's receive times too, beside the kernel's. They come only where the
/// card's driver was told to make them (`hwstamp_ctl -r 1`, or a PTP daemon does it), and are worth
/// something only where its clock is disciplined.
///
/// # Errors
/// When the kernel does not know the wish; times are then the kernel's.
pub fn ask_for_hardware_times(socket: &Socket) -> io::Result<()> {
    let flags = TimestampingFlag::SOF_TIMESTAMPING_RX_HARDWARE
        | TimestampingFlag::SOF_TIMESTAMPING_RAW_HARDWARE;
    Ok(setsockopt(socket, sockopt::Timestamping, &flags)?)
}

/// Asks for `wanted` bytes, past the host's limit where this process may; returns what was granted.
fn grow_receive_buffer(
    socket: &Socket,
    wanted: usize,
    address: SocketAddr,
) -> Result<usize, SocketError> {
    step(
        "set receive buffer of",
        address,
        socket.set_recv_buffer_size(wanted),
    )?;
    // The kernel keeps twice what is asked for, its own bookkeeping included, and reports the double.
    let granted = |socket: &Socket| socket.recv_buffer_size().map(|doubled| doubled / 2);
    let first = step("read receive buffer of", address, granted(socket))?;
    if first >= wanted || setsockopt(socket, sockopt::RcvBufForce, &wanted).is_err() {
        return Ok(first);
    }
    step("read receive buffer of", address, granted(socket))
}

/// Whether a server could listen on `address`; opens and closes it.
///
/// # Errors
/// What the kernel has against it.
pub fn can_listen(address: SocketAddr) -> io::Result<()> {
    std::net::TcpListener::bind(address).map(drop)
}

/// Largest receive buffer this host grants to an unprivileged process, in bytes; `None` where it does not say.
pub fn receive_buffer_limit() -> Option<usize> {
    std::fs::read_to_string("/proc/sys/net/core/rmem_max")
        .ok()?
        .trim()
        .parse()
        .ok()
}
