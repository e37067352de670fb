//! What the values themselves tell: the precision that they were rounded to, and a mean that drowns them.

use super::place::{Place, f32s, f64s, npy};
use serde_json::Value;

/// Numbers about 0 of many sizes, no two alike.
fn spread(count: usize, seed: u64) -> Vec<f64> {
    let number = |at: u64| {
        let z = (at ^ seed << 32)
            .wrapping_add(1)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        ((z ^ (z >> 27)) >> 11) as f64 / (1u64 << 53) as f64
    };
    let value = |at: u64| (0..4).map(|i| number(4 * at + i)).sum::<f64>() - 2.0;
    (0..count as u64).map(value).collect()
}

/// 200 rows of rank 5 in 40 columns.
fn low_rank() -> Vec<f64> {
    let (a, b) = (spread(200 * 5, 1), spread(5 * 40, 2));
    let value = |at: usize| {
        (0..5)
            .map(|k| a[at / 40 * 5 + k] * b[k * 40 + at % 40])
            .sum()
    };
    (0..200 * 40).map(value).collect()
}

fn record(place: &Place, args: &[&str]) -> Value {
    let options = ["--device=cpu", "--quiet", "--json"];
    serde_json::from_str(&place.done(&[args, &options[..]].concat())).unwrap()
}

/// The rank is found of values that were once f16 or bf16, in a file of either width, and the record
/// says what they were; of others the picks go on into what is rounding to them.
#[test]
fn precision_is_told_by_the_values() {
    let place = Place::new();
    let x = low_rank();
    let half: Vec<f64> = x.iter().map(|&v| half::f16::from_f64(v).to_f64()).collect();
    let brain: Vec<f64> = x
        .iter()
        .map(|&v| half::bf16::from_f64(v).to_f64())
        .collect();
    // A third of a step of f16 more: in f32 there is no sign of rounding left.
    let neither: Vec<f64> = half.iter().map(|v| v * 1.0001).collect();
    let select = [
        "select",
        "p.npy",
        "--method=gram-schmidt",
        "--greedy",
        "--on-exhaustion=stop",
        "--budget=20",
    ];
    for (values, precision, picks) in [
        (&half, "float16", 5),
        (&brain, "bfloat16", 5),
        (&neither, "float32", 20),
    ] {
        let narrow: Vec<f32> = values.iter().map(|&v| v as f32).collect();
        for file in [
            npy("<f4", false, "(200, 40)", &f32s(&narrow)),
            npy("<f8", false, "(200, 40)", &f64s(values)),
        ] {
            place.put("p.npy", &file);
            let found = record(&place, &select);
            assert_eq!(found["precision"], precision);
            assert_eq!(
                found["picks"].as_array().unwrap().len(),
                picks,
                "{precision}"
            );
        }
    }
    place.put("p.npy", &npy("<f8", false, "(200, 40)", &f64s(&brain)));
    let output = place.run(&[&select[..], &["--device=cpu"]].concat());
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(
        told.contains("rank-tol: 0.0625 (bfloat16 values)"),
        "{told}"
    );
}

/// The methods that go by directions, and what they need beside a budget.
const BY_DIRECTION: [&[&str]; 5] = [
    &["--method=sas"],
    &["--method=typiclust"],
    &["--method=probcover", "--delta=0.5"],
    &["--method=random", "--clusters=3"],
    &["--method=norm", "--clusters=3"],
];

/// A warning names the way out, which takes it; other rows and other methods have none.
#[test]
fn a_mean_that_drowns_the_rest_is_noted() {
    let place = Place::new();
    let x: Vec<f32> = spread(400 * 16, 3).iter().map(|&v| v as f32).collect();
    let far: Vec<f32> = x.iter().map(|v| v + 1000.0).collect();
    let mut times = x.clone();
    (times.chunks_exact_mut(16).zip(0..)).for_each(|(row, at)| row[5] = 1.7e9 + 300.0 * at as f32);
    let select = |place: &Place, values: &[f32], args: &[&str]| {
        place.put("m.npy", &npy("<f4", false, "(400, 16)", &f32s(values)));
        let line = ["select", "m.npy", "--budget=20", "--device=cpu", "--json"];
        let output = place.run(&[&line[..], args].concat());
        assert_eq!(output.status.code(), Some(0));
        let record: Value = serde_json::from_slice(&output.stdout).unwrap();
        let warned = record["warnings"].as_array().map_or(0, Vec::len);
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(told.contains("warning: "), warned > 0, "{told}");
        assert_eq!(told.contains("--center"), warned > 0, "{told}");
        warned
    };
    for method in BY_DIRECTION {
        assert_eq!(select(&place, &far, method), 1, "{method:?}");
        assert_eq!(select(&place, &times, method), 1, "{method:?}");
        assert_eq!(select(&place, &x, method), 0, "{method:?}");
        let centered = [method, &["--center"]].concat();
        assert_eq!(select(&place, &far, &centered), 0, "{method:?}");
    }
    assert_eq!(select(&place, &far, &["--method=norm"]), 0);
}

/// `--center` picks as from a file of the differences, each rounded once, whatever the file's type and
/// order; prompts are centered with the features.
#[test]
fn centered_is_less_the_mean_row() {
    let place = Place::new();
    let (rows, dim) = (300, 7);
    let far: Vec<f64> = spread(rows * dim, 4)
        .iter()
        .enumerate()
        .map(|(at, v)| v + if at % dim == 2 { 1.7e9 } else { 50.0 })
        .collect();
    let mean = |x: &[f64]| -> Vec<f64> {
        let column = |c: usize| x.iter().skip(c).step_by(dim).sum::<f64>() / rows as f64;
        (0..dim).map(column).collect()
    };
    let less = |x: &[f64], mean: &[f64]| -> Vec<f32> {
        x.iter()
            .enumerate()
            .map(|(at, v)| (v - mean[at % dim]) as f32)
            .collect()
    };
    let shape = "(300, 7)";
    let by_columns: Vec<f64> = (0..dim * rows)
        .map(|at| far[at % rows * dim + at / rows])
        .collect();
    let narrow: Vec<f32> = far.iter().map(|&v| v as f32).collect();
    let wide: Vec<f64> = narrow.iter().map(|&v| f64::from(v)).collect();
    let swapped: Vec<u8> = far.iter().flat_map(|v| v.to_be_bytes()).collect();
    let cases = [
        (npy("<f8", false, shape, &f64s(&far)), &far),
        (npy("<f8", true, shape, &f64s(&by_columns)), &far),
        (npy(">f8", false, shape, &swapped), &far),
        (npy("<f4", false, shape, &f32s(&narrow)), &wide),
    ];
    for (file, values) in cases {
        let mean = mean(values);
        place.put("c.npy", &file);
        place.put(
            "d.npy",
            &npy("<f4", false, shape, &f32s(&less(values, &mean))),
        );
        let prompts = &values[..2 * dim];
        place.put("p.npy", &npy("<f8", false, "(2, 7)", &f64s(prompts)));
        let rounded: Vec<f64> = prompts.iter().map(|&v| f64::from(v as f32)).collect();
        place.put(
            "q.npy",
            &npy("<f4", false, "(2, 7)", &f32s(&less(&rounded, &mean))),
        );
        let ways: [(&[&str], &[&str]); 4] = [
            (&["--method=norm"], &["--method=norm"]),
            (&["--method=gram-schmidt"], &["--method=gram-schmidt"]),
            (&["--method=typiclust"], &["--method=typiclust"]),
            (
                &["--method=sas", "--prompts=p.npy"],
                &["--method=sas", "--prompts=q.npy"],
            ),
        ];
        for (of_whole, of_differences) in ways {
            let options = ["--budget=40", "--device=cpu", "--quiet"];
            let centered = [&["select", "c.npy", "--center"][..], of_whole, &options].concat();
            let differences = [&["select", "d.npy"][..], of_differences, &options].concat();
            assert_eq!(
                place.done(&centered),
                place.done(&differences),
                "{of_whole:?}"
            );
        }
    }
}

/// A value that is none is named as it stands in the file, centered or not.
#[test]
fn faults_are_named_before_centering() {
    let place = Place::new();
    let mut x = spread(12 * 3, 5);
    x[16] = f64::NAN;
    place.put("n.npy", &npy("<f8", false, "(12, 3)", &f64s(&x)));
    let args = [
        "select",
        "n.npy",
        "--method=norm",
        "--budget=2",
        "--device=cpu",
        "--center",
    ];
    let error = place.fails(1, &args);
    assert!(error.contains("NaN found at row 5, column 1"), "{error}");
}
