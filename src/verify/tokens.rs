//! Tokens by their shape, and made-up ones for fixtures.
//!
//! Not here: whether a token is valid. No signature is ever checked, and no server asked.

use super::matcher::Unknown;
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::hash::{BuildHasher, Hasher, RandomState};

/// The class of a token by its prefix and length alone.
pub fn class(token: &str) -> &'static str {
    let word = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let github = ["ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"];
    let slack = ["xoxb-", "xoxp-", "xoxa-", "xoxr-", "xoxs-", "xapp-"];
    let aws = ["AKIA", "ASIA"];
    let begins = |with: &[&str]| with.iter().any(|prefix| token.starts_with(prefix));
    match () {
        () if token.strip_prefix("npm_").is_some_and(|rest| rest.len() == 36 && word(rest)) => {
            "npm-granular-or-classic"
        }
        () if begins(&github) => "github",
        () if token.starts_with("pypi-") => "pypi",
        () if token.strip_prefix("cio").is_some_and(|rest| rest.len() == 32 && word(rest)) => "crates",
        () if token.len() == 20 && begins(&aws) && word(token) => "aws-key-id",
        () if begins(&slack) => "slack",
        () if is_uuid(token) => "uuid-legacy",
        () if decode_jwt(token).is_some() => "jwt",
        () => "unknown",
    }
}

fn is_uuid(token: &str) -> bool {
    let lengths: Vec<usize> = token.split('-').map(str::len).collect();
    lengths == [8, 4, 4, 4, 12] && token.chars().all(|c| c.is_ascii_hexdigit() || c == '-')
}

/// Header and claims of a JSON Web Token: `{header, claims}`. `None` where it is not one.
pub fn decode_jwt(token: &str) -> Option<Map<String, Value>> {
    const MAX_BYTES: usize = 64 << 10;
    let parts: Vec<&str> = token.split('.').collect();
    let [header, claims, _] = parts[..] else { return None };
    let object = |part: &str| {
        let bytes = BASE64URL_NOPAD.decode(part.trim_end_matches('=').as_bytes()).ok()?;
        serde_json::from_slice::<Value>(&bytes).ok().filter(Value::is_object)
    };
    if token.len() > MAX_BYTES {
        return None;
    }
    let mut decoded = Map::new();
    decoded.insert("header".to_owned(), object(header)?);
    decoded.insert("claims".to_owned(), object(claims)?);
    Some(decoded)
}

/// What a `jwt` step sees: `header`, `claims` and `expired`, as of `now` in seconds since 1970.
pub fn observe_jwt(token: &str, now: u64) -> Result<Value, Unknown> {
    let mut seen = decode_jwt(token.trim()).ok_or_else(|| Unknown::new("not-a-jwt"))?;
    if let Some(exp) = seen["claims"].get("exp").and_then(Value::as_f64) {
        seen.insert("expired".to_owned(), json!(exp <= now as f64));
    }
    Ok(Value::Object(seen))
}

/// The claims of `{fake_jwt: {…}}`.
pub fn claims_of(map: &Map<String, Value>) -> Option<&Value> {
    map.get("fake_jwt").filter(|claims| map.len() == 1 && claims.is_object())
}

/// Made-up secrets: random for each run, and the same within it.
#[derive(Clone, Debug)]
pub struct Fakes {
    seed: [u8; 16],
}

impl Default for Fakes {
    fn default() -> Fakes {
        let mut seed = [0; 16];
        for half in seed.chunks_mut(8) {
            // The standard library draws the keys of each map anew: random enough for what opens no door.
            half.copy_from_slice(&RandomState::new().build_hasher().finish().to_le_bytes());
        }
        Fakes { seed }
    }
}

impl Fakes {
    /// `${fake.NAME}`: `npm_token`, `github_token` and `uuid` look as those do, any other is 40 letters and digits.
    pub fn text(&self, name: &str) -> String {
        match name {
            "npm_token" => format!("npm_{}", self.word(name, 36)),
            "github_token" => format!("ghp_{}", self.word(name, 36)),
            "uuid" => {
                let hex: String = self.bytes(name).iter().map(|byte| format!("{byte:02x}")).collect();
                [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..32]].join("-")
            }
            _ => self.word(name, 40),
        }
    }

    /// A JSON Web Token with these claims, and a signature that nobody made.
    pub fn jwt(&self, claims: &Value) -> String {
        let part = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
        let header = json!({"alg": "RS256", "typ": "JWT"});
        let signature = BASE64URL_NOPAD.encode(&self.bytes("signature"));
        format!("{}.{}.{signature}", part(&header), part(claims))
    }

    fn word(&self, name: &str, length: usize) -> String {
        const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        let more = self.bytes(&format!("{name}/more"));
        let bytes = self.bytes(name).into_iter().chain(more);
        bytes.map(|byte| char::from(LETTERS[usize::from(byte) % LETTERS.len()])).take(length).collect()
    }

    fn bytes(&self, name: &str) -> [u8; 32] {
        Sha256::new().chain_update(self.seed).chain_update(name).finalize().into()
    }
}
