//! What every rule is for, with a bad and a good example: the one table that `lint --explain` prints.
//!
//! An example is a test as well: the bad one is found by its rule, the good one is not. Where that takes more than one
//! record (two files, a built site, a history), the example is words.
//! Not here: the rules themselves (`rules/`, `parse`), which findings they make.

use crate::diag::Code;

/// A rule explained.
#[derive(Clone, Copy, Debug)]
pub struct Manual {
    /// The rule.
    pub code: Code,
    /// Why it hurts readers.
    pub why: &'static str,
    /// What the examples are.
    pub of: Example,
    /// What it finds.
    pub bad: &'static str,
    /// What to write instead.
    pub good: &'static str,
}

/// What an example is a part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Example {
    /// Keys of a record.
    Record,
    /// Keys of a record's `verify`.
    Verifier,
    /// Sections of a record in the Markdown form.
    Markdown,
    /// Nothing that one record can show.
    Words,
}

/// The manual of a rule.
pub fn manual(code: Code) -> Option<&'static Manual> {
    MANUALS.iter().find(|manual| manual.code == code)
}

const fn of(code: Code, of: Example, why: &'static str, bad: &'static str, good: &'static str) -> Manual {
    Manual { code, why, of, bad, good }
}

/// Every rule, in the order in which rules are declared.
pub const MANUALS: &[Manual] = &[
    of(
        Code::NotUtf8,
        Example::Words,
        "Bytes that are no UTF-8 have no meaning that everybody agrees on, so nothing of the file is read.",
        "a file that an editor saved as Latin-1 or UTF-16",
        "the same file saved as UTF-8",
    ),
    of(
        Code::TooLarge,
        Example::Words,
        "A record is read by people. What is larger than they read keeps the build and every reader waiting.",
        "a whole log of two megabytes under `symptom`",
        "the lines of it that tell the failure",
    ),
    of(
        Code::Syntax,
        Example::Record,
        "Where the file cannot be read, everything after that place is lost.",
        "title: [it breaks",
        "title: it breaks",
    ),
    of(
        Code::BadRegex,
        Example::Record,
        "An expression that does not compile matches nothing.",
        "signatures: [{regex: \"exit (1\", example: \"exit (1\"}]",
        "signatures: [{regex: \"exit status [0-9]+ of make\", example: \"exit status 1 of make\"}]",
    ),
    of(
        Code::TooDeep,
        Example::Words,
        "No field is nested so deeply; a file that is means something else, or is made to exhaust whoever reads it.",
        "`x` with a hundred lists inside each other",
        "`x` with a list of texts",
    ),
    of(
        Code::DuplicateKey,
        Example::Record,
        "One of the two values would be lost, and nobody could say which.",
        "product: git\nproduct: npm",
        "product: git",
    ),
    of(
        Code::YamlFeature,
        Example::Record,
        "An anchor, an alias or a tag makes a text stand for another one; what a reviewer sees is not what is built.",
        "product: &tool git",
        "product: git",
    ),
    of(
        Code::UnknownKey,
        Example::Record,
        "What stands behind a key that no field has appears nowhere.",
        "prodcut: git",
        "product: git",
    ),
    of(
        Code::WrongType,
        Example::Record,
        "A value of another kind cannot be shown, sorted or compared.",
        "created: 2026-02-30",
        "created: 2026-02-28",
    ),
    of(
        Code::UnknownValue,
        Example::Record,
        "A word outside the list means nothing to pages and filters, and splits a shelf in two.",
        "status: finished",
        "status: published",
    ),
    of(
        Code::MissingField,
        Example::Record,
        "Readers come for what is missing: a step that says nothing repairs nothing.",
        "fix:\n  - risk: The work of the other process is lost.",
        "fix:\n  - run: rm .git/index.lock\n    risk: The work of the other process is lost.",
    ),
    of(
        Code::EmptyValue,
        Example::Record,
        "An empty list looks as if somebody had thought about it, and says nothing.",
        "keywords: []",
        "keywords: [it breaks]",
    ),
    of(
        Code::MissingFrontMatter,
        Example::Words,
        "Title and product of a Markdown record stand between two lines of `---`; without them it has neither.",
        "a file that begins with `## Symptom`",
        "a file that begins with `---`, `title: …` and `product: …`",
    ),
    of(
        Code::UnknownHeading,
        Example::Markdown,
        "A section that is no field appears nowhere.",
        "## Symtom\n\nIt stops.",
        "## Symptom\n\nIt stops.",
    ),
    of(
        Code::TextBeforeHeading,
        Example::Markdown,
        "Text before the first heading belongs to no field, and appears nowhere.",
        "It stops.\n\n## Symptom\n\nIt stops.",
        "## Symptom\n\nIt stops.",
    ),
    of(
        Code::StatedTwice,
        Example::Markdown,
        "Two values for one thing disagree sooner or later; the front matter of this example has a `root_cause` already.",
        "## Symptom\n\nIt stops.\n\n## Root cause\n\nA lock stays behind.",
        "## Symptom\n\nIt stops.",
    ),
    of(
        Code::BadId,
        Example::Record,
        "An id is a file's name and an address for ever: words of `a-z` and `0-9`, joined by `-`.",
        "related: {see_also: [Known_Record]}",
        "related: {see_also: [known-record]}",
    ),
    of(
        Code::IdMismatch,
        Example::Record,
        "The file's name is the id; another one inside it would be an address that does not exist.",
        "id: it-broke",
        "id: it-breaks",
    ),
    of(
        Code::DuplicateId,
        Example::Record,
        "Two records with one id claim one address, and readers would find either of them.",
        "aliases: [known-record]",
        "aliases: [it-broke]",
    ),
    of(
        Code::LongTitle,
        Example::Record,
        "A title of more than 90 characters is cut in every list and search result.",
        "title: It breaks, and it does so whenever somebody starts it on a machine where it was never started before",
        "title: It breaks when it is started for the first time",
    ),
    of(
        Code::DuplicateAlert,
        Example::Words,
        "An alert's page leads to one record; two that claim it would take turns.",
        "`alerts: [DiskFull]` in two records",
        "`alerts: [DiskFull]` in the one that somebody who is woken needs first",
    ),
    of(
        Code::VersionRange,
        Example::Record,
        "A component that was mended before it broke: readers cannot tell whether they are affected.",
        "applies_to: [{component: npm, introduced: 11.0.0, fixed: 10.2.0}]",
        "applies_to: [{component: npm, introduced: 10.2.0, fixed: 11.0.0}]",
    ),
    of(
        Code::MissingImage,
        Example::Record,
        "An image that is not there leaves a hole in the page.",
        "symptom: \"It stops. ![the dialog](dialog.png)\"",
        "symptom: It stops, and a dialog says why.",
    ),
    of(
        Code::UnsafeImage,
        Example::Words,
        "A large image keeps readers waiting, and an SVG is a document that could act when somebody opens it.",
        "an SVG with a script, a picture of five megabytes",
        "a PNG, JPEG, WebP or plain SVG of at most one MiB",
    ),
    of(
        Code::FutureDate,
        Example::Record,
        "A day that has not come yet cannot be the day on which something was read, written or tried.",
        "sources: [{url: \"https://example.org/\", accessed: 2062-11-24}]",
        "sources: [{url: \"https://example.org/\", accessed: 2026-11-24}]",
    ),
    of(
        Code::UnknownRecord,
        Example::Record,
        "Whoever follows a link to a record that does not exist reaches nothing.",
        "related: {see_also: [known-recrod]}",
        "related: {see_also: [known-record]}",
    ),
    of(
        Code::DeadLink,
        Example::Words,
        "A link or an anchor of a finished page that leads nowhere sends readers away.",
        "a template that links to `/no-such-page/`",
        "a template that links to a page of the site",
    ),
    of(
        Code::LostUrl,
        Example::Words,
        "A published address is in somebody's bookmarks, tickets and alerts; one that vanishes breaks all of them.",
        "a record that is deleted after it was published",
        "`faultbook mv`, or `status: {state: withdrawn, reason: …}`",
    ),
    of(
        Code::BadRedirect,
        Example::Words,
        "A redirect that starts at a page is never followed, and one that leads nowhere is worse than none.",
        "`'/f/stale-lock/' = '/nowhere/'` in book.toml",
        "`'/old-name/' = '/f/stale-lock/'`",
    ),
    of(
        Code::ShallowHistory,
        Example::Words,
        "Days that a record does not name come from its file's history. A shallow clone has only the end of it, so that every record would seem to be new.",
        "`git clone --depth 1` in the job that builds the book",
        "a full clone, or `created` in the records",
    ),
    of(
        Code::RawHtml,
        Example::Record,
        "HTML in prose is shown as text, since a record may not script a page.",
        "root_cause: A <b>lock</b> stays behind.",
        "root_cause: A **lock** stays behind.",
    ),
    of(
        Code::UnsafeLink,
        Example::Record,
        "A link that leads neither to the web nor to a page of this book is shown without its target.",
        "root_cause: \"See [the log](file:///tmp/log).\"",
        "root_cause: \"See [the log](https://example.org/log).\"",
    ),
    of(
        Code::ProgramNotDeclared,
        Example::Verifier,
        "Whoever runs a check is told beforehand which programs it needs.",
        "steps:\n  - {id: there, command: [git, status], expect: {exit: 1}, refute: {exit: 0}}",
        "requires: {tools: {git: \"*\"}}\nsteps:\n  - {id: there, command: [git, status], expect: {exit: 1}, refute: {exit: 0}}",
    ),
    of(
        Code::SecretInArguments,
        Example::Words,
        "Arguments and addresses of a program can be read by every user of the machine, and stand in logs.",
        "`command: [tool, --token, \"${secret.token}\"]`",
        "`env: {TOKEN: \"${secret.token}\"}`",
    ),
    of(
        Code::TemplateNotAllowed,
        Example::Words,
        "Who reads a plan has to see which program runs, before anything ran that could choose another.",
        "`command: [\"${steps.which.out}\"]`",
        "`command: [git, \"${steps.which.out}\"]`",
    ),
    of(
        Code::UnknownTemplate,
        Example::Verifier,
        "A template that stands for nothing would be looked for as it is written.",
        "steps:\n  - {id: there, file: \"${nothing.here}/broken.txt\", expect: {exists: true}, refute: {exists: false}}",
        "steps:\n  - {id: there, file: broken.txt, expect: {exists: true}, refute: {exists: false}}",
    ),
    of(
        Code::UnknownStep,
        Example::Verifier,
        "A condition over a step that does not exist is never decided.",
        "present: their",
        "present: there",
    ),
    of(
        Code::UnknownWrongFix,
        Example::Words,
        "A state that tries a wrong fix which the record does not have tests nothing that readers see.",
        "`wrong_fixes: {wiat: …}` under `fixtures`",
        "`wrong_fixes: {wait: …}`, by the id of the wrong fix",
    ),
    of(
        Code::MissingFixture,
        Example::Words,
        "A check that was never seen to tell broken from fixed may say the same of both.",
        "`fixtures` with `broken` alone",
        "`fixtures` with `broken` and `fixed`",
    ),
    of(
        Code::PathEscapes,
        Example::Verifier,
        "A check reads the folder that it is given, and nothing of whoever runs it.",
        "steps:\n  - {id: there, file: ../broken.txt, expect: {exists: true}, refute: {exists: false}}",
        "steps:\n  - {id: there, file: broken.txt, expect: {exists: true}, refute: {exists: false}}",
    ),
    of(
        Code::StepWithoutRefute,
        Example::Verifier,
        "Whatever a step does not expect counts as the opposite of the fact, also that the program could not start.",
        "requires: {tools: {git: \"*\"}}\nsteps:\n  - {id: there, command: [git, status], expect: {exit: 1}}",
        "requires: {tools: {git: \"*\"}}\nsteps:\n  - {id: there, command: [git, status], expect: {exit: 1}, refute: {exit: 0}}",
    ),
    of(
        Code::UnusedStep,
        Example::Verifier,
        "A step that nothing depends on costs time and trust, and decides nothing.",
        "steps:\n  - {id: there, file: broken.txt, expect: {exists: true}}\n  - {id: idle, file: other.txt, expect: {exists: true}}",
        "steps:\n  - {id: there, file: broken.txt, expect: {exists: true}}",
    ),
    of(
        Code::HomeWithShell,
        Example::Verifier,
        "A script that may read the real home can read keys and tokens in it.",
        "sandbox: {home: real}\nsteps:\n  - {id: there, shell: {script: exit 1}, expect: {exit: 1}, refute: {exit: 0}}",
        "steps:\n  - {id: there, shell: {script: exit 1}, expect: {exit: 1}, refute: {exit: 0}}",
    ),
    of(
        Code::NetworkWithoutStub,
        Example::Words,
        "A self-test has no network; a request that no state answers leaves it without a verdict.",
        "a step `http: {url: \"https://example.org/\"}`, and states without `stubs`",
        "the same with an answer under `stubs: {http: …}` of each state",
    ),
    of(
        Code::SecretShapedText,
        Example::Words,
        "Secret scanners raise an alarm for it in every clone of the book.",
        "a token of the right shape in a fixture",
        "`${fake.github_token}`, which is made while the test runs",
    ),
    of(
        Code::ExactVersion,
        Example::Verifier,
        "A matcher for one version fails with the next one, although nothing changed.",
        "requires: {tools: {git: \"*\"}}\nsteps:\n  - {id: there, version: git, expect: {version: 2.39.1}}",
        "requires: {tools: {git: \"*\"}}\nsteps:\n  - {id: there, version: git, expect: {version: \"<2.40\"}}",
    ),
    of(
        Code::LocaleDependent,
        Example::Verifier,
        "On a machine that speaks another language the same program prints other words.",
        "requires: {tools: {git: \"*\"}}\nsteps:\n  - {id: there, command: {argv: [git, status], env: {LC_ALL: de_DE}}, expect: {exit: 1}, refute: {exit: 0}}",
        "requires: {tools: {git: \"*\"}}\nsteps:\n  - {id: there, command: [git, status], expect: {exit: 1}, refute: {exit: 0}}",
    ),
    of(
        Code::WrongFixWithoutCell,
        Example::Verifier,
        "A wrong fix that was never tried is a claim; a check that was never shown one may take it for a repair.",
        "fixtures:\n  broken: {expect: present, files: {broken.txt: x}}\n  fixed: {expect: fixed}",
        "fixtures:\n  broken: {expect: present, files: {broken.txt: x}}\n  fixed: {expect: fixed}\n  wrong_fixes: {wait: {expect: present}}",
    ),
    of(
        Code::OnlyRecorded,
        Example::Words,
        "Recorded replies show that a check agrees with its author, not with the program.",
        "`stubs` for every program in both `broken` and `fixed`",
        "one state in which the program itself runs",
    ),
    of(
        Code::RedundantProbe,
        Example::Words,
        "A part of a check that no state needs is taken for evidence by readers, and is none.",
        "`fixed: {exit: 0, output: ready}`, where a state that ends with 0 always prints `ready`",
        "`fixed: {exit: 0}`",
    ),
    of(
        Code::LostKeyword,
        Example::Record,
        "Whoever types a keyword that does not find its record is sent elsewhere.",
        "keywords: [\"???\"]",
        "keywords: [it breaks]",
    ),
    of(
        Code::StolenQuery,
        Example::Words,
        "A keyword that another record answers first, without a word on how to tell the two apart: a reader takes the wrong one for the right one.",
        "`keywords: [permission denied]` where three records have it",
        "words that only this failure prints, or the other record under `related.confused_with`",
    ),
    of(
        Code::NearDuplicate,
        Example::Words,
        "A reader finds both records, and cannot know which one is kept up.",
        "a copy of a record with another title",
        "one record, with what differs under `other_fixes`; the other id becomes an alias",
    ),
    of(
        Code::InvisibleCharacter,
        Example::Record,
        "A command that a reader copies must be the command that a reader sees.",
        "fix: {run: \"rm\\u200b x\"}",
        "fix: {run: \"rm x\"}",
    ),
];
