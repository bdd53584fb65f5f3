//! `faultbook verify --self-test --record`: recorded replies, as the real tools give them today.
//!
//! In: records of the long form. Out: their files, in which nothing but replies has changed, and what changed in them. The
//! edits are made where the replies stand, and kept only where the file reads back as the same record with just these.
//! Not here: running the tools (`verify`).

use super::args::VerifyArgs;
use super::mv::applied;
use super::references::Edit;
use super::{load, report, selftest, verify};
use crate::disk;
use crate::model::{CellName, CommandReply, Fixture, Record, Verifier, WrongCell};
use crate::parse::{self, Entry, Node, Value};
use crate::text::{FileId, Source, Sources, Span};
use crate::verify::{Around, Host, Launcher, Taken, Versions, record};
use crate::{Given, Input};
use anyhow::Context;
use camino::Utf8Path;
use std::collections::BTreeMap;

/// All replies of a state's programs.
type Replies = BTreeMap<String, Vec<CommandReply>>;

/// Records the replies of the chosen records, one after the other.
pub fn run(args: &VerifyArgs, root: &Utf8Path) -> anyhow::Result<()> {
    let input = load(root)?;
    let reading = crate::read(&input.sources, &input.given);
    let host = Host::here(Launcher::of_this_process());
    if selftest::unenforced(&host.launcher.claims, args).is_some() {
        // The self-test, which comes next, says so and refuses.
        return Ok(());
    }
    for record in verify::chosen(args, root, &reading)? {
        if let Some(verifier) = &record.verify {
            one(record, verifier, root, &input, &host)
                .with_context(|| format!("could not record the replies of `{}`", record.id))?;
        }
    }
    Ok(())
}

fn one(
    record: &Record,
    verifier: &Verifier,
    root: &Utf8Path,
    input: &Input,
    host: &Host,
) -> anyhow::Result<()> {
    let (versions, folders) = (Versions::default(), disk::fixtures(root, &record.path)?);
    let documents = crate::documents();
    let around = Around { host, versions: &versions, documents, folders: &folders };
    let mut changed = verifier.clone();
    let mut heard = Vec::new();
    for (state, taken) in self::record(verifier, around) {
        match taken {
            Taken::Left(why) => {
                let why = report::shown(&why);
                report::talk(&format!("{} {}: stays as it is: {why}", record.id, state));
            }
            Taken::Replies(replies) => {
                put(&mut changed, &state, &replies);
                heard.push((state, replies));
            }
        }
    }
    if changed == *verifier {
        report::talk(&format!("{}: no reply changed", record.id));
        return Ok(());
    }
    let found = input.sources.iter().find(|(_, source)| source.path == record.path);
    let (file, source) = found.context("a record has a file")?;
    let text = edited(file, source, &heard).filter(|text| is_kept(record, &changed, source, text, input));
    let Some(text) = text else {
        report::not_kept(&record.path);
        return Ok(());
    };
    disk::replace(&root.join(&record.path), text.as_bytes())?;
    report::change(&record.path, &source.text, &text);
    Ok(())
}

fn put(verifier: &mut Verifier, state: &CellName, replies: &Replies) {
    let fixture: Option<&mut Fixture> = match state {
        CellName::WrongFix(id) => match verifier.wrong_fixes.get_mut(id) {
            Some(WrongCell::State(fixture)) => Some(fixture),
            _ => None,
        },
        other => verifier.fixtures.get_mut(&other.to_string()),
    };
    if let Some(commands) = fixture.and_then(|fixture| fixture.stubs.commands.as_mut()) {
        commands.extend(replies.iter().map(|(program, replies)| (program.clone(), Some(replies.clone()))));
    }
}

/// Whether the book holds the same record afterwards, but for the replies.
fn is_kept(record: &Record, changed: &Verifier, source: &Source, text: &str, input: &Input) -> bool {
    let Input { sources, given, .. } = input;
    let with = |it: &Source| match it.path == source.path {
        true => Source { text: text.to_owned(), ..it.clone() },
        false => it.clone(),
    };
    let after = Sources::new(sources.iter().map(|(_, source)| with(source)).collect());
    let given: &Given = given;
    let after = crate::read(&after, given).book;
    let Some(after) = after.records.get(&record.id) else { return false };
    // The tree that a self-test's digest is over has changed, as it must.
    let full_tree = after.verify.as_ref().map(|verifier| verifier.full_tree.clone()).unwrap_or_default();
    let verifier = Verifier { full_tree, ..changed.clone() };
    Record { verify: Some(Box::new(verifier)), ..record.clone() } == *after
}

/// The text of a file with the replies of some states.
fn edited(file: FileId, source: &Source, heard: &[(CellName, Replies)]) -> Option<String> {
    let tree = parse::tree(file, source).ok()?;
    let fixtures = child(child(&tree, "verify")?, "fixtures")?;
    let mut edits = Vec::new();
    for (state, replies) in heard {
        let state = match state {
            CellName::WrongFix(id) => child(child(fixtures, "wrong_fixes")?, id)?,
            other => child(fixtures, &other.to_string())?,
        };
        let commands = child(child(state, "stubs")?, "commands")?;
        for (program, replies) in replies {
            let list = child(child(commands, program)?, "replies")?;
            edits.extend(edits_of(source, list, replies)?);
        }
    }
    let sources = Sources::new(vec![source.clone()]);
    let alone = |edit: Edit| Edit { span: Span { file: FileId(0), ..edit.span }, text: edit.text };
    applied(&sources, edits.into_iter().map(alone).collect()).remove(&FileId(0))
}

fn child<'n>(node: &'n Node, key: &str) -> Option<&'n Node> {
    let Value::Map(entries) = &node.value else { return None };
    entries.iter().find(|entry| entry.key.value == key).map(|entry| &entry.node)
}

/// The edits of one list: items that differ are written anew, in braces or on lines as they were; new ones come last.
fn edits_of(source: &Source, list: &Node, replies: &[CommandReply]) -> Option<Vec<Edit>> {
    let Value::List(items) = &list.value else { return None };
    let (there, new) = replies.split_at_checked(items.len())?;
    let mut edits = Vec::new();
    for (item, reply) in items.iter().zip(there) {
        let written = node(Some(item), reply);
        if !says(item, reply) {
            let column = (!is_flow(source, item)).then(|| column(source, item.span));
            edits.push(Edit { span: item.span, text: parse::reply(&written, column) });
        }
    }
    if new.is_empty() {
        return Some(edits);
    }
    let in_braces: Vec<String> = new.iter().map(|reply| parse::reply(&node(None, reply), None)).collect();
    let in_braces = in_braces.join(", ");
    let Some(last) = items.last() else {
        edits.push(Edit { span: list.span, text: format!("[{in_braces}]") });
        return Some(edits);
    };
    if is_flow(source, list) {
        // Where the last item is written anew too, both edits are one.
        let text = match edits.pop_if(|edit| edit.span == last.span) {
            Some(edit) => edit.text,
            None => source.text[last.span.range()].to_owned(),
        };
        edits.push(Edit { span: last.span, text: format!("{text}, {in_braces}") });
        return Some(edits);
    }
    let dash = source.text[..last.span.start as usize].rfind('-')?;
    let at = column(source, Span::new(last.span.file, dash..dash));
    let item = |reply: &CommandReply| {
        let column = (!is_flow(source, last)).then_some(at + 2);
        format!("\n{}- {}", " ".repeat(at), parse::reply(&node(None, reply), column))
    };
    let end = last.span.end as usize;
    let end = source.text[end..].find('\n').map_or(source.text.len(), |line| end + line);
    edits.push(Edit { span: Span::new(last.span.file, end..end), text: new.iter().map(item).collect() });
    Some(edits)
}

fn is_flow(source: &Source, node: &Node) -> bool {
    source.text[node.span.range()].starts_with(['[', '{'])
}

/// How far from the beginning of its line something stands.
fn column(source: &Source, span: Span) -> usize {
    let start = span.start as usize;
    start - source.text[..start].rfind('\n').map_or(0, |newline| newline + 1)
}

/// Whether an item says a reply already.
fn says(item: &Node, reply: &CommandReply) -> bool {
    let text = |key| item.member(key).unwrap_or_default();
    let exit = item.member("exit").unwrap_or("0");
    let args = child(item, "args").map(|args| &args.value);
    let same_args = matches!(args, Some(Value::List(args)) if args.len() == reply.args.len()
        && args.iter().zip(&reply.args).all(|(node, arg)| node.value == Value::Scalar(arg.clone())));
    same_args
        && exit.trim() == reply.exit.to_string()
        && text("stdout") == reply.stdout
        && text("stderr") == reply.stderr
}

/// A reply as a tree, with the comments that the item had.
fn node(item: Option<&Node>, reply: &CommandReply) -> Node {
    let args = parse::list_node(reply.args.iter().map(|arg| parse::text_node(arg)).collect());
    let mut entries = vec![("args", args)];
    if reply.exit != 0 {
        entries.push(("exit", parse::text_node(&reply.exit.to_string())));
    }
    for (key, text) in [("stdout", &reply.stdout), ("stderr", &reply.stderr)] {
        if !text.is_empty() {
            entries.push((key, parse::text_node(text)));
        }
    }
    let mut node = parse::map_node(entries);
    let before = |entry: &Entry| item.and_then(|item| child(item, &entry.key.value));
    if let Value::Map(entries) = &mut node.value {
        for entry in entries {
            entry.node.comments = before(entry).map(|node| node.comments.clone()).unwrap_or_default();
        }
    }
    node
}
