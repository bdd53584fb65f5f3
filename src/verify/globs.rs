//! Patterns for paths: `*`, `?`, `**`, `[…]` and `{a,b}`, made into regular expressions.
//!
//! `*` and `?` stop at `/`. Our own, since the crate for this would add to a newcomer's first build what forty lines do.

use regex::{Regex, RegexBuilder};

/// A pattern for paths below a root, with `/` between names.
#[derive(Clone, Debug)]
pub struct Glob {
    regex: Regex,
    /// The folders that every path begins with.
    within: Vec<String>,
    /// How many names a path has at most.
    deepest: Option<usize>,
}

impl Glob {
    /// Reads a pattern; otherwise says, as a fragment of a sentence, what is wrong with it.
    pub fn parse(text: &str) -> Result<Glob, String> {
        const MAX_BYTES: usize = 1 << 20;
        if text.is_empty() || text.starts_with('/') || text.split('/').any(|name| name == "..") {
            return Err("a pattern stays below its root".to_owned());
        }
        let written = expression(text).ok_or("a bracket is not closed")?;
        let regex = RegexBuilder::new(&written).size_limit(MAX_BYTES).build();
        let regex = regex.map_err(|_| "the pattern is too large".to_owned())?;
        let special = |name: &&str| name.contains(['*', '?', '[', '{', '}']);
        let names: Vec<&str> = text.split('/').collect();
        let n_plain = names.iter().take_while(|name| !special(name)).count().min(names.len() - 1);
        let any_depth = text.contains("**") || text.contains('{') && text.contains('/');
        Ok(Glob {
            regex,
            within: names[..n_plain].iter().map(|name| (*name).to_owned()).collect(),
            deepest: (!any_depth).then_some(names.len()),
        })
    }

    /// The same pattern for `grep -E`, where all of it is exact there: names, `*`, `**` and `{a,b}`.
    pub fn ere(text: &str) -> Option<String> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || " _-/.@=*{},".contains(c);
        let has_gap = ["{,", ",,", ",}", "{}"].iter().any(|gap| text.contains(gap));
        Glob::parse(text).ok()?;
        if !text.chars().all(is_plain) || has_gap {
            return None;
        }
        let written = expression(text)?;
        let written = written.strip_prefix("(?s)")?.replace("(?:", "(").replace("\\.", "[.]");
        (!written.contains('\\')).then_some(written)
    }

    /// Whether a path fits.
    pub fn fits(&self, path: &str) -> bool {
        self.regex.is_match(path)
    }

    /// Whether a folder may hold paths that fit.
    pub fn may_be_in(&self, folder: &str) -> bool {
        let names: Vec<&str> = folder.split('/').collect();
        self.deepest.is_none_or(|deepest| names.len() < deepest)
            && names.iter().zip(&self.within).all(|(name, within)| name == within)
    }
}

fn expression(text: &str) -> Option<String> {
    let mut written = "(?s)^".to_owned();
    let mut n_open = 0;
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let at_start = written.ends_with(['^', '/']) || written.ends_with("/)*");
        if let Some(after) = rest.strip_prefix("**/").filter(|_| at_start) {
            written.push_str("(?:[^/]+/)*");
            rest = after;
            continue;
        }
        rest = &rest[c.len_utf8()..];
        match c {
            '*' if rest.starts_with('*') => {
                written.push_str(".*");
                rest = rest.trim_start_matches('*');
            }
            '*' => written.push_str("[^/]*"),
            '?' => written.push_str("[^/]"),
            '[' => {
                let (class, after) = class(rest)?;
                written.push_str(&class);
                rest = after;
            }
            '{' => {
                n_open += 1;
                written.push_str("(?:");
            }
            '}' if n_open > 0 => {
                n_open -= 1;
                written.push(')');
            }
            ',' if n_open > 0 => written.push('|'),
            other => written.push_str(&regex::escape(other.encode_utf8(&mut [0; 4]))),
        }
    }
    written.push('$');
    (n_open == 0).then_some(written)
}

/// `a-z]` after its opening bracket, and what follows.
fn class(text: &str) -> Option<(String, &str)> {
    let (inside, after) = text.split_once(']')?;
    let (not, inside) = match inside.strip_prefix(['!', '^']) {
        Some(inside) => ("^/", inside),
        None => ("", inside),
    };
    if inside.is_empty() {
        return None;
    }
    let mut class = format!("[{not}");
    for c in inside.chars() {
        match c {
            '-' => class.push('-'),
            _ => class.push_str(&regex::escape(c.encode_utf8(&mut [0; 4]))),
        }
    }
    class.push(']');
    Some((class, after))
}
