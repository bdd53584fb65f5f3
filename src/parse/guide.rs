//! One Markdown file of `pages/` → [`ParsedGuide`]: a page of prose with a title and a place in the navigation.

use super::fields::{self, Fields};
use super::markdown::split;
use super::{shape, yaml};
use crate::diag::{Code, Diagnostic};
use crate::model::{Audience, Prose, RecordId};
use crate::text::{FileId, Source, Span, Spanned};
use camino::Utf8PathBuf;

/// A prose page as written.
#[derive(Debug)]
pub struct ParsedGuide {
    /// The file.
    pub file: FileId,
    /// Its path, relative to the book.
    pub path: Utf8PathBuf,
    /// The part of the URL that the file's name gives.
    pub id: Option<RecordId>,
    /// The heading.
    pub title: Option<Spanned<String>>,
    /// One sentence.
    pub summary: Option<Spanned<String>>,
    /// Its place in the navigation.
    pub order: u32,
    /// Who may read it.
    pub audience: Option<Audience>,
    /// The text.
    pub body: Spanned<Prose>,
}

/// Pages that do not say where they stand come after those that do.
const LAST: u32 = 1000;

/// Reads one page. `None` where there is no front matter to read; findings say why.
pub fn parse(file: FileId, source: &Source, found: &mut Vec<Diagnostic>) -> Option<ParsedGuide> {
    let Some((front, body)) = split(&source.text) else {
        found.push(
            Diagnostic::error(
                Code::MissingFrontMatter,
                Span::start_of(file),
                "this page has no front matter",
            )
            .hint("it begins with a line `---`, a line `title: …`, and another line `---`"),
        );
        return None;
    };
    let root = yaml::parse(file, front.start, &source.text[front.clone()], found)?;
    let mut fields = Fields::open(&root, &shape::PAGE, found)?;
    let title = fields.text("title", found);
    let summary = fields.text("summary", found);
    let order = fields.count("order", 0..=LAST, found).unwrap_or(LAST);
    let audience = fields.word("audience", found).map(|word| word.value);
    fields.finish(found);
    let name = source.path.file_stem().unwrap_or_default();
    let id = RecordId::parse(name);
    if id.is_none() {
        let message = format!("the file name `{name}` cannot be a part of an address");
        found.push(Diagnostic::error(Code::BadId, Span::start_of(file), message).hint(fields::ID_HINT));
    }
    let body = Spanned::new(Prose::new(&source.text[body.clone()]), Span::new(file, body));
    Some(ParsedGuide { file, path: source.path.clone(), id, title, summary, order, audience, body })
}
