// SPDX-License-Identifier: Apache-2.0

//! Holds a JSON value against a JSON Schema, in the words of a model that has
//! to do better. It knows the keywords that types and people write for tools;
//! `pattern`, `format`, `$ref` to other documents and `unevaluated…` are left
//! to the handler.

use std::cmp::Ordering;
use std::fmt::Write as _;

use serde_json::{Map, Value};

/// How deep a schema may refer to itself before a value of that depth is
/// refused.
const MAX_DEPTH: usize = 128;

/// The longest text, in bytes, that a refused value makes.
const MAX_COMPLAINT: usize = 500;

/// Returns the first thing about `value` that does not conform to `schema`,
/// with the path of the member at fault.
pub(crate) fn validate(schema: &Value, value: &Value) -> Result<(), String> {
    let checker = Checker { root: schema };
    let mut complaint = match checker.check(schema, value, &Path::Root, 0) {
        Ok(()) => return Ok(()),
        Err(complaint) => complaint,
    };
    if complaint.len() > MAX_COMPLAINT {
        let mut end = MAX_COMPLAINT;
        while !complaint.is_char_boundary(end) {
            end -= 1;
        }
        complaint.truncate(end);
        complaint.push_str("...");
    }
    Err(complaint)
}

/// Where in the value we are: "a.b[2]".
enum Path<'a> {
    Root,
    Member(&'a Path<'a>, &'a str),
    Item(&'a Path<'a>, usize),
}

impl Path<'_> {
    fn write(&self, text: &mut String) {
        match self {
            Path::Root => {}
            Path::Member(parent, name) => {
                parent.write(text);
                if !text.is_empty() {
                    text.push('.');
                }
                text.push_str(name);
            }
            Path::Item(parent, index) => {
                parent.write(text);
                let _ = write!(text, "[{index}]"); // a String takes all
            }
        }
    }

    fn complain<T>(&self, what: impl std::fmt::Display) -> Result<T, String> {
        let mut text = String::new();
        self.write(&mut text);
        if !text.is_empty() {
            text.push_str(": ");
        }
        let _ = write!(text, "{what}");
        Err(text)
    }
}

struct Checker<'a> {
    root: &'a Value,
}

impl Checker<'_> {
    fn check(
        &self,
        schema: &Value,
        value: &Value,
        path: &Path<'_>,
        depth: usize,
    ) -> Result<(), String> {
        if depth > MAX_DEPTH {
            return path.complain("nested too deep");
        }
        let schema = match schema {
            Value::Bool(false) => return path.complain("nothing is allowed here"),
            Value::Object(schema) => schema,
            _ => return Ok(()),
        };
        if let Some(target) = schema.get("$ref").and_then(|r| self.resolve(r)) {
            self.check(target, value, path, depth + 1)?;
        }
        check_type(schema, value, path)?;
        check_choice(schema, value, path)?;
        match value {
            Value::String(text) => check_string(schema, text, path)?,
            Value::Number(_) => check_number(schema, value, path)?,
            Value::Array(items) => self.check_array(schema, items, path, depth)?,
            Value::Object(members) => self.check_object(schema, members, path, depth)?,
            _ => {}
        }
        self.check_combined(schema, value, path, depth)
    }

    /// Finds what a reference within the schema names.
    fn resolve(&self, reference: &Value) -> Option<&Value> {
        let pointer = reference.as_str()?.strip_prefix('#')?;
        self.root.pointer(pointer)
    }

    fn check_object(
        &self,
        schema: &Map<String, Value>,
        members: &Map<String, Value>,
        path: &Path<'_>,
        depth: usize,
    ) -> Result<(), String> {
        let required = schema.get("required").and_then(Value::as_array);
        for name in required.into_iter().flatten().filter_map(Value::as_str) {
            if !members.contains_key(name) {
                return Path::Member(path, name).complain("required, but missing");
            }
        }
        let properties = schema.get("properties").and_then(Value::as_object);
        for (name, member) in members {
            let path = Path::Member(path, name);
            if let Some(property) = properties.and_then(|p| p.get(name)) {
                self.check(property, member, &path, depth + 1)?;
                continue;
            }
            match schema.get("additionalProperties") {
                Some(Value::Bool(false)) => return path.complain(unknown(properties)),
                Some(other) => self.check(other, member, &path, depth + 1)?,
                None => {}
            }
        }
        check_size(
            schema,
            ("minProperties", "maxProperties"),
            members.len(),
            "members",
            path,
        )
    }

    fn check_array(
        &self,
        schema: &Map<String, Value>,
        items: &[Value],
        path: &Path<'_>,
        depth: usize,
    ) -> Result<(), String> {
        check_size(schema, ("minItems", "maxItems"), items.len(), "items", path)?;
        let first = schema
            .get("prefixItems")
            .and_then(Value::as_array)
            .map_or(&[][..], |v| v);
        for (i, item) in items.iter().enumerate() {
            if let Some(schema) = first.get(i).or_else(|| schema.get("items")) {
                self.check(schema, item, &Path::Item(path, i), depth + 1)?;
            }
        }
        if schema.get("uniqueItems") == Some(&Value::Bool(true)) {
            for (i, item) in items.iter().enumerate() {
                if items[..i].contains(item) {
                    return Path::Item(path, i).complain("is there already");
                }
            }
        }
        Ok(())
    }

    fn check_combined(
        &self,
        schema: &Map<String, Value>,
        value: &Value,
        path: &Path<'_>,
        depth: usize,
    ) -> Result<(), String> {
        for part in list(schema, "allOf") {
            self.check(part, value, path, depth + 1)?;
        }
        for (keyword, most) in [("anyOf", usize::MAX), ("oneOf", 1)] {
            let branches = list(schema, keyword);
            if branches.is_empty() {
                continue;
            }
            let tried: Vec<_> = branches
                .iter()
                .map(|b| self.check(b, value, path, depth + 1))
                .collect();
            let fitting = tried.iter().filter(|result| result.is_ok()).count();
            if fitting == 0 {
                return match only_value(branches).and_then(|i| tried.into_iter().nth(i)) {
                    Some(complaint) => complaint,
                    None => path.complain("fits none of the forms that it may have"),
                };
            }
            if fitting > most {
                return path.complain("fits several of the forms of which it may have one");
            }
        }
        match schema.get("not") {
            Some(not) if self.check(not, value, path, depth + 1).is_ok() => {
                path.complain("has a form that it must not have")
            }
            _ => Ok(()),
        }
    }
}

/// The one branch that is not null, whose complaint says more than that none
/// fits.
fn only_value(branches: &[Value]) -> Option<usize> {
    let null = Value::from("null");
    let mut values = (0..branches.len()).filter(|&i| branches[i].get("type") != Some(&null));
    values.next().filter(|_| values.next().is_none())
}

fn list<'a>(schema: &'a Map<String, Value>, keyword: &str) -> &'a [Value] {
    schema
        .get(keyword)
        .and_then(Value::as_array)
        .map_or(&[], |v| v)
}

fn unknown(properties: Option<&Map<String, Value>>) -> String {
    match properties {
        Some(p) if !p.is_empty() => {
            let names: Vec<&str> = p.keys().map(String::as_str).collect();
            format!("not known; there is {}", names.join(", "))
        }
        _ => "not known; there is none".to_owned(),
    }
}

fn check_type(schema: &Map<String, Value>, value: &Value, path: &Path<'_>) -> Result<(), String> {
    let wanted: Vec<&str> = match schema.get("type") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
        _ => return Ok(()),
    };
    if wanted.iter().any(|name| is_type(value, name)) {
        return Ok(());
    }
    path.complain(format_args!(
        "has to be of type {}, not {}",
        wanted.join(" or "),
        type_of(value)
    ))
}

fn is_type(value: &Value, name: &str) -> bool {
    match name {
        "integer" => {
            value.is_i64() || value.is_u64() || value.as_f64().is_some_and(|n| n.fract() == 0.0)
        }
        "number" => value.is_number(),
        _ => type_of(value) == name,
    }
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn check_choice(schema: &Map<String, Value>, value: &Value, path: &Path<'_>) -> Result<(), String> {
    if let Some(only) = schema.get("const").filter(|only| *only != value) {
        return path.complain(format_args!("has to be {only}"));
    }
    match schema.get("enum").and_then(Value::as_array) {
        Some(choice) if !choice.contains(value) => {
            let choice: Vec<String> = choice.iter().map(Value::to_string).collect();
            path.complain(format_args!("has to be one of {}", choice.join(", ")))
        }
        _ => Ok(()),
    }
}

fn check_string(schema: &Map<String, Value>, text: &str, path: &Path<'_>) -> Result<(), String> {
    if !schema.contains_key("minLength") && !schema.contains_key("maxLength") {
        return Ok(()); // counting costs
    }
    check_size(
        schema,
        ("minLength", "maxLength"),
        text.chars().count(),
        "characters",
        path,
    )
}

fn check_size(
    schema: &Map<String, Value>,
    (least, most): (&str, &str),
    size: usize,
    unit: &str,
    path: &Path<'_>,
) -> Result<(), String> {
    let bound = |name| schema.get(name).and_then(Value::as_u64);
    if let Some(least) = bound(least).filter(|&least| (size as u64) < least) {
        return path.complain(format_args!(
            "has {size} {unit}; at least {least} are needed"
        ));
    }
    if let Some(most) = bound(most).filter(|&most| size as u64 > most) {
        return path.complain(format_args!(
            "has {size} {unit}; at most {most} are allowed"
        ));
    }
    Ok(())
}

/// Compares two numbers, whole ones digit by digit: a float tells the largest
/// integers from their neighbours no more.
fn compare(a: &Value, b: &Value) -> Option<Ordering> {
    match (whole(a), whole(b)) {
        (Some(a), Some(b)) => Some(a.cmp(&b)),
        _ => a.as_f64()?.partial_cmp(&b.as_f64()?),
    }
}

fn whole(number: &Value) -> Option<i128> {
    // Far beyond it nothing has to be exact.
    const MAX: f64 = (1u128 << 100) as f64;
    let integer = number.as_i64().map(i128::from);
    integer
        .or_else(|| number.as_u64().map(i128::from))
        .or_else(|| {
            let float = number
                .as_f64()
                .filter(|n| n.fract() == 0.0 && n.abs() < MAX)?;
            // So low a float is what became of an integer that i64 does not hold.
            let beyond = i128::from(float <= i64::MIN as f64);
            Some(float as i128 - beyond)
        })
}

fn check_number(schema: &Map<String, Value>, value: &Value, path: &Path<'_>) -> Result<(), String> {
    let Some(number) = value.as_f64() else {
        return Ok(());
    };
    for (name, words) in [
        ("minimum", "at least"),
        ("maximum", "at most"),
        ("exclusiveMinimum", "more than"),
        ("exclusiveMaximum", "less than"),
    ] {
        let Some(limit) = schema.get(name).filter(|limit| limit.is_number()) else {
            continue;
        };
        let order = compare(value, limit);
        let holds = match name {
            "minimum" => order.is_some_and(Ordering::is_ge),
            "maximum" => order.is_some_and(Ordering::is_le),
            "exclusiveMinimum" => order.is_some_and(Ordering::is_gt),
            _ => order.is_some_and(Ordering::is_lt),
        };
        if !holds {
            return path.complain(format_args!("has to be {words} {limit}, not {value}"));
        }
    }
    match schema.get("multipleOf").and_then(Value::as_f64) {
        Some(step) if step > 0.0 && (number / step).fract() != 0.0 => {
            path.complain(format_args!("has to be a multiple of {step}, not {value}"))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
