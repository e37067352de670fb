//! Features of every type, byte order and memory order.

use crate::place::{Place, matrix, npy, stderr, transposed};
use serde_json::Value;

/// Every type, byte order and memory order of one matrix leads to the same picks and scores.
#[test]
fn every_encoding_reads_alike() {
    let place = Place::new();
    // More rows and values than are converted at a time, and no multiple of the block sizes.
    let (rows, dim) = (9001, 37);
    let c = matrix(rows, dim);
    let shape = format!("({rows}, {dim})");
    let args = [
        "--device=cpu",
        "--method=max-norm",
        "--norm=l1",
        "--budget=100%",
        "--out=y.csv",
    ];
    let read = |descr: &str, fortran: bool| {
        let values = if fortran {
            transposed(&c, dim)
        } else {
            c.clone()
        };
        place.put(
            "y.npy",
            &npy(descr, fortran, &shape, &encode(descr, &values)),
        );
        let output = place.run(&[&["select", "y.npy"], &args[..]].concat());
        assert!(output.status.success(), "{descr}: {}", stderr(&output));
        (place.text("y.csv"), stderr(&output))
    };
    let (want, notes) = read("<f4", false);
    assert!(!notes.contains("converted"), "{notes}");
    for (descr, fortran, note) in [
        (">f4", false, "converted: byte order\n"),
        ("<f4", true, "converted: Fortran to C order\n"),
        (">f4", true, "converted: byte order, Fortran to C order\n"),
        ("<f2", false, "converted: float16 to float32\n"),
        (
            ">f2",
            true,
            "converted: float16 to float32, Fortran to C order\n",
        ),
        ("<f8", false, "converted: float64 to float32\n"),
        (">f8", false, "converted: float64 to float32\n"),
        (
            "<f8",
            true,
            "converted: float64 to float32, Fortran to C order\n",
        ),
    ] {
        let (got, notes) = read(descr, fortran);
        assert!(got == want, "{descr} fortran {fortran}");
        assert!(notes.contains(note), "{notes}");
    }
}

fn encode(descr: &str, values: &[f32]) -> Vec<u8> {
    let encode = |&v: &f32| match descr {
        "<f2" => half::f16::from_f32(v).to_le_bytes().to_vec(),
        ">f2" => half::f16::from_f32(v).to_be_bytes().to_vec(),
        "<f4" => v.to_le_bytes().to_vec(),
        ">f4" => v.to_be_bytes().to_vec(),
        "<f8" => f64::from(v).to_le_bytes().to_vec(),
        ">f8" => f64::from(v).to_be_bytes().to_vec(),
        _ => unreachable!("no such type in these tests"),
    };
    values.iter().flat_map(encode).collect()
}

#[test]
fn features_of_float16_raise_the_rank_tolerance() {
    let place = Place::new();
    let values = encode("<f2", &matrix(12, 3));
    place.put("half.npy", &npy("<f2", false, "(12, 3)", &values));
    let tolerance = |more: &[&str]| {
        let args = [
            "select",
            "half.npy",
            "--device=cpu",
            "--method=gram-schmidt",
            "--budget=2",
        ];
        let record = place.done(&[&args[..], &["--json"], more].concat());
        let record: Value = serde_json::from_str(&record).unwrap();
        record["options"]["rank_tol"].clone()
    };
    assert_eq!(tolerance(&[]), 0.0078125);
    assert_eq!(tolerance(&["--rank-tol=0.5"]), 0.5);
}
