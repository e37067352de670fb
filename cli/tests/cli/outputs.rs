//! Outputs: never over an input, never over each other, and never said to be written where they are not.

use crate::place::{Place, RANDOM, indices, stderr};
use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

/// Names that lead to `input`: itself, other spellings, a hard link, symbolic links.
fn names(place: &Place, input: &str) -> Vec<String> {
    fs::create_dir(place.path("in")).unwrap();
    fs::hard_link(place.path(input), place.path("hard.npy")).unwrap();
    symlink(input, place.path("soft.npy")).unwrap();
    symlink("../soft.npy", place.path("in/softer.npy")).unwrap();
    let absolute = place.path(input).display().to_string();
    let mut names = ["hard.npy", "soft.npy", "in/softer.npy"]
        .map(str::to_owned)
        .to_vec();
    names.extend([input.to_owned(), format!("in/../{input}"), absolute]);
    names
}

#[test]
fn an_output_is_no_input_whatever_its_name() {
    for (method, argument) in [
        ("norm", "features"),
        ("norm", "labelled"),
        ("sas", "classes"),
        ("sas", "few-labels"),
        ("sas", "prompts"),
        ("norm", "input-features"),
        ("typiclust", "given-clusters"),
    ] {
        let place = Place::new();
        // Refused before anything is read: what is in it does not matter.
        place.put("i.npy", b"of value");
        for out in names(&place, "i.npy") {
            let method = format!("--method={method}");
            let option = format!("--{argument}=i.npy");
            let mut args = vec!["select", "--budget=2", &method];
            if argument == "features" {
                args.push("i.npy");
            } else {
                args.extend(["x.npy", &option]);
            }
            let target = format!("--out={out}");
            args.push(&target);
            let error = place.fails(1, &args);
            let expected = format!(
                "error: {out}: out: the same file as {argument} (i.npy) found, one of its own expected"
            );
            assert!(error.contains(&expected), "{expected}\n{error}");
            assert_eq!(place.text("i.npy"), "of value");
        }
        // Where picks go when a device is lost.
        fs::remove_file(place.path("hard.npy")).unwrap();
        fs::hard_link(place.path("i.npy"), place.path("s.csv.partial")).unwrap();
        if argument == "features" {
            let args = [
                "select",
                "i.npy",
                "--budget=2",
                "--method=norm",
                "--out=s.csv",
            ];
            let error = place.fails(1, &args);
            let expected = "error: s.csv.partial: out: the same file as features (i.npy) found";
            assert!(error.contains(expected), "{error}");
        }
    }
}

#[test]
fn the_outputs_of_bench_are_no_input_and_not_the_same() {
    let place = Place::new();
    place.put("a.json", b"of value");
    for out in names(&place, "a.json") {
        let plot = format!("--plot={out}");
        let error = place.fails(1, &["bench", "--compare", "b.json", "a.json", &plot]);
        let expected = format!("error: {out}: plot: the same file as compare (a.json) found");
        assert!(error.contains(&expected), "{error}");
        let error = place.fails(1, &["bench", "--json=a.json", &plot]);
        let expected = format!("error: {out}: plot: the same file as json (a.json) found");
        assert!(error.contains(&expected), "{error}");
    }
    symlink("new.json", place.path("link.json")).unwrap();
    let error = place.fails(1, &["bench", "--json=new.json", "--plot=link.json"]);
    let expected = "error: link.json: plot: the same file as json (new.json) found";
    assert!(error.contains(expected), "{error}");
}

#[test]
fn stdout_is_no_input_and_no_other_output() {
    let place = Place::new();
    let before = fs::read(place.path("x.npy")).unwrap();
    let to = |name: &str, args: &[&str]| {
        let file = OpenOptions::new()
            .append(true)
            .create(true)
            .open(place.path(name));
        let output = place.command(args).stdout(file.unwrap()).output().unwrap();
        (output.status.code(), stderr(&output))
    };
    let (code, error) = to("x.npy", &RANDOM);
    assert_eq!(code, Some(1), "{error}");
    let expected = "error: x.npy: features: the file that stdout goes to found, another expected";
    assert!(error.contains(expected), "{error}");
    assert_eq!(fs::read(place.path("x.npy")).unwrap(), before);
    let (code, error) = to(
        "s.json",
        &[&RANDOM[..], &["--json", "--out=s.json"]].concat(),
    );
    assert_eq!(code, Some(1), "{error}");
    let expected = "error: s.json: out: the same file as stdout found, one of its own expected";
    assert!(error.contains(expected), "{error}");
    let (code, error) = to("s.txt", &RANDOM);
    assert_eq!(code, Some(0), "{error}");
    assert_eq!(indices(&place.text("s.txt")).len(), 5);
}

#[test]
fn a_link_is_followed_and_stays_one() {
    let place = Place::new();
    fs::create_dir(place.path("in")).unwrap();
    place.put("in/s.txt", b"old");
    symlink("in/s.txt", place.path("link.txt")).unwrap();
    symlink("in/new.txt", place.path("dangling.txt")).unwrap();
    let want = place.done(&RANDOM);
    for (link, target) in [("link.txt", "in/s.txt"), ("dangling.txt", "in/new.txt")] {
        let out = format!("--out={link}");
        place.done(&[&RANDOM[..], &[&out]].concat());
        assert_eq!(place.text(target), want, "{link}");
        assert_eq!(place.path(link).read_link().unwrap(), Path::new(target));
    }
    symlink("round.txt", place.path("circle.txt")).unwrap();
    symlink("circle.txt", place.path("round.txt")).unwrap();
    symlink("none/s.txt", place.path("astray.txt")).unwrap();
    for (link, message) in [
        ("circle.txt", "cannot tell where this leads\n  caused by: "),
        ("astray.txt", "no folder \"./none\" found, one expected"),
    ] {
        let out = format!("--out={link}");
        let error = place.fails(1, &[&RANDOM[..], &[&out]].concat());
        assert!(
            error.contains(&format!("error: {link}: out: {message}")),
            "{error}"
        );
    }
}

#[test]
fn what_is_no_file_is_not_written_to() {
    let place = Place::new();
    fs::create_dir(place.path("folder.txt")).unwrap();
    let made = Command::new("mkfifo").arg(place.path("pipe.txt")).status();
    assert!(made.unwrap().success());
    symlink("/dev/null", place.path("null.txt")).unwrap();
    symlink("pipe.txt", place.path("link.txt")).unwrap();
    for (name, found) in [
        ("folder.txt", "a folder"),
        ("pipe.txt", "a pipe"),
        ("link.txt", "a pipe"),
        ("null.txt", "a device"),
        ("new.txt/", "the name of a folder"),
    ] {
        let out = format!("--out={name}");
        let error = place.fails(1, &[&RANDOM[..], &[&out]].concat());
        let expected = format!("error: {name}: out: {found} found, a file expected");
        assert!(error.contains(&expected), "{error}");
        let plot = format!("--plot={name}");
        let error = place.fails(1, &["bench", "--quick", &plot]);
        let expected = format!("error: {name}: plot: {found} found, a file expected");
        assert!(error.contains(&expected), "{error}");
    }
}

const CLOSED: &str = "exec >&-";

/// What makes a stdout that nothing can be written to, in the shell's words.
const BROKEN: &[&str] = &[
    CLOSED,
    "exec 1</dev/null", // open for reading alone
    "",                 // nobody reads it
    #[cfg(target_os = "linux")]
    "exec 1>/dev/full",
];

/// Runs after these words of the shell, on a pipe that nobody reads.
fn run_with(place: &Place, prelude: &str, args: &[&str]) -> (Option<i32>, String) {
    let script = format!("{prelude}\nexec \"$0\" \"$@\"");
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = Command::new("sh");
    command.args(["-c", &script, env!("CARGO_BIN_EXE_coresift")]);
    let command = command.args(args).current_dir(place.0.path());
    let output = command.stdout(writer).output().unwrap();
    (output.status.code(), stderr(&output))
}

#[test]
fn results_that_cannot_be_printed_are_a_failure() {
    let place = Place::new();
    for stdout in BROKEN {
        for args in [
            &RANDOM[..],
            &["devices"],
            &["--help"],
            &["--version"],
            &["select", "-h"],
        ] {
            let (code, error) = run_with(&place, stdout, args);
            assert_eq!(code, Some(1), "{stdout}: {args:?}: {error}");
            let expected = "error: stdout: cannot write the results\n  caused by: ";
            assert!(error.contains(expected), "{stdout}: {error}");
            assert!(!error.contains("panicked"), "{error}");
        }
    }
}

#[test]
fn what_is_written_is_there_even_if_printing_fails() {
    let place = Place::new();
    let record = place.done(&[&RANDOM[..], &["--json"]].concat());
    for stdout in BROKEN {
        let args = [&RANDOM[..], &["--json", "--out=s.json"]].concat();
        let (code, error) = run_with(&place, stdout, &args);
        assert_eq!(code, Some(1), "{stdout}: {error}");
        assert!(error.contains("error: stdout: "), "{stdout}: {error}");
        assert_eq!(place.text("s.json"), record, "{stdout}");
        fs::remove_file(place.path("s.json")).unwrap();
        // Nothing is to be printed: nothing failed.
        let args = [&RANDOM[..], &["--out=s.json"]].concat();
        let (code, error) = run_with(&place, stdout, &args);
        assert_eq!(code, Some(0), "{stdout}: {error}");
        assert_eq!(place.text("s.json"), record, "{stdout}");
        fs::remove_file(place.path("s.json")).unwrap();
    }
}

/// A stdout that is closed is refused before any work; one that swallows on purpose is not.
#[test]
fn a_closed_stdout_is_told_from_dev_null() {
    let place = Place::new();
    let missing = ["select", "none.npy", "--method=random", "--budget=1"];
    let (code, error) = run_with(&place, CLOSED, &missing);
    assert_eq!(code, Some(1));
    assert!(error.starts_with("error: stdout: cannot write"), "{error}");
    for (read, write) in [(false, true), (true, true)] {
        let null = OpenOptions::new().read(read).write(write).open("/dev/null");
        let output = place.command(&RANDOM).stdout(null.unwrap()).output();
        let output = output.unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    }
    // Notes have nowhere to go, picks have.
    let (code, _) = run_with(&place, "exec 2>&- >/dev/null", &RANDOM);
    assert_eq!(code, Some(0));
}

/// Both are said where neither the file nor stdout takes the picks.
#[test]
fn two_failures_are_both_told() {
    let place = Place::new();
    let (_, error) = run_with(
        &place,
        "trap '' XFSZ; ulimit -f 0; exec >&-",
        &[&RANDOM[..], &["--out=s.txt"]].concat(),
    );
    assert!(error.contains("error: stdout: cannot write"), "{error}");
    assert!(
        error.contains("error: s.txt: out: cannot write the file\n"),
        "{error}"
    );
    assert!(File::open(place.path("s.txt")).is_err());
}
