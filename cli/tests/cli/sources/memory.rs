//! Features that take more memory than they may.

use super::{FORMS, METHODS, fixture, picks};
use crate::place::{Place, f32s, matrix, npy, stderr};
#[cfg(target_os = "linux")]
use std::process::{Command, Stdio};

/// Read anew by every pass, whatever the form: the same picks, centered too.
#[test]
fn features_beyond_their_bound_give_the_same_picks() {
    let place = Place::new();
    for method in METHODS {
        for more in [&[][..], &["--center"]] {
            let held = [method, more].concat();
            let read = [&held[..], &["--memory=1KiB"]].concat();
            for names in FORMS {
                let want = picks(&place, names, &held);
                assert_eq!(picks(&place, names, &read), want, "{names:?} {read:?}");
            }
        }
    }
}

#[test]
fn what_is_read_anew_is_said() {
    let place = Place::new();
    place.put(
        "y.npy",
        &npy("<f4", false, "(40, 3)", &f32s(&matrix(40, 3))),
    );
    let select = |bound: &str| {
        let bound = format!("--memory={bound}");
        let fixed = [
            "select",
            "y.npy",
            "--device=cpu",
            "--method=norm",
            "--budget=4",
        ];
        let output = place.run(&[&fixed[..], &[&bound]].concat());
        (output.status.code(), stderr(&output))
    };
    let (code, said) = select("479");
    let expected = "memory: y.npy takes 480 bytes, more than 479: every pass reads it anew\n";
    assert!(code == Some(0) && said.contains(expected), "{said}");
    let (code, said) = select("480");
    assert!(code == Some(0) && !said.contains("memory:"), "{said}");
    let (code, said) = select("some");
    assert_eq!(code, Some(2), "{said}");
    // A value that is no number is found all the same.
    let mut values = matrix(40, 3);
    values[100] = f32::NAN;
    place.put("y.npy", &npy("<f4", false, "(40, 3)", &f32s(&values)));
    let (code, said) = select("1");
    let expected = "y.npy: features: NaN found at row 33, column 1, a finite value expected";
    assert!(code == Some(1) && said.contains(expected), "{said}");
}

/// Inputs may be read anew too.
#[test]
fn inputs_beyond_their_bound_give_the_same_picks() {
    let place = Place::new();
    let inputs = format!("--input-features={}", fixture("x.parquet#fixed").display());
    let method = ["--method=norm", &inputs];
    let want = picks(&place, &["x.npy"], &method);
    let read = [&method[..], &["--memory=1"]].concat();
    assert_eq!(picks(&place, &["x.npy"], &read), want);
}

/// 200,000 rows of 64 in 8 MiB: what a process takes besides files is that, 64 bytes a row, and 48 MiB.
#[cfg(target_os = "linux")]
#[test]
fn memory_stays_within_its_bound() {
    const MOST: u64 = (8 << 20) + 64 * 200_000 + (48 << 20);
    let place = Place::new();
    let (rows, dim) = (200_000, 64);
    let value = |at: usize| {
        let mixed = (at as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let noise = (mixed >> 40) as f32 / (1 << 24) as f32;
        noise + if at / dim % 40 == at % dim { 1.5 } else { 0.0 }
    };
    let values: Vec<f32> = (0..rows * dim).map(value).collect();
    place.put(
        "large.npy",
        &npy("<f4", false, "(200000, 64)", &f32s(&values)),
    );
    drop(values);
    let classes: String = (0..rows)
        .map(|row| format!("{}\n", row / 5 % 200))
        .collect();
    place.put("classes.txt", classes.as_bytes());
    for method in [
        &["norm"][..],
        &["max-norm"],
        &["random", "--clusters=20", "--max-sweeps=3"],
        &["gram-schmidt"],
        &["gram-schmidt", "--greedy"],
        &["sas", "--classes=classes.txt"],
        &["sas", "--classes=classes.txt", "--threshold=none"],
        &["typiclust", "--max-sweeps=2"],
        &["probcover", "--delta=0.3"],
        &["norm", "--then=gram-schmidt"],
    ] {
        let method_is = format!("--method={}", method[0]);
        let fixed = [
            "select",
            "large.npy",
            "--device=cpu",
            "--budget=200",
            "--memory=8MiB",
        ];
        let args = [&fixed[..], &[&*method_is], &method[1..]].concat();
        let peak = anonymous(place.command(&args));
        println!("{method:?}: {} KiB", peak / 1024);
        assert!(0 < peak && peak <= MOST, "{method:?}: {peak} bytes");
    }
}

/// The most memory that a command takes besides files, by a look every millisecond; it must succeed.
#[cfg(target_os = "linux")]
fn anonymous(mut command: Command) -> u64 {
    let quiet = command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = quiet.spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    loop {
        if let Some(code) = child.try_wait().unwrap() {
            assert!(code.success(), "{command:?}");
            return peak;
        }
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("RssAnon:"));
        let kib = line.and_then(|line| line.trim().strip_suffix(" kB"));
        let bytes = kib.map_or(0, |kib| 1024 * kib.trim().parse::<u64>().unwrap());
        peak = bytes.max(peak);
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
}
