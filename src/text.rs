//! Text that has addresses: files of a book, and places in them.
//!
//! In: paths and what was read from them. Out: `Span`s that any later phase can turn into line and column.
//! Not here: reading files (`disk`), meaning (`parse`).

use camino::{Utf8Path, Utf8PathBuf};
use std::sync::Arc;

/// Whether a character shows nothing, or turns the direction of others.
///
/// The joiners U+200C and U+200D are not among them: words and emoji are written with them.
pub fn is_invisible(c: char) -> bool {
    (c.is_control() && !matches!(c, '\n' | '\t' | '\r'))
        || matches!(
            c,
            '\u{61C}' | '\u{180E}' | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}'
        )
        || matches!(c, '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
}

/// The shapes of well-known tokens, as an expression: nothing that leaves the program has them.
pub const TOKEN_SHAPES: &str = concat!(
    r"\bnpm_[A-Za-z0-9]{36}\b|\bgh[opsur]_[A-Za-z0-9]{36,}\b|\bgithub_pat_[A-Za-z0-9_]{22,}\b",
    r"|\bpypi-[A-Za-z0-9_-]{16,}|\bAKIA[A-Z0-9]{16}\b|\bxox[abprs]-[A-Za-z0-9-]{10,}",
    r"|\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*",
);

/// What stands for a character that cannot be seen.
pub const SIGN: char = '␦';

/// A text with a sign in place of every character that cannot be seen.
pub fn visible(text: &str) -> String {
    text.chars().map(|c| if is_invisible(c) { SIGN } else { c }).collect()
}

/// Which of a book's files: an index into [`Sources`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub u32);

/// Bytes of one source, half open: `start <= end <= len`, both on character boundaries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// The first byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The place of `range`, whose ends are byte offsets; larger offsets than 4 GiB saturate.
    pub fn new(file: FileId, range: std::ops::Range<usize>) -> Span {
        let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Span { file, start: offset(range.start), end: offset(range.end) }
    }

    /// The empty place at the very start of a file, for findings about the file as a whole.
    pub fn start_of(file: FileId) -> Span {
        Span { file, start: 0, end: 0 }
    }

    /// The bytes as a range into the source's text.
    pub fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// A value and where it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spanned<T> {
    /// What was written.
    pub value: T,
    /// Where.
    pub span: Span,
}

impl<T> Spanned<T> {
    /// Puts a value to its place.
    pub fn new(value: T, span: Span) -> Spanned<T> {
        Spanned { value, span }
    }

    /// The same place with another value.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Spanned<U> {
        Spanned { value: change(self.value), span: self.span }
    }
}

/// Why a file has no text that can be parsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// The first byte that is not UTF-8.
    NotUtf8 {
        /// Its offset from the start of the file.
        at: usize,
    },
    /// The file is larger than [`Source::MAX_BYTES`], and was not read.
    TooLarge {
        /// How large it is.
        bytes: u64,
    },
}

/// One file of a book.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Relative to the folder of `book.toml`, with `/` between the parts.
    pub path: Utf8PathBuf,
    /// What stands in it, without a byte order mark; empty where it is unreadable.
    pub text: String,
    /// Why `text` is empty although the file is not.
    pub unreadable: Option<Unreadable>,
    /// The images in the folder of a record that has a folder of its own, sorted by name.
    pub images: Vec<Image>,
    /// What programs were seen to print in a record's failure: texts of its folder `observed/`.
    pub observed: Vec<String>,
    /// When it was first and last changed, where its history is known.
    pub history: Option<History>,
}

/// A picture beside a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// The file's name.
    pub name: String,
    /// What stands in it; `None` where it is larger than [`Image::MAX_BYTES`], and was not read.
    pub body: Option<Vec<u8>>,
}

impl Image {
    /// What a page may ask a reader to load.
    pub const MAX_BYTES: u64 = 1 << 20;
    /// The endings of files that are images.
    pub const ENDINGS: &'static [&'static str] = &["jpeg", "jpg", "png", "svg", "webp"];
}

/// The times of the first and the last commit of a file, in seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct History {
    /// When it came.
    pub first: i64,
    /// When it last changed.
    pub last: i64,
}

impl Source {
    /// A record is prose for people; a larger file is a mistake or an attack.
    pub const MAX_BYTES: u64 = 1 << 20;

    /// A source from the bytes of a file.
    pub fn from_bytes(path: Utf8PathBuf, mut bytes: Vec<u8>) -> Source {
        if bytes.starts_with(b"\xEF\xBB\xBF") {
            bytes.drain(..3);
        }
        match String::from_utf8(bytes) {
            Ok(text) => Source { text, ..Source::empty(path) },
            Err(error) => {
                let at = error.utf8_error().valid_up_to();
                Source { unreadable: Some(Unreadable::NotUtf8 { at }), ..Source::empty(path) }
            }
        }
    }

    /// A file with nothing in it.
    pub fn empty(path: Utf8PathBuf) -> Source {
        Source {
            path,
            text: String::new(),
            unreadable: None,
            images: Vec::new(),
            observed: Vec::new(),
            history: None,
        }
    }

    /// The 1-based line and column (in characters) of a byte offset; an offset past the end is the end.
    pub fn line_column(&self, at: u32) -> (usize, usize) {
        let before = self.text.get(..at as usize).unwrap_or(&self.text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    }
}

/// All files of a book that are read as text, sorted by path, so that findings and ids come in one order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sources {
    files: Vec<Arc<Source>>,
    /// Whether the history that dates come from is cut off.
    pub is_shallow: bool,
}

impl Sources {
    /// Sorts the files by path; the place in that order is a file's [`FileId`].
    pub fn new(files: Vec<Source>) -> Sources {
        Sources::shared(files.into_iter().map(Arc::new).collect())
    }

    /// The same from files that others hold as well.
    pub fn shared(mut files: Vec<Arc<Source>>) -> Sources {
        files.sort_by(|one, other| one.path.cmp(&other.path));
        Sources { files, is_shallow: false }
    }

    /// A book of one file, as tests and `lint` of a single text use it.
    pub fn single(path: &Utf8Path, text: &str) -> Sources {
        Sources::new(vec![Source::from_bytes(path.to_owned(), text.as_bytes().to_vec())])
    }

    /// The file behind an id that these sources gave out.
    pub fn get(&self, file: FileId) -> &Source {
        &self.files[file.0 as usize]
    }

    /// The files with their ids, sorted by path.
    pub fn iter(&self) -> impl Iterator<Item = (FileId, &Source)> {
        (0..).map(FileId).zip(self.files.iter().map(Arc::as_ref))
    }

    /// The files themselves, in the order of their ids.
    pub fn files(&self) -> &[Arc<Source>] {
        &self.files
    }

    /// What is written at a place; empty where the place does not lie in the text.
    pub fn slice(&self, span: Span) -> &str {
        self.get(span.file).text.get(span.range()).unwrap_or_default()
    }
}
