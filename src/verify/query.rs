//! JSONPath, as far as records need it: `$`, `.name`, `['name']`, `[n]`, `[*]`, `.*`, `..name` and `..*`.
//!
//! No filters and no slices: an expression over values has its place in `expect`. Results are in document order.

use serde_json::Value;

/// A path into a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Part {
    /// Whether it looks at every depth.
    deep: bool,
    pick: Pick,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Pick {
    Name(String),
    Nth(i64),
    All,
}

/// What one query may find.
const MAX_FOUND: usize = 10_000;
/// What a query may be made of.
const MAX_PARTS: usize = 32;

impl Query {
    /// Reads a path; otherwise says, as a fragment of a sentence, what it does not understand.
    pub fn parse(text: &str) -> Result<Query, String> {
        let mut rest = text.trim().strip_prefix('$').ok_or("a query begins with `$`")?;
        let mut parts = Vec::new();
        while !rest.is_empty() {
            let (part, after) = part(rest).ok_or_else(|| format!("`{rest}` is no part of a query"))?;
            parts.push(part);
            rest = after;
        }
        if parts.len() > MAX_PARTS {
            return Err(format!("a query has at most {MAX_PARTS} parts"));
        }
        Ok(Query(parts))
    }

    /// Everything that it finds, at most 10,000.
    pub fn find<'v>(&self, document: &'v Value) -> Vec<&'v Value> {
        let mut found = vec![document];
        for part in &self.0 {
            let mut next = Vec::new();
            for value in found {
                if part.deep {
                    deep(value, &part.pick, &mut next)
                } else {
                    pick(value, &part.pick, &mut next)
                }
            }
            next.truncate(MAX_FOUND);
            found = next;
        }
        found
    }
}

fn part(text: &str) -> Option<(Part, &str)> {
    let (deep, text) = match (text.strip_prefix(".."), text.strip_prefix('.')) {
        (Some(after), _) => (true, after),
        (None, Some(after)) => (false, after),
        (None, None) if text.starts_with('[') => (false, text),
        (None, None) => return None,
    };
    let dotted = |pick| Part { deep, pick };
    if let Some(inside) = text.strip_prefix('[') {
        return bracket(inside).map(|(pick, after)| (dotted(pick), after));
    }
    if let Some(after) = text.strip_prefix('*') {
        return Some((dotted(Pick::All), after));
    }
    let end = text.find(['.', '[']).unwrap_or(text.len());
    let name = &text[..end];
    let plain = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    (!name.is_empty() && name.chars().all(plain)).then(|| (dotted(Pick::Name(name.to_owned())), &text[end..]))
}

fn bracket(inside: &str) -> Option<(Pick, &str)> {
    for quote in ['\'', '"'] {
        if let Some(quoted) = inside.strip_prefix(quote) {
            let (name, after) = quoted.split_once(quote)?;
            return Some((Pick::Name(name.to_owned()), after.strip_prefix(']')?));
        }
    }
    let (index, after) = inside.split_once(']')?;
    let pick = if index == "*" { Pick::All } else { Pick::Nth(index.parse().ok()?) };
    Some((pick, after))
}

fn pick<'v>(value: &'v Value, pick: &Pick, found: &mut Vec<&'v Value>) {
    if found.len() >= MAX_FOUND {
        return;
    }
    match (pick, value) {
        (Pick::Name(name), Value::Object(map)) => found.extend(map.get(name)),
        (Pick::Nth(nth), Value::Array(items)) => {
            let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
            let nth = if *nth < 0 { nth.checked_add(length) } else { Some(*nth) };
            found.extend(nth.and_then(|nth| usize::try_from(nth).ok()).and_then(|nth| items.get(nth)));
        }
        (Pick::All, Value::Array(items)) => found.extend(items),
        (Pick::All, Value::Object(map)) => found.extend(map.values()),
        _ => {}
    }
}

/// A document is a tree that a reader with a limit of depth has made, so this ends.
fn deep<'v>(value: &'v Value, what: &Pick, found: &mut Vec<&'v Value>) {
    pick(value, what, found);
    match value {
        Value::Array(items) => items.iter().for_each(|item| deep(item, what, found)),
        Value::Object(map) => map.values().for_each(|item| deep(item, what, found)),
        _ => {}
    }
}
