//! What is wrong and where, as data.
//!
//! In: a place and a sentence. Out: `Diagnostic`s, which only `cli/report/` and the dev server draw.
//! Not here: deciding what is wrong (`parse`, `lint`), layout and colour (`cli/report/`).

use crate::text::Span;

/// How much a finding weighs: an error keeps a site from being published, a warning does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// The content is wrong.
    Error,
    /// The content works, and could serve its readers better.
    Warning,
}

impl Level {
    /// The word that reports print.
    pub fn name(self) -> &'static str {
        match self {
            Level::Error => "error",
            Level::Warning => "warning",
        }
    }
}

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal,)+) => {
        /// The stable name of a rule, named by the sin. Never renamed, never reused.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code { $($(#[doc = $doc])+ $variant,)+ }

        impl Code {
            /// Every rule, in the order of declaration.
            pub const ALL: &'static [Code] = &[$(Code::$variant,)+];

            /// The kebab-case name that people write and reports print.
            pub fn name(self) -> &'static str {
                match self { $(Code::$variant => $name,)+ }
            }

            /// What is wrong where this rule finds something, in a sentence or two.
            pub fn about(self) -> &'static str {
                match self { $(Code::$variant => concat!($($doc),+),)+ }
            }

            /// The rule of a name.
            pub fn parse(name: &str) -> Option<Code> {
                Code::ALL.iter().copied().find(|code| code.name() == name)
            }
        }
    };
}

codes! {
    /// The file is not UTF-8 text.
    NotUtf8 = "not-utf8",
    /// The file, or a value in it, is larger than a record may be.
    TooLarge = "too-large",
    /// The YAML or TOML cannot be read.
    Syntax = "syntax",
    /// A regular expression that does not compile.
    BadRegex = "bad-regex",
    /// Maps and lists are nested deeper than any record needs.
    TooDeep = "too-deep",
    /// A key stands twice in one map; which of the two is meant cannot be known.
    DuplicateKey = "duplicate-key",
    /// Anchors, aliases and tags make a record mean something else than it shows.
    YamlFeature = "yaml-feature",
    /// A key that no field has.
    UnknownKey = "unknown-key",
    /// A value of another kind than the field takes.
    WrongType = "wrong-type",
    /// A word outside the list that the field takes.
    UnknownValue = "unknown-value",
    /// A field without which this is no record, or without which it stays a draft.
    MissingField = "missing-field",
    /// A key is written, but nothing stands behind it.
    EmptyValue = "empty-value",
    /// A Markdown record that does not begin with `---`.
    MissingFrontMatter = "missing-front-matter",
    /// A `##` heading that names no field.
    UnknownHeading = "unknown-heading",
    /// Text before the first `##` heading of a Markdown record belongs to no field.
    TextBeforeHeading = "text-before-heading",
    /// The same thing is said twice: a field in the front matter and as a section, two facts with one id, `check` beside
    /// `verify`.
    StatedTwice = "stated-twice",
    /// A name that cannot be one: of a file, or of a step, an input or a state of a verifier.
    BadId = "bad-id",
    /// An `id` that differs from the file's name.
    IdMismatch = "id-mismatch",
    /// Two records with one id.
    DuplicateId = "duplicate-id",
    /// A title that no list or search result shows whole.
    LongTitle = "long-title",
    /// An alert that two records claim; its page can lead to one of them only.
    DuplicateAlert = "duplicate-alert",
    /// A component that is said to be mended before it broke.
    VersionRange = "version-range",
    /// An image that does not lie beside its record.
    MissingImage = "missing-image",
    /// An image that is too large for a page, or that could act like a page.
    UnsafeImage = "unsafe-image",
    /// A day that has not come yet, for something that has happened.
    FutureDate = "future-date",
    /// A link to a record that does not exist.
    UnknownRecord = "unknown-record",
    /// A link or anchor of a finished page that leads nowhere.
    DeadLink = "dead-link",
    /// A published address that would vanish.
    LostUrl = "lost-url",
    /// A redirect that starts at a page, or leads nowhere.
    BadRedirect = "bad-redirect",
    /// The history that dates come from is cut off.
    ShallowHistory = "shallow-history",
    /// HTML in prose; it is shown as text.
    RawHtml = "raw-html",
    /// A link that leads neither to the web nor to a page of this book.
    UnsafeLink = "unsafe-link",
    /// A program that a verifier runs and does not declare in `requires`.
    ProgramNotDeclared = "program-not-declared",
    /// A secret in an argument or an address, where others can read it.
    SecretInArguments = "secret-in-arguments",
    /// A `${…}` at a place that has to be known before anything runs.
    TemplateNotAllowed = "template-not-allowed",
    /// A `${…}` that stands for nothing.
    UnknownTemplate = "unknown-template",
    /// A condition that names no step.
    UnknownStep = "unknown-step",
    /// A wrong fix that the record does not have.
    UnknownWrongFix = "unknown-wrong-fix",
    /// A verifier without a broken and a fixed state cannot be tested.
    MissingFixture = "missing-fixture",
    /// A path or pattern that leads out of the folder that it belongs to.
    PathEscapes = "path-escapes",
    /// A step that takes whatever it does not expect for the opposite of the fact.
    StepWithoutRefute = "step-without-refute",
    /// A step that nothing depends on.
    UnusedStep = "unused-step",
    /// A script that may read the real home.
    HomeWithShell = "home-with-shell",
    /// A request over the network that no state of the self-test answers.
    NetworkWithoutStub = "network-without-stub",
    /// Text in a fixture that secret scanners take for a secret.
    SecretShapedText = "secret-shaped-text",
    /// A matcher that holds for one version only, and fails with the next.
    ExactVersion = "exact-version",
    /// A step whose programs may speak another language on another machine.
    LocaleDependent = "locale-dependent",
    /// A wrong fix that a verifier does not try.
    WrongFixWithoutCell = "wrong-fix-without-cell",
    /// A check that is only ever tested with recorded replies in the place of the programs that it asks.
    OnlyRecorded = "only-recorded",
    /// A part of a check without which every state came out just the same.
    RedundantProbe = "redundant-probe",
    /// A keyword that does not find its record at its rank, or finds it where it must not.
    LostKeyword = "lost-keyword",
    /// A keyword that another record answers first, to which the owner has no link.
    StolenQuery = "stolen-query",
    /// Two records that say almost the same.
    NearDuplicate = "near-duplicate",
    /// A character that readers cannot see and that can make text read differently than it is.
    InvisibleCharacter = "invisible-character",
}

/// One finding: what is wrong, where, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// The rule.
    pub code: Code,
    /// How much it weighs.
    pub level: Level,
    /// The place.
    pub span: Span,
    /// Lower case, no full stop, understood without the snippet.
    pub message: String,
    /// The remedy, as a statement.
    pub hint: Option<String>,
    /// What stands at the place once it is mended, where nothing else can be meant.
    pub instead: Option<String>,
}

impl Diagnostic {
    /// An error at a place; follow with [`Diagnostic::hint`].
    pub fn error(code: Code, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic { code, level: Level::Error, span, message: message.into(), hint: None, instead: None }
    }

    /// A warning at a place.
    pub fn warning(code: Code, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic { code, level: Level::Warning, span, message: message.into(), hint: None, instead: None }
    }

    /// Adds the remedy.
    pub fn hint(mut self, hint: impl Into<String>) -> Diagnostic {
        self.hint = Some(hint.into());
        self
    }

    /// Adds what `lint --fix` writes at the place.
    pub fn instead(mut self, text: Option<String>) -> Diagnostic {
        self.instead = text;
        self
    }
}

/// Brings findings into the order in which every report shows them: file, place, rule, message.
pub fn sort(found: &mut Vec<Diagnostic>) {
    found.sort_by(|one, other| {
        (one.span, one.code, &one.message).cmp(&(other.span, other.code, &other.message))
    });
    found.dedup();
}

/// Whether any finding keeps the site from being published.
pub fn has_errors(found: &[Diagnostic]) -> bool {
    found.iter().any(|diagnostic| diagnostic.level == Level::Error)
}

/// The name nearest to what was written, where no other is as near.
pub fn only_nearest<'n>(written: &str, names: impl Iterator<Item = &'n str> + Clone) -> Option<&'n str> {
    let name = nearest(written, names.clone())?;
    let distance = |name: &str| strsim::damerau_levenshtein(&written.to_lowercase(), &name.to_lowercase());
    let others = names.filter(|other| *other != name);
    others.into_iter().all(|other| distance(other) > distance(name)).then_some(name)
}

/// The name nearest to what was written, where one is near enough to be a slip of the pen.
pub fn nearest<'n>(written: &str, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    // The distance takes length times length; nothing as long as this is a slip of the pen.
    if written.len() > 64 {
        return None;
    }
    let allowed = (written.chars().count() / 3).max(1);
    let written = written.to_lowercase();
    names
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(&written, &name.to_lowercase()), name))
        .filter(|(distance, _)| *distance <= allowed)
        .min()
        .map(|(_, name)| name)
}
