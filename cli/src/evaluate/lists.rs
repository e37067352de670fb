//! What lists say of the rows: selections, labels, latent classes; and the file of rows to test on.

use crate::args::EvaluateArgs;
use crate::failure::Failure;
use crate::labels::{self, Classified};
use crate::select::left_out;
use coresift::{Error, Others};
use coresift_io::features::FeatureFile;
use coresift_io::indices;
use coresift_io::labels::{LABELS, NAMED_CLASSES};
use coresift_io::target::Target;
use std::slice;
use std::sync::Arc;

/// What lists say of the rows.
pub(super) struct Lists {
    /// Of every selection.
    pub(super) picks: Vec<Vec<usize>>,
    pub(super) labels: Option<Classified>,
    /// The labels of rows to test on, in the same numbers.
    pub(super) of_test: Option<Vec<u32>>,
    pub(super) classes: Option<Classified>,
}

/// Looks at what the rows to test on are.
pub(super) fn open_test(
    args: &EvaluateArgs,
    file: &FeatureFile,
) -> Result<Option<Arc<FeatureFile>>, Failure> {
    let Some(path) = &args.test_features else {
        return Ok(None);
    };
    let test = FeatureFile::open(slice::from_ref(path), "test-features", args.source.raw)?;
    if test.dim != file.dim {
        let (found, dim) = (test.dim, file.dim);
        let problem = format!("rows of {found} values found, {dim} expected, as in the features");
        return Err(Failure::file(path, "test-features", problem));
    }
    Ok(Some(Arc::new(test)))
}

impl Lists {
    pub(super) fn read(
        args: &EvaluateArgs,
        file: &FeatureFile,
        test: Option<&FeatureFile>,
    ) -> Result<Self, Failure> {
        let picks = args.picks.iter().map(|list| indices::rows(list, "picks"));
        let picks = picks.collect::<Result<_, _>>()?;
        let of_test = args.test_labels.as_ref().zip(test);
        let of_test =
            of_test.map(|(list, test)| labels::read(list, "test-labels", &LABELS, test.rows));
        let of_test = of_test.transpose()?;
        let mut lists = Self {
            picks,
            labels: None,
            of_test: None,
            classes: None,
        };
        if let Some(list) = &args.labels {
            let labels = labels::read(list, "labels", &LABELS, file.rows)?;
            let (labels, of_test) = Classified::of(&labels, of_test.as_ref());
            (lists.labels, lists.of_test) = (Some(labels), of_test);
        }
        if let Some(list) = &args.classes {
            let classes = labels::read(list, "classes", &NAMED_CLASSES, file.rows)?;
            lists.classes = Some(Classified::of(&classes, None).0);
        }
        Ok(lists)
    }

    /// The same of the rows that are left, where some are not; refuses labels of which there is a single one.
    pub(super) fn among(
        self,
        others: Option<&Others>,
        args: &EvaluateArgs,
    ) -> Result<Self, Failure> {
        let of_labels = |labels: Classified| {
            let labels = labels.among(others, args.labels.as_ref(), "labels")?;
            if let Some(list) = &args.labels {
                labels.check_several(list)?;
            }
            Ok::<_, Failure>(labels)
        };
        let labels = self.labels.map(of_labels).transpose()?;
        let of_classes =
            |classes: Classified| classes.among(others, args.classes.as_ref(), "classes");
        let picks = args.picks.iter().zip(self.picks);
        let picks = picks.map(|(list, picks)| match others {
            Some(others) => left_out::of_list(others.places(&picks, "picks"), Some(list), "picks"),
            None => Ok(picks),
        });
        Ok(Self {
            picks: picks.collect::<Result<_, _>>()?,
            labels,
            classes: self.classes.map(of_classes).transpose()?,
            ..self
        })
    }
}

/// Names the file of the picks that an error speaks of.
pub(super) fn of_picks(list: &Target, error: Error) -> Failure {
    match error {
        Error::Argument {
            argument: "picks",
            found,
            expected,
        } => Failure::file(
            &list.path,
            "picks",
            format!("{found} found, {expected} expected"),
        ),
        error => error.into(),
    }
}
