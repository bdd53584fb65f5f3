//! `faultbook new --from-error`: what a program printed becomes a record, or a part of one that is there.
//!
//! In: a pasted log, the book. Out: likely duplicates on stderr; a short record whose gaps `lint` names, or one more file
//! in the `observed/` of another record. What the log says stays a value: nothing in it is read as YAML or Markdown.

use super::args::NewArgs;
use super::harvest::{Place, keep};
use super::pasted::Pasted;
use super::{
    Exit, UsageError, from_here, library, load, new_id, open, record, refuse_taken, report, settings,
};
use crate::diagnose::{Bounds, Corpus, Excerpt, Verdict, diagnose, excerpt, known};
use crate::disk;
use crate::model::{Book, RecordId};
use crate::output::Log;
use crate::parse::{self, Form, map_node, text_node};
use crate::verify::{Host, Launcher, Redactor, is_same, steady};
use crate::{Input, Reading};
use anyhow::Context;
use camino::{Utf8Path, Utf8PathBuf};
use std::collections::BTreeSet;

/// So much of a log is read: more than a terminal keeps.
const MAX_READ: u64 = 16 << 20;
/// What a record quotes.
const QUOTED: Bounds = Bounds { n_lines: 40, n_bytes: 4 << 10 };
/// What is kept beside a record.
const OBSERVED: Bounds = Bounds { n_lines: 400, n_bytes: 32 << 10 };
/// What `long-title` lets pass.
const MAX_TITLE: usize = 90;
/// So many duplicates are shown.
const MAX_SHOWN: usize = 3;
/// A record is given so many outputs by this way; who has more needs a better check.
const MAX_OBSERVED: usize = 100;

/// Shows likely duplicates, then writes a record, or adds to one.
pub fn run(args: &NewArgs, file: &Utf8Path, root: &Utf8Path, quiet: bool) -> anyhow::Result<Exit> {
    let text = Redactor::default().clean(&read(file)?);
    let host = Host::here(Launcher::of_this_process());
    let library = library::open(root).context("could not open the book")?;
    let (reading, index) = library.records(true).context("could not read the records")?;
    if let Some(id) = &args.add_to {
        return add(id, &text, &reading, root, &host);
    }
    let quoted = excerpt(&text, QUOTED).ok_or_else(|| nothing(file))?;
    let corpus = Corpus::new(&index, known(&reading.book)).context("could not search")?;
    show_duplicates(&corpus, &text, file);
    let input = load(root)?;
    let title = Excerpt::title(&steady(&quoted.telling, &host), MAX_TITLE);
    let id = id(args, &title, &input)?;
    let editor = args.edit.then(open::editor).transpose()?;
    let form = Form::from(args.form);
    let path = settings(root)?.src.join(format!("{id}.{}", form.ending()));
    let written = write(&title, &quoted, &reading.book, form);
    disk::create(&root.join(&path), written.as_bytes()).context("could not make the record")?;
    if !quiet && quoted.lines.len() < quoted.n_all {
        let n = quoted.lines.len();
        report::talk(&format!("it quotes {n} of {} lines, those around the error", quoted.n_all));
    }
    let path_here = from_here(root, &path);
    report::data(&format!("{path_here}\nfaultbook lint {path_here}"));
    if let Some(editor) = editor {
        open::file(&editor, &root.join(&path))?;
    }
    Ok(Exit::Clean)
}

/// The log, as far as it is read.
fn read(file: &Utf8Path) -> anyhow::Result<String> {
    let pasted = Pasted { file, taker: "--from-error" };
    let bytes = pasted.beginning(&mut *pasted.open()?, MAX_READ)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn nothing(file: &Utf8Path) -> anyhow::Error {
    UsageError::with_hint(format!("`{file}` says nothing"), "a record begins with what a program printed")
}

/// The records that explain this output already, and how it is added to one of them.
fn show_duplicates(corpus: &Corpus, text: &str, file: &Utf8Path) {
    let mut diagnosis = diagnose(corpus, &Log::of(text), MAX_SHOWN);
    diagnosis.keep_what_is_worth_a_look();
    if diagnosis.verdict == Verdict::None {
        return;
    }
    for candidate in &diagnosis.candidates {
        let known = &corpus.records[candidate.record];
        let (word, title) = (diagnosis.verdict.name(), report::shown(&known.title));
        report::talk(&format!(
            "{word}: {title}\n  its id is `{}`; line {} tells it: {}\n  \
             to add this output to it instead: faultbook new --from-error {} --add-to {}",
            known.id,
            candidate.nth,
            report::shown(&candidate.line),
            report::shown(file.as_str()),
            known.id,
        ));
    }
}

/// The id that was given, or the words of the title.
fn id(args: &NewArgs, title: &str, input: &Input) -> anyhow::Result<RecordId> {
    let id = match &args.id {
        Some(written) => new_id(written)?,
        None => RecordId::slug(title).ok_or_else(|| {
            let hint = "it names the failure: `faultbook new push-is-rejected --from-error FILE`";
            UsageError::with_hint("no id can be made of this error", hint)
        })?,
    };
    refuse_taken(&id, input)?;
    Ok(id)
}

/// A record of what is known by now. What is not stands there as comments, and `lint` names it.
fn write(title: &str, quoted: &Excerpt, book: &Book, form: Form) -> String {
    let (product, category) = facets(quoted, book);
    let mut fields = Vec::new();
    let mut gaps = Vec::new();
    match title {
        "" => gaps.push("title: the line that somebody would search for"),
        title => fields.push(("title", text_node(title))),
    }
    match &product {
        Some(product) => fields.push(("product", text_node(product))),
        None => gaps.push("product: the tool that failed"),
    }
    fields.extend(category.iter().map(|category| ("category", text_node(category))));
    fields.push(("symptom", text_node(&fenced(&quoted.lines))));
    gaps.extend(match form {
        Form::Yaml => YAML_GAPS,
        Form::Markdown => MARKDOWN_GAPS,
    });
    let mut tree = map_node(fields);
    tree.comments_after = [TODO].iter().chain(&gaps).map(|line| (*line).to_owned()).collect();
    parse::write(&tree, form)
}

const TODO: &str =
    "TODO: what `faultbook lint` asks for; where nobody knows a repair, `status: open` stands for `fix`.";
const YAML_GAPS: &[&str] = &[
    "fix:",
    "  - run: what repairs it",
    "root_cause: The cause in a sentence or two.",
    "wrong_fixes:",
    "  - run: what people try",
    "    why: Why it fails.",
    "keywords: [what people type when they see it]",
    "sources: [where this was seen, or an address]",
];
const MARKDOWN_GAPS: &[&str] = &[
    "keywords: [what people type when they see it]",
    "sources: [where this was seen, or an address]",
    "Sections: `## Quick fix`, `## Root cause`, `## Common wrong fixes`.",
];

/// Lines as a block that none of them ends.
fn fenced(lines: &[String]) -> String {
    let longest = lines.iter().map(|line| longest_run(line)).max().unwrap_or(0);
    let fence = "`".repeat((longest + 1).max(3));
    format!("{fence}text\n{}\n{fence}", lines.join("\n"))
}

fn longest_run(line: &str) -> usize {
    line.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

/// The product of this book that the lines name, and the category that all of its records have. Where two products are
/// named as clearly, none is.
fn facets(quoted: &Excerpt, book: &Book) -> (Option<String>, Option<String>) {
    let products = book.records.values().map(|record| record.product.as_str());
    // A single letter stands in many lines and names nothing there.
    let products: BTreeSet<&str> = products.filter(|product| product.chars().count() > 1).collect();
    let clarity = |product: &str| {
        let places = |line: &String| names(line, product);
        let starts = quoted.lines.iter().any(|line| places(line).contains(&0));
        let n_lines = quoted.lines.iter().filter(|line| !places(line).is_empty()).count();
        (n_lines > 0).then(|| (starts, !names(&quoted.telling, product).is_empty(), n_lines))
    };
    let mut named: Vec<_> =
        products.into_iter().filter_map(|product| Some((clarity(product)?, product))).collect();
    named.sort();
    let product = match named.as_slice() {
        [.., (second, _), (first, _)] if first == second => return (None, None),
        [.., (_, product)] => *product,
        [] => return (None, None),
    };
    let of_product = book.records.values().filter(|record| record.product == product);
    let categories: BTreeSet<&str> = of_product.filter_map(|record| record.category.as_deref()).collect();
    let category =
        categories.first().filter(|_| categories.len() == 1).map(|category| (*category).to_owned());
    (Some(product.to_owned()), category)
}

/// Where a line has a name as a word of its own; behind a prompt and spaces is its beginning.
fn names(line: &str, name: &str) -> Vec<usize> {
    let line = line.trim_start_matches(['$', '#', '>', ' ', '\t']).to_lowercase();
    let name = name.to_lowercase();
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
    let is_whole =
        |at: &usize| !line[..*at].ends_with(is_part) && !line[*at + name.len()..].starts_with(is_part);
    line.match_indices(&name).map(|(at, _)| at).filter(is_whole).collect()
}

/// Adds the output to what was observed of a record.
fn add(id: &str, text: &str, reading: &Reading, root: &Utf8Path, host: &Host) -> anyhow::Result<Exit> {
    let record = record(reading, id)?;
    let observed = excerpt(text, OBSERVED).ok_or_else(|| nothing(Utf8Path::new("-")))?;
    let text = steady(&observed.lines.join("\n"), host) + "\n";
    let place = Place { root, src: &reading.book.settings.src };
    let name = free_name(place, &record.path, &text)?;
    let said = keep(place, &record.path, name.as_str(), &text)
        .with_context(|| format!("could not add the output to `{}`", record.id))?;
    report::data(&said);
    Ok(Exit::Clean)
}

/// The first name in the record's `observed/` that is free, or that of the file that says the same already.
fn free_name(place: Place<'_>, record: &Utf8Path, text: &str) -> anyhow::Result<Utf8PathBuf> {
    let names = (1..=MAX_OBSERVED).map(|nth| match nth {
        1 => Utf8PathBuf::from("observed/pasted.txt"),
        nth => Utf8PathBuf::from(format!("observed/pasted-{nth}.txt")),
    });
    let Some(folder) = place.own_folder(record) else { return Ok("observed/pasted.txt".into()) };
    for name in names {
        let there = disk::beside(place.root, folder.join(&name).as_str())?;
        if there.is_none_or(|there| is_same(&there.text, text)) {
            return Ok(name);
        }
    }
    let hint = "what tells it better is a signature, or a check";
    Err(UsageError::with_hint(format!("`{folder}` has {MAX_OBSERVED} pasted outputs already"), hint))
}
