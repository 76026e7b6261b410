//! UDP: a socket whose node shows the burst of datagrams of a cycle.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::rc::Rc;

use mio::net::UdpSocket;
use socket2::{Domain, InterfaceIndexOrAddress, Protocol, Socket, Type};

use super::connection::{Schedule, SendError};
use crate::runtime::{Context, Control, Executor, Interest, Io, Node, NodeBuilder, NodeId};

/// A multicast group to join.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Group {
    /// Address of the group.
    pub group: IpAddr,
    /// Address of the interface it comes in on, for a group of IPv4; unspecified: the system's
    /// choice.
    pub interface: Ipv4Addr,
    /// Index of the interface, for a group of IPv6; 0: the system's choice.
    pub interface_index: u32,
    /// The one sender to hear (source-specific, IPv4); `None`: all.
    pub source: Option<Ipv4Addr>,
}

impl Group {
    /// A group on this interface, from any sender.
    #[must_use]
    pub const fn v4(group: Ipv4Addr, interface: Ipv4Addr) -> Self {
        Self {
            group: IpAddr::V4(group),
            interface,
            interface_index: 0,
            source: None,
        }
    }

    /// Heard from this sender alone.
    #[must_use]
    pub const fn from_source(mut self, source: Ipv4Addr) -> Self {
        self.source = Some(source);
        self
    }
}

/// The bounds of a UDP node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UdpLimits {
    /// Datagrams taken in a cycle; 0 counts as 1. With more to take the node yields.
    pub datagrams_per_cycle_max: usize,
    /// Bytes of them; the last one may go over by [`UdpLimits::datagram_bytes_max`].
    pub bytes_per_cycle_max: usize,
    /// Longest datagram; longer ones are discarded and counted.
    pub datagram_bytes_max: usize,
    /// Datagrams waiting to be sent.
    pub queue_datagrams_max: usize,
    /// Bytes of them.
    pub queue_bytes_max: usize,
    /// Kernel's receive buffer in bytes; `None`: the system's default. The kernel drops what does
    /// not fit, and this node cannot see how much.
    pub receive_buffer_bytes: Option<usize>,
}

impl Default for UdpLimits {
    /// 256 datagrams and 256 KiB a cycle, 2,048 bytes each; 256 datagrams and 256 KiB queued.
    fn default() -> Self {
        Self {
            datagrams_per_cycle_max: 256,
            bytes_per_cycle_max: 256 * 1024,
            datagram_bytes_max: 2048,
            queue_datagrams_max: 256,
            queue_bytes_max: 256 * 1024,
            receive_buffer_bytes: None,
        }
    }
}

/// What a UDP node has counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct UdpCounts {
    /// Datagrams received.
    pub received: u64,
    /// Their bytes.
    pub bytes_received: u64,
    /// Datagrams longer than allowed, discarded.
    pub too_long: u64,
    /// Errors of receiving; mostly word that an earlier send found nobody.
    pub receive_errors: u64,
    /// Datagrams the system has taken.
    pub sent: u64,
    /// Datagrams refused to the sender: the queue was full, or they were too long.
    pub sends_refused: u64,
    /// Datagrams the system would not send.
    pub send_errors: u64,
    /// Datagrams queued and never sent, because the node was removed.
    pub unsent: u64,
    /// Cycles that ended at a limit with more to receive, perhaps.
    pub yields: u64,
}

/// A received datagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Datagram<'a> {
    /// Who sent it.
    pub sender: SocketAddr,
    /// What it says.
    pub bytes: &'a [u8],
}

/// Datagrams to be sent: their bytes in a row, and where each goes.
#[derive(Default)]
struct Queue {
    bytes: VecDeque<u8>,
    entries: VecDeque<(SocketAddr, usize)>,
    counts: UdpCounts,
    limits: UdpLimits,
    node: Option<NodeId>,
}

/// The state of a UDP node: the datagrams of its last run, and what was counted.
pub struct UdpNode {
    address: SocketAddr,
    bytes: Vec<u8>,
    /// Sender and place of each datagram.
    datagrams: Vec<(SocketAddr, usize, usize)>,
    queue: Rc<RefCell<Queue>>,
    last_error: Option<io::ErrorKind>,
}

impl UdpNode {
    /// The datagrams of this cycle, in the order in which they came.
    pub fn datagrams(&self) -> impl ExactSizeIterator<Item = Datagram<'_>> {
        self.datagrams.iter().map(|&(sender, start, end)| Datagram {
            sender,
            bytes: &self.bytes[start..end],
        })
    }

    /// Where the socket is bound.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What was counted.
    #[must_use]
    pub fn counts(&self) -> UdpCounts {
        self.queue.borrow().counts
    }

    /// The last error of receiving or sending.
    #[must_use]
    pub fn last_error(&self) -> Option<io::ErrorKind> {
        self.last_error
    }
}

impl fmt::Debug for UdpNode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UdpNode")
            .field("address", &self.address)
            .field("datagrams", &self.datagrams.len())
            .finish_non_exhaustive()
    }
}

/// Sends datagrams through a UDP node, in the next cycle.
#[derive(Clone)]
pub struct UdpSender {
    queue: Rc<RefCell<Queue>>,
}

impl fmt::Debug for UdpSender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UdpSender").finish_non_exhaustive()
    }
}

impl UdpSender {
    /// Accepts a datagram for sending.
    ///
    /// # Errors
    ///
    /// [`SendError::Full`] when the queue is full, [`SendError::TooLong`] for what no datagram
    /// holds or the queue never will, [`SendError::NotOpen`] when the node is gone. The refusal
    /// is counted.
    pub fn send_to(
        &self,
        at: &mut impl Schedule,
        bytes: &[u8],
        to: SocketAddr,
    ) -> Result<(), SendError> {
        // Source: RFC 768; the length of IPv4 leaves 65,507 bytes.
        const DATAGRAM_BYTES_MAX: usize = 65_507;
        let mut queue = self.queue.borrow_mut();
        let Some(node) = queue.node else {
            queue.counts.sends_refused += 1;
            return Err(SendError::NotOpen);
        };
        let limits = &queue.limits;
        let refused = if bytes.len() > DATAGRAM_BYTES_MAX.min(limits.queue_bytes_max) {
            Some(SendError::TooLong)
        } else if queue.entries.len() >= limits.queue_datagrams_max
            || queue.bytes.len() + bytes.len() > limits.queue_bytes_max
        {
            Some(SendError::Full)
        } else {
            None
        };
        if let Some(error) = refused {
            queue.counts.sends_refused += 1;
            return Err(error);
        }
        queue.bytes.extend(bytes);
        queue.entries.push_back((to, bytes.len()));
        drop(queue);
        at.schedule_soon(node);
        Ok(())
    }
}

/// Describes a UDP socket.
#[must_use = "a socket does nothing before it is built"]
#[derive(Debug, Clone)]
pub struct Udp {
    address: SocketAddr,
    groups: Vec<Group>,
    multicast_interface: Option<Ipv4Addr>,
    shared: bool,
    limits: UdpLimits,
    name: Box<str>,
}

impl Udp {
    /// A socket bound here. Port 0 lets the system choose: [`UdpNode::address`].
    ///
    /// To receive a multicast group, bind to the group's own address, which keeps out what is
    /// sent to other groups of the same port.
    pub fn bind(address: SocketAddr) -> Self {
        Self {
            address,
            groups: Vec::new(),
            multicast_interface: None,
            shared: false,
            limits: UdpLimits::default(),
            name: "udp".into(),
        }
    }

    /// Joins a multicast group.
    pub fn join(mut self, group: Group) -> Self {
        self.groups.push(group);
        self
    }

    /// The interface that multicast is sent on (IPv4).
    pub fn multicast_interface(mut self, interface: Ipv4Addr) -> Self {
        self.multicast_interface = Some(interface);
        self
    }

    /// Lets other sockets bind to the same address and port.
    pub fn shared(mut self) -> Self {
        self.shared = true;
        self
    }

    /// Sets the bounds.
    pub fn limits(mut self, limits: UdpLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Names the node in reports.
    pub fn named(mut self, name: impl Into<Box<str>>) -> Self {
        self.name = name.into();
        self
    }

    fn open(&self) -> io::Result<UdpSocket> {
        let domain = Domain::for_address(self.address);
        let socket = Socket::new(domain, Type::DGRAM, Some(Protocol::UDP))?;
        socket.set_nonblocking(true)?;
        if self.shared {
            socket.set_reuse_address(true)?;
        }
        if let Some(bytes) = self.limits.receive_buffer_bytes {
            socket.set_recv_buffer_size(bytes)?;
        }
        socket.bind(&self.address.into())?;
        if domain == Domain::IPV4 && !self.groups.is_empty() {
            // Of groups joined by other sockets of this machine, nothing.
            #[cfg(target_os = "linux")]
            socket.set_multicast_all_v4(false)?;
        }
        for group in &self.groups {
            match (group.group, group.source) {
                (IpAddr::V4(address), None) => {
                    let interface = InterfaceIndexOrAddress::Address(group.interface);
                    socket.join_multicast_v4_n(&address, &interface)?;
                }
                (IpAddr::V4(address), Some(source)) => {
                    socket.join_ssm_v4(&source, &address, &group.interface)?;
                }
                (IpAddr::V6(address), None) => {
                    socket.join_multicast_v6(&address, group.interface_index)?;
                }
                (IpAddr::V6(_), Some(_)) => return Err(io::ErrorKind::InvalidInput.into()),
            }
        }
        if let Some(interface) = &self.multicast_interface {
            socket.set_multicast_if_v4(interface)?;
        }
        Ok(UdpSocket::from_std(socket.into()))
    }

    /// Opens the socket, joins its groups, and adds the node.
    ///
    /// # Errors
    ///
    /// What the operating system says; [`io::ErrorKind::InvalidInput`] for a group of IPv6 with a
    /// source.
    pub fn build(self, executor: &mut Executor) -> io::Result<(Node<UdpNode>, UdpSender)> {
        let socket = self.open()?;
        let queue = Rc::new(RefCell::new(Queue {
            limits: self.limits,
            ..Queue::default()
        }));
        let state = UdpNode {
            address: socket.local_addr()?,
            bytes: Vec::new(),
            datagrams: Vec::new(),
            queue: Rc::clone(&queue),
            last_error: None,
        };
        let mut driver = Driver {
            unregistered: Some(socket),
            socket: None,
            queue: Rc::clone(&queue),
            scratch: Vec::new(),
            limits: self.limits,
            blocked: false,
        };
        let named = Rc::clone(&queue);
        let node = NodeBuilder::new(state)
            .named(self.name)
            .on_init(move |executor, _, id| {
                named.borrow_mut().node = Some(id);
                executor.schedule(id);
            })
            .build(executor, move |state, ctx| driver.run(state, ctx));
        Ok((node, UdpSender { queue }))
    }
}

/// The socket, in the closure of its node: it is closed when the node goes.
struct Driver {
    unregistered: Option<UdpSocket>,
    socket: Option<Io<UdpSocket>>,
    queue: Rc<RefCell<Queue>>,
    scratch: Vec<u8>,
    limits: UdpLimits,
    /// The system has no room to send; the node waits for it.
    blocked: bool,
}

impl Drop for Driver {
    fn drop(&mut self) {
        if let Ok(mut queue) = self.queue.try_borrow_mut() {
            queue.counts.unsent += queue.entries.len() as u64;
            queue.entries.clear();
            queue.bytes.clear();
            queue.node = None;
        }
    }
}

impl Driver {
    fn run(&mut self, state: &mut UdpNode, ctx: &mut Context<'_>) -> Control {
        state.datagrams.clear();
        if let Some(socket) = self.unregistered.take() {
            match ctx.register_io(socket, Interest::READABLE) {
                Ok(socket) => self.socket = Some(socket),
                Err(error) => return self.failed(state, &error),
            }
        }
        let errors = self.receive(state, ctx);
        self.send(state, ctx);
        Control::from(errors || !state.datagrams.is_empty())
    }

    fn failed(&self, state: &mut UdpNode, error: &io::Error) -> Control {
        self.queue.borrow_mut().counts.receive_errors += 1;
        state.last_error = Some(error.kind());
        Control::Broadcast
    }

    /// Takes the burst; returns whether there were errors.
    fn receive(&mut self, state: &mut UdpNode, ctx: &mut Context<'_>) -> bool {
        let Some(socket) = &self.socket else {
            return false;
        };
        let socket = socket.source();
        let counts = &mut self.queue.borrow_mut().counts;
        // One byte more than allowed tells a datagram that is too long from one that fits.
        let place_bytes = self.limits.datagram_bytes_max.saturating_add(1);
        let (mut end, mut errors) = (0, false);
        for _ in 0..self.limits.datagrams_per_cycle_max.max(1) {
            if end > 0 && end >= self.limits.bytes_per_cycle_max {
                break;
            }
            if state.bytes.len() < end + place_bytes {
                state.bytes.resize(end + place_bytes, 0);
            }
            match socket.recv_from(&mut state.bytes[end..end + place_bytes]) {
                Ok((bytes, _)) if bytes == place_bytes => counts.too_long += 1,
                Ok((bytes, sender)) => {
                    counts.received += 1;
                    counts.bytes_received += bytes as u64;
                    state.datagrams.push((sender, end, end + bytes));
                    end += bytes;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return errors,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    counts.receive_errors += 1;
                    state.last_error = Some(error.kind());
                    errors = true;
                }
            }
        }
        counts.yields += 1;
        ctx.yield_now();
        errors
    }

    fn send(&mut self, state: &mut UdpNode, ctx: &mut Context<'_>) {
        let queue = &mut *self.queue.borrow_mut();
        let Some(io) = &mut self.socket else {
            return;
        };
        let mut blocked = false;
        while let Some(&(to, bytes)) = queue.entries.front() {
            // In one piece only where the ring does not turn just here.
            let (front, back) = queue.bytes.as_slices();
            let datagram = if bytes <= front.len() {
                &front[..bytes]
            } else {
                self.scratch.clear();
                self.scratch.extend_from_slice(front);
                self.scratch.extend_from_slice(&back[..bytes - front.len()]);
                &self.scratch
            };
            let sent = io.source().send_to(datagram, to);
            match sent {
                Ok(_) => queue.counts.sent += 1,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    blocked = true;
                    break;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    queue.counts.send_errors += 1;
                    state.last_error = Some(error.kind());
                }
            }
            queue.entries.pop_front();
            queue.bytes.drain(..bytes);
        }
        if blocked != self.blocked {
            let interest = if blocked {
                Interest::READABLE | Interest::WRITABLE
            } else {
                Interest::READABLE
            };
            // Told of room while there is something to send only: else each datagram that leaves
            // would wake the node.
            match io.reregister(ctx, interest) {
                Ok(()) => self.blocked = blocked,
                Err(error) => {
                    queue.counts.send_errors += 1;
                    state.last_error = Some(error.kind());
                }
            }
        }
    }
}
