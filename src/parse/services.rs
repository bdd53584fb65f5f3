//! Replicas of services: routes and replies.

use super::fields::Fields;
use super::json::json;
use super::matchers::{self, check_value, probes};
use super::scope::{Place, Scope};
use super::tree::{Node, Value};
use super::verifier_shape as shape;
use crate::diag::Code;
use crate::model::{Probes, Reply, ReplyBody, Route, Service};
use crate::text::Spanned;

/// Each is looked at for each request.
const MAX_ROUTES: usize = 100;

/// Reads a value of `services`.
pub fn service(node: &Node, scope: &mut Scope) -> Option<Service> {
    let mut fields = Fields::open(node, &shape::SERVICE, scope.found)?;
    let hint = "a service is written `{routes: [{path: '^/', reply: {status: 200}}]}`";
    let routes = fields.required("routes", hint, scope.found).map(|node| scope.some(node, "`routes`"));
    let default = fields.node("default", scope.found).and_then(|node| reply(node, scope));
    fields.finish(scope.found);
    let routes = routes.unwrap_or_default();
    if let Some(one_more) = routes.get(MAX_ROUTES) {
        let message = format!("this service has {} routes", routes.len());
        scope.error(Code::TooLarge, one_more.span, message, format!("it has at most {MAX_ROUTES}"));
    }
    let routes = routes.iter().take(MAX_ROUTES).filter_map(|node| route(node, scope)).collect();
    Some(Service { routes, default })
}

fn route(node: &Node, scope: &mut Scope) -> Option<Route> {
    let hint = "a route has a `path` and a `reply`";
    let mut fields = Fields::open(node, &shape::ROUTE, scope.found)?;
    let method = fields.node("method", scope.found).and_then(|node| method(node, scope));
    let path = fields.required("path", hint, scope.found).and_then(|node| scope.pattern(node, "`path`"));
    let when = fields
        .node("when", scope.found)
        .map_or(Some(Probes::new()), |node| probes(node, "`when`", matchers::OF_REQUEST, scope));
    let reply = fields.required("reply", hint, scope.found).and_then(|node| reply(node, scope));
    fields.finish(scope.found);
    Some(Route { method, path: path?, when: when?, reply: reply? })
}

/// A method of HTTP.
pub fn method(node: &Node, scope: &mut Scope) -> Option<String> {
    let method = scope.fixed(node, "`method`")?;
    let fits = method.value.len() <= 20 && method.value.bytes().all(|byte| byte.is_ascii_uppercase());
    if !fits {
        let message = format!("`{}` is not a method", method.value);
        scope.error(Code::WrongType, method.span, message, "a method is written like GET or POST");
    }
    fits.then_some(method.value)
}

/// The status of an answer.
pub fn status(node: &Node, scope: &mut Scope) -> Option<u16> {
    scope.number(node, "`status`", 100..=599).and_then(|status| u16::try_from(status).ok())
}

fn reply(node: &Node, scope: &mut Scope) -> Option<Reply> {
    let mut fields = Fields::open(node, &shape::REPLY, scope.found)?;
    let hint = "a reply has a `status`, and where it says something a `json` or a `body`";
    let status = fields.required("status", hint, scope.found).and_then(|node| status(node, scope));
    let headers = fields.node("headers", scope.found).map(|node| scope.headers(node, Place::Reply));
    let json = fields.node("json", scope.found);
    let text = fields.node("body", scope.found);
    fields.finish(scope.found);
    let body = match (json, text) {
        (None, None) => ReplyBody::Empty,
        (Some(node), None) => {
            check_value(node, Place::Reply, scope);
            check_tokens(node, scope);
            ReplyBody::Json(self::json(node))
        }
        (None, Some(node)) => ReplyBody::Text(scope.template(node, "`body`", Place::Reply)?),
        (Some(_), Some(text)) => {
            let hint = "it is one of the two";
            scope.error(Code::StatedTwice, text.span, "this reply has a `json` and a `body`", hint);
            return None;
        }
    };
    Some(Reply { status: status?, headers: headers.unwrap_or_default(), body })
}

/// Wherever a token is to be made, it has claims.
fn check_tokens(node: &Node, scope: &mut Scope) {
    match &node.value {
        Value::List(items) => items.iter().for_each(|item| check_tokens(item, scope)),
        Value::Map(entries) => {
            for entry in entries {
                if entry.key.value == "fake_jwt" {
                    claims(&entry.node, scope);
                }
                check_tokens(&entry.node, scope);
            }
        }
        Value::Null | Value::Scalar(_) => {}
    }
}

/// The claims of a token that is made for a run.
pub fn claims(node: &Node, scope: &mut Scope) -> Option<serde_json::Value> {
    let is_map = matches!(node.value, Value::Map(_));
    if !is_map {
        let message = format!("the claims of a token are a map, and this is {}", node.kind());
        scope.error(Code::WrongType, node.span, message, "it is written `{fake_jwt: {sub: someone}}`");
    }
    is_map.then(|| json(node))
}

/// The service of a name.
pub fn named(node: &Node, scope: &mut Scope) -> Option<String> {
    let name = scope.fixed(node, "`service`")?;
    if !scope.services.contains(&name.value) {
        let names: Vec<String> = scope.services.iter().cloned().collect();
        let written = Spanned::new(name.value.clone(), name.span);
        scope.unknown(Code::UnknownValue, &written, "service", names.iter().map(String::as_str));
        return None;
    }
    Some(name.value)
}
