//! A running `faultbook serve`, spoken to over plain HTTP and over the socket of a tab.

use crate::support::{Scratch, faultbook};
use camino::Utf8Path;
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// How long something may take before a test fails.
pub const PATIENCE: Duration = Duration::from_secs(60);
const INTERVAL: Duration = Duration::from_millis(10);

/// Waits until something is so.
#[track_caller]
pub fn until<T>(what: &str, look: impl FnMut() -> Option<T>) -> T {
    try_until(look).unwrap_or_else(|| panic!("still not: {what}"))
}

fn try_until<T>(mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let began = Instant::now();
    while began.elapsed() < PATIENCE {
        if let Some(found) = look() {
            return Some(found);
        }
        std::thread::sleep(INTERVAL);
    }
    None
}

/// A preview; it ends with the test.
pub struct Preview {
    child: Child,
    /// Such as `127.0.0.1:4000`.
    pub address: String,
    /// The site's root, without its last `/`.
    pub url: String,
    said: Arc<Mutex<String>>,
}

impl Drop for Preview {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What came back.
#[derive(Debug)]
pub struct Reply {
    /// The status line and the headers, in lower case.
    pub head: String,
    /// The status.
    pub status: u16,
    /// What followed.
    pub body: Vec<u8>,
}

impl Reply {
    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}

impl Preview {
    /// Starts a preview on a port of its own.
    pub fn of(book: &Scratch) -> Preview {
        Preview::start(book.path(), &["--port", "0"])
    }

    /// Starts one with these arguments, and waits until it says that it serves.
    pub fn start(book: &Utf8Path, args: &[&str]) -> Preview {
        let mut command = faultbook(book, &["serve"]);
        let mut child = command.args(args).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
        let mut before = String::new();
        let url = lines.by_ref().find_map(|line| {
            let url = line.strip_prefix("serving ").and_then(|rest| rest.strip_suffix(" (Ctrl-C ends it)"));
            before.push_str(&format!("{line}\n"));
            url.map(|url| url.trim_end_matches('/').to_owned())
        });
        let url = url.unwrap_or_else(|| panic!("it ended, and said: {before}"));
        let said = Arc::new(Mutex::new(before));
        let heard = Arc::clone(&said);
        std::thread::spawn(move || {
            lines.for_each(|line| heard.lock().unwrap().push_str(&format!("{line}\n")))
        });
        let address = url.strip_prefix("http://").unwrap().split('/').next().unwrap().to_owned();
        Preview { child, address, url, said }
    }

    /// Everything that it said so far.
    pub fn said(&self) -> String {
        self.said.lock().unwrap().clone()
    }

    /// The number of its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal, such as `INT`, and waits for the end.
    pub fn end(&mut self, signal: &str) -> ExitStatus {
        let sent = Command::new("kill").args(["-s", signal, &self.pid().to_string()]).status().unwrap();
        assert!(sent.success());
        self.child.wait().unwrap()
    }

    /// Asks for a path of the host.
    pub fn get(&self, path: &str) -> Reply {
        self.ask(&format!("GET {path} HTTP/1.1\r\nHost: {}\r\n", self.address))
    }

    /// The same, as somebody who accepts this.
    pub fn accepting(&self, path: &str, accept: &str) -> Reply {
        self.ask(&format!("GET {path} HTTP/1.1\r\nHost: {}\r\nAccept: {accept}\r\n", self.address))
    }

    /// Sends the head of a request, which lacks its last line, and reads the reply.
    pub fn ask(&self, head: &str) -> Reply {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        write!(stream, "{head}Connection: close\r\n\r\n").unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let at = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
        let head = String::from_utf8_lossy(&answer[..at]).into_owned();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let mut lines: Vec<String> = head.split("\r\n").map(str::to_owned).collect();
        for line in &mut lines {
            let end = line.find(": ").unwrap_or_default();
            *line = format!("{}{}", line[..end].to_ascii_lowercase(), &line[end..]);
        }
        Reply { head: lines.join("\n"), status, body: answer[at + 4..].to_vec() }
    }

    /// Waits until a path shows a text.
    #[track_caller]
    pub fn shows(&self, path: &str, text: &str) {
        let shown = try_until(|| self.get(path).text().contains(text).then_some(()));
        assert!(shown.is_some(), "{path} does not show `{text}`; the preview said: {}", self.said());
    }

    /// A tab that shows this path as it is now.
    pub fn tab(&self, path: &str) -> Tab {
        let page = self.get(path).text();
        let script = page.split("/__livereload.js?").nth(1).unwrap_or_default();
        let digests = script.split('"').next().unwrap_or_default().replace("&amp;", "&");
        let mut tab = self.listener(&format!("?path={path}&{digests}"));
        assert_eq!(tab.next()["type"], "hello");
        tab
    }

    /// A socket, opened with this query.
    pub fn listener(&self, query: &str) -> Tab {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        write!(
            stream,
            "GET /__livereload{query} HTTP/1.1\r\nHost: {0}\r\nOrigin: http://{0}\r\nUpgrade: websocket\r\n\
             Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
            self.address
        )
        .unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            head.push(byte[0]);
        }
        assert!(head.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&head));
        Tab { stream }
    }
}

/// The socket of a tab.
pub struct Tab {
    stream: TcpStream,
}

impl Tab {
    /// The next message.
    pub fn next(&mut self) -> Value {
        let mut exactly = |n: usize| {
            let mut bytes = vec![0; n];
            self.stream.read_exact(&mut bytes).expect("a message comes");
            bytes
        };
        let head = exactly(2);
        assert_eq!(head[0], 0x81, "a whole text");
        let length = match head[1] {
            126 => usize::from(u16::from_be_bytes(exactly(2).try_into().unwrap())),
            127 => usize::try_from(u64::from_be_bytes(exactly(8).try_into().unwrap())).unwrap(),
            short => usize::from(short),
        };
        serde_json::from_slice(&exactly(length)).unwrap()
    }
}
