//! Features in every form of file. The files are others' work: `cli/tests/fixtures/make_sources.py` has
//! numpy and its like write one matrix in each.

mod bad;
mod files;
mod memory;
mod origins;

use crate::place::{Place, stderr};
use std::path::PathBuf;
use std::process::Stdio;

/// A drawn, a greedy, a clustered and an all-pairs method.
const METHODS: [&[&str]; 4] = [
    &["--method=norm", "--seed=3"],
    &["--method=gram-schmidt", "--greedy"],
    &["--method=typiclust"],
    &["--method=probcover", "--delta=0.9"],
];

/// The forms of the same matrix, by the names that `select` takes.
const FORMS: [&[&str]; 41] = [
    &["shards"],
    &["shards/x-*.npy"],
    &["shards/x-10.npy", "shards/x-2.npy", "shards/x-1.npy"],
    &["x.npz#x"],
    &["x.npz#columns"],
    &["x.npz#columns.npy"],
    &["deflated.npz"],
    &["deflated.npz#features"],
    &["raw/x.f32", "--raw=f32,6"],
    &["raw/x.f16", "--raw=f16,6"],
    &["raw/x.bf16#bf16,6"],
    &["raw/x.f64#f64,6"],
    &["x.safetensors"],
    &["x.safetensors#x"],
    &["several.safetensors#float"],
    &["several.safetensors#half"],
    &["several.safetensors#brain"],
    &["several.safetensors#double"],
    &["x.parquet#fixed"],
    &["x.parquet#list"],
    &["x.parquet#large"],
    &["x.parquet#half"],
    &["x.parquet#double"],
    &["zstd.parquet"],
    &["plain.parquet#list"],
    &["parts#list"],
    &["parts/*.parquet"],
    &["x.arrow#fixed"],
    &["x.arrow#list"],
    &["x.arrow#large"],
    &["x.arrow#half"],
    &["x.arrow#double"],
    &["x.arrows#list"],
    &["x.arrows#fixed"],
    &["zstd.arrow"],
    &["lz4.feather#list"],
    &["int8.npy"],
    &["raw/x.i8#i8,6"],
    &["bytes.safetensors#signed"],
    &["bytes.parquet#signed"],
    &["bytes.arrow#signed"],
];

/// Those of the same matrix less its least value.
const ABOVE: [&str; 4] = [
    "uint8.npy",
    "bytes.safetensors#above",
    "bytes.parquet#above",
    "bytes.arrow#above",
];

fn fixture(name: &str) -> PathBuf {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/sources");
    PathBuf::from(folder).join(name)
}

/// Options of a selection on the CPU, files found among the fixtures.
fn select(names: &[&str], options: &[&str]) -> Vec<String> {
    let full = |name: &&str| match name {
        name if name.starts_with('-') => (*name).to_owned(),
        name => fixture(name).to_str().unwrap().to_owned(),
    };
    let start = ["select", "--device=cpu", "--budget=9"].map(str::to_owned);
    let options = options.iter().map(|&option| option.to_owned());
    let names = names.iter().map(full);
    start.into_iter().chain(options).chain(names).collect()
}

fn picks(place: &Place, names: &[&str], options: &[&str]) -> String {
    let args = select(names, options);
    place.done(&args.iter().map(String::as_str).collect::<Vec<_>>())
}

fn fails(place: &Place, names: &[&str], options: &[&str]) -> String {
    let args = select(names, &[&["--method=norm"], options].concat());
    place.fails(1, &args.iter().map(String::as_str).collect::<Vec<_>>())
}

#[test]
fn every_form_gives_the_same_picks() {
    let place = Place::new();
    for method in METHODS {
        let want = picks(&place, &["x.npy"], method);
        assert_eq!(want.lines().count(), 9);
        for names in FORMS {
            assert_eq!(picks(&place, names, method), want, "{names:?} {method:?}");
        }
        for method in [method, &[method, &["--center"]].concat()[..]] {
            let want = picks(&place, &["above.npy"], method);
            for name in ABOVE {
                assert_eq!(picks(&place, &[name], method), want, "{name} {method:?}");
            }
        }
    }
}

/// float64 is read again to be centered: the same rows, however they are cut.
#[test]
fn doubles_are_centered_alike() {
    let place = Place::new();
    for method in METHODS {
        let method = &[method, &["--center"]].concat();
        let want = picks(&place, &["raw/x.f64", "--raw=f64,6"], method);
        for name in [
            "x.npz#columns",
            "several.safetensors#double",
            "x.parquet#double",
            "x.arrow#double",
        ] {
            assert_eq!(picks(&place, &[name], method), want, "{name} {method:?}");
        }
    }
}

#[test]
fn standard_input_is_read_in_every_form() {
    let place = Place::new();
    let want = picks(&place, &["x.npy"], &["--method=norm"]);
    for (name, file, raw) in [
        ("-", "x.npy", None),
        ("-#x", "x.npz", None),
        ("-", "deflated.npz", None),
        ("-", "raw/x.f32", Some("--raw=f32,6")),
        ("-", "zstd.parquet", None),
        ("-#fixed", "x.arrows", None),
    ] {
        let mut args = vec!["select", "--device=cpu", "--budget=9", "--method=norm"];
        args.extend(raw.into_iter().chain(["--", name]));
        let mut command = place.command(&args);
        let file = std::fs::File::open(fixture(file)).unwrap();
        let output = command.stdin(Stdio::from(file)).output().unwrap();
        assert_eq!(
            String::from_utf8_lossy(&output.stdout),
            want,
            "{name} {}",
            stderr(&output)
        );
    }
    for twice in [["-", "--prompts=-"], ["-", "-"]] {
        let args = ["select", "--device=cpu", "--budget=9", "--method=random"];
        let error = place.fails(2, &[&args[..], &twice].concat());
        let expected = "standard input (-) found 2 times, once expected";
        assert!(error.contains(expected), "{error}");
    }
}

/// Inputs and prompts come in the same forms.
#[test]
fn inputs_and_prompts_are_read_in_every_form() {
    let place = Place::new();
    for (option, method) in [
        ("--input-features", "--method=norm"),
        ("--prompts", "--method=sas"),
    ] {
        let with = |name: &str| {
            let option = format!("{option}={}", fixture(name).display());
            picks(&place, &["x.npy"], &[method, &option])
        };
        let want = with("x.npy");
        for names in FORMS {
            if let [name] = names {
                assert_eq!(with(name), want, "{name}");
            }
        }
    }
}
