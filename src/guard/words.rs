//! A command line → the simple commands in it, as shell words.
//!
//! In: any text. Out: what would run, one after another, without what stands around it: `sudo`, `env`, assignments,
//! redirections. Total: what cannot be understood gives nothing that a known command could equal.
//! Not here: expansion. `$HOME` stays `$HOME`.

/// How deep commands may lie in each other: `sh -c "sh -c …"`.
const MAX_DEPTH: usize = 4;
/// Longer texts are no command that anybody typed.
const MAX_BYTES: usize = 1 << 16;

/// A program with its arguments, and what stands around it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Simple {
    /// `NAME=VALUE`, before the program or behind `env`.
    pub sets: Vec<String>,
    /// `sudo` and the like, outermost first.
    pub wrappers: Vec<String>,
    /// The program and its arguments.
    pub words: Vec<String>,
    /// Redirections: the operator and its target, as `>` and `/etc/hosts`.
    pub redirects: Vec<(String, String)>,
}

/// What a text was split into.
#[derive(Debug, Default)]
pub struct Script {
    /// What would run, in order.
    pub commands: Vec<Simple>,
    /// Whether there is more to it than commands in a row: a loop, a document, a quote without an end.
    pub is_odd: bool,
}

/// Splits a text.
pub fn script(text: &str) -> Script {
    let mut script = Script::default();
    read(text, 0, &mut script);
    script
}

/// The command of words that a shell has split already.
pub fn of_words(words: &[String]) -> Script {
    let mut script = Script::default();
    let tokens = words.iter().map(|word| Token::Word { text: word.clone(), is_bare: false }).collect();
    close(tokens, 0, &mut script);
    script
}

/// A piece of a command line.
#[derive(Debug)]
enum Token {
    Word {
        text: String,
        /// Whether no quote and no backslash was in it.
        is_bare: bool,
    },
    Redirect(String),
}

/// Words behind which a command begins, as it does at the beginning of a line.
fn is_keyword(word: &str) -> bool {
    [
        "if", "then", "elif", "else", "fi", "while", "until", "do", "done", "for", "case", "esac",
        "function", "!", "{", "}",
    ]
    .contains(&word)
}

fn read(text: &str, depth: usize, script: &mut Script) {
    if depth > MAX_DEPTH || text.len() > MAX_BYTES {
        script.is_odd = true;
        return;
    }
    let mut lexer = Lexer { rest: text, nested: Vec::new(), is_odd: false };
    let mut tokens = Vec::new();
    loop {
        match lexer.next() {
            Next::Token(token) => tokens.push(token),
            Next::Between => close(std::mem::take(&mut tokens), depth, script),
            Next::End => break,
        }
    }
    close(tokens, depth, script);
    script.is_odd |= lexer.is_odd;
    for nested in lexer.nested {
        read(&nested, depth + 1, script);
    }
}

/// Takes a command as finished.
fn close(tokens: Vec<Token>, depth: usize, script: &mut Script) {
    let mut simple = Simple::default();
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            Token::Redirect(operator) => {
                if let Some(Token::Word { text, .. }) = tokens.next() {
                    simple.redirects.push((operator, text));
                }
            }
            Token::Word { text, is_bare: true } if simple.words.is_empty() && is_keyword(&text) => {
                script.is_odd = true;
            }
            Token::Word { text, .. } if simple.words.is_empty() && is_assignment(&text) => {
                simple.sets.push(text)
            }
            Token::Word { text, .. } => simple.words.push(text),
        }
    }
    unwrap(&mut simple);
    if let Some(inner) = inner_script(&simple.words) {
        let from = script.commands.len();
        read(&inner, depth + 1, script);
        // What stands around a shell stands around all that it runs.
        for command in &mut script.commands[from..] {
            command.sets.extend(simple.sets.iter().cloned());
            command.wrappers.splice(0..0, simple.wrappers.iter().cloned());
            command.redirects.extend(simple.redirects.iter().cloned());
        }
        return;
    }
    if !simple.words.is_empty() || !simple.sets.is_empty() || !simple.redirects.is_empty() {
        script.commands.push(simple);
    }
}

fn is_assignment(word: &str) -> bool {
    let Some((name, _)) = word.split_once('=') else { return false };
    let name = name.strip_suffix('+').unwrap_or(name);
    let begins = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    begins && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Programs that run another one, with those of their options that take a value.
const WRAPPERS: &[(&str, &[&str])] = &[
    (
        "sudo",
        &["-u", "-g", "-h", "-p", "-C", "-D", "-R", "-T", "-U", "--user", "--group", "--host", "--chdir"],
    ),
    ("doas", &["-u", "-C"]),
    ("env", &["-u", "-C", "--unset", "--chdir"]),
    ("nohup", &[]),
    ("command", &[]),
    ("exec", &["-a"]),
    ("builtin", &[]),
    ("nice", &["-n", "--adjustment"]),
    ("ionice", &["-c", "-n", "-p"]),
    ("stdbuf", &["-i", "-o", "-e"]),
    ("time", &["-f", "-o"]),
    ("setsid", &[]),
    ("xargs", &["-I", "-n", "-P", "-L", "-d", "-a", "-s", "-E"]),
];

/// Takes off what runs the program in some other way.
fn unwrap(simple: &mut Simple) {
    loop {
        let Some(first) = simple.words.first_mut() else { return };
        // A program is meant wherever it lies, unless it lies here.
        if let Some((_, name)) = first.rsplit_once('/').filter(|_| first.starts_with('/')) {
            *first = name.to_owned();
        }
        let Some((name, with_value)) = WRAPPERS.iter().find(|(name, _)| name == first) else { return };
        // What is asked about a program does not run it: `command -v`. What `xargs` runs has more arguments.
        if *name == "xargs"
            || (*name == "command" && simple.words.get(1).is_some_and(|word| word.starts_with('-')))
        {
            return;
        }
        let mut at = 1;
        let mut sets = Vec::new();
        while let Some(word) = simple.words.get(at) {
            match word.as_str() {
                "--" => {
                    at += 1;
                    break;
                }
                word if with_value.contains(&word) => at += 2,
                word if word.len() > 1 && word.starts_with('-') => at += 1,
                word if is_assignment(word) => {
                    sets.push(word.to_owned());
                    at += 1;
                }
                _ => break,
            }
        }
        if at >= simple.words.len() {
            return;
        }
        simple.wrappers.push((*name).to_owned());
        simple.sets.extend(sets);
        simple.words.drain(..at);
    }
}

/// What a shell is handed to run: `bash -lc SCRIPT`, `eval WORDS`.
fn inner_script(words: &[String]) -> Option<String> {
    let (first, rest) = words.split_first()?;
    if first == "eval" {
        return Some(rest.join(" "));
    }
    if !["sh", "bash", "dash", "zsh", "ksh", "ash"].contains(&first.as_str()) {
        return None;
    }
    let is_c = |word: &&String| word.starts_with('-') && !word.starts_with("--") && word.ends_with('c');
    let at = rest.iter().take_while(|word| word.starts_with('-')).position(|word| is_c(&word))?;
    rest.get(at + 1).cloned()
}

enum Next {
    Token(Token),
    Between,
    End,
}

struct Lexer<'t> {
    rest: &'t str,
    /// What stands in `$(…)`, which runs as well.
    nested: Vec<String>,
    is_odd: bool,
}

impl Lexer<'_> {
    fn take(&mut self) -> Option<char> {
        let mut chars = self.rest.chars();
        let c = chars.next()?;
        self.rest = chars.as_str();
        Some(c)
    }

    fn eat(&mut self, text: &str) -> bool {
        let rest = self.rest.strip_prefix(text);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn next(&mut self) -> Next {
        loop {
            if self.eat("\\\n") || self.eat("\\\r\n") {
                continue;
            }
            let Some(c) = self.rest.chars().next() else { return Next::End };
            match c {
                '\n' | ';' | '(' | ')' => {
                    self.is_odd |= matches!(c, '(' | ')');
                    self.take();
                    return Next::Between;
                }
                '#' => {
                    let end = self.rest.find('\n').unwrap_or(self.rest.len());
                    self.rest = &self.rest[end..];
                }
                c if c.is_whitespace() => drop(self.take()),
                '&' if !self.rest.starts_with("&>") => {
                    self.take();
                    return Next::Between;
                }
                '|' => {
                    self.take();
                    self.eat("&");
                    return Next::Between;
                }
                _ => return Next::Token(self.token()),
            }
        }
    }

    fn token(&mut self) -> Token {
        match self.redirect() {
            Some(operator) => Token::Redirect(operator),
            None => self.word(),
        }
    }

    /// `2>`, `>>`, `&>`, `<`; a document in place is odd.
    fn redirect(&mut self) -> Option<String> {
        let digits = self.rest.bytes().take_while(u8::is_ascii_digit).count();
        let (fd, after) = self.rest.split_at(digits);
        let operators = ["&>>", "&>", "<<<", "<<-", "<<", ">>", ">|", ">&", "<&", "<>", ">", "<"];
        let operator = operators.iter().find(|operator| after.starts_with(**operator))?;
        if operator.starts_with('&') && !fd.is_empty() {
            return None;
        }
        self.is_odd |= matches!(*operator, "<<" | "<<-");
        // The usual stream need not be named.
        let fd = if (fd == "1") == operator.starts_with('>') && fd.len() == 1 { "" } else { fd };
        let written = format!("{fd}{}", if *operator == ">|" { ">" } else { operator });
        self.rest = &after[operator.len()..];
        Some(written)
    }

    fn word(&mut self) -> Token {
        let mut text = String::new();
        let mut is_bare = true;
        while let Some(c) = self.rest.chars().next() {
            match c {
                c if c.is_whitespace() || matches!(c, ';' | '|' | '(' | ')' | '<' | '>' | '&') => break,
                '\'' => {
                    is_bare = false;
                    self.take();
                    self.quoted(&mut text);
                }
                '"' => {
                    is_bare = false;
                    self.take();
                    self.double_quoted(&mut text);
                }
                '\\' => {
                    is_bare = false;
                    self.take();
                    // A line that goes on.
                    text.extend(self.take().filter(|c| *c != '\n'));
                }
                '$' | '`' => self.substituted(&mut text),
                _ => text.extend(self.take()),
            }
        }
        Token::Word { text, is_bare }
    }

    fn quoted(&mut self, text: &mut String) {
        let end = self.rest.find('\'');
        self.is_odd |= end.is_none();
        text.push_str(&self.rest[..end.unwrap_or(self.rest.len())]);
        self.rest = end.map_or("", |end| &self.rest[end + 1..]);
    }

    fn double_quoted(&mut self, text: &mut String) {
        loop {
            match self.rest.chars().next() {
                None => {
                    self.is_odd = true;
                    return;
                }
                Some('"') => {
                    self.take();
                    return;
                }
                Some('\\') => {
                    self.take();
                    match self.take() {
                        Some(c @ ('$' | '`' | '"' | '\\')) => text.push(c),
                        Some('\n') | None => {}
                        Some(c) => text.extend(['\\', c]),
                    }
                }
                Some('$' | '`') => self.substituted(text),
                Some(c) => {
                    self.take();
                    text.push(c);
                }
            }
        }
    }

    /// A variable stays as it is; so does what a command prints, and that command runs too.
    fn substituted(&mut self, text: &mut String) {
        let before = self.rest;
        let inner = if self.eat("$(") {
            closing(self.rest)
        } else if self.eat("`") {
            self.rest.find('`')
        } else {
            text.extend(self.take());
            if self.rest.starts_with('{') {
                let end = self.rest.find('}').map_or(self.rest.len(), |at| at + 1);
                text.push_str(&self.rest[..end]);
                self.rest = &self.rest[end..];
            }
            return;
        };
        let Some(end) = inner else {
            self.is_odd = true;
            text.push_str(before);
            self.rest = "";
            return;
        };
        self.nested.push(self.rest[..end].to_owned());
        self.rest = &self.rest[end + 1..];
        text.push_str(&before[..before.len() - self.rest.len()]);
    }
}

/// Where the bracket closes that is open at the beginning.
fn closing(text: &str) -> Option<usize> {
    let mut n_open = 1_usize;
    let mut quote = None;
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match (quote, c) {
            (Some('\''), '\'') | (Some('"'), '"') => quote = None,
            (Some('\''), _) => {}
            (_, '\\') => drop(chars.next()),
            (None, '\'' | '"') => quote = Some(c),
            (None, '(') => n_open += 1,
            (None, ')') => {
                n_open -= 1;
                if n_open == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
    }
    None
}
