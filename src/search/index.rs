//! Documents → a tantivy index of one segment, and from its postings the integers that everything ranks by.

use super::analyser::IndexTokenizer;
use super::document::{Document, FIELDS, Summary};
use camino::Utf8Path;
use std::collections::BTreeMap;
use std::sync::Arc;
use tantivy::fieldnorm::FieldNormReader;
use tantivy::indexer::NoMergePolicy;
use tantivy::postings::{Postings as _, TermInfo};
use tantivy::query::Bm25Weight;
use tantivy::schema::{
    Field, IndexRecordOption, STORED, STRING, Schema, TextFieldIndexing, TextOptions, Value as _,
};
use tantivy::tokenizer::TextAnalyzer;
use tantivy::{
    DocSet as _, IndexWriter, InvertedIndexReader, ReloadPolicy, SegmentReader, TERMINATED, TantivyDocument,
};

/// An index, open for reading.
pub struct Index {
    segment: Option<SegmentReader>,
    fields: Vec<WeighedField>,
    searcher: tantivy::Searcher,
    schema: OurSchema,
}

/// The index could not be made or read.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// tantivy failed.
    #[error("use the search index")]
    Tantivy(#[from] tantivy::TantivyError),
    /// A posting list could not be read.
    #[error("read the search index")]
    Io(#[from] std::io::Error),
    /// What the index holds is not what we wrote.
    #[error("read the search index: {0}")]
    Foreign(String),
}

/// Impacts are sums of BM25 scores times this, rounded: coarse enough to compress, fine enough to rank.
pub const SCALE: f32 = 4.0;
/// A term's list keeps its best documents only.
pub const MAX_POSTINGS: usize = 4096;
/// What tantivy's writer may hold in memory before it starts a second segment, which we then merge.
const WRITER_BYTES: usize = 200_000_000;
const TOKENIZER: &str = "faultbook";

/// A document's number in the index.
pub type DocId = u32;

/// A term's documents with their impacts, by document; at most [`MAX_POSTINGS`], the best.
pub type Postings = Vec<(DocId, u32)>;

/// A term with its documents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// As the analyser writes it.
    pub term: String,
    /// How common it is; see [`Index::df`].
    pub df: u32,
    /// Where it stands.
    pub postings: Postings,
}

#[derive(Clone)]
struct OurSchema {
    schema: Schema,
    texts: [Field; FIELDS.len()],
    facet: Field,
    summary: Field,
}

impl OurSchema {
    fn new() -> OurSchema {
        let mut builder = Schema::builder();
        let indexing = TextFieldIndexing::default()
            .set_tokenizer(TOKENIZER)
            .set_index_option(IndexRecordOption::WithFreqs);
        let options = TextOptions::default().set_indexing_options(indexing);
        let texts = FIELDS.map(|(name, _)| builder.add_text_field(name, options.clone()));
        let facet = builder.add_text_field("facet", STRING);
        let summary = builder.add_text_field("summary_json", STORED);
        OurSchema { schema: builder.build(), texts, facet, summary }
    }
}

impl Index {
    /// Indexes documents in memory, in the order given.
    pub fn in_memory(documents: &[Document]) -> Result<Index, IndexError> {
        let index = Index::in_memory_while(documents, || true)?;
        index.ok_or_else(|| IndexError::Foreign("it was given up".to_owned()))
    }

    /// The same, as long as somebody wants it: `None` if `goes_on` said that nobody does.
    pub fn in_memory_while(
        documents: &[Document],
        goes_on: impl Fn() -> bool,
    ) -> Result<Option<Index>, IndexError> {
        let ours = OurSchema::new();
        let index = tantivy::Index::create_in_ram(ours.schema.clone());
        if !Index::fill(&index, &ours, documents, goes_on)? {
            return Ok(None);
        }
        Index::read(&index, ours).map(Some)
    }

    /// Indexes documents into an empty folder.
    pub fn create(folder: &Utf8Path, documents: &[Document]) -> Result<(), IndexError> {
        let ours = OurSchema::new();
        let index = tantivy::Index::create_in_dir(folder, ours.schema.clone())?;
        Index::fill(&index, &ours, documents, || true)?;
        Ok(())
    }

    /// Opens the index in a folder, which is as [`Index::create`] left it.
    pub fn open(folder: &Utf8Path) -> Result<Index, IndexError> {
        let index = tantivy::Index::open_in_dir(folder)?;
        let ours = OurSchema::new();
        if index.schema() != ours.schema {
            return Err(IndexError::Foreign("it has another schema".to_owned()));
        }
        Index::read(&index, ours)
    }

    /// Whether it was filled, and not given up.
    fn fill(
        index: &tantivy::Index,
        ours: &OurSchema,
        documents: &[Document],
        goes_on: impl Fn() -> bool,
    ) -> Result<bool, IndexError> {
        register(index);
        // One thread and no merging in the background, so that numbers of documents follow their order.
        let mut writer: IndexWriter = index.writer_with_num_threads(1, WRITER_BYTES)?;
        writer.set_merge_policy(Box::new(NoMergePolicy));
        for document in documents {
            if !goes_on() {
                return Ok(false);
            }
            let mut entry = TantivyDocument::default();
            for (field, text) in ours.texts.iter().zip(&document.texts) {
                entry.add_text(*field, text);
            }
            for facet in &document.facets {
                entry.add_text(ours.facet, facet);
            }
            let summary = serde_json::to_string(&document.summary).expect("a summary holds strings only");
            entry.add_text(ours.summary, summary);
            writer.add_document(entry)?;
        }
        writer.commit()?;
        let segments = index.searchable_segment_ids()?;
        if segments.len() > 1 {
            writer.merge(&segments).wait()?;
            writer.garbage_collect_files().wait()?;
        }
        writer.wait_merging_threads()?;
        Ok(true)
    }

    fn read(index: &tantivy::Index, schema: OurSchema) -> Result<Index, IndexError> {
        register(index);
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        let searcher: tantivy::Searcher = tantivy::IndexReader::searcher(&reader);
        if searcher.segment_readers().len() > 1 {
            return Err(IndexError::Foreign("it has several segments".to_owned()));
        }
        let segment = searcher.segment_readers().first().cloned();
        let fields = segment.as_ref().map(|segment| weighed(segment, &schema)).transpose()?;
        Ok(Index { segment, fields: fields.unwrap_or_default(), searcher, schema })
    }

    /// How many documents there are.
    pub fn n_docs(&self) -> u32 {
        self.segment.as_ref().map_or(0, SegmentReader::max_doc)
    }

    /// How common a term is: in how many texts it stands, counting a document once for each field. The dictionaries
    /// know it, so that a query can be planned before any list is read.
    pub fn df(&self, term: &str) -> Result<u32, IndexError> {
        let mut df = 0;
        for field in &self.fields {
            df += field.inverted.terms().get(term.as_bytes())?.map_or(0, |info| info.doc_freq);
        }
        Ok(df)
    }

    /// A term's documents with their impacts: BM25 of every field, weighted, summed in the order of the
    /// fields, scaled and rounded; never less than 1.
    pub fn postings(&self, term: &str) -> Result<Postings, IndexError> {
        let mut scores: Vec<(DocId, f32)> = Vec::new();
        for field in &self.fields {
            if let Some(info) = field.inverted.terms().get(term.as_bytes())? {
                field.score(&info, &mut scores)?;
            }
        }
        Ok(impacts(scores))
    }

    /// Every term with its documents, in byte order: the same as [`Index::postings`] of each, in one walk.
    pub fn entries(&self) -> Result<Vec<Entry>, IndexError> {
        let mut infos: Vec<(Vec<u8>, usize, TermInfo)> = Vec::new();
        for (nth, field) in self.fields.iter().enumerate() {
            let mut stream = field.inverted.terms().stream()?;
            while stream.advance() {
                infos.push((stream.key().to_vec(), nth, stream.value().clone()));
            }
        }
        // Stable, so that a term's fields stay in their order.
        infos.sort_by(|(one, ..), (other, ..)| one.cmp(other));
        let entry = |infos: &[(Vec<u8>, usize, TermInfo)]| {
            let mut scores: Vec<(DocId, f32)> = Vec::new();
            for (_, nth, info) in infos {
                self.fields[*nth].score(info, &mut scores)?;
            }
            Ok(Entry {
                term: String::from_utf8_lossy(&infos[0].0).into_owned(),
                df: infos.iter().map(|(.., info)| info.doc_freq).sum(),
                postings: impacts(scores),
            })
        };
        infos.chunk_by(|(one, ..), (other, ..)| one == other).map(entry).collect()
    }

    /// The documents with a facet value, written `key=value`, in order.
    pub fn with_facet(&self, facet: &str) -> Result<Vec<DocId>, IndexError> {
        let Some(segment) = &self.segment else { return Ok(Vec::new()) };
        let inverted = segment.inverted_index(self.schema.facet)?;
        let Some(info) = inverted.terms().get(facet.as_bytes())? else { return Ok(Vec::new()) };
        let mut postings = inverted.read_postings_from_terminfo(&info, IndexRecordOption::Basic)?;
        let mut docs = Vec::new();
        while postings.doc() != TERMINATED {
            docs.push(postings.doc());
            postings.advance();
        }
        Ok(docs)
    }

    /// Every term that begins with `prefix`, in byte order, and how common it is.
    pub fn terms(&self, prefix: &str) -> Result<Vec<(String, u32)>, IndexError> {
        let mut terms: BTreeMap<String, u32> = BTreeMap::new();
        for field in &self.fields {
            let mut stream = field.inverted.terms().range().ge(prefix).into_stream()?;
            while stream.advance() && stream.key().starts_with(prefix.as_bytes()) {
                *terms.entry(String::from_utf8_lossy(stream.key()).into_owned()).or_default() +=
                    stream.value().doc_freq;
            }
        }
        Ok(terms.into_iter().collect())
    }

    /// Every facet value, written `key=value`, in byte order.
    pub fn facets(&self) -> Result<Vec<String>, IndexError> {
        let Some(segment) = &self.segment else { return Ok(Vec::new()) };
        let mut facets = Vec::new();
        let inverted = segment.inverted_index(self.schema.facet)?;
        let mut stream = inverted.terms().stream()?;
        while stream.advance() {
            facets.push(String::from_utf8_lossy(stream.key()).into_owned());
        }
        Ok(facets)
    }

    /// What a hit on this document shows.
    pub fn summary(&self, doc: DocId) -> Result<Summary, IndexError> {
        let stored: TantivyDocument = self.searcher.doc(tantivy::DocAddress::new(0, doc))?;
        let text = stored.get_first(self.schema.summary).and_then(|value| value.as_str().map(str::to_owned));
        let foreign = |what: &str| IndexError::Foreign(format!("document {doc} {what}"));
        serde_json::from_str(&text.ok_or_else(|| foreign("has no summary"))?)
            .map_err(|_| foreign("has a summary of another form"))
    }
}

/// A field with what its scores depend on besides the term.
struct WeighedField {
    inverted: Arc<InvertedIndexReader>,
    norms: FieldNormReader,
    boost: f32,
    n_docs: u64,
    average: f32,
}

impl WeighedField {
    /// Adds the score of each document that has a term here.
    fn score(&self, info: &TermInfo, scores: &mut Vec<(DocId, f32)>) -> Result<(), IndexError> {
        let weight =
            Bm25Weight::for_one_term_without_explain(u64::from(info.doc_freq), self.n_docs, self.average)
                .boost_by(self.boost);
        let mut postings = self.inverted.read_postings_from_terminfo(info, IndexRecordOption::WithFreqs)?;
        while postings.doc() != TERMINATED {
            let doc = postings.doc();
            scores.push((doc, weight.score(self.norms.fieldnorm_id(doc), postings.term_freq())));
            postings.advance();
        }
        Ok(())
    }
}

fn weighed(segment: &SegmentReader, ours: &OurSchema) -> Result<Vec<WeighedField>, IndexError> {
    let n_docs = u64::from(segment.max_doc());
    let field = |(field, (_, boost)): (&Field, (&str, f32))| {
        let inverted = segment.inverted_index(*field)?;
        #[expect(clippy::cast_precision_loss, reason = "tantivy computes this average the same way")]
        let average = inverted.total_num_tokens() as f32 / n_docs as f32;
        let norms = segment.get_fieldnorms_reader(*field)?;
        Ok(WeighedField { norms, inverted, boost, n_docs, average })
    };
    ours.texts.iter().zip(FIELDS).map(field).collect()
}

fn register(index: &tantivy::Index) {
    index.tokenizers().register(TOKENIZER, TextAnalyzer::from(IndexTokenizer::default()));
}

/// Sums the scores of a document's fields, in the order in which they were pushed, and rounds once.
fn impacts(mut scores: Vec<(DocId, f32)>) -> Postings {
    scores.sort_by_key(|(doc, _)| *doc);
    let postings = scores
        .chunk_by(|(one, _), (other, _)| one == other)
        .map(|fields| (fields[0].0, impact(fields.iter().map(|(_, score)| score).sum())));
    best(postings.collect(), MAX_POSTINGS)
}

/// The `n` entries with the highest impacts, the first documents among equals; by document.
pub fn best(mut postings: Postings, n: usize) -> Postings {
    if postings.len() > n {
        postings.sort_by_key(|(doc, impact)| (std::cmp::Reverse(*impact), *doc));
        postings.truncate(n);
        postings.sort_unstable();
    }
    postings
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a BM25 score is small and positive"
)]
fn impact(score: f32) -> u32 {
    ((score * SCALE).round() as u32).max(1)
}
