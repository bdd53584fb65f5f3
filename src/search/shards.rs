//! An index → the files from which a browser ranks, each small, so that a query fetches the few that it needs.
//!
//! `search/current.json` names the folder `search/<hash>/`, whose files never change:
//!
//! - `manifest.json`: how many documents, and where each dictionary begins;
//! - `t/<i>.bin`: some neighbouring terms and their lists;
//! - `hot.json`: the common terms and how common each is, which only a query of many words has to know;
//! - `b/<i>.bin`: the list of the `i`th of them, which no dictionary holds;
//! - `f/<letter>.bin`: the words with that letter that a typo can be meant for.
//!
//! What hits show is in a folder of its own, `search/d-<hash>/<i>.json`, which stays the same while only texts change.
//! Every one of these files is gzip in the file itself, since hosts often do not compress what they do not know.
//! Numbers are LEB128 varints; keys are front-coded. Dictionaries follow one another in the order of UTF-16, which is the
//! one that scripts compare by; words within the other files are in byte order.

use super::document::Document;
use super::index::{Entry, Index, IndexError, Postings, SCALE};
use super::rank::{are_many, common_df, commonness, continuations, in_vocabulary};
use flate2::{Compress, Compression, Crc, FlushCompress};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io;

/// One file, relative to the site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShardFile {
    /// Such as `search/current.json`.
    pub path: String,
    /// What stands in it.
    pub body: Vec<u8>,
}

/// The version of this format and of the analyser behind it; a ranker refuses another.
const VERSION: u32 = 3;
/// Begins a key that stands for a facet value instead of a term; no analyser makes it.
const FACET: char = '\u{2}';
/// Ends a key that stands for everything that goes on from a beginning.
const GOES_ON: char = '\u{1}';
/// A dictionary with its lists is large enough at this size, before compression,
const MIN_SHARD_BYTES: usize = 512;
/// and full at this one. In between it ends where the next can be told from it by the fewest characters: what a browser
/// reads before anything else is where each begins.
const MAX_SHARD_BYTES: usize = 2048;
/// Parts folded texts.
const PARTS: char = '\n';
/// Up to so many documents, one file holds what hits show, a kilobyte for every four;
const MAX_IN_ONE: usize = 64;
/// beyond, each file holds this many, since the hits of a query scatter.
const DOCUMENTS_PER_FILE: usize = 4;

/// Writes every term, list and summary of an index of these documents. The same index gives the same bytes.
pub fn export(index: &Index, documents: &[Document]) -> Result<Vec<ShardFile>, IndexError> {
    let mut gzip = Gzip::new();
    let entries = index.entries()?;
    let hot = Hot::of(index, &entries);
    let mut files: Vec<(String, Vec<u8>)> = Vec::new();
    let shards = shards(&keys(index, &entries)?, &hot);
    for (nth, shard) in shards.iter().enumerate() {
        files.push((format!("t/{nth}.bin"), gzip.pack(&shard.bytes())?));
    }
    files.push(("hot.json".to_owned(), gzip.pack(&hot.words(index))?));
    for (nth, entry) in hot.entries.iter().enumerate() {
        let mut list = Vec::new();
        posting_list(&entry.postings, &mut list);
        files.push((format!("b/{nth}.bin"), gzip.pack(&list)?));
    }
    let vocabulary = vocabulary(index, &entries);
    for (letter, words) in &vocabulary {
        files.push((format!("f/{letter}.bin"), gzip.pack(&word_list(words))?));
    }
    let per_file = if documents.len() <= MAX_IN_ONE { MAX_IN_ONE } else { DOCUMENTS_PER_FILE };
    let mut summaries = Vec::new();
    for (nth, chunk) in documents.chunks(per_file).enumerate() {
        summaries.push((format!("{nth}.json"), gzip.pack(&rows(chunk))?));
    }
    let summaries_folder = format!("d-{}", digest(&summaries));
    let manifest = serde_json::json!({
        "schema": "search-shards/1",
        "version": VERSION,
        "n": index.n_docs(),
        "scale": SCALE,
        "router": folded(shards.iter().map(|shard| shard.from.as_str())),
        "letters": vocabulary.keys().collect::<String>(),
        "documents": format!("{summaries_folder}/"),
        "documents_per_file": per_file,
    });
    files.push(("manifest.json".to_owned(), gzip.pack((manifest.to_string() + "\n").as_bytes())?));
    let folder = digest(&files);
    let current =
        serde_json::json!({"schema": "search-current/1", "path": format!("{folder}/")}).to_string() + "\n";
    let below = |folder: String, files: Vec<(String, Vec<u8>)>| {
        files.into_iter().map(move |(name, body)| ShardFile { path: format!("search/{folder}/{name}"), body })
    };
    let mut shards: Vec<ShardFile> = below(folder, files).chain(below(summaries_folder, summaries)).collect();
    shards.push(ShardFile { path: "search/current.json".to_owned(), body: current.into_bytes() });
    Ok(shards)
}

/// The terms that are too common for a dictionary.
struct Hot<'e> {
    entries: Vec<&'e Entry>,
    places: BTreeMap<&'e str, usize>,
}

impl Hot<'_> {
    fn of<'e>(index: &Index, entries: &'e [Entry]) -> Hot<'e> {
        let common = common_df(index.n_docs());
        let hot: Vec<&Entry> = entries.iter().filter(|entry| entry.df > common).collect();
        let places = hot.iter().enumerate().map(|(nth, entry)| (entry.term.as_str(), nth)).collect();
        Hot { entries: hot, places }
    }

    /// The terms, and a digit for each.
    fn words(&self, index: &Index) -> Vec<u8> {
        let n_docs = index.n_docs();
        let digits: String = self.entries.iter().map(|entry| digit(commonness(entry.df, n_docs))).collect();
        let words = folded(self.entries.iter().map(|entry| entry.term.as_str()));
        serde_json::json!({"words": words, "digits": digits}).to_string().into_bytes()
    }
}

/// Every key with its list, in order: facets, terms, and what goes on from a beginning with many words.
fn keys<'e>(index: &Index, entries: &'e [Entry]) -> Result<Vec<(String, KeyList<'e>)>, IndexError> {
    let mut keys: Vec<(String, KeyList)> = Vec::new();
    for facet in index.facets()? {
        let docs = index.with_facet(&facet)?.into_iter().map(|doc| (doc, 0)).collect();
        keys.push((format!("{FACET}{facet}"), KeyList::Own(docs)));
    }
    keys.extend(entries.iter().map(|entry| (entry.term.clone(), KeyList::Of(&entry.postings))));
    for group in entries.chunk_by(|one, other| begin_alike(&one.term, &other.term, 2)) {
        beginnings(group, &mut keys);
    }
    keys.sort_by(|(one, _), (other, _)| one.encode_utf16().cmp(other.encode_utf16()));
    Ok(keys)
}

/// A key's list: that of a term, or one made here.
enum KeyList<'e> {
    Of(&'e Postings),
    Own(Postings),
}

impl KeyList<'_> {
    fn postings(&self) -> &Postings {
        match self {
            KeyList::Of(postings) => postings,
            KeyList::Own(postings) => postings,
        }
    }
}

/// Whether two terms have at least `n` characters and the same first ones.
fn begin_alike(one: &str, other: &str, n: usize) -> bool {
    let same = one.chars().zip(other.chars()).take(n).take_while(|(one, other)| one == other);
    same.count() == n
}

/// Adds a key for the beginning that all of these terms share, where many go on from it; then for longer ones.
fn beginnings(group: &[Entry], keys: &mut Vec<(String, KeyList)>) {
    let (Some(first), Some(last)) = (group.first(), group.last()) else { return };
    let n_shared = first.term.chars().zip(last.term.chars()).take_while(|(one, other)| one == other).count();
    let agreed: String = first.term.chars().take(n_shared).collect();
    let longer = if first.term == agreed { &group[1..] } else { group };
    if !are_many(longer.iter().map(|entry| entry.df)) {
        return;
    }
    let list = continuations(longer.iter().map(|entry| entry.df), longer.iter().map(|entry| &entry.postings));
    keys.push((format!("{agreed}{GOES_ON}"), KeyList::Own(list)));
    for longer in longer.chunk_by(|one, other| begin_alike(&one.term, &other.term, n_shared + 1)) {
        beginnings(longer, keys);
    }
}

/// Neighbouring keys of one file.
#[derive(Default)]
struct Shard {
    /// What every key here comes after or is: the shortest text that no earlier key reaches.
    from: String,
    n_keys: usize,
    last: String,
    dictionary: Vec<u8>,
    lists: Vec<u8>,
}

/// Puts keys into files of a bounded size.
fn shards(keys: &[(String, KeyList)], hot: &Hot) -> Vec<Shard> {
    let mut shards: Vec<Shard> = Vec::new();
    let mut from = String::new();
    let mut rest = keys;
    while !rest.is_empty() || shards.is_empty() {
        let (shard, next) = Shard::filled(from, rest, hot);
        rest = &rest[shard.n_keys..];
        from = next;
        shards.push(shard);
    }
    shards
}

/// The shortest beginning of `key` that comes after `before`.
fn separator(before: &str, key: &str) -> String {
    let n_shared: usize = key.chars().zip(before.chars()).take_while(|(one, other)| one == other).count();
    key.chars().take(n_shared + 1).collect()
}

/// Texts as one: of each, how much of the one before it begins with (in UTF-16, a digit of base 36), and the rest.
fn folded<'t>(texts: impl Iterator<Item = &'t str>) -> String {
    const MOST: usize = 35;
    let mut before = "";
    let line = |text: &'t str| {
        let (mut n_units, mut n_bytes) = (0, 0);
        for (one, _) in text.chars().zip(before.chars()).take_while(|(one, other)| one == other) {
            if n_units + one.len_utf16() > MOST {
                break;
            }
            n_units += one.len_utf16();
            n_bytes += one.len_utf8();
        }
        before = text;
        format!("{}{}", digit(n_units as u32), &text[n_bytes..])
    };
    texts.map(line).collect::<Vec<_>>().join(&PARTS.to_string())
}

/// A number below 36.
fn digit(number: u32) -> char {
    char::from_digit(number, 36).expect("what is folded, and how common words are, is bounded")
}

/// A place where a file may end.
struct Cut {
    n_keys: usize,
    dictionary: usize,
    lists: usize,
    /// Where the next one begins.
    next: String,
}

impl Shard {
    /// Takes keys until it is full; and where the next one begins.
    fn filled(from: String, keys: &[(String, KeyList)], hot: &Hot) -> (Shard, String) {
        let mut shard = Shard { from, ..Shard::default() };
        let mut best: Option<Cut> = None;
        for (nth, (key, list)) in keys.iter().enumerate() {
            shard.add(key, list.postings(), hot);
            let n_bytes = shard.dictionary.len() + shard.lists.len();
            let Some((next, _)) = keys.get(nth + 1).filter(|_| n_bytes >= MIN_SHARD_BYTES) else { continue };
            let next = shard.cut(key, next);
            if next
                .as_ref()
                .is_some_and(|cut| best.as_ref().is_none_or(|best| cut.next.len() < best.next.len()))
            {
                best = next;
            }
            if let Some(cut) = best.take_if(|_| n_bytes >= MAX_SHARD_BYTES) {
                shard.n_keys = cut.n_keys;
                shard.dictionary.truncate(cut.dictionary);
                shard.lists.truncate(cut.lists);
                return (shard, cut.next);
            }
        }
        (shard, String::new())
    }

    /// Whether it can end before this key. What goes on from a term is looked for where the term is.
    fn cut(&self, last: &str, key: &str) -> Option<Cut> {
        let next = separator(last, key);
        let is_possible = !key.ends_with(GOES_ON) && !next.contains(PARTS);
        is_possible.then_some(Cut {
            n_keys: self.n_keys,
            dictionary: self.dictionary.len(),
            lists: self.lists.len(),
            next,
        })
    }

    /// A key: how much of the key before it begins with, the rest, and how long its list is. 0 stands for a common
    /// term, whose number among those follows.
    fn add(&mut self, key: &str, list: &Postings, hot: &Hot) {
        front_code(&self.last, key, &mut self.dictionary);
        if let Some(place) = hot.places.get(key) {
            varint(0, &mut self.dictionary);
            varint(*place as u64, &mut self.dictionary);
        } else {
            let start = self.lists.len();
            posting_list(list, &mut self.lists);
            varint((self.lists.len() - start) as u64, &mut self.dictionary);
        }
        key.clone_into(&mut self.last);
        self.n_keys += 1;
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.dictionary.len() + self.lists.len() + 8);
        varint(self.n_keys as u64, &mut bytes);
        varint(self.dictionary.len() as u64, &mut bytes);
        bytes.extend_from_slice(&self.dictionary);
        bytes.extend_from_slice(&self.lists);
        bytes
    }
}

/// The words that a typo can be meant for, by their first letter.
fn vocabulary<'e>(index: &Index, entries: &'e [Entry]) -> BTreeMap<char, Vec<&'e Entry>> {
    let mut letters: BTreeMap<char, Vec<&Entry>> = BTreeMap::new();
    for entry in entries.iter().filter(|entry| in_vocabulary(&entry.term, entry.df, index.n_docs())) {
        if let Some(letter) = entry.term.chars().next() {
            letters.entry(letter).or_default().push(entry);
        }
    }
    letters
}

/// How many words, the words, then how common each is.
fn word_list(words: &[&Entry]) -> Vec<u8> {
    let mut bytes = Vec::new();
    varint(words.len() as u64, &mut bytes);
    let mut before = "";
    for entry in words {
        front_code(before, &entry.term, &mut bytes);
        before = &entry.term;
    }
    words.iter().for_each(|entry| varint(u64::from(entry.df), &mut bytes));
    bytes
}

/// How many documents, their numbers as differences, then their impacts: two columns compress better.
fn posting_list(list: &Postings, out: &mut Vec<u8>) {
    varint(list.len() as u64, out);
    let mut before = 0;
    for (doc, _) in list {
        varint(u64::from(doc - before), out);
        before = *doc;
    }
    list.iter().for_each(|(_, impact)| varint(u64::from(*impact), out));
}

fn rows(documents: &[Document]) -> Vec<u8> {
    let row = |document: &Document| {
        let summary = &document.summary;
        serde_json::json!([
            summary.id,
            summary.title,
            summary.summary,
            summary.product,
            summary.category,
            summary.keywords,
            summary.fix
        ])
    };
    serde_json::Value::Array(documents.iter().map(row).collect()).to_string().into_bytes()
}

fn front_code(before: &str, key: &str, out: &mut Vec<u8>) {
    let n_shared = key.bytes().zip(before.bytes()).take_while(|(one, other)| one == other).count();
    varint(n_shared as u64, out);
    varint((key.len() - n_shared) as u64, out);
    out.extend_from_slice(&key.as_bytes()[n_shared..]);
}

fn varint(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Names a folder by all that is in it.
fn digest(files: &[(String, Vec<u8>)]) -> String {
    let mut hash = Sha256::new();
    for (name, body) in files {
        hash.update(name);
        hash.update((body.len() as u64).to_le_bytes());
        hash.update(body);
    }
    hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// Makes gzip files, one after the other: thousands of small ones, for which a compressor each would cost more than
/// compressing.
struct Gzip(Compress);

impl Gzip {
    fn new() -> Gzip {
        Gzip(Compress::new(Compression::new(6), false))
    }

    /// A header without time and system, so that the same text gives the same bytes.
    fn pack(&mut self, bytes: &[u8]) -> Result<Vec<u8>, IndexError> {
        let mut packed = Vec::with_capacity(bytes.len() + bytes.len() / 8 + 64);
        packed.extend_from_slice(&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);
        self.0.reset();
        let status =
            self.0.compress_vec(bytes, &mut packed, FlushCompress::Finish).map_err(io::Error::other)?;
        if status != flate2::Status::StreamEnd {
            return Err(io::Error::other("a text did not become shorter by compression").into());
        }
        let mut crc = Crc::new();
        crc.update(bytes);
        packed.extend_from_slice(&crc.sum().to_le_bytes());
        packed.extend_from_slice(&crc.amount().to_le_bytes());
        Ok(packed)
    }
}
