//! A report as a table for the terminal.

use super::report::{Adapter, Report, Selector};
use super::words::{self, NONE};
use crate::columns::Columns;

/// The whole report, adapter by adapter; lines are no longer than some 90 columns where names are not.
pub fn table(report: &Report) -> String {
    let wgpu = (report.wgpu_version.as_ref()).map_or(String::new(), |v| format!(", wgpu {v}"));
    let sizes = if report.quick { "quick" } else { "full" };
    let (version, date) = (&report.crate_version, &report.date);
    let mut text = format!("coresift {version}{wgpu}; {date}; {sizes} sizes\n");
    for adapter in &report.adapters {
        text += &format!("\n{}\n", words::about(adapter));
        for section in [
            ceilings(adapter),
            kernels(adapter),
            selectors(adapter),
            missing(adapter),
        ] {
            text += &section.map_or(String::new(), |section| format!("\n{section}"));
        }
    }
    text
}

fn head<const N: usize>(names: [&str; N]) -> Vec<String> {
    names.map(str::to_owned).into()
}

fn ceilings(adapter: &Adapter) -> Option<String> {
    adapter.ceilings.first()?;
    let mut columns = Columns::new(head(["  ceilings", "median", "spread"]), false);
    for ceiling in &adapter.ceilings {
        columns.row(vec![
            format!("    {}", ceiling.name),
            words::ceiling(ceiling),
            words::spread(ceiling.samples.spread()),
        ]);
    }
    Some(columns.show())
}

fn kernels(adapter: &Adapter) -> Option<String> {
    let names = ["  kernels", "median", "spread", "rate", "share", "of"];
    let mut columns = Columns::new(head(names), true);
    let mut size = &adapter.kernels.first()?.size;
    columns.text(format!("    {}", words::size(size)));
    for kernel in &adapter.kernels {
        if kernel.size != *size {
            size = &kernel.size;
            columns.text(format!("    {}", words::size(size)));
        }
        columns.row(vec![
            format!("      {}", kernel.name),
            words::seconds(kernel.samples.median()),
            words::spread(kernel.samples.spread()),
            words::rate(adapter, kernel),
            words::share(kernel.share()),
            kernel.bound_by.clone(),
        ]);
    }
    Some(columns.show())
}

fn selectors(adapter: &Adapter) -> Option<String> {
    let names = [
        "  selectors",
        "median",
        "spread",
        "passes",
        "device",
        "host",
        "peak memory",
    ];
    let mut columns = Columns::new(head(names), false);
    adapter.selectors.first()?;
    for selector in &adapter.selectors {
        columns.text(format!(
            "    {}: {}",
            selector.name,
            words::size(&selector.size)
        ));
        columns.row(whole(selector));
        for part in &selector.parts {
            let calls = if part.calls == 1 { "call" } else { "calls" };
            let name = format!("      {}, {} {calls}", part.kernel, part.calls);
            let mut row = vec![String::new(); names.len()];
            (row[0], row[4]) = (name, words::seconds(part.seconds));
            columns.row(row);
        }
    }
    Some(columns.show())
}

fn whole(selector: &Selector) -> Vec<String> {
    let peak = selector.peak_device_bytes;
    vec![
        "      in all".to_owned(),
        words::seconds(selector.samples.median()),
        words::spread(selector.samples.spread()),
        selector.passes.to_string(),
        words::seconds(selector.device_seconds),
        words::seconds(selector.host_seconds),
        peak.map_or(NONE.to_owned(), words::mebibytes),
    ]
}

fn missing(adapter: &Adapter) -> Option<String> {
    adapter.missing.first()?;
    let lines =
        (adapter.missing.iter()).map(|missing| format!("    {}: {}\n", missing.what, missing.why));
    Some(format!("  not measured\n{}", lines.collect::<String>()))
}
