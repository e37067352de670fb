//! The JSON Schema of reports.

use crate::by_hand::{cpu, gpu, json, report};
use crate::file::refusal;
use serde_json::Value;

fn schema() -> jsonschema::Validator {
    let text = include_str!("../../src/bench/report.schema.json");
    let schema = serde_json::from_str(text).unwrap();
    jsonschema::draft202012::meta::validate(&schema).unwrap();
    jsonschema::draft202012::new(&schema).unwrap()
}

/// Paths of all objects with fields of their own; those of sizes and limits have any.
fn objects(value: &Value, path: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            if !path.ends_with("/size") && !path.ends_with("/limits") {
                found.push(path.to_owned());
            }
            for (name, field) in fields {
                objects(field, &format!("{path}/{name}"), found);
            }
        }
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                objects(item, &format!("{path}/{at}"), found);
            }
        }
        _ => {}
    }
}

#[test]
fn reports_are_valid_by_the_schema_and_no_field_is_optional() {
    let schema = schema();
    assert!(schema.is_valid(&json(&report(vec![]))));
    let good = json(&report(vec![gpu(), cpu()]));
    assert!(
        schema.is_valid(&good),
        "{:?}",
        schema.iter_errors(&good).next()
    );
    let mut paths = Vec::new();
    objects(&good, "", &mut paths);
    let mut fields = 0;
    for path in &paths {
        let names: Vec<String> = good
            .pointer(path)
            .unwrap()
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect();
        for name in names {
            let mut without = good.clone();
            let object = without.pointer_mut(path).unwrap().as_object_mut().unwrap();
            let field = object.remove(&name).unwrap();
            let mut misnamed = without.clone();
            let object = misnamed.pointer_mut(path).unwrap().as_object_mut().unwrap();
            object.insert(format!("{name}s"), field.clone());
            let mut more = good.clone();
            let object = more.pointer_mut(path).unwrap().as_object_mut().unwrap();
            object.insert(format!("{name}s"), field);
            for (broken, how) in [
                (without, "removed"),
                (misnamed, "misnamed"),
                (more, "added to"),
            ] {
                assert!(
                    !schema.is_valid(&broken),
                    "{path}/{name} {how}: valid by the schema"
                );
                refusal(&broken.to_string());
            }
            fields += 1;
        }
    }
    assert!(fields > 100, "{fields} fields found");
}

#[test]
fn figures_out_of_range_are_invalid_by_the_schema() {
    let schema = schema();
    let good = json(&report(vec![gpu(), cpu()]));
    for (path, value) in [
        ("/schema", Value::from("coresift-bench/2")),
        ("/date", "25 November".into()),
        ("/adapters/0/backend", "cuda".into()),
        ("/adapters/0/kind", "gpu".into()),
        ("/adapters/0/timing", "Timestamps".into()),
        ("/adapters/0/threads", (-1).into()),
        ("/adapters/0/limits/max_buffer_size", "2 GiB".into()),
        ("/adapters/0/ceilings/0/unit", "GB/s".into()),
        (
            "/adapters/0/kernels/0/samples/seconds",
            Value::Array(vec![]),
        ),
        (
            "/adapters/0/kernels/0/samples/seconds",
            vec![0.5; 1001].into(),
        ),
        ("/adapters/0/kernels/0/least_seconds", Value::Null),
        ("/adapters/0/kernels/0/size/rows", 0.5.into()),
        ("/adapters/0/selectors/0/host_seconds", (-0.5).into()),
    ] {
        let mut broken = good.clone();
        *broken.pointer_mut(path).unwrap() = value;
        assert!(!schema.is_valid(&broken), "{path}");
    }
}
