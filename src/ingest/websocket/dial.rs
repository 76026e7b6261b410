//! Opening a connection: straight or through a proxy, with the host's roots of trust or more, headers of the user's.

use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::{SocksV5, Tunnel};
use hyper_util::rt::TokioIo;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use std::fmt;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::header::{LOCATION, RETRY_AFTER};
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue, Response, Uri};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{Connector, MaybeTlsStream, WebSocketStream, client_async_tls_with_config};
use tower_service::Service;

/// An open connection.
pub(super) type Stream = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// A venue that says for how long it wants to be left alone is believed up to this.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(600);

/// How a feed reaches its venue, beside the address.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Way {
    /// `http://` or `socks5://`, with a user and a password where the proxy asks for one.
    pub proxy: Option<String>,
    /// Authorities that are trusted beside those of the host.
    pub roots: Option<Arc<Roots>>,
    /// Sent with the request that opens a connection.
    pub headers: Vec<(HeaderName, HeaderValue)>,
}

impl fmt::Debug for Way {
    /// A proxy's address may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Way")
            .field("has_proxy", &self.proxy.is_some())
            .field("roots", &self.roots)
            .field("headers", &self.headers)
            .finish()
    }
}

/// Certificates of authorities.
pub struct Roots {
    /// DER, as in the file.
    certificates: Vec<CertificateDer<'static>>,
    tls: Arc<rustls::ClientConfig>,
}

impl PartialEq for Roots {
    fn eq(&self, other: &Roots) -> bool {
        self.certificates == other.certificates
    }
}

impl Eq for Roots {}

impl fmt::Debug for Roots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Roots({} certificates)", self.certificates.len())
    }
}

impl Roots {
    /// The certificates of a PEM file, beside the host's own.
    ///
    /// # Errors
    /// Why it cannot be used.
    pub fn read(path: &Path) -> Result<Roots, String> {
        let shown = path.display();
        let certificates: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(path)
            .and_then(Iterator::collect)
            .map_err(|error| format!("`{shown}`: {error}"))?;
        if certificates.is_empty() {
            return Err(format!("`{shown}` has no certificate"));
        }
        let mut store = of_the_host();
        for certificate in &certificates {
            let added = store.add(certificate.clone());
            added.map_err(|error| format!("`{shown}`: {error}"))?;
        }
        let tls = tls_of(store)?;
        Ok(Roots { certificates, tls })
    }

    /// DER, as in the file.
    pub fn certificates(&self) -> impl Iterator<Item = &[u8]> {
        self.certificates.iter().map(AsRef::as_ref)
    }
}

/// The authorities the host trusts.
fn of_the_host() -> rustls::RootCertStore {
    let mut store = rustls::RootCertStore::empty();
    store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    store
}

fn tls_of(store: rustls::RootCertStore) -> Result<Arc<rustls::ClientConfig>, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(store)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// The host's own authorities, read once: hundreds of certificates at every attempt would hold up all feeds of the thread.
fn host_tls() -> Result<Arc<rustls::ClientConfig>, Refusal> {
    static TLS: OnceLock<Arc<rustls::ClientConfig>> = OnceLock::new();
    if let Some(tls) = TLS.get() {
        return Ok(Arc::clone(tls));
    }
    let store = of_the_host();
    if store.is_empty() {
        // Not kept: whoever installs them need not start the daemon again.
        return Err(refusal(
            "the host trusts no authority: install its CA certificates, or name some with `tls_roots`",
        ));
    }
    let tls = tls_of(store).map_err(refusal)?;
    Ok(Arc::clone(TLS.get_or_init(|| tls)))
}

/// Why a connection cannot be had.
#[derive(Debug)]
pub(crate) struct Refusal {
    /// For the log.
    pub(crate) reason: String,
    /// The venue wants to be left alone for so long.
    pub(crate) retry_after: Option<Duration>,
}

fn refusal(reason: impl Into<String>) -> Refusal {
    Refusal {
        reason: reason.into(),
        retry_after: None,
    }
}

/// Opens a connection. No redirection is followed: it would be another venue's word for where ours is.
pub(super) async fn dial(way: &Way, url: &str, limits: WebSocketConfig) -> Result<Stream, Refusal> {
    let cannot = |error: Error| refusal(format!("cannot connect: {error}"));
    let mut request = url.into_client_request().map_err(cannot)?;
    for (name, value) in &way.headers {
        request.headers_mut().insert(name, value.clone());
    }
    let is_encrypted = request.uri().scheme_str() == Some("wss");
    let connector = match &way.roots {
        Some(roots) => Connector::Rustls(Arc::clone(&roots.tls)),
        None if is_encrypted => Connector::Rustls(host_tls()?),
        None => Connector::Plain,
    };
    let tcp = reach(way.proxy.as_deref(), request.uri().clone()).await?;
    // Small requests should not wait for acknowledgements.
    let _ = tcp.set_nodelay(true);
    match client_async_tls_with_config(request, tcp, Some(limits), Some(connector)).await {
        Ok((stream, _)) => Ok(stream),
        Err(Error::Http(response)) => Err(refused(&response)),
        Err(error) => Err(cannot(error)),
    }
}

/// An answer that is no WebSocket.
fn refused(response: &Response<Option<Vec<u8>>>) -> Refusal {
    let status = response.status();
    let header = |name| {
        let value: Option<&HeaderValue> = response.headers().get(name);
        value.and_then(|value| value.to_str().ok())
    };
    if status.is_redirection() {
        let place = header(LOCATION).unwrap_or("nowhere");
        return refusal(format!(
            "the venue redirects to {place} ({status}); write that address if it is right"
        ));
    }
    let retry_after = header(RETRY_AFTER)
        .and_then(|text| text.trim().parse().ok())
        .map(|seconds| Duration::from_secs(seconds).min(RETRY_AFTER_MAX));
    Refusal {
        reason: format!("the venue refuses: {status}"),
        retry_after,
    }
}

/// A connection to the host of `uri`: IPv6 and IPv4 side by side where it has both, or whatever the proxy makes of it.
async fn reach(proxy: Option<&str>, uri: Uri) -> Result<TcpStream, Refusal> {
    let mut direct = HttpConnector::new();
    direct.enforce_http(false);
    direct.set_nodelay(true);
    // Ports are implied by the scheme, and the proxy layers know those of HTTP only.
    let uri = with_port(uri)?;
    let through = |error: String| refusal(format!("cannot connect: {error}"));
    let Some(proxy) = proxy else {
        let tcp = direct.call(uri).await;
        return tcp
            .map(TokioIo::into_inner)
            .map_err(|error| through(sources(&error)));
    };
    let (user, address) = split_user(proxy).map_err(refusal)?;
    let by_proxy = |error: String| refusal(format!("cannot connect through the proxy: {error}"));
    if proxy.starts_with("socks5") {
        let mut socks = SocksV5::new(address, direct);
        if let Some((name, password)) = user {
            socks = socks.with_auth(name, password);
        }
        let tcp = socks.call(uri).await;
        tcp.map(TokioIo::into_inner)
            .map_err(|error| by_proxy(sources(&error)))
    } else {
        let mut tunnel = Tunnel::new(address, direct);
        if let Some((name, password)) = user {
            let both = data_encoding::BASE64.encode(format!("{name}:{password}").as_bytes());
            let value = HeaderValue::from_str(&format!("Basic {both}"));
            tunnel = tunnel.with_auth(value.map_err(|error| by_proxy(error.to_string()))?);
        }
        let tcp = tunnel.call(uri).await;
        tcp.map(TokioIo::into_inner)
            .map_err(|error| by_proxy(sources(&error)))
    }
}

/// The address with its port written out.
fn with_port(uri: Uri) -> Result<Uri, Refusal> {
    if uri.port().is_some() {
        return Ok(uri);
    }
    let port = if uri.scheme_str() == Some("wss") {
        443
    } else {
        80
    };
    let host = uri.host().unwrap_or_default();
    let mut parts = uri.clone().into_parts();
    parts.authority = format!("{host}:{port}").parse().ok();
    Uri::from_parts(parts).map_err(|error| refusal(error.to_string()))
}

/// Who asks, and of which proxy.
type User = Option<(String, String)>;

/// Takes the user's name and password out of a proxy's address.
///
/// # Errors
/// It is no address of a proxy; the words do not repeat it.
pub(crate) fn split_user(proxy: &str) -> Result<(User, Uri), String> {
    const WRONG: &str = "no address of a proxy such as http://host:3128 or socks5://host:1080";
    let (scheme, rest) = proxy.split_once("://").ok_or(WRONG)?;
    if !matches!(scheme, "http" | "socks5" | "socks5h") {
        return Err(WRONG.to_owned());
    }
    let (user, host) = match rest.rsplit_once('@') {
        None => (None, rest),
        Some((user, host)) => {
            let (name, password) = user.split_once(':').unwrap_or((user, ""));
            (Some((name.to_owned(), password.to_owned())), host)
        }
    };
    let host = host.trim_end_matches('/');
    // The scheme of the proxy itself: both kinds are spoken to over plain TCP.
    let address: Uri = format!("http://{host}").parse().map_err(|_| WRONG)?;
    if address.host().is_none_or(str::is_empty) || address.port().is_none() {
        return Err(WRONG.to_owned());
    }
    Ok((user, address))
}

/// An error with what is behind it.
fn sources(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    // Bounded: errors of libraries may be chained to anything.
    for _ in 0..8 {
        let Some(inner) = source else {
            break;
        };
        text = format!("{text}: {inner}");
        source = inner.source();
    }
    text
}

/// What the loop says of an error of an open connection.
pub(super) fn reason_of(error: &Error) -> String {
    match error {
        Error::Utf8(_) => "a text that is not UTF-8".to_owned(),
        Error::Capacity(inner) => format!("a message that is too long: {inner}"),
        other => other.to_string(),
    }
}
