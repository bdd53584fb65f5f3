//! The way back: a record's tree → text, in either form, in one order and one style.
//!
//! In: the tree that either form was read into. Out: text that reads back as the same tree, with its comments.
//! A Markdown section is written only where reading it again gives the same value; what no section can hold stays in
//! the front matter. So nothing can be lost, whatever a record says.

use super::markdown;
use super::shape::{Kind, RECORD, Shape};
use super::tree::{Entry, Node, Value};
use super::verifier_shape::COMMAND_REPLY;
use crate::text::{FileId, Span, Spanned};

/// Lines are wrapped here where their value allows it.
const WIDTH: usize = 110;

/// A record in the YAML form.
pub fn yaml(record: &Node) -> String {
    let record = canonical(record, Kind::Map(&RECORD));
    let mut out = comments(&record.comments, 0);
    if let Value::Map(entries) = &record.value {
        entries.iter().for_each(|entry| write_entry(entry, &RECORD, 0, &mut out));
    }
    out + &comments(&record.comments_after, 0)
}

/// A record in the Markdown form.
pub fn markdown(record: &Node) -> String {
    let record = canonical(record, Kind::Map(&RECORD));
    let mut front = comments(&record.comments, 0);
    let mut body = String::new();
    let Value::Map(entries) = &record.value else { return front };
    let find = |key: &str| entries.iter().find(|entry| entry.key.value == key);
    let cause = find("quick_fix")
        .filter(|_| find("fix").is_some_and(|fix| section(fix, find("quick_fix")).is_some()));
    for entry in entries {
        let key = entry.key.value.as_str();
        if key == "quick_fix" && cause.is_some() {
            front.push_str(&comments(&all_comments(&entry.node), 0));
            continue;
        }
        match section(entry, cause.filter(|_| key == "fix")) {
            Some(text) => {
                front.push_str(&comments(&all_comments(&entry.node), 0));
                body.push_str(&text);
            }
            None => write_entry(entry, &RECORD, 0, &mut front),
        }
    }
    front.push_str(&comments(&record.comments_after, 0));
    format!("---\n{front}---\n{body}")
}

/// The section of a field with its heading, where it reads back as the same value.
fn section(entry: &Entry, cause: Option<&Entry>) -> Option<String> {
    let (heading, shape) = markdown::heading(&entry.key.value)?;
    let body =
        markdown::section_body(shape, &entry.node, cause.and_then(|cause| cause.node.member("cause")))?;
    let text = format!("\n## {heading}\n\n{body}\n");
    // Another section after it shows whether this one ends where it should: a fence may never be closed.
    let (after, key) =
        if entry.key.value == "why" { ("Root cause", "root_cause") } else { ("Why this happens", "why") };
    let document = format!("---\n---\n{text}\n## {after}\n\nafter\n");
    let mut read = markdown::parse(FileId(0), &document, &mut Vec::new())?;
    if let Value::Map(entries) = &mut read.value {
        entries
            .pop()
            .filter(|last| last.key.value == key && last.node.value == Value::Scalar("after".to_owned()))?;
    }
    let mut wanted = vec![entry.clone()];
    wanted.extend(cause.cloned());
    let wanted = Node::new(entry.node.span, Value::Map(wanted));
    let same = same(&canonical(&read, Kind::Map(&RECORD)), &canonical(&wanted, Kind::Map(&RECORD)));
    same.then_some(text)
}

/// Whether two canonical trees say the same; places and comments do not count.
fn same(one: &Node, other: &Node) -> bool {
    match (&one.value, &other.value) {
        (Value::Null, Value::Null) => true,
        (Value::Scalar(one), Value::Scalar(other)) => one.trim() == other.trim(),
        (Value::List(one), Value::List(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Map(one), Value::Map(other)) => {
            let pair = |(one, other): (&Entry, &Entry)| {
                one.key.value == other.key.value && same(&one.node, &other.node)
            };
            one.len() == other.len() && one.iter().zip(other).all(pair)
        }
        _ => false,
    }
}

/// The shortest way to say the same, in the order of the shape: a text where it may stand for a map, a list where
/// several may stand. Keys that no shape knows come last, as they were.
fn canonical(node: &Node, kind: Kind) -> Node {
    match (kind, &node.value) {
        (Kind::Map(shape), Value::Map(entries)) => canonical_map(node, entries, shape),
        (Kind::List(of), Value::List(items)) => {
            let items = items.iter().map(|item| canonical(item, *of)).collect();
            Node { value: Value::List(items), ..node.clone() }
        }
        (Kind::List(of), Value::Scalar(_) | Value::Map(_)) => {
            let item = Node { comments: Vec::new(), ..canonical(node, *of) };
            let list = Node::new(node.span, Value::List(vec![item]));
            Node { comments: node.comments.clone(), ..list }
        }
        (Kind::Items(of), Value::List(items)) => {
            let items = items.iter().map(|item| canonical(item, *of)).collect();
            Node { value: Value::List(items), ..node.clone() }
        }
        (Kind::Table(of), Value::Map(entries)) => canonical_table(node, entries, |_| *of),
        (Kind::Open(shape, of), Value::Map(entries)) => {
            canonical_table(node, entries, |key| shape.field(key).map_or(*of, |field| field.kind))
        }
        (Kind::Either(kinds), _) => {
            let kind = kinds.iter().find(|kind| could_be(node, **kind));
            kind.map_or_else(|| node.clone(), |kind| canonical(node, *kind))
        }
        (kind, _) if kind.is_verbatim() => node.clone(),
        (_, Value::Scalar(text)) => Node { value: Value::Scalar(text.trim().to_owned()), ..node.clone() },
        _ => node.clone(),
    }
}

/// Whether a list or map can be of a kind, as far as its keys tell.
fn could_be(node: &Node, kind: Kind) -> bool {
    match (kind, &node.value) {
        (Kind::Map(shape), Value::Map(entries)) => {
            entries.iter().all(|entry| shape.field(&entry.key.value).is_some())
        }
        (Kind::Items(_), Value::List(_)) => true,
        _ => false,
    }
}

/// A map whose keys stay in their order.
fn canonical_table(node: &Node, entries: &[Entry], kind: impl Fn(&str) -> Kind) -> Node {
    let entry = |entry: &Entry| Entry {
        key: entry.key.clone(),
        node: canonical(&entry.node, kind(&entry.key.value)),
    };
    Node { value: Value::Map(entries.iter().map(entry).collect()), ..node.clone() }
}

fn canonical_map(node: &Node, entries: &[Entry], shape: &Shape) -> Node {
    let place = |entry: &Entry| shape.fields.iter().position(|field| field.key == entry.key.value);
    let mut entries: Vec<Entry> = entries
        .iter()
        .map(|entry| {
            let kind = shape.field(&entry.key.value).map_or(Kind::Any, |field| field.kind);
            Entry { key: entry.key.clone(), node: canonical(&entry.node, kind) }
        })
        .collect();
    entries.sort_by_key(|entry| place(entry).unwrap_or(usize::MAX));
    let alone = |entry: &Entry| {
        let Value::Scalar(text) = &entry.node.value else { return false };
        // A text alone that is an address reads back as one; anything else would read back as a title.
        let is_url = shape.text_is == Some("title") && entry.key.value == "url" && reads_as_url(text);
        let is_title = shape.text_is != Some("title") || !reads_as_url(text);
        let stands_alone = shape.text_is == Some(entry.key.value.as_str()) && is_title || is_url;
        stands_alone && entry.node.comments.is_empty()
    };
    match entries.as_slice() {
        [only] if alone(only) => Node { comments: node.comments.clone(), ..only.node.clone() },
        _ => Node { value: Value::Map(entries), ..node.clone() },
    }
}

/// What a source that is a text alone takes for an address.
fn reads_as_url(text: &str) -> bool {
    text.contains("://") && !text.contains(char::is_whitespace)
}

fn comments(comments: &[String], indent: usize) -> String {
    let blanks = " ".repeat(indent);
    comments.iter().map(|line| format!("{blanks}# {line}").trim_end().to_owned() + "\n").collect()
}

/// The comments of a value and of everything in it.
fn all_comments(node: &Node) -> Vec<String> {
    let mut all = node.comments.clone();
    match &node.value {
        Value::Null | Value::Scalar(_) => {}
        Value::List(items) => all.extend(items.iter().flat_map(all_comments)),
        Value::Map(entries) => all.extend(entries.iter().flat_map(|entry| all_comments(&entry.node))),
    }
    all
}

/// `key: value` at an indent, with what belongs to it on further lines.
fn write_entry(entry: &Entry, shape: &Shape, indent: usize, out: &mut String) {
    let kind = shape.field(&entry.key.value).map_or(Kind::Any, |field| field.kind);
    out.push_str(&comments(&entry.node.comments, indent));
    out.push_str(&" ".repeat(indent));
    let key = scalar(&entry.key.value, Kind::Id, false, true);
    out.push_str(&key);
    out.push(':');
    write_value(&entry.node, kind, indent, indent + key.len() + 2, out);
}

/// What stands behind `key:` or `-`, which has already been written and reaches to column `at`.
fn write_value(node: &Node, kind: Kind, indent: usize, at: usize, out: &mut String) {
    match &node.value {
        Value::Null if kind.is_verbatim() => out.push_str(" null\n"),
        Value::Null => out.push('\n'),
        Value::Scalar(text) => write_scalar(text, alone(kind), node.quoted, indent, at, out),
        Value::List(items) => {
            let item_kind = kind_of_items(kind);
            if let Some(line) = flow(node, kind).filter(|line| at + line.len() <= WIDTH) {
                out.push_str(&format!(" {line}\n"));
                return;
            }
            out.push('\n');
            for item in items {
                out.push_str(&comments(&item.comments, indent + 2));
                write_item(item, item_kind, indent + 2, out);
            }
        }
        Value::Map(entries) => {
            if let Some(line) = flow(node, kind).filter(|line| at + line.len() <= WIDTH && indent > 0) {
                out.push_str(&format!(" {line}\n"));
                return;
            }
            out.push('\n');
            let shape = if let Kind::Map(shape) = kind { shape } else { &FREE };
            entries.iter().for_each(|entry| write_entry(entry, shape, indent + 2, out));
        }
    }
}

fn kind_of_items(kind: Kind) -> Kind {
    match kind {
        Kind::List(of) | Kind::Items(of) => *of,
        _ => Kind::Any,
    }
}

/// `- ` and a value; the first key of a map stands beside the dash.
fn write_item(item: &Node, kind: Kind, indent: usize, out: &mut String) {
    let blanks = " ".repeat(indent);
    let Value::Map(entries) = &item.value else {
        out.push_str(&format!("{blanks}-"));
        write_value(item, kind, indent, indent + 2, out);
        return;
    };
    let shape = if let Kind::Map(shape) = kind { shape } else { &FREE };
    let mut lines = String::new();
    entries.iter().for_each(|entry| write_entry(entry, shape, indent + 2, &mut lines));
    // A comment cannot stand between the dash and its key.
    let n_before =
        lines.lines().take_while(|line| line.trim_start().starts_with('#')).map(|line| line.len() + 1).sum();
    let (before, rest) = lines.split_at(n_before);
    out.push_str(before);
    out.push_str(&format!("{blanks}- {}", rest.trim_start_matches(' ')));
    if entries.is_empty() {
        out.push_str("{}\n");
    }
}

/// A map whose keys are free.
static FREE: Shape = Shape { name: "a map", text_is: None, fields: &[] };

/// A list or map on one line; `None` where something in it needs lines of its own.
fn flow(node: &Node, kind: Kind) -> Option<String> {
    match &node.value {
        Value::Null => None,
        Value::Scalar(text) => {
            let plain = !text.contains(['\n', '\r']) && text.chars().all(is_printable);
            plain.then(|| scalar(text, alone(kind), node.quoted, true))
        }
        Value::List(items) => {
            let of = kind_of_items(kind);
            let simple = |item: &Node| matches!(item.value, Value::Scalar(_)) && item.comments.is_empty();
            let items: Option<Vec<String>> =
                items.iter().map(|item| flow(item, of).filter(|_| simple(item))).collect();
            items.map(|items| format!("[{}]", items.join(", ")))
        }
        Value::Map(entries) => {
            let shape = if let Kind::Map(shape) = kind { shape } else { &FREE };
            let pair = |entry: &Entry| {
                let kind = shape.field(&entry.key.value).map_or(Kind::Any, |field| field.kind);
                let value = flow(&entry.node, kind).filter(|_| entry.node.comments.is_empty())?;
                Some(format!("{}: {value}", scalar(&entry.key.value, Kind::Id, false, true)))
            };
            let pairs: Option<Vec<String>> = entries.iter().map(pair).collect();
            pairs.filter(|pairs| pairs.len() <= 4).map(|pairs| format!("{{{}}}", pairs.join(", ")))
        }
    }
}

/// A scalar on one line. What another reader of YAML would take for a number or a date stands in quotes, unless that
/// is what its field holds.
fn scalar(text: &str, kind: Kind, quoted: bool, in_flow: bool) -> String {
    // What stands for nothing would be read as nothing.
    let nothing = ["", "~", "null"].contains(&text);
    let typed = match kind {
        Kind::Day | Kind::Flag | Kind::Count | Kind::Id => !nothing,
        kind => kind.is_verbatim() && !quoted && !nothing,
    };
    if is_plain(text, in_flow) && (typed || !looks_typed(text)) {
        return text.to_owned();
    }
    if text.chars().all(is_printable) && !text.contains('\'') && text.contains(['"', '\\']) {
        return format!("'{text}'");
    }
    double_quoted(text)
}

fn double_quoted(text: &str) -> String {
    let mut out = "\"".to_owned();
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if is_printable(c) => out.push(c),
            c if u32::from(c) <= 0xFF => out.push_str(&format!("\\x{:02x}", u32::from(c))),
            c if u32::from(c) <= 0xFFFF => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push_str(&format!("\\U{:08x}", u32::from(c))),
        }
    }
    out + "\""
}

/// What a text holds that stands for a map.
fn alone(kind: Kind) -> Kind {
    match kind {
        Kind::Map(shape) => {
            shape.text_is.and_then(|key| shape.field(key)).map_or(kind, |field| alone(field.kind))
        }
        Kind::List(of) => alone(*of),
        kind => kind,
    }
}

/// Whether YAML reads the text as itself without quotes; inside brackets fewer characters may stand.
fn is_plain(text: &str, in_flow: bool) -> bool {
    let first = text.chars().next().unwrap_or(' ');
    let starts_well = !first.is_whitespace() && !"-?:,[]{}#&*!|>'\"%@`".contains(first)
        || (first == '-' && text.len() > 1 && !text.starts_with("- ") && !text.starts_with("---"));
    starts_well
        && !text.ends_with([' ', ':', '\t'])
        && !text.contains(": ")
        && !text.contains(":\t")
        && !text.contains(" #")
        && !text.contains("\t#")
        && !(in_flow && text.contains([',', '[', ']', '{', '}']))
        && !text.contains(['\n', '\r', '\t'])
        && !text.starts_with("...")
        && text.chars().all(is_printable)
}

/// Whether another reader of YAML would take the text for something else than a text.
fn looks_typed(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let number = text.trim_start_matches(['-', '+']);
    ["~", "null", "true", "false", "yes", "no", "on", "off", "y", "n"].contains(&lower.as_str())
        || number.starts_with(|c: char| c.is_ascii_digit() || c == '.')
            && number.chars().all(|c| c.is_ascii_alphanumeric() || "._-+:".contains(c))
}

fn is_printable(c: char) -> bool {
    !c.is_control()
        && !matches!(c, '\u{85}' | '\u{A0}' | '\u{2028}' | '\u{2029}' | '\u{FEFF}' | '\u{FFFE}' | '\u{FFFF}')
        && !matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}')
}

/// A scalar behind `key:` or `-`: on the line where it fits, else on lines of its own.
fn write_scalar(text: &str, kind: Kind, quoted: bool, indent: usize, at: usize, out: &mut String) {
    // Fields are trimmed when they are read; a free value is not, and its last line may or may not end.
    let (body, sign) = match text.strip_suffix('\n') {
        _ if !kind.is_verbatim() => (text, "|"),
        Some(body) => (body, "|"),
        None => (text, "|-"),
    };
    let block = body.chars().all(|c| c == '\n' || c == '\t' || is_printable(c))
        && !body.starts_with([' ', '\t', '\n'])
        && !body.ends_with([' ', '\t', '\n'])
        && !body.is_empty();
    let blanks = " ".repeat(indent + 2);
    if block && body.contains('\n') {
        // A blank line has no indent; a line of blanks would be cut.
        let has_blank_lines = body.lines().any(|line| !line.is_empty() && line.trim().is_empty());
        if !has_blank_lines {
            out.push_str(&format!(" {sign}\n"));
            for line in body.split('\n') {
                out.push_str(
                    if line.is_empty() { "\n".to_owned() } else { format!("{blanks}{line}\n") }.as_str(),
                );
            }
            return;
        }
    }
    let line = scalar(text, kind, quoted, false);
    let foldable =
        block && matches!(kind, Kind::Prose) && !text.contains("  ") && !text.contains(['\n', '\t']);
    if at + line.len() <= WIDTH || !foldable {
        out.push_str(&format!(" {line}\n"));
        return;
    }
    out.push_str(" >-\n");
    let mut column = 0;
    for word in text.split(' ') {
        if column > 0 && column + 1 + word.chars().count() > WIDTH - blanks.len() {
            out.push('\n');
            column = 0;
        }
        out.push_str(if column == 0 { &blanks } else { " " });
        out.push_str(word);
        column += word.chars().count() + 1;
    }
    out.push('\n');
}

/// A recorded reply as it stands in a list: in braces, or on lines of its own that begin at a column.
pub fn reply(node: &Node, column: Option<usize>) -> String {
    let Value::Map(entries) = &node.value else { return one_line(node) };
    let Some(column) = column else { return one_line(node) };
    let mut lines = String::new();
    entries.iter().for_each(|entry| write_entry(entry, &COMMAND_REPLY, column, &mut lines));
    lines.trim_start().trim_end_matches('\n').to_owned()
}

/// A value on one line, however long.
fn one_line(node: &Node) -> String {
    let joined = |parts: Vec<String>| parts.join(", ");
    match &node.value {
        Value::Null => "null".to_owned(),
        Value::Scalar(text) => scalar(text, Kind::Exact, node.quoted, true),
        Value::List(items) => format!("[{}]", joined(items.iter().map(one_line).collect())),
        Value::Map(entries) => {
            let entry = |entry: &Entry| format!("{}: {}", entry.key.value, one_line(&entry.node));
            format!("{{{}}}", joined(entries.iter().map(entry).collect()))
        }
    }
}

/// A node that was not read from a file, for those who make records.
pub fn text_node(text: &str) -> Node {
    Node::new(Span::start_of(FileId(0)), Value::Scalar(text.to_owned()))
}

/// A list of nodes.
pub fn list_node(items: Vec<Node>) -> Node {
    Node::new(Span::start_of(FileId(0)), Value::List(items))
}

/// A map of nodes.
pub fn map_node(entries: Vec<(&str, Node)>) -> Node {
    let start = Span::start_of(FileId(0));
    let entry = |(key, node): (&str, Node)| Entry { key: Spanned::new(key.to_owned(), start), node };
    Node::new(start, Value::Map(entries.into_iter().map(entry).collect()))
}
