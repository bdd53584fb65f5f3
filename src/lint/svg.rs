//! Whether an SVG is a plain picture: only shapes, text and what they are painted with.
//!
//! An SVG that is opened by itself is a document of this site. So this is a list of what may stand in one, and
//! anything else is refused: other elements and namespaces, handlers, styles, addresses, other encodings. It reads
//! less than XML allows, never more.

/// Elements that only draw.
const ELEMENTS: &[&str] = &[
    "svg",
    "g",
    "path",
    "rect",
    "circle",
    "ellipse",
    "line",
    "polyline",
    "polygon",
    "text",
    "tspan",
    "title",
    "desc",
    "defs",
    "use",
    "symbol",
    "linearGradient",
    "radialGradient",
    "stop",
    "clipPath",
    "mask",
    "pattern",
    "marker",
];

/// Namespaces that an attribute may name, and nothing else with a colon in its name.
const NAMESPACES: &[(&str, &str)] =
    &[("xmlns", "http://www.w3.org/2000/svg"), ("xmlns:xlink", "http://www.w3.org/1999/xlink")];

/// Whether the bytes are such a picture.
pub fn is_plain(body: &[u8]) -> bool {
    // A NUL is how another encoding looks from here.
    let text = std::str::from_utf8(body).ok().filter(|text| !text.contains('\0'));
    text.and_then(|text| document(text.trim_start_matches('\u{FEFF}').trim())).is_some()
}

fn document(text: &str) -> Option<()> {
    let mut rest = text;
    if let Some(after) = rest.strip_prefix("<?xml ") {
        let (declaration, after) = after.split_once("?>")?;
        let declaration = declaration.replace('\'', "\"").to_ascii_lowercase();
        let known = [
            "version=\"1.0\"",
            "version=\"1.0\" encoding=\"utf-8\"",
            "version=\"1.0\" encoding=\"utf-8\" standalone=\"no\"",
        ];
        known.contains(&declaration.trim()).then_some(())?;
        rest = after.trim_start();
    }
    rest.starts_with("<svg").then_some(())?;
    while let Some(at) = rest.find('<') {
        plain_text(&rest[..at])?;
        rest = &rest[at..];
        rest = match rest.strip_prefix("<!--") {
            Some(comment) => comment.split_once("-->")?.1,
            None => tag(&rest[1..])?,
        };
    }
    plain_text(rest)
}

/// One tag, whose `<` has been read; what comes after it.
fn tag(text: &str) -> Option<&str> {
    let (closing, text) = text.strip_prefix('/').map_or((false, text), |text| (true, text));
    let name_end = text.find(|c: char| !c.is_ascii_alphanumeric())?;
    ELEMENTS.contains(&&text[..name_end]).then_some(())?;
    let mut rest = text[name_end..].trim_start();
    if closing {
        return rest.strip_prefix('>');
    }
    loop {
        if let Some(after) = rest.strip_prefix("/>").or_else(|| rest.strip_prefix('>')) {
            return Some(after);
        }
        let (name, after) = rest.split_once('=')?;
        let quote = after.trim_start().chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let (value, after) = after.trim_start()[1..].split_once(quote)?;
        attribute(name.trim_end(), value)?;
        rest = after.trim_start();
    }
}

fn attribute(name: &str, value: &str) -> Option<()> {
    plain_text(value)?;
    if let Some((_, namespace)) = NAMESPACES.iter().find(|(known, _)| *known == name) {
        return (value == *namespace).then_some(());
    }
    if matches!(name, "href" | "xlink:href") {
        return value.starts_with('#').then_some(());
    }
    let lower = name.to_ascii_lowercase();
    let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let paints_from_here = value.split("url(").skip(1).all(|target| target.starts_with('#'));
    let other =
        value.to_ascii_lowercase().contains("image-set") || value.contains('\\') || value.contains("/*");
    let parenthesis = value.to_ascii_lowercase().matches("url").count() == value.matches("url(").count();
    (plain && !lower.starts_with("on") && lower != "style" && paints_from_here && parenthesis && !other)
        .then_some(())
}

/// Text without references but the five that XML itself has: a name or an address cannot be hidden in it.
fn plain_text(text: &str) -> Option<()> {
    let known = ["amp;", "lt;", "gt;", "quot;", "apos;"];
    let plain = text.split('&').skip(1).all(|rest| known.iter().any(|name| rest.starts_with(name)));
    (plain && !text.contains('<')).then_some(())
}
