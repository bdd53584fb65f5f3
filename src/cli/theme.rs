//! `faultbook theme`: what a book can replace of its pages, and whether what it replaced still works.

use super::args::ThemeVerb;
use super::{Exit, UsageError, from_here, load, report};
use crate::diag::{Code, Diagnostic, Level, nearest};
use crate::model::{Facet, Settings};
use crate::render::{Page, Templates, Theme};
use crate::text::{Source, Sources};
use crate::{Choice, Input, disk, parse};
use anyhow::Context;
use camino::{Utf8Path, Utf8PathBuf};

/// Files that stand for all that a record may and may not say.
const DOCTOR: [(&str, &str); 4] = [
    ("faultbook-doctor-small.yaml", include_str!("doctor_small.yaml")),
    ("faultbook-doctor-usual.yaml", parse::SAMPLE),
    ("faultbook-doctor-full.yaml", include_str!("doctor_full.yaml")),
    ("pages/faultbook-doctor.md", "---\ntitle: A guide\n---\n\nSee [a record](faultbook-doctor-full).\n"),
];

/// Does what `theme` is asked for.
pub fn run(verb: &ThemeVerb, root: &Utf8Path) -> anyhow::Result<Exit> {
    match verb {
        ThemeVerb::List => list(&load(root)?),
        ThemeVerb::Eject { name } => eject(name, root),
        ThemeVerb::Diff => diff(&load(root)?),
        ThemeVerb::Doctor => doctor(load(root)?),
    }
}

/// A file that is part of this program, and the book's own of the same name.
struct Part<'i> {
    path: Utf8PathBuf,
    text: &'static str,
    own: Option<&'i [u8]>,
}

/// The built-in paths and texts, templates first.
fn built_in() -> impl Iterator<Item = (Utf8PathBuf, &'static str)> {
    let at = |folder: &'static str| {
        move |(name, text): &(&str, &'static str)| (Utf8Path::new(folder).join(name), *text)
    };
    Templates::built_in().iter().map(at("templates")).chain(Theme::built_in().iter().map(at("theme")))
}

/// The book's own paths and contents, in the same order.
fn own(input: &Input) -> Vec<(Utf8PathBuf, &[u8])> {
    let templates =
        input.templates.iter().map(|(name, text)| (Utf8Path::new("templates").join(name), text.as_bytes()));
    let theme = input.theme.iter().map(|(name, body)| (Utf8Path::new("theme").join(name), body.as_slice()));
    templates.chain(theme).collect()
}

fn parts(input: &Input) -> Vec<Part<'_>> {
    let own = own(input);
    let part = |(path, text): (Utf8PathBuf, &'static str)| {
        let own = own.iter().find(|(own, _)| *own == path).map(|(_, body)| *body);
        Part { path, text, own }
    };
    built_in().map(part).collect()
}

fn list(input: &Input) -> anyhow::Result<Exit> {
    let parts = parts(input);
    let width = parts.iter().map(|part| part.path.as_str().len()).max().unwrap_or_default();
    let line =
        |path: &Utf8Path, is: &str| report::data(&format!("{path:<width$}  {is}", path = path.as_str()));
    for part in &parts {
        line(
            &part.path,
            match part.own {
                None => "built in",
                Some(own) if own == part.text.as_bytes() => "the book's own, the same as the built-in one",
                Some(_) => "the book's own",
            },
        );
    }
    for (path, _) in own(input).iter().filter(|(path, _)| !parts.iter().any(|part| part.path == *path)) {
        line(path, "the book's own, beside the built-in ones");
    }
    Ok(Exit::Clean)
}

fn eject(name: &str, root: &Utf8Path) -> anyhow::Result<Exit> {
    let is_named = |path: &Utf8Path| path == name || path.file_name() == Some(name);
    let Some((path, text)) = built_in().find(|(path, _)| is_named(path)) else {
        let paths: Vec<Utf8PathBuf> = built_in().map(|(path, _)| path).collect();
        let names = paths.iter().flat_map(|path| [Some(path.as_str()), path.file_name()]).flatten();
        let hint = match nearest(name, names) {
            Some(name) => format!("the nearest name is `{name}`"),
            None => "`faultbook theme list` shows their names".to_owned(),
        };
        return Err(UsageError::with_hint(format!("no built-in file is called `{name}`"), hint));
    };
    if root.join(&path).exists() {
        let hint = "`faultbook theme diff` shows how it differs from the built-in one";
        return Err(UsageError::with_hint(format!("the book has a `{path}` already"), hint));
    }
    disk::create(&root.join(&path), text.as_bytes()).context("could not copy the file")?;
    report::data(from_here(root, &path).as_str());
    Ok(Exit::Clean)
}

/// A template that extends the built-in one of its name has nothing to drift from.
fn diff(input: &Input) -> anyhow::Result<Exit> {
    let extends = |part: &Part, own: &str| {
        let name = part.path.file_name().unwrap_or_default();
        own.contains(&format!("extends \"default/{name}\""))
    };
    let mut exit = Exit::Clean;
    for part in parts(input) {
        let Some(own) = part.own.filter(|own| *own != part.text.as_bytes()) else { continue };
        let own = String::from_utf8_lossy(own);
        if !extends(&part, &own) {
            report::diff(&part.path, part.text, &own);
            exit = Exit::Findings;
        }
    }
    Ok(exit)
}

/// Builds the book with records that say nothing and everything, and tells what breaks.
fn doctor(input: Input) -> anyhow::Result<Exit> {
    let input = with_samples(input);
    let choice = Choice { drafts: true, ..Choice::default() };
    let reading = crate::read(&input.sources, &input.given);
    let nowhere = |_: Vec<Page>| Ok(());
    let built = match crate::build(reading, &input, choice, &nowhere).context("could not build the site") {
        Ok(built) => built,
        Err(error) => {
            report::failure(&error);
            return Ok(Exit::Findings);
        }
    };
    // A sample that this book refuses would be on no page, and then nothing was tried.
    let is_sample = |found: &Diagnostic| {
        let name = input.sources.get(found.span.file).path.file_stem().unwrap_or_default();
        found.level == Level::Error && name.starts_with("faultbook-doctor-")
    };
    let told: Vec<Diagnostic> =
        built.found.into_iter().filter(|found| found.code == Code::DeadLink || is_sample(found)).collect();
    report::findings(&told, &input.sources);
    let (n_errors, n_warnings) = report::count(&told);
    let pages = report::plural(built.n_files, "file");
    report::data(&format!("{pages}, {}", report::summary(n_errors, n_warnings)));
    Ok(if told.is_empty() { Exit::Clean } else { Exit::Findings })
}

/// The book and our samples, whose facets are among those that the book allows.
fn with_samples(mut input: Input) -> Input {
    // Feeds and sitemaps are written only for a site that has an address.
    let site_url = ["output", "html", "site-url"].map(str::to_owned).to_vec();
    input.given.overrides.push((site_url, "https://doctor.example/book/".to_owned()));
    let book_file = input.sources.iter().find(|(_, source)| source.path == parse::BOOK_FILE);
    let text = book_file.map_or("", |(_, source)| source.text.as_str());
    let settings = parse::settings(text, &input.given.overrides);
    let sample = |(name, text): (&str, &str)| {
        let text = Facet::ALL.iter().fold(text.to_owned(), |text, facet| allowed(&text, *facet, &settings));
        Source::from_bytes(settings.src.join(name), text.into_bytes())
    };
    let files = input.sources.iter().map(|(_, source)| source.clone()).chain(DOCTOR.map(sample));
    input.sources = Sources::new(files.collect());
    input
}

/// The text with a value that the book lists in place of the sample's own, where it lists values.
fn allowed(text: &str, facet: Facet, settings: &Settings) -> String {
    let Some(value) = settings.allowed(facet).first() else { return text.to_owned() };
    let key = if facet == Facet::Tag { "tags" } else { facet.key() };
    let start = format!("{key}: ");
    let line = |line: &str| match line.strip_prefix(&start) {
        Some(_) => format!("{start}{}\n", serde_json::json!(value)),
        None => format!("{line}\n"),
    };
    text.lines().map(line).collect()
}
