//! Files → a finished book, again and again: a file that stayed the same is not parsed and checked a second time.
//!
//! What is known of a record holds while its own text does, and the names that its rules asked for. Everything that
//! looks at the whole book is done anew each time, and is linear. `tests/it/reader.rs` holds this to [`crate::read`].

use crate::diag::{self, Diagnostic};
use crate::lint::{self, Asked, Claims, Context, Names};
use crate::model::{Book, Guide, Proof, Record, Settings};
use crate::parse::{self, BOOK_FILE, GUIDE_FOLDER, Piece};
use crate::text::{FileId, Source, Sources, Span};
use crate::verify::{self, Results};
use crate::{Choice, Finished, Given, LEDGER_FILE, RESULTS_FILE};
use camino::Utf8Path;
use rayon::prelude::*;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

/// A book as it was read last.
pub struct Reader {
    given: Given,
    book_file: Option<Arc<Source>>,
    settings: Settings,
    of_settings: Vec<Diagnostic>,
    results_file: Option<Arc<Source>>,
    results: Results,
    of_results: Vec<Diagnostic>,
    names: Names,
    /// By path as text: parts of paths take ten times as long to compare.
    known: HashMap<String, Known>,
}

/// What a look at the files came to.
pub struct Readout {
    /// The book, without records that have an error.
    pub finished: Finished,
    /// Every finding, in the order of reports.
    pub found: Vec<Diagnostic>,
    /// The pages of the records and guides whose files changed, relative to the site's root.
    pub changed: Vec<String>,
    /// Whether `book.toml` changed.
    pub has_new_settings: bool,
}

/// What is known of one file. Places in it are written as those of the first file.
struct Known {
    source: Arc<Source>,
    claims: Claims,
    is_undated: bool,
    asked: Asked,
    found: Vec<Diagnostic>,
    made: Option<Made>,
}

/// What a file without an error holds.
enum Made {
    Record { record: Arc<Record>, proof: Arc<Proof>, script: Option<Arc<str>>, of_result: Vec<Diagnostic> },
    Guide(Guide),
}

/// A file as it was parsed, not yet checked.
struct Fresh {
    source: Arc<Source>,
    piece: Option<Piece>,
    found: Vec<Diagnostic>,
    claims: Claims,
}

const FILE: FileId = FileId(0);

impl Reader {
    /// A reader that knows nothing yet.
    pub fn new(given: Given) -> Reader {
        let (settings, of_settings) = parse::book_file(None, &given.overrides);
        let (results, of_results) = Results::parse(FILE, "");
        Reader {
            given,
            book_file: None,
            settings,
            of_settings,
            results_file: None,
            results,
            of_results,
            names: Names::default(),
            known: HashMap::new(),
        }
    }

    /// Reads a book. A file whose `Arc` is the same as before is the same file.
    pub fn read(&mut self, sources: &Sources, choice: Choice) -> Readout {
        let has_new_settings = self.read_settings(sources);
        let has_new_results = self.read_results(sources);
        let fresh = self.parse_changed(sources, has_new_settings);
        let changed = fresh.iter().map(|fresh| fresh.source.path.to_string()).collect::<Vec<_>>();
        let again = self.rename(sources, &fresh);
        self.check(fresh);
        let again: Vec<Fresh> = again.into_par_iter().map(|source| self.parse(&source)).collect();
        self.check(again);
        if has_new_results {
            self.prove();
        }
        let changed = changed.iter().filter_map(|path| self.known.get(path)?.made.as_ref()?.url()).collect();
        Readout {
            finished: self.finished(sources, choice),
            found: self.found(sources),
            changed,
            has_new_settings,
        }
    }

    fn read_settings(&mut self, sources: &Sources) -> bool {
        let file = file_of(sources, BOOK_FILE);
        if is_same(file, self.book_file.as_ref()) {
            return false;
        }
        self.book_file = file.cloned();
        let source = self.book_file.as_deref();
        let (settings, found) = parse::book_file(source, &self.given.overrides);
        self.of_settings = found;
        std::mem::replace(&mut self.settings, settings) != self.settings
    }

    fn read_results(&mut self, sources: &Sources) -> bool {
        let file = file_of(sources, RESULTS_FILE);
        if is_same(file, self.results_file.as_ref()) {
            return false;
        }
        self.results_file = file.cloned();
        let text = self.results_file.as_ref().map_or("", |source| &source.text);
        let (results, found) = Results::parse(FILE, text);
        self.of_results = found;
        std::mem::replace(&mut self.results, results) != self.results
    }

    /// Parses the files that are not as they were; all of them where what `book.toml` says changed.
    fn parse_changed(&self, sources: &Sources, all: bool) -> Vec<Fresh> {
        let is_known = |source: &&Arc<Source>| {
            let known = self.known.get(source.path.as_str()).filter(|_| !all);
            known.is_some_and(|known| Arc::ptr_eq(&known.source, source))
        };
        let files: Vec<&Arc<Source>> = sources.files().iter().filter(|source| is_content(source)).collect();
        files.into_par_iter().filter(|source| !is_known(source)).map(|source| self.parse(source)).collect()
    }

    fn parse(&self, source: &Arc<Source>) -> Fresh {
        let (piece, found) = parse::file(FILE, source, &self.settings.src.join(GUIDE_FOLDER));
        let claims = match &piece {
            Some(Piece::Record(record)) => Claims::of(record),
            _ => Claims::default(),
        };
        Fresh { source: Arc::clone(source), piece, found, claims }
    }

    /// Brings the names up to date and forgets files that are gone; the other files that this means a second look at.
    fn rename(&mut self, sources: &Sources, fresh: &[Fresh]) -> Vec<Arc<Source>> {
        let mut changed = Asked::default();
        for fresh in fresh {
            let before = self.known.get(fresh.source.path.as_str()).map(|known| &known.claims);
            if before == Some(&fresh.claims) {
                continue;
            }
            if let Some(before) = before {
                self.names.remove(before);
                before.note(&mut changed);
            }
            self.names.add(&fresh.claims);
            fresh.claims.note(&mut changed);
        }
        let there: HashSet<&str> = sources.files().iter().map(|source| source.path.as_str()).collect();
        let names = &mut self.names;
        self.known.retain(|path, known| {
            let stays = there.contains(path.as_str());
            if !stays {
                names.remove(&known.claims);
                known.claims.note(&mut changed);
            }
            stays
        });
        let fresh: HashSet<&str> = fresh.iter().map(|fresh| fresh.source.path.as_str()).collect();
        let is_meant = |path: &str, known: &Known| known.asked.depends_on(&changed) && !fresh.contains(path);
        let meant = self.known.iter().filter(|(path, known)| is_meant(path, known));
        meant.map(|(_, known)| Arc::clone(&known.source)).collect()
    }

    /// Checks files that were parsed, and keeps what is known of them.
    fn check(&mut self, fresh: Vec<Fresh>) {
        let checked: Vec<(String, Known)> =
            fresh.into_par_iter().map(|fresh| (fresh.source.path.to_string(), self.known(fresh))).collect();
        self.known.extend(checked);
    }

    fn known(&self, fresh: Fresh) -> Known {
        let Fresh { source, piece, mut found, claims } = fresh;
        let ctx = Context::new(&self.settings, &self.names, &source, self.given.today);
        let is_cut_short = found.iter().any(parse::breaks_off);
        let mut is_undated = false;
        match &piece {
            Some(Piece::Record(record)) => {
                is_undated = record.created.is_none();
                found.extend(lint::of_record(&ctx, record, is_cut_short));
            }
            Some(Piece::Guide(guide)) => found.extend(lint::of_guide(&ctx, guide)),
            None => {}
        }
        let asked = ctx.asked();
        let made = piece.filter(|_| !diag::has_errors(&found)).and_then(|piece| match piece {
            Piece::Record(record) => {
                lint::record(&source, *record).map(|record| self.proved(Arc::new(record)))
            }
            Piece::Guide(guide) => lint::guide(guide).map(Made::Guide),
        });
        Known { source, claims, is_undated, asked, found, made }
    }

    fn proved(&self, record: Arc<Record>) -> Made {
        let script = verify::script(&record).map(Arc::from);
        let proof = Arc::new(self.results.proof(&record));
        let of_result = lint::of_result(&self.settings, &self.results, &record, FILE);
        Made::Record { record, proof, script, of_result }
    }

    /// Holds every record against new results.
    fn prove(&mut self) {
        let records = self.known.iter().filter_map(|(path, known)| match &known.made {
            Some(Made::Record { record, .. }) => Some((path.clone(), Arc::clone(record))),
            _ => None,
        });
        let proved: Vec<_> = records
            .collect::<Vec<_>>()
            .into_par_iter()
            .map(|(path, record)| (path, self.proved(record)))
            .collect();
        for (path, made) in proved {
            if let Some(known) = self.known.get_mut(&path) {
                known.made = Some(made);
            }
        }
    }

    fn finished(&self, sources: &Sources, choice: Choice) -> Finished {
        let mut records = Vec::new();
        let mut guides = Vec::new();
        let mut proofs = BTreeMap::new();
        let mut scripts = BTreeMap::new();
        for known in self.known.values() {
            match &known.made {
                Some(Made::Record { record, proof, script, .. }) => {
                    records.push(Arc::clone(record));
                    proofs.insert(record.id.clone(), Arc::clone(proof));
                    scripts.extend(script.clone().map(|script| (record.id.clone(), script)));
                }
                Some(Made::Guide(guide)) => guides.push(guide.clone()),
                None => {}
            }
        }
        // Book::new leaves pages that are alike in all that it sorts by as they come.
        guides.sort_by(|one: &Guide, other: &Guide| one.path.cmp(&other.path));
        let book = Book::new(self.settings.clone(), records.into_iter().collect(), guides);
        Finished { book, proofs, scripts, sources: sources.clone(), choice }
    }

    fn found(&self, sources: &Sources) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        let mut undated = Vec::new();
        let put = |file: FileId, of_file: &[Diagnostic], found: &mut Vec<Diagnostic>| {
            found.extend(of_file.iter().map(|diagnostic| at(file, diagnostic)));
        };
        for (file, source) in sources.iter() {
            match source.path.as_str() {
                BOOK_FILE => put(file, &self.of_settings, &mut found),
                RESULTS_FILE => put(file, &self.of_results, &mut found),
                _ => {}
            }
            if [RESULTS_FILE, LEDGER_FILE].contains(&source.path.as_str()) {
                parse::readable(file, source, &mut found);
            }
            let Some(known) = self.known.get(source.path.as_str()) else { continue };
            put(file, &known.found, &mut found);
            if let Some(Made::Record { of_result, .. }) = &known.made {
                put(file, of_result, &mut found);
            }
            undated.extend(known.is_undated.then_some(file));
        }
        found.extend(lint::shallow_history(sources, undated.into_iter()));
        diag::sort(&mut found);
        found
    }
}

impl Made {
    fn url(&self) -> Option<String> {
        match self {
            Made::Record { record, .. } => Some(format!("f/{}/", record.id)),
            Made::Guide(guide) => Some(format!("guide/{}/", guide.id)),
        }
    }
}

/// The same finding in another file than the first.
fn at(file: FileId, diagnostic: &Diagnostic) -> Diagnostic {
    Diagnostic { span: Span { file, ..diagnostic.span }, ..diagnostic.clone() }
}

fn file_of<'s>(sources: &'s Sources, name: &str) -> Option<&'s Arc<Source>> {
    let files = sources.files();
    let at = files.binary_search_by(|source| source.path.as_path().cmp(Utf8Path::new(name))).ok()?;
    files.get(at)
}

fn is_same(one: Option<&Arc<Source>>, other: Option<&Arc<Source>>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => Arc::ptr_eq(one, other),
        (None, None) => true,
        _ => false,
    }
}

fn is_content(source: &Source) -> bool {
    ![BOOK_FILE, RESULTS_FILE, LEDGER_FILE].contains(&source.path.as_str())
}
