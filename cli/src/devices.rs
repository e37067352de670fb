//! The `devices` command.

use super::args::DevicesArgs;
use super::console;
use super::failure::Failure;
use serde_json::{Value, json};

/// What there is to say of a device, in this order.
const COLUMNS: [&str; 8] = [
    "number",
    "auto",
    "name",
    "backend",
    "driver",
    "type",
    "max_binding",
    "max_buffer",
];

/// Lists every adapter, and the CPU.
pub(crate) fn run(args: &DevicesArgs) -> Result<(), Failure> {
    let mut devices = adapters();
    let no_gpu = devices.iter().all(|d| d["auto"] == false);
    devices.push(cpu(no_gpu));
    let text = if args.json {
        format!("{:#}\n", Value::Array(devices))
    } else {
        table(&devices)
    };
    console::results(text.as_bytes())
}

#[cfg(feature = "gpu")]
fn adapters() -> Vec<Value> {
    let describe = |a: coresift::Adapter| {
        json!({
            "number": a.number,
            "name": a.name,
            "backend": a.backend,
            "driver": a.driver,
            "type": a.device_type,
            "software": a.software,
            "auto": a.chosen,
            "max_binding": a.max_binding,
            "max_buffer": a.max_buffer,
        })
    };
    super::stderr::hush();
    coresift::Gpu::adapters()
        .into_iter()
        .map(describe)
        .collect()
}

#[cfg(not(feature = "gpu"))]
fn adapters() -> Vec<Value> {
    Vec::new()
}

/// The CPU pool; `auto` takes it where there is no hardware adapter.
fn cpu(auto: bool) -> Value {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    json!({
        "number": null,
        "name": "cpu",
        "backend": "cpu",
        "driver": format!("{threads} threads"),
        "type": "cpu",
        "software": false,
        "auto": auto,
        "max_binding": null,
        "max_buffer": null,
    })
}

fn table(devices: &[Value]) -> String {
    let mut rows = vec![COLUMNS.map(|c| c.replace('_', " "))];
    rows.extend(
        devices
            .iter()
            .map(|d| COLUMNS.map(|column| cell(column, &d[column]))),
    );
    let width = |c: usize| {
        rows.iter()
            .map(|row| row[c].chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..COLUMNS.len()).map(width).collect();
    let line = |row: &[String; COLUMNS.len()]| {
        let padded = row
            .iter()
            .zip(&widths)
            .map(|(text, &width)| format!("{text:width$}"));
        format!("{}\n", padded.collect::<Vec<_>>().join("  ").trim_end())
    };
    rows.iter().map(line).collect()
}

/// A value as the table shows it: `auto` is a mark, sizes are in whole MiB.
fn cell(column: &str, value: &Value) -> String {
    match value {
        Value::Bool(auto) => if *auto { "*" } else { "" }.to_owned(),
        Value::Number(bytes) if column.starts_with("max_") => {
            format!("{} MiB", bytes.as_u64().unwrap_or(0) >> 20)
        }
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
