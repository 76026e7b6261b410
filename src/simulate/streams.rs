//! Recovery servers that are spoken to over TCP: carries bytes between their clients and a venue.

use feeds::model::EventTime;
use feeds::simulator::{ServerKind, VenueSimulator};
use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};

/// Clients at a time; further ones are turned away.
const CLIENTS_MAX: usize = 64;
/// Bytes that wait for a client; one that reads too slowly is left.
const OUTBOX_BYTES_MAX: usize = 256 << 20;

struct Client {
    socket: TcpStream,
    connection: u32,
    outbox: Vec<u8>,
    sent: usize,
    is_closing: bool,
}

/// Listening servers of one venue. Driven by turns, never waits.
pub(super) struct StreamServer {
    listeners: Vec<(ServerKind, TcpListener)>,
    clients: Vec<Client>,
    next: u32,
}

impl StreamServer {
    pub(super) fn bind(listen: &[(ServerKind, SocketAddr)]) -> io::Result<StreamServer> {
        let mut listeners = Vec::with_capacity(listen.len());
        for &(kind, address) in listen {
            let listener = TcpListener::bind(address)?;
            listener.set_nonblocking(true)?;
            listeners.push((kind, listener));
        }
        Ok(StreamServer {
            listeners,
            clients: Vec::new(),
            next: 0,
        })
    }

    /// Where the server of this kind listens, if there is one.
    pub(super) fn local_addr(&self, kind: ServerKind) -> io::Result<Option<SocketAddr>> {
        let mut listeners = self.listeners.iter();
        let listener = listeners.find(|(its, _)| *its == kind);
        listener.map(|(_, it)| it.local_addr()).transpose()
    }

    /// Takes a client of any of the servers.
    fn accept(&self) -> Option<(ServerKind, TcpStream)> {
        let mut listeners = self.listeners.iter();
        listeners.find_map(|(kind, listener)| Some((*kind, listener.accept().ok()?.0)))
    }

    /// Takes new clients, gives the venue what they say and gives them what it answers.
    pub(super) fn turn(&mut self, now: EventTime, venue: &mut dyn VenueSimulator) {
        while self.clients.len() < CLIENTS_MAX {
            let Some((kind, socket)) = self.accept() else {
                break;
            };
            if socket.set_nonblocking(true).is_err() {
                continue;
            }
            let connection = self.next;
            self.next = self.next.wrapping_add(1);
            venue.on_stream_open(connection, kind);
            self.clients.push(Client {
                socket,
                connection,
                outbox: Vec::new(),
                sent: 0,
                is_closing: false,
            });
        }
        let mut gone = Vec::new();
        for client in &mut self.clients {
            if read(client, now, venue).is_err() {
                gone.push(client.connection);
            }
        }
        while let Some((connection, bytes)) = venue.poll_stream() {
            let mut clients = self.clients.iter_mut();
            let Some(client) = clients.find(|client| client.connection == connection) else {
                continue;
            };
            match bytes {
                Some(bytes) => client.outbox.extend(bytes),
                None => client.is_closing = true,
            }
        }
        for client in &mut self.clients {
            let is_done = client.is_closing && client.sent == client.outbox.len();
            if is_done || write(client).is_err() {
                gone.push(client.connection);
            }
        }
        for connection in gone {
            venue.on_stream_close(connection);
            self.clients
                .retain(|client| client.connection != connection);
        }
    }
}

fn read(client: &mut Client, now: EventTime, venue: &mut dyn VenueSimulator) -> io::Result<()> {
    let mut buffer = [0u8; 4_096];
    match client.socket.read(&mut buffer) {
        Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
        Ok(count) => {
            venue.on_stream(now, client.connection, &buffer[..count]);
            Ok(())
        }
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(()),
        Err(error) => Err(error),
    }
}

fn write(client: &mut Client) -> io::Result<()> {
    if client.outbox.len() - client.sent > OUTBOX_BYTES_MAX {
        return Err(io::Error::other("the client does not read"));
    }
    while client.sent < client.outbox.len() {
        match client.socket.write(&client.outbox[client.sent..]) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => client.sent += count,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error),
        }
    }
    client.outbox.clear();
    client.sent = 0;
    Ok(())
}
