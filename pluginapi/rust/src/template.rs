// SPDX-License-Identifier: Apache-2.0

//! RFC 6570 URI templates of level 1, and `{+name}` of level 2, read backwards:
//! which variables make a URI of the template.

use std::collections::BTreeMap;

/// The variables of a URI template, decoded.
pub type Variables = BTreeMap<String, String>;

#[derive(Clone, Debug)]
pub(crate) struct Template(Vec<Part>);

#[derive(Clone, Debug)]
enum Part {
    Literal(String),
    /// `{name}` takes no `/`, `?` or `#`; `{+name}` takes all.
    Variable {
        name: String,
        reserved: bool,
    },
}

impl Template {
    /// Refuses what is not RFC 6570, and its operators but `+`.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(open) = rest.find(['{', '}']) {
            let (literal, expression) = rest.split_at(open);
            let inside = expression.strip_prefix('{').and_then(|e| e.split_once('}'));
            let Some((inside, after)) = inside.filter(|(inside, _)| !inside.contains('{')) else {
                return Err("a brace is not closed".to_owned());
            };
            if !literal.is_empty() {
                parts.push(Part::Literal(literal.to_owned()));
            }
            parts.push(variable(inside)?);
            rest = after;
        }
        if !rest.is_empty() {
            parts.push(Part::Literal(rest.to_owned()));
        }
        Ok(Self(parts))
    }

    /// The values in `uri`, or `None` if it is no expansion of the template.
    pub(crate) fn variables(&self, uri: &str) -> Option<Variables> {
        let mut vars = Variables::new();
        matches(&self.0, uri, &mut vars).then_some(vars)
    }
}

fn variable(inside: &str) -> Result<Part, String> {
    let name = inside.strip_prefix('+').unwrap_or(inside);
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
    if name.is_empty() || !name.chars().all(fits) || name.starts_with('.') || name.ends_with('.') {
        return Err(format!(
            "{{{inside}}}: use {{name}}, or {{+name}} for a path of any length"
        ));
    }
    Ok(Part::Variable {
        name: name.to_owned(),
        reserved: name != inside,
    })
}

/// Whether the parts make `text`, with the longest values first.
fn matches(parts: &[Part], text: &str, vars: &mut Variables) -> bool {
    let Some((part, parts)) = parts.split_first() else {
        return text.is_empty();
    };
    let (name, reserved) = match part {
        Part::Literal(literal) => {
            return text
                .strip_prefix(literal.as_str())
                .is_some_and(|rest| matches(parts, rest, vars));
        }
        Part::Variable { name, reserved } => (name, *reserved),
    };
    let longest = if reserved {
        text.len()
    } else {
        text.find(['/', '?', '#']).unwrap_or(text.len())
    };
    for end in (1..=longest)
        .rev()
        .filter(|&end| text.is_char_boundary(end))
    {
        let Some(value) = decode(&text[..end]) else {
            continue;
        };
        // One variable has one value wherever it stands.
        if vars.get(name).is_some_and(|before| *before != value) {
            continue;
        }
        let before = vars.insert(name.clone(), value);
        if matches(parts, &text[end..], vars) {
            return true;
        }
        match before {
            Some(value) => vars.insert(name.clone(), value),
            None => vars.remove(name),
        };
    }
    false
}

/// Undoes percent-encoding; `None` if it is broken, or no UTF-8.
fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let [high, low, after @ ..] = after else {
            return None;
        };
        bytes.push(hex(*high)? << 4 | hex(*low)?);
        rest = after;
    }
    String::from_utf8(bytes).ok()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|d| u8::try_from(d).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(template: &str, uri: &str) -> Option<Vec<(String, String)>> {
        let template = Template::parse(template).unwrap();
        template
            .variables(uri)
            .map(|vars| vars.into_iter().collect())
    }

    fn pairs(pairs: &[(&str, &str)]) -> Option<Vec<(String, String)>> {
        Some(
            pairs
                .iter()
                .map(|(k, v)| (k.to_string(), v.to_string()))
                .collect(),
        )
    }

    #[test]
    fn variables_are_read_back_from_a_uri() {
        assert_eq!(read("a://{n}", "a://12"), pairs(&[("n", "12")]));
        assert_eq!(
            read("a://{n}/b/{m}", "a://x%20y/b/z"),
            pairs(&[("m", "z"), ("n", "x y")])
        );
        assert_eq!(
            read("a://{+path}", "a://x/y?z"),
            pairs(&[("path", "x/y?z")])
        );
        assert_eq!(
            read("a://{+path}.md", "a://x/y.md.md"),
            pairs(&[("path", "x/y.md")])
        );
        assert_eq!(read("a://{n}/{n}", "a://1/1"), pairs(&[("n", "1")]));
    }

    #[test]
    fn other_uris_are_no_expansion() {
        for (template, uri) in [
            ("a://{n}", "a://"),
            ("a://{n}", "a://1/2"),
            ("a://{n}", "b://1"),
            ("a://{n}", "a://%zz"),
            ("a://{n}", "a://%ff"),
            ("a://{n}/{n}", "a://1/2"),
            ("a://b", "a://bc"),
        ] {
            assert_eq!(read(template, uri), None, "{template} {uri}");
        }
    }

    #[test]
    fn broken_templates_are_refused() {
        for template in [
            "a://{n",
            "a://n}",
            "a://{}",
            "a://{?q}",
            "a://{n*}",
            "a://{{n}}",
        ] {
            assert!(Template::parse(template).is_err(), "{template}");
        }
    }
}
