//! What the system does to a run: full disks, too little memory, signals.

use crate::place::{Place, RANDOM, indices, many_rows, npy, stderr};
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Command, Output, Stdio};

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
    let expected = "error: x.npy: features: 8796093022208 bytes needed, ";
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

/// Starts a run, waits until it is under way, sends a signal; gives how it ended.
///
/// Nobody reads stdout before that, so that the run cannot end by itself once its pipe is full.
fn interrupted(place: &Place, prelude: &str, signal: &str) -> Option<i32> {
    let script = format!("{prelude}\nexec \"$0\" \"$@\"");
    let mut child = Command::new("sh")
        .args(["-c", &script, env!("CARGO_BIN_EXE_coresift")])
        .args(many_rows(place))
        .current_dir(place.0.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut device = String::new();
    BufReader::new(child.stderr.take().unwrap())
        .read_line(&mut device)
        .unwrap();
    assert_eq!(device, "device: cpu\n");
    let kill = Command::new("kill")
        .args([signal, &child.id().to_string()])
        .status()
        .unwrap();
    assert!(kill.success());
    std::thread::sleep(std::time::Duration::from_millis(200));
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

#[test]
fn a_run_under_nohup_outlives_its_terminal() {
    let place = Place::new();
    assert_eq!(interrupted(&place, "trap '' HUP", "-HUP"), Some(0));
}
