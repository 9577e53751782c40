// SPDX-License-Identifier: Apache-2.0

//! JSON Schemas of Rust types, and what they let in.

use bytes::Bytes;
use schemars::generate::SchemaSettings;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::{json, Map, Value};

use crate::json;
use crate::validate::validate;

/// Checks and decodes one JSON object.
#[derive(Clone)]
pub(crate) struct Input {
    schema: Value,
    /// What values are held against: the schema with the bounds of all integers.
    bounded: Value,
    /// The Rust type is `()`: an object without members.
    unit: bool,
}

impl Input {
    /// The input of type `T`, described by `T` itself or, when one is given,
    /// by the author's schema.
    pub(crate) fn infer<T: JsonSchema>(given: Option<Value>) -> Result<Self, String> {
        if let Some(schema) = given {
            if schema.get("type") != Some(&json!("object")) {
                return Err(r#"input schema: the root must say "type": "object""#.to_owned());
            }
            return Ok(Self {
                bounded: schema.clone(),
                schema,
                unit: false,
            });
        }
        let generated = generate::<T>(SchemaSettings::draft2020_12().for_deserialize());
        let mut schema = generated.clone();
        each_schema(&mut schema, &mut spell_out_number_formats);
        if schema.get("type") == Some(&json!("null")) {
            let schema = json!({"type": "object", "additionalProperties": false});
            return Ok(Self {
                bounded: schema.clone(),
                schema,
                unit: true,
            });
        }
        if !is_object(&schema) {
            return Err(format!(
                "{} is not a JSON object: use a struct or a map",
                T::schema_name()
            ));
        }
        let mut bounded = generated;
        each_schema(&mut bounded, &mut bound_integers);
        close(&mut schema);
        close(&mut bounded);
        Ok(Self {
            schema,
            bounded,
            unit: false,
        })
    }

    pub(crate) fn schema(&self) -> &Value {
        &self.schema
    }

    pub(crate) fn schema_json(&self) -> Bytes {
        json::bytes(&self.schema)
    }

    /// Decodes `raw` if it conforms. The error is made to be read by a model.
    pub(crate) fn decode<T: DeserializeOwned>(&self, raw: &[u8]) -> Result<T, String> {
        let value: Value = serde_json::from_slice(raw).map_err(|err| err.to_string())?;
        self.decode_value(value)
    }

    pub(crate) fn decode_value<T: DeserializeOwned>(&self, mut value: Value) -> Result<T, String> {
        whole_numbers(&mut value);
        validate(&self.bounded, &value)?;
        if self.unit {
            value = Value::Null;
        }
        serde_json::from_value(value).map_err(|err| err.to_string())
    }
}

/// Writes 2.0 as 2, and 1e17 in full: JSON has one kind of number, serde has two.
fn whole_numbers(value: &mut Value) {
    // The first that no integer of serde_json holds.
    const BEYOND: f64 = (1u128 << 64) as f64;
    match value {
        Value::Number(number) if number.is_f64() => {
            match number.as_f64().filter(|n| n.fract() == 0.0) {
                Some(n) if (0.0..BEYOND).contains(&n) => *value = Value::from(n as u64),
                Some(n) if n < 0.0 && n > i64::MIN as f64 => *value = Value::from(n as i64),
                _ => {}
            }
        }
        Value::Array(items) => items.iter_mut().for_each(whole_numbers),
        Value::Object(members) => members.values_mut().for_each(whole_numbers),
        _ => {}
    }
}

/// The schema of what a tool returns, or `None` if it is no JSON object: MCP
/// versions before 2026-07-28 know schemas of objects only.
pub(crate) fn output_schema<T: JsonSchema>() -> Option<Value> {
    let schema = schema_of::<T>(SchemaSettings::draft2020_12().for_serialize());
    (schema.get("type") == Some(&json!("object"))).then_some(schema)
}

fn schema_of<T: JsonSchema>(settings: SchemaSettings) -> Value {
    let mut schema = generate::<T>(settings);
    each_schema(&mut schema, &mut spell_out_number_formats);
    schema
}

/// The schema of a type, with the number formats of schemars.
fn generate<T: JsonSchema>(settings: SchemaSettings) -> Value {
    let settings = settings.with(|s| {
        s.meta_schema = None; // 2020-12 is MCP's default
        s.inline_subschemas = true; // many clients do not follow references
    });
    let mut schema = Value::from(settings.into_generator().into_root_schema_for::<T>());
    if let Some(root) = schema.as_object_mut() {
        root.remove("title"); // the type's name says nothing to a model
    }
    schema
}

/// Spells out "uint32" and the like, which are no formats of JSON Schema and
/// which some models' providers refuse.
fn spell_out_number_formats(schema: &mut Map<String, Value>) {
    let is_number = match schema.get("type") {
        Some(Value::String(name)) => name == "integer" || name == "number",
        Some(Value::Array(names)) => names.iter().any(|n| n == "integer" || n == "number"),
        _ => false,
    };
    if !is_number {
        return;
    }
    let bounds = match schema.remove("format").as_ref().and_then(Value::as_str) {
        Some("int32") => (i64::from(i32::MIN), i64::from(i32::MAX)),
        Some("uint32") => (0, i64::from(u32::MAX)),
        _ => return, // smaller ones have bounds, larger ones need not be told any
    };
    schema.entry("minimum").or_insert(bounds.0.into());
    schema.entry("maximum").or_insert(bounds.1.into());
}

/// Gives the largest integers their bounds as well. They are nothing to tell a
/// model of, but serde does not say which member of an object is beyond them.
fn bound_integers(schema: &mut Map<String, Value>) {
    let bounds: (Value, Value) = match schema.get("format").and_then(Value::as_str) {
        Some("int64" | "int") => (i64::MIN.into(), i64::MAX.into()),
        Some("uint64" | "uint" | "uint128") => (0.into(), u64::MAX.into()),
        Some("int128") => (i64::MIN.into(), u64::MAX.into()), // as much as serde_json holds
        _ => return spell_out_number_formats(schema),
    };
    schema.remove("format");
    schema.entry("minimum").or_insert(bounds.0);
    schema.entry("maximum").or_insert(bounds.1);
}

/// Whether only objects conform: an object, or an enum whose variants are.
fn is_object(schema: &Value) -> bool {
    if schema.get("type") == Some(&json!("object")) {
        return true;
    }
    ["oneOf", "anyOf"].iter().any(|keyword| {
        schema
            .get(keyword)
            .and_then(Value::as_array)
            .is_some_and(|b| b.iter().all(is_object))
    })
}

/// Has every struct refuse members that it does not have. Where serde merges
/// several structs into one, the members of one are unknown to the other:
/// those are left open.
fn close(schema: &mut Value) {
    if let Some(root) = schema.as_object_mut() {
        if !root.contains_key("type") {
            // MCP: the root of an input schema is an object.
            root.insert("type".to_owned(), json!("object"));
        }
    }
    each_schema(schema, &mut |schema| {
        let merged = ["allOf", "anyOf", "oneOf", "unevaluatedProperties"];
        if schema.contains_key("properties")
            && !schema.contains_key("additionalProperties")
            && !merged.iter().any(|keyword| schema.contains_key(*keyword))
        {
            schema.insert("additionalProperties".to_owned(), json!(false));
        }
    });
    reopen(schema, false);
}

/// Takes back what `close` did to parts of a merged struct.
fn reopen(schema: &mut Value, is_part: bool) {
    let Some(object) = schema.as_object_mut() else {
        return;
    };
    if is_part && object.get("additionalProperties") == Some(&json!(false)) {
        object.remove("additionalProperties");
    }
    let has_own = object.contains_key("properties");
    for keyword in ["allOf", "anyOf", "oneOf"] {
        let parts = object.get_mut(keyword).and_then(Value::as_array_mut);
        for part in parts.into_iter().flatten() {
            reopen(part, is_part || has_own || keyword == "allOf");
        }
    }
    for keyword in ["properties", "$defs"] {
        let members = object.get_mut(keyword).and_then(Value::as_object_mut);
        for (_, member) in members.into_iter().flatten() {
            reopen(member, false);
        }
    }
    if let Some(items) = object.get_mut("items") {
        reopen(items, false);
    }
}

/// Visits a schema and all schemas in it.
fn each_schema(schema: &mut Value, visit: &mut dyn FnMut(&mut Map<String, Value>)) {
    let Some(object) = schema.as_object_mut() else {
        return;
    };
    visit(object);
    for (keyword, value) in object {
        match keyword.as_str() {
            "properties" | "$defs" | "patternProperties" => {
                for (_, member) in value.as_object_mut().into_iter().flatten() {
                    each_schema(member, visit);
                }
            }
            "allOf" | "anyOf" | "oneOf" | "prefixItems" => {
                for part in value.as_array_mut().into_iter().flatten() {
                    each_schema(part, visit);
                }
            }
            "items" | "additionalProperties" => each_schema(value, visit),
            _ => {}
        }
    }
}

/// The schema of a form that a flat struct describes, its members in the
/// struct's order, as people will see them; MCP's "requestedSchema".
pub(crate) fn form_schema<T: JsonSchema>() -> Result<Value, String> {
    let mut schema = schema_of::<T>(SchemaSettings::draft2020_12().for_deserialize());
    let name = T::schema_name();
    let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) else {
        return Err(format!("{name} is no struct: a form has named fields"));
    };
    for (field, member) in properties.iter_mut() {
        *member = form_field(member.take()).map_err(|err| format!("form: {field}: {err}"))?;
    }
    let mut form = json!({"type": "object", "properties": schema["properties"].take()});
    if let Some(required) = schema.get_mut("required") {
        form["required"] = required.take();
    }
    Ok(form)
}

/// A member of a form, if it may be one.
fn form_field(member: Value) -> Result<Value, String> {
    let Value::Object(member) = member else {
        return Err("it may be anything: say what it is".to_owned());
    };
    let mut member = without_null(member);
    let is_choice = member.contains_key("enum") || member.contains_key("oneOf");
    match member.get("type").and_then(Value::as_str) {
        Some("string" | "integer" | "number" | "boolean") => {}
        Some("array") if member.get("items").is_some_and(|i| i.get("enum").is_some()) => {}
        None if is_choice => {
            member.insert("type".to_owned(), json!("string"));
        }
        _ => {
            let kinds = "strings, numbers, booleans, and choices of one or several strings";
            return Err(format!("a form has {kinds}"));
        }
    }
    Ok(Value::Object(member))
}

/// The schema of what an `Option` holds: forms know no null.
fn without_null(mut member: Map<String, Value>) -> Map<String, Value> {
    if let Some(Value::Array(branches)) = member.remove("anyOf") {
        let mut values = branches
            .into_iter()
            .filter(|b| b.get("type") != Some(&json!("null")));
        if let Some(Value::Object(value)) = values.next() {
            // The words on the member itself say more than those on its type.
            let own = std::mem::replace(&mut member, value);
            member.extend(own);
        }
    }
    if let Some(Value::Array(types)) = member.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            member.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(choice)) = member.get_mut("enum") {
        choice.retain(|value| !value.is_null());
    }
    if member.get("default").is_some_and(Value::is_null) {
        member.remove("default");
    }
    member
}

#[cfg(test)]
mod tests;
