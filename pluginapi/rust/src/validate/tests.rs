// SPDX-License-Identifier: Apache-2.0

use serde_json::json;

use super::*;

#[test]
fn what_conforms_is_accepted() {
    for (schema, value) in [
        (json!({"type": "integer", "minimum": 0}), json!(3)),
        (json!({"type": "integer"}), json!(3.0)),
        (json!({"type": ["string", "null"]}), json!(null)),
        (
            json!({"anyOf": [{"type": "string"}, {"type": "null"}]}),
            json!("a"),
        ),
        (json!({"type": "string", "maxLength": 1}), json!("ä")),
        (
            json!({"properties": {"a": true}, "additionalProperties": {"type": "string"}}),
            json!({"b": "c"}),
        ),
        (json!(true), json!([])),
    ] {
        assert_eq!(validate(&schema, &value), Ok(()), "{schema} {value}");
    }
}

#[test]
fn complaints_name_the_member_at_fault() {
    let person = json!({
        "type": "object",
        "properties": {
            "name": {"type": "string", "minLength": 1},
            "tags": {"type": "array", "items": {"enum": ["a", "b"]}},
            "age": {"anyOf": [{"type": "integer", "minimum": 0}, {"type": "null"}]},
            "boss": {"$ref": "#"},
        },
        "required": ["name"],
        "additionalProperties": false,
    });
    for (value, want) in [
        (json!({}), "name: required, but missing"),
        (
            json!({"name": 3}),
            "name: has to be of type string, not number",
        ),
        (
            json!({"name": ""}),
            "name: has 0 characters; at least 1 are needed",
        ),
        (
            json!({"name": "A", "nam": 1}),
            "nam: not known; there is name, tags, age, boss",
        ),
        (
            json!({"name": "A", "tags": ["a", "c"]}),
            r#"tags[1]: has to be one of "a", "b""#,
        ),
        (
            json!({"name": "A", "age": -1}),
            "age: has to be at least 0, not -1",
        ),
        (
            json!({"name": "A", "boss": {"name": true}}),
            "boss.name: has to be of type string, not boolean",
        ),
        (json!([]), "has to be of type object, not array"),
    ] {
        assert_eq!(validate(&person, &value), Err(want.to_owned()));
    }
}

#[test]
fn values_that_never_end_are_refused() {
    let endless = json!({"$ref": "#"});
    assert!(validate(&endless, &json!(1)).is_err());
}
