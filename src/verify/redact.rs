//! Takes secrets out of text, in whatever coding they stand there.
//!
//! In: any text that is about to leave the program. Out: the same with `[secret:NAME]` in the place of each. It runs
//! before anything is cut short, since half a secret is not found any more.

use crate::text::TOKEN_SHAPES;
use data_encoding::{BASE64, BASE64URL};
use regex::Regex;
use std::collections::BTreeMap;

/// What is shorter than this cannot be taken out without taking words out.
pub const MIN_BYTES: usize = 8;

/// The secrets of one run, in all codings, longest first.
#[derive(Clone, Debug, Default)]
pub struct Redactor(Vec<(String, String)>);

impl Redactor {
    /// For these secrets, by name. Those of fewer than 8 bytes are left in; an input refuses them.
    pub fn of(secrets: &BTreeMap<String, String>) -> Redactor {
        let mut forms: Vec<(String, String)> = Vec::new();
        for (name, secret) in secrets {
            let lines = secret.lines().map(str::trim).filter(|line| line.len() < secret.len());
            for part in lines.chain([secret.as_str()]).filter(|part| part.len() >= MIN_BYTES) {
                forms.extend(codings(part).into_iter().map(|form| (form, name.clone())));
            }
        }
        forms.retain(|(form, _)| form.len() >= MIN_BYTES);
        forms.sort_by(|one, other| other.0.len().cmp(&one.0.len()).then_with(|| one.cmp(other)));
        forms.dedup_by(|one, other| one.0 == other.0);
        Redactor(forms)
    }

    /// The text without them, and without what has the shape of a well-known token.
    pub fn clean(&self, text: &str) -> String {
        let mut clean = text.to_owned();
        for (form, name) in &self.0 {
            if clean.contains(form.as_str()) {
                clean = clean.replace(form.as_str(), &format!("[secret:{name}]"));
            }
        }
        match shapes() {
            Some(shapes) => shapes.replace_all(&clean, "[secret:token]").into_owned(),
            None => clean,
        }
    }
}

fn shapes() -> Option<Regex> {
    Regex::new(TOKEN_SHAPES).ok()
}

/// Every way in which a program may have written a secret.
fn codings(secret: &str) -> Vec<String> {
    let bytes = secret.as_bytes();
    let json = serde_json::Value::from(secret).to_string();
    let mut forms = vec![
        secret.to_owned(),
        json.trim_matches('"').to_owned(),
        secret.replace('\'', r"'\''"),
        hex(bytes, false),
        hex(bytes, true),
        percent(bytes, false),
        percent(bytes, true),
    ];
    // A secret that stands somewhere inside what is coded begins at any of three places of a group.
    for phase in 0..3 {
        for coding in [&BASE64, &BASE64URL] {
            forms.push(shifted(bytes, phase, coding));
        }
    }
    for coding in [&BASE64, &BASE64URL] {
        forms.push(coding.encode(bytes));
        forms.push(coding.encode(bytes).trim_end_matches('=').to_owned());
    }
    forms
}

/// The characters of a coding that depend on the secret alone when `phase` other bytes come before it.
fn shifted(bytes: &[u8], phase: usize, coding: &data_encoding::Encoding) -> String {
    let mut padded = vec![0; phase];
    padded.extend_from_slice(bytes);
    let coded = coding.encode(&padded);
    let n_before = (phase * 8).div_ceil(6);
    let n_whole = padded.len() * 8 / 6;
    coded[n_before..n_whole].to_owned()
}

fn hex(bytes: &[u8], upper: bool) -> String {
    let digit = |byte: &u8| if upper { format!("{byte:02X}") } else { format!("{byte:02x}") };
    bytes.iter().map(digit).collect()
}

fn percent(bytes: &[u8], lower: bool) -> String {
    let coded = |byte: &u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(*byte).to_string(),
        _ if lower => format!("%{byte:02x}"),
        _ => format!("%{byte:02X}"),
    };
    bytes.iter().map(coded).collect()
}
