//! Reports of `bench`, read and shown.

use super::changes::changed;
use super::{SLACK, fuzz, measured, put};
use crate::bench::report::{self, Named, Report};
use crate::bench::{compare, plot, table};
use proptest::prelude::*;
use std::path::Path;
use tempfile::TempDir;

/// A report with one of everything.
fn whole_report() -> String {
    let samples = r#"{"seconds":[0.25,0.125,1e-3]}"#;
    let size = r#"{"rows":1000,"dim":64}"#;
    format!(
        r#"{{"schema":"{}","crate_version":"0.1.0","wgpu_version":null,"quick":true,"date":"2026-01-01T00:00:00Z",
"adapters":[{{"name":"a","backend":"cpu","kind":"cpu-pool","driver":"","threads":2,"limits":{{"max_buffer_size":4096}},
"timing":"wall-clock","ceilings":[{{"name":"copy","unit":"bytes-per-second","work":1e9,"samples":{samples}}}],
"kernels":[{{"name":"row_norms","size":{size},"bytes":256000,"operations":128000,"bound_by":"read","least_seconds":1e-4,
"samples":{samples}}}],"selectors":[{{"name":"norm","size":{size},"samples":{samples},"passes":1,"device_seconds":0.1,
"host_seconds":0.05,"peak_device_bytes":null,"parts":[{{"kernel":"row_norms","calls":1,"seconds":0.1}}]}}],
"missing":[{{"what":"dispatch","why":"no device"}}]}}]}}"#,
        report::SCHEMA
    )
}

#[test]
fn reports_that_are_almost_right() {
    let whole = whole_report();
    let folder = TempDir::new().unwrap();
    report::load(&put(folder.path(), "r.json", whole.as_bytes())).expect("a report");
    fuzz(changed(Just(whole.into_bytes())), |folder, bytes| {
        let path = put(folder, "r.json", &bytes);
        let (read, memory) = measured(|| report::load(&path));
        let most = 4 * bytes.len() as u64;
        prop_assert!(memory <= most + SLACK, "{memory} bytes for {}", bytes.len());
        if let Ok(report) = read {
            report::save(&report, &path).unwrap();
            prop_assert_eq!(&report::load(&path).unwrap(), &report);
            shown(report, &folder.join("r.svg"));
        }
        Ok(())
    });
}

/// Tables and the picture of a report, whatever is in it.
fn shown(report: Report, picture: &Path) {
    table::table(&report);
    let name = "r".to_owned();
    let reports = [Named { name, report }];
    let _ = compare::table(&reports);
    let _ = plot::draw(&reports, picture);
}
