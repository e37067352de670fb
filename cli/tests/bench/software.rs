//! A software adapter, measured.

use crate::common::{self, devices::SOFTWARE};
use crate::odd::missing;
use crate::{KERNELS, alone, ceilings, check, kept, kernels, measured};
use coresift::{Error, Features, Gpu, Pool as _};
use coresift_cli::bench::report::Timing;
use coresift_cli::bench::selectors::groups;
use coresift_cli::bench::{self, Device, Limit, Sizes};
use std::collections::BTreeSet;

fn gpu() -> Gpu {
    Gpu::open_recorded(&SOFTWARE.parse().unwrap()).expect("Debian: mesa-vulkan-drivers")
}

#[test]
fn a_software_adapter_is_measured() {
    let adapter = measured(&gpu());
    check(&adapter);
    assert_eq!(
        ceilings(&adapter),
        [
            "copy",
            "read",
            "multiply-add f32",
            "multiply-add f16",
            "multiply-add i32",
            "dispatch",
            "read-back",
            "upload",
        ]
    );
    let mut with_upload = BTreeSet::from(KERNELS);
    with_upload.insert("upload");
    assert_eq!(kernels(&adapter), with_upload);
    let about = (adapter.backend.as_str(), adapter.kind.as_str());
    assert_eq!(about, ("vulkan", "software"));
    assert_eq!(adapter.timing, Timing::Timestamps);
    assert!(adapter.limits["max_buffer_size"] > 0);
    for selector in &adapter.selectors {
        let peak = selector.peak_device_bytes.expect("is counted");
        assert_eq!(peak > 0, !of_host(&selector.name), "{selector:?}");
    }
}

/// What a selector takes of rows that the caller lends, so that it leaves the device be.
fn of_host(selector: &str) -> bool {
    ["uniform", "norm", "then (norm, gram_schmidt)"].contains(&selector)
}

#[test]
fn every_adapter_is_opened() {
    let opened = Gpu::open_all_recorded();
    assert_eq!(opened.len(), Gpu::adapters().len());
    let (about, gpu) = (opened.into_iter())
        .find(|(adapter, _)| adapter.name.contains(SOFTWARE))
        .expect("Debian: mesa-vulkan-drivers");
    assert_eq!(Device::describe(&gpu.unwrap()).name, about.name);
    let adapter = bench::unopened(&about, &Error::Device("no".to_owned()));
    assert_eq!(missing(&adapter), [("everything", "device: no")]);
    kept(&adapter);
}

/// Kernels by the device's clock and the rest by the host's add up to the calls by the host's;
/// and the waiting in it is what a device takes to begin and end, not work of no name.
#[test]
fn parts_add_up_to_device_time() {
    let _alone = alone();
    let (gpu, sizes) = (gpu(), Sizes::quick());
    let empty = Device::ceiling(&gpu, Limit::Dispatch, &sizes).unwrap();
    let most_wait = 5.0 * empty.expect("a GPU dispatches").rate();
    for group in groups(&sizes) {
        let features = group.features().unwrap();
        for case in group.cases().iter().filter(|case| !of_host(case.name)) {
            let share_and_wait = || {
                let run = case.run(&gpu, &features, group.job().budget).unwrap();
                let signed = |part: &(&str, u64, f64)| match part.0 {
                    "overlap" => -part.2,
                    _ => part.2,
                };
                let parts: f64 = run.parts.iter().map(signed).sum();
                let mut waits = run.parts.iter().filter(|part| part.0 == "wait");
                let wait = waits
                    .next()
                    .map_or(0.0, |&(_, n, seconds)| seconds / n as f64);
                (parts / run.device_seconds, wait)
            };
            share_and_wait(); // compiles
            // While other work has the machine, the host is kept from noticing in no part.
            let mut tries = Vec::new();
            let adds_up = (0..10).any(|_| {
                let (share, wait) = share_and_wait();
                tries.push((share, wait));
                (share - 1.0).abs() <= 0.1 && wait <= most_wait
            });
            let name = case.name;
            assert!(
                adds_up,
                "{name}: {tries:?}, waits of at most {most_wait:.1e} s"
            );
        }
    }
}

#[test]
fn a_record_is_kept_only_where_it_is_asked_for() {
    let x = common::fractions(3, 40 * 8);
    let features = Features::new(&x, 40, 8).unwrap();
    let plain = Gpu::open(&SOFTWARE.parse().unwrap()).unwrap();
    plain.upload(&features).unwrap();
    assert_eq!(plain.take_record().unwrap(), None);
    assert!(!plain.has_timestamps());

    let gpu = gpu();
    let pool = gpu.upload(&features).unwrap();
    let calls = |record: &coresift::DeviceRecord, name| {
        let part = record.parts.iter().find(|part| part.name == name);
        part.map_or(0, |part| part.calls)
    };
    let record = gpu.take_record().unwrap().unwrap();
    assert_eq!(
        (calls(&record, "upload"), calls(&record, "gather_rows")),
        (1, 0)
    );
    assert!(record.peak_bytes >= 4 * 40 * 8);
    // More dispatches than there are timestamps at a time.
    for _ in 0..2100 {
        pool.gather_rows(&[7]).unwrap();
    }
    let record = gpu.take_record().unwrap().unwrap();
    assert_eq!(calls(&record, "gather_rows"), 2100);
    assert!(record.parts.iter().all(|part| part.seconds > 0.0));
    assert!(gpu.take_record().unwrap().unwrap().parts.is_empty());
}
