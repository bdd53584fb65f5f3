//! How two texts differ, line by line.

use super::{BOLD, GREEN, RED, RESET, data, shown, talk};
use camino::Utf8Path;

/// Lines around a change that are shown with it.
const CONTEXT: usize = 3;
/// The table of common lines has as many cells as lines times lines; a longer file is shown as replaced.
const MAX_CELLS: usize = 16_000_000;

/// A line of one text, of the other, or of both.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Line<'t> {
    Same(&'t str),
    Gone(&'t str),
    New(&'t str),
}

/// Prints what the book's file lacks of the built-in one, and what it has besides, as `diff -u` does.
pub fn diff(path: &Utf8Path, built_in: &str, own: &str) {
    let lines = compare(built_in, own);
    data(&format!("{BOLD}--- built-in {path}\n+++ {path}{RESET}"));
    hunks(&lines).into_iter().for_each(|hunk| data(&hunk));
}

/// Shows how a file of the book was changed, as `diff -u` does.
pub fn change(path: &Utf8Path, before: &str, after: &str) {
    talk(&format!("{BOLD}--- {path}\n+++ {path}{RESET}"));
    hunks(&compare(before, after)).into_iter().for_each(|hunk| talk(&hunk));
}

/// The lines of both, by the longest sequence of lines that they have in common.
fn compare<'t>(one: &'t str, other: &'t str) -> Vec<Line<'t>> {
    let one: Vec<&str> = one.lines().collect();
    let other: Vec<&str> = other.lines().collect();
    let n_start = one.iter().zip(&other).take_while(|(one, other)| one == other).count();
    let (start, one) = one.split_at(n_start);
    let other = &other[n_start..];
    let n_end = one.iter().rev().zip(other.iter().rev()).take_while(|(one, other)| one == other).count();
    let (one, end) = one.split_at(one.len() - n_end);
    let other = &other[..other.len() - n_end];
    let mut lines: Vec<Line> = start.iter().map(|line| Line::Same(line)).collect();
    lines.extend(middle(one, other));
    lines.extend(end.iter().map(|line| Line::Same(line)));
    lines
}

fn middle<'t>(one: &[&'t str], other: &[&'t str]) -> Vec<Line<'t>> {
    let width = other.len() + 1;
    let mut lines = Vec::new();
    let (mut at, mut at_other) = (0, 0);
    if (one.len() + 1).saturating_mul(width) <= MAX_CELLS {
        // How many lines both have in common from here on.
        let mut common = vec![0_u32; (one.len() + 1) * width];
        for i in (0..one.len()).rev() {
            for j in (0..other.len()).rev() {
                common[i * width + j] = match one[i] == other[j] {
                    true => common[(i + 1) * width + j + 1] + 1,
                    false => common[(i + 1) * width + j].max(common[i * width + j + 1]),
                };
            }
        }
        while at < one.len() && at_other < other.len() {
            if one[at] == other[at_other] {
                lines.push(Line::Same(one[at]));
                (at, at_other) = (at + 1, at_other + 1);
            } else if common[(at + 1) * width + at_other] >= common[at * width + at_other + 1] {
                lines.push(Line::Gone(one[at]));
                at += 1;
            } else {
                lines.push(Line::New(other[at_other]));
                at_other += 1;
            }
        }
    }
    lines.extend(one[at..].iter().map(|line| Line::Gone(line)));
    lines.extend(other[at_other..].iter().map(|line| Line::New(line)));
    lines
}

/// Changes with the lines around them; changes that are near each other stand together.
fn hunks(lines: &[Line]) -> Vec<String> {
    let is_change = |line: &Line| !matches!(line, Line::Same(_));
    let mut ranges: Vec<std::ops::Range<usize>> = Vec::new();
    for (at, _) in lines.iter().enumerate().filter(|(_, line)| is_change(line)) {
        let range = at.saturating_sub(CONTEXT)..(at + CONTEXT + 1).min(lines.len());
        match ranges.last_mut() {
            Some(last) if range.start <= last.end => last.end = range.end,
            _ => ranges.push(range),
        }
    }
    ranges.into_iter().map(|range| hunk(lines, range)).collect()
}

fn hunk(lines: &[Line], range: std::ops::Range<usize>) -> String {
    let count = |lines: &[Line], of_one: bool| {
        let counts = |line: &&Line| match line {
            Line::Same(_) => true,
            Line::Gone(_) => of_one,
            Line::New(_) => !of_one,
        };
        lines.iter().filter(counts).count()
    };
    let place = |of_one: bool| {
        let (before, n_lines) = (count(&lines[..range.start], of_one), count(&lines[range.clone()], of_one));
        format!("{},{n_lines}", if n_lines == 0 { before } else { before + 1 })
    };
    let mut text = format!("@@ -{} +{} @@", place(true), place(false));
    for line in &lines[range.clone()] {
        text.push_str(&match line {
            Line::Same(line) => format!("\n {}", shown(line)),
            Line::Gone(line) => format!("\n{RED}-{}{RESET}", shown(line)),
            Line::New(line) => format!("\n{GREEN}+{}{RESET}", shown(line)),
        });
    }
    text
}
