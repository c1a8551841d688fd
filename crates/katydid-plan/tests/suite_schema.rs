//! The schema for editors is made of the table of keys, and the file in the tree is what is made.
//!
//! `KATYDID_UPDATE=1 cargo test -p katydid-plan --test suite_schema` writes it anew.

use std::path::Path;

use katydid_plan::suite::keys::{Form, Key, SUITE};
use serde_json::{Map, Value, json};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reference/suite.schema.json");

const SPAN: &str = "^([0-9]+|(?=[0-9])([0-9]+h)?([0-9]+m)?([0-9]+s)?)$";

fn schema() -> Value {
    let mut schema = table(SUITE);
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema".into();
    schema["title"] = "Suite file of katydid".into();
    schema
}

fn table(keys: &[Key]) -> Value {
    let properties: Map<String, Value> = keys.iter().map(|key| (key.name.into(), property(key))).collect();
    json!({ "type": "object", "additionalProperties": false, "properties": properties })
}

fn property(key: &Key) -> Value {
    let mut property = of_form(&key.form);
    property["description"] = key.about.into();
    property
}

fn of_form(form: &Form) -> Value {
    match form {
        Form::Text | Form::Stages | Form::Threshold | Form::Rule => json!({ "type": "string" }),
        Form::Name => json!({ "type": "string", "minLength": 1, "pattern": "^[^*]+$" }),
        Form::Whole => json!({ "type": "integer", "minimum": 0 }),
        Form::Rate => json!({ "type": "number", "exclusiveMinimum": 0 }),
        Form::Span => json!({ "type": ["string", "integer"], "pattern": SPAN, "minimum": 1 }),
        Form::Share => json!({ "type": ["string", "number"], "pattern": "^[0-9.]+ ?%$", "minimum": 0 }),
        Form::Many(form) => json!({ "type": "array", "items": of_form(form) }),
        Form::Table(keys) => table(keys),
        Form::Tables(keys) => json!({ "type": "array", "items": table(keys) }),
        Form::Named(keys) => json!({ "type": "object", "additionalProperties": table(keys) }),
        Form::Options => {
            let one = ["string", "number", "boolean"];
            let values = json!({ "type": [one[0], one[1], one[2], "array"], "items": { "type": one } });
            json!({ "type": "object", "additionalProperties": values })
        }
    }
}

#[test]
fn the_file_is_what_the_table_makes() {
    let mut text = serde_json::to_string_pretty(&schema()).expect("a schema is JSON");
    text.push('\n');
    if std::env::var_os("KATYDID_UPDATE").is_some() {
        std::fs::write(FILE, &text).expect("the file can be written");
    }
    let known = std::fs::read_to_string(Path::new(FILE)).expect("the schema is in docs/reference");
    assert!(known == text, "write it anew: KATYDID_UPDATE=1 cargo test -p katydid-plan --test suite_schema");
}
