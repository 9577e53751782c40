// SPDX-License-Identifier: Apache-2.0

use serde::Deserialize;

use super::*;

#[derive(Deserialize, JsonSchema, Debug, PartialEq)]
#[allow(dead_code)]
struct Trip {
    /// where to
    to: String,
    #[serde(default)]
    days: u32,
    stops: Option<Vec<Stop>>,
}

#[derive(Deserialize, JsonSchema, Debug, PartialEq)]
#[allow(dead_code)]
struct Stop {
    name: String,
}

#[derive(Deserialize, JsonSchema, Debug, PartialEq)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Shape {
    Circle { radius: f64 },
    Square { side: f64 },
}

#[derive(Deserialize, JsonSchema, Debug, PartialEq)]
struct Merged {
    name: String,
    #[serde(flatten)]
    shape: Shape,
}

#[test]
fn structs_are_closed_and_say_what_they_are_for() {
    let input = Input::infer::<Trip>(None).unwrap();
    assert_eq!(
        input.schema,
        json!({
            "type": "object",
            "properties": {
                "to": {"description": "where to", "type": "string"},
                "days": {"type": "integer", "minimum": 0, "maximum": u32::MAX, "default": 0},
                "stops": {
                    "type": ["array", "null"],
                    "items": {
                        "type": "object",
                        "properties": {"name": {"type": "string"}},
                        "required": ["name"],
                        "additionalProperties": false,
                    },
                },
            },
            "required": ["to"],
            "additionalProperties": false,
        })
    );
}

#[test]
fn wrong_arguments_are_named() {
    let input = Input::infer::<Trip>(None).unwrap();
    for (raw, want) in [
        ("{}", "to: "),
        (r#"{"to":"A","stops":[{"name":1}]}"#, "stops[0].name: "),
        (r#"{"to":"A","by":"bus"}"#, "by: "),
        (r#"{"to":"A","days":99999999999}"#, "days: "),
    ] {
        let err = input.decode::<Trip>(raw.as_bytes()).unwrap_err();
        assert!(err.starts_with(want), "{raw}: {err}");
    }
    let trip = input.decode::<Trip>(br#"{"to":"A","days":0.0}"#).unwrap();
    assert_eq!(
        trip,
        Trip {
            to: "A".to_owned(),
            days: 0,
            stops: None
        }
    );
}

#[derive(Deserialize, JsonSchema, Debug, PartialEq)]
struct Counts {
    long: i64,
    size: Option<u64>,
    small: i8,
}

#[test]
fn integers_beyond_their_type_are_named() {
    let input = Input::infer::<Counts>(None).unwrap();
    assert_eq!(
        input.schema["properties"]["long"],
        json!({"type": "integer"}),
        "a model is not told of 64 bits"
    );
    for (raw, want) in [
        (
            r#"{"long":9223372036854775808,"small":1}"#,
            "long: has to be at most 9223372036854775807",
        ),
        (
            r#"{"long":-9223372036854775809,"small":1}"#,
            "long: has to be at least",
        ),
        (r#"{"long":1e300,"small":1}"#, "long: has to be at most"),
        (
            r#"{"long":1,"size":18446744073709551616,"small":1}"#,
            "size: has to be at most",
        ),
        (
            r#"{"long":1,"size":-1,"small":1}"#,
            "size: has to be at least 0",
        ),
        (r#"{"long":1,"small":128}"#, "small: has to be at most 127"),
    ] {
        let err = input.decode::<Counts>(raw.as_bytes()).unwrap_err();
        assert!(err.starts_with(want), "{raw}: {err}");
    }
    let raw = br#"{"long":-9223372036854775808,"size":18446744073709551615,"small":-1e2}"#;
    let counts = Counts {
        long: i64::MIN,
        size: Some(u64::MAX),
        small: -100,
    };
    assert_eq!(input.decode(raw), Ok(counts));
    let counts: Counts = input.decode(br#"{"long":1e17,"small":0}"#).unwrap();
    assert_eq!(counts.long, 100_000_000_000_000_000);
}

#[test]
fn enums_and_merged_structs_are_understood() {
    let input = Input::infer::<Shape>(None).unwrap();
    assert_eq!(
        input.decode(br#"{"kind":"circle","radius":1}"#),
        Ok(Shape::Circle { radius: 1.0 })
    );
    assert!(input
        .decode::<Shape>(br#"{"kind":"circle","side":1}"#)
        .is_err());

    let input = Input::infer::<Merged>(None).unwrap();
    let merged: Merged = input
        .decode(br#"{"name":"a","kind":"square","side":2}"#)
        .unwrap();
    assert_eq!(
        merged,
        Merged {
            name: "a".to_owned(),
            shape: Shape::Square { side: 2.0 }
        }
    );
}

#[test]
fn no_arguments_are_an_empty_object() {
    let input = Input::infer::<()>(None).unwrap();
    assert_eq!(input.decode(b"{}"), Ok(()));
    assert!(input
        .decode::<()>(br#"{"a":1}"#)
        .unwrap_err()
        .starts_with("a: "));
    assert!(Input::infer::<String>(None).is_err());
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[allow(dead_code)]
enum Size {
    S,
    M,
}

#[derive(Deserialize, JsonSchema)]
#[allow(dead_code)]
struct Order {
    #[schemars(title = "Size")]
    size: Size,
    extras: Option<Vec<Size>>,
    #[schemars(email)]
    mail: Option<String>,
    #[schemars(range(min = 1, max = 9))]
    copies: u8,
}

#[test]
fn forms_are_flat_and_know_no_null() {
    assert_eq!(
        form_schema::<Order>().unwrap(),
        json!({
            "type": "object",
            "properties": {
                "size": {"type": "string", "enum": ["s", "m"], "title": "Size"},
                "extras": {"type": "array", "items": {"type": "string", "enum": ["s", "m"]}},
                "mail": {"type": "string", "format": "email"},
                "copies": {"type": "integer", "minimum": 1, "maximum": 9},
            },
            "required": ["size", "copies"],
        })
    );
    assert!(form_schema::<Trip>()
        .unwrap_err()
        .starts_with("form: stops: "));
}
