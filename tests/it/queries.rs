//! Seeded queries of every kind, generated records, and the browser's ranker in a JavaScript engine of its own.

use camino::Utf8Path;
use faultbook::search::{Document, Index, Query, ShardFile, search};
use faultbook::text::{Source, Sources};
use serde_json::{Value, json};
use std::process::Command;

/// Numbers that look random and are the same in every run.
pub struct Dice(u64);

impl Dice {
    /// Another seed, other numbers.
    pub fn new(seed: u64) -> Dice {
        Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number below `n`.
    pub fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 11).unwrap() % n.max(1)
    }

    fn pick<'t, T: ?Sized>(&mut self, from: &[&'t T]) -> Option<&'t T> {
        if from.is_empty() { None } else { Some(from[self.below(from.len())]) }
    }
}

/// The kinds of queries, by which they are reported.
pub const KINDS: [&str; 8] = ["words", "typed", "typo", "line", "code", "facet", "log", "odd"];

/// A query of the `nth` kind, drawn from one document.
pub fn query(documents: &[Document], nth: usize, dice: &mut Dice) -> Query {
    let document = &documents[dice.below(documents.len())];
    let texts: Vec<&str> = document.texts.iter().map(String::as_str).collect();
    let all = texts.join("\n");
    let words: Vec<&str> = all.split_whitespace().collect();
    let lines: Vec<&str> = all.lines().filter(|line| !line.trim().is_empty()).collect();
    let some = |n: usize, dice: &mut Dice| {
        let n = 1 + dice.below(n);
        (0..n).filter_map(|_| dice.pick(&words)).collect::<Vec<_>>().join(" ")
    };
    let mut facets = Vec::new();
    let text = match KINDS[nth % KINDS.len()] {
        "words" => some(4, dice) + " ",
        "typed" => {
            let text = some(3, dice);
            let chars = text.chars().count();
            text.chars().take(chars - dice.below(chars.min(5))).collect()
        }
        "typo" => slip(&some(2, dice), dice),
        "line" => dice.pick(&lines).unwrap_or_default().to_owned(),
        "code" => {
            let has_digit = |word: &&str| word.bytes().any(|byte| byte.is_ascii_digit());
            let codes: Vec<&str> = words.iter().copied().filter(has_digit).collect();
            dice.pick(&codes).unwrap_or("E0308").to_owned()
        }
        "facet" => {
            let own: Vec<&str> = document.facets.iter().map(String::as_str).collect();
            facets.extend(dice.pick(&own).map(str::to_owned));
            if dice.below(4) == 0 { String::new() } else { some(2, dice) }
        }
        "log" => (0..3 + dice.below(12)).filter_map(|_| dice.pick(&lines)).collect::<Vec<_>>().join("\n"),
        _ => (0..1 + dice.below(24)).map(|_| odd(dice)).collect(),
    };
    Query { text, limit: 10, facets }
}

/// Swaps, drops, doubles or replaces one character.
fn slip(text: &str, dice: &mut Dice) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    let at = dice.below(chars.len());
    match dice.below(4) {
        0 if at + 1 < chars.len() => chars.swap(at, at + 1),
        1 => drop(chars.remove(at)),
        2 => chars.insert(at, chars[at]),
        _ => chars[at] = 'x',
    }
    chars.into_iter().collect()
}

/// Any character, those with meaning to an analyser more often.
pub fn odd(dice: &mut Dice) -> char {
    let telling: Vec<char> = "aAzZ09 -_./:'’\n\tİßΣσςŉǅ\u{301}\u{345}٣Ⅷ½漢字ﬀ𝐀𐐀🦀".chars().collect();
    match dice.below(3) {
        0 => telling[dice.below(telling.len())],
        1 => char::from(u8::try_from(32 + dice.below(95)).unwrap()),
        _ => char::from_u32(u32::try_from(dice.below(0x11_0000)).unwrap()).unwrap_or('\u{fffd}'),
    }
}

/// `n` records of some 2 kB, with common and rare words, codes and facets.
pub fn generated(n: usize) -> Sources {
    let syllables = [
        "con", "tain", "er", "lo", "ck", "net", "work", "time", "out", "bro", "ken", "pipe", "mod", "ule",
        "re", "gis", "try", "sha", "dow", "pro", "xy", "ker", "nel", "ing", "ed", "tion",
    ];
    let vocabulary: Vec<String> = (0..6000)
        .map(|nth| {
            let mut dice = Dice::new(nth + 1);
            (0..2 + dice.below(3)).map(|_| syllables[dice.below(syllables.len())]).collect()
        })
        .collect();
    let record = |nth: usize| {
        let mut dice = Dice::new(7_000_000 + nth as u64);
        let mut words = |n: usize| {
            let word = |_| {
                // Few words are common, most are rare.
                let at = dice.below(6000) * dice.below(6000) / 6000 * dice.below(6000) / 6000;
                vocabulary[at].as_str()
            };
            (0..n).map(word).collect::<Vec<_>>().join(" ")
        };
        let text = format!(
            "title: \"{}: {}\"\nproduct: {}\ncategory: kind {}\ntags: [{}, {}]\nsymptom: |\n  {}.\n\n  ```console\n  $ {} \
             --{}\n  error[E{:04}]: {} exit code {}\n  ```\nroot_cause: {}.\nfix: {}.\nwrong_fixes: [{}]\nkeywords: [{}, \
             {}]\nsources: [seen]\n",
            words(1),
            words(4),
            words(1),
            nth % 12,
            words(1),
            words(1),
            words(60),
            words(1),
            words(1),
            nth % 3000,
            words(5),
            nth % 256,
            words(50),
            words(20),
            words(8),
            words(3),
            words(2),
        );
        Source::from_bytes(format!("content/r/generated-{nth}.yaml").into(), text.into_bytes())
    };
    Sources::new((0..n).map(record).collect())
}

/// What the browser's ranker says of each query: `{"ranked": [[document, score], …], "bytes": …, "requests": …}`, where it
/// has answered others before, and with `_first`, where nothing but the manifest is there.
pub fn in_javascript(project: &Utf8Path, shards: &[ShardFile], queries: &[Query]) -> Vec<Value> {
    let query = |query: &Query| json!({"text": query.text, "facets": query.facets, "limit": query.limit});
    let queries: Vec<Value> = queries.iter().map(query).collect();
    ask_javascript(project, shards, json!({"queries": queries}))
}

/// The tokens of each text as JavaScript splits it; `null` where it does not know a character at all.
pub fn split_in_javascript(project: &Utf8Path, texts: &[String]) -> Vec<Value> {
    ask_javascript(project, &[], json!({"texts": texts}))
}

fn ask_javascript(project: &Utf8Path, shards: &[ShardFile], asked: Value) -> Vec<Value> {
    let folder = tempfile::tempdir().unwrap();
    let folder = Utf8Path::from_path(folder.path()).unwrap();
    for file in shards {
        let path = folder.join(&file.path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, &file.body).unwrap();
    }
    std::fs::write(folder.join("asked.json"), asked.to_string()).unwrap();
    std::fs::write(folder.join("package.json"), r#"{"type": "module"}"#).unwrap();
    for name in ["ranker.js", "ranker-rest.js"] {
        std::fs::copy(project.join("theme").join(name), folder.join(name)).unwrap();
    }
    let script = project.join("tests/it/queries.mjs");
    let output = Command::new("node").args([script.as_str(), folder.as_str()]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Every query where both sides differ, with what each says.
pub fn differences(
    index: &Index,
    documents: &[Document],
    queries: &[Query],
    answers: &[Value],
) -> Vec<(Query, Value, Value)> {
    let mut different = Vec::new();
    assert_eq!(queries.len(), answers.len());
    for (query, answer) in queries.iter().zip(answers) {
        let hits = search(index, query).unwrap();
        let ours = hits.iter().map(|hit| json!([hit.summary.id, hit.score])).collect();
        let theirs = answer["ranked"].as_array().unwrap().iter().map(|hit| {
            let doc = usize::try_from(hit[0].as_u64().unwrap()).unwrap();
            json!([documents[doc].summary.id, hit[1]])
        });
        let (ours, theirs) = (Value::Array(ours), Value::Array(theirs.collect()));
        if ours != theirs {
            different.push((query.clone(), ours, theirs));
        }
    }
    different
}
