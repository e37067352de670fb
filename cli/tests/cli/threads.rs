//! Threads: as many as are asked for, at most one a core, for the same picks.

use crate::place::{Place, f32s, indices, matrix, npy, stderr};

#[test]
fn picks_do_not_depend_on_threads() {
    let place = Place::new();
    place.put(
        "x.npy",
        &npy("<f4", false, "(3000, 7)", &f32s(&matrix(3000, 7))),
    );
    for method in ["gram-schmidt", "sas", "typiclust", "probcover"] {
        let method = format!("--method={method}");
        let run = |more: &[&str], rayon: &str| {
            let args = ["select", "x.npy", "--device=cpu", "--budget=40", &method];
            let mut command = place.command(&[&args[..], more].concat());
            let output = command.env("RAYON_NUM_THREADS", rayon).output().unwrap();
            assert!(output.status.success(), "{}", stderr(&output));
            indices(&String::from_utf8(output.stdout).unwrap())
        };
        let one = run(&["--threads=1"], "");
        assert_eq!(one.len(), 40);
        for (more, rayon) in [
            (&["--threads=2"][..], ""),
            (&["--threads=3"], "1"),
            (&["--threads=100000"], ""),
            (&[], "1"),
            (&[], "4000"),
            (&[], "no number"),
        ] {
            assert_eq!(run(more, rayon), one, "{method} {more:?} {rayon}");
        }
    }
}

#[test]
fn no_more_threads_are_made_than_there_are_cores() {
    let place = Place::new();
    let cores = std::thread::available_parallelism().unwrap();
    let run = |more: &[&str], rayon: &str| {
        let args = [
            "select",
            "x.npy",
            "--device=cpu",
            "--budget=4",
            "--method=norm",
        ];
        let mut command = place.command(&[&args[..], more].concat());
        stderr(&command.env("RAYON_NUM_THREADS", rayon).output().unwrap())
    };
    let lowered = format!("found, lowered to {cores}, as many as there are cores\n");
    let said = run(&["--threads=4001"], "4000");
    assert!(said.contains(&format!("threads: 4001 {lowered}")), "{said}");
    let said = run(&[], "4000");
    assert!(
        said.contains(&format!("RAYON_NUM_THREADS: 4000 {lowered}")),
        "{said}"
    );
    let all = format!("--threads={cores}");
    for (more, rayon) in [(&[&*all][..], "4000"), (&[], "1"), (&[], "0"), (&[], "-1")] {
        let said = run(more, rayon);
        assert!(!said.contains("lowered"), "{said}");
    }
    assert_eq!(run(&["--quiet"], "4000"), "");
    for found in ["0", "-1", "1.5", "many", ""] {
        let option = format!("--threads={found}");
        for command in [
            &["select", "x.npy", "--method=norm", "--budget=1"][..],
            &["bench"],
        ] {
            let error = place.fails(2, &[command, &[&option]].concat());
            let expected = format!("{found:?} found, a whole number of at least 1 expected");
            assert!(error.contains(&expected), "{error}");
        }
    }
}

/// A thousand threads would each show in the system's list.
#[cfg(target_os = "linux")]
#[test]
fn the_system_sees_no_more_threads() {
    use crate::place::many_rows;
    use std::io::{BufRead as _, BufReader};
    use std::process::Stdio;
    let place = Place::new();
    let mut child = place
        .command(&many_rows(&place))
        .env("RAYON_NUM_THREADS", "1000")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Nobody reads its picks, so that it is still there.
    let mut said = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.starts_with("device: ") {
        line.clear();
        assert_ne!(said.read_line(&mut line).unwrap(), 0, "it has ended");
    }
    let tasks = std::fs::read_dir(format!("/proc/{}/task", child.id())).unwrap();
    let cores = std::thread::available_parallelism().unwrap().get();
    // One more waits for Ctrl-C.
    assert!(tasks.count() <= cores + 1);
    drop(child.stdout.take());
    child.wait().unwrap();
}
