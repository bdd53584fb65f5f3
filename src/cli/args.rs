//! The arguments. Their doc comments are the `--help` texts.

use super::diagnose::DiagnoseArgs;
use super::eval::EvalArgs;
use super::export::ExportArgs;
use super::guard::GuardArgs;
use super::init::InitArgs;
use super::lint::LintArgs;
use crate::model::{Date, Layer};
use crate::parse::Form;
use crate::verify::Capability;
use camino::Utf8PathBuf;
use clap::{Parser, Subcommand, ValueEnum};

/// Failure records that people and coding agents can trust: a searchable site, answers in the terminal, and
/// checks that run.
#[derive(Debug, Parser)]
#[command(name = "faultbook", version, propagate_version = true, disable_help_subcommand = true)]
pub struct Args {
    /// Work in this folder, as if it were the present one
    #[arg(short = 'C', long = "directory", global = true, value_name = "DIR")]
    pub directory: Option<Utf8PathBuf>,
    /// The book, or the site built from one, to use where this folder is in none; else $FAULTBOOK_BOOK, else what your own
    /// settings name
    #[arg(long, global = true, value_name = "DIR")]
    pub book: Option<Utf8PathBuf>,
    /// Your own settings, where `book = 'DIR'` names the book to use by default; ~/.config/faultbook/config.toml otherwise
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<Utf8PathBuf>,
    /// Say less
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Say more, such as that a cache was mended
    #[arg(short, long, global = true, action = clap::ArgAction::Count, conflicts_with = "quiet")]
    pub verbose: u8,
    /// Ask no other machine; what only one of them could tell stays unknown
    #[arg(long, global = true)]
    pub offline: bool,
    /// Colour the output
    #[arg(long, global = true, value_enum, default_value = "auto", value_name = "WHEN")]
    pub color: Color,
    /// What to do
    #[command(subcommand)]
    pub verb: Verb,
}

/// When output is coloured.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

impl Color {
    /// Tells every stream of this process.
    pub fn apply(self) {
        match self {
            Color::Auto => anstream::ColorChoice::Auto,
            Color::Always => anstream::ColorChoice::Always,
            Color::Never => anstream::ColorChoice::Never,
        }
        .write_global();
    }
}

/// How results are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    Human,
    /// For programs
    Json,
}

/// How the outcomes of checks are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    /// For people
    Human,
    /// For programs: one document
    Json,
    /// For programs: one record per line
    Jsonl,
    /// For CI that shows tests: JUnit XML
    Junit,
    /// For test harnesses: TAP 14
    Tap,
    /// For code scanning: SARIF 2.1.0
    Sarif,
    /// For a job's log: GitHub annotations
    Github,
    /// For a job's summary: a Markdown table
    Md,
}

/// Which verdicts fail a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// The failure is there, or still there
    Present,
    /// A wrong fix hides it
    Masked,
    /// It is not repaired all the way
    Incomplete,
    /// The check itself is broken
    Error,
    /// It was not allowed to run
    Untrusted,
    /// Nothing is known
    CannotTell,
}

/// What the exit codes of checks mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ExitStyle {
    /// As the manual lists them
    Usual,
    /// As `git bisect run` reads them
    Bisect,
}

/// How real a state of a self-test has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Wanted {
    /// Programs ran, or files were read: nothing stood for anything
    Real,
    /// Replies may stand for programs, and files for what an action would leave
    Any,
}

/// How hits are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum HitFormat {
    /// For people
    Human,
    /// For programs
    Json,
    /// One id per line
    Ids,
}

/// What faultbook does.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Begin a book, with a record to look at and a workflow for pull requests
    Init(InitArgs),
    /// Begin a record
    New(NewArgs),
    /// Turn the records into a site
    Build(BuildArgs),
    /// Preview the site; pages reload when their record is saved
    Serve(ServeArgs),
    /// Find records by words, codes or error messages
    Search(SearchArgs),
    /// Say which record explains what a program printed, or that none does
    Diagnose(DiagnoseArgs),
    /// Measure how well records are found
    Eval(EvalArgs),
    /// Show one record in the terminal
    #[command(alias = "explain")]
    Show(ShowArgs),
    /// Name the records of the book
    List(ListArgs),
    /// Say what is wrong with records, and what to write instead
    Lint(LintArgs),
    /// Bring records into one order and one style, or into the other form
    Fmt(FmtArgs),
    /// Give a record another id; what names it is changed, and its former address leads on
    Mv(MvArgs),
    /// Run the checks that records carry
    Verify(Box<VerifyArgs>),
    /// Repair a failure that is really there, and be told whether it is repaired
    Try(TryArgs),
    /// Lay a failure out in a folder
    Repro(ReproArgs),
    /// See and say which checks may run as you
    #[command(subcommand)]
    Trust(TrustVerb),
    /// Make records from those of another format, and say what could not be carried over
    Import(ImportArgs),
    /// Write the records for other programs, and say what stays behind
    Export(ExportArgs),
    /// Stand in front of a command: silent where it is no known wrong fix, otherwise 1, with what to do instead
    Guard(GuardArgs),
    /// Answer coding agents over MCP, on standard input and output; it reads, and changes nothing
    Mcp,
    /// Print what a file may hold, as JSON Schema, for editors and CI
    Schema(SchemaArgs),
    /// See and take over the built-in templates and theme
    #[command(subcommand)]
    Theme(ThemeVerb),
    /// Take away what builds left
    Clean,
    /// Print a script that teaches a shell our words
    Completions(CompletionsArgs),
    /// Print the manual
    Man(ManArgs),
}

/// `new`.
#[derive(Debug, clap::Args)]
pub struct NewArgs {
    /// The name of the failure: `a-z` and `0-9` words joined by `-`
    #[arg(value_name = "ID")]
    pub id: Option<String>,
    /// Begin with what a program printed, from a file or, with `-`, from a pipe: likely duplicates are shown, then a record
    /// is written that quotes it
    #[arg(long, value_name = "FILE")]
    pub from_error: Option<Utf8PathBuf>,
    /// Add what was printed to this record instead, which is known by it from then on
    #[arg(long, value_name = "RECORD", requires = "from_error", conflicts_with_all = ["id", "edit"])]
    pub add_to: Option<String>,
    /// The form of its file
    #[arg(long = "as", value_enum, default_value = "yaml", value_name = "FORM")]
    pub form: RecordForm,
    /// Open it in $VISUAL or $EDITOR
    #[arg(long)]
    pub edit: bool,
}

/// `schema`.
#[derive(Debug, clap::Args)]
pub struct SchemaArgs {
    /// What it describes
    #[arg(value_enum, value_name = "WHAT")]
    pub of: SchemaOf,
}

/// What a schema describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SchemaOf {
    /// A record in the YAML form
    Record,
    /// book.toml
    Book,
    /// A line of results.jsonl, or what `-f json` prints: search, diagnose, eval, list, lint, verify
    Result,
}

/// `theme`.
#[derive(Debug, Subcommand)]
pub enum ThemeVerb {
    /// Name the files that a book can replace, and those that this one does
    List,
    /// Copy a built-in file into the book, to be changed there
    Eject {
        /// Its name, such as `record.html` or `theme/site.css`
        #[arg(value_name = "NAME")]
        name: String,
    },
    /// Show how the book's files differ from the built-in ones of today
    Diff,
    /// Try the book's templates on an almost empty and an overfull record
    Doctor,
}

/// `completions`.
#[derive(Debug, clap::Args)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum, value_name = "SHELL")]
    pub shell: clap_complete::Shell,
}

/// `man`.
#[derive(Debug, clap::Args)]
pub struct ManArgs {
    /// Write a page for every verb to this folder
    #[arg(short, long, value_name = "DIR")]
    pub dest_dir: Option<Utf8PathBuf>,
}

/// `build`.
#[derive(Debug, clap::Args)]
pub struct BuildArgs {
    /// Write the site to this folder instead of the book's `build-dir`
    #[arg(short, long, value_name = "DIR")]
    pub dest_dir: Option<Utf8PathBuf>,
    /// Build drafts as well
    #[arg(long)]
    pub drafts: bool,
    /// Let warnings stop the build too
    #[arg(long)]
    pub strict: bool,
    /// The address of the site, instead of the book's `site-url`
    #[arg(long, value_name = "URL")]
    pub site_url: Option<String>,
    /// `public` leaves out what is for the house only; the default where book.toml says `audience = "public"`
    #[arg(long, value_enum, value_name = "AUDIENCE")]
    pub audience: Option<Reader>,
    /// Take this day for today, such as 2026-11-24; the newest day in the book otherwise
    #[arg(long, value_name = "DATE", value_parser = day)]
    pub as_of: Option<Date>,
    /// Note the addresses of this site in urls.txt, as published for ever
    #[arg(long)]
    pub publish: bool,
    /// Open the site in a browser
    #[arg(short, long)]
    pub open: bool,
}

/// Whom a site is built for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Reader {
    /// Everybody
    Public,
    /// The people of the house
    Internal,
}

fn day(text: &str) -> Result<Date, String> {
    Date::parse(text).ok_or_else(|| "a day is written like 2026-11-24".to_owned())
}

/// `serve`.
#[derive(Debug, clap::Args)]
pub struct ServeArgs {
    /// Listen on this address
    #[arg(short = 'n', long, value_name = "HOST", default_value = "127.0.0.1")]
    pub hostname: String,
    /// Listen on this port; without it, the first free one from 3000
    #[arg(short, long, value_name = "PORT")]
    pub port: Option<u16>,
    /// Open the book in the browser
    #[arg(short, long)]
    pub open: bool,
    /// Look at the files every so many seconds, where the system does not tell of changes, such as on a network
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub poll: Option<u64>,
    /// Let open tabs go to the page of whatever was saved last
    #[arg(long)]
    pub follow: bool,
}

/// `search`.
#[derive(Debug, clap::Args)]
pub struct SearchArgs {
    /// What you see: words, an error code, a line of a log
    #[arg(required = true, value_name = "QUERY")]
    pub query: Vec<String>,
    /// At most this many records
    #[arg(short, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=100))]
    pub n: u16,
    /// Only records with this value, such as `product=npm`
    #[arg(long, value_name = "KEY=VALUE")]
    pub facet: Vec<String>,
    /// Search drafts as well
    #[arg(long)]
    pub drafts: bool,
    /// Take the index of the last search, without looking whether records changed since
    #[arg(long)]
    pub no_refresh: bool,
    /// How to write the hits
    #[arg(short, long, value_enum, default_value = "human")]
    pub format: HitFormat,
}

/// How a record is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ShowFormat {
    /// For people
    Human,
    /// For agents: the Markdown twin of its page
    Md,
    /// For programs: the JSON twin of its page
    Json,
}

/// `show`.
#[derive(Debug, clap::Args)]
pub struct ShowArgs {
    /// The record
    #[arg(value_name = "ID")]
    pub id: String,
    /// How to write it
    #[arg(short, long, value_enum, default_value = "human")]
    pub format: ShowFormat,
}

/// `list`.
#[derive(Debug, clap::Args)]
pub struct ListArgs {
    /// Only records with this value, such as `product=npm`
    #[arg(long, value_name = "KEY=VALUE")]
    pub facet: Vec<String>,
    /// Only records that somebody should read again: `review_by` has passed, or a source was read too long ago
    #[arg(long)]
    pub stale: bool,
    /// Name drafts as well
    #[arg(long)]
    pub drafts: bool,
    /// How to write the list
    #[arg(short, long, value_enum, default_value = "human")]
    pub format: HitFormat,
}

/// `fmt`.
#[derive(Debug, clap::Args)]
pub struct FmtArgs {
    /// Only these records or folders; every record otherwise
    #[arg(value_name = "PATH")]
    pub paths: Vec<Utf8PathBuf>,
    /// Name the files that would change, and change none
    #[arg(long)]
    pub check: bool,
    /// Write the other form; the old file goes once the new one reads back as the same record
    #[arg(long, value_enum, value_name = "FORM")]
    pub to: Option<RecordForm>,
}

/// The form of a record's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RecordForm {
    /// Every field a key
    Yaml,
    /// Front matter and sections
    Md,
}

impl From<RecordForm> for Form {
    fn from(form: RecordForm) -> Form {
        match form {
            RecordForm::Yaml => Form::Yaml,
            RecordForm::Md => Form::Markdown,
        }
    }
}

/// `mv`.
#[derive(Debug, clap::Args)]
pub struct MvArgs {
    /// The record
    #[arg(value_name = "OLD")]
    pub old: String,
    /// Its new id
    #[arg(value_name = "NEW")]
    pub new: String,
}

/// `verify`.
#[derive(Debug, clap::Args)]
pub struct VerifyArgs {
    /// Only these records
    #[arg(value_name = "ID")]
    pub ids: Vec<String>,
    /// Every record with a check
    #[arg(long, conflicts_with = "ids")]
    pub all: bool,
    /// Every record with a check and this tag
    #[arg(long, value_name = "TAG", conflicts_with = "ids")]
    pub tag: Option<String>,
    /// Every record with a check that differs from this commit
    #[arg(long, value_name = "COMMIT", conflicts_with = "ids")]
    pub changed_since: Option<String>,
    /// Examine this folder
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub dir: Utf8PathBuf,
    /// Hand a value in
    #[arg(long, value_name = "NAME=VALUE")]
    pub input: Vec<String>,
    /// Hand a log in, as the input `log`; `-` reads standard input
    #[arg(long, value_name = "FILE")]
    pub log: Option<Utf8PathBuf>,
    /// Ask whether a repair is a real one: FIXED, NOT_FIXED, MASKED by a wrong fix, or INCOMPLETE
    #[arg(long)]
    pub repair: bool,
    /// An earlier `-f json`, which shows that the failure was seen here
    #[arg(long, value_name = "FILE", requires = "repair")]
    pub before: Option<Utf8PathBuf>,
    /// Print what would run, and run nothing
    #[arg(long)]
    pub plan: bool,
    /// Let the check of this digest run, once
    #[arg(long, value_name = "sha256:…")]
    pub trust: Vec<String>,
    /// What a check whose digest is named may do besides; of self-tests: run where this machine cannot confine them
    #[arg(long, value_enum, value_delimiter = ',', value_name = "CAPABILITY")]
    pub allow: Vec<Allowed>,
    /// Refuse to run anything where this machine does not enforce these
    #[arg(long, value_enum, value_delimiter = ',', value_name = "LAYER")]
    pub require_sandbox: Vec<SandboxLayer>,
    /// Ask nothing; what only a person could tell stays unknown, what is not allowed yet is refused
    #[arg(long)]
    pub no_input: bool,
    /// Test the checks themselves: bring each failure about in a scratch folder, and run the printed fixes and wrong fixes
    #[arg(long)]
    pub self_test: bool,
    /// Test so many records at a time; as many as there are processors otherwise
    #[arg(short, long, value_name = "N", requires = "self_test")]
    pub jobs: Option<usize>,
    /// Change each part of a check in turn, and name the parts that no state misses
    #[arg(long, requires = "self_test")]
    pub mutants: bool,
    /// Run each check in the states of every other record, where it must not say PRESENT
    #[arg(long, requires = "self_test")]
    pub cross: bool,
    /// What a state has to be to count: with `real`, one that recorded replies answered was not executed
    #[arg(long, value_enum, value_name = "LEVEL", default_value = "any", requires = "self_test")]
    pub level: Wanted,
    /// Run the real tool where replies stand for one, and write what it says into the record; the self-test comes after
    #[arg(long, requires = "self_test")]
    pub record: bool,
    /// Keep what each check's program printed in the really broken state, in `observed/` beside the record
    #[arg(long, requires = "self_test")]
    pub harvest: bool,
    /// Write the results to this file, for the pages to show
    #[arg(long, value_name = "FILE", requires = "self_test")]
    pub record_results: Option<Utf8PathBuf>,
    /// Print one record's check as a script that runs without us
    #[arg(long, value_enum, value_name = "LANGUAGE")]
    pub export: Option<ExportTo>,
    /// Only these verdicts fail the run
    #[arg(long, value_enum, value_delimiter = ',', value_name = "VERDICT")]
    pub fail_on: Option<Vec<FailOn>>,
    /// What exit codes mean
    #[arg(long, value_enum, value_name = "STYLE")]
    pub exit_style: Option<ExitStyle>,
    /// How to write the results
    #[arg(short, long, value_enum, default_value = "human")]
    pub format: ReportFormat,
    /// Write the results to this file too, in the format of its ending
    #[arg(long, value_name = "FILE")]
    pub out: Vec<Utf8PathBuf>,
}

/// What a check is written out in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ExportTo {
    /// A script for any POSIX shell
    Sh,
}

/// `try`.
#[derive(Debug, clap::Args)]
pub struct TryArgs {
    /// The record
    #[arg(value_name = "ID")]
    pub id: String,
    /// Begin in this state: `broken`, `fixed`, `other-fix/N`, `wrong-fix/ID`, or another that the record names
    #[arg(long, value_name = "STATE", default_value = "broken")]
    pub state: String,
    /// Run this command instead of a shell, and report as JSON; it may note what it tries in $FAULTBOOK_COMMANDS
    #[arg(long, value_name = "CMD")]
    pub agent: Option<String>,
}

/// `repro`.
#[derive(Debug, clap::Args)]
pub struct ReproArgs {
    /// The record
    #[arg(value_name = "ID")]
    pub id: String,
    /// Lay this state out: `broken`, `fixed`, `other-fix/N`, `wrong-fix/ID`, or another that the record names
    #[arg(long, value_name = "STATE", default_value = "broken")]
    pub state: String,
    /// In this folder, which is made, or is empty
    #[arg(long, value_name = "DIR")]
    pub to: Utf8PathBuf,
}

/// `trust`.
#[derive(Debug, Subcommand)]
pub enum TrustVerb {
    /// Show what a record's check would do, and whether it is allowed to
    Show(TrustArgs),
    /// Allow a record's check to run as you, until it changes
    Allow(TrustArgs),
    /// Name what you have allowed
    List {
        /// How to write the list
        #[arg(short, long, value_enum, default_value = "human")]
        format: Format,
    },
    /// Take back what no record of this book needs any more
    Prune {
        /// How to write what was taken back
        #[arg(short, long, value_enum, default_value = "human")]
        format: Format,
    },
}

/// `trust show` and `trust allow`.
#[derive(Debug, clap::Args)]
pub struct TrustArgs {
    /// The record
    #[arg(value_name = "ID")]
    pub id: String,
    /// The folder to examine; a check that runs its code is allowed to do so in this one only
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub dir: Utf8PathBuf,
    /// How to write it
    #[arg(short, long, value_enum, default_value = "human")]
    pub format: Format,
}

/// `import`.
#[derive(Debug, clap::Args)]
pub struct ImportArgs {
    /// What the files are
    #[arg(value_enum, value_name = "FORMAT")]
    pub format: ImportFormat,
    /// A file, or a folder of them
    #[arg(value_name = "PATH")]
    pub path: Utf8PathBuf,
    /// Write the records to this folder, instead of one named like the format in the book's content
    #[arg(long, value_name = "DIR")]
    pub into: Option<Utf8PathBuf>,
    /// How to write the account
    #[arg(
        id = "account",
        short = 'f',
        long = "format",
        value_enum,
        default_value = "human",
        value_name = "FORM"
    )]
    pub account: Format,
}

/// What records are made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ImportFormat {
    /// RustSec advisories
    Rustsec,
    /// OSV entries, schema 1.x
    Osv,
    /// Canons of deadends.dev
    Deadends,
    /// Markdown with headings
    Runbook,
    /// The text of a page, with headings on lines of their own
    Page,
    /// A JSON object per line: id, title, text, and fields by their names
    Jsonl,
}

/// A part of the sandbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SandboxLayer {
    /// Files: written only in scratch, read only where the system and tools are
    Fs,
    /// No network
    Net,
}

impl SandboxLayer {
    /// The layers that it stands for.
    pub fn layers(self) -> Vec<Layer> {
        match self {
            SandboxLayer::Fs => vec![Layer::FsWrite, Layer::FsRead],
            SandboxLayer::Net => vec![Layer::Network],
        }
    }
}

/// What a check may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Allowed {
    /// Run declared programs, in the sandbox
    Probe,
    /// Ask other machines, by requests of ours
    Network,
    /// Run scripts
    Shell,
    /// Read secrets that are handed to it
    Secrets,
    /// Read the real home
    RealHome,
    /// Run code of the folder that is examined
    SubjectCode,
}

impl Allowed {
    /// The capability.
    pub fn capability(self) -> Capability {
        match self {
            Allowed::Probe => Capability::Probe,
            Allowed::Network => Capability::Network,
            Allowed::Shell => Capability::Shell,
            Allowed::Secrets => Capability::Secrets,
            Allowed::RealHome => Capability::RealHome,
            Allowed::SubjectCode => Capability::SubjectCode,
        }
    }
}
