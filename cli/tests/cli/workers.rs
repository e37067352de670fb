//! `--workers`: the same picks of any number of processes, whatever becomes of them.

use crate::place::{Place, f32s, matrix, npy, stderr};
use serde_json::Value;
use std::io::Write as _;
use std::process::{Output, Stdio};

/// Rows in two files, with a row of zeros and one that is not finite.
fn place() -> Place {
    let place = Place::new();
    let mut values = matrix(600, 8);
    for (at, value) in values.iter_mut().enumerate() {
        *value += (at as f32 * 0.37).sin();
    }
    values[40 * 8..41 * 8].fill(0.0);
    values[411 * 8] = f32::NAN;
    let (first, second) = values.split_at(250 * 8);
    place.put("part-1.npy", &npy("<f4", false, "(250, 8)", &f32s(first)));
    place.put("part-2.npy", &npy("<f4", false, "(350, 8)", &f32s(second)));
    place.put("raw.f32", &f32s(&values));
    let classes: String = (0..600).map(|row| format!("{}\n", row * 7 % 5)).collect();
    place.put("classes.txt", classes.as_bytes());
    place.put("out.txt", b"0\n1\n2\n3\n299\n300\n599\n");
    place
}

fn record(place: &Place, args: &[&str]) -> Value {
    let output = place.run(args);
    assert!(output.status.success(), "{args:?}: {}", stderr(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

const METHODS: [&[&str]; 11] = [
    &["--method=random", "--clusters=4"],
    &["--method=norm"],
    &["--method=gram-schmidt", "--labelled=out.txt"],
    &["--method=k-center"],
    &["--method=sas", "--classes=classes.txt"],
    &["--method=sas", "--classes=classes.txt", "--center"],
    &["--method=gram-schmidt", "--center"],
    &["--method=typiclust"],
    &["--method=probcover"],
    &["--method=coverage"],
    &[
        "--method=typiclust",
        "--then=gram-schmidt",
        "--oversample=2",
    ],
];

#[test]
fn picks_are_the_same_with_any_number_of_workers() {
    let place = place();
    for rows in [&["part-*.npy"][..], &["raw.f32", "--raw=f32,8"]] {
        for method in METHODS {
            let list = match method.contains(&"--labelled=out.txt") {
                true => &["--skip-invalid"][..],
                false => &["--skip-invalid", "--exclude=out.txt"],
            };
            let budget = ["--budget=15", "--json", "--quiet", "--device=cpu"];
            let mut args = [&["select"], rows, &budget, method, list].concat();
            if rows.len() == 1 {
                // Without a shell nobody spells the pattern out.
                args.splice(1..2, ["part-1.npy", "part-2.npy"]);
            }
            let want = record(&place, &args);
            for (workers, count) in [("--workers=1", 1), ("--workers=2", 2), ("--workers=4", 4)] {
                let found = record(&place, &[&args[..], &[workers]].concat());
                for key in [
                    "picks",
                    "scores",
                    "restarts",
                    "options",
                    "precision",
                    "skipped",
                    "device",
                ] {
                    assert_eq!(found[key], want[key], "{args:?} {workers} {key}");
                }
                assert_eq!(found["workers"]["count"], count, "{args:?}");
                assert!(found["workers"]["rounds"].as_u64() > Some(0), "{args:?}");
                assert!(want["workers"].is_null());
            }
        }
    }
}

/// What is wrong with rows is told by the worker that has them, and where they are.
#[test]
fn what_a_worker_finds_is_told() {
    let place = place();
    let args = [
        "select",
        "part-1.npy",
        "part-2.npy",
        "--budget=5",
        "--device=cpu",
    ];
    let workers = ["--workers=3", "--method=norm"];
    let said = place.fails(1, &[&args[..], &workers].concat());
    let expected =
        "error: worker 2 (rows 400 to 599): part-2.npy: features: NaN found at row 161, column 0";
    assert!(said.contains(expected), "{said}");
    let said = place.fails(2, &[&args[..], &workers, &["--plan"]].concat());
    assert!(said.contains("cannot be used with"), "{said}");
    let said = place.fails(2, &["select", "-", "--budget=5", "--workers=2"]);
    assert!(
        said.contains("standard input (-) found, files expected"),
        "{said}"
    );
    let said = place.fails(2, &[&args[..], &["--workers=0"]].concat());
    assert!(said.contains("--workers"), "{said}");
}

/// What one run has kept another goes on from, with workers or without.
#[test]
fn checkpoints_go_on_with_any_number_of_workers() {
    let place = place();
    let args = [
        "select",
        "raw.f32",
        "--raw=f32,8",
        "--skip-invalid",
        "--method=coverage",
        "--budget=20",
        "--device=cpu",
        "--json",
        "--quiet",
    ];
    let want = record(&place, &args);
    let ways: [&[&str]; 3] = [&[], &["--workers=2"], &["--workers=3"]];
    for (at, way) in ways.iter().enumerate() {
        let kept = format!("kept-{at}");
        let keep = format!("--checkpoint={kept}");
        record(&place, &[&args[..], way, &[&keep]].concat());
        for other in ways {
            let resume = format!("--resume={kept}");
            let found = record(&place, &[&args[..], other, &[&resume]].concat());
            assert_eq!(found["picks"], want["picks"], "{way:?} {other:?}");
        }
    }
}

/// A worker refuses what no driver of this version says, and ends with its driver.
#[test]
fn a_worker_answers_its_driver_alone() {
    let place = Place::new();
    let heard = |message: &[u8]| -> Output {
        let mut command = place.command(&["worker"]);
        let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = piped.stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(message).unwrap();
        child.wait_with_output().unwrap()
    };
    let framed = |message: &[u8]| [&(message.len() as u64).to_le_bytes(), message].concat();
    let nothing = heard(b"");
    assert!(nothing.status.success() && nothing.stdout.is_empty());
    for spoilt in [
        &b"GET / HTTP/1.1\r\n\r\n"[..],
        &[0xff; 64],
        &[3, 0, 0, 0, 0, 0, 0, 0, 1],
    ] {
        let output = heard(spoilt);
        assert!(
            output.status.success() && output.stdout.is_empty(),
            "{output:?}"
        );
    }
    for message in [&b"hello"[..], &[9; 40]] {
        let output = heard(&framed(message));
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{output:?}");
        assert!(said.contains("says nothing to load"), "{said}");
    }
    let mut other = vec![0, 5];
    other.extend(b"9.9.9");
    other.extend([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    let said = String::from_utf8_lossy(&heard(&framed(&other)).stdout).into_owned();
    assert!(said.contains("a driver of coresift 9.9.9 found"), "{said}");
}

/// Workers that are killed one after the other, while rows are selected: each is replaced, and the picks are the
/// same.
#[cfg(target_os = "linux")]
#[test]
fn a_killed_worker_is_replaced() {
    use std::process::Command;
    let place = Place::new();
    let values: Vec<f32> = (0..20_000 * 24)
        .map(|at| (at as f32 * 0.61).sin() + (at % 24) as f32 * 0.01)
        .collect();
    place.put("x.npy", &npy("<f4", false, "(20000, 24)", &f32s(&values)));
    let args = [
        "select",
        "x.npy",
        "--method=coverage",
        "--budget=60",
        "--device=cpu",
        "--json",
        "--quiet",
    ];
    let want = record(&place, &args);
    let mut command = place.command(&[&args[..], &["--workers=2"]].concat());
    let child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut killed = 0;
    while killed < 5 {
        std::thread::sleep(std::time::Duration::from_millis(150));
        let path = format!("/proc/{0}/task/{0}/children", child.id());
        let Ok(children) = std::fs::read_to_string(path) else {
            break;
        };
        let children: Vec<&str> = children.split_whitespace().collect();
        let Some(one) = children.get(killed % children.len().max(1)) else {
            break;
        };
        killed += usize::from(
            Command::new("kill")
                .args(["-9", one])
                .status()
                .unwrap()
                .success(),
        );
    }
    let output = child.wait_with_output().unwrap();
    assert!(
        output.status.success(),
        "{killed} killed: {}",
        stderr(&output)
    );
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found["picks"], want["picks"]);
    assert!(killed > 0);
}
