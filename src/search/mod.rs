//! One ranking for terminal, browser and agents: tantivy's index, and integers of our own over it.
//!
//! In: `&Book` → documents; a query → hits. Out: hits, and the shards from which a browser computes the same
//! hits in the same order. tantivy lives only here, and `store.rs` is the only file that touches the disk.
//! Not here: pages (`render`), how hits look (`cli/report/`, `theme/search.js`).

mod analyser;
mod document;
pub mod engines;
mod index;
mod rank;
mod shards;
mod store;

pub use analyser::{STOP_WORDS, Token, analyse};
pub use document::{Document, FIELDS, documents};
pub use index::{Index, IndexError};
pub use rank::{Hit, Matched, Query, search};
pub use shards::{ShardFile, export};
pub use store::{Origin, Store};
