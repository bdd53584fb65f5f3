//! The names that hold inside one verifier, and the texts that are read under them.
//!
//! In: nodes. Out: texts with their very characters, templates whose names stand for something, paths that stay
//! where they belong; findings for everything else.
//! Not here: which key takes which kind of text (`verifier.rs` and its neighbours).

use super::check;
use super::tree::{Entry, Node, Value};
use crate::diag::{Code, Diagnostic, nearest};
use crate::model::{Pattern, Sandbox, Template, Words};
use crate::text::{Span, Spanned};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::{Range, RangeInclusive};
use std::time::Duration;

/// Each one takes time and memory to compile.
const MAX_PATTERNS: usize = 50;
/// Findings compare what is written with every name that there is.
const MAX_NAMES: usize = 100;

/// What is known of a verifier while it is read.
pub struct Scope<'f> {
    /// What is wrong.
    pub found: &'f mut Vec<Diagnostic>,
    /// What could be better.
    pub doubts: Vec<Diagnostic>,
    /// Inputs, and whether they are secret.
    pub inputs: BTreeMap<String, bool>,
    /// Declared programs.
    pub tools: BTreeSet<String>,
    /// Services.
    pub services: BTreeSet<String>,
    /// What programs may do.
    pub sandbox: Sandbox,
    /// The steps that have been read, with the places of their ids.
    pub steps: BTreeMap<String, Span>,
    /// Values that these steps capture: the step, and whether it is secret.
    pub captures: BTreeMap<String, (String, bool)>,
    /// The steps on which something depends.
    pub used: BTreeSet<String>,
    /// Inputs that states give.
    pub given: BTreeSet<String>,
    /// Inputs that states use.
    pub asked: Vec<Spanned<String>>,
    /// How many regular expressions have been read.
    pub n_patterns: usize,
}

/// Where a text stands, which says what may stand in it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// An argument of a program.
    Argument,
    /// The path and query of an address.
    Address,
    /// A variable, a header, a body, a path of a file, a port, a value to compare with.
    Value,
    /// What a service answers.
    Reply,
    /// A file, a variable or an argument of a state: whatever is no template there is part of the text.
    Fixture,
    /// A script, in which `${…}` is the shell's.
    Script,
    /// What has to be known before anything runs.
    Fixed,
}

const ROOTS: [&str; 10] =
    ["input", "cap", "secret", "service", "subject", "scratch", "home", "self", "fake", "query"];

impl<'f> Scope<'f> {
    /// Nothing is known yet.
    pub fn new(found: &'f mut Vec<Diagnostic>) -> Scope<'f> {
        Scope {
            found,
            doubts: Vec::new(),
            inputs: BTreeMap::new(),
            tools: BTreeSet::new(),
            services: BTreeSet::new(),
            sandbox: Sandbox::default(),
            steps: BTreeMap::new(),
            captures: BTreeMap::new(),
            used: BTreeSet::new(),
            given: BTreeSet::new(),
            asked: Vec::new(),
            n_patterns: 0,
        }
    }

    /// Notes what is wrong, and what to write instead.
    pub fn error(&mut self, code: Code, span: Span, message: impl Into<String>, hint: impl Into<String>) {
        self.found.push(Diagnostic::error(code, span, message).hint(hint));
    }

    /// Notes what could be better.
    pub fn doubt(&mut self, code: Code, span: Span, message: impl Into<String>, hint: impl Into<String>) {
        self.doubts.push(Diagnostic::warning(code, span, message).hint(hint));
    }

    /// Notes a name that nothing has.
    pub fn unknown<'n>(
        &mut self,
        code: Code,
        written: &Spanned<String>,
        what: &str,
        names: impl IntoIterator<Item = &'n str>,
    ) {
        let names: Vec<&str> = names.into_iter().collect();
        let hint = match nearest(&written.value, names.iter().copied()) {
            Some(name) => format!("the nearest name is `{name}`"),
            None if names.is_empty() => "none is declared".to_owned(),
            None => format!("there are {}", names.iter().take(12).copied().collect::<Vec<_>>().join(", ")),
        };
        let message = format!("no {what} is called `{}`", written.value);
        self.found.push(Diagnostic::error(code, written.span, message).hint(hint));
    }

    /// The characters of a scalar, which may be none at all.
    pub fn exact(&mut self, node: &Node, what: &str) -> Option<Spanned<String>> {
        match &node.value {
            Value::Scalar(text) => return Some(Spanned::new(text.clone(), node.span)),
            Value::Null => {
                let message = format!("nothing stands behind {what}");
                self.error(Code::EmptyValue, node.span, message, "an empty text is written `\"\"`");
            }
            _ => {
                let message = format!("{what} is a text, and this is {}", node.kind());
                self.error(Code::WrongType, node.span, message, "it is written as one text");
            }
        }
        None
    }

    /// A text that says something, for people.
    pub fn words(&mut self, node: &Node, what: &str) -> Option<String> {
        let text = self.exact(node, what)?;
        if text.value.trim().is_empty() {
            self.error(Code::EmptyValue, node.span, format!("{what} is blank"), "it says something");
            return None;
        }
        Some(text.value.trim().to_owned())
    }

    /// A text that is known before anything runs.
    pub fn fixed(&mut self, node: &Node, what: &str) -> Option<Spanned<String>> {
        let text = self.exact(node, what)?;
        if text.value.trim().is_empty() {
            self.error(Code::EmptyValue, node.span, format!("{what} is blank"), "it says something");
            return None;
        }
        self.check_templates(node, &text.value, Place::Fixed);
        Some(text)
    }

    /// `a-z`, digits and `_`, beginning with a letter.
    pub fn name(&mut self, name: &Spanned<String>, what: &str) -> Option<String> {
        let fits = name.value.starts_with(|c: char| c.is_ascii_lowercase())
            && name.value.len() <= 64
            && name
                .value
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        if !fits {
            let message = format!("`{}` cannot be the name of {what}", name.value);
            let hint =
                "a name is made of `a-z`, digits and `_`, begins with a letter, and has at most 64 bytes";
            self.error(Code::BadId, name.span, message, hint);
        }
        fits.then(|| name.value.clone())
    }

    /// The name of a variable of the environment.
    pub fn variable(&mut self, name: &Spanned<String>) -> Option<String> {
        let fits = name.value.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.value.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if !fits {
            let message = format!("`{}` cannot be the name of a variable", name.value);
            let hint = "a variable is made of letters, digits and `_`, and begins with no digit";
            self.error(Code::WrongType, name.span, message, hint);
        }
        fits.then(|| name.value.clone())
    }

    /// Text with templates.
    pub fn template(&mut self, node: &Node, what: &str, place: Place) -> Option<Template> {
        let text = self.exact(node, what)?;
        self.check_templates(node, &text.value, place);
        Some(Template(text.value))
    }

    /// The members of a map whose keys are free.
    pub fn table<'n>(&mut self, node: &'n Node, what: &str) -> &'n [Entry] {
        match &node.value {
            Value::Map(entries) => entries,
            _ => {
                let message = format!("{what} is a map, and this is {}", node.kind());
                self.error(Code::WrongType, node.span, message, "it is written as lines of `key: value`");
                &[]
            }
        }
    }

    /// The members of a map whose keys others can name.
    pub fn names<'n>(&mut self, node: &'n Node, what: &str) -> &'n [Entry] {
        let entries = self.table(node, what);
        let Some(one_more) = entries.get(MAX_NAMES) else { return entries };
        let message = format!("{what} has {} members", entries.len());
        self.error(Code::TooLarge, one_more.key.span, message, format!("it has at most {MAX_NAMES}"));
        &entries[..MAX_NAMES]
    }

    /// The items of a list, which may be empty.
    pub fn list<'n>(&mut self, node: &'n Node, what: &str) -> &'n [Node] {
        match &node.value {
            Value::List(items) => items,
            _ => {
                let message = format!("{what} is a list, and this is {}", node.kind());
                self.error(Code::WrongType, node.span, message, "it is written `[one, two]`");
                &[]
            }
        }
    }

    /// The items of a list that has some.
    pub fn some<'n>(&mut self, node: &'n Node, what: &str) -> &'n [Node] {
        let items = self.list(node, what);
        if matches!(&node.value, Value::List(items) if items.is_empty()) {
            self.error(Code::EmptyValue, node.span, format!("{what} is empty"), "it has at least one item");
        }
        items
    }

    /// A list of texts that are known before anything runs.
    pub fn texts(&mut self, node: &Node, what: &str) -> Vec<Spanned<String>> {
        let items = self.list(node, what);
        self.each_text(items, what)
    }

    /// Such a list that has some.
    pub fn some_texts(&mut self, node: &Node, what: &str) -> Vec<Spanned<String>> {
        let items = self.some(node, what);
        self.each_text(items, what)
    }

    fn each_text(&mut self, items: &[Node], what: &str) -> Vec<Spanned<String>> {
        items.iter().filter_map(|item| self.fixed(item, &format!("an item of {what}"))).collect()
    }

    /// Further variables, by name.
    pub fn variables(&mut self, node: &Node, what: &str, place: Place) -> BTreeMap<String, Template> {
        let mut variables = BTreeMap::new();
        for entry in self.table(node, what) {
            let name = self.variable(&entry.key);
            let value = self.template(&entry.node, &format!("`{}`", entry.key.value), place);
            variables.extend(name.zip(value));
        }
        variables
    }

    /// Headers, by name.
    pub fn headers(&mut self, node: &Node, place: Place) -> BTreeMap<String, Template> {
        let mut headers = BTreeMap::new();
        for entry in self.table(node, "`headers`") {
            let name = &entry.key.value;
            let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
            if name.is_empty() || !name.bytes().all(is_token) {
                let message = format!("`{name}` cannot be the name of a header");
                self.error(
                    Code::WrongType,
                    entry.key.span,
                    message,
                    "a header is made of letters, digits and `-`",
                );
            }
            let value = self.template(&entry.node, &format!("`{name}`"), place);
            headers.extend(value.map(|value| (name.clone(), value)));
        }
        headers
    }

    /// Files with their texts.
    pub fn files(&mut self, node: &Node, what: &str, place: Place) -> BTreeMap<String, Template> {
        let mut files = BTreeMap::new();
        for entry in self.table(node, what) {
            let path = self.path(&entry.key);
            let text = self.template(&entry.node, &format!("`{}`", entry.key.value), place);
            files.extend(path.zip(text));
        }
        files
    }

    /// A path or pattern that stays below its root.
    pub fn path(&mut self, path: &Spanned<String>) -> Option<String> {
        if escapes(&path.value) {
            let message = format!("`{}` leads out of its folder", path.value);
            let hint = "a path is relative, with `/` between its parts, and has no `..`";
            self.error(Code::PathEscapes, path.span, message, hint);
            return None;
        }
        Some(path.value.clone())
    }

    /// A list of such paths.
    pub fn paths(&mut self, node: &Node, what: &str) -> Vec<String> {
        self.texts(node, what).iter().filter_map(|path| self.path(path)).collect()
    }

    /// A regular expression. It is never a template.
    pub fn pattern(&mut self, node: &Node, what: &str) -> Option<Pattern> {
        let text = self.exact(node, what)?;
        self.n_patterns += 1;
        if self.n_patterns > MAX_PATTERNS {
            if self.n_patterns == MAX_PATTERNS + 1 {
                let message = "there are too many regular expressions in this verifier";
                let hint = format!("a verifier has at most {MAX_PATTERNS}");
                self.error(Code::TooLarge, node.span, message, hint);
            }
            return None;
        }
        check::pattern(&text, self.found)
    }

    /// A JSONPath.
    pub fn query(&mut self, node: &Node) -> Option<String> {
        let query = self.fixed(node, "`query`")?;
        if !query.value.starts_with('$') {
            let message = format!("`{}` is not a JSONPath", query.value);
            self.error(Code::WrongType, query.span, message, "a JSONPath begins with `$`, such as `$.name`");
            return None;
        }
        Some(query.value)
    }

    /// `true` or `false`, without quotes.
    pub fn flag(&mut self, node: &Node, what: &str) -> Option<bool> {
        let flag = match &node.value {
            Value::Scalar(text) if !node.quoted => text.parse().ok(),
            _ => None,
        };
        if flag.is_none() {
            let message = format!("{what} is neither `true` nor `false`");
            self.error(Code::WrongType, node.span, message, "it is one of the two, without quotes");
        }
        flag
    }

    /// A whole number, without quotes.
    pub fn number(&mut self, node: &Node, what: &str, range: RangeInclusive<u64>) -> Option<u64> {
        let number = match &node.value {
            Value::Scalar(text) if !node.quoted => text.parse().ok(),
            _ => None,
        };
        let number = number.filter(|number| range.contains(number));
        if number.is_none() {
            let message = format!("this is no number for {what}");
            let hint = format!("it is a whole number from {} to {}", range.start(), range.end());
            self.error(Code::WrongType, node.span, message, hint);
        }
        number
    }

    /// One of a set of words.
    pub fn word<T: Words>(&mut self, node: &Node, what: &str) -> Option<T> {
        let written = self.exact(node, what)?;
        let found = T::WORDS.iter().find(|(word, _)| *word == written.value).map(|(_, value)| *value);
        if found.is_none() {
            let words: Vec<&str> = T::WORDS.iter().map(|(word, _)| *word).collect();
            let hint = match nearest(&written.value, words.iter().copied()) {
                Some(word) => format!("the nearest word is `{word}`"),
                None => format!("it is one of {}", words.join(", ")),
            };
            let message = format!("`{}` is no word for {what}", written.value);
            self.error(Code::UnknownValue, written.span, message, hint);
        }
        found
    }

    /// How long something may take.
    pub fn duration(&mut self, node: &Node, what: &str) -> Option<Duration> {
        let written = self.exact(node, what)?;
        check::duration(&written, self.found)
    }

    /// Notes every template that may not stand here, and every one that stands for nothing.
    pub fn check_templates(&mut self, node: &Node, text: &str, place: Place) {
        for (range, name) in references(text) {
            let span = part(node, text, range);
            let (root, rest) = name.split_once('.').map_or((name, None), |(root, rest)| (root, Some(rest)));
            let is_ours = ROOTS.contains(&root);
            match place {
                Place::Fixture if root == "input" => {
                    self.asked.extend(rest.map(|input| Spanned::new(input.to_owned(), span)));
                }
                Place::Fixture => {}
                Place::Script if !is_ours || rest.is_none() => {}
                Place::Script | Place::Fixed if is_ours => self.misplaced(span, name, place),
                Place::Script | Place::Fixed => {}
                _ => self.check_reference(&Spanned::new(name.to_owned(), span), (root, rest), place),
            }
        }
    }

    fn misplaced(&mut self, span: Span, name: &str, place: Place) {
        let hint = match place {
            Place::Script => "values reach a script as variables of its `env`",
            _ => "what stands here is written out, so that it is known before anything runs",
        };
        self.error(Code::TemplateNotAllowed, span, format!("`${{{name}}}` may not stand here"), hint);
    }

    fn check_reference(&mut self, written: &Spanned<String>, name: (&str, Option<&str>), place: Place) {
        let span = written.span;
        match name {
            ("subject" | "scratch" | "home", None) => {}
            ("input", Some(input)) => match self.inputs.get(input) {
                None => self.unknown_member(span, "input", input),
                Some(true) => self.secret_as_input(span, input),
                Some(false) => {}
            },
            ("secret", Some(input)) => match self.inputs.get(input) {
                Some(true) => self.check_secret(span, &written.value, place),
                _ => self.unknown_member(span, "secret input", input),
            },
            ("cap", Some(capture)) => match self.captures.get(capture).cloned() {
                None => self.unknown_member(span, "captured value", capture),
                Some((step, secret)) => {
                    self.used.insert(step);
                    if secret {
                        self.check_secret(span, &written.value, place);
                    }
                }
            },
            ("service", Some(member)) => {
                let (service, of) = member.rsplit_once('.').unwrap_or((member, ""));
                if !self.services.contains(service) {
                    self.unknown_member(span, "service", service);
                } else if !["url", "port"].contains(&of) {
                    let hint = format!("a service has `${{service.{service}.url}}` and `….port`");
                    self.unknown_template(span, &written.value, &hint);
                }
            }
            ("self", Some(tool)) if self.tools.contains(tool) => {}
            ("self", Some(tool)) => self.undeclared(&Spanned::new(tool.to_owned(), span)),
            ("fake", Some(_)) if place == Place::Reply || !self.services.is_empty() => {}
            ("fake", Some(_)) => {
                let hint = "only steps beside `services` use values that are made for a run";
                self.unknown_template(span, &written.value, hint);
            }
            ("query", Some(_)) if place == Place::Reply => {}
            ("query", Some(_)) => {
                self.unknown_template(span, &written.value, "only replies of services know a request");
            }
            (root, _) => {
                let hint = match nearest(root, ROOTS) {
                    Some(name) => format!("the nearest name is `{name}`"),
                    None => format!("templates begin with {}", ROOTS.join(", ")),
                };
                self.unknown_template(span, &written.value, &hint);
            }
        }
    }

    fn unknown_template(&mut self, span: Span, name: &str, hint: &str) {
        let message = format!("`${{{name}}}` stands for nothing here");
        self.error(Code::UnknownTemplate, span, message, hint);
    }

    fn unknown_member(&mut self, span: Span, what: &str, name: &str) {
        let hint = match what {
            "captured value" => "a step before this one has it in `capture`",
            "service" => "services are declared in `services`",
            "secret input" => "a secret is declared in `inputs` with `env` and `secret: true`",
            _ => "inputs are declared in `inputs`",
        };
        self.error(Code::UnknownTemplate, span, format!("no {what} is called `{name}`"), hint);
    }

    fn secret_as_input(&mut self, span: Span, input: &str) {
        let hint = format!("it is written `${{secret.{input}}}`, in a header, a body or a variable");
        self.error(Code::SecretInArguments, span, format!("the input `{input}` is secret"), hint);
    }

    fn check_secret(&mut self, span: Span, name: &str, place: Place) {
        if matches!(place, Place::Argument | Place::Address) {
            let message = format!("`${{{name}}}` is secret, and others can read what stands here");
            let hint = "a secret stands in a variable, a header or a body";
            self.error(Code::SecretInArguments, span, message, hint);
        }
    }

    /// Notes a program that is not declared.
    pub fn undeclared(&mut self, program: &Spanned<String>) {
        let message = format!("`{}` is not declared", program.value);
        let hint = match nearest(&program.value, self.tools.iter().map(String::as_str)) {
            Some(name) => format!("the nearest declared program is `{name}`"),
            None => format!("`requires: {{tools: {{{}: \"*\"}}}}` declares it", program.value),
        };
        self.error(Code::ProgramNotDeclared, program.span, message, hint);
    }
}

/// Whether a path or pattern could lead out of the folder in which it stands.
fn escapes(path: &str) -> bool {
    path.is_empty()
        || path.starts_with(['/', '~'])
        || path.contains(['\\', '\0'])
        || path.as_bytes().get(1) == Some(&b':')
        || path.split(['/', '{', '}', ',']).any(|part| part == "..")
}

/// Every `${name}` of a text whose name begins with a small letter: anything else belongs to somebody else's syntax.
fn references(text: &str) -> Vec<(Range<usize>, &str)> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices("${") {
        let inside = &text[at + 2..];
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_.+-".contains(&byte);
        let length = inside.bytes().take_while(|byte| allowed(*byte)).count();
        if inside.starts_with(|c: char| c.is_ascii_lowercase()) && inside[length..].starts_with('}') {
            found.push((at..at + length + 3, &inside[..length]));
        }
    }
    found
}

/// The place of a part of a scalar, or all of it where it is not written as it reads.
fn part(node: &Node, text: &str, range: Range<usize>) -> Span {
    let written = node.span.range().len();
    let before = match written.checked_sub(text.len()) {
        Some(0) => 0,
        Some(2) if node.quoted => 1,
        _ => return node.span,
    };
    let start = node.span.start as usize + before + range.start;
    Span::new(node.span.file, start..start + range.len())
}
