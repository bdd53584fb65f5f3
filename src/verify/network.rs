//! What steps of ours ask of the network: requests, and whether a port is taken.
//!
//! Only of hosts that the record lists, or of this machine where it says `loopback`. In a fixture nothing is asked:
//! recorded answers stand for servers.

use super::http::{self, Kind, Message};
use super::matcher::Unknown;
use super::tls;
use crate::model::{HttpReply, Network};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream, ToSocketAddrs};
use std::path::Path;
use std::time::{Duration, Instant};

/// A request of ours, complete.
#[derive(Clone, Debug)]
pub struct Ask {
    /// Such as `GET`.
    pub method: String,
    /// The whole address.
    pub url: String,
    /// Headers by name.
    pub headers: BTreeMap<String, String>,
    /// What is sent.
    pub body: String,
    /// How many redirects are followed.
    pub follow: u32,
}

/// The answer that a fixture recorded.
pub fn recorded(replies: &[HttpReply], ask: &Ask) -> Result<Value, Unknown> {
    let fits = |reply: &&HttpReply| {
        reply.url == ask.url && reply.method.as_ref().is_none_or(|method| *method == ask.method)
    };
    let reply = replies.iter().find(fits).ok_or_else(|| Unknown::new("network-denied"))?;
    let headers = reply.headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.clone()));
    let message = Message {
        status: reply.status,
        headers: headers.collect(),
        body: reply.body.clone().into_bytes(),
        ..Message::default()
    };
    Ok(seen(&message, &ask.url, Duration::ZERO))
}

/// What a request of ours has to keep to.
#[derive(Clone, Copy, Debug)]
pub struct Terms<'r> {
    /// Whom it may ask.
    pub network: &'r Network,
    /// Until when.
    pub deadline: Instant,
    /// Whom TLS trusts: a file of roots; those of the system where absent.
    pub roots: Option<&'r Path>,
    /// Seconds since 1970.
    pub now: u64,
}

/// What a server answers.
pub fn request(terms: Terms<'_>, ask: &Ask) -> Result<Value, Unknown> {
    let began = Instant::now();
    let mut ask = ask.clone();
    for _ in 0..=ask.follow {
        let (message, days_left) = once(terms, &ask)?;
        let next = match (message.status, message.headers.get("location")) {
            (301 | 302 | 303 | 307 | 308, Some(place)) if ask.follow > 0 => redirected(&ask.url, place),
            _ => None,
        };
        match next {
            Some(next) => {
                if origin_of(&next) != origin_of(&ask.url) {
                    ask.headers.retain(|name, _| !name.eq_ignore_ascii_case("authorization"));
                }
                ask.url = next;
            }
            None => {
                let mut seen = seen(&message, &ask.url, began.elapsed());
                if let Some(days) = days_left {
                    seen["tls_days_left"] = days.into();
                }
                return Ok(seen);
            }
        }
    }
    Err(Unknown::new("too-many-redirects"))
}

fn redirected(from: &str, place: &str) -> Option<String> {
    if place.contains("://") {
        return Some(place.to_owned());
    }
    let (scheme, rest) = from.split_once("://")?;
    let host = rest.split('/').next()?;
    place.starts_with('/').then(|| format!("{scheme}://{host}{place}"))
}

/// The scheme, the host and the port: what was meant for one is not sent to another.
fn origin_of(url: &str) -> Vec<&str> {
    url.split('/').take(3).collect()
}

fn once(terms: Terms<'_>, ask: &Ask) -> Result<(Message, Option<i64>), Unknown> {
    let bad_address = || Unknown::new("bad-address");
    let (scheme, rest) = ask.url.split_once("://").ok_or_else(bad_address)?;
    let usual_port = if scheme == "https" { 443 } else { 80 };
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port.parse().map_err(|_| bad_address())?),
        _ => (authority, usual_port),
    };
    // Whether it may be asked comes first: what is denied is denied in any scheme.
    allowed(terms.network, host, port)?;
    let path = path.split('#').next().unwrap_or_default();
    let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
    let plain = |text: &str| text.chars().all(|c| c.is_ascii_graphic());
    if !plain(&path) || !plain(&ask.method) || !matches!(scheme, "http" | "https") {
        return Err(bad_address());
    }
    let stream =
        Timed { stream: connect(terms.network, host, port, terms.deadline)?, deadline: terms.deadline };
    let request = Request { ask, authority, path };
    if scheme == "http" {
        return Ok((request.over(&mut { stream })?, None));
    }
    let mut secured = tls::secure(stream, host.trim_matches(['[', ']']), terms.roots)?;
    let message = request.over(&mut secured)?;
    Ok((message, tls::days_left(&secured, terms.now)))
}

/// One request, taken apart.
struct Request<'r> {
    ask: &'r Ask,
    authority: &'r str,
    path: String,
}

impl Request<'_> {
    fn over(&self, stream: &mut (impl Read + Write)) -> Result<Message, Unknown> {
        let ask = self.ask;
        let mut headers: BTreeMap<String, String> =
            ask.headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.clone())).collect();
        headers.insert("host".to_owned(), self.authority.to_owned());
        let kind = if ask.method == "HEAD" { Kind::AnswerToHead } else { Kind::Answer };
        let first = format!("{} {} HTTP/1.1", ask.method, self.path);
        let sent = http::write(stream, &first, &headers, ask.body.as_bytes());
        sent.and_then(|()| http::read(stream, kind)).map_err(|error| match error.kind() {
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => Unknown::new("timeout"),
            io::ErrorKind::FileTooLarge => Unknown::new("body-too-large"),
            _ => Unknown::new("no-answer"),
        })
    }
}

/// A connection whose every word has to come before one deadline, however slowly they come.
struct Timed {
    stream: TcpStream,
    deadline: Instant,
}

impl Timed {
    fn left(&self) -> io::Result<Option<Duration>> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(Some(left)) }
    }
}

impl Read for Timed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.set_read_timeout(self.left()?)?;
        self.stream.read(buffer)
    }
}

impl Write for Timed {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.stream.set_write_timeout(self.left()?)?;
        self.stream.write(buffer)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

fn seen(message: &Message, url: &str, took: Duration) -> Value {
    let body = String::from_utf8_lossy(&message.body).into_owned();
    let mut seen = json!({
        "status": message.status,
        "header": message.headers,
        "duration": took.as_secs_f64(),
        "final_url": url,
    });
    if let Ok(document) = serde_json::from_str::<Value>(&body) {
        seen["json"] = document;
    }
    seen["body"] = body.into();
    seen
}

/// Calls a port. Unknown where that is not allowed, where there is no such host, and where nothing answers in time.
fn connect(network: &Network, host: &str, port: u16, deadline: Instant) -> Result<TcpStream, Unknown> {
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::ConnectionRefused => Unknown::new("refused"),
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => Unknown::new("timeout"),
        _ => Unknown::new("no-connection"),
    };
    allowed(network, host, port)?;
    let left = deadline.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
    let addresses = (host.trim_matches(['[', ']']), port).to_socket_addrs();
    let mut last = Unknown::new("no-such-host");
    for address in addresses.map_err(|_| Unknown::new("no-such-host"))?.take(4) {
        match TcpStream::connect_timeout(&address, left) {
            Ok(stream) => {
                let set = stream.set_read_timeout(Some(left)).and(stream.set_write_timeout(Some(left)));
                return set.map(|()| stream).map_err(failed);
            }
            Err(error) => last = failed(error),
        }
    }
    Err(last)
}

fn allowed(network: &Network, host: &str, port: u16) -> Result<(), Unknown> {
    let yes = match network {
        Network::None => false,
        Network::Loopback => Network::is_this_machine(host),
        Network::Hosts(hosts) => hosts.iter().any(|listed| *listed == format!("{host}:{port}")),
    };
    if yes { Ok(()) } else { Err(Unknown::new("network-denied")) }
}

/// Whether somebody answers at a port: `connected`, and what they say first where that is asked for.
pub fn call(
    network: &Network,
    host: &str,
    port: u16,
    banner: bool,
    deadline: Instant,
) -> Result<Value, Unknown> {
    const MAX_BANNER: usize = 1024;
    let mut stream = match connect(network, host, port, deadline) {
        Ok(stream) => stream,
        Err(Unknown(reason)) if reason == "refused" => return Ok(json!({"connected": false})),
        Err(unknown) => return Err(unknown),
    };
    let mut seen = json!({"connected": true});
    let mut said = [0; MAX_BANNER];
    if banner && let Ok(n) = stream.read(&mut said) {
        seen["banner"] = String::from_utf8_lossy(&said[..n]).into();
    }
    Ok(seen)
}

/// Whether a port of this machine can be taken: `bind` is `free`, `in-use` or `denied`.
pub fn take(network: &Network, host: &str, port: u16) -> Result<Value, Unknown> {
    if !Network::is_this_machine(host) || *network == Network::None {
        return Err(Unknown::new("network-denied"));
    }
    let host = if host == "localhost" { "127.0.0.1" } else { host.trim_matches(['[', ']']) };
    match TcpListener::bind((host, port)) {
        Ok(_) => Ok(json!({"bind": "free"})),
        Err(error) => match error.kind() {
            io::ErrorKind::AddrInUse => Ok(json!({"bind": "in-use"})),
            io::ErrorKind::PermissionDenied => Ok(json!({"bind": "denied"})),
            _ => Err(Unknown::new("no-such-host")),
        },
    }
}
