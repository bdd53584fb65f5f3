//! Every place where a book names a record, for those who rename it.
//!
//! Places are found by what was read, not by searching for the word: a script that prints an id is no reference.

use super::UsageError;
use crate::model::{LinkTarget, Prose, RecordId};
use crate::parse::shape::{Kind, RECORD};
use crate::parse::{self, Entry, Form, Node, Parsed, ParsedRecord, Value};
use crate::text::{FileId, Source, Sources, Span};
use camino::Utf8Path;
use pulldown_cmark::{Event, LinkType, Parser, Tag};

/// Bytes of a file, and what stands there afterwards.
pub struct Edit {
    pub span: Span,
    pub text: String,
}

/// What is renamed.
pub struct References<'s> {
    pub sources: &'s Sources,
    pub old: &'s RecordId,
    pub new: &'s RecordId,
}

impl References<'_> {
    /// Every edit of a rename: the references, the results, and the alias of the record itself.
    pub fn all(&self, parsed: &Parsed, moved: &ParsedRecord) -> anyhow::Result<Vec<Edit>> {
        let mut edits = Vec::new();
        for record in &parsed.records {
            self.ids(record, &mut edits)?;
            self.record_proses(record.file, &mut edits)?;
        }
        for guide in &parsed.guides {
            self.links_in_body(guide.file, &mut edits)?;
        }
        self.own_file(moved, &mut edits)?;
        edits.extend(self.results());
        Ok(edits)
    }

    fn edit(&self, span: Span) -> Edit {
        Edit { span, text: self.new.to_string() }
    }

    /// A place that says the id in another way, such as with escapes, is for people to change.
    fn refuse(&self, span: Span) -> anyhow::Error {
        let source = self.sources.get(span.file);
        let (line, column) = source.line_column(span.start);
        UsageError::with_hint(
            format!(
                "`{}` is named at {}:{line}:{column} in a way that cannot be changed",
                self.old, source.path
            ),
            "nothing was changed; written plainly there, it can be",
        )
    }

    /// `related` and `see_instead`.
    fn ids(&self, record: &ParsedRecord, edits: &mut Vec<Edit>) -> anyhow::Result<()> {
        let confused = record.confused_with.iter().filter_map(|confusion| confusion.value.id.as_ref());
        let links = [&record.leads_to, &record.caused_by, &record.see_also, &record.supersedes];
        let all = confused.chain(links.into_iter().flatten()).chain(&record.see_instead);
        for id in all.filter(|id| id.value == *self.old) {
            edits.push(self.whole(id.span)?);
        }
        Ok(())
    }

    /// The edit of a scalar that is the id, in quotes or without.
    fn whole(&self, span: Span) -> anyhow::Result<Edit> {
        let written = self.sources.slice(span);
        if written.trim_matches(['"', '\'']) != self.old.as_str() {
            return Err(self.refuse(span));
        }
        let start = span.start as usize + written.find(self.old.as_str()).unwrap_or_default();
        Ok(self.edit(Span::new(span.file, start..start + self.old.as_str().len())))
    }

    fn record_proses(&self, file: FileId, edits: &mut Vec<Edit>) -> anyhow::Result<()> {
        let source = self.sources.get(file);
        let tree = parse::tree(file, source).map_err(|_| unreadable(&source.path, self.old))?;
        let end = body_start(source).unwrap_or(source.text.len());
        let mut proses = Vec::new();
        collect(&tree, Kind::Map(&RECORD), &mut proses);
        for (text, span) in proses.into_iter().filter(|(_, span)| (span.start as usize) < end) {
            for at in self.links(text) {
                edits.push(self.nth_mention(text, at, span)?);
            }
        }
        self.links_in_body(file, edits)
    }

    /// The links in what stands under the front matter, which is Markdown as it is.
    fn links_in_body(&self, file: FileId, edits: &mut Vec<Edit>) -> anyhow::Result<()> {
        let source = self.sources.get(file);
        let Some(start) = body_start(source) else { return Ok(()) };
        for at in self.links(&source.text[start..]) {
            let at = start + at;
            edits.push(self.edit(Span::new(file, at..at + self.old.as_str().len())));
        }
        Ok(())
    }

    /// Where the links of a text name the record, as byte offsets of the id.
    fn links(&self, markdown: &str) -> Vec<usize> {
        let old = self.old.as_str();
        let is_ours = |url: &str| LinkTarget::of(url) == Some(LinkTarget::Record(self.old.clone()));
        let after = |start: usize, mark: &str, whole: &str| {
            let from = whole.rfind(mark)? + mark.len();
            Some(start + from + whole[from..].find(old)?)
        };
        let parser = Parser::new_ext(markdown, Prose::OPTIONS);
        let definitions = parser.reference_definitions().iter();
        let mut found: Vec<usize> = definitions
            .filter(|(_, definition)| is_ours(&definition.dest))
            .filter_map(|(_, definition)| {
                after(definition.span.start, "]:", &markdown[definition.span.clone()])
            })
            .collect();
        found.extend(parser.into_offset_iter().filter_map(|(event, range)| match event {
            Event::Start(Tag::Link { link_type: LinkType::Inline, dest_url, .. }) if is_ours(&dest_url) => {
                after(range.start, "](", &markdown[range])
            }
            _ => None,
        }));
        found
    }

    /// The place in a file of a mention in a scalar: the same one of as many, since indentation and folding add none.
    fn nth_mention(&self, text: &str, at: usize, span: Span) -> anyhow::Result<Edit> {
        let old = self.old.as_str();
        let nth = text.match_indices(old).position(|(mention, _)| mention == at);
        let written: Vec<usize> = self.sources.slice(span).match_indices(old).map(|(at, _)| at).collect();
        match nth.and_then(|nth| written.get(nth)) {
            Some(at) if written.len() == text.matches(old).count() => {
                let start = span.start as usize + at;
                Ok(self.edit(Span::new(span.file, start..start + old.len())))
            }
            _ => Err(self.refuse(span)),
        }
    }

    /// The record's own `id`, where it is written, and the alias under which its former address leads on.
    fn own_file(&self, moved: &ParsedRecord, edits: &mut Vec<Edit>) -> anyhow::Result<()> {
        let source = self.sources.get(moved.file);
        let tree = parse::tree(moved.file, source);
        let Ok(Node { value: Value::Map(entries), span, .. }) = &tree else {
            return Err(unreadable(&source.path, self.old));
        };
        let end = body_start(source).unwrap_or(source.text.len());
        let fields: Vec<&Entry> =
            entries.iter().filter(|entry| (entry.key.span.start as usize) < end).collect();
        let field = |key: &str| fields.iter().find(|entry| entry.key.value == key);
        if let Some(id) = field("id") {
            edits.push(self.whole(id.node.span)?);
        }
        match field("aliases") {
            Some(aliases) => edits.extend(self.longer_list(&aliases.node)),
            None => edits.push(self.new_field(source, *span, &fields)),
        }
        Ok(())
    }

    /// One more item of `aliases`, in the way in which the others are written.
    fn longer_list(&self, list: &Node) -> Vec<Edit> {
        let insert = |at: usize, text: String| Edit { span: Span::new(list.span.file, at..at), text };
        let old = self.old;
        match &list.value {
            Value::List(items) => {
                let Some(last) = items.last() else { return Vec::new() };
                if self.sources.slice(list.span).starts_with('[') {
                    return vec![insert(last.span.end as usize, format!(", {old}"))];
                }
                let text = &self.sources.get(last.span.file).text;
                let start = text[..last.span.start as usize].rfind('\n').map_or(0, |at| at + 1);
                let dash = &text[start..last.span.start as usize];
                let (end, line_break) = line_end(text, last.span.end as usize);
                vec![insert(end, format!("{line_break}{dash}{old}"))]
            }
            _ => {
                let place = list.span.range();
                vec![insert(place.start, "[".to_owned()), insert(place.end, format!(", {old}]"))]
            }
        }
    }

    /// A line for `aliases`, after the last field that comes before it in the order of writing.
    fn new_field(&self, source: &Source, root: Span, fields: &[&Entry]) -> Edit {
        let place = |key: &str| RECORD.fields.iter().position(|field| field.key == key);
        let before = fields.iter().filter(|entry| place(&entry.key.value) < place("aliases"));
        let text = &source.text;
        let insert = |at: usize, text: String| Edit { span: Span::new(root.file, at..at), text };
        if text[root.range()].starts_with('{') {
            return insert(root.start as usize + 1, format!("aliases: [{}], ", self.old));
        }
        // Where no field comes before it, that is the line of dashes in Markdown, or the top.
        let after = before.map(|entry| entry.node.span.end as usize).max();
        let after = after.or_else(|| body_start(source).map(|_| 0));
        match after {
            Some(after) => {
                let (end, line_break) = line_end(text, after);
                insert(end, format!("{line_break}aliases: [{}]", self.old))
            }
            None => insert(root.start as usize, format!("aliases: [{}]\n", self.old)),
        }
    }

    /// The record's lines in `results.jsonl`.
    fn results(&self) -> Vec<Edit> {
        let name = Utf8Path::new(crate::RESULTS_FILE);
        let Some((file, source)) = self.sources.iter().find(|(_, source)| source.path == name) else {
            return Vec::new();
        };
        let mut edits = Vec::new();
        let mut start = 0;
        for line in source.text.split_inclusive('\n') {
            let value: Option<serde_json::Value> = serde_json::from_str(line).ok();
            let is_ours = value.is_some_and(|value| value["id"] == self.old.as_str());
            let quoted = format!("\"{}\"", self.old);
            let at = line.find("\"id\"").and_then(|at| Some(at + line[at..].find(&quoted)? + 1));
            if let Some(at) = at.filter(|_| is_ours) {
                let at = start + at;
                edits.push(self.edit(Span::new(file, at..at + self.old.as_str().len())));
            }
            start += line.len();
        }
        edits
    }
}

/// A file that cannot be read whole may name the record where nobody sees it.
pub fn unreadable(path: &Utf8Path, old: &RecordId) -> anyhow::Error {
    let message = format!("`{path}` cannot be read, and may name `{old}`");
    UsageError::with_hint(message, "`faultbook lint` shows what is wrong with it")
}

/// The end of the line on which a byte stands, without its line break, and how lines break there.
fn line_end(text: &str, at: usize) -> (usize, &'static str) {
    let end = text[at..].find('\n').map_or(text.len(), |length| at + length);
    if text[..end].ends_with('\r') { (end - 1, "\r\n") } else { (end, "\n") }
}

/// Every prose of a tree with its place.
fn collect<'n>(node: &'n Node, kind: Kind, proses: &mut Vec<(&'n str, Span)>) {
    match (kind, &node.value) {
        (Kind::Prose, Value::Scalar(text)) => proses.push((text, node.span)),
        (Kind::List(of), Value::List(items)) => items.iter().for_each(|item| collect(item, *of, proses)),
        (Kind::List(of), _) => collect(node, *of, proses),
        (Kind::Map(shape), Value::Map(entries)) => {
            for entry in entries {
                let kind = shape.field(&entry.key.value).map_or(Kind::Any, |field| field.kind);
                collect(&entry.node, kind, proses);
            }
        }
        (Kind::Map(shape), Value::Scalar(_)) => {
            if let Some(field) = shape.text_is.and_then(|key| shape.field(key)) {
                collect(node, field.kind, proses);
            }
        }
        _ => {}
    }
}

/// Where the Markdown under the front matter begins; `None` for a file of the YAML form.
fn body_start(source: &Source) -> Option<usize> {
    Form::of(&source.path).filter(|form| *form == Form::Markdown)?;
    let mut at = 0;
    for (nth, line) in source.text.split_inclusive('\n').enumerate() {
        at += line.len();
        if nth > 0 && line.trim_end() == "---" {
            return Some(at);
        }
    }
    None
}
