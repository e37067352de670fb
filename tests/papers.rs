//! The papers' experiments of `examples/papers`: principal components by their definition, splits, and that every
//! report is made, of what it should be, and over no input.

#[allow(dead_code, reason = "what the command line alone needs")]
#[path = "../examples/papers/main.rs"]
mod papers;

use clap::Parser as _;
use papers::pca::Products;
use papers::pools::{Folder, LabelledPool};
use papers::statistics::Mean;
use papers::{Arguments, Experiment};

/// A pool that comes with the repository.
fn example(name: &str) -> LabelledPool {
    Folder::default().read_all(&[name]).unwrap().remove(0)
}

#[test]
fn a_mean_and_its_error_by_hand() {
    // Squares of 1, 2, 3, 6 about 3 are 4, 1, 0, 9: √(14 / 3 / 4).
    let found = Mean::of([1.0, 2.0, 3.0, 6.0]);
    assert_eq!(found.value, 3.0);
    assert!((found.error - (14.0f64 / 12.0).sqrt()).abs() < 1e-15);
    let sign = |value, error| Mean { value, error }.sign();
    assert_eq!(
        [
            sign(2.1, 1.0),
            sign(2.0, 1.0),
            sign(-1.9, 1.0),
            sign(-2.1, 1.0)
        ],
        [1, 0, 0, -1]
    );
}

/// Four points on the axes about (10, 20), the wider pair along the second; one more to be projected.
#[test]
fn components_by_hand() {
    let x = [10.0, 23.0, 11.0, 20.0, 9.0, 20.0, 10.0, 17.0, 12.0, 21.0];
    let products = Products::of(&x, 2);
    let [train, test] = products.components([&[0, 1, 2, 3], &[4]], 2).unwrap();
    // Each component's sign is open: that of the first point along it.
    let (wide, narrow) = (train[0].signum(), train[3].signum());
    let want = [3.0 * wide, 0.0, 0.0, narrow, 0.0, -narrow, -3.0 * wide, 0.0];
    let off = |(found, want): (&f32, &f32)| (found - want).abs();
    assert!(
        train.iter().zip(&want).map(off).all(|off| off < 1e-6),
        "{train:?}"
    );
    assert!(
        test.iter()
            .zip(&[wide, 2.0 * narrow])
            .map(off)
            .all(|off| off < 1e-6),
        "{test:?}"
    );
    let refused = products.components([&[0, 1, 2, 3], &[4]], 3).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "components: 2 components found, at least 3 expected"
    );
}

/// Directions v_k of length 1 with C v_k = λ_k v_k, C the covariance, λ descending, and coordinates ⟨x − μ, v_k⟩.
#[test]
fn components_are_eigenvectors_of_the_covariance() {
    let (rows, dim, count) = (9, 12, 5);
    let value = |at: usize| ((at * at * 37 + at * 11) % 101) as f32 / 10.0;
    let x: Vec<f32> = (0..rows * dim).map(value).collect();
    let (train, test) = ([7, 0, 2, 4, 5, 8, 1], [3, 6]);
    let [found, of_test] = Products::of(&x, dim)
        .components([&train, &test], count)
        .unwrap();
    let entry = |row: usize, column: usize| f64::from(x[row * dim + column]);
    let mean = |column| train.iter().map(|&row| entry(row, column)).sum::<f64>() / 7.0;
    let centred = |row: usize, column: usize| entry(row, column) - mean(column);
    let mut last = f64::INFINITY;
    for k in 0..count {
        let y = |place: usize| f64::from(found[place * count + k]);
        let variance: f64 = (0..7).map(|place| y(place).powi(2)).sum();
        assert!(variance <= last, "component {k}");
        last = variance;
        let direction: Vec<f64> = (0..dim)
            .map(|column| {
                let terms = train.iter().enumerate();
                terms
                    .map(|(place, &row)| y(place) * centred(row, column))
                    .sum::<f64>()
                    / variance
            })
            .collect();
        let along = |row: usize| -> f64 { (0..dim).map(|c| centred(row, c) * direction[c]).sum() };
        let length: f64 = direction.iter().map(|v| v * v).sum();
        assert!((length - 1.0).abs() < 1e-5, "component {k}: {length}");
        for (column, &entry) in direction.iter().enumerate() {
            let product: f64 = train
                .iter()
                .map(|&row| along(row) * centred(row, column))
                .sum();
            assert!(
                (product - variance * entry).abs() < 1e-4 * variance,
                "component {k}"
            );
        }
        for (place, &row) in test.iter().enumerate() {
            let off = f64::from(of_test[place * count + k]) - along(row);
            assert!(off.abs() < 1e-4, "component {k}, row {row}: {off}");
        }
    }
}

#[test]
fn splits_are_drawn_anew_and_take_all_rows() {
    let digits = example("digits");
    let [train, test] = digits.split(1198, 3, None).unwrap();
    assert_eq!((train.len(), test.len()), (1198, 599));
    let mut all = [train.clone(), test].concat();
    all.sort_unstable();
    assert!(all.into_iter().eq(0..1797));
    assert_ne!(digits.split(1198, 4, None).unwrap()[0], train);
    assert_eq!(digits.split(1198, 3, None).unwrap()[0], train);
    let [even, _] = digits.split(900, 0, Some(digits.latent())).unwrap();
    for class in 0..10 {
        let of_class = |rows: &mut dyn Iterator<Item = usize>| {
            rows.filter(|&row| digits.labels[row] == class).count()
        };
        let (all, drawn) = (
            of_class(&mut (0..1797)),
            of_class(&mut even.iter().copied()),
        );
        assert!(
            (drawn as f64 - all as f64 * 900.0 / 1797.0).abs() < 1.0,
            "class {class}"
        );
    }
}

#[test]
fn what_is_not_there_is_said() {
    let words = |found: Result<Vec<LabelledPool>, Box<dyn std::error::Error>>| {
        found.err().unwrap().to_string()
    };
    let faces = words(Folder::default().read_all(&["att_faces"]));
    assert!(
        faces.contains("--data or CORESIFT_DATA") && faces.contains("pixels_u8.npy"),
        "{faces}"
    );
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let refused = Folder::new(Some(&file)).err().unwrap();
    assert!(
        refused.starts_with("--data: ") && refused.ends_with("a folder of pools expected"),
        "{refused}"
    );
    let pool = folder.path().join("digits");
    std::fs::create_dir(&pool).unwrap();
    let digits = example("digits");
    std::fs::copy(&digits.files[0], pool.join("features.npy")).unwrap();
    std::fs::copy(&example("fmnist_simclr").files[1], pool.join("labels.npy")).unwrap();
    let refused = words(
        Folder::new(Some(folder.path()))
            .unwrap()
            .read_all(&["digits"]),
    );
    assert!(
        refused.ends_with("labels.npy: data: 2000 labels found, 1797 expected"),
        "{refused}"
    );
}

/// Every experiment that needs no other data: its sections, and figures in all cells.
#[test]
fn reports_from_what_comes_with_the_repository() {
    let all = [
        (
            Experiment::Probe { seeds: 2 },
            "## fmnist_simclr_2000: 1333 of 2000 rows to select from, 10 classes",
            2 * 3 * 9,
        ),
        (
            Experiment::Norms { subsets: 8 },
            "## digits: 1797 rows, 10 classes",
            2 * (2 + 10),
        ),
        (Experiment::Fid { seeds: 2 }, "## 300 picks", 2 * 9),
        (
            Experiment::Sas { seeds: 2 },
            "## What reproduces",
            5 * 4 + 6,
        ),
    ];
    for (experiment, section, rows) in all {
        let pools: Vec<_> = ["digits", "fmnist_simclr"]
            .into_iter()
            .filter(|name| experiment.pools().contains(name))
            .map(example)
            .collect();
        let report = experiment.report(&pools).unwrap();
        let lines: Vec<&str> = report.lines().collect();
        assert!(lines.contains(&section), "{report}");
        assert!(
            !report.contains("NaN") && !report.contains("inf"),
            "{report}"
        );
        let tables = lines.iter().filter(|line| line.starts_with("|---")).count();
        let in_tables = lines.iter().filter(|line| line.starts_with('|')).count();
        assert_eq!(in_tables - 2 * tables, rows, "{report}");
    }
}

/// Means of a few splits lie about those of many, and the order of the first three methods is as sure.
#[test]
fn eigenfaces_of_a_few_splits() {
    let faces = match Folder::new(None).unwrap().read_all(&["att_faces"]) {
        Ok(faces) => faces,
        Err(_) => return eprintln!("SKIPPED: no att_faces in CORESIFT_DATA"),
    };
    let report = Experiment::Eigenfaces { splits: 6 }.report(&faces).unwrap();
    let accuracy = |method: &str| -> f64 {
        let line = report
            .lines()
            .find(|line| line.starts_with(&format!("| {method} |")))
            .unwrap();
        line.split(['|', '('])
            .nth(2)
            .unwrap()
            .trim()
            .parse()
            .unwrap()
    };
    for (method, mean) in [("Random", 50.8), ("Max norm", 30.3), ("Gram-Schmidt", 52.8)] {
        let off = accuracy(method) - mean;
        // A single split's deviation is 4 points: six splits' mean is within five of its errors.
        assert!(off.abs() < 8.0, "{method}: {off}\n{report}");
    }
}

#[test]
fn a_report_is_written_over_no_input() {
    let folder = tempfile::tempdir().unwrap();
    let pool = folder.path().join("fmnist_simclr");
    std::fs::create_dir(&pool).unwrap();
    let example = example("fmnist_simclr");
    for (file, name) in example.files.iter().zip(["features.npy", "labels.npy"]) {
        std::fs::copy(file, pool.join(name)).unwrap();
    }
    let run = |out: &std::path::Path| {
        let [data, out] = [folder.path(), out].map(|path| path.to_str().unwrap());
        let words = [
            "papers", "fid", "--seeds", "2", "--data", data, "--out", out,
        ];
        papers::run(&Arguments::parse_from(words)).map_err(|error| error.to_string())
    };
    let link = folder.path().join("report.md");
    std::fs::hard_link(pool.join("labels.npy"), &link).unwrap();
    let refused = run(&link).unwrap_err();
    assert!(refused.contains("out: the same file as data"), "{refused}");
    assert_eq!(
        std::fs::read(&link).unwrap(),
        std::fs::read(&example.files[1]).unwrap()
    );
    std::fs::remove_file(&link).unwrap();
    run(&link).unwrap();
    let report = std::fs::read_to_string(&link).unwrap();
    assert!(
        report.contains("Pool: fmnist_simclr,") && report.contains("## 60 picks"),
        "{report}"
    );
}
