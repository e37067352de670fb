//! `--checkpoint` and `--resume`: a run that is killed and taken up again, and checkpoints of others.

use crate::place::{Place, f32s, npy, stderr};
use serde_json::Value;
use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant};

/// Rows and columns of `many.npy`.
const ROWS: usize = 12_000;
const DIM: usize = 32;

fn place() -> Place {
    let place = Place::new();
    let number = |i: u32| (i.wrapping_mul(2_654_435_761) >> 8) as f32 - 8e6;
    let values: Vec<f32> = (0..(ROWS * DIM) as u32).map(number).collect();
    let shape = format!("({ROWS}, {DIM})");
    place.put("many.npy", &npy("<f4", false, &shape, &f32s(&values)));
    place
}

fn select<'a>(options: &[&'a str]) -> Vec<&'a str> {
    let args = ["select", "many.npy", "--device=cpu", "--quiet"];
    [&args, options].concat()
}

/// What must be as in an unbroken run.
fn picked(place: &Place, out: &str) -> Value {
    let mut record: Value = serde_json::from_str(&place.text(out)).unwrap();
    for of_run in ["passes", "settled", "resumed"] {
        record.as_object_mut().unwrap().remove(of_run);
    }
    record
}

/// Killed ten times, at moments that go through all of the run, it ends with the picks of an unbroken one.
#[test]
fn a_killed_run_is_gone_on_with() {
    let methods: [&[&str]; 5] = [
        &["--method=random", "--clusters=600", "--budget=20%"],
        &["--method=gram-schmidt", "--budget=3000"],
        &["--method=sas", "--storage=on-the-fly", "--budget=30%"],
        &["--method=probcover", "--delta=0.9", "--budget=400"],
        &[
            "--method=typiclust",
            "--then=gram-schmidt",
            "--greedy",
            "--budget=300",
        ],
    ];
    let place = place();
    for method in methods {
        let began = Instant::now();
        place.done(&select(&[method, &["--out=whole.json"]].concat()));
        let whole = began.elapsed();
        let kept = [method, &["--out=s.json", "--checkpoint=run.ck"]].concat();
        let (mut kills, mut resumed) = (0, 0);
        while kills < 10 || !place.path("s.json").exists() {
            let mut options = kept.clone();
            if place.path("run.ck").exists() {
                options.push("--resume=run.ck");
                resumed += 1;
            }
            let mut command = place.command(&select(&options));
            let mut run = command.stderr(Stdio::piped()).spawn().unwrap();
            if kills < 10 {
                let share = (kills as f64 * 0.618 + 0.15).fract();
                std::thread::sleep(whole.mul_f64(0.6 * share) + Duration::from_millis(5));
                run.kill().unwrap();
                kills += 1;
            }
            let ended = run.wait_with_output().unwrap();
            if ended.status.success() {
                assert_eq!(
                    picked(&place, "s.json"),
                    picked(&place, "whole.json"),
                    "{method:?}"
                );
                fs::remove_file(place.path("run.ck")).unwrap();
                if kills < 10 {
                    fs::remove_file(place.path("s.json")).unwrap();
                }
            } else {
                assert_eq!(stderr(&ended), "", "{method:?}");
                assert_eq!(ended.status.code(), None, "killed");
            }
        }
        assert!(resumed > 2, "{method:?}: {resumed}");
        fs::remove_file(place.path("s.json")).unwrap();
    }
}

/// Of a run that was stopped all is kept that it had settled.
#[cfg(unix)]
#[test]
fn a_stopped_run_is_gone_on_with() {
    let place = place();
    let method = ["--method=sas", "--storage=on-the-fly", "--budget=60%"];
    place.done(&select(&[&method[..], &["--out=whole.json"]].concat()));
    let kept = [&method[..], &["--out=s.json", "--checkpoint=run.ck"]].concat();
    let mut child = place.command(&select(&kept)).spawn().unwrap();
    while !place.path("run.ck").exists() {
        std::thread::sleep(Duration::from_millis(5));
    }
    std::thread::sleep(Duration::from_millis(100));
    let id = child.id().to_string();
    let mut kill = std::process::Command::new("kill");
    assert!(kill.args(["-INT", &id]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let on = [&kept[..], &["--resume=run.ck", "--json"]].concat();
    let record: Value = serde_json::from_str(&place.done(&select(&on))).unwrap();
    assert_eq!(record["resumed"], true);
    assert_eq!(picked(&place, "s.json"), picked(&place, "whole.json"));
    // And on another device, with other memory and threads, nothing is written.
    let before = fs::read(place.path("run.ck")).unwrap();
    let elsewhere = [
        "--resume=run.ck",
        "--out=t.json",
        "--memory=64KiB",
        "--threads=1",
    ];
    place.done(&select(&[&method[..], &elsewhere].concat()));
    assert_eq!(picked(&place, "t.json"), picked(&place, "whole.json"));
    assert_eq!(fs::read(place.path("run.ck")).unwrap(), before);
}

/// Each is refused before any work, with what differs.
#[test]
fn a_checkpoint_of_another_run_is_refused() {
    let place = Place::new();
    place.put("some.txt", b"1\n2\n");
    place.put("others.txt", b"1\n3\n");
    let mut y = fs::read(place.path("x.npy")).unwrap();
    *y.last_mut().unwrap() ^= 1;
    place.put("y.npy", &y);
    let run = "select x.npy --device=cpu --method=norm --clusters=2 --budget=3 --labelled=some.txt";

    let first = format!("{run} --checkpoint=run.ck");
    place.done(&first.split(' ').collect::<Vec<_>>());
    let cases = [
        ("--budget=3", "--budget=4", "budget 3 found, one of 4"),
        (
            "--clusters=2",
            "--clusters=3",
            "classes.clusters 2 found, one of 3",
        ),
        (
            "--budget=3",
            "--budget=3 --seed=1",
            "seed 0 found, one of 1",
        ),
        (
            "--method=norm",
            "--method=random",
            "method norm found, one of random",
        ),
        (
            "=some.txt",
            "=others.txt",
            "other labelled rows found, one of the same",
        ),
        (
            "x.npy",
            "y.npy",
            "other feature values found, one of the same",
        ),
        (" --labelled=some.txt", "", "labelled 2 found, one of 0"),
    ];
    for (from, to, problem) in cases {
        let line = format!("{run} --resume=run.ck").replace(from, to);
        let said = place.fails(1, &line.split(' ').collect::<Vec<_>>());
        let expected = format!("a run of {problem} expected");
        assert!(said.contains(&expected), "{expected}\n{said}");
    }
}

#[test]
fn what_is_no_checkpoint_is_refused() {
    let place = Place::new();
    let run = [
        "select",
        "x.npy",
        "--device=cpu",
        "--method=gram-schmidt",
        "--budget=3",
    ];
    place.done(&[&run[..], &["--checkpoint=run.ck"]].concat());
    let whole = fs::read(place.path("run.ck")).unwrap();
    let mut changed = whole.clone();
    changed[whole.len() / 2] ^= 8;
    place.put("changed.ck", &changed);
    place.put("cut.ck", &whole[..whole.len() - 9]);
    place.put(
        "later.ck",
        &[b"coresift checkpoint 2\n", &whole[22..]].concat(),
    );
    place.put("empty.ck", b"");
    fs::create_dir(place.path("folder")).unwrap();
    let damaged = "a damaged checkpoint found, a whole one expected";
    let cases = [
        ("changed.ck", damaged),
        ("cut.ck", damaged),
        (
            "later.ck",
            "a checkpoint of another version of coresift found, one of this version expected",
        ),
        ("empty.ck", "no checkpoint found, one expected"),
        ("x.npy", "no checkpoint found, one expected"),
        ("folder", "a folder found, a file expected"),
        ("none.ck", "cannot open the file"),
    ];
    for (name, problem) in cases {
        let resume = format!("--resume={name}");
        let said = place.fails(1, &[&run[..], &[&resume]].concat());
        assert!(
            said.contains(&format!("error: {name}: resume: {problem}")),
            "{said}"
        );
    }
}

/// Nothing that is there is written over.
#[test]
fn what_is_there_is_kept() {
    let place = Place::new();
    let run = [
        "select",
        "x.npy",
        "--device=cpu",
        "--method=norm",
        "--budget=3",
    ];
    place.put("old.txt", b"of old");
    place.done(&[&run[..], &["--checkpoint=run.ck"]].concat());
    let cases: [(&[&str], &str); 5] = [
        (
            &["--checkpoint=run.ck"],
            "run.ck: checkpoint: a file that is there already found",
        ),
        (
            &["--checkpoint=old.txt"],
            "old.txt: checkpoint: a file that is there already found",
        ),
        (
            &["--checkpoint=x.npy"],
            "x.npy: checkpoint: a file that is there already found",
        ),
        (
            &["--checkpoint=s.txt", "--out=s.txt"],
            "s.txt: checkpoint: the same file as",
        ),
        (&["--resume=run.ck", "--out=run.ck"], "run.ck"),
    ];
    for (options, problem) in cases {
        let output = place.run(&[&run[..], options].concat());
        assert!(!output.status.success());
        let said = stderr(&output);
        assert!(said.contains(problem), "{said}");
        assert_eq!(place.text("old.txt"), "of old");
    }
    place.done(&[&run[..], &["--checkpoint=run.ck", "--resume=run.ck"]].concat());
    place.done(&[&run[..], &["--checkpoint=next.ck", "--resume=run.ck"]].concat());
    let said = place.run(&[&run[..], &["--checkpoint=no/run.ck"]].concat());
    assert!(stderr(&said).contains("no folder"), "{}", stderr(&said));
}
