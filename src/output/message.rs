//! What a line says, without who said it, when, and how bad it is.

/// A normalised line without level, time, and the name of whoever wrote it.
pub fn message(normal: &str) -> &str {
    let mut rest = normal.trim_start();
    while let Some(after) = without_prefix(rest) {
        rest = after.trim_start_matches([' ', ':', '-', '|', '>']);
    }
    if rest.is_empty() { normal } else { rest }
}

/// Words that say how bad a line is.
const LEVELS: &[&str] = &[
    "error", "fatal", "warning", "err!", "err", "warn", "info", "critical", "panic", "npm", "e", "= note",
    "note", "help", "hint",
];

fn without_prefix(line: &str) -> Option<&str> {
    if let Some(after) = line.strip_prefix("<time>") {
        return Some(after);
    }
    if let Some(inside) = line.strip_prefix('[') {
        let end = inside.find(']').filter(|end| *end < 40)?;
        return Some(&inside[end + 1..]).filter(|rest| !rest.trim().is_empty());
    }
    let level = LEVELS.iter().find(|level| {
        line.get(..level.len()).is_some_and(|start| start.eq_ignore_ascii_case(level))
            && line[level.len()..].starts_with([' ', ':', '['])
    })?;
    let rest = &line[level.len()..];
    let rest = match rest.strip_prefix('[') {
        Some(code) => &code[code.find(']')? + 1..],
        None => rest,
    };
    let separated = rest.starts_with(':') || line.starts_with("npm ") || line.starts_with("ERR!");
    separated.then_some(rest).filter(|rest| rest.trim_start_matches([' ', ':']).len() > 3)
}
