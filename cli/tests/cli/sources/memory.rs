//! Features that take more memory than they may.

use super::{FORMS, METHODS, fixture, picks};
#[cfg(target_os = "linux")]
use crate::place::anonymous;
use crate::place::{Place, f32s, matrix, npy, stderr};
use std::path::PathBuf;

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

/// Every method, and mixtures of them, on a real pool; on larger ones besides where `CORESIFT_DATA` names their
/// folder.
#[test]
fn every_method_picks_alike_within_any_bound() {
    let place = Place::new();
    let repository = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/data");
    let small = PathBuf::from(repository).join("fmnist_simclr_2000.npy");
    let folder = std::env::var_os("CORESIFT_DATA").map(PathBuf::from);
    let large = folder.map(|folder| folder.join("debtext_minilm/features.npy"));
    for path in [small].into_iter().chain(large) {
        let is_small = path.starts_with(repository);
        let path = path.to_str().unwrap();
        for method in [
            &["random"][..],
            &["random", "--clusters=20"],
            &["norm"],
            &["norm", "--norm=l1", "--clusters=10"],
            &["max-norm"],
            &["gram-schmidt"],
            &["gram-schmidt", "--greedy"],
            &["sas"],
            &["sas", "--clusters=10"],
            &["sas", "--clusters=10", "--storage=on-the-fly"],
            &["sas", "--threshold=none"],
            &["typiclust"],
            &["probcover", "--delta=0.5"],
            &["probcover"],
            &["typiclust", "--then=gram-schmidt"],
            &["gram-schmidt", "--then=norm"],
        ] {
            let named = format!("--method={}", method[0]);
            let fixed = ["select", path, "--device=cpu", "--budget=50", &named];
            let args = [&fixed[..], &method[1..]].concat();
            let want = place.done(&args);
            let bounds = ["--memory=2MiB", "--memory=100KiB", "--memory=16MiB"];
            let bounds = if is_small { &bounds[..] } else { &bounds[..1] };
            for bound in bounds {
                let bounded = [&args[..], &[*bound]].concat();
                assert_eq!(place.done(&bounded), want, "{bounded:?}");
            }
        }
    }
}

/// Values in [0, 1), and 1.5 more in one of 40 columns.
#[cfg(target_os = "linux")]
fn values(rows: usize, dim: usize) -> Vec<u8> {
    let value = |at: usize| {
        let mixed = (at as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let noise = (mixed >> 40) as f32 / (1 << 24) as f32;
        noise + if at / dim % 40 == at % dim { 1.5 } else { 0.0 }
    };
    let values: Vec<f32> = (0..rows * dim).map(value).collect();
    npy("<f4", false, &format!("({rows}, {dim})"), &f32s(&values))
}

/// 200,000 rows of 64 in 8 MiB.
#[cfg(target_os = "linux")]
#[test]
fn memory_stays_within_its_bound() {
    let (place, rows) = (Place::new(), 200_000);
    place.put("large.npy", &values(rows, 64));
    let class = |row| format!("{}\n", row / 5 % 200);
    place.put(
        "classes.txt",
        (0..rows).map(class).collect::<String>().as_bytes(),
    );
    for method in [
        &["norm"][..],
        &["max-norm"],
        &["random", "--clusters=20", "--max-sweeps=3"],
        &["gram-schmidt"],
        &["sas", "--classes=classes.txt"],
        &["sas", "--classes=classes.txt", "--threshold=none"],
        &["typiclust", "--max-sweeps=2"],
        &["norm", "--then=gram-schmidt"],
    ] {
        stays_within(&place, method, (8, rows, 200));
    }
}

/// 50,000 rows of 64 in 2 MiB: all pairs of them are met.
#[cfg(target_os = "linux")]
#[test]
fn memory_stays_within_its_bound_over_all_pairs() {
    let (place, rows) = (Place::new(), 50_000);
    place.put("large.npy", &values(rows, 64));
    for method in [
        &["probcover", "--delta=0.3"][..],
        &["gram-schmidt", "--greedy"],
    ] {
        stays_within(&place, method, (2, rows, 200));
    }
}

/// 20,000 rows of 1024, all in one class or cluster, in 1 MiB.
#[cfg(target_os = "linux")]
#[test]
fn memory_stays_within_its_bound_in_one_class() {
    let (place, rows) = (Place::new(), 20_000);
    place.put("large.npy", &values(rows, 1024));
    place.put("one.txt", "0\n".repeat(rows).as_bytes());
    for method in [
        &["sas"][..],
        &["sas", "--threshold=none"],
        &["typiclust", "--given-clusters=one.txt"],
    ] {
        stays_within(&place, method, (1, rows, 20));
    }
}

/// What a process takes besides files is so many MiB, 64 bytes a row, and 48 MiB.
#[cfg(target_os = "linux")]
fn stays_within(place: &Place, method: &[&str], (bound, rows, budget): (u64, usize, usize)) {
    let most = ((bound + 48) << 20) + 64 * rows as u64;
    let named = format!("--method={}", method[0]);
    let (memory, budget) = (format!("--memory={bound}MiB"), format!("--budget={budget}"));
    let fixed = [
        "select",
        "large.npy",
        "--device=cpu",
        &budget,
        &memory,
        &named,
    ];
    let peak = anonymous(place.command(&[&fixed[..], &method[1..]].concat()));
    println!("{method:?}: {} KiB", peak / 1024);
    assert!(0 < peak && peak <= most, "{method:?}: {peak} bytes");
}
