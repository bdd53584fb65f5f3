//! `faultbook lint`.

use super::{Exit, UsageError, from_here, load_today, mend, paths_in_book, report};
use crate::diag::{self, Code, Diagnostic};
use crate::disk::{self, ChangedLines};
use crate::lint::manual;
use crate::parse;
use crate::text::{Source, Sources, Span};
use anyhow::Context;
use camino::{Utf8Path, Utf8PathBuf};
use clap::ValueEnum;
use std::collections::BTreeMap;

/// How findings are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LintFormat {
    /// For people
    Human,
    /// For programs
    Json,
    /// For a job's log: GitHub annotations
    Github,
}

/// `lint`.
#[derive(Debug, clap::Args)]
pub struct LintArgs {
    /// Only these records or folders; the whole book otherwise
    #[arg(value_name = "PATH")]
    pub paths: Vec<Utf8PathBuf>,
    /// Only what stands in lines that this branch changed since it left that commit, such as `origin/main`
    #[arg(long, value_name = "COMMIT")]
    pub changed_since: Option<String>,
    /// Mend what can only be meant in one way, such as a slip in the name of a field, before anything is reported
    #[arg(long)]
    pub fix: bool,
    /// Say what a rule is for, with a bad and a good example; its name stands in the brackets of a finding
    #[arg(long, value_name = "RULE", conflicts_with_all = ["paths", "changed_since", "strict", "fix", "format"])]
    pub explain: Option<String>,
    /// Let warnings fail too
    #[arg(long)]
    pub strict: bool,
    /// How to write the findings
    #[arg(short, long, value_enum, default_value = "human")]
    pub format: LintFormat,
}

/// Applies every rule and reports; the exit code says whether the book could be published.
pub fn run(args: &LintArgs, root: &Utf8Path) -> anyhow::Result<Exit> {
    let changed = args.changed_since.as_deref().map(|commit| Changed::since(root, commit)).transpose()?;
    let mut input = load_today(root)?;
    let wanted = paths_in_book(&args.paths, root)?;
    let inside = |path: &Utf8Path| {
        let is_wanted = wanted.is_empty() || wanted.iter().any(|folder| path.starts_with(folder));
        is_wanted && changed.as_ref().is_none_or(|changed| changed.of(path).is_some())
    };
    let is_told = |sources: &Sources, diagnostic: &Diagnostic| {
        let source = sources.get(diagnostic.span.file);
        inside(&source.path) && changed.as_ref().is_none_or(|changed| changed.has(source, diagnostic.span))
    };
    if args.fix && mend::run(root, &input, |diagnostic| is_told(&input.sources, diagnostic))? {
        input = load_today(root)?;
    }
    let reading = crate::inspect(&input.sources, &input.given).context("could not run the keywords")?;
    let told = |diagnostic: &Diagnostic| is_told(&input.sources, diagnostic);
    let found: Vec<Diagnostic> = reading.found.into_iter().filter(told).collect();
    match args.format {
        LintFormat::Human => {
            report::findings(&found, &input.sources);
            let guides = reading.book.settings.src.join(parse::GUIDE_FOLDER);
            let n_files = n_records(&input.sources, |path| inside(path) && !path.starts_with(&guides));
            let (n_errors, n_warnings) = report::count(&found);
            let records = report::plural(n_files, "record");
            report::data(&format!("{records}, {}", report::summary(n_errors, n_warnings)));
        }
        LintFormat::Json => report::json(&report::findings_json(&found, &input.sources)),
        LintFormat::Github if found.is_empty() => {}
        LintFormat::Github => {
            let path = |path: &Utf8Path| from_here(root, path);
            report::data(&report::findings_github(&found, &input.sources, path));
        }
    }
    let failed = if args.strict { !found.is_empty() } else { diag::has_errors(&found) };
    Ok(if failed { Exit::Findings } else { Exit::Clean })
}

/// Says what a rule is for.
pub fn explain(name: &str) -> anyhow::Result<Exit> {
    let found = Code::parse(name).and_then(manual).ok_or_else(|| {
        let names = Code::ALL.iter().map(|code| code.name());
        let hint = match diag::nearest(name, names.clone()) {
            Some(nearest) => format!("did you mean `{nearest}`?"),
            None => format!("the rules are {}", names.collect::<Vec<_>>().join(", ")),
        };
        UsageError::with_hint(format!("no rule is called `{name}`"), hint)
    })?;
    report::rule(found);
    Ok(Exit::Clean)
}

/// What a branch changed, for findings that are its own.
struct Changed(BTreeMap<Utf8PathBuf, ChangedLines>);

impl Changed {
    fn since(root: &Utf8Path, commit: &str) -> anyhow::Result<Changed> {
        let files = disk::changed_lines(root, commit).ok_or_else(|| {
            let hint = "--changed-since takes a commit of the repository that the book lies in, and needs the history \
                        up to where this branch left it (`fetch-depth: 0` in a workflow)";
            UsageError::with_hint(format!("git knows no way from here to a commit `{commit}`"), hint)
        })?;
        Ok(Changed(files))
    }

    /// The changed lines of a file; none of a record whose folder alone changed.
    fn of(&self, path: &Utf8Path) -> Option<ChangedLines> {
        let folder = path.parent().filter(|_| path.file_stem() == Some("record"));
        let beside = || self.0.keys().any(|changed| folder.is_some_and(|folder| changed.starts_with(folder)));
        let lines = self.0.get(path).cloned();
        lines.or_else(|| beside().then(|| ChangedLines::Ranges(Vec::new())))
    }

    /// Whether a finding stands in changed lines. One about a file as a whole is the business of whoever changes it: what
    /// is missing stands in no line.
    fn has(&self, source: &Source, span: Span) -> bool {
        let is_whole = span.start == 0 && span.end == 0;
        let (first, _) = source.line_column(span.start);
        // A value of several lines ends before the line that follows it.
        let (last, _) = source.line_column(span.end.saturating_sub(1).max(span.start));
        self.of(&source.path).is_some_and(|lines| is_whole || lines.touch(&(first..=last)))
    }
}

fn n_records(sources: &Sources, counts: impl Fn(&Utf8Path) -> bool) -> usize {
    let is_record = |path: &Utf8Path| matches!(path.extension(), Some("yaml" | "yml" | "md"));
    sources.iter().filter(|(_, source)| is_record(&source.path) && counts(&source.path)).count()
}
