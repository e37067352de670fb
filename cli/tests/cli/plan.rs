//! What `plan` says, and what it does not touch.

use crate::place::{Place, f32s, npy, stderr};
use serde_json::Value;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::Instant;

/// A plan of `x.npy` or of what else is named first, by a calibration that all these tests share.
fn command(place: &Place, args: &[&str]) -> Command {
    let shared = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("cache");
    let mut command = place.command(&[&["plan"], args].concat());
    command.env("XDG_CACHE_HOME", shared);
    command
}

fn run(place: &Place, args: &[&str]) -> Output {
    command(place, args).output().unwrap()
}

fn told(place: &Place, args: &[&str]) -> Value {
    let output = run(place, &[args, &["--json", "--device=cpu"]].concat());
    assert!(output.status.success(), "{args:?}: {}", stderr(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

const NORM: [&str; 4] = ["x.npy", "--method=norm", "--budget=5", "--device=cpu"];

#[test]
fn a_plan_has_all_that_it_promises() {
    let place = Place::new();
    let plan = told(&place, &NORM[..3]);
    let spans = ["passes", "bytes_read", "multiply_adds", "seconds"];
    for key in spans {
        let span = ["least", "likely", "most"].map(|of| plan[key][of].as_f64().unwrap());
        assert!(span[0] <= span[1] && span[1] <= span[2], "{key}");
    }
    assert_eq!(plan["method"], "norm");
    assert_eq!((&plan["rows"], &plan["dim"]), (&12.into(), &3.into()));
    assert_eq!(plan["bytes"], 144);
    assert_eq!(plan["held"], true);
    assert_eq!(plan["depends_on_values"], false);
    assert_eq!(plan["bytes_read"]["likely"], 144.0);
    assert_eq!(plan["passes"]["likely"], 1.0);
    let output = run(&place, &NORM);
    let text = String::from_utf8(output.stdout).unwrap();
    for line in [
        "plan: norm, 5 picks of 12 rows x 3\n",
        "\nmemory: ",
        "\ntime: ",
        "\nassumed: ",
    ] {
        assert!(text.contains(line), "{text}");
    }
}

/// Rows that are left out are no part of it.
#[test]
fn lists_count() {
    let place = Place::new();
    place.put("out.txt", b"0\n3\n3\n");
    let plan = told(
        &place,
        &[
            "x.npy",
            "--method=norm",
            "--budget=50%",
            "--exclude=out.txt",
        ],
    );
    assert_eq!((&plan["rows"], &plan["budget"]), (&10.into(), &5.into()));
    place.put("classes.txt", b"0\n1\n2\n0\n1\n2\n0\n1\n2\n0\n1\n2\n");
    let sas = [
        "x.npy",
        "--method=sas",
        "--budget=5",
        "--classes=classes.txt",
    ];
    let plan = told(&place, &sas);
    assert_eq!(plan["storage"][0]["classes"], 3);
    assert_eq!(plan["storage"][0]["storage"], "dense");
}

/// A header is enough: what follows may be missing, or no numbers.
#[test]
fn rows_are_not_read() {
    let place = Place::new();
    let values = vec![f32::NAN; 40];
    place.put("nan.npy", &npy("<f4", false, "(10, 4)", &f32s(&values)));
    let plan = told(&place, &["nan.npy", "--method=gram-schmidt", "--budget=3"]);
    assert_eq!(plan["depends_on_values"], true);
    // 40 GB, of which the disk has none.
    let file = std::fs::File::create(place.path("hole.bin")).unwrap();
    file.set_len(40_000_000_000).unwrap();
    drop(file);
    let hole = [
        "hole.bin",
        "--raw=f32,1000",
        "--method=norm",
        "--budget=9",
        "--memory=1GiB",
    ];
    told(&place, &hole);
    let began = Instant::now();
    let plan = told(&place, &hole);
    assert!(began.elapsed().as_secs_f64() < 1.0, "{:?}", began.elapsed());
    assert_eq!(plan["held"], false);
    assert!(plan["with_more_memory"].is_object() || plan["with_more_memory"].is_null());
    assert!(plan["seconds"]["likely"].as_f64() > Some(0.5));
}

/// What each of several workers has, whether it holds that, and how many would hold all: by the memory of all, shared.
#[test]
fn workers_are_told_what_they_hold() {
    let place = Place::new();
    let rows: Vec<u8> = (0..1000u32 * 64).map(|at| (at % 251) as u8).collect();
    place.put("x.npy", &npy("|u1", false, "(1000, 64)", &rows));
    let told = |options: &[&str]| {
        let plan = ["x.npy", "--method=norm", "--budget=9"];
        told(&place, &[&plan, options].concat())["workers"].clone()
    };
    assert!(told(&[]).is_null());
    let enough = told(&["--workers=3", "--memory=300KiB"]);
    assert_eq!(enough["count"], 3);
    assert_eq!(enough["rows"], 334);
    assert_eq!(enough["bytes"], 334 * 256);
    assert_eq!(enough["memory"], 102_400);
    assert_eq!(
        (&enough["held"], &enough["enough"]),
        (&true.into(), &3.into())
    );
    // Each holds 128 rows; eight of them would hold all.
    let little = told(&["--workers=4", "--memory=128KiB"]);
    assert_eq!(
        (&little["held"], &little["enough"]),
        (&false.into(), &8.into())
    );
    // No more of them than rows.
    assert_eq!(told(&["--workers=4000"])["count"], 1000);
}

#[test]
fn what_select_refuses_is_refused() {
    let place = Place::new();
    place.put("many.txt", b"40\n");
    for (code, more) in [
        (2, &["--method=norm", "--budget=5", "--greedy"][..]),
        (2, &["--method=sas", "--budget=5", "--views=5"]),
        (1, &["--method=norm", "--budget=13"]),
        (1, &["--method=norm", "--budget=5", "--labelled=many.txt"]),
        (1, &["--method=norm", "--budget=5", "--exclude=many.txt"]),
        (1, &["--method=sas", "--budget=5", "--classes=many.txt"]),
    ] {
        let args = [&["x.npy", "--device=cpu"], more].concat();
        let want = place.fails(code, &[&["select"], &args[..]].concat());
        let output = run(&place, &args);
        assert_eq!(output.status.code(), Some(code), "{more:?}");
        let last = |said: &str| said.lines().last().map(str::to_owned);
        assert_eq!(last(&stderr(&output)), last(&want), "{more:?}");
    }
    let output = run(
        &place,
        &["-", "--method=norm", "--budget=5", "--device=cpu"],
    );
    let expected = "features: standard input (-) found, a file expected (a plan reads no rows)";
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains(expected), "{}", stderr(&output));
}

/// What was measured is kept, and measured anew where it is damaged; where it cannot be kept, that is said.
#[test]
fn calibrations_are_kept() {
    let place = Place::new();
    let cache = place.path("cache");
    let run = |cache: &std::path::Path| {
        let output = command(&place, &NORM).env("XDG_CACHE_HOME", cache).output();
        let output = output.unwrap();
        assert!(output.status.success(), "{}", stderr(&output));
        stderr(&output).contains("calibrating: cpu")
    };
    let both = [(), ()].map(|()| {
        let mut command = command(&place, &NORM);
        let quiet = command.stdout(Stdio::null()).stderr(Stdio::null());
        quiet.env("XDG_CACHE_HOME", &cache).spawn().unwrap()
    });
    for mut one in both {
        assert!(one.wait().unwrap().success());
    }
    assert!(!run(&cache));
    let kept = std::fs::read_dir(cache.join("coresift")).unwrap();
    let kept: Vec<_> = kept.map(|entry| entry.unwrap().path()).collect();
    assert_eq!(kept.len(), 1, "{kept:?}");
    std::fs::write(&kept[0], b"{\"device\": 3}").unwrap();
    assert!(run(&cache) && !run(&cache));
    place.put("taken", b"");
    let output = command(&place, &NORM)
        .env("XDG_CACHE_HOME", place.path("taken"))
        .output();
    let output = output.unwrap();
    assert!(output.status.success());
    let said = stderr(&output);
    assert!(said.contains("cannot keep what was measured"), "{said}");
}

/// `select --plan` says the same first, and picks the same.
#[test]
fn a_selection_tells_its_plan_first() {
    let place = Place::new();
    let plan = String::from_utf8(run(&place, &NORM).stdout).unwrap();
    let select = |more: &[&str]| {
        let args = [&["select"], &NORM[..], more].concat();
        let shared = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("cache");
        let output = place
            .command(&args)
            .env("XDG_CACHE_HOME", shared)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", stderr(&output));
        (output.stdout.clone(), stderr(&output))
    };
    let ((picks, _), (with_plan, said)) = (select(&[]), select(&["--plan"]));
    assert_eq!(picks, with_plan);
    // The time and the memory that there is change from one moment to the next.
    for line in plan
        .lines()
        .filter(|line| line.starts_with("pl") || line.starts_with("pass"))
    {
        assert!(said.contains(line), "{said}");
    }
    assert!(said.find("plan: ") < said.find("1 pass"), "{said}");
}

/// The peak of a process's memory is said within a tenth, for every method.
#[cfg(target_os = "linux")]
#[test]
fn memory_is_said_within_a_tenth() {
    const ROWS: usize = 40_000;
    const DIM: usize = 640;
    let place = Place::new();
    let value = |at: usize| {
        let mixed = (at as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let noise = (mixed >> 40) as f32 / (1 << 24) as f32;
        noise
            + if at / DIM % 40 == at % DIM % 40 {
                1.5
            } else {
                0.0
            }
    };
    let values: Vec<f32> = (0..ROWS * DIM).map(value).collect();
    let shape = format!("({ROWS}, {DIM})");
    place.put("large.npy", &npy("<f4", false, &shape, &f32s(&values)));
    drop(values);
    let classes: String = (0..ROWS).map(|row| format!("{}\n", row % 10)).collect();
    place.put("classes.txt", classes.as_bytes());
    for method in [
        &["random"][..],
        &["norm"],
        &["max-norm"],
        &["gram-schmidt"],
        &["gram-schmidt", "--greedy"],
        &["gram-schmidt", "--ridge=1"],
        &["log-det"],
        &["sas", "--classes=classes.txt"],
        &[
            "sas",
            "--classes=classes.txt",
            "--storage=on-the-fly",
            "--refine=none",
        ],
        &["typiclust", "--max-sweeps=2"],
        &["probcover", "--delta=0.4"],
        &["k-center"],
        &["k-center", "--metric=cosine"],
        &["coverage"],
        &["facility-location", "--storage=on-the-fly"],
        &["herding"],
        &["k-center", "--classes=classes.txt"],
        &["norm", "--weights-out=w.txt"],
        &["random", "--clusters=20", "--max-sweeps=3"],
        &["norm", "--then=gram-schmidt"],
    ] {
        let method_is = format!("--method={}", method[0]);
        let args = [&["large.npy", "--budget=200", &*method_is], &method[1..]].concat();
        let said = told(&place, &args)["host_bytes"].as_f64().unwrap();
        let args = [&["select", "--device=cpu"], &args[..]].concat();
        let peak = crate::place::anonymous(place.command(&args)) as f64;
        println!(
            "{method:?}: {:.1} MB said, {:.1} taken",
            said / 1e6,
            peak / 1e6
        );
        assert!((0.9..1.1).contains(&(said / peak)), "{method:?}");
    }
}
