//! Where the binary runs, and files written by hand for it.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};
use tempfile::TempDir;

/// The usual options; a test appends its own, and the last of a repeated one is not allowed.
pub(crate) const RANDOM: [&str; 5] = [
    "select",
    "x.npy",
    "--device=cpu",
    "--method=random",
    "--budget=5",
];

/// Rows and columns of `x.npy`.
pub(crate) const SHAPE: (usize, usize) = (12, 3);

/// A folder with a good `x.npy` in it, where commands run.
pub(crate) struct Place(pub(crate) TempDir);

impl Place {
    pub(crate) fn new() -> Self {
        let place = Self(TempDir::new().unwrap());
        place.put(
            "x.npy",
            &npy("<f4", false, "(12, 3)", &f32s(&matrix(12, 3))),
        );
        place
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn put(&self, name: &str, bytes: &[u8]) {
        fs::write(self.path(name), bytes).unwrap();
    }

    pub(crate) fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_coresift"));
        command.args(args).current_dir(self.0.path());
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    /// Stdout of a run that must succeed.
    pub(crate) fn done(&self, args: &[&str]) -> String {
        let output = self.run(args);
        assert_eq!(
            output.status.code(),
            Some(0),
            "{args:?}: {}",
            stderr(&output)
        );
        String::from_utf8(output.stdout).unwrap()
    }

    /// Stderr of a run that must fail with `code`, print nothing and leave no file.
    pub(crate) fn fails(&self, code: i32, args: &[&str]) -> String {
        let before = self.files();
        let output = self.run(args);
        assert_eq!(
            output.status.code(),
            Some(code),
            "{args:?}: {}",
            stderr(&output)
        );
        assert_eq!(String::from_utf8_lossy(&output.stdout), "", "{args:?}");
        assert_eq!(self.files(), before, "{args:?}");
        stderr(&output)
    }

    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let mut files: Vec<_> = fs::read_dir(self.0.path())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        files.sort();
        files
    }
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A `.npy` file, written by hand.
pub(crate) fn npy(descr: &str, fortran: bool, shape: &str, payload: &[u8]) -> Vec<u8> {
    let fortran = if fortran { "True" } else { "False" };
    let descr = if descr.starts_with('[') {
        descr.to_owned()
    } else {
        format!("'{descr}'")
    };
    let mut header =
        format!("{{'descr': {descr}, 'fortran_order': {fortran}, 'shape': {shape}, }}");
    while (10 + header.len() + 1) % 64 != 0 {
        header.push(' ');
    }
    header.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend(u16::try_from(header.len()).unwrap().to_le_bytes());
    bytes.extend(header.bytes());
    bytes.extend(payload);
    bytes
}

/// Integers that every type holds; no row is zero and no two are alike.
pub(crate) fn matrix(rows: usize, dim: usize) -> Vec<f32> {
    let value = |i: usize| ((i * i * 7 + i * 13) % 61) as f32 - 30.0 + (i / dim % 7) as f32;
    (0..rows * dim).map(value).collect()
}

pub(crate) fn f32s(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_le_bytes()).collect()
}

pub(crate) fn f64s(values: &[f64]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_le_bytes()).collect()
}

/// Column by column.
pub(crate) fn transposed(values: &[f32], dim: usize) -> Vec<f32> {
    let rows = values.len() / dim;
    (0..values.len())
        .map(|i| values[i % rows * dim + i / rows])
        .collect()
}

pub(crate) fn indices(text: &str) -> Vec<usize> {
    text.lines().map(|line| line.parse().unwrap()).collect()
}

/// Enough rows that their indices overfill a pipe.
pub(crate) fn many_rows(place: &Place) -> [&'static str; 5] {
    place.put(
        "x.npy",
        &npy("<f4", false, "(200000, 1)", &f32s(&vec![1.0; 200_000])),
    );
    [
        "select",
        "x.npy",
        "--device=cpu",
        "--method=random",
        "--budget=100%",
    ]
}

/// The most memory that a command takes besides files, by a look every millisecond; it must succeed.
#[cfg(target_os = "linux")]
pub(crate) fn anonymous(mut command: Command) -> u64 {
    let quiet = command
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null());
    let mut child = quiet.spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    loop {
        if let Some(code) = child.try_wait().unwrap() {
            assert!(code.success(), "{command:?}");
            return peak;
        }
        let text = fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("RssAnon:"));
        let kib = line.and_then(|line| line.trim().strip_suffix(" kB"));
        let bytes = kib.map_or(0, |kib| 1024 * kib.trim().parse::<u64>().unwrap());
        peak = bytes.max(peak);
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
}
