//! What the system does to a run: full disks, too little memory, signals.

use crate::place::{Place, RANDOM, f32s, indices, many_rows, matrix, npy, stderr};
use serde_json::Value;
use std::fs;
use std::io::Read;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

fn shell(place: &Place, prelude: &str, args: &[&str]) -> Output {
    let script = format!("{prelude}\nexec \"$0\" \"$@\"");
    let mut command = Command::new("sh");
    command
        .args(["-c", &script, env!("CARGO_BIN_EXE_coresift")])
        .args(args);
    command.current_dir(place.0.path()).output().unwrap()
}

#[test]
fn a_full_disk_loses_nothing() {
    let place = Place::new();
    let full = "trap '' XFSZ; ulimit -f 0";
    for (name, first) in [
        ("s.txt", None),
        ("s.npy", None),
        ("s.csv", Some("index,score")),
    ] {
        let out = format!("--out={name}");
        let output = shell(&place, full, &[&RANDOM[..], &[&out]].concat());
        assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
        let expected =
            format!("error: {name}: out: cannot write the file, so stdout has it\n  caused by: ");
        assert!(stderr(&output).contains(&expected), "{}", stderr(&output));
        assert_eq!(place.files(), [place.path("x.npy")]);
        let printed = String::from_utf8(output.stdout).unwrap();
        match first {
            Some(title) => assert_eq!(printed.lines().next(), Some(title)),
            None => assert_eq!(indices(&printed), indices(&place.done(&RANDOM))),
        }
    }
}

/// There is room for 100 picks, and none for their weights.
#[test]
fn a_full_disk_loses_no_weights() {
    let place = Place::new();
    let values = f32s(&matrix(1000, 3));
    place.put("x.npy", &npy("<f4", false, "(1000, 3)", &values));
    let full = "trap '' XFSZ; ulimit -f 1";
    let args = [&RANDOM[..4], &["--budget=100", "--weights-out=w.csv"]].concat();
    let both = shell(&place, full, &[&args[..], &["--out=s.txt"]].concat());
    assert_eq!(both.status.code(), Some(1), "{}", stderr(&both));
    let expected = "error: w.csv: weights-out: cannot write the file, so stdout has it\n";
    assert!(stderr(&both).contains(expected), "{}", stderr(&both));
    let picks = indices(&place.text("s.txt"));
    let printed = String::from_utf8(both.stdout).unwrap();
    let mut weights = printed.lines();
    assert_eq!(weights.next(), Some("index,weight"));
    let rows = weights.map(|line| line.split(',').next().unwrap().parse().unwrap());
    assert_eq!(rows.collect::<Vec<usize>>(), picks);
    // Where stdout has something else the record has them.
    let record = shell(&place, full, &[&args[..], &["--json"]].concat());
    assert_eq!(record.status.code(), Some(1));
    let expected = "error: w.csv: weights-out: cannot write the file\n";
    assert!(stderr(&record).contains(expected), "{}", stderr(&record));
    let record: Value = serde_json::from_slice(&record.stdout).unwrap();
    assert_eq!(record["weights"].as_array().unwrap().len(), 100);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_stdout_is_a_failure() {
    let place = Place::new();
    let full = fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let output = place.command(&RANDOM).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let error = stderr(&output);
    assert!(
        error.contains("error: stdout: cannot write the results\n  caused by: "),
        "{error}"
    );
}

/// The file is as long as its header says, and all hole.
#[cfg(target_os = "linux")]
#[test]
fn features_beyond_memory_are_refused() {
    let place = Place::new();
    let header = npy("<f4", false, "(2199023255552, 1)", b"");
    place.put("x.npy", &header);
    let file = fs::OpenOptions::new()
        .write(true)
        .open(place.path("x.npy"))
        .unwrap();
    if file.set_len(header.len() as u64 + (8 << 40)).is_err() {
        eprintln!("SKIPPED: no file of 8 TiB can be made here");
        return;
    }
    let error = place.fails(1, &RANDOM);
    let expected = "error: x.npy: features (what is kept of each row beside its values): 140737488355328 bytes needed, ";
    assert!(error.contains(expected), "{error}");
}

/// Whatever is read: a pipe that nobody writes to is refused and not waited for, nor is any device.
#[test]
fn what_is_no_file_is_refused_at_once() {
    let place = Place::new();
    for name in ["p.npy", "p.txt", "p.csv", "p.json"] {
        let made = Command::new("mkfifo").arg(place.path(name)).status();
        assert!(made.unwrap().success());
    }
    let _socket = std::os::unix::net::UnixListener::bind(place.path("s.npy")).unwrap();
    std::os::unix::fs::symlink("/dev/zero", place.path("d.npy")).unwrap();
    fs::create_dir(place.path("f.csv")).unwrap();
    let select = |features: &'static str, more: &[&'static str]| {
        [&["select", features, "--device=cpu", "--budget=1"], more].concat()
    };
    for (args, expected) in [
        (
            select("p.npy", &["--method=norm"]),
            "p.npy: features: a pipe found, a file expected",
        ),
        (
            select("s.npy", &["--method=norm"]),
            "s.npy: features: a socket found, a file expected",
        ),
        (
            select("d.npy", &["--method=norm"]),
            "d.npy: features: a device found, a file expected",
        ),
        (
            select("x.npy", &["--method=norm", "--labelled=p.txt"]),
            "p.txt: labelled: a pipe found",
        ),
        (
            select("x.npy", &["--method=norm", "--labelled=p.npy"]),
            "p.npy: labelled: a pipe found",
        ),
        (
            select("x.npy", &["--method=norm", "--few-labels=f.csv"]),
            "f.csv: few-labels: a folder found",
        ),
        (
            select("x.npy", &["--method=norm", "--few-labels=p.csv"]),
            "p.csv: few-labels: a pipe found",
        ),
        (
            select("x.npy", &["--method=norm", "--input-features=p.npy"]),
            "p.npy: input-features: a pipe found",
        ),
        (
            select("x.npy", &["--method=sas", "--classes=p.json"]),
            "p.json: classes: a pipe found",
        ),
        (
            select("x.npy", &["--method=sas", "--prompts=p.npy"]),
            "p.npy: prompts: a pipe found",
        ),
        (
            select("x.npy", &["--method=typiclust", "--given-clusters=p.json"]),
            "p.json: given-clusters: a pipe found",
        ),
        (
            vec!["bench", "--compare", "p.json"],
            "p.json: a pipe found, a report of schema",
        ),
        (
            vec!["bench", "--compare", "f.csv"],
            "f.csv: a folder found, a report of schema",
        ),
    ] {
        let error = place.fails(1, &args);
        assert!(
            error.contains(&format!("error: {expected}")),
            "{expected}\n{error}"
        );
    }
}

/// Starts a run, and waits until its device is open.
fn started(place: &Place, prelude: &str, args: &[&str]) -> Child {
    let script = format!("{prelude}\nexec \"$0\" \"$@\"");
    let mut child = Command::new("sh")
        .args(["-c", &script, env!("CARGO_BIN_EXE_coresift")])
        .args(args)
        .current_dir(place.0.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let stderr = child.stderr.as_mut().unwrap();
    let device = line(stderr);
    assert_eq!(device, "device: cpu");
    child
}

/// A line, and no more.
fn line(from: &mut impl Read) -> String {
    let (mut line, mut byte) = (Vec::new(), [0]);
    while from.read_exact(&mut byte).is_ok() && byte != *b"\n" {
        line.extend(byte);
    }
    String::from_utf8(line).unwrap()
}

fn send(child: &Child, signal: &str) {
    let kill = Command::new("kill")
        .args([signal, &child.id().to_string()])
        .status()
        .unwrap();
    assert!(kill.success());
}

/// Starts a run, waits until it is under way, sends a signal; gives how it ended.
///
/// Nobody reads stdout before that, so that the run cannot end by itself once its pipe is full.
fn interrupted(place: &Place, prelude: &str, signal: &str) -> Option<i32> {
    let mut child = started(place, prelude, &many_rows(place));
    send(&child, signal);
    std::thread::sleep(Duration::from_millis(200));
    let mut picks = Vec::new();
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_to_end(&mut picks).unwrap();
    child.wait().unwrap().code()
}

#[test]
fn ctrl_c_ends_cleanly() {
    let place = Place::new();
    assert_eq!(interrupted(&place, "", "-INT"), Some(130));
    assert_eq!(place.files(), [place.path("x.npy")]);
}

/// Twenty thousand rows, from which the options are to pick for seconds; ends that some time after the
/// device is open. Gives what was said last.
fn cut_short(place: &Place, after: Duration, out: &str, options: &[&str]) -> String {
    let number = |i: u32| (i.wrapping_mul(2_654_435_761) >> 8) as f32 - 8e6;
    let values: Vec<f32> = (0..20_000 * 16).map(number).collect();
    place.put("x.npy", &npy("<f4", false, "(20000, 16)", &f32s(&values)));
    let args = [options, &["--budget=50%", "--out", out]].concat();
    let child = started(place, "", &args);
    std::thread::sleep(after);
    send(&child, "-INT");
    let began = Instant::now();
    let output = child.wait_with_output().unwrap();
    let took = began.elapsed();
    assert!(took < Duration::from_millis(200), "{out}: {took:?}");
    assert_eq!(output.status.code(), Some(130), "{out}");
    assert!(output.stdout.is_empty(), "{out}");
    stderr(&output).lines().last().unwrap().to_owned()
}

/// Picks made before Ctrl-C are in the file, the first of all, and marked.
#[test]
fn ctrl_c_leaves_the_picks_made() {
    let (place, second) = (Place::new(), Duration::from_secs(1));
    let slow = [
        "select",
        "x.npy",
        "--device=cpu",
        "--method=gram-schmidt",
        "--norm=l1",
    ];
    for out in ["s.json", "s.csv"] {
        let said = cut_short(&place, second, out, &slow);
        let picks: Vec<usize> = if out == "s.json" {
            let record: Value = serde_json::from_str(&place.text(out)).unwrap();
            assert_eq!(record["partial"], true);
            serde_json::from_value(record["picks"].clone()).unwrap()
        } else {
            let index = |line: &str| line.split(',').next().unwrap().parse().unwrap();
            place.text(out).lines().skip(1).map(index).collect()
        };
        let count = picks.len().to_string();
        assert!((1..5000).contains(&picks.len()), "{count} picks");
        assert_eq!(
            said,
            format!("interrupted: {count} picks made, written to {out}")
        );
        let whole = [&slow[..], &["--budget", &count, "--json"]].concat();
        let record: Value = serde_json::from_str(&place.done(&whole)).unwrap();
        assert_eq!(record["partial"], false);
        assert_eq!(record["picks"], serde_json::json!(picks));
    }
    assert_eq!(place.files().len(), 3);
}

/// Picks that are not all made have no weights yet.
#[test]
fn ctrl_c_writes_no_weights() {
    let place = Place::new();
    let slow = [
        "select",
        "x.npy",
        "--device=cpu",
        "--method=gram-schmidt",
        "--norm=l1",
        "--weights-out=w.txt",
    ];
    let said = cut_short(&place, Duration::from_secs(1), "s.csv", &slow);
    assert!(said.ends_with("picks made, written to s.csv"), "{said}");
    assert_eq!(place.text("s.csv").lines().next(), Some("index,score"));
    assert_eq!(place.files(), [place.path("s.csv"), place.path("x.npy")]);
}

/// Where no pick was made the file that was there stays, whether rows are read or selected.
#[test]
fn ctrl_c_without_picks_leaves_what_was_there() {
    let place = Place::new();
    place.put("s.txt", b"of old");
    let slow = [
        "select",
        "x.npy",
        "--device=cpu",
        "--method=random",
        "--clusters=3000",
    ];
    for after in [0, 2, 500] {
        let said = cut_short(&place, Duration::from_millis(after), "s.txt", &slow);
        let phases = [
            "interrupted: nothing written",
            "interrupted: 0 picks made, none written",
        ];
        assert!(phases.contains(&&*said), "{said}");
        assert_eq!(place.text("s.txt"), "of old");
    }
    assert_eq!(place.files().len(), 2);
}

/// What is found until then is nothing that could be written.
#[test]
fn ctrl_c_ends_a_look_for_duplicates() {
    let place = Place::new();
    // No two rows are near: all pairs have to be met.
    let mut state = 1u32;
    let number = |_: u32| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state as i32 as f32
    };
    let values: Vec<f32> = (0..60_000 * 64).map(number).collect();
    place.put("x.npy", &npy("<f4", false, "(60000, 64)", &f32s(&values)));
    let args = ["duplicates", "x.npy", "--device=cpu", "--threshold=0.9"];
    for give in ["kept", "groups", "pairs"] {
        let more = ["--give", give, "--out=d.txt"];
        let child = started(&place, "", &[&args[..], &more].concat());
        std::thread::sleep(Duration::from_millis(300));
        send(&child, "-INT");
        let began = Instant::now();
        let output = child.wait_with_output().unwrap();
        assert!(began.elapsed() < Duration::from_millis(200), "{give}");
        assert_eq!(output.status.code(), Some(130), "{give}");
        let said = stderr(&output);
        assert_eq!(said.lines().last(), Some("interrupted: nothing written"));
        assert_eq!(place.files(), [place.path("x.npy")]);
    }
}

#[test]
fn a_run_under_nohup_outlives_its_terminal() {
    let place = Place::new();
    assert_eq!(interrupted(&place, "trap '' HUP", "-HUP"), Some(0));
}
