//! The analyser's vectors: what Rust and the browser must both make of a text.

use crate::support::project;
use faultbook::search::{STOP_WORDS, analyse};
use serde_json::{Value, json};

#[test]
fn rust_splits_texts_as_the_vectors_say() {
    let path = project().join("tests/golden/analyser.json");
    let vectors: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    let vectors = vectors.as_array().unwrap();
    assert!(vectors.len() >= 60);
    let tokens = |vector: &Value| {
        let text = vector["text"].as_str().unwrap();
        json!({"text": text, "tokens": analyse(text).into_iter().map(|token| token.text).collect::<Vec<_>>()})
    };
    let found: Vec<Value> = vectors.iter().map(tokens).collect();
    if std::env::var_os("UPDATE").is_some() {
        let lines: Vec<String> = found.iter().map(Value::to_string).collect();
        std::fs::write(&path, format!("[\n{}\n]\n", lines.join(",\n"))).unwrap();
    }
    assert_eq!(&found, vectors);
}

#[test]
fn every_stop_word_is_written_as_the_analyser_writes_it() {
    for word in STOP_WORDS {
        assert_eq!(analyse(word).into_iter().map(|token| token.text).collect::<Vec<_>>(), [*word]);
    }
}
