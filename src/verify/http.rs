//! HTTP/1.1 messages over a plain connection, one per connection: what a replica is asked, and what a server answers.
//!
//! Bounded: 64 KiB of head, 1 MiB of body. Not here: TLS, and keeping connections open.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};

/// Of a body.
pub const MAX_BODY: usize = 1 << 20;
const MAX_HEAD: usize = 64 << 10;
const MAX_HEADERS: usize = 100;

/// A request or an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    /// Method and target of a request; empty of an answer.
    pub asked: (String, String),
    /// The status of an answer; 0 of a request.
    pub status: u16,
    /// Headers by name in lower case; several of one name are joined by `, `.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: Vec<u8>,
}

/// Which kind of message is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A request; its body ends where it says.
    Request,
    /// An answer; without a length its body ends with the connection.
    Answer,
    /// An answer that has no body, whatever it says: to `HEAD`.
    AnswerToHead,
}

/// Reads one message.
pub fn read(stream: &mut (impl Read + Write), kind: Kind) -> io::Result<Message> {
    let (mut message, mut rest) = head(stream, kind)?;
    if message.headers.get("expect").is_some_and(|it| it.eq_ignore_ascii_case("100-continue")) {
        stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
    }
    let chunked = message.headers.get("transfer-encoding").is_some_and(|it| it.contains("chunked"));
    let length = match message.headers.get("content-length") {
        Some(length) => Some(length.trim().parse::<usize>().map_err(|_| bad())?),
        None => None,
    };
    let bodiless = kind == Kind::AnswerToHead || matches!(message.status, 204 | 304);
    message.body = match length {
        _ if bodiless => Vec::new(),
        _ if chunked => chunks(stream, rest)?,
        Some(length) => {
            fill(stream, &mut rest, length)?;
            rest.truncate(length);
            rest
        }
        None if kind == Kind::Request => Vec::new(),
        None => {
            stream.take(MAX_BODY as u64 + 1).read_to_end(&mut rest)?;
            if rest.len() > MAX_BODY { return Err(too_large()) } else { rest }
        }
    };
    Ok(message)
}

fn head(stream: &mut impl Read, kind: Kind) -> io::Result<(Message, Vec<u8>)> {
    let mut bytes = Vec::new();
    loop {
        let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let mut message = Message::default();
        let parsed = match kind {
            Kind::Request => {
                let mut request = httparse::Request::new(&mut headers);
                let parsed = request.parse(&bytes).map_err(|_| bad())?;
                message.asked = (own(request.method), own(request.path));
                parsed
            }
            _ => {
                let mut answer = httparse::Response::new(&mut headers);
                let parsed = answer.parse(&bytes).map_err(|_| bad())?;
                message.status = answer.code.unwrap_or_default();
                parsed
            }
        };
        let httparse::Status::Complete(end) = parsed else {
            if bytes.len() > MAX_HEAD || more(stream, &mut bytes)? == 0 {
                return Err(bad());
            }
            continue;
        };
        for header in headers.iter().filter(|header| !header.name.is_empty()) {
            let value = String::from_utf8_lossy(header.value);
            let before = message.headers.entry(header.name.to_ascii_lowercase()).or_default();
            *before = if before.is_empty() { value.into_owned() } else { format!("{before}, {value}") };
        }
        let rest = bytes.split_off(end);
        if (100..200).contains(&message.status) {
            bytes = rest;
            continue;
        }
        return Ok((message, rest));
    }
}

fn own(text: Option<&str>) -> String {
    text.unwrap_or_default().to_owned()
}

fn chunks(stream: &mut impl Read, mut bytes: Vec<u8>) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let (start, size) = match httparse::parse_chunk_size(&bytes).map_err(|_| bad())? {
            httparse::Status::Complete(found) => found,
            httparse::Status::Partial if bytes.len() < MAX_HEAD && more(stream, &mut bytes)? > 0 => continue,
            httparse::Status::Partial => return Err(bad()),
        };
        let size = usize::try_from(size).map_err(|_| too_large())?;
        if size == 0 {
            return Ok(body);
        }
        if size > MAX_BODY || body.len() + size > MAX_BODY {
            return Err(too_large());
        }
        fill(stream, &mut bytes, start + size + 2)?;
        body.extend_from_slice(&bytes[start..start + size]);
        bytes.drain(..start + size + 2);
    }
}

fn fill(stream: &mut impl Read, bytes: &mut Vec<u8>, length: usize) -> io::Result<()> {
    if length > MAX_BODY + MAX_HEAD {
        return Err(too_large());
    }
    while bytes.len() < length {
        if more(stream, bytes)? == 0 {
            return Err(bad());
        }
    }
    Ok(())
}

fn more(stream: &mut impl Read, bytes: &mut Vec<u8>) -> io::Result<usize> {
    let mut buffer = [0; 8192];
    let n = stream.read(&mut buffer)?;
    bytes.extend_from_slice(&buffer[..n]);
    Ok(n)
}

fn bad() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "no HTTP message")
}

fn too_large() -> io::Error {
    io::Error::new(io::ErrorKind::FileTooLarge, "a body of more than 1 MiB")
}

/// Writes one message: a first line, headers, a body. Line breaks in headers are refused.
pub fn write(
    stream: &mut impl Write,
    first: &str,
    headers: &BTreeMap<String, String>,
    body: &[u8],
) -> io::Result<()> {
    let mut bytes = format!("{first}\r\n");
    for (name, value) in headers {
        bytes.push_str(&format!("{name}: {value}\r\n"));
    }
    let n_lines = headers.len() + 1;
    if bytes.matches(['\r', '\n']).count() != 2 * n_lines {
        return Err(bad());
    }
    bytes.push_str(&format!("content-length: {}\r\nconnection: close\r\n\r\n", body.len()));
    stream.write_all(bytes.as_bytes())?;
    stream.write_all(body)?;
    stream.flush()
}
