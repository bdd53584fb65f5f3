//! `faultbook new`.

use super::args::{NewArgs, RecordForm};
use super::{Exit, UsageError, from_error, from_here, load, new_id, open, refuse_taken, report, settings};
use crate::disk;
use crate::model::RecordId;
use crate::parse::Form;
use anyhow::Context;
use camino::Utf8Path;

/// A draft in the YAML form: the fields that a published record needs stand there as comments, so that `lint` names
/// each of them until it is written.
const YAML: &str = include_str!("new.yaml");
/// The same in the Markdown form.
const MARKDOWN: &str = include_str!("new.md");

/// Writes a new record, and opens it where that is asked for.
pub fn run(args: &NewArgs, root: &Utf8Path, quiet: bool) -> anyhow::Result<Exit> {
    if let Some(file) = &args.from_error {
        return from_error::run(args, file, root, quiet);
    }
    let Some(written) = &args.id else {
        let hint = "it names the failure, and never changes: `faultbook new push-is-rejected`";
        return Err(UsageError::with_hint("a new record needs an id", hint));
    };
    let id = new_id(written)?;
    let editor = args.edit.then(open::editor).transpose()?;
    let input = load(root)?;
    refuse_taken(&id, &input)?;
    let (form, template) = match args.form {
        RecordForm::Yaml => (Form::Yaml, YAML),
        RecordForm::Md => (Form::Markdown, MARKDOWN),
    };
    let path = settings(root)?.src.join(format!("{id}.{}", form.ending()));
    disk::create(&root.join(&path), filled(template, &id).as_bytes()).context("could not make the record")?;
    report::data(from_here(root, &path).as_str());
    if !quiet {
        report::talk("`faultbook lint` says what it still lacks");
    }
    if let Some(editor) = editor {
        open::file(&editor, &root.join(&path))?;
    }
    Ok(Exit::Clean)
}

/// What the id says already, said in the record.
fn filled(template: &str, id: &RecordId) -> String {
    let words = id.as_str().replace('-', " ");
    let product = words.split(' ').next().unwrap_or_default();
    template.replace("{title}", &words).replace("{product}", product)
}
