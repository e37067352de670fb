//! The radial basis function's table, and the similarities and sums of small pools.

use crate::common::on_every_device;
use crate::{cases, features, name};
use coresift::kernels::{Examples, KernelFunction, Length, Pass, Rbf};
use coresift::{Error, Features};
use serde_json::Value;

fn integers(value: &Value) -> Vec<i64> {
    let values = value.as_array().unwrap();
    values.iter().map(|v| v.as_i64().unwrap()).collect()
}

/// Entries, and values on and about them.
#[test]
fn rbf_tables() {
    let [case] = &cases("rbf_table")[..] else {
        panic!("one case expected");
    };
    let items = case["items"].as_array().unwrap();
    assert_eq!(items.len(), 12);
    for item in items {
        let sigma_sq = item["sigma_sq"].as_f64().unwrap();
        let rbf = Rbf::new(sigma_sq);
        let (shift, table) = rbf.table();
        assert_eq!(item["shift"], shift, "{sigma_sq}");
        let want = integers(&item["table"]);
        let got: Vec<i64> = table.iter().map(|word| i64::from(word >> 14)).collect();
        assert_eq!(got, want[..1024], "{sigma_sq}");
        let falls = |word: &u32| i64::from(word % (1 << 14));
        if shift > 0 {
            let falls: Vec<i64> = table.iter().map(falls).collect();
            let pairs = want.windows(2).map(|pair| pair[0] - pair[1]);
            assert!(falls.into_iter().eq(pairs), "{sigma_sq}");
        }
        let function = KernelFunction::Rbf(rbf);
        for (q, want) in integers(&item["q"]).into_iter().zip(integers(&item["K"])) {
            // Half a squared distance of up to 2^31 - 1 as half the squared lengths less a product.
            let product = -(q.min(1 << 30) as i32);
            let got = function.of(product, (q + i64::from(product)) as i32);
            assert_eq!(i64::from(got), want, "{sigma_sq} at {q}");
        }
    }
}

/// The kernel functions of a case.
fn functions() -> [(&'static str, KernelFunction); 4] {
    let rbf = |sigma_sq| KernelFunction::Rbf(Rbf::new(sigma_sq));
    [
        ("rbf_05", rbf(0.25)),
        ("rbf_002", rbf(0.0004)),
        ("rbf_2", rbf(4.0)),
        ("cosine", KernelFunction::COSINE),
    ]
}

#[test]
fn similarities_and_their_sums() {
    let mut checked = 0;
    for case in cases("objectives_") {
        let kernels = &case["kernels"];
        let (x, dim) = features(&case);
        let features = Features::new(&x, x.len() / dim, dim).unwrap();
        on_every_device(features, |device, pool| {
            for (key, function) in functions() {
                let (want, at) = (&kernels[key], format!("{} {key} on {device}", name(&case)));
                let all: Vec<usize> = (0..pool.rows()).collect();
                let examples = Examples {
                    classes: &[&all],
                    views: 1,
                    length: Length::Own,
                };
                let made = pool.similarities(examples, &function);
                if let Some(row) = want.get("row") {
                    let zero = made.err().unwrap();
                    let is_it = matches!(zero, Error::ZeroRow { row: found, .. } if *row == found);
                    assert!(is_it, "{at}: {zero}");
                    continue;
                }
                let similarities = made.unwrap();
                let sums = similarities.row_sums(&Pass::unheard()).unwrap();
                assert_eq!(sums, integers(&want["row_sums"]), "{at}");
                assert_eq!(want["sum"], sums.iter().sum::<i64>(), "{at}");
                for (row, want) in want["K"].as_array().unwrap().iter().enumerate() {
                    let got = similarities.columns(&[row]).unwrap();
                    let got: Vec<i64> = got.into_iter().map(i64::from).collect();
                    assert_eq!(got, integers(want), "{at}");
                }
            }
        });
        checked += 1;
    }
    assert_eq!(checked, 11);
}
