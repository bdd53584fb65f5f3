//! Requests: files of the present snapshot, and the socket on which tabs hear of changes.

use super::snapshot::Site;
use axum::Router;
use axum::body::Body;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::sync::broadcast::error::RecvError;

/// The script of a tab, beside the templates of the pages it watches over.
const SCRIPT: &str = include_str!("livereload.js");

/// Answers requests to this address.
pub fn router(site: Arc<Site>, address: SocketAddr) -> Router {
    Router::new()
        .route("/__livereload", get(socket))
        .route("/__livereload.js", get(|| async { ([(header::CONTENT_TYPE, "text/javascript")], SCRIPT) }))
        .fallback(file)
        .with_state(site)
        .layer(middleware::from_fn(move |request, next| guard(address, request, next)))
}

/// Refuses requests that another site's page makes: by a name that resolves here, or by its origin.
async fn guard(address: SocketAddr, request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    let origin = request.headers().get(header::ORIGIN).map(|origin| origin.to_str().unwrap_or_default());
    let host_allowed = host.is_some_and(|host| is_ours(host, address));
    let origin_allowed = origin
        .is_none_or(|origin| origin.strip_prefix("http://").is_some_and(|origin| is_ours(origin, address)));
    if !host_allowed || !origin_allowed {
        return (StatusCode::FORBIDDEN, "this preview answers only to its own address\n").into_response();
    }
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn is_ours(host: &str, address: SocketAddr) -> bool {
    let port = address.port();
    let mut names = vec![address.to_string()];
    if address.ip().is_loopback() || address.ip().is_unspecified() {
        names.extend(["localhost", "127.0.0.1", "[::1]"].map(|name| format!("{name}:{port}")));
    }
    names.iter().any(|name| name == host)
}

async fn file(State(site): State<Arc<Site>>, request: Request) -> Response {
    if ![Method::GET, Method::HEAD].contains(request.method()) {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    let snapshot = site.now();
    let path = request.uri().path().trim_start_matches('/');
    let name = match path.is_empty() || path.ends_with('/') {
        true if wants_markdown(request.headers()) => format!("{path}index.md"),
        true => format!("{path}index.html"),
        false => path.to_owned(),
    };
    if let Some(body) = snapshot.files.get(&name) {
        return respond(StatusCode::OK, &name, body, &snapshot.build);
    }
    if snapshot.files.contains_key(&format!("{name}/index.html")) {
        return (StatusCode::MOVED_PERMANENTLY, [(header::LOCATION, format!("/{name}/"))]).into_response();
    }
    match snapshot.files.get("404.html") {
        Some(body) => respond(StatusCode::NOT_FOUND, "404.html", body, &snapshot.build),
        None => (StatusCode::NOT_FOUND, "nothing is built yet\n").into_response(),
    }
}

fn respond(status: StatusCode, name: &str, body: &[u8], build: &str) -> Response {
    let body = match name.ends_with(".html") {
        true => Body::from(with_script(body, build)),
        false => Body::from(body.to_vec()),
    };
    (status, [(header::CONTENT_TYPE, content_type(name))], body).into_response()
}

/// The page as production serves it, and one script more, which knows the build it came with.
fn with_script(page: &[u8], build: &str) -> String {
    let script = format!("<script src=\"/__livereload.js?build={build}\" defer></script></head>");
    String::from_utf8_lossy(page).replacen("</head>", &script, 1)
}

fn wants_markdown(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    accept.is_some_and(|accept| accept.split(',').any(|kind| kind.trim().starts_with("text/markdown")))
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
        _ => "application/octet-stream",
    }
}

async fn socket(State(site): State<Arc<Site>>, upgrade: WebSocketUpgrade) -> Response {
    upgrade.on_upgrade(|socket| tell(socket, site))
}

/// Tells one tab of every build until it goes away. A slow tab misses news, never holds up others.
async fn tell(mut socket: WebSocket, site: Arc<Site>) {
    let mut news = site.listen();
    let hello = site.now().hello();
    if socket.send(Message::Text(hello.into())).await.is_err() {
        return;
    }
    loop {
        let text = tokio::select! {
            heard = news.recv() => match heard {
                Ok(text) => text,
                Err(RecvError::Lagged(_)) => site.now().hello(),
                Err(RecvError::Closed) => return,
            },
            said = socket.recv() => match said {
                Some(Ok(_)) => continue,
                _ => return,
            },
        };
        if socket.send(Message::Text(text.into())).await.is_err() {
            return;
        }
    }
}
