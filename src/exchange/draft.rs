//! A record in the making: fields as a format found them → a tree that this book can hold.
//!
//! In: fields, relations by the ids of the source, losses. Out: `Imported`: prose without links that lead nowhere,
//! no character that nobody sees, the required fields filled, and nothing that the parser would refuse.

use super::prose;
use super::{Imported, Loss, Skipped};
use crate::diag::{Diagnostic, Level};
use crate::model::{Prose, RecordId};
use crate::parse::shape::{Kind, RECORD};
use crate::parse::{self, Entry, Form, Node, Value, list_node, map_node, text_node};
use crate::text::{Source, Sources, is_invisible};
use std::collections::{BTreeMap, BTreeSet};

/// Why a link is taken out of a text.
const DEAD_LINK: &str = "a link leads nowhere from here";
/// What a title may take in lists and search results.
const MAX_TITLE: usize = 90;

/// A record in the making.
#[derive(Clone)]
pub struct Draft {
    /// The id that it came with.
    pub imported_id: String,
    /// Where it came from.
    pub source: String,
    fields: Vec<(String, Node)>,
    x: Vec<(String, Node)>,
    relations: Vec<Tie>,
    dropped: Vec<Loss>,
}

/// A link to another record, by the id that it came with.
#[derive(Clone)]
pub struct Relation {
    /// The list of `related` that it belongs to.
    pub kind: &'static str,
    /// The other record.
    pub to: String,
    /// What tells the two apart, for `confused_with`.
    pub tell: Option<String>,
    /// What the source calls it.
    pub title: Option<String>,
}

/// What stands in `related`, in the order of the source.
#[derive(Clone)]
enum Tie {
    /// Another record.
    Record(Relation),
    /// A failure that looks alike, of which there is no record.
    LookAlike(Node),
}

impl Draft {
    /// A record with nothing in it yet.
    pub fn new(imported_id: &str, source: &str) -> Draft {
        Draft {
            imported_id: imported_id.to_owned(),
            source: source.to_owned(),
            fields: Vec::new(),
            x: Vec::new(),
            relations: Vec::new(),
            dropped: Vec::new(),
        }
    }

    /// Fills a field; what is empty fills nothing.
    pub fn put(&mut self, key: &str, node: Node) {
        // An empty file or an empty line of output means something to a check.
        let node = if is_check(key) { Some(node) } else { filled(node) };
        if let Some(node) = node {
            self.fields.retain(|(name, _)| name != key);
            self.fields.push((key.to_owned(), node));
        }
    }

    /// Fills a field with a text.
    pub fn text(&mut self, key: &str, text: &str) {
        self.put(key, text_node(text.trim()));
    }

    /// Fills a field with several texts.
    pub fn texts(&mut self, key: &str, texts: impl IntoIterator<Item = impl AsRef<str>>) {
        self.put(key, list_node(texts.into_iter().map(|text| text_node(text.as_ref())).collect()));
    }

    /// Keeps a value that no field holds.
    pub fn extra(&mut self, key: &str, node: Node) {
        // The id that a record came with stands there already.
        if let Some(node) = filled(node).filter(|_| key != "imported_id") {
            self.x.retain(|(name, _)| name != key);
            self.x.push((key.to_owned(), node));
        }
    }

    /// Links to another record.
    pub fn relate(&mut self, relation: Relation) {
        self.relations.push(Tie::Record(relation));
    }

    /// Names a failure that looks alike, and of which there is no record.
    pub fn look_alike(&mut self, title: &str, tell: &str) {
        let node = map_node(vec![("title", text_node(title)), ("tell", text_node(tell))]);
        self.relations.push(Tie::LookAlike(node));
    }

    /// Notes what could not be carried over.
    pub fn lose(&mut self, reason: &'static str, what: impl Into<String>) {
        let loss = Loss { reason, what: what.into() };
        if !self.dropped.contains(&loss) {
            self.dropped.push(loss);
        }
    }

    /// Gives every link of a text its own target, so that parts of it can stand alone; notes those that lead nowhere.
    pub fn own_links(&mut self, markdown: &str) -> String {
        let (markdown, unlinked) = prose::without_dead_links(markdown, &|_| true);
        unlinked.into_iter().for_each(|link| self.lose(DEAD_LINK, link));
        markdown
    }

    /// Whether a field is filled.
    pub fn has(&self, key: &str) -> bool {
        self.field(key).is_some()
    }

    fn field(&self, key: &str) -> Option<&Node> {
        self.fields.iter().find(|(name, _)| name == key).map(|(_, node)| node)
    }

    fn words(&self, key: &str) -> Option<&str> {
        match &self.field(key)?.value {
            Value::Scalar(text) => Some(text),
            _ => None,
        }
    }

    /// The record, where there is one that reads back. `known` are the ids that `ids` leads to.
    pub fn finish(
        mut self,
        id: RecordId,
        ids: &BTreeMap<String, RecordId>,
        known: &BTreeSet<&RecordId>,
    ) -> Result<Imported, Skipped> {
        self.link(&id, ids);
        self.clean(known);
        loop {
            self.fill();
            let tree = self.tree();
            match first_error(&id, &tree) {
                None => {
                    let Draft { imported_id, source, dropped, .. } = self;
                    return Ok(Imported { id, imported_id, source, tree, dropped });
                }
                Some((Some(key), message)) if self.has(&key) => self.give_up(&key, &message),
                Some((Some(key), message)) if key == "x" && !self.x.is_empty() => {
                    self.x.clear();
                    self.lose("`x` cannot hold these values", message);
                }
                Some((_, reason)) => return Err(Skipped { source: self.source, reason }),
            }
        }
    }

    /// A value that its field cannot hold is kept beside the record, as it came.
    fn give_up(&mut self, key: &str, message: &str) {
        let Some(at) = self.fields.iter().position(|(name, _)| name == key) else { return };
        let (_, node) = self.fields.remove(at);
        self.extra(key, node);
        self.lose("a field cannot hold its value, which is kept in `x`", format!("`{key}`: {message}"));
    }

    fn tree(&self) -> Node {
        let mut imported_id = text_node(&self.imported_id);
        imported_id.quoted = true;
        let x = [("imported_id".to_owned(), imported_id)].into_iter().chain(self.x.clone());
        let x: Vec<(String, Node)> = x.collect();
        let x = map_node(x.iter().map(|(key, node)| (key.as_str(), node.clone())).collect());
        let fields = self.fields.iter().map(|(key, node)| (key.as_str(), node.clone()));
        map_node(fields.chain([("x", x)]).collect())
    }

    /// Relations become `related`, where the other record was imported as well.
    fn link(&mut self, own: &RecordId, ids: &BTreeMap<String, RecordId>) {
        let mut lists: BTreeMap<&str, Vec<Node>> = BTreeMap::new();
        let mut seen = BTreeSet::new();
        for tie in std::mem::take(&mut self.relations) {
            let relation = match tie {
                Tie::Record(relation) => relation,
                Tie::LookAlike(node) => {
                    lists.entry("confused_with").or_default().push(node);
                    continue;
                }
            };
            let Some(id) = ids.get(&relation.to) else {
                self.lose("a related record was not imported", relation.to);
                continue;
            };
            if id == own || !seen.insert((relation.kind, id)) {
                continue;
            }
            let node = match &relation.tell {
                Some(tell) => {
                    let mut entries = vec![("id", text_node(id.as_str()))];
                    entries.extend(relation.title.iter().map(|title| ("title", text_node(title))));
                    entries.push(("tell", text_node(tell)));
                    map_node(entries)
                }
                None => text_node(id.as_str()),
            };
            lists.entry(relation.kind).or_default().push(node);
        }
        let lists = lists.into_iter().map(|(kind, nodes)| (kind, list_node(nodes)));
        self.put("related", map_node(lists.collect()));
    }

    /// Takes out of every value what a record may not have.
    fn clean(&mut self, known: &BTreeSet<&RecordId>) {
        let mut cleaner = Cleaner { known, dropped: BTreeSet::new() };
        let kind_of = |key: &str| match RECORD.field(key) {
            Some(field) if !is_check(key) => field.kind,
            _ => Kind::Any,
        };
        for (key, node) in &mut self.fields {
            cleaner.clean(node, kind_of(key));
        }
        for (key, node) in &mut self.x {
            *key = cleaner.visible(key);
            cleaner.clean(node, Kind::Any);
        }
        self.fields = std::mem::take(&mut self.fields)
            .into_iter()
            .filter_map(|(key, node)| {
                let node = if is_check(&key) { node } else { filled(node)? };
                Some((key, node))
            })
            .collect();
        cleaner.dropped.into_iter().for_each(|loss| self.lose(loss.reason, loss.what));
    }

    /// What every record must say, from what this one says.
    fn fill(&mut self) {
        if !self.has("title") {
            let first = |key: &str| Some(Prose::new(self.words(key)?).first_sentence());
            let title = first("summary").or_else(|| first("symptom")).filter(|title| !title.is_empty());
            self.text("title", &title.unwrap_or_else(|| self.imported_id.clone()));
            self.lose("no title was given", "the first sentence or the id stands for it");
        }
        self.shorten_title();
        if !self.has("product") {
            self.text("product", "unknown");
            self.lose("no product was named", "it is written as `unknown`");
        }
        if !self.has("symptom") {
            let title = self.words("title").unwrap_or_default().to_owned();
            self.text("symptom", &prose::from_plain(&title));
            self.lose("no symptom was told", "the title stands for it");
        }
        self.summarise();
        if !self.has("fix") {
            self.fill_status();
        }
    }

    /// A symptom of code alone has no sentence from which a summary could be.
    fn summarise(&mut self) {
        let first =
            |key: &str| self.words(key).map(|text| Prose::new(text).first_sentence()).unwrap_or_default();
        if !self.has("summary") && first("symptom").is_empty() {
            let cause = first("root_cause");
            let title = self.words("title").unwrap_or_default().to_owned();
            self.text("summary", if cause.is_empty() { &title } else { &cause });
        }
    }

    fn fill_status(&mut self) {
        let state = match self.field("status").map(|node| &node.value) {
            Some(Value::Scalar(state)) => state.clone(),
            Some(Value::Map(_)) => {
                self.field("status").and_then(|node| node.member("state")).unwrap_or_default().to_owned()
            }
            _ => String::new(),
        };
        match state.as_str() {
            "open" => {}
            "withdrawn" | "deprecated" => self.text("fix", &format!("Nothing: this record is {state}.")),
            _ => {
                if !state.is_empty() {
                    self.lose("without a fix a record is open", format!("its status was `{state}`"));
                }
                self.text("status", "open");
            }
        }
    }

    /// A long title is cut at a word; the whole of it stands in the symptom, or becomes the summary.
    fn shorten_title(&mut self) {
        let title = self.words("title").unwrap_or_default().to_owned();
        let Some(short) = prose::shortened(&title, MAX_TITLE) else { return };
        self.text("title", &short);
        if self.words("symptom").is_some_and(|symptom| symptom.contains(&title)) {
            return;
        }
        if self.has("summary") {
            let symptom = self.words("symptom").unwrap_or_default();
            self.text("symptom", &format!("{}\n\n{symptom}", prose::from_plain(&title)));
        } else {
            self.text("summary", &title);
        }
    }
}

fn is_check(key: &str) -> bool {
    matches!(key, "check" | "verify")
}

/// The field of the first error in a record, and the error; no field where the record as a whole is at fault.
fn first_error(id: &RecordId, tree: &Node) -> Option<(Option<String>, String)> {
    let text = parse::write(tree, Form::Yaml);
    if text.len() as u64 > Source::MAX_BYTES {
        return Some((None, format!("the record would have {} bytes", text.len())));
    }
    let sources = Sources::single(format!("content/{id}.yaml").as_str().into(), &text);
    let (_, found) = parse::all(&sources, &[]);
    let error = found.into_iter().find(|found: &Diagnostic| found.level == Level::Error)?;
    let before = text.get(..error.span.start as usize).unwrap_or_default();
    let line_end = text[before.len()..].find('\n').map_or(text.len(), |at| before.len() + at);
    let is_key = |line: &&str| line.starts_with(|c: char| c.is_ascii_lowercase());
    let key = text[..line_end].lines().rev().find(is_key).and_then(|line| line.split(':').next());
    Some((key.map(str::to_owned), error.message))
}

/// The value without anything empty in it; `None` where nothing is left.
fn filled(node: Node) -> Option<Node> {
    let value = match node.value {
        Value::Null => return None,
        Value::Scalar(text) if text.trim().is_empty() => return None,
        Value::Scalar(text) => Value::Scalar(text),
        Value::List(items) => Value::List(items.into_iter().filter_map(filled).collect()),
        Value::Map(entries) => Value::Map(
            entries
                .into_iter()
                .filter_map(|entry| Some(Entry { node: filled(entry.node)?, ..entry }))
                .collect(),
        ),
    };
    let is_empty = value == Value::List(Vec::new()) || value == Value::Map(Vec::new());
    (!is_empty).then_some(Node { value, ..node })
}

/// Takes out what lint would refuse.
struct Cleaner<'i> {
    known: &'i BTreeSet<&'i RecordId>,
    dropped: BTreeSet<Loss>,
}

impl Cleaner<'_> {
    fn clean(&mut self, node: &mut Node, kind: Kind) {
        match (&mut node.value, kind) {
            (Value::Null, _) => {}
            (Value::Scalar(text), kind) => self.scalar(text, kind),
            (Value::List(items), Kind::List(of)) => items.iter_mut().for_each(|item| self.clean(item, *of)),
            (Value::List(items), kind) => items.iter_mut().for_each(|item| self.clean(item, kind)),
            (Value::Map(entries), kind) => {
                let kind = if let Kind::List(of) = kind { *of } else { kind };
                for entry in entries {
                    entry.key.value = self.visible(&entry.key.value);
                    let of = match kind {
                        Kind::Map(shape) => {
                            shape.field(&entry.key.value).map_or(Kind::Any, |field| field.kind)
                        }
                        _ => Kind::Any,
                    };
                    self.clean(&mut entry.node, of);
                }
            }
        }
    }

    fn scalar(&mut self, text: &mut String, kind: Kind) {
        *text = self.visible(text);
        match kind {
            Kind::Prose => {
                let (kept, unlinked) = prose::without_dead_links(text, &|id| self.known.contains(id));
                *text = kept;
                for link in unlinked {
                    self.dropped.insert(Loss { reason: DEAD_LINK, what: link });
                }
            }
            // What a program printed may have two blanks, and keeps them.
            Kind::Line if !text.contains('\n') => *text = text.trim().to_owned(),
            Kind::Line | Kind::Day | Kind::Url | Kind::Id | Kind::Word(_) => {
                *text = text.split_whitespace().collect::<Vec<_>>().join(" ");
            }
            Kind::List(of) => self.scalar(text, *of),
            Kind::Map(shape) => {
                let alone = shape.text_is.and_then(|key| shape.field(key));
                if let Some(field) = alone {
                    self.scalar(text, field.kind);
                }
            }
            _ => {}
        }
    }

    fn visible(&mut self, text: &str) -> String {
        if !text.contains(is_invisible) && !text.contains('\r') {
            return text.to_owned();
        }
        for c in text.chars().filter(|c| is_invisible(*c)) {
            let what = format!("U+{:04X}", u32::from(c));
            self.dropped.insert(Loss { reason: "a character that nobody sees", what });
        }
        text.replace("\r\n", "\n").replace('\r', "\n").replace(is_invisible, "")
    }
}
