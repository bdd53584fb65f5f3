//! What nobody should print again: tokens, passwords, keys, as they stand in logs.

use regex::Regex;
use std::sync::LazyLock;

/// A text without what has the shape of a secret. The name of a variable stays, its value goes.
pub fn masked(text: &str) -> String {
    let text = TOKENS.replace_all(text, "[secret]");
    NAMED.replace_all(&text, "${name}[secret]").into_owned()
}

/// Tokens that are known by their shape, and credentials inside an address.
static TOKENS: LazyLock<Regex> = LazyLock::new(|| {
    let shapes = [
        crate::text::TOKEN_SHAPES,
        r"\bsk-[A-Za-z0-9_-]{16,}|\bglpat-[A-Za-z0-9_-]{16,}|\bhf_[A-Za-z0-9]{20,}|\bAIza[A-Za-z0-9_-]{30,}",
        r"(?s:-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\z))",
    ];
    Regex::new(&shapes.join("|")).expect("the shapes of tokens are expressions")
});

/// Values behind a name that says what they are, and the user's part of an address.
static NAMED: LazyLock<Regex> = LazyLock::new(|| {
    let named = concat!(
        r#"(?i)(?P<name>(?:\b[a-z][a-z0-9+.-]*://[^\s/@:]*:)|(?:\b(?:authorization|proxy-authorization)["']?\s*[:=]\s*"#,
        r#"["']?(?:bearer|basic|token)?\s*)|(?:\b(?:bearer|basic)\s+)|"#,
        r#"(?:[a-z0-9_.-]*(?:password|passwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|_auth)["']?\s*[=:]\s*["']?))"#,
        r#"[^\s"'@,;&]{6,}"#,
    );
    Regex::new(named).expect("the names of secrets are an expression")
});
