//! A replica of a service on a port of this machine: answers from the record, and notes what it was asked.
//!
//! In: routes and a scope. Out: answers to programs, and a log for `requests` steps. It listens on 127.0.0.1 only, and
//! ends when it is dropped. Bounded: connections, bodies, requests, bytes of the log, time of each connection.

use super::http::{self, Kind, Message};
use super::matcher::{Matching, Unknown, lookup};
use super::template::Scope;
use super::tokens;
use crate::model::{Pattern, Reply, ReplyBody, Service};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// At once.
const MAX_CONNECTIONS: usize = 32;
const MAX_REQUESTS: usize = 1000;
const MAX_LOG_BYTES: usize = 16 << 20;
/// Of a connection that says nothing.
const PATIENCE: Duration = Duration::from_secs(10);

/// A replica that is running.
#[derive(Debug)]
pub struct Replica {
    shared: Arc<Shared>,
    port: u16,
    listening: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    service: Service,
    scope: Scope,
    log: Mutex<Log>,
    stop: AtomicBool,
    n_connections: AtomicUsize,
}

#[derive(Debug, Default)]
struct Log {
    requests: Vec<Value>,
    n_bytes: usize,
    overflowed: bool,
}

/// A port of 127.0.0.1 that nobody has, and whoever listens there.
pub fn listen() -> io::Result<(TcpListener, u16)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let port = listener.local_addr()?.port();
    Ok((listener, port))
}

impl Replica {
    /// Begins to answer. `scope` is what templates in replies stand for.
    pub fn start(listener: TcpListener, service: Service, scope: Scope) -> io::Result<Replica> {
        let port = listener.local_addr()?.port();
        let shared = Arc::new(Shared {
            service,
            scope,
            log: Mutex::default(),
            stop: AtomicBool::new(false),
            n_connections: AtomicUsize::new(0),
        });
        let mine = Arc::clone(&shared);
        let listening = std::thread::spawn(move || accept(&listener, &mine));
        Ok(Replica { shared, port, listening: Some(listening) })
    }

    /// What it was asked so far that fits, in order; unknown where it was asked more than it notes.
    pub fn requests(&self, method: Option<&str>, path: Option<&Pattern>) -> Result<Vec<Value>, Unknown> {
        let log = self.shared.log.lock().unwrap_or_else(PoisonError::into_inner);
        if log.overflowed {
            return Err(Unknown::new("too-many-requests"));
        }
        let fits = |request: &&Value| {
            method.is_none_or(|method| request["method"] == method)
                && path.is_none_or(|path| path.is_match(request["path"].as_str().unwrap_or_default()))
        };
        Ok(log.requests.iter().filter(fits).cloned().collect())
    }
}

impl Drop for Replica {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        // Wakes whoever waits for the next connection.
        let _ = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port));
        if let Some(listening) = self.listening.take() {
            let _ = listening.join();
        }
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for stream in listener.incoming() {
        if shared.stop.load(Ordering::SeqCst) {
            return;
        }
        let Ok(stream) = stream else { continue };
        if shared.n_connections.fetch_add(1, Ordering::SeqCst) >= MAX_CONNECTIONS {
            shared.n_connections.fetch_sub(1, Ordering::SeqCst);
            continue;
        }
        let shared = Arc::clone(shared);
        std::thread::spawn(move || {
            // A connection that breaks off is the program's affair; it shows in what the program says.
            let _ = answer(stream, &shared);
            shared.n_connections.fetch_sub(1, Ordering::SeqCst);
        });
    }
}

fn answer(mut stream: TcpStream, shared: &Shared) -> io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let message = http::read(&mut stream, Kind::Request)?;
    let request = noted(&message);
    {
        let mut log = shared.log.lock().unwrap_or_else(PoisonError::into_inner);
        log.n_bytes += message.body.len() + message.asked.1.len() + 1024;
        if log.requests.len() >= MAX_REQUESTS || log.n_bytes > MAX_LOG_BYTES {
            log.overflowed = true;
        } else {
            log.requests.push(request.clone());
        }
    }
    let (status, headers, body) = reply(shared, &request).unwrap_or_else(|unknown| {
        (500, BTreeMap::new(), format!("the replica cannot answer: {}\n", unknown.0).into_bytes())
    });
    let body: &[u8] = if message.asked.0 == "HEAD" { b"" } else { &body };
    http::write(&mut stream, &format!("HTTP/1.1 {status} Replica"), &headers, body)?;
    stream.shutdown(Shutdown::Write)
}

/// A request as `when` and `requests` steps see it.
pub fn noted(message: &Message) -> Value {
    let (method, target) = &message.asked;
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let decode = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let query: Map<String, Value> = pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (decode(name), Value::String(decode(value))))
        .collect();
    let mut noted = json!({"method": method, "path": path, "query": query, "header": message.headers});
    if let Ok(body) = serde_json::from_slice::<Value>(&message.body) {
        noted["json"] = body;
    }
    let bearer = message.headers.get("authorization").and_then(|it| it.strip_prefix("Bearer "));
    if let Some(token) = bearer {
        noted["bearer"] = json!({"class": tokens::class(token)});
        if let Some(decoded) = tokens::decode_jwt(token) {
            noted["bearer"]["claims"] = decoded["claims"].clone();
        }
    }
    noted
}

/// A value of a request by the name of its probe; names of headers are told apart without their case.
pub fn probe<'r>(request: &'r Value, name: &str) -> Option<Cow<'r, Value>> {
    let name = match name.strip_prefix("header.") {
        Some(header) => format!("header.{}", header.to_ascii_lowercase()),
        None => name.to_owned(),
    };
    lookup(request, &name).map(Cow::Borrowed)
}

type Answer = (u16, BTreeMap<String, String>, Vec<u8>);

fn reply(shared: &Shared, request: &Value) -> Result<Answer, Unknown> {
    let mut scope = shared.scope.clone();
    scope.query = match &request["query"] {
        Value::Object(query) => query.iter().map(|(name, it)| (name.clone(), it.clone())).collect(),
        _ => BTreeMap::new(),
    };
    let matching = Matching::new(&scope);
    let text = |key: &str| request[key].as_str().unwrap_or_default();
    for route in &shared.service.routes {
        let fits = route.method.as_deref().is_none_or(|method| method == text("method"))
            && route.path.is_match(text("path"));
        if fits && matching.probes(&route.when, &|name| Ok(probe(request, name)))? {
            return written(&route.reply, &scope);
        }
    }
    match &shared.service.default {
        Some(reply) => written(reply, &scope),
        None => Ok((404, BTreeMap::new(), b"no route of the replica fits\n".to_vec())),
    }
}

fn written(reply: &Reply, scope: &Scope) -> Result<Answer, Unknown> {
    let mut headers = BTreeMap::new();
    for (name, value) in &reply.headers {
        headers.insert(name.to_ascii_lowercase(), scope.text(&value.0)?);
    }
    // The length is ours to say.
    headers.retain(|name, _| !["content-length", "connection", "transfer-encoding"].contains(&name.as_str()));
    let body = match &reply.body {
        ReplyBody::Empty => Vec::new(),
        ReplyBody::Text(text) => scope.text(&text.0)?.into_bytes(),
        ReplyBody::Json(value) => {
            headers.entry("content-type".to_owned()).or_insert_with(|| "application/json".to_owned());
            scope.value(value)?.to_string().into_bytes()
        }
    };
    Ok((reply.status, headers, body))
}
