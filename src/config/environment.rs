//! Whether this host can run a configuration: cores, interfaces, ports, groups, limits. Opens what the daemon would open
//! and closes it again; sends nothing but group memberships.

use super::{Config, FeedConfig, PublishConfig, Reach, Stamping};
use crate::sys::{affinity, socket};
use std::fmt;
use std::io;

/// Something this host lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvironmentFault {
    /// The key that asks for it.
    pub path: String,
    /// What is wrong.
    pub why: String,
    /// What to do.
    pub remedy: String,
    /// The daemon cannot start. Otherwise it runs, but not as wished.
    pub is_fatal: bool,
}

impl fmt::Display for EnvironmentFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let EnvironmentFault {
            path,
            why,
            remedy,
            is_fatal,
        } = self;
        let warning = if *is_fatal { "" } else { "warning: " };
        write!(f, "{warning}{path}: {why} ({remedy})")
    }
}

/// Everything this host lacks, in the order of the configuration.
pub fn check(config: &Config) -> Vec<EnvironmentFault> {
    let mut faults = Vec::new();
    let cores = affinity::cores();
    check_core(config.runtime.core, "runtime.core", &cores, &mut faults);
    for (index, feed) in config.feeds.iter().enumerate() {
        check_core(
            feed.core,
            &format!("feeds[{index}].core"),
            &cores,
            &mut faults,
        );
        check_lines(feed, index, &mut faults);
    }
    for (index, sink) in config.publish.iter().enumerate() {
        if let PublishConfig::WebSocket(server) = sink
            && let Err(error) = socket::can_listen(server.listen)
        {
            faults.push(EnvironmentFault {
                path: format!("publish[{index}].listen"),
                why: format!("cannot listen on {}: {error}", server.listen),
                remedy: remedy_of(&error).to_owned(),
                is_fatal: true,
            });
        }
    }
    if let Some(record) = &config.record
        && let Err(error) = record.can_write()
    {
        faults.push(EnvironmentFault {
            path: "record.dir".to_owned(),
            why: format!("cannot write into {}: {error}", record.dir.display()),
            remedy: "make it a folder this user may write to".to_owned(),
            is_fatal: true,
        });
    }
    faults
}

fn check_core(
    core: Option<usize>,
    path: &str,
    cores: &[usize],
    faults: &mut Vec<EnvironmentFault>,
) {
    let Some(core) = core else { return };
    if !cores.contains(&core) {
        let held: Vec<String> = cores.iter().map(usize::to_string).collect();
        faults.push(EnvironmentFault {
            path: path.to_owned(),
            why: format!("this process may not run on core {core}"),
            remedy: format!("use one of {}, or leave the key out", held.join(", ")),
            is_fatal: true,
        });
    }
}

fn check_lines(feed: &FeedConfig, index: usize, faults: &mut Vec<EnvironmentFault>) {
    let Reach::Datagrams {
        lines,
        stamping,
        receive_buffer_bytes,
        ..
    } = &feed.reach
    else {
        return;
    };
    let path = format!("feeds[{index}]");
    if let Some(interface) = &lines.interface
        && let Err(error) = interface.index()
    {
        faults.push(EnvironmentFault {
            path: format!("{path}.lines.interface"),
            why: format!("this host has no interface {interface}: {error}"),
            remedy: "`ip address` names them".to_owned(),
            is_fatal: true,
        });
        // Joining on it would only say the same again, once a line.
        return;
    }
    let mut granted_least = usize::MAX;
    for ((line, address), join) in ('a'..).zip(&lines.addresses).zip(&lines.joins) {
        if let Some(interface) = &join.interface
            && let Err(error) = interface.index()
        {
            faults.push(EnvironmentFault {
                path: format!("{path}.lines.{line}.interface"),
                why: format!("this host has no interface {interface}: {error}"),
                remedy: "`ip address` names them".to_owned(),
                is_fatal: true,
            });
            continue;
        }
        match socket::udp_receiver(*address, join, *receive_buffer_bytes) {
            Ok(receiver) => granted_least = granted_least.min(receiver.buffer_bytes),
            Err(error) => faults.push(EnvironmentFault {
                path: format!("{path}.lines.{line}"),
                why: format!("cannot {error}"),
                remedy: remedy_of(&error.source).to_owned(),
                is_fatal: true,
            }),
        }
    }
    let mut clockless: Vec<String> = lines
        .joins
        .iter()
        .filter_map(|join| join.interface.as_ref())
        .filter(|interface| !interface.has_clock().unwrap_or(true))
        .map(ToString::to_string)
        .collect();
    clockless.dedup();
    if *stamping == Stamping::Hardware && !clockless.is_empty() {
        faults.push(EnvironmentFault {
            path: format!("{path}.timestamps"),
            why: format!(
                "no clock on {}: the kernel's times are used",
                clockless.join(", ")
            ),
            remedy: "`ethtool -T` shows what a card can; or use timestamps: kernel".to_owned(),
            is_fatal: false,
        });
    }
    if granted_least < *receive_buffer_bytes {
        let limit = match socket::receive_buffer_limit() {
            Some(limit) => format!("; net.core.rmem_max is {limit}"),
            None => String::new(),
        };
        faults.push(EnvironmentFault {
            path: format!("{path}.receive_buffer_bytes"),
            why: format!(
                "the kernel grants {granted_least} bytes instead of {receive_buffer_bytes}{limit}"
            ),
            remedy: format!("sysctl -w net.core.rmem_max={receive_buffer_bytes}"),
            is_fatal: false,
        });
    }
}

fn remedy_of(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::AddrInUse => {
            "stop the other process (`ss -lnp` names it) or use another port"
        }
        io::ErrorKind::AddrNotAvailable => "use an address of this host (`ip address` names them)",
        io::ErrorKind::PermissionDenied => "use a port from 1024, or give CAP_NET_BIND_SERVICE",
        _ => match error.raw_os_error() {
            // ENODEV and ENETUNREACH: no interface was named and the routing table knows none.
            Some(19 | 101) => "name the interface that faces the venue in lines.interface",
            _ => "see the kernel's word",
        },
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use std::net::{TcpListener, UdpSocket};

    /// The configuration asks this host for exactly what `expected` complains of: path and part of the reason.
    #[track_caller]
    fn check_text(text: &str, expected: &[(&str, &str)]) {
        let config = super::super::parse("t.yaml", text).unwrap();
        let faults = check(&config);
        let told: Vec<String> = faults.iter().map(ToString::to_string).collect();
        assert_eq!(faults.len(), expected.len(), "{told:#?}");
        for (fault, (path, why)) in faults.iter().zip(expected) {
            assert_eq!(fault.path, *path);
            assert!(fault.why.contains(why), "{fault}");
        }
    }

    fn feed(lines: &str) -> String {
        let buffer = "receive_buffer_bytes: 16384";
        format!("feeds: [{{name: x, protocol: iex_deep10, lines: {lines}, {buffer}}}]\n")
    }

    #[test]
    fn what_the_host_has_is_no_fault() {
        let port = UdpSocket::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap();
        let publish = "publish: [{kind: websocket, listen: \"127.0.0.1:0\"}]\n";
        check_text(&(feed(&format!("{{a: \"{port}\"}}")) + publish), &[]);
    }

    #[test]
    fn a_card_without_a_clock_is_a_warning() {
        let port = UdpSocket::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap();
        for interface in ["lo", "127.0.0.1"] {
            let lines = format!("{{a: \"{port}\", interface: {interface}}}, timestamps: ");
            check_text(&feed(&(lines.clone() + "kernel")), &[]);
            let why = format!("no clock on {interface}: the kernel's");
            check_text(
                &feed(&(lines + "hardware")),
                &[("feeds[0].timestamps", &why)],
            );
        }
    }

    #[test]
    fn a_folder_of_recordings_that_is_not_there_is_named() {
        let port = UdpSocket::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap();
        let lines = feed(&format!("{{a: \"{port}\"}}"));
        let folder = tempfile::tempdir().unwrap();
        let record =
            |folder: &std::path::Path| format!("{lines}record: {{dir: {}}}\n", folder.display());
        check_text(&record(folder.path()), &[]);
        assert_eq!(folder.path().read_dir().unwrap().count(), 0);
        let missing = folder.path().join("missing");
        check_text(&record(&missing), &[("record.dir", "cannot write into")]);
    }

    #[test]
    fn a_core_that_is_not_there_is_named() {
        let port = UdpSocket::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap();
        let text = feed(&format!("{{a: \"{port}\"}}")) + "runtime: {core: 1023}\n";
        check_text(&text, &[("runtime.core", "core 1023")]);
    }

    #[test]
    fn taken_ports_are_named_both_kinds() {
        let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
        let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
        let (line, listen) = (udp.local_addr().unwrap(), tcp.local_addr().unwrap());
        let publish = format!("publish: [{{kind: websocket, listen: \"{listen}\"}}]\n");
        check_text(
            &(feed(&format!("{{a: \"{line}\"}}")) + &publish),
            &[
                ("feeds[0].lines.a", "cannot bind"),
                ("publish[0].listen", "cannot listen"),
            ],
        );
    }

    #[test]
    fn an_interface_that_is_not_there_is_named_once() {
        for interface in ["nosuch0", "192.0.2.1"] {
            let lines = "{a: \"239.1.1.1:2000\", b: \"239.1.1.2:2000\", interface: ";
            let text = feed(&format!("{lines}{interface}}}"));
            check_text(&text, &[("feeds[0].lines.interface", interface)]);
        }
    }
}
