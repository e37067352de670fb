//! Pools with labels: where they are found, read and split.

use coresift::{Classes, CpuPool, Error, Features, Selector as _, Uniform};
use coresift_io::features::FeatureFile;
use coresift_io::indices::{self, CLASSES};
use coresift_io::target::{Format, Target};
use std::path::{Path, PathBuf};

/// Where pools are that may be given on with the sources.
const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/data");

/// Seeds of splits begin here: apart from those of selections, whose random numbers would go with the split.
const SPLITS: u64 = 1 << 32;

/// Rows with the class of each.
pub(crate) struct LabelledPool {
    /// What it is called.
    pub(crate) name: String,
    /// rows x dim values.
    pub(crate) values: Vec<f32>,
    /// Values a row.
    pub(crate) dim: usize,
    /// The class of each row.
    pub(crate) labels: Vec<u32>,
    /// The files that it was read from.
    pub(crate) files: Vec<PathBuf>,
}

impl LabelledPool {
    /// How many rows there are.
    pub(crate) fn rows(&self) -> usize {
        self.labels.len()
    }

    /// How many classes its rows have.
    pub(crate) fn classes(&self) -> usize {
        let mut classes = self.labels.clone();
        classes.sort_unstable();
        classes.dedup();
        classes.len()
    }

    /// The rows where selectors can get at them.
    ///
    /// # Errors
    ///
    /// What [`Features::new`] refuses.
    pub(crate) fn pool(&self) -> Result<CpuPool<'_>, Error> {
        Ok(CpuPool::new(Features::new(
            &self.values,
            self.rows(),
            self.dim,
        )?))
    }

    /// The labels as latent classes.
    pub(crate) fn latent(&self) -> Classes {
        Classes::Given(self.labels.iter().map(|&label| label as usize).collect())
    }

    /// Some of the rows.
    fn part(&self, rows: &[usize]) -> Self {
        let row = |&row: &usize| &self.values[row * self.dim..][..self.dim];
        Self {
            name: self.name.clone(),
            values: rows.iter().flat_map(row).copied().collect(),
            dim: self.dim,
            labels: rows.iter().map(|&row| self.labels[row]).collect(),
            files: Vec::new(),
        }
    }

    /// Which rows to select from, so many of them, and which to test on, all others: drawn anew for every seed, from
    /// all rows alike or, with `classes`, in proportion from each class. Both ascend.
    ///
    /// # Errors
    ///
    /// What [`Uniform`] refuses.
    pub(crate) fn split(
        &self,
        rows: usize,
        seed: u64,
        classes: Option<Classes>,
    ) -> Result<[Vec<usize>; 2], Error> {
        let draw = Uniform {
            seed: SPLITS + seed,
            classes,
            ..Uniform::default()
        };
        let mut is_drawn = vec![false; self.rows()];
        for row in draw.select(&self.pool()?, rows)?.picks {
            is_drawn[row] = true;
        }
        let those = |drawn: bool| {
            let rows = 0..self.rows();
            rows.filter(|&row| is_drawn[row] == drawn).collect()
        };
        Ok([those(true), those(false)])
    }

    /// The two parts of a split as pools of their own.
    ///
    /// # Errors
    ///
    /// As [`split`](Self::split).
    pub(crate) fn parts(&self, rows: usize, seed: u64) -> Result<[Self; 2], Error> {
        let split = self.split(rows, seed, None)?;
        Ok(split.map(|rows| self.part(&rows)))
    }
}

/// Where pools are looked for before `examples/data`; by default nowhere.
#[derive(Default)]
pub(crate) struct Folder(Option<PathBuf>);

impl Folder {
    /// The folder that `--data` names, or else `CORESIFT_DATA`.
    ///
    /// # Errors
    ///
    /// In words, where there is no such folder.
    pub(crate) fn new(data: Option<&Path>) -> Result<Self, String> {
        let (argument, folder) = match data {
            Some(folder) => ("--data", Some(folder.to_owned())),
            None => (
                "CORESIFT_DATA",
                std::env::var_os("CORESIFT_DATA").map(PathBuf::from),
            ),
        };
        match folder {
            Some(folder) if !folder.is_dir() => Err(format!(
                "{argument}: {} found, a folder of pools expected",
                folder.display()
            )),
            folder => Ok(Self(folder)),
        }
    }

    /// Those of some pools that are there.
    ///
    /// # Errors
    ///
    /// In words, where none is there; what cannot be read.
    pub(crate) fn read_all(
        &self,
        names: &[&str],
    ) -> Result<Vec<LabelledPool>, Box<dyn std::error::Error>> {
        let found: Vec<[PathBuf; 2]> = names.iter().filter_map(|name| self.find(name)).collect();
        if found.is_empty() {
            return Err(self.missing(names[0]).into());
        }
        found.iter().map(|files| Ok(read(files)?)).collect()
    }

    /// The features and the labels of a pool.
    fn find(&self, name: &str) -> Option<[PathBuf; 2]> {
        let features = if name == "att_faces" {
            "pixels_u8.npy"
        } else {
            "features.npy"
        };
        let in_folder = self.0.iter().map(|folder| {
            let folder = folder.join(name);
            [folder.join(features), folder.join("labels.npy")]
        });
        let in_examples = [name.to_owned(), format!("{name}_2000")].map(|name| {
            [format!("{name}.npy"), format!("{name}_labels.npy")]
                .map(|file| Path::new(EXAMPLES).join(file))
        });
        in_folder
            .chain(in_examples)
            .find(|files| files.iter().all(|file| file.exists()))
    }

    fn missing(&self, name: &str) -> String {
        let looked_in = match &self.0 {
            Some(folder) => folder.display().to_string(),
            None => "no folder".to_owned(),
        };
        let mut words = format!(
            "data: {looked_in} found, a folder with the pool {name} expected, named by --data or CORESIFT_DATA"
        );
        if name == "att_faces" {
            words += ". These are the AT&T (ORL) faces, whose terms do not let us give them on: \
                      att_faces/pixels_u8.npy, 400 x 10304 uint8, ten images of 112 x 92 a person one after another, \
                      and att_faces/labels.npy, 400 int32";
        }
        words
    }
}

/// Reads features of any type, and labels.
fn read([features, labels]: &[PathBuf; 2]) -> Result<LabelledPool, coresift_io::Error> {
    let file = FeatureFile::open(std::slice::from_ref(features), "data", None)?;
    let values = file.read(|_| {})?.to_vec();
    let target = Target {
        path: labels.clone(),
        format: Format::Npy,
    };
    let classes = indices::of_rows(&target, "data", &CLASSES)?;
    if classes.len() != file.rows {
        let problem = format!("{} labels found, {} expected", classes.len(), file.rows);
        return Err(coresift_io::Error::file(labels, "data", problem));
    }
    Ok(LabelledPool {
        name: name(features),
        values,
        dim: file.dim,
        labels: classes.into_iter().map(|class| class as u32).collect(),
        files: vec![features.clone(), labels.clone()],
    })
}

/// What a pool is called by the file of its features: the folder, or in `examples/data` the file.
fn name(features: &Path) -> String {
    let stem = features.file_stem().unwrap_or_default().to_string_lossy();
    match features.parent().and_then(Path::file_name) {
        Some(folder) if !features.starts_with(EXAMPLES) => folder.to_string_lossy().into_owned(),
        _ => stem.into_owned(),
    }
}
