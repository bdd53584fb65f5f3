//! Requests: who may ask, what is meant, and the answer of the present edition.

use super::hosting::Answer;
use super::search::Librarian;
use super::site::Stage;
use super::socket;
use crate::search::{Hit, Query};
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use percent_encoding::percent_decode_str;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// The script of a tab.
const SCRIPT: &str = include_str!("livereload.js");

/// What requests are answered with.
pub struct Counter {
    /// What is shown.
    pub stage: Arc<Stage>,
    /// Search.
    pub librarian: Librarian,
    /// Hits as one JSON document.
    pub hits: fn(&[Hit]) -> String,
}

/// Where the preview listens, and under which name.
#[derive(Clone, Debug)]
pub struct Address {
    /// What was asked for, such as `localhost`.
    pub hostname: String,
    /// What it came to.
    pub bound: SocketAddr,
}

/// Answers requests to this address.
pub fn router(counter: Arc<Counter>, address: Address) -> Router {
    let address = Arc::new(address);
    Router::new()
        .route("/__livereload", get(socket::open))
        .route("/__livereload.js", get(|| async { ([(header::CONTENT_TYPE, "text/javascript")], SCRIPT) }))
        .fallback(answer)
        .with_state(counter)
        .layer(middleware::from_fn(move |request, next| guard(Arc::clone(&address), request, next)))
}

/// Refuses requests that another site's page makes: by a name that resolves here, or by its origin.
async fn guard(address: Arc<Address>, request: Request, next: Next) -> Response {
    if !is_allowed(request.headers(), &address) {
        return (StatusCode::FORBIDDEN, "this preview answers only to its own address\n").into_response();
    }
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn is_allowed(headers: &HeaderMap, address: &Address) -> bool {
    let text = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    text(header::HOST).is_some_and(|host| is_ours(host, address))
        && text(header::ORIGIN).is_none_or(|origin| {
            origin.strip_prefix("http://").is_some_and(|origin| is_ours(origin, address))
        })
}

/// Names that nobody else can make lead here: the one that was asked for, those of this machine itself, and where it
/// listens everywhere, its addresses in numbers.
fn is_ours(host: &str, address: &Address) -> bool {
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name, port.parse().ok()),
        _ => (host, Some(80)),
    };
    if port != Some(address.bound.port()) {
        return false;
    }
    let ip = address.bound.ip();
    let asked: Option<IpAddr> = name.trim_start_matches('[').trim_end_matches(']').parse().ok();
    let is_local = name.eq_ignore_ascii_case("localhost") || asked.is_some_and(|asked| asked.is_loopback());
    name.eq_ignore_ascii_case(&address.hostname)
        || asked.is_some_and(|asked| asked == ip || ip.is_unspecified())
        || is_local && (ip.is_loopback() || ip.is_unspecified())
}

async fn answer(State(counter): State<Arc<Counter>>, request: Request) -> Response {
    if ![Method::GET, Method::HEAD].contains(request.method()) {
        return (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET, HEAD")]).into_response();
    }
    let Some(edition) = counter.stage.now() else {
        return (StatusCode::SERVICE_UNAVAILABLE, "the book could not be read yet\n").into_response();
    };
    let path = request.uri().path();
    let answer = edition.answer(path, prefers_markdown(request.headers())).await;
    let inside = path.strip_prefix(edition.finished.root_path());
    if path == "/api/search" || inside == Some("api/search") {
        return api(&counter, &answer, request.uri().query().unwrap_or_default()).await;
    }
    if let Some(inside) = inside.filter(|inside| answer.status == 404 && inside.starts_with("search/")) {
        match counter.librarian.file(&counter.stage, inside).await {
            Ok(Some(body)) => {
                let found = Answer { status: 200, name: inside.to_owned(), body, ..(*answer).clone() };
                return respond(&found);
            }
            Ok(None) => {}
            Err(error) => return (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")).into_response(),
        }
    }
    if answer.name.ends_with(".html") {
        counter.stage.gave(path, &answer.digest);
    }
    respond(&answer)
}

fn respond(answer: &Answer) -> Response {
    let body = match answer.name.ends_with(".html") {
        true => Body::from(with_script(answer)),
        false => Body::from(answer.body.clone()),
    };
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut add = |name: &str, value: &str| {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().insert(name, value);
        }
    };
    answer.headers.iter().for_each(|(name, value)| add(name, value));
    add("content-type", content_type(&answer.name));
    add("vary", "accept");
    if let Some(location) = &answer.location {
        add("location", location);
    }
    response
}

/// The page as production serves it, and one script more, which knows what the page was.
fn with_script(answer: &Answer) -> String {
    let script = format!(
        "<script src=\"/__livereload.js?page={}&amp;looks={}\" defer></script></head>",
        answer.digest, answer.looks
    );
    String::from_utf8_lossy(&answer.body).replacen("</head>", &script, 1)
}

/// Answers as `faultbook search -f json` does: `q`, and perhaps `n` and `facet`s.
async fn api(counter: &Counter, answer: &Answer, query: &str) -> Response {
    let mut wanted = Query { text: String::new(), limit: 10, facets: Vec::new() };
    for (name, value) in fields(query) {
        match name.as_str() {
            "q" => wanted.text = value,
            "facet" => wanted.facets.push(value),
            "n" => match value.parse() {
                Ok(n @ 1..=100) => wanted.limit = n,
                _ => return (StatusCode::BAD_REQUEST, "`n` is a number from 1 to 100\n").into_response(),
            },
            _ => {}
        }
    }
    let hits = match counter.librarian.newest(&counter.stage).await {
        Ok(Some(indexed)) => indexed.search(&wanted),
        Ok(None) => return (StatusCode::NOT_FOUND, "this book has no search\n").into_response(),
        Err(error) => Err(error),
    };
    match hits {
        Ok(hits) => {
            let body = ((counter.hits)(&hits) + "\n").into();
            respond(&Answer { status: 200, name: "search.json".to_owned(), body, ..answer.clone() })
        }
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")).into_response(),
    }
}

/// Names and values of a query, as a form sends them.
pub fn fields(query: &str) -> Vec<(String, String)> {
    let text = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
    let field = |field: &str| {
        let (name, value) = field.split_once('=').unwrap_or((field, ""));
        (text(name), text(value))
    };
    query.split('&').map(field).collect()
}

/// Whether somebody would rather have Markdown than HTML. Who names it at all is a program that reads.
fn prefers_markdown(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|accept| accept.to_str().ok());
    let accepted: Vec<(&str, f32)> = accepted.flat_map(|accept| accept.split(',')).map(quality).collect();
    let of = |kinds: &[&str]| {
        let named = |kind: &&str| accepted.iter().find(|(accepted, _)| accepted.eq_ignore_ascii_case(kind));
        kinds.iter().find_map(named).map_or(0.0, |(_, quality)| *quality)
    };
    let markdown = of(&["text/markdown"]);
    markdown > 0.0 && markdown >= of(&["text/html", "text/*", "*/*"])
}

/// A kind of `Accept`, and how much it is wanted.
fn quality(kind: &str) -> (&str, f32) {
    let mut parts = kind.split(';').map(str::trim);
    let name = parts.next().unwrap_or_default();
    let quality = parts.find_map(|part| part.strip_prefix("q=")?.trim().parse().ok());
    (name, quality.unwrap_or(1.0))
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "html" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "json" => "application/json",
        "md" => "text/markdown; charset=utf-8",
        "svg" => "image/svg+xml",
        "xml" => "application/xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "txt" | "sh" | "" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
