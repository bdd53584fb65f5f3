//! Code → HTML with one class per token, decided at build time.
//!
//! In: the word after the fence and the code. Out: escaped text in which tokens stand in `<span class="k">`.
//! Not here: colours (`theme/site.css`), languages (`languages.rs`), and any claim to parse. A lexer that knows
//! comments, strings and words is right about nearly every line a record quotes, in linear time; where it is wrong, a
//! colour is wrong, never the text.
//!
//! syntect with two-face was measured on the same blocks: 0.6 MB/s where this does 160, six more packages, eleven
//! more seconds of a first build, and 10,000 pages would wait seven seconds for it.

use super::languages::{
    BEFORE_COMMAND, BEFORE_NAME, Class, LANGUAGES, LEXICONS, Language, NAMES, Place, Reach, Region, Words,
};
use std::collections::HashMap;

/// Marks up code for a `<pre><code>` and appends the escaped HTML to `out`.
///
/// - `lang`: the word after the fence, in any case; what follows a comma or a blank is ignored
/// - tokens stand in `<span class="X">`, never nested: `c` comment, `s` string, `k` keyword, `n` number or
///   literal, `f` function or command, `a` key, option or variable, `p` prompt, `o` output, `i` and `d` lines
///   of a diff
/// - law: without its tags and with its entities decoded, the output is `code`
/// - an unknown language is only escaped
/// - time is linear in `code`, whatever it holds
pub fn highlight(lang: &str, code: &str, out: &mut String) {
    out.reserve(code.len() * 3);
    let lang = lang.split([',', ' ', '{']).next().unwrap_or_default().to_ascii_lowercase();
    match lang.as_str() {
        "console" | "shell-session" | "shellsession" | "sh-session" | "terminal" => console(code, out),
        "diff" | "patch" => diff(code, out),
        "xml" | "html" | "svg" | "xhtml" | "vue" => markup(code, out),
        lang => match NAMES.get(lang).copied() {
            Some(nth) => Lexer::new(nth, code, out).run(),
            None => escape(code, out),
        },
    }
}

/// Prompts with commands between runs of what they print.
fn console(code: &str, out: &mut String) {
    let (mut at, mut printed) = (0, 0);
    while at < code.len() {
        let mut end = line_end(code, at);
        if let Some(prompt) = prompt_len(&code[at..end]) {
            while code[..end].ends_with('\\') && end < code.len() {
                end = line_end(code, end + 1);
            }
            token(Class::Output, &code[printed..at], out);
            token(Class::Prompt, &code[at..at + prompt], out);
            // The line feed goes with the command, so that no line of output begins with an empty one.
            printed = (end + 1).min(code.len());
            Lexer::new(NAMES["sh"], &code[at + prompt..printed], out).run();
        }
        at = end + 1;
    }
    token(Class::Output, &code[printed..], out);
}

/// The bytes of `$ `, `# ` or `user@host:~$ ` at the start of a line.
fn prompt_len(line: &str) -> Option<usize> {
    let word = line.find(char::is_whitespace).unwrap_or(line.len());
    let host = line[..word].strip_suffix(['$', '#', '%'])?;
    let known = (host.is_empty() && !line.starts_with('%')) || (host.contains('@') && !host.starts_with('@'));
    let blank = usize::from(line[word..].starts_with(' '));
    (known && (blank > 0 || line[word..].trim().is_empty())).then_some(word + blank)
}

/// One token per run of lines of a kind.
fn diff(code: &str, out: &mut String) {
    let (mut run, mut class, mut at, mut in_head) = (0, Class::Plain, 0, false);
    for line in code.split_inclusive('\n') {
        let next = &code[at + line.len()..];
        // `--- ` alone is also how a removed SQL or Lua comment begins.
        let old_file = line.starts_with("--- ") && next.starts_with("+++ ");
        let here = match line.as_bytes()[0] {
            _ if old_file || (in_head && line.starts_with("+++ ")) => Class::Name,
            b'+' => Class::Inserted,
            b'-' => Class::Deleted,
            b'@' => Class::Keyword,
            b'd' | b'i' if line.starts_with("diff ") || line.starts_with("index ") => Class::Name,
            _ => Class::Plain,
        };
        in_head = old_file;
        if here != class {
            token(class, &code[run..at], out);
            (run, class) = (at, here);
        }
        at += line.len();
    }
    token(class, &code[run..], out);
}

/// Comments, tags, and the attributes and strings inside tags.
fn markup(code: &str, out: &mut String) {
    let bytes = code.as_bytes();
    let (mut at, mut plain, mut in_tag) = (0, 0, false);
    while at < code.len() {
        let (class, start, end) = match bytes[at] {
            b'<' if code[at..].starts_with("<!--") => {
                (Class::Comment, at, code[at..].find("-->").map_or(code.len(), |len| at + len + 3))
            }
            b'<' if !in_tag => {
                let name = at + 1 + usize::from(matches!(bytes.get(at + 1), Some(b'/' | b'!' | b'?')));
                let end = run_end(code, name, is_name);
                in_tag = end > name;
                (Class::Function, name.min(end), end)
            }
            b'"' | b'\'' if in_tag => {
                // Closed on its line or not a string: an apostrophe in a broken tag must not eat the page.
                let stop = bytes[at + 1..].iter().position(|byte| *byte == bytes[at] || *byte == b'\n');
                let stop = stop.map_or(code.len(), |len| at + 1 + len);
                (Class::Quoted, at, stop + usize::from(bytes.get(stop) == Some(&bytes[at])))
            }
            byte if in_tag && is_name(byte) => (Class::Name, at, run_end(code, at, is_name)),
            byte => {
                in_tag &= byte != b'>';
                at += 1;
                continue;
            }
        };
        if end > start {
            escape(&code[plain..start], out);
            token(class, &code[start..end], out);
            plain = end;
        }
        at = end.max(at + 1);
    }
    escape(&code[plain..], out);
}

struct Lexer<'c, 'o> {
    language: &'static Language,
    lexicon: &'static HashMap<&'static str, Class>,
    code: &'c str,
    at: usize,
    /// Where the text begins that is not written yet.
    plain: usize,
    /// Whether the next word is the first of its line or command.
    first: bool,
    /// One bit per region whose closing text does not follow any more; keeps the search for it linear.
    unclosed: u32,
    /// What ends the here-document that begins with the next line.
    heredoc: Option<&'c str>,
    out: &'o mut String,
}

impl<'c, 'o> Lexer<'c, 'o> {
    fn new(nth: usize, code: &'c str, out: &'o mut String) -> Self {
        let (language, lexicon) = (&LANGUAGES[nth], &LEXICONS[nth]);
        Lexer { language, lexicon, code, at: 0, plain: 0, first: true, unclosed: 0, heredoc: None, out }
    }

    fn run(mut self) {
        while let Some(&byte) = self.code.as_bytes().get(self.at) {
            match byte {
                b' ' | b'\t' | b'\r' => self.at += 1,
                b'\n' => self.newline(),
                _ if self.region(byte) || self.sigil(byte) => {}
                b'0'..=b'9' if self.language.words < Words::Bare => self.number(),
                _ if !self.ends_word(self.at) => self.word(),
                _ => self.punctuation(byte),
            }
        }
        escape(&self.code[self.plain..], self.out);
    }

    fn token(&mut self, class: Class, end: usize) {
        escape(&self.code[self.plain..self.at], self.out);
        token(class, &self.code[self.at..end], self.out);
        (self.at, self.plain) = (end, end);
    }

    fn before(&self) -> u8 {
        self.at.checked_sub(1).map_or(b'\n', |at| self.code.as_bytes()[at])
    }

    fn newline(&mut self) {
        self.at += 1;
        self.first = true;
        let Some(tag) = self.heredoc.take() else { return };
        let mut end = self.at;
        for line in self.code[self.at..].split_inclusive('\n') {
            if line.trim() == tag {
                return self.token(Class::Quoted, end + line.trim_end().len());
            }
            end += line.len();
        }
        self.unclosed |= HEREDOC;
    }

    fn region(&mut self, byte: u8) -> bool {
        for (nth, region) in self.language.regions.iter().enumerate() {
            let opens = region.open.as_bytes()[0] == byte && self.code[self.at..].starts_with(region.open);
            if !opens || !self.is_at(region.place) {
                continue;
            }
            if let Some(end) = self.region_end(nth, region) {
                let is_key = region.class == Class::Quoted && self.is_key(end);
                self.first = false;
                self.token(if is_key { Class::Name } else { region.class }, end);
                return true;
            }
        }
        false
    }

    fn is_at(&self, place: Place) -> bool {
        match place {
            Place::Anywhere => true,
            Place::WordStart => b" \t\r\n[{(,:=;|&".contains(&self.before()),
            Place::LineStart => self.before() == b'\n',
        }
    }

    fn region_end(&mut self, nth: usize, region: &Region) -> Option<usize> {
        let from = self.at + region.open.len();
        let on_line = || self.closing(region, from, false).unwrap_or_else(|stop| stop);
        match region.reach {
            Reach::Line => Some(on_line()),
            Reach::Rest => Some(self.closing(region, from, true).unwrap_or_else(|stop| stop)),
            Reach::Lines if self.unclosed & (1 << nth) != 0 => Some(on_line()),
            Reach::Lines => match self.closing(region, from, true) {
                Ok(end) => Some(end),
                Err(_) => {
                    let end = on_line();
                    self.unclosed |= 1 << nth;
                    Some(end)
                }
            },
            Reach::Char => match self.code[from..].chars().next()? {
                '\\' => Some(on_line()),
                c => self.code[from + c.len_utf8()..]
                    .starts_with(region.close)
                    .then_some(from + c.len_utf8() + region.close.len()),
            },
        }
    }

    /// Where the region ends behind its closing text, or else where the line or the code stopped it.
    fn closing(&self, region: &Region, from: usize, over_lines: bool) -> Result<usize, usize> {
        let (bytes, close) = (self.code.as_bytes(), region.close.as_bytes());
        let mut at = from;
        while at < bytes.len() {
            match bytes[at] {
                b'\n' if !over_lines => return Err(at),
                byte if Some(byte) == region.escape => at += 1,
                byte if close.first() == Some(&byte) && bytes[at..].starts_with(close) => {
                    return Ok(at + close.len());
                }
                _ => {}
            }
            at += 1;
        }
        Err(bytes.len())
    }

    fn sigil(&mut self, byte: u8) -> bool {
        if !self.language.sigils.as_bytes().contains(&byte) {
            return false;
        }
        let special = |next| self.language.words == Words::Command && b"?@#*!$<^".contains(next);
        let end = match self.code.as_bytes().get(self.at + 1) {
            Some(next) if is_word(*next) => run_end(self.code, self.at + 1, is_word),
            Some(next) if special(next) => self.at + 2,
            _ => return false,
        };
        self.first = false;
        self.token(Class::Name, end);
        true
    }

    /// `1_000`, `0xff`, `1.5e3`, `1'000` and `30px`, but not the dots of `1..2`.
    fn number(&mut self) {
        let bytes = self.code.as_bytes();
        let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
        let mut end = self.at;
        while let Some(byte) = bytes.get(end) {
            match byte {
                b'.' | b'\'' if digit(end + 1) => end += 1,
                b'_' => end += 1,
                byte if byte.is_ascii_alphanumeric() => end += 1,
                _ => break,
            }
        }
        self.token(Class::Literal, end);
    }

    fn ends_word(&self, at: usize) -> bool {
        let next_is_blank = || self.code.as_bytes().get(at + 1).is_none_or(u8::is_ascii_whitespace);
        let Language { key, words, .. } = *self.language;
        match (words, self.code.as_bytes()[at]) {
            (Words::Dashed, b'-') => false,
            (Words::Identifier | Words::Dashed, byte) => !is_word(byte),
            (_, b'=') => key == Some(b'=') || words == Words::Command,
            (_, b':') => key == Some(b':') && next_is_blank(),
            (_, b';' | b'&' | b'|' | b'<' | b'>' | b'(' | b')' | b'{' | b'}' | b'[' | b']') => true,
            (_, b',' | b'"' | b'\'' | b'`' | b'$' | b'\\') => true,
            (_, byte) => byte <= b' ',
        }
    }

    fn word(&mut self) {
        let mut end = self.at + 1;
        while end < self.code.len() && !self.ends_word(end) {
            end += 1;
        }
        let word = &self.code[self.at..end];
        let class = match self.language.words {
            Words::Command => self.command_word(word, end),
            Words::Bare => self.bare_word(word, end),
            _ if self.is_key(end) => Class::Name,
            _ => self.identifier(word, end),
        };
        if self.language.words != Words::Command {
            self.first = false;
        }
        match class {
            Class::Plain => self.at = end,
            class => self.token(class, end),
        }
    }

    fn lexical(&self, word: &str) -> Option<Class> {
        match self.language.any_case {
            true => self.lexicon.get(word.to_ascii_lowercase().as_str()).copied(),
            false => self.lexicon.get(word).copied(),
        }
    }

    fn identifier(&self, word: &str, end: usize) -> Class {
        let bytes = self.code.as_bytes();
        let is_macro = || bytes[end] == b'!' && matches!(bytes.get(end + 1), Some(b'(' | b'[' | b'{'));
        // `x.match(y)` and `x.type` are no keywords.
        match self.lexical(word).filter(|_| self.before() != b'.') {
            Some(class) => class,
            None if end < bytes.len() && (bytes[end] == b'(' || is_macro()) => Class::Function,
            None if self.before() == b' ' && self.defines() => Class::Function,
            None => Class::Plain,
        }
    }

    fn defines(&self) -> bool {
        BEFORE_NAME.iter().any(|word| self.code[..self.at].ends_with(word))
    }

    fn bare_word(&self, word: &str, end: usize) -> Class {
        if self.is_key(end) {
            return Class::Name;
        }
        // `404` in a sentence is not a value.
        let is_literal = is_number(word) || self.lexical(word).is_some();
        let before =
            || self.code[..self.at].trim_end_matches([' ', '\t']).bytes().next_back().unwrap_or(b'\n');
        let after = || self.code[end..].trim_start_matches([' ', '\t']).bytes().next().unwrap_or(b'\n');
        match is_literal && b"\n:=-[{,".contains(&before()) && b"\r\n,]}#".contains(&after()) {
            true => Class::Literal,
            false => Class::Plain,
        }
    }

    fn command_word(&mut self, word: &str, end: usize) -> Class {
        let assigned = self.code.as_bytes().get(end) == Some(&b'=');
        if (word.starts_with('-') && word.len() > 1) || (assigned && word.bytes().all(is_word)) {
            return Class::Name;
        }
        if self.first && self.is_key(end) {
            self.first = false;
            return Class::Name;
        }
        if is_number(word) {
            return Class::Literal;
        }
        if !self.first || self.before() == b'=' || !word.bytes().any(is_word) {
            return Class::Plain;
        }
        self.first = BEFORE_COMMAND.contains(&word.to_ascii_lowercase().as_str());
        self.lexical(word).unwrap_or(Class::Function)
    }

    /// Whether what stands between a key and its value follows.
    fn is_key(&self, end: usize) -> bool {
        let rest = &self.code[end..];
        match (self.language.key, self.language.words) {
            (Some(b':'), Words::Bare) => {
                rest.starts_with(':') && rest[1..].chars().next().is_none_or(char::is_whitespace)
            }
            (Some(b':'), _) => rest.trim_start_matches(' ').starts_with(':'),
            (Some(b'='), _) if self.first => {
                let rest = rest.trim_start_matches([' ', '\t']);
                rest.strip_prefix([':', '?', '+']).unwrap_or(rest).starts_with('=')
            }
            _ => false,
        }
    }

    fn punctuation(&mut self, byte: u8) {
        let next = self.code.as_bytes().get(self.at + 1).copied().unwrap_or(b'\n');
        let mut len = 1;
        match (self.language.words, byte) {
            (Words::Command, b'\\') => len += usize::from(next.is_ascii()),
            (Words::Command, b'<') if next == b'<' => return self.here_document(),
            (Words::Command, b'<' | b'>' | b'[') => self.first = false,
            // PowerShell's way to continue a line; the other shells open or close a command with it.
            (Words::Command, b'`') if next == b'\n' && self.language.any_case => len = 2,
            (Words::Command, b';' | b'|' | b'&' | b'(' | b'`') => self.first = true,
            // A group of commands has blanks inside, `{a,b}` has none.
            (Words::Command, b'{') => self.first = next.is_ascii_whitespace(),
            (Words::Command, b'}') => self.first = self.before().is_ascii_whitespace(),
            (Words::Bare, b'{' | b',') => self.first = true,
            (Words::Bare, b'|' | b'>') if self.language.key == Some(b':') => return self.block_scalar(),
            _ => {}
        }
        self.at = (self.at + len).min(self.code.len());
    }

    fn here_document(&mut self) {
        let rest = &self.code[self.at + 2..];
        let dashes = usize::from(rest.starts_with(['-', '<']));
        let tag = rest[dashes..].trim_start_matches(['\'', '"', ' ']);
        let tag = &tag[..run_end(tag, 0, is_word)];
        if !rest.starts_with('<') && !tag.starts_with(|c: char| c.is_ascii_digit()) && !tag.is_empty() {
            self.heredoc = (self.unclosed & HEREDOC == 0).then_some(tag);
        }
        self.at += 2 + dashes;
        self.first = false;
    }

    /// What follows `key: |`, as far as it is indented deeper than the key.
    fn block_scalar(&mut self) {
        let (before, after) = (&self.code[..self.at], &self.code[self.at + 1..]);
        self.at += 1;
        let after = after.trim_start_matches(|c: char| "+-".contains(c) || c.is_ascii_digit());
        if !after.starts_with(['\n', '\r']) {
            return;
        }
        let line = &before[before.rfind('\n').map_or(0, |at| at + 1)..];
        let key = line.trim_start_matches([' ', '-']);
        let column = if key.is_empty() { line.rfind('-').unwrap_or(0) } else { line.len() - key.len() };
        let deeper = |line: &&str| {
            line.trim_end().is_empty() || line.len() - line.trim_start_matches(' ').len() > column
        };
        let from = self.code.len() - after.len() + after.find('\n').map_or(after.len(), |at| at + 1);
        let body: usize = self.code[from..].split_inclusive('\n').take_while(deeper).map(str::len).sum();
        let body = self.code[from..from + body].trim_end().len();
        if body > 0 {
            self.at = from;
            self.token(Class::Quoted, from + body);
        }
    }
}

/// The bit of [`Lexer::unclosed`] for here-documents.
const HEREDOC: u32 = 1 << 31;

/// `5`, `-1.5`, `0x1f`, `5.7.10`, `300ms`, `2025-04-18`.
fn is_number(word: &str) -> bool {
    let word = word.strip_prefix('-').unwrap_or(word);
    let digits = word.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit() || b"._:-".contains(&byte));
    let hex = word.strip_prefix("0x").is_some_and(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()));
    word.starts_with(|c: char| c.is_ascii_digit()) && ((plain && word.len() - digits.len() <= 3) || hex)
}

/// Everything that is not ASCII counts as a letter, so tokens never end inside a character.
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

fn is_name(byte: u8) -> bool {
    is_word(byte) || b"-:.@".contains(&byte)
}

fn run_end(text: &str, from: usize, belongs: fn(u8) -> bool) -> usize {
    let rest = text.as_bytes().get(from..).unwrap_or_default();
    from + rest.iter().position(|byte| !belongs(*byte)).unwrap_or(rest.len())
}

/// The place of the next line feed, or of the end.
fn line_end(code: &str, from: usize) -> usize {
    code[from..].find('\n').map_or(code.len(), |len| from + len)
}

fn token(class: Class, text: &str, out: &mut String) {
    if class == Class::Plain || text.is_empty() {
        return escape(text, out);
    }
    out.push_str("<span class=\"");
    out.push(char::from(class as u8));
    out.push_str("\">");
    escape(text, out);
    out.push_str("</span>");
}

fn escape(text: &str, out: &mut String) {
    let mut from = 0;
    for (at, byte) in text.bytes().enumerate() {
        let entity = match byte {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            b'"' => "&quot;",
            _ => continue,
        };
        out.push_str(&text[from..at]);
        out.push_str(entity);
        from = at + 1;
    }
    out.push_str(&text[from..]);
}
