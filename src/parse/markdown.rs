//! The Markdown form → the tree of the YAML form: front matter for the short fields, `##` sections for the
//! long ones.
//!
//! Places stay exact: front matter and sections keep their bytes in the file.

use super::tree::{Entry, Node, Value};
use super::yaml;
use crate::diag::{Code, Diagnostic, nearest, only_nearest};
use crate::model::{Block, Prose};
use crate::text::{FileId, Span, Spanned};
use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Parser, Tag, TagEnd};
use std::ops::Range;

/// How the body of a section is read.
#[derive(Clone, Copy, PartialEq)]
pub enum Shape {
    /// As it is.
    Prose,
    /// A paragraph for the cause, then steps.
    Fix,
    /// Subsections with steps.
    OtherFixes,
    /// Subsections or list items.
    WrongFixes,
}

/// The headings of a record, with the field that each one fills.
const HEADINGS: &[(&str, &str, Shape)] = &[
    ("Symptom", "symptom", Shape::Prose),
    ("Root cause", "root_cause", Shape::Prose),
    ("Why this happens", "why", Shape::Prose),
    ("Quick fix", "fix", Shape::Fix),
    ("Other fixes", "other_fixes", Shape::OtherFixes),
    ("Common wrong fixes", "wrong_fixes", Shape::WrongFixes),
    ("Verification", "verification", Shape::Prose),
];

/// Reads a Markdown record. `None` where it has no front matter; the finding says so.
pub fn parse(file: FileId, text: &str, found: &mut Vec<Diagnostic>) -> Option<Node> {
    let Some((front, body)) = split(text) else {
        found.push(
            Diagnostic::error(
                Code::MissingFrontMatter,
                Span::start_of(file),
                "this record has no front matter",
            )
            .hint("it begins with a line `---`, the short fields, and another line `---`"),
        );
        return None;
    };
    let root = yaml::parse(file, front.start, &text[front.clone()], found);
    let (span, mut entries, comments) = match root {
        Some(Node { span, value: Value::Map(entries), comments, comments_after, .. }) => {
            (span, entries, (comments, comments_after))
        }
        Some(other) => return Some(other),
        None => (Span::new(file, front), Vec::new(), Default::default()),
    };
    let document = Document { file, text };
    for section in document.sections(body, found) {
        document.read(&section, &mut entries, found);
    }
    let (comments, comments_after) = comments;
    Some(Node { comments, comments_after, ..Node::new(span, Value::Map(entries)) })
}

/// The heading of a field that has one, and how its body is written.
pub fn heading(field: &str) -> Option<(&'static str, Shape)> {
    HEADINGS.iter().find(|(_, name, _)| *name == field).map(|(heading, _, shape)| (*heading, *shape))
}

/// The body of a section with this value; `None` where it is not a value of that kind. Whether it reads back as the
/// same is for the caller to see.
pub fn section_body(shape: Shape, node: &Node, cause: Option<&str>) -> Option<String> {
    let items = || match &node.value {
        Value::List(items) => Some(items.as_slice()),
        _ => None,
    };
    match (shape, &node.value) {
        (Shape::Prose, Value::Scalar(text)) => Some(text.clone()),
        (Shape::Fix, _) => {
            let cause = cause.map(|cause| format!("{cause}\n\n")).unwrap_or_default();
            match items()? {
                [Node { value: Value::Scalar(text), .. }] if cause.is_empty() => Some(text.clone()),
                items => Some(format!("{cause}{}", written_steps(items)?)),
            }
        }
        (Shape::OtherFixes, _) => {
            let fix = |item: &Node| {
                let labels = written_labels(item, &[("When", "when"), ("Tradeoff", "tradeoff")]);
                let Value::Map(entries) = &item.value else { return None };
                let steps = &entries.iter().find(|entry| entry.key.value == "steps")?.node;
                let Value::List(steps) = &steps.value else { return None };
                Some(format!("### {}\n\n{labels}{}", item.member("title")?, written_steps(steps)?))
            };
            items()?.iter().map(fix).collect::<Option<Vec<_>>>().map(|fixes| fixes.join("\n\n"))
        }
        (Shape::WrongFixes, _) => {
            let fix = |item: &Node| {
                let text = match &item.value {
                    Value::Scalar(text) => Some(text.as_str()),
                    _ => item.member("text"),
                };
                // The text is the heading, so it is one line.
                let text = text.filter(|text| !text.contains('\n'))?;
                let labels = [("Id", "id"), ("Why", "why"), ("Tempting", "tempting"), ("Outcome", "outcome")];
                let run = item.member("run").map(|run| format!("```sh\n{run}\n```")).unwrap_or_default();
                Some(format!("### {text}\n\n{}{run}", written_labels(item, &labels)).trim_end().to_owned())
            };
            items()?.iter().map(fix).collect::<Option<Vec<_>>>().map(|fixes| fixes.join("\n\n"))
        }
        _ => None,
    }
}

/// `Why: …` for each label that the item has, each on a line of its own, then a blank line.
fn written_labels(item: &Node, labels: &[(&str, &str)]) -> String {
    let line = |(label, key): &(&str, &str)| item.member(key).map(|text| format!("{label}: {text}\n"));
    let lines: String = labels.iter().filter_map(line).collect();
    if lines.is_empty() { lines } else { lines + "\n" }
}

/// Numbered items, each with its command, risk and undo.
fn written_steps(steps: &[Node]) -> Option<String> {
    let step = |(nth, item): (usize, &Node)| {
        let mut parts: Vec<String> = Vec::new();
        match &item.value {
            Value::Scalar(text) => parts.push(text.clone()),
            _ => parts.extend(item.member("text").map(str::to_owned)),
        }
        parts.extend(item.member("run").map(|run| format!("```sh\n{run}\n```")));
        parts.extend(item.member("risk").map(|risk| format!("Risk: {risk}")));
        parts.extend(item.member("undo").map(|undo| format!("Undo: `{undo}`")));
        let marker = format!("{nth}. ");
        let indent = format!("\n{}", " ".repeat(marker.len()));
        (!parts.is_empty()).then(|| {
            marker + &parts.join("\n\n").replace('\n', &indent).replace(&format!("{indent}\n"), "\n\n")
        })
    };
    (1..).zip(steps).map(step).collect::<Option<Vec<_>>>().map(|steps| steps.join("\n\n"))
}

/// The bytes of the front matter and of the body.
pub fn split(text: &str) -> Option<(Range<usize>, Range<usize>)> {
    let first = text.split_inclusive('\n').next()?;
    if first.trim_end() != "---" {
        return None;
    }
    let mut at = first.len();
    for line in text[first.len()..].split_inclusive('\n') {
        if line.trim_end() == "---" {
            return Some((first.len()..at, at + line.len()..text.len()));
        }
        at += line.len();
    }
    None
}

/// The list of steps that a body holds.
pub fn steps(body: &str) -> Node {
    let document = Document { file: FileId(0), text: body };
    let span = Span::start_of(document.file);
    Node::new(span, document.steps(span, &steps_of(body)))
}

/// The list of wrong fixes that a body holds.
pub fn wrong_fixes(body: &str) -> Node {
    let document = Document { file: FileId(0), text: body };
    let section =
        Section { field: "wrong_fixes", shape: Shape::WrongFixes, heading: 0..0, body: 0..body.len() };
    let items = subsections(body).into_iter().map(|part| document.wrong_fix(&section, part));
    Node::new(Span::start_of(document.file), Value::List(items.collect()))
}

struct Document<'t> {
    file: FileId,
    text: &'t str,
}

struct Section {
    field: &'static str,
    shape: Shape,
    heading: Range<usize>,
    body: Range<usize>,
}

impl Document<'_> {
    fn sections(&self, body: Range<usize>, found: &mut Vec<Diagnostic>) -> Vec<Section> {
        let markdown = &self.text[body.clone()];
        let headings: Vec<(Range<usize>, String)> = pieces(markdown)
            .into_iter()
            .filter(|piece| matches!(piece.kind, Kind::Heading(HeadingLevel::H2)))
            .map(|piece| (body.start + piece.range.start..body.start + piece.range.end, piece.words))
            .collect();
        let first = headings.first().map_or(body.end, |(range, _)| range.start);
        self.refuse_text_before(body.start..first, found);
        let ends = headings.iter().skip(1).map(|(range, _)| range.start).chain([body.end]);
        let mut sections: Vec<Section> = Vec::new();
        for ((heading, title), end) in headings.iter().zip(ends) {
            let known = HEADINGS.iter().find(|(name, _, _)| name.eq_ignore_ascii_case(title.trim()));
            match known {
                Some((_, field, shape)) => {
                    let body = self.trimmed(heading.end..end);
                    sections.push(Section {
                        field,
                        shape: *shape,
                        heading: self.trimmed(heading.clone()),
                        body,
                    });
                }
                None => self.unknown_heading(heading.clone(), title, found),
            }
        }
        sections
    }

    fn refuse_text_before(&self, range: Range<usize>, found: &mut Vec<Diagnostic>) {
        let range = self.trimmed(range);
        if !range.is_empty() {
            found.push(
                Diagnostic::error(Code::TextBeforeHeading, self.span(range), "this text belongs to no field")
                    .hint("it stands under a heading such as `## Symptom`"),
            );
        }
    }

    fn unknown_heading(&self, heading: Range<usize>, title: &str, found: &mut Vec<Diagnostic>) {
        let names = HEADINGS.iter().map(|(name, _, _)| *name);
        let hint = match nearest(title, names.clone()) {
            Some(name) => format!("did you mean `## {name}`?"),
            None => format!("the headings are {}", names.clone().collect::<Vec<_>>().join(", ")),
        };
        let message = format!("no field has the heading `{}`", title.trim());
        let span = self.span(self.trimmed(heading));
        let instead = only_nearest(title, names).map(|name| format!("## {name}"));
        found.push(Diagnostic::error(Code::UnknownHeading, span, message).hint(hint).instead(instead));
    }

    fn read(&self, section: &Section, entries: &mut Vec<Entry>, found: &mut Vec<Diagnostic>) {
        let span = self.span(section.body.clone());
        let body = &self.text[section.body.clone()];
        if body.is_empty() {
            let message = "nothing stands under this heading";
            let span = self.span(section.heading.clone());
            found.push(
                Diagnostic::error(Code::EmptyValue, span, message).hint("a section without text is left out"),
            );
            return;
        }
        let value = match section.shape {
            Shape::Prose => Value::Scalar(body.to_owned()),
            Shape::Fix => {
                let (cause, steps) = split_cause(body);
                if let Some(cause) = cause {
                    let cause = self.map(span, vec![("cause", cause)]);
                    self.add("quick_fix", section, cause, entries, found);
                }
                self.steps(span, &steps)
            }
            Shape::OtherFixes => {
                Value::List(subsections(body).into_iter().map(|part| self.other_fix(section, part)).collect())
            }
            Shape::WrongFixes => {
                Value::List(subsections(body).into_iter().map(|part| self.wrong_fix(section, part)).collect())
            }
        };
        if value != Value::List(Vec::new()) {
            self.add(section.field, section, Node::new(span, value), entries, found);
        } else if section.shape != Shape::Fix {
            let message = "no item stands under this heading";
            let span = self.span(section.heading.clone());
            found.push(
                Diagnostic::error(Code::EmptyValue, span, message)
                    .hint("each one is a `###` heading or a list item"),
            );
        }
    }

    fn add(
        &self,
        field: &'static str,
        section: &Section,
        node: Node,
        entries: &mut Vec<Entry>,
        found: &mut Vec<Diagnostic>,
    ) {
        let span = self.span(section.heading.clone());
        if entries.iter().any(|entry| entry.key.value == field) {
            found.push(
                Diagnostic::error(Code::StatedTwice, span, format!("`{field}` is written twice"))
                    .hint("a field stands in the front matter or under its heading, once"),
            );
            return;
        }
        entries.push(Entry { key: Spanned::new(field.to_owned(), span), node });
    }

    fn steps(&self, span: Span, steps: &[Step]) -> Value {
        let node = |step: &Step| {
            let mut pairs: Vec<(&'static str, String)> = Vec::new();
            pairs.extend(step.text.clone().map(|text| ("text", text)));
            pairs.extend(step.run.clone().map(|run| ("run", run)));
            pairs.extend(step.undo.clone().map(|undo| ("undo", undo)));
            pairs.extend(step.risk.clone().map(|risk| ("risk", risk)));
            self.map(span, pairs)
        };
        Value::List(steps.iter().map(node).collect())
    }

    fn wrong_fix(&self, section: &Section, part: Subsection) -> Node {
        let span = self.span(section.body.start + part.range.start..section.body.start + part.range.end);
        let labels = [("Why:", "why"), ("Tempting:", "tempting"), ("Outcome:", "outcome"), ("Id:", "id")];
        let mut pairs = labelled(&part, &labels);
        pairs.extend(part.run.map(|run| ("run", run)));
        self.map(span, pairs)
    }

    fn other_fix(&self, section: &Section, part: Subsection) -> Node {
        let span = self.span(section.body.start + part.range.start..section.body.start + part.range.end);
        let (named, rest) = take_labels(&part.body, &[("When:", "when"), ("Tradeoff:", "tradeoff")]);
        let title = part.title.unwrap_or_default();
        let mut node = self.map(span, [vec![("title", title)], named].concat());
        if let Value::Map(entries) = &mut node.value {
            let steps = Node::new(span, self.steps(span, &steps_of(&rest)));
            entries.push(Entry { key: Spanned::new("steps".to_owned(), span), node: steps });
        }
        node
    }

    fn map(&self, span: Span, pairs: Vec<(&'static str, String)>) -> Node {
        let entry = |(key, text): (&'static str, String)| Entry {
            key: Spanned::new(key.to_owned(), span),
            node: Node::new(span, Value::Scalar(text)),
        };
        Node::new(span, Value::Map(pairs.into_iter().map(entry).collect()))
    }

    fn span(&self, range: Range<usize>) -> Span {
        Span::new(self.file, range)
    }

    fn trimmed(&self, range: Range<usize>) -> Range<usize> {
        trimmed(self.text, range)
    }
}

fn trimmed(text: &str, range: Range<usize>) -> Range<usize> {
    let part = &text[range.clone()];
    let start = range.start + (part.len() - part.trim_start().len());
    start..(start + part.trim().len())
}

/// A block at the top level of some Markdown.
struct Piece {
    kind: Kind,
    range: Range<usize>,
    words: String,
}

enum Kind {
    Heading(HeadingLevel),
    Code(Block),
    Item,
    Other,
}

/// The blocks at the top level; the items of a top-level list are pieces of their own.
fn pieces(markdown: &str) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    let mut depth = 0_usize;
    let mut list_depth = None;
    for (event, range) in Parser::new_ext(markdown, Prose::OPTIONS).into_offset_iter() {
        match event {
            Event::Start(tag) => {
                let at_top = depth == 0 || (depth == 1 && list_depth == Some(0));
                if matches!(tag, Tag::List(_)) && depth == 0 {
                    list_depth = Some(0);
                } else if at_top {
                    pieces.push(Piece { kind: kind(&tag), range, words: String::new() });
                }
                depth += 1;
            }
            Event::End(tag) => {
                depth -= 1;
                if depth == 0 && matches!(tag, TagEnd::List(_)) {
                    list_depth = None;
                }
            }
            Event::Text(text) | Event::Code(text) => {
                if let Some(piece) = pieces.last_mut() {
                    match &mut piece.kind {
                        Kind::Code(block) => block.text.push_str(&text),
                        _ => piece.words.push_str(&text),
                    }
                }
            }
            _ if depth == 0 => pieces.push(Piece { kind: Kind::Other, range, words: String::new() }),
            _ => {}
        }
    }
    pieces
}

fn kind(tag: &Tag) -> Kind {
    match tag {
        Tag::Heading { level, .. } => Kind::Heading(*level),
        Tag::CodeBlock(CodeBlockKind::Fenced(info)) => {
            let lang = info.split([' ', ',']).next().unwrap_or_default().to_lowercase();
            Kind::Code(Block { lang, text: String::new() })
        }
        Tag::Item => Kind::Item,
        _ => Kind::Other,
    }
}

#[derive(Default)]
struct Step {
    text: Option<String>,
    run: Option<String>,
    undo: Option<String>,
    risk: Option<String>,
}

/// The first paragraph is the cause; what follows are the steps.
fn split_cause(body: &str) -> (Option<String>, Vec<Step>) {
    let Some(first) = pieces(body).into_iter().next().filter(|piece| matches!(piece.kind, Kind::Other))
    else {
        return (None, steps_of(body));
    };
    let rest = steps_of(&body[first.range.end..]);
    let words = body[first.range].trim().to_owned();
    match rest.is_empty() {
        // A single paragraph is the repair itself: `fix: text` in the YAML form.
        true => (None, vec![Step { text: Some(words), ..Step::default() }]),
        false => (Some(words), rest),
    }
}

/// List items and code blocks in order; a paragraph speaks for the code block after it.
fn steps_of(body: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut open = false;
    for piece in pieces(body) {
        let written = body[piece.range.clone()].trim();
        match piece.kind {
            Kind::Item => {
                steps.push(step_of(&dedented(written)));
                open = false;
            }
            Kind::Code(block) => {
                let script = block.script();
                match (steps.last_mut().filter(|_| open), script) {
                    (Some(step), Some(run)) => step.run = Some(run),
                    (Some(step), None) => {
                        let text = step.text.take().unwrap_or_default();
                        step.text = Some(format!("{text}\n\n{written}"));
                    }
                    (None, Some(run)) => steps.push(Step { run: Some(run), ..Step::default() }),
                    (None, None) => steps.push(Step { text: Some(written.to_owned()), ..Step::default() }),
                }
                open = false;
            }
            Kind::Heading(_) | Kind::Other => {
                steps.push(Step { text: Some(written.to_owned()), ..Step::default() });
                open = true;
            }
        }
    }
    steps
}

/// One list item: its text, its first script, and what stands behind `Risk:` and `Undo:`.
fn step_of(item: &str) -> Step {
    let (rest, run) = split_script(item);
    let (labels, text) = take_labels(&rest.unwrap_or_default(), &[("Risk:", "risk"), ("Undo:", "undo")]);
    let label = |key: &str| labels.iter().find(|(name, _)| *name == key).map(|(_, text)| text.clone());
    let undo = label("undo").map(|undo| undo.trim_matches('`').to_owned());
    Step { text: filled(&text), run, undo, risk: label("risk") }
}

/// Markdown without its first script block, and that script.
fn split_script(markdown: &str) -> (Option<String>, Option<String>) {
    let script = pieces(markdown).into_iter().find_map(|piece| match piece.kind {
        Kind::Code(block) => block.script().map(|run| (piece.range, run)),
        _ => None,
    });
    let Some((range, run)) = script else { return (filled(markdown), None) };
    let without = format!("{}\n\n{}", markdown[..range.start].trim_end(), markdown[range.end..].trim_start());
    (filled(&without), Some(run))
}

fn filled(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// A list item without its marker, and its further lines without the marker's width of blanks.
fn dedented(item: &str) -> String {
    let marker = item.len()
        - item.trim_start_matches(|c: char| c.is_ascii_digit() || "-*+.)".contains(c)).trim_start().len();
    let mut lines = item.split('\n');
    let first = lines.next().unwrap_or_default();
    let mut text = first.get(marker..).unwrap_or_default().to_owned();
    for line in lines {
        let blanks = line.len() - line.trim_start_matches(' ').len();
        text.push('\n');
        text.push_str(&line[blanks.min(marker)..]);
    }
    text
}

/// One `###` part, or one list item, of a section.
struct Subsection {
    title: Option<String>,
    body: String,
    run: Option<String>,
    range: Range<usize>,
}

/// The `###` parts of a section, or its list items where it has no such heading.
fn subsections(body: &str) -> Vec<Subsection> {
    let pieces = pieces(body);
    let heads: Vec<&Piece> =
        pieces.iter().filter(|piece| matches!(piece.kind, Kind::Heading(HeadingLevel::H3))).collect();
    if heads.is_empty() {
        let items = pieces.iter().filter(|piece| matches!(piece.kind, Kind::Item));
        return items
            .map(|item| subsection(None, dedented(body[item.range.clone()].trim()), item.range.clone()))
            .collect();
    }
    let ends = heads.iter().skip(1).map(|piece| piece.range.start).chain([body.len()]);
    heads
        .iter()
        .zip(ends)
        .map(|(head, end)| {
            let title = body[head.range.clone()].trim().trim_matches('#').trim().to_owned();
            let range = trimmed(body, head.range.start..end);
            subsection(Some(title), body[head.range.end..end].trim().to_owned(), range)
        })
        .collect()
}

fn subsection(title: Option<String>, body: String, range: Range<usize>) -> Subsection {
    let (_, run) = split_script(&body);
    Subsection { title, body, run, range }
}

/// The values of a wrong fix: the text (its heading, or what stands before the first label) and the labels.
fn labelled(part: &Subsection, labels: &[(&str, &'static str)]) -> Vec<(&'static str, String)> {
    let (without_script, _) = split_script(&part.body);
    let (mut pairs, rest) = take_labels(&without_script.unwrap_or_default(), labels);
    let text = match &part.title {
        Some(title) => format!("{title}\n\n{rest}"),
        None => rest,
    };
    pairs.extend(filled(&text).map(|text| ("text", text)));
    pairs
}

/// Splits lines that begin with a label off a text; a label's value reaches to the next label.
fn take_labels(text: &str, labels: &[(&str, &'static str)]) -> (Vec<(&'static str, String)>, String) {
    let mut pairs: Vec<(&'static str, String)> = Vec::new();
    let mut rest = String::new();
    let mut in_fence = false;
    let mut in_label = false;
    for line in text.lines() {
        let label = labels.iter().find_map(|(label, key)| Some((key, line.strip_prefix(label)?)));
        // A step may begin with its fence: `1. ```sh`.
        in_fence ^=
            line.trim_start_matches(|c: char| c.is_ascii_digit() || " .-".contains(c)).starts_with("```");
        in_label &= !is_block_start(line);
        match (label.filter(|_| !in_fence), pairs.last_mut()) {
            (Some((key, value)), _) => {
                pairs.push((key, value.trim().to_owned()));
                in_label = true;
            }
            (None, Some((_, value))) if in_label => {
                value.push('\n');
                value.push_str(line);
            }
            _ => {
                rest.push_str(line);
                rest.push('\n');
            }
        }
    }
    for (_, value) in &mut pairs {
        *value = value.trim().to_owned();
    }
    (pairs, rest.trim().to_owned())
}

/// A fence or a list item ends the value of a label: it is a step.
fn is_block_start(line: &str) -> bool {
    line.starts_with("```")
        || line.starts_with("- ")
        || line
            .split_once(". ")
            .is_some_and(|(number, _)| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}
