//! What the maps of a verifier's long form may hold: every key with its kind and its meaning.
//!
//! In: nothing. Out: tables, like those in `shape.rs`, and the words of small sets. Nothing here is ever shortened or
//! trimmed by `fmt`, so that a digest of the tree outlives it.
//! Not here: how a value becomes a type (`verifier.rs`).

use super::shape::{Field, Kind, Shape, field, words};
use crate::model::{
    Document, Fact, InputKind, Interpreter, Layer, Privileges, Root, Verdict, Words, WorkingFolder,
};

const TEXTS: Kind = Kind::Items(&Kind::Exact);
const ONE_OR_MORE: Kind = Kind::Either(&[Kind::Exact, TEXTS]);
const BY_NAME: Kind = Kind::Table(&Kind::Exact);
const DURATION: Kind = Kind::Fitting("^[0-9]+(ms|s|m)$");
const MATCHERS: Kind = Kind::Items(&Kind::Matcher);
const CONDITIONS: Kind = Kind::Items(&Kind::Condition);
const EXPECTED: Kind = Kind::Word(words::<Verdict>);

const fn shape(name: &'static str, fields: &'static [Field]) -> Shape {
    Shape { name, text_is: None, fields }
}

/// `verify`.
pub const VERIFIER: Shape = shape(
    "a verifier",
    &[
        field("spec", Kind::Count, "the version of this grammar; 1"),
        field("title", Kind::Exact, "what it is called; the record's title unless said"),
        field("proves", Kind::Exact, "what it proves, in one sentence"),
        field("limits", Kind::Exact, "what it cannot show"),
        field("inputs", Kind::Table(&Kind::Map(&INPUT)), "what whoever runs it hands in, by name"),
        field("requires", Kind::Map(&REQUIRES), "without these nothing can be told"),
        field("sandbox", Kind::Map(&SANDBOX), "what its programs may do"),
        field("services", Kind::Table(&Kind::Map(&SERVICE)), "replicas of services on this machine, by name"),
        field("timeout", DURATION, "how long the whole run may take; 30s unless said"),
        field("steps", Kind::Items(&Kind::Map(&FACT)), "1 to 32 facts, in the order of observation"),
        field("present", Kind::Condition, "when the failure is there"),
        field("absent", Kind::Condition, "when it is not; the opposite of `present` unless said"),
        field("repair", Kind::Map(&REPAIR), "what must hold besides before a repair counts"),
        field("fixtures", Kind::Open(&FIXTURES, &Kind::Map(&STATE)), "the states in which it is tested"),
    ],
);

/// A value of `inputs`.
pub const INPUT: Shape = shape(
    "an input",
    &[
        field("type", Kind::Word(words::<InputKind>), "what kind of value; a string unless said"),
        field("env", Kind::Exact, "the variable of the environment that holds it"),
        field("secret", Kind::Flag, "whether it is never printed; it comes by `env` alone"),
        field("default", Kind::Exact, "where nothing is handed in"),
        field("pattern", Kind::Exact, "a regular expression that it must fit"),
        field("help", Kind::Exact, "what it is, for people"),
    ],
);

/// `requires`.
pub const REQUIRES: Shape = shape(
    "a `requires`",
    &[
        field("os", Kind::Items(&Kind::Word(words::<Os>)), "operating systems; any unless said"),
        field("arch", Kind::Items(&Kind::Word(words::<Arch>)), "processors; any unless said"),
        field(
            "tools",
            Kind::Table(&Kind::Either(&[Kind::Exact, Kind::Map(&TOOL)])),
            "programs and their versions; steps run no others",
        ),
        field("inputs", TEXTS, "inputs that must be there"),
        field("files", TEXTS, "files of the subject that must be there"),
        field("privileges", Kind::Word(words::<Privileges>), "whether it must, or must not, run as root"),
    ],
);

/// A value of `tools`.
pub const TOOL: Shape = shape(
    "a tool",
    &[
        field("range", Kind::Exact, "its versions, such as >=1.78, <2; any unless said"),
        field("candidates", TEXTS, "names under which it may be found, best first"),
        field("version_args", TEXTS, "what makes it print its version; --version unless said"),
        field("version_regex", Kind::Exact, "finds the version in what it prints"),
        field("optional", Kind::Flag, "whether it may be missing"),
    ],
);

/// `sandbox`.
pub const SANDBOX: Shape = shape(
    "a sandbox",
    &[
        field("cwd", Kind::Word(words::<WorkingFolder>), "where programs start; in the subject unless said"),
        field("home", Kind::Word(words::<Home>), "which home they see; an empty one unless said"),
        field(
            "network",
            Kind::Either(&[
                Kind::Word(words::<Reach>),
                Kind::Items(&Kind::Fitting("^[A-Za-z0-9.-]+:[0-9]{1,5}$")),
            ]),
            "what may be reached: nothing, this machine, or these hosts with their ports",
        ),
        field("runs_subject_code", Kind::Flag, "whether a program runs code of the subject"),
        field("must_enforce", Kind::Items(&Kind::Word(words::<Layer>)), "layers without which nothing runs"),
        field("read", TEXTS, "further folders that may be read"),
        field("limits", Kind::Map(&LIMITS), "instead of the usual limits"),
    ],
);

/// `limits` of a sandbox.
pub const LIMITS: Shape = shape(
    "a map of limits",
    &[
        field("cpu", Kind::Count, "seconds of processor time"),
        field("file_size", Kind::Count, "bytes of one file"),
        field("processes", Kind::Count, "processes"),
        field("memory", Kind::Count, "bytes of memory of one process"),
        field("output", Kind::Count, "bytes of output per stream"),
    ],
);

/// A value of `services`.
pub const SERVICE: Shape = shape(
    "a service",
    &[
        field("routes", Kind::Items(&Kind::Map(&ROUTE)), "the first that fits answers"),
        field("default", Kind::Map(&REPLY), "the answer where none fits; 404 unless said"),
    ],
);

/// An item of `routes`.
pub const ROUTE: Shape = shape(
    "a route",
    &[
        field("method", Kind::Exact, "the method; any unless said"),
        field("path", Kind::Exact, "a regular expression on the path without the query"),
        field("when", Kind::Probes, "what must hold of the request"),
        field("reply", Kind::Map(&REPLY), "the answer"),
    ],
);

/// `reply`.
pub const REPLY: Shape = shape(
    "a reply",
    &[
        field("status", Kind::Count, "the status"),
        field("headers", BY_NAME, "headers by name"),
        field("json", Kind::Any, "the body as JSON; `{fake_jwt: {…}}` stands for a token with these claims"),
        field("body", Kind::Exact, "the body as text"),
    ],
);

/// An item of `steps`.
pub const FACT: Shape = shape(
    "a step of a verifier",
    &[
        field("id", Kind::Fitting("^[a-z][a-z0-9_]*$"), "its name in conditions"),
        field("command", Kind::Either(&[TEXTS, Kind::Map(&COMMAND)]), "runs a program, without a shell"),
        field("shell", Kind::Map(&SHELL), "runs a script"),
        field("http", Kind::Map(&HTTP), "asks a server"),
        field("file", Kind::Either(&[Kind::Exact, Kind::Map(&FILE)]), "looks at one file"),
        field("files", Kind::Map(&FILES), "looks at several files"),
        field("env", Kind::Exact, "looks at a variable of the environment"),
        field("tcp", Kind::Map(&TCP), "looks at a TCP port"),
        field(
            "version",
            Kind::Either(&[Kind::Exact, Kind::Map(&VERSION)]),
            "looks at the version of a program",
        ),
        field("jwt", Kind::Map(&SECRET), "looks at the claims of a token; never at its signature"),
        field("token", Kind::Map(&SECRET), "looks at the shape of a token"),
        field("requests", Kind::Map(&REQUESTS), "looks at what programs asked of a service"),
        field("value", Kind::Exact, "looks at a captured value"),
        field("manual", Kind::Map(&MANUAL), "asks a person"),
        field("expect", Kind::Probes, "what shows the fact"),
        field("refute", Kind::Probes, "what shows the opposite"),
        field("when", Kind::Condition, "observed only where this is true"),
        field("capture", Kind::Table(&Kind::Map(&CAPTURE)), "values to keep where the fact is true, by name"),
        field("timeout", DURATION, "how long it may take; 10s unless said"),
        field(
            "on_timeout",
            Kind::Either(&[Kind::Flag, Kind::Word(words::<Fact>)]),
            "what it means that it took longer",
        ),
        field("retries", Kind::Map(&RETRIES), "whether it is tried again"),
        field("note", Kind::Exact, "for people"),
    ],
);

/// `command`.
pub const COMMAND: Shape = shape(
    "a command",
    &[
        field("argv", TEXTS, "the program and its arguments"),
        field("cwd", Kind::Exact, "where it starts, below the working folder"),
        field("env", BY_NAME, "further variables"),
        field("env_pass", TEXTS, "variables of the caller that it may see"),
        field("stdin", Kind::Exact, "what it reads on standard input"),
        field("files", BY_NAME, "files that are written into its copy first"),
    ],
);

/// `shell`.
pub const SHELL: Shape = shape(
    "a script",
    &[
        field("script", Kind::Exact, "the script; values reach it as variables"),
        field("interpreter", Kind::Word(words::<Interpreter>), "who reads it; sh unless said"),
        field("env", BY_NAME, "further variables"),
        field("cwd", Kind::Exact, "where it starts, below the working folder"),
    ],
);

/// `http`.
pub const HTTP: Shape = shape(
    "a request",
    &[
        field("method", Kind::Exact, "the method; GET unless said"),
        field("url", Kind::Exact, "the address; its scheme and host are written out"),
        field("headers", BY_NAME, "headers by name"),
        field("body", Kind::Exact, "what is sent"),
        field("follow", Kind::Count, "how many redirects are followed, at most 5; none unless said"),
    ],
);

/// `file`.
pub const FILE: Shape = shape(
    "a file",
    &[
        field("path", Kind::Exact, "its path"),
        field("root", Kind::Word(words::<Root>), "below what the path stands; the subject unless said"),
        field("as", Kind::Word(words::<Document>), "how it is read"),
        field("query", Kind::Exact, "a JSONPath into it"),
    ],
);

/// `files`.
pub const FILES: Shape = shape(
    "a map of files",
    &[
        field("glob", ONE_OR_MORE, "patterns of their paths"),
        field("exclude", ONE_OR_MORE, "patterns of what is passed over"),
        field("root", Kind::Word(words::<Root>), "below what they stand; the subject unless said"),
        field("as", Kind::Word(words::<Document>), "how they are read"),
        field("query", Kind::Exact, "a JSONPath into each"),
        field("allow_none", Kind::Flag, "whether no file at all is an observation too"),
    ],
);

/// `tcp`.
pub const TCP: Shape = shape(
    "a port",
    &[
        field("host", Kind::Exact, "the host"),
        field("port", Kind::Exact, "the number of the port"),
        field("probe", Kind::Word(words::<PortProbe>), "whether it is called or taken"),
    ],
);

/// `version`.
pub const VERSION: Shape = shape(
    "a version",
    &[
        field("tool", Kind::Exact, "the program"),
        field("args", TEXTS, "what makes it print its version"),
        field("regex", Kind::Exact, "finds the version in what it prints"),
    ],
);

/// `jwt` and `token`.
pub const SECRET: Shape =
    shape("a token", &[field("secret", Kind::Exact, "the secret input that holds the token")]);

/// `requests`.
pub const REQUESTS: Shape = shape(
    "a map of requests",
    &[
        field("service", Kind::Exact, "the service that was asked"),
        field("method", Kind::Exact, "only requests with this method"),
        field("path", Kind::Exact, "only requests in whose path this regular expression finds something"),
    ],
);

/// `manual`.
pub const MANUAL: Shape = shape(
    "a question",
    &[
        field("instruction", Kind::Exact, "what the person is to look at"),
        field("choices", TEXTS, "what they may answer"),
    ],
);

/// A value of `capture`.
pub const CAPTURE: Shape = shape(
    "a capture",
    &[
        field("from", Kind::Exact, "the probe"),
        field("query", Kind::Exact, "a JSONPath into it"),
        field("regex", Kind::Exact, "a regular expression with one group"),
        field("secret", Kind::Flag, "whether it is never printed"),
    ],
);

/// `retries`.
pub const RETRIES: Shape = shape(
    "a map of retries",
    &[
        field("times", Kind::Count, "how many times more, 1 to 5"),
        field("delay", DURATION, "how long between two tries"),
        field(
            "until",
            Kind::Either(&[Kind::Flag, Kind::Word(words::<Known>)]),
            "until it is known, or true; known unless said",
        ),
        field("stable", Kind::Count, "how many times in a row the same must come out"),
    ],
);

/// A condition that joins others.
pub const CONDITION: Shape = shape(
    "a condition",
    &[
        field("all", CONDITIONS, "all of them"),
        field("any", CONDITIONS, "at least one"),
        field("first_of", CONDITIONS, "the first whose steps were observed"),
        field("not", Kind::Condition, "the opposite"),
    ],
);

/// A matcher of several operations.
pub const MATCHER: Shape = shape(
    "a matcher",
    &[
        field("equals", Kind::Any, "the same value of the same kind"),
        field("not_equals", Kind::Any, "another value"),
        field("in", Kind::Items(&Kind::Any), "one of these"),
        field("not_in", Kind::Items(&Kind::Any), "none of these"),
        field("contains", ONE_OR_MORE, "all of these are in it"),
        field("contains_any", ONE_OR_MORE, "one of these is in it"),
        field("not_contains", ONE_OR_MORE, "none of these is in it"),
        field("matches", Kind::Exact, "this regular expression finds something"),
        field("not_matches", Kind::Exact, "this regular expression finds nothing"),
        field("starts_with", Kind::Exact, "it begins so"),
        field("ends_with", Kind::Exact, "it ends so"),
        field("lt", Kind::Exact, "less than this"),
        field("le", Kind::Exact, "at most this"),
        field("gt", Kind::Exact, "more than this"),
        field("ge", Kind::Exact, "at least this"),
        field("semver", Kind::Exact, "a version in this range"),
        field("exists", Kind::Flag, "whether there is a value"),
        field("type", Kind::Word(words::<ValueType>), "the kind of value"),
        field("length", Kind::Matcher, "on its length"),
        field("each", Kind::Matcher, "on every item, of which there is one"),
        field("some", Kind::Matcher, "on some item"),
        field("none", Kind::Matcher, "on no item"),
        field("not", Kind::Matcher, "it is not so"),
        field("all_of", MATCHERS, "all of these hold"),
        field("any_of", MATCHERS, "one of these holds"),
    ],
);

/// `repair`.
pub const REPAIR: Shape = shape(
    "a `repair`",
    &[
        field("masked_by", Kind::Items(&Kind::Map(&GUARD)), "wrong fixes that would explain the silence"),
        field("require", CONDITIONS, "what must hold"),
    ],
);

/// An item of `masked_by`.
pub const GUARD: Shape = shape(
    "a guard",
    &[
        field("wrong_fix", Kind::Exact, "the id of the wrong fix"),
        field("when", Kind::Condition, "when it is in force"),
    ],
);

/// `fixtures`; further states have names of their own.
pub const FIXTURES: Shape = shape(
    "a map of fixtures",
    &[
        field("broken", Kind::Map(&STATE), "the state that has the failure"),
        field("fixed", Kind::Map(&STATE), "the state that is repaired"),
        field(
            "wrong_fixes",
            Kind::Table(&Kind::Either(&[Kind::Map(&UNTESTABLE), Kind::Map(&STATE)])),
            "what each wrong fix makes of the broken state, by its id",
        ),
    ],
);

/// A state.
pub const STATE: Shape = shape(
    "a state",
    &[
        field(
            "expect",
            Kind::Either(&[EXPECTED, Kind::Items(&EXPECTED)]),
            "the verdicts that it may come to",
        ),
        field("base", Kind::Exact, "the state that it changes"),
        field("files", BY_NAME, "files of the subject"),
        field("home", BY_NAME, "files of the home"),
        field("from", Kind::Exact, "a folder below fixtures/ beside the record, whose files come first"),
        field("delete", TEXTS, "files that are taken away"),
        field("replace", Kind::Items(&Kind::Map(&REPLACEMENT)), "texts that are replaced in files"),
        field("mode", BY_NAME, "modes of files, as octal digits"),
        field("env", Kind::Table(&Kind::Either(&[Kind::Exact, Kind::Map(&FAKE_JWT)])), "variables"),
        field("inputs", BY_NAME, "inputs; `${free_port}` is a port that nobody has"),
        field("path", TEXTS, "folders of the subject that stand first on PATH"),
        field("stubs", Kind::Map(&STUBS), "what is not there for real"),
        field("prepare", Kind::Items(&TEXTS), "programs that run in the subject first"),
    ],
);

/// A wrong fix that no state can stand for.
pub const UNTESTABLE: Shape =
    shape("an untestable wrong fix", &[field("untestable", Kind::Exact, "why no state can stand for it")]);

/// An item of `replace`.
pub const REPLACEMENT: Shape = shape(
    "a replacement",
    &[
        field("path", Kind::Exact, "the file"),
        field("find", Kind::Exact, "what must be in it"),
        field("with", Kind::Exact, "what comes in its place"),
    ],
);

/// A token that is made for a run.
pub const FAKE_JWT: Shape = shape("a made token", &[field("fake_jwt", Kind::Any, "its claims")]);

/// `stubs`.
pub const STUBS: Shape = shape(
    "a map of stubs",
    &[
        field(
            "commands",
            Kind::Table(&Kind::Either(&[Kind::Null, Kind::Map(&COMMAND_STUB)])),
            "programs by name; nothing stands for one that is not installed",
        ),
        field("http", Kind::Items(&Kind::Map(&HTTP_STUB)), "answers of servers"),
        field("tcp", Kind::Items(&Kind::Map(&TCP_STUB)), "ports that are taken"),
    ],
);

/// A value of `commands`.
pub const COMMAND_STUB: Shape = shape(
    "a recorded program",
    &[field("replies", Kind::Items(&Kind::Map(&COMMAND_REPLY)), "what it says, by its arguments")],
);

/// An item of `replies`.
pub const COMMAND_REPLY: Shape = shape(
    "a recorded reply",
    &[
        field("args", TEXTS, "the arguments, exactly"),
        field("exit", Kind::Count, "its exit status; 0 unless said"),
        field("stdout", Kind::Exact, "what it prints"),
        field("stderr", Kind::Exact, "what it prints on standard error"),
    ],
);

/// An item of `http` in `stubs`.
pub const HTTP_STUB: Shape = shape(
    "a recorded answer",
    &[
        field("method", Kind::Exact, "the method; any unless said"),
        field("url", Kind::Exact, "the address"),
        field("status", Kind::Count, "the status"),
        field("headers", BY_NAME, "headers by name"),
        field("body", Kind::Exact, "the body"),
    ],
);

/// An item of `tcp` in `stubs`.
pub const TCP_STUB: Shape =
    shape("a taken port", &[field("listen_input", Kind::Exact, "the input that holds its number")]);

macro_rules! only_words {
    ($(#[doc = $doc:literal] $name:ident: $($word:literal)+;)+) => { $(
        #[doc = $doc]
        #[derive(Clone, Copy)]
        pub struct $name(pub &'static str);

        impl Words for $name {
            const WORDS: &'static [(&'static str, $name)] = &[$(($word, $name($word)),)+];
        }
    )+ };
}

only_words! {
    /// Operating systems, by the names that Rust has for them.
    Os: "linux" "macos" "windows" "freebsd";
    /// Processors, by the names that Rust has for them.
    Arch: "x86_64" "aarch64";
    /// Kinds of values.
    ValueType: "string" "number" "bool" "list" "map" "null";
    /// Which home programs see.
    Home: "temp" "real";
    /// What may be reached, where no hosts are listed.
    Reach: "none" "loopback";
    /// What is done to a port.
    PortProbe: "connect" "bind";
}

/// Beside the truth values: until anything is known.
#[derive(Clone, Copy)]
pub struct Known;

impl Words for Known {
    const WORDS: &'static [(&'static str, Known)] = &[("known", Known)];
}

/// The truth values stand for themselves.
impl Words for Fact {
    const WORDS: &'static [(&'static str, Fact)] = &[("unknown", Fact::Unknown)];
}

impl Words for InputKind {
    const WORDS: &'static [(&'static str, InputKind)] = &[
        ("string", InputKind::String),
        ("int", InputKind::Int),
        ("path", InputKind::Path),
        ("bool", InputKind::Bool),
    ];
}

impl Words for Privileges {
    const WORDS: &'static [(&'static str, Privileges)] =
        &[("user", Privileges::User), ("root", Privileges::Root)];
}

impl Words for WorkingFolder {
    const WORDS: &'static [(&'static str, WorkingFolder)] = &[
        ("subject", WorkingFolder::Subject),
        ("copy", WorkingFolder::Copy),
        ("scratch", WorkingFolder::Scratch),
    ];
}

impl Words for Layer {
    const WORDS: &'static [(&'static str, Layer)] =
        &[("fs_write", Layer::FsWrite), ("fs_read", Layer::FsRead), ("network", Layer::Network)];
}

impl Words for Interpreter {
    const WORDS: &'static [(&'static str, Interpreter)] =
        &[("sh", Interpreter::Sh), ("bash", Interpreter::Bash), ("pwsh", Interpreter::Pwsh)];
}

impl Words for Root {
    const WORDS: &'static [(&'static str, Root)] = &[
        ("subject", Root::Subject),
        ("home", Root::Home),
        ("scratch", Root::Scratch),
        ("input", Root::Input),
    ];
}

impl Words for Document {
    const WORDS: &'static [(&'static str, Document)] =
        &[("json", Document::Json), ("yaml", Document::Yaml), ("toml", Document::Toml)];
}

/// What a state may come to: with `broken` and `fixed` looked at as repairs.
impl Words for Verdict {
    const WORDS: &'static [(&'static str, Verdict)] = &[
        ("present", Verdict::Present),
        ("fixed", Verdict::Fixed),
        ("masked", Verdict::Masked),
        ("incomplete", Verdict::Incomplete),
        ("cannot_tell", Verdict::CannotTell),
    ];
}
