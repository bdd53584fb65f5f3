//! What a record's maps may hold: every key with its kind and its meaning, in the order of writing.
//!
//! In: nothing. Out: tables, from which reading knows unknown keys, `fmt` its order, and `schema` its text.
//! Not here: how a value becomes a type (`record.rs`), which records need which fields (`lint`).

use crate::model::{Audience, ColourScheme, Outcome, RuleLevel, RunKind, Words};
use crate::parse::ParsedStatus;
pub use crate::parse::verifier_shape::{CONDITION, MATCHER, VERIFIER};

/// The keys of one kind of map.
pub struct Shape {
    /// What messages call it, such as `a wrong fix`.
    pub name: &'static str,
    /// The key that a text alone stands for, where that is allowed.
    pub text_is: Option<&'static str>,
    /// The keys, in the order of writing.
    pub fields: &'static [Field],
}

/// One key.
pub struct Field {
    /// As written.
    pub key: &'static str,
    /// What stands behind it.
    pub kind: Kind,
    /// What it means, in one sentence without a full stop.
    pub about: &'static str,
}

/// What stands behind a key.
#[derive(Clone, Copy)]
pub enum Kind {
    /// A text on one line.
    Line,
    /// Markdown.
    Prose,
    /// A script for `sh`.
    Script,
    /// A day.
    Day,
    /// `true` or `false`.
    Flag,
    /// A whole number.
    Count,
    /// The id of a record.
    Id,
    /// An address on the web.
    Url,
    /// One of a set of words.
    Word(fn() -> Vec<&'static str>),
    /// Several; one alone counts as a list of one.
    List(&'static Kind),
    /// A map, or the text that stands for one.
    Map(&'static Shape),
    /// A map whose keys are free.
    Table(&'static Kind),
    /// A map with known keys, and free ones beside them.
    Open(&'static Shape, &'static Kind),
    /// A list, also of one, or of none.
    Items(&'static Kind),
    /// A text, a number or a truth value, with its very characters.
    Exact,
    /// A text that fits this regular expression, with its very characters.
    Fitting(&'static str),
    /// Any of these.
    Either(&'static [Kind]),
    /// Nothing at all.
    Null,
    /// What must hold of an observation, by the name of a probe.
    Probes,
    /// What must hold of one value.
    Matcher,
    /// A fact, or several that are joined.
    Condition,
    /// Anything.
    Any,
}

impl Kind {
    /// Whether `fmt` keeps the very characters of such a value, and how it stands in quotes or not.
    pub fn is_verbatim(self) -> bool {
        match self {
            Kind::Table(_) | Kind::Open(..) | Kind::Items(_) | Kind::Exact | Kind::Fitting(_) => true,
            Kind::Either(_) | Kind::Null | Kind::Probes | Kind::Matcher | Kind::Condition | Kind::Any => true,
            Kind::Line | Kind::Prose | Kind::Script | Kind::Day | Kind::Flag | Kind::Count => false,
            Kind::Id | Kind::Url | Kind::Word(_) | Kind::List(_) | Kind::Map(_) => false,
        }
    }
}

impl Shape {
    /// The field of a key.
    pub fn field(&self, key: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.key == key)
    }
}

/// The words of a set.
pub fn words<T: Words>() -> Vec<&'static str> {
    T::WORDS.iter().map(|(word, _)| *word).collect()
}

pub(super) const fn field(key: &'static str, kind: Kind, about: &'static str) -> Field {
    Field { key, kind, about }
}

const LINES: Kind = Kind::List(&Kind::Line);
const IDS: Kind = Kind::List(&Kind::Id);

/// A record.
pub const RECORD: Shape = Shape {
    name: "a record",
    text_is: None,
    fields: &[
        field("id", Kind::Id, "the file's name again; it may be left out"),
        field("title", Kind::Line, "what a person would type or see: the literal error or the symptom"),
        field("summary", Kind::Line, "one sentence; where absent, the first of the symptom"),
        field("product", Kind::Line, "what fails"),
        field("category", Kind::Line, "the kind of failure; one of book.toml's list where there is one"),
        field("ecosystem", Kind::Line, "the world that the product belongs to"),
        field("tags", LINES, "free words to browse by"),
        field("contract", Kind::Line, "the outside rule that this failure depends on"),
        field("status", Kind::Map(&STATUS), "where the record stands editorially"),
        field("audience", Kind::Word(words::<Audience>), "who may read it"),
        field("aliases", IDS, "former ids; their URLs lead here"),
        field("alerts", LINES, "names of monitoring alerts; each gets a page /alert/<name>/"),
        field("severity", Kind::Line, "how bad it is"),
        field("owner", Kind::Line, "whose it is"),
        field("escalate", Kind::Line, "whom to call when the repair does not help"),
        field("mitigation", Kind::Prose, "what stops the bleeding before the cure"),
        field("applies_to", Kind::List(&Kind::Map(&AFFECTED)), "components and versions that have it"),
        field("symptom", Kind::Prose, "what is observed, with the real output in a console block"),
        field("signatures", Kind::List(&Kind::Map(&SIGNATURE)), "what tells it in a log"),
        field("root_cause", Kind::Prose, "the cause in a sentence or two"),
        field("why", Kind::Prose, "the mechanism at length"),
        field("quick_fix", Kind::Map(&QUICK_FIX), "what the quick fix block says instead of what is derived"),
        field("fix", Kind::List(&Kind::Map(&STEP)), "the repair, step by step"),
        field("other_fixes", Kind::List(&Kind::Map(&OTHER_FIX)), "repairs for other circumstances"),
        field("wrong_fixes", Kind::List(&Kind::Map(&WRONG_FIX)), "what people try and should not"),
        field("keywords", Kind::List(&Kind::Map(&KEYWORD)), "queries by which it must be found"),
        field("verification", Kind::Prose, "what must be shown before a repair counts"),
        field("check", Kind::Map(&CHECK), "the executable check"),
        field("verify", Kind::Map(&VERIFIER), "the executable check in its long form; instead of `check`"),
        field("validation", Kind::Map(&VALIDATION), "how the record itself was tried"),
        field("sources", Kind::List(&Kind::Map(&SOURCE)), "where the facts come from"),
        field("related", Kind::Map(&RELATED), "other records"),
        field("created", Kind::Day, "the day it was first written; where absent, from git"),
        field("updated", Kind::Day, "the day its facts last changed; where absent, from git"),
        field("review_by", Kind::Day, "the day by which somebody should read it again"),
        field("authors", LINES, "who wrote it"),
        field("license", Kind::Line, "the licence of its text, where it differs from the book's"),
        field("allow", Kind::List(&Kind::Map(&ALLOW)), "rules to silence here"),
        field("x", Kind::Any, "values for other programs"),
    ],
};

/// `status`.
pub const STATUS: Shape = Shape {
    name: "a status",
    text_is: Some("state"),
    fields: &[
        field("state", Kind::Word(words::<ParsedStatus>), "the state"),
        field("reason", Kind::Prose, "why it is deprecated or withdrawn"),
        field("see_instead", Kind::Id, "the record to read instead"),
    ],
};

/// An item of `applies_to`.
pub const AFFECTED: Shape = Shape {
    name: "an affected component",
    text_is: Some("component"),
    fields: &[
        field("component", Kind::Line, "its name"),
        field("introduced", Kind::Line, "the first version or day that has the failure"),
        field("fixed", Kind::Line, "the first version or day that no longer has it"),
    ],
};

/// An item of `signatures`.
pub const SIGNATURE: Shape = Shape {
    name: "a signature",
    text_is: Some("literal"),
    fields: &[
        field("literal", Kind::Line, "characters that a line of the log holds"),
        field("regex", Kind::Line, "a regular expression that finds something in a line of the log"),
        field("example", Kind::Line, "a real line that has it"),
        field("not_this", LINES, "lines that look like it and are another failure"),
        field("weak", Kind::Flag, "whether it is not enough alone"),
    ],
};

/// `quick_fix`.
pub const QUICK_FIX: Shape = Shape {
    name: "a quick fix",
    text_is: None,
    fields: &[
        field("cause", Kind::Prose, "instead of the first sentence of the root cause"),
        field("repair", Kind::Prose, "instead of the fix"),
        field("do_not", Kind::List(&Kind::Prose), "instead of the wrong fixes"),
    ],
};

/// A step of a fix.
pub const STEP: Shape = Shape {
    name: "a step",
    text_is: Some("text"),
    fields: &[
        field("text", Kind::Prose, "what to do"),
        field("run", Kind::Script, "the command; what a reader copies is what a self-test runs"),
        field("undo", Kind::Script, "how to take it back"),
        field("risk", Kind::Prose, "what can go wrong"),
    ],
};

/// An item of `other_fixes`.
pub const OTHER_FIX: Shape = Shape {
    name: "another fix",
    text_is: None,
    fields: &[
        field("title", Kind::Line, "its name"),
        field("when", Kind::Prose, "the circumstances in which it is the right one"),
        field("steps", Kind::List(&Kind::Map(&STEP)), "the repair, step by step"),
        field("tradeoff", Kind::Prose, "its price"),
    ],
};

/// An item of `wrong_fixes`.
pub const WRONG_FIX: Shape = Shape {
    name: "a wrong fix",
    text_is: Some("text"),
    fields: &[
        field("id", Kind::Id, "its name; where absent, from the text"),
        field("text", Kind::Prose, "what people do"),
        field("run", Kind::Script, "what people do, as a command"),
        field("why", Kind::Prose, "why it fails"),
        field("tempting", Kind::Prose, "why people try it"),
        field("outcome", Kind::Word(words::<Outcome>), "what comes of it"),
    ],
};

/// An item of `keywords`.
pub const KEYWORD: Shape = Shape {
    name: "a keyword",
    text_is: Some("query"),
    fields: &[
        field("query", Kind::Line, "the query, as typed"),
        field("by", Kind::Line, "who typed it, where it was observed"),
        field("run", Kind::Line, "in which run"),
        field("date", Kind::Day, "when"),
        field("top", Kind::Count, "the rank that the record must hold; 3 unless said"),
        field("absent", Kind::Flag, "whether it must not find this record"),
        field("opened", Kind::List(&Kind::Url), "addresses that were opened after the query"),
    ],
};

/// `check`.
pub const CHECK: Shape = Shape {
    name: "a check",
    text_is: None,
    fields: &[
        field("setup", Kind::Script, "makes the broken state in an empty folder"),
        field("run", Kind::Script, "shows whether the failure is there"),
        field("broken", Kind::Map(&EXPECTATION), "what `run` shows while the failure is there"),
        field("fixed", Kind::Map(&EXPECTATION), "what `run` shows once it is repaired"),
        field("timeout", Kind::Line, "how long each script may take, such as 20s"),
    ],
};

/// `broken` and `fixed` of a check.
pub const EXPECTATION: Shape = Shape {
    name: "an expectation",
    text_is: None,
    fields: &[
        field("exit", Kind::Map(&EXIT), "the exit status"),
        field("output", Kind::Map(&OUTPUT), "what is printed"),
    ],
};

/// `exit`.
pub const EXIT: Shape = Shape {
    name: "an `exit`",
    text_is: Some("equals"),
    fields: &[
        field("equals", Kind::Count, "this status"),
        field("not_equals", Kind::Count, "any status but this"),
    ],
};

/// `output`.
pub const OUTPUT: Shape = Shape {
    name: "an `output`",
    text_is: Some("contains"),
    fields: &[
        field("contains", LINES, "it holds these characters"),
        field("not_contains", LINES, "it does not hold these"),
        field("equals", Kind::Script, "it is this"),
        field("matches", Kind::Line, "this regular expression finds something in it"),
    ],
};

/// `validation`.
pub const VALIDATION: Shape = Shape {
    name: "a validation",
    text_is: None,
    fields: &[field("runs", Kind::List(&Kind::Map(&RUN)), "the runs by which the record was tried")],
};

/// A run of `validation`.
pub const RUN: Shape = Shape {
    name: "a run",
    text_is: None,
    fields: &[
        field("by", Kind::Line, "who or what tried it"),
        field("kind", Kind::Word(words::<RunKind>), "what was tried"),
        field("date", Kind::Day, "when"),
        field("outcome", Kind::Line, "what came of it"),
        field("note", Kind::Prose, "what else is worth knowing"),
    ],
};

/// An item of `sources`.
pub const SOURCE: Shape = Shape {
    name: "a source",
    text_is: Some("title"),
    fields: &[
        field("url", Kind::Url, "its address"),
        field("title", Kind::Line, "what it is"),
        field("publisher", Kind::Line, "who published it"),
        field("accessed", Kind::Day, "the day it was read"),
        field("quote", Kind::Line, "a few words of it"),
        field("supports", LINES, "the fields that it supports"),
    ],
};

/// `related`.
pub const RELATED: Shape = Shape {
    name: "`related`",
    text_is: None,
    fields: &[
        field("confused_with", Kind::List(&Kind::Map(&CONFUSION)), "failures that look alike"),
        field("leads_to", IDS, "what this failure brings about"),
        field("caused_by", IDS, "what brings this failure about"),
        field("see_also", IDS, "worth reading as well"),
        field("supersedes", IDS, "what this record replaces"),
    ],
};

/// An item of `confused_with`.
pub const CONFUSION: Shape = Shape {
    name: "a failure that looks alike",
    text_is: None,
    fields: &[
        field("id", Kind::Id, "the record, where the book has one"),
        field("title", Kind::Line, "what it is, where the book has no record of it"),
        field("tell", Kind::Prose, "the observation that tells the two apart"),
    ],
};

/// An item of `allow`.
pub const ALLOW: Shape = Shape {
    name: "a silenced rule",
    text_is: None,
    fields: &[
        field("rule", Kind::Line, "the rule"),
        field("reason", Kind::Line, "why it does not hold here"),
    ],
};

/// The front matter of a prose page.
pub const PAGE: Shape = Shape {
    name: "a page",
    text_is: None,
    fields: &[
        field("title", Kind::Line, "the heading of the page"),
        field("summary", Kind::Line, "one sentence about it"),
        field("order", Kind::Count, "its place in the navigation; small numbers first"),
        field("audience", Kind::Word(words::<Audience>), "who may read it"),
    ],
};

/// `book.toml`.
pub const BOOK_TOML: Shape = Shape {
    name: "book.toml",
    text_is: None,
    fields: &[
        field("book", Kind::Map(&BOOK), "what the book is"),
        field("build", Kind::Map(&BUILD), "how it is built"),
        field("output", Kind::Map(&OUTPUTS), "what is made of it"),
        field("facets", Kind::Map(&FACETS), "the ways to browse it"),
        field("check", Kind::Map(&CHECKING), "how old facts may be"),
        field("lint", Kind::Table(&Kind::Word(words::<RuleLevel>)), "how much each rule weighs"),
        field("extra", Kind::Any, "values for the book's own templates, as `site.extra`"),
    ],
};

/// `[book]`.
pub const BOOK: Shape = Shape {
    name: "[book]",
    text_is: None,
    fields: &[
        field("title", Kind::Line, "the name of the book"),
        field("description", Kind::Line, "one sentence about it"),
        field("authors", LINES, "who keeps it"),
        field("language", Kind::Line, "a language tag such as en"),
        field("src", Kind::Line, "the folder of the records; content unless said"),
        field("format", Kind::Count, "the version of this file's format; 1"),
        field(
            "audience",
            Kind::Word(words::<Audience>),
            "who may read it; search engines pass over an internal book",
        ),
    ],
};

/// `[build]`.
pub const BUILD: Shape = Shape {
    name: "[build]",
    text_is: None,
    fields: &[field("build-dir", Kind::Line, "the folder of the site; book unless said")],
};

/// `[output]`.
pub const OUTPUTS: Shape =
    Shape { name: "[output]", text_is: None, fields: &[field("html", Kind::Map(&HTML), "the site")] };

/// `[output.html]`.
pub const HTML: Shape = Shape {
    name: "[output.html]",
    text_is: None,
    fields: &[
        field("site-url", Kind::Url, "where the site will be served"),
        field("edit-url-template", Kind::Url, "where a record can be edited; {path} stands for its file"),
        field("git-repository-url", Kind::Url, "where the book's source lies"),
        field("additional-css", LINES, "style sheets of theme/ to load after the built-in one"),
        field("default-theme", Kind::Word(words::<ColourScheme>), "the colours until a reader chooses"),
        field(
            "hash-files",
            Kind::Flag,
            "whether names of assets change with their content; true unless said",
        ),
        field("cname", Kind::Line, "the host name for the file CNAME"),
        field("search", Kind::Map(&HTML_SEARCH), "the search page"),
        field("redirect", Kind::Table(&Kind::Line), "former addresses, and where they lead now"),
    ],
};

/// `[output.html.search]`.
pub const HTML_SEARCH: Shape = Shape {
    name: "[output.html.search]",
    text_is: None,
    fields: &[field("enable", Kind::Flag, "whether the site has search; true unless said")],
};

/// `[facets]`.
pub const FACETS: Shape = Shape {
    name: "[facets]",
    text_is: None,
    fields: &[
        field("category", Kind::Map(&FACET), "the kind of failure"),
        field("product", Kind::Map(&FACET), "what fails"),
        field("ecosystem", Kind::Map(&FACET), "the world that the product belongs to"),
        field("tag", Kind::Map(&FACET), "free words"),
    ],
};

/// A table of `[facets]`.
pub const FACET: Shape = Shape {
    name: "a facet",
    text_is: None,
    fields: &[
        field("label", Kind::Line, "its name on pages"),
        field("values", LINES, "the values that records may have; any unless said"),
    ],
};

/// The settings of a person.
pub const USER: Shape = Shape {
    name: "config.toml",
    text_is: None,
    fields: &[field("book", Kind::Line, "the book, or the built site, to use outside of any")],
};

/// `[check]`.
pub const CHECKING: Shape = Shape {
    name: "[check]",
    text_is: None,
    fields: &[field(
        "stale-after",
        Kind::Line,
        "the age from which a source should be read again, such as 365d",
    )],
};
