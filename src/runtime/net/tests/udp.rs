//! UDP nodes against sockets of the standard library.

use std::net::{Ipv4Addr, UdpSocket};

use super::*;

type Bursts = Rc<RefCell<Vec<Vec<Vec<u8>>>>>;

/// A child that writes down each cycle's datagrams.
fn watch_udp(graph: &mut Graph, node: &Node<UdpNode>) -> (Node<()>, Bursts) {
    let bursts = Bursts::default();
    let (written, read) = (Rc::clone(&bursts), node.downgrade());
    let watch = NodeBuilder::new(())
        .triggered_by(node)
        .build(&mut graph.executor, move |(), _| {
            if let Some(node) = read.upgrade() {
                let burst = node
                    .borrow()
                    .datagrams()
                    .map(|d| d.bytes.to_vec())
                    .collect();
                written.borrow_mut().push(burst);
            }
            Control::Unchanged
        });
    (watch, bursts)
}

fn peer_socket() -> UdpSocket {
    let socket = UdpSocket::bind(LOCAL).unwrap();
    socket.set_read_timeout(Some(PEER_WAIT)).unwrap();
    socket
}

#[test]
fn datagrams_and_answers_cross() {
    let mut graph = Graph::new();
    let (node, sender) = Udp::bind(LOCAL).build(&mut graph.executor).unwrap();
    let answer = sender.clone();
    let read = node.clone();
    let _echo =
        NodeBuilder::new(())
            .triggered_by(&node)
            .build(&mut graph.executor, move |(), ctx| {
                for datagram in read.borrow().datagrams() {
                    answer
                        .send_to(ctx, datagram.bytes, datagram.sender)
                        .unwrap();
                }
                Control::Unchanged
            });
    let peer = peer_socket();
    let to = node.borrow().address();
    for datagram in [&b"one"[..], b"", b"three"] {
        peer.send_to(datagram, to).unwrap();
    }
    graph.until("answers", |_| node.borrow().counts().sent == 3);
    let mut bytes = [0; 16];
    for expected in [&b"one"[..], b"", b"three"] {
        let (count, from) = peer.recv_from(&mut bytes).unwrap();
        assert_eq!((&bytes[..count], from), (expected, to));
    }
    assert_eq!(node.borrow().counts().received, 3);
}

#[test]
fn a_burst_beyond_the_limits_goes_on_in_the_next_cycle() {
    let mut graph = Graph::new();
    let limits = UdpLimits {
        datagrams_per_cycle_max: 10,
        bytes_per_cycle_max: 40,
        ..UdpLimits::default()
    };
    let (node, _) = Udp::bind(LOCAL)
        .limits(limits)
        .build(&mut graph.executor)
        .unwrap();
    let (_watch, bursts) = watch_udp(&mut graph, &node);
    let peer = peer_socket();
    let to = node.borrow().address();
    for at in 0..30_u8 {
        peer.send_to(&vec![at; if at < 20 { 1 } else { 10 }], to)
            .unwrap();
    }
    graph.until("all", |_| node.borrow().counts().received == 30);
    let counts: Vec<usize> = bursts.borrow().iter().map(Vec::len).collect();
    assert_eq!(counts, [10, 10, 4, 4, 2]);
    assert_eq!(node.borrow().counts().yields, 4);
    let all: Vec<u8> = bursts
        .borrow()
        .iter()
        .flatten()
        .map(|datagram| datagram[0])
        .collect();
    assert_eq!(all, (0..30).collect::<Vec<u8>>());
}

#[test]
fn datagrams_too_long_are_discarded_and_counted() {
    let mut graph = Graph::new();
    let limits = UdpLimits {
        datagram_bytes_max: 8,
        ..UdpLimits::default()
    };
    let (node, _) = Udp::bind(LOCAL)
        .limits(limits)
        .build(&mut graph.executor)
        .unwrap();
    let (_watch, bursts) = watch_udp(&mut graph, &node);
    let peer = peer_socket();
    for bytes in [9, 8, 2000] {
        peer.send_to(&vec![7; bytes], node.borrow().address())
            .unwrap();
    }
    graph.until("all", |_| node.borrow().counts().too_long == 2);
    assert_eq!(*bursts.borrow(), [[vec![7; 8]]]);
}

#[test]
fn a_full_queue_refuses_and_counts() {
    let mut graph = Graph::new();
    let limits = UdpLimits {
        queue_datagrams_max: 2,
        queue_bytes_max: 100,
        ..UdpLimits::default()
    };
    let (node, sender) = Udp::bind(LOCAL)
        .limits(limits)
        .build(&mut graph.executor)
        .unwrap();
    let peer = peer_socket();
    let to = peer.local_addr().unwrap();
    let mut send = |bytes: &[u8]| sender.send_to(&mut graph.executor, bytes, to);
    assert_eq!(send(&[0; 101]), Err(SendError::TooLong));
    assert_eq!(send(&[1; 60]), Ok(()));
    assert_eq!(send(&[2; 60]), Err(SendError::Full));
    assert_eq!(send(&[3; 40]), Ok(()));
    assert_eq!(send(&[]), Err(SendError::Full));
    graph.cycle();
    let counts = node.borrow().counts();
    assert_eq!((counts.sent, counts.sends_refused), (2, 3));
    assert_eq!(graph.executor.sweep(&node), 1);
    assert_eq!(
        sender.send_to(&mut graph.executor, b"x", to),
        Err(SendError::NotOpen)
    );
}

#[test]
fn a_datagram_to_nobody_is_a_counted_error_and_the_node_goes_on() {
    let mut graph = Graph::new();
    let (node, sender) = Udp::bind(LOCAL).build(&mut graph.executor).unwrap();
    let nobody = peer_socket().local_addr().unwrap();
    for _ in 0..3 {
        sender.send_to(&mut graph.executor, b"?", nobody).unwrap();
        graph.cycles(3);
    }
    let peer = peer_socket();
    peer.send_to(b"here", node.borrow().address()).unwrap();
    graph.until("the datagram", |_| node.borrow().counts().received == 1);
}

#[test]
fn a_removed_node_frees_its_port() {
    let mut graph = Graph::new();
    let (node, _) = Udp::bind(LOCAL).build(&mut graph.executor).unwrap();
    graph.cycle();
    let address = node.borrow().address();
    assert!(UdpSocket::bind(address).is_err());
    assert_eq!(graph.executor.sweep(&node), 1);
    assert!(!graph.executor.has_io());
    assert!(UdpSocket::bind(address).is_ok());
}

/// Runs `test` on a thread in a network namespace of its own, in which the loopback carries
/// multicast.
fn in_own_network(test: fn()) {
    let thread = std::thread::spawn(move || {
        if let Err(error) = nix::sched::unshare(nix::sched::CloneFlags::CLONE_NEWNET) {
            return Err(format!("no network namespace: {error}"));
        }
        for command in [
            "link set lo up multicast on",
            "route add 224.0.0.0/4 dev lo",
        ] {
            let arguments = command.split(' ');
            match std::process::Command::new("ip").args(arguments).status() {
                Ok(status) if status.success() => {}
                other => return Err(format!("ip {command}: {other:?}")),
            }
        }
        test();
        Ok(())
    });
    match thread.join() {
        Ok(Ok(())) => {}
        Ok(Err(reason)) => eprintln!("SKIPPED: this host forbids multicast tests: {reason}"),
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

#[test]
fn groups_are_joined_kept_apart_and_left_with_the_node() {
    in_own_network(|| {
        let lo = Ipv4Addr::LOCALHOST;
        let group = |last| Ipv4Addr::new(239, 1, 1, last);
        let mut graph = Graph::new();
        let mut nodes = Vec::new();
        for last in [1, 2] {
            let address = SocketAddr::from((group(last), 26_478));
            let built = Udp::bind(address)
                .join(Group::v4(group(last), lo))
                .build(&mut graph.executor)
                .unwrap();
            nodes.push(built.0);
        }
        let (_sending, sender) = Udp::bind(LOCAL)
            .multicast_interface(lo)
            .build(&mut graph.executor)
            .unwrap();
        for last in [1, 2, 2, 3] {
            let to = SocketAddr::from((group(last), 26_478));
            sender.send_to(&mut graph.executor, &[last], to).unwrap();
        }
        graph.until("three datagrams", |_| {
            nodes[0].borrow().counts().received + nodes[1].borrow().counts().received == 3
        });
        graph.cycles(3);
        assert_eq!(nodes[0].borrow().counts().received, 1);
        assert_eq!(nodes[1].borrow().counts().received, 2);
    });
}

#[test]
fn a_source_specific_group_hears_its_source_alone() {
    in_own_network(|| {
        let lo = Ipv4Addr::LOCALHOST;
        let other = Ipv4Addr::new(127, 0, 0, 2);
        let group = Ipv4Addr::new(232, 1, 1, 1);
        let to = SocketAddr::from((group, 26_479));
        let mut graph = Graph::new();
        let (node, _) = Udp::bind(to)
            .join(Group::v4(group, lo).from_source(other))
            .build(&mut graph.executor)
            .unwrap();
        let (_watch, bursts) = watch_udp(&mut graph, &node);
        let mut senders = Vec::new();
        for source in [lo, other] {
            let built = Udp::bind(SocketAddr::from((source, 0)))
                .multicast_interface(lo)
                .build(&mut graph.executor)
                .unwrap();
            let bytes = source.to_string();
            built
                .1
                .send_to(&mut graph.executor, bytes.as_bytes(), to)
                .unwrap();
            senders.push(built);
        }
        graph.until("one datagram", |_| node.borrow().counts().received == 1);
        graph.cycles(5);
        assert_eq!(*bursts.borrow(), [[b"127.0.0.2".to_vec()]]);
    });
}
