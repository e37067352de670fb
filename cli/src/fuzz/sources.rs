//! Features in archives, tensors, tables and streams that are almost right: files that others wrote, changed.

use super::changes::changed;
use super::{fuzz, measured, put};
use coresift_io::features::FeatureFile;
use proptest::prelude::*;
use std::path::Path;

/// What reading may take besides four times the file: what decompressors keep.
const KEPT: u64 = 1 << 23;

/// And what a page of parquet may say that it takes: of what it does not fill, no memory is touched.
const PAGE: u64 = i32::MAX as u64;

/// Some of a form that is read by other code.
fn almost(name: &'static str, key: &'static str, slack: u64) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/sources");
    let good = std::fs::read(folder.join(name)).unwrap();
    fuzz(changed(Just(good)), move |folder, bytes| {
        let path = put(folder, "x", &bytes);
        let name = format!("{}{key}", path.display());
        let ((), memory) = measured(|| {
            let Ok(file) = FeatureFile::open(&[name.into()], "features", None) else {
                return;
            };
            // Their memory is the system's, who gives it where it is written to.
            if file.values() < 1 << 20 {
                let values = file.read(|_| {});
                assert!(values.is_err() || values.is_ok_and(|v| v.len() == file.rows * file.dim));
            }
        });
        let most = 4 * bytes.len() as u64 + slack;
        prop_assert!(memory <= most, "{memory} bytes for {}", bytes.len());
        Ok(())
    });
}

#[test]
fn archives() {
    almost("x.npz", "#x", KEPT);
    almost("deflated.npz", "", KEPT);
}

#[test]
fn tensors() {
    almost("several.safetensors", "#half", KEPT);
}

#[test]
fn parquet_files() {
    almost("zstd.parquet", "", KEPT + 2 * PAGE);
    almost("plain.parquet", "", KEPT + 2 * PAGE);
    almost("parts/train-00000-of-00003.parquet", "", KEPT + 2 * PAGE);
}

#[test]
fn arrow_files() {
    almost("zstd.arrow", "", KEPT);
    almost("lz4.feather", "", KEPT);
    almost("x.arrow", "#double", KEPT);
}

#[test]
fn arrow_streams() {
    almost("x.arrows", "#fixed", KEPT);
}
