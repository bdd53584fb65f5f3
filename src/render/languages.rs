//! What the lexer of `highlight.rs` knows of each language: comments, strings, words.
//!
//! A new language is one entry of [`LANGUAGES`].

use std::collections::HashMap;
use std::sync::LazyLock;

/// What a token is; the letter is its CSS class.
#[derive(Clone, Copy, PartialEq)]
#[repr(u8)]
pub enum Class {
    Comment = b'c',
    Quoted = b's',
    Keyword = b'k',
    /// A number, or a word that is a value, such as `null`.
    Literal = b'n',
    /// What is called: a function, a macro, a command, a tag.
    Function = b'f',
    /// What has a value: a key, an option, a variable; also annotations and directives.
    Name = b'a',
    Prompt = b'p',
    Output = b'o',
    Inserted = b'i',
    Deleted = b'd',
    Plain = b' ',
}

pub struct Language {
    /// Lower case.
    pub names: &'static str,
    /// The first that opens at a place wins, so longer ones stand first.
    pub regions: &'static [Region],
    pub keywords: &'static str,
    pub literals: &'static str,
    /// Bytes that make a [`Class::Name`] of the word after them.
    pub sigils: &'static str,
    /// What stands between a key and its value: `:` or `=`.
    pub key: Option<u8>,
    pub words: Words,
    pub any_case: bool,
}

/// Where a word ends.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
pub enum Words {
    /// After letters, digits and `_`.
    Identifier,
    /// `-` belongs to it too.
    Dashed,
    /// At a blank, a bracket or a quote.
    Bare,
    /// As `Bare`; the first word of a command is its name, and `-x` is an option.
    Command,
}

/// What runs from an opening to a closing text, whatever stands between.
#[derive(Clone, Copy)]
pub struct Region {
    pub class: Class,
    pub open: &'static str,
    /// Empty: the end of the line.
    pub close: &'static str,
    /// Takes the meaning from the byte after it.
    pub escape: Option<u8>,
    pub reach: Reach,
    pub place: Place,
}

#[derive(Clone, Copy, PartialEq)]
pub enum Reach {
    /// One character and the closing text; Rust's lifetimes open like its characters.
    Char,
    /// Ends with its line at the latest.
    Line,
    /// Over lines if it is closed at all, else as `Line`: an excerpt may begin inside a string.
    Lines,
    /// Over lines, to the end of the code if it is never closed.
    Rest,
}

#[derive(Clone, Copy, PartialEq)]
pub enum Place {
    Anywhere,
    WordStart,
    LineStart,
}

const fn region(class: Class, open: &'static str, close: &'static str) -> Region {
    Region { class, open, close, escape: None, reach: Reach::Line, place: Place::Anywhere }
}

const fn comment(open: &'static str) -> Region {
    region(Class::Comment, open, "")
}

const fn block(open: &'static str, close: &'static str) -> Region {
    Region { reach: Reach::Rest, ..region(Class::Comment, open, close) }
}

const fn string(quote: &'static str) -> Region {
    Region { escape: Some(b'\\'), ..region(Class::Quoted, quote, quote) }
}

const fn raw(open: &'static str, close: &'static str) -> Region {
    Region { reach: Reach::Lines, ..region(Class::Quoted, open, close) }
}

impl Region {
    const fn lines(self) -> Region {
        Region { reach: Reach::Lines, ..self }
    }

    const fn at(self, place: Place) -> Region {
        Region { place, ..self }
    }
}

const HASH: Region = comment("#");
const WORD_HASH: Region = HASH.at(Place::WordStart);
const SEMICOLON: Region = comment(";").at(Place::LineStart);
const SLASHES: Region = comment("//");
const SLASH_STAR: Region = block("/*", "*/");
const DOUBLE: Region = string("\"");
const SINGLE: Region = string("'");
const CHAR: Region = Region { reach: Reach::Char, ..SINGLE };
const ANSI_SINGLE: Region = Region { open: "$'", ..SINGLE };
const PLAIN_SINGLE: Region = region(Class::Quoted, "'", "'");
const LITERAL: Region = PLAIN_SINGLE.lines();
const TRIPLE: Region = string("\"\"\"").lines();
const TICKED: Region = Region { escape: Some(b'`'), ..DOUBLE.lines() };
const BRACES: Region = region(Class::Name, "${", "}");
const ATTRIBUTE: Region = region(Class::Name, "#[", "]");
const INNER_ATTRIBUTE: Region = region(Class::Name, "#![", "]");
const SECTION: Region = region(Class::Keyword, "[", "]").at(Place::LineStart);
const TABLES: Region = region(Class::Keyword, "[[", "]]").at(Place::LineStart);

/// Words after which the command is still to come.
pub const BEFORE_COMMAND: &[&str] =
    &["!", "do", "elif", "else", "env", "exec", "if", "run", "sudo", "then", "time", "until", "while"];
/// What stands before a name that is being defined.
pub const BEFORE_NAME: &[&str] = &["fn ", "def ", "func ", "function ", "fun "];

const fn language(names: &'static str, regions: &'static [Region]) -> Language {
    let words = Words::Identifier;
    Language { names, regions, keywords: "", literals: "", sigils: "", key: None, words, any_case: false }
}

impl Language {
    const fn keywords(self, keywords: &'static str) -> Language {
        Language { keywords, ..self }
    }

    const fn literals(self, literals: &'static str) -> Language {
        Language { literals, ..self }
    }

    const fn sigils(self, sigils: &'static str) -> Language {
        Language { sigils, ..self }
    }

    const fn key(self, key: u8) -> Language {
        Language { key: Some(key), ..self }
    }

    const fn words(self, words: Words) -> Language {
        Language { words, ..self }
    }

    const fn any_case(self) -> Language {
        Language { any_case: true, ..self }
    }
}

pub static LANGUAGES: &[Language] = &[
    language("sh bash shell zsh", &[WORD_HASH, DOUBLE.lines(), ANSI_SINGLE, LITERAL, BRACES])
        .keywords(
            "! case declare do done elif else esac eval exec exit export fi for function if local \
            readonly return select set shift source then trap unset until while",
        )
        .sigils("$")
        .words(Words::Command),
    language("python py", &[HASH, TRIPLE, string("'''").lines(), DOUBLE, SINGLE])
        .keywords(
            "and as assert async await break case class continue def del elif else except finally for \
            from global if import in is lambda match nonlocal not or pass raise return try while with \
            yield",
        )
        .literals("True False None")
        .sigils("@"),
    language(
        "javascript js jsx mjs cjs typescript ts tsx",
        &[SLASHES, SLASH_STAR, DOUBLE, SINGLE, string("`").lines()],
    )
    .keywords(
        "abstract as async await break case catch class const continue debugger declare default \
            delete do else enum export extends finally for from function if implements import in \
            instanceof interface let new of private protected public readonly return satisfies static \
            super switch this throw try type typeof var void while yield",
    )
    .literals("true false null undefined NaN Infinity")
    .sigils("@"),
    language("json jsonc json5", &[SLASHES, SLASH_STAR, DOUBLE]).literals("true false null").key(b':'),
    language("yaml yml", &[WORD_HASH, DOUBLE.lines().at(Place::WordStart), LITERAL.at(Place::WordStart)])
        .literals("true false null yes no on off ~")
        .words(Words::Bare)
        .key(b':'),
    language("toml", &[HASH, TABLES, SECTION, TRIPLE, raw("'''", "'''"), DOUBLE, PLAIN_SINGLE])
        .literals("true false inf nan")
        .words(Words::Bare)
        .key(b'='),
    language(
        "ini conf cfg properties env dotenv",
        &[WORD_HASH, SEMICOLON, SECTION, DOUBLE.at(Place::WordStart)],
    )
    .literals("true false yes no on off")
    .words(Words::Bare)
    .key(b'='),
    language(
        "rust rs",
        &[
            SLASHES,
            SLASH_STAR,
            raw("r#\"", "\"#"),
            raw("r\"", "\""),
            DOUBLE.lines(),
            CHAR,
            ATTRIBUTE,
            INNER_ATTRIBUTE,
        ],
    )
    .keywords(
        "as async await break const continue crate dyn else enum extern fn for if impl in let loop \
            match mod move mut pub ref return self Self static struct super trait type unsafe use \
            where while bool char f32 f64 i8 i16 i32 i64 i128 isize str u8 u16 u32 u64 u128 usize",
    )
    .literals("true false None")
    .sigils("'$"),
    language("go golang", &[SLASHES, SLASH_STAR, DOUBLE, SINGLE, raw("`", "`")])
        .keywords(
            "break case chan const continue default defer else fallthrough for func go goto if import \
            interface map package range return select struct switch type var any bool byte error \
            float64 int int32 int64 rune string uint uint64",
        )
        .literals("true false nil iota"),
    language(
        "java kotlin kt groovy scala swift csharp cs c#",
        &[SLASHES, SLASH_STAR, raw("@\"", "\""), TRIPLE, DOUBLE, SINGLE],
    )
    .keywords(
        "abstract as assert async await base bool boolean break by byte case catch char checked \
            class companion const continue data decimal default delegate do double else enum event \
            explicit extends extern final finally fixed float for foreach fun get goto if implements \
            implicit import in init instanceof int interface internal is lateinit let lock long \
            namespace native new object open operator out override package params private protected \
            public readonly record ref return sealed set short sizeof static string struct super \
            suspend switch synchronized this throw throws transient try typeof uint using val var \
            virtual void volatile when where while yield",
    )
    .literals("true false null nil")
    .sigils("@#"),
    language("c h cpp c++ cc hpp cxx", &[SLASHES, SLASH_STAR, raw("R\"(", ")\""), DOUBLE, SINGLE])
        .keywords(
            "alignas alignof auto bool break case catch char class co_await co_return const constexpr \
            continue decltype default delete do double else enum explicit extern final float for \
            friend goto if inline int long mutable namespace new noexcept operator override private \
            protected public register restrict return short signed sizeof static struct switch \
            template this throw try typedef typename union unsigned using virtual void volatile while \
            size_t",
        )
        .literals("true false NULL nullptr")
        .sigils("#"),
    language(
        "ruby rb elixir",
        &[HASH, block("=begin", "=end").at(Place::LineStart), DOUBLE.lines(), SINGLE.lines(), string("`")],
    )
    .keywords(
        "alias and begin break case class def do else elsif end ensure extend for if in include \
            module next not or private raise redo require require_relative rescue retry return self \
            super then undef unless until when while yield",
    )
    .literals("true false nil")
    .sigils("@$"),
    language("php", &[SLASHES, SLASH_STAR, ATTRIBUTE, HASH, DOUBLE.lines(), SINGLE.lines()])
        .keywords(
            "abstract array as bool break case catch class clone const continue declare default do echo \
            else elseif enum extends final finally fn for foreach function global if implements \
            include instanceof int interface match mixed namespace new php print private protected \
            public readonly require require_once return self static string switch throw trait try use \
            var void while yield",
        )
        .literals("true false null TRUE FALSE NULL")
        .sigils("$"),
    language(
        "sql postgresql mysql sqlite plsql",
        &[comment("--"), SLASH_STAR, LITERAL, region(Class::Name, "\"", "\"")],
    )
    .keywords(
        "add all alter analyze and as asc begin between by cascade case check column commit \
            concurrently constraint create cross database default delete desc distinct drop else end \
            exists explain foreign from full function grant group having if in index inner insert into \
            is isolation join key left level like limit lock not offset on or order outer over \
            partition primary references returning revoke right rollback row select set share table \
            then to transaction trigger truncate union unique update using vacuum values view when \
            where with bigint boolean date int integer jsonb numeric serial text timestamp timestamptz \
            uuid varchar",
    )
    .literals("null true false")
    .sigils("@")
    .any_case(),
    language("dockerfile docker containerfile", &[WORD_HASH, DOUBLE, LITERAL, BRACES])
        .keywords(
            "add arg cmd copy entrypoint env expose from healthcheck label maintainer onbuild run shell \
            stopsignal user volume workdir",
        )
        .sigils("$")
        .words(Words::Command)
        .any_case(),
    language("makefile make mk", &[HASH, region(Class::Name, "$(", ")"), BRACES, DOUBLE, PLAIN_SINGLE])
        .keywords("define else endef endif export ifdef ifeq ifndef ifneq include override unexport -include")
        .sigils("$")
        .words(Words::Command)
        .key(b'='),
    language("nginx", &[WORD_HASH, DOUBLE, LITERAL, BRACES]).sigils("$").words(Words::Command),
    language(
        "powershell ps1 pwsh ps",
        &[block("<#", "#>"), WORD_HASH, raw("@\"", "\"@"), raw("@'", "'@"), TICKED, LITERAL, BRACES],
    )
    .keywords(
        "begin break catch class continue do else elseif end enum exit filter finally for foreach \
            function if param process return switch throw trap try until using while",
    )
    .sigils("$")
    .words(Words::Command)
    .any_case(),
    language("lua", &[block("--[[", "]]"), comment("--"), raw("[[", "]]"), DOUBLE, SINGLE])
        .keywords(
            "and break do else elseif end for function goto if in local not or repeat return then until \
            while",
        )
        .literals("true false nil"),
    language("css scss less", &[SLASH_STAR, DOUBLE, SINGLE]).sigils("@$").words(Words::Dashed).key(b':'),
];

/// The place in [`LANGUAGES`] by name.
pub static NAMES: LazyLock<HashMap<&str, usize>> = LazyLock::new(|| {
    let names = |(nth, language): (usize, &Language)| language.names.split(' ').map(move |name| (name, nth));
    LANGUAGES.iter().enumerate().flat_map(names).collect()
});

/// What the words of each language are, at its place in [`LANGUAGES`].
pub static LEXICONS: LazyLock<Vec<HashMap<&str, Class>>> = LazyLock::new(|| {
    let classed = |words: &'static str, class| words.split_ascii_whitespace().map(move |word| (word, class));
    let lexicon = |language: &Language| {
        classed(language.keywords, Class::Keyword).chain(classed(language.literals, Class::Literal)).collect()
    };
    LANGUAGES.iter().map(lexicon).collect()
});
