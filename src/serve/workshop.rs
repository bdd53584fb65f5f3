//! Files → what is shown: looks at the files, reads what changed, and puts a new edition on the stage.

use super::Options;
use super::edition::{Edition, OwnFiles, OwnTheme, Whole};
use super::reading::Reader;
use super::search::Librarian;
use super::site::Stage;
use crate::diag::{Diagnostic, Level};
use crate::disk::{self, BookFiles, DiskError};
use crate::parse::{self, BOOK_FILE};
use crate::render::{TemplateError, Templates};
use crate::text::Sources;
use crate::{Choice, LEDGER_FILE, RESULTS_FILE};
use camino::Utf8PathBuf;
use std::collections::BTreeSet;
use std::sync::Arc;

/// How many findings are drawn at once.
const N_DRAWN: usize = 20;

/// Where editions are made, by one thread.
pub struct Workshop {
    options: Arc<Options>,
    stage: Arc<Stage>,
    librarian: Librarian,
    files: BookFiles,
    reader: Reader,
    sources: Sources,
    templates: Option<(OwnFiles, Templates)>,
    theme: OwnTheme,
    nth: u64,
    /// Whether a site without errors was shown; until then, one without the records that have some is better than none.
    was_good: bool,
    /// Whether what was looked at last is not shown yet.
    is_held_back: bool,
    /// Whether templates, theme or settings are new, and no page was made with them.
    is_untried: bool,
    /// Findings that the terminal has.
    told: BTreeSet<String>,
}

/// What is to be looked at.
pub enum Look<'f> {
    /// Everything.
    Everywhere,
    /// These files alone, as long as that is enough.
    At(&'f BTreeSet<Utf8PathBuf>),
}

/// Why nothing new can be shown.
enum Trouble {
    Disk(DiskError),
    Template(TemplateError),
    Findings(String),
}

impl Workshop {
    /// A workshop for a book that nobody has looked at.
    pub fn new(options: Arc<Options>, stage: Arc<Stage>, librarian: Librarian) -> Workshop {
        Workshop {
            files: BookFiles::new(&options.root, &[BOOK_FILE, RESULTS_FILE, LEDGER_FILE]),
            reader: Reader::new(options.given.clone()),
            options,
            stage,
            librarian,
            sources: Sources::default(),
            templates: None,
            theme: OwnTheme::default(),
            nth: 0,
            was_good: false,
            is_held_back: false,
            is_untried: false,
            told: BTreeSet::new(),
        }
    }

    /// Looks at files, and shows what came of it. What is wrong is told only once files have settled: a file that is
    /// being saved is broken for a moment. `true` where something new is shown.
    pub fn look(&mut self, look: &Look, is_settled: bool) -> bool {
        let before = self.nth;
        if let Err(trouble) = self.try_to_look(look, is_settled) {
            self.is_held_back = true;
            if is_settled {
                self.hold(trouble);
            }
        }
        self.nth != before
    }

    fn try_to_look(&mut self, look: &Look, is_settled: bool) -> Result<(), Trouble> {
        let enough = match look {
            Look::At(paths) => self.files.look_at(paths),
            Look::Everywhere => false,
        };
        if !enough {
            let overrides = self.options.given.overrides.clone();
            self.files.look(|text| parse::settings(text, &overrides).src).map_err(Trouble::Disk)?;
            self.is_untried |= self.read_looks()?;
        }
        let sources = self.files.sources();
        let is_new = self.is_untried || !is_same(&sources, &self.sources) || self.nth == 0;
        let is_due = is_new || (is_settled && self.is_held_back);
        if !is_due {
            return Ok(());
        }
        self.sources = sources;
        self.make()
    }

    /// Templates and theme; whether they changed.
    fn read_looks(&mut self) -> Result<bool, Trouble> {
        let read = |name: &str| disk::overrides(&self.options.root.join(name)).map_err(Trouble::Disk);
        let (templates, theme) = (read("templates")?, read("theme")?);
        let is_same = self.templates.as_ref().is_some_and(|(own, _)| *own == templates);
        if !is_same {
            let as_text =
                |(name, body): &(String, Vec<u8>)| (name.clone(), String::from_utf8_lossy(body).into_owned());
            let own: Vec<(String, String)> = templates.iter().map(as_text).collect();
            let parsed = Templates::new(&own).map_err(Trouble::Template)?;
            self.templates = Some((templates, parsed));
        }
        let is_same_theme = *self.theme == theme;
        if !is_same_theme {
            self.theme = Arc::new(theme);
        }
        Ok(!is_same || !is_same_theme)
    }

    fn make(&mut self) -> Result<(), Trouble> {
        let Some((_, templates)) = &self.templates else { return Ok(()) };
        let choice = Choice { drafts: true, public: false, as_of: self.options.as_of };
        let read = self.reader.read(&self.sources, choice);
        self.is_untried |= read.has_new_settings;
        let (errors, warnings): (Vec<Diagnostic>, Vec<Diagnostic>) =
            read.found.into_iter().partition(|found| found.level == Level::Error);
        let wrong = (!errors.is_empty()).then(|| drawn(&self.options, &errors, &self.sources));
        if let Some(wrong) = wrong.clone().filter(|_| self.was_good) {
            return Err(Trouble::Findings(wrong));
        }
        let edition = Edition::start(self.nth, read.finished, templates.clone(), Arc::clone(&self.theme));
        if self.is_untried {
            try_out(&edition)?;
            self.is_untried = false;
        }
        self.is_held_back = false;
        self.nth += 1;
        self.was_good |= wrong.is_none();
        let was_wrong = self.stage.state().trouble.is_some();
        let root = edition.finished.root_path();
        let saved = match read.changed.as_slice() {
            [one] if self.nth > 1 && self.options.follow => Some(format!("{root}{one}")),
            _ => None,
        };
        match &wrong {
            Some(text) => (self.options.tell)(text),
            None if was_wrong => (self.options.tell)("nothing is wrong any more"),
            None => {}
        }
        self.stage.show(edition, wrong, saved);
        self.tell(&warnings);
        Ok(())
    }

    fn hold(&mut self, trouble: Trouble) {
        let text = match trouble {
            Trouble::Findings(text) => text,
            Trouble::Disk(error) => chain(&error),
            Trouble::Template(error) => format!("could not use the templates\n  because: {error}"),
        };
        if self.stage.state().trouble.as_deref() != Some(&text) {
            (self.options.tell)(&text);
            self.stage.hold(Some(text));
        }
    }

    /// Tells warnings that were not there before.
    fn tell(&mut self, warnings: &[Diagnostic]) {
        let key = |found: &Diagnostic| {
            let path = &self.sources.get(found.span.file).path;
            format!("{path}\0{}\0{}", found.code.name(), found.message)
        };
        let new: Vec<Diagnostic> =
            warnings.iter().filter(|found| !self.told.contains(&key(found))).cloned().collect();
        if !new.is_empty() {
            (self.options.tell)(&drawn(&self.options, &new, &self.sources));
        }
        self.told = warnings.iter().map(key).collect();
    }

    /// Begins the index of what is shown, so that whoever searches next finds it made or being made.
    pub fn index(&self) {
        if let Some(edition) = self.stage.now() {
            self.librarian.begin(edition);
        }
    }

    /// Looks for what only the whole site shows, once nothing has changed for a while.
    pub fn look_at_all(&self) {
        let Some(edition) = self.stage.now() else { return };
        let (stage, options, nth) = (Arc::clone(&self.stage), Arc::clone(&self.options), edition.nth);
        let finished = Arc::clone(&edition.finished);
        self.librarian.then_look_at_all(edition, move |whole: Whole| {
            let text = match whole {
                Ok(None) => return,
                Ok(Some(found)) => {
                    let errors: Vec<Diagnostic> =
                        found.into_iter().filter(|found| found.level == Level::Error).collect();
                    (!errors.is_empty()).then(|| drawn(&options, &errors, &finished.sources))
                }
                Err(error) => Some(format!("could not make every page\n  because: {error}")),
            };
            if let Some(text) = text.as_deref().filter(|text| stage.state().doubt.as_deref() != Some(text)) {
                (options.tell)(text);
            }
            stage.doubt(nth, text);
        });
    }
}

/// A template that parses may still ask for what is not there: one page of every kind shows that before anybody sees it.
fn try_out(edition: &Edition) -> Result<(), Trouble> {
    let root = edition.finished.root_path();
    let book = &edition.finished.book;
    let record = book.records.keys().next().map(|id| format!("f/{id}/"));
    let guide = book.guides.first().map(|guide| format!("guide/{}/", guide.id));
    let singles = ["", "browse/", "status/", "search/", "404.html"].map(str::to_owned);
    for path in singles.into_iter().chain(record).chain(guide) {
        let answer = edition.answer_now(&format!("{root}{path}"));
        if let Some(why) = &answer.failure {
            return Err(Trouble::Findings(format!("could not make the page `/{path}`\n  because: {why}")));
        }
    }
    Ok(())
}

/// Findings as text, the same for the terminal and for the browser.
fn drawn(options: &Options, found: &[Diagnostic], sources: &Sources) -> String {
    let shown = &found[..found.len().min(N_DRAWN)];
    let mut text = (options.draw)(shown, sources);
    if shown.len() < found.len() {
        text.push_str(&format!("\n\nand {} more, which `faultbook lint` shows", found.len() - shown.len()));
    }
    text
}

fn is_same(one: &Sources, other: &Sources) -> bool {
    let (files, others) = (one.files(), other.files());
    one.is_shallow == other.is_shallow
        && files.len() == others.len()
        && files.iter().zip(others).all(|(one, other)| Arc::ptr_eq(one, other))
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = format!("could not {error}");
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(&format!("\n  because: {cause}"));
        source = cause.source();
    }
    text
}
