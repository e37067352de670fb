//! Reads the pools that the tests stand on: `.npy`, f32, C order.

use std::path::{Path, PathBuf};

/// A pool on file.
pub struct Stored {
    pub name: String,
    pub values: Vec<f32>,
    pub rows: usize,
    pub dim: usize,
}

/// A file of this repository.
pub fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Reads a file, at most `rows` of it.
pub fn read(path: &Path, rows: usize) -> Stored {
    let bytes = std::fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    assert_eq!(&bytes[..8], b"\x93NUMPY\x01\x00", "{}", path.display());
    let end = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    let header = std::str::from_utf8(&bytes[10..end]).unwrap();
    assert!(
        header.contains("'<f4'") && header.contains("'fortran_order': False"),
        "{header}"
    );
    let shape = header
        .split_once("'shape': (")
        .unwrap()
        .1
        .split_once(')')
        .unwrap()
        .0;
    let shape: Vec<usize> = shape.split(", ").map(|n| n.parse().unwrap()).collect();
    let (rows, dim) = (shape[0].min(rows), shape[1]);
    let (values, rest) = bytes[end..].as_chunks::<4>();
    assert!(rest.is_empty() && values.len() == shape[0] * dim);
    let values = values[..rows * dim]
        .iter()
        .map(|&b| f32::from_le_bytes(b))
        .collect();
    let name = path
        .strip_prefix(env!("CARGO_MANIFEST_DIR"))
        .unwrap_or(path)
        .display()
        .to_string();
    Stored {
        name,
        values,
        rows,
        dim,
    }
}

/// The labels beside a pool: i32, one a row.
pub fn labels(pool: &Stored) -> Vec<usize> {
    let path = repository(&pool.name);
    let path = if path.ends_with("features.npy") {
        path.with_file_name("labels.npy")
    } else {
        let stem = path.file_stem().unwrap().to_string_lossy();
        path.with_file_name(format!("{stem}_labels.npy"))
    };
    let bytes = std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let header = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    assert!(
        bytes[10..header].windows(5).any(|w| w == b"'<i4'"),
        "{}",
        path.display()
    );
    let (labels, rest) = bytes[header..].as_chunks::<4>();
    assert!(rest.is_empty() && labels.len() >= pool.rows);
    let label = |&bytes: &[u8; 4]| usize::try_from(i32::from_le_bytes(bytes)).expect("a label");
    labels[..pool.rows].iter().map(label).collect()
}

/// The pools that come with the repository.
pub fn small_pools() -> Vec<Stored> {
    [
        "examples/data/digits.npy",
        "examples/data/fmnist_simclr_2000.npy",
    ]
    .map(|path| read(&repository(path), usize::MAX))
    .into()
}

/// Every pool in the folder that `CORESIFT_DATA` names; none where it is not set.
pub fn large_pools() -> Vec<Stored> {
    let Some(folder) = std::env::var_os("CORESIFT_DATA") else {
        return Vec::new();
    };
    let mut paths: Vec<_> = std::fs::read_dir(&folder)
        .unwrap_or_else(|e| panic!("CORESIFT_DATA {}: {e}", folder.display()))
        .map(|entry| entry.unwrap().path().join("features.npy"))
        .filter(|path| path.exists())
        .collect();
    paths.sort();
    assert!(
        !paths.is_empty(),
        "CORESIFT_DATA {}: no pools",
        folder.display()
    );
    paths.iter().map(|path| read(path, usize::MAX)).collect()
}
