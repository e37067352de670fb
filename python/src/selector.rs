//! From options to a selector.

use crate::classes::{Said, convergence};
use crate::lists::{Real, Whole};
use crate::options::Options;
use coresift::{
    Classes, Coverage, Delta, Error, FacilityLocation, GramSchmidt, Herding, KCenter, LogDet, Norm,
    Others, ProbCover, Sas, Selector, Then, TypiClust, Uniform,
};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

/// What is said of rows, for whichever selector takes it.
#[derive(Clone, Default)]
pub(crate) struct Given {
    pub(crate) labelled: Vec<usize>,
    pub(crate) classes: Option<Classes>,
    pub(crate) clusters: Option<Vec<usize>>,
    pub(crate) target_weights: Option<Vec<f64>>,
    pub(crate) input_norms: Option<Vec<f64>>,
}

impl Given {
    /// The same of the rows that are left where others are not.
    pub(crate) fn of(self, others: &Others) -> Result<Self, Error> {
        let of_each = |all: Option<Vec<f64>>, argument| {
            all.map(|all| others.of_each(&all, argument)).transpose()
        };
        let clusters = self.clusters.map(|all| others.of_each(&all, "clusters"));
        let classes = self.classes.as_ref().map(|classes| classes.of(others));
        Ok(Self {
            labelled: others.places(&self.labelled, "labelled")?,
            classes: classes.transpose()?,
            clusters: clusters.transpose()?,
            target_weights: of_each(self.target_weights, "sample_weight")?,
            input_norms: of_each(self.input_norms, "input_norms")?,
        })
    }
}

/// A selector by its options, before what is said of rows is restated for those that are left.
pub(crate) struct Rule<'py> {
    options: Bound<'py, PyDict>,
    pub(crate) given: Given,
}

impl<'py> Rule<'py> {
    /// `options` has the selector as `method` and each of its own by name; `given` what is said of rows.
    pub(crate) fn new(options: &Bound<'py, PyDict>, given: &Bound<'py, PyDict>) -> PyResult<Self> {
        let said = Options::new(given)?;
        let given = Given {
            labelled: said
                .take::<Whole>("labelled")?
                .map_or(Vec::new(), |rows| rows.0),
            classes: said.take::<Said>("classes")?.map(Classes::from),
            clusters: said.take::<Whole>("clusters")?.map(|clusters| clusters.0),
            target_weights: said.take::<Real>("sample_weight")?.map(|weights| weights.0),
            input_norms: said.take::<Real>("input_norms")?.map(|norms| norms.0),
        };
        said.end()?;
        Ok(Self {
            options: options.clone(),
            given,
        })
    }

    /// The selector, for what is said of the rows that are left; `rank_tol` is in force where none is given.
    pub(crate) fn selector(
        &self,
        given: &Given,
        rank_tol: Option<f64>,
    ) -> PyResult<Box<dyn Selector>> {
        of_options(&self.options, given, rank_tol)
    }
}

fn method(options: &Bound<'_, PyDict>) -> PyResult<String> {
    options
        .get_item("method")?
        .expect("a selector has a name")
        .extract()
}

/// The selector that options tell, with what is said of the rows of its pool.
pub(crate) fn of_options(
    options: &Bound<'_, PyDict>,
    given: &Given,
    rank_tol: Option<f64>,
) -> PyResult<Box<dyn Selector>> {
    let name = method(options)?;
    let options = Options::new(options)?;
    options.take::<String>("method")?;
    let selector: Box<dyn Selector> = match &*name {
        "uniform" => Box::new(Uniform {
            seed: options.take("seed")?.unwrap_or(0),
            labelled: given.labelled.clone(),
            classes: given.classes.clone(),
            min_per_class: options.take("min_per_class")?.unwrap_or(0),
        }),
        "norm" => Box::new(norm(&options, given)?),
        "gram-schmidt" => Box::new(gram_schmidt(&options, given, rank_tol)?),
        "sas" => Box::new(sas(&options, given)?),
        "typiclust" => Box::new(typiclust(&options, given)?),
        "probcover" => Box::new(prob_cover(&options, given)?),
        "k-center" => Box::new(KCenter {
            metric: options.named("metric")?.unwrap_or_default(),
            labelled: given.labelled.clone(),
            classes: given.classes.clone(),
            min_per_class: options.take("min_per_class")?.unwrap_or(0),
        }),
        "coverage" => Box::new(coverage(&options, given)?),
        "facility-location" => Box::new(facility_location(&options, given)?),
        "herding" => Box::new(herding(&options, given)?),
        "log-det" => Box::new(LogDet {
            ridge: options.take("ridge")?.unwrap_or(LogDet::default().ridge),
            labelled: given.labelled.clone(),
            classes: given.classes.clone(),
            min_per_class: options.take("min_per_class")?.unwrap_or(0),
        }),
        "then" => return then(options, given, rank_tol),
        other => {
            return Err(PyValueError::new_err(format!("method: {other:?} found")));
        }
    };
    options.end()?;
    Ok(selector)
}

fn then(options: Options<'_>, given: &Given, rank_tol: Option<f64>) -> PyResult<Box<dyn Selector>> {
    let stage = |name| -> PyResult<Box<dyn Selector>> {
        let stage: Option<Bound<'_, PyDict>> = options.take(name)?;
        of_options(&stage.expect("two stages have both"), given, rank_tol)
    };
    let (first, second) = (stage("first")?, stage("second")?);
    let oversample = options.take("oversample")?.unwrap_or(Then::OVERSAMPLE);
    options.end()?;
    Ok(Box::new(Then {
        first,
        second,
        oversample,
    }))
}

fn norm(options: &Options<'_>, given: &Given) -> PyResult<Norm> {
    let default = Norm::default();
    Ok(Norm {
        norm: options.named("norm")?.unwrap_or(default.norm),
        power: options.take("power")?.unwrap_or(default.power),
        input_norms: given.input_norms.clone(),
        anti: options.take("anti")?.unwrap_or(default.anti),
        greedy: options.take("greedy")?.unwrap_or(default.greedy),
        seed: options.take("seed")?.unwrap_or(default.seed),
        labelled: given.labelled.clone(),
        classes: given.classes.clone(),
        min_per_class: options
            .take("min_per_class")?
            .unwrap_or(default.min_per_class),
    })
}

fn gram_schmidt(
    options: &Options<'_>,
    given: &Given,
    rank_tol: Option<f64>,
) -> PyResult<GramSchmidt> {
    let default = GramSchmidt::default();
    let ridge = options.take("ridge")?;
    let asked = options.take("rank_tol")?;
    Ok(GramSchmidt {
        norm: options.named("norm")?.unwrap_or(default.norm),
        power: options.take("power")?.unwrap_or(default.power),
        greedy: options.take("greedy")?.unwrap_or(default.greedy),
        on_exhaustion: options
            .named("on_exhaustion")?
            .unwrap_or(default.on_exhaustion),
        rank_tol: asked.or(rank_tol.filter(|_| ridge.is_none())),
        ridge,
        seed: options.take("seed")?.unwrap_or(default.seed),
        labelled: given.labelled.clone(),
        classes: given.classes.clone(),
        min_per_class: options
            .take("min_per_class")?
            .unwrap_or(default.min_per_class),
        ..default
    })
}

fn sas(options: &Options<'_>, given: &Given) -> PyResult<Sas> {
    let default = Sas::default();
    // None is a threshold of its own kind here: every similarity counts.
    let threshold = options.take("threshold")?;
    let threshold = match options.take::<bool>("all_similarities")? {
        Some(true) => None,
        _ => threshold.or(default.threshold),
    };
    Ok(Sas {
        classes: given.classes.clone().unwrap_or_default(),
        threshold,
        similarity: options.named("similarity")?.unwrap_or(default.similarity),
        objective: options.named("objective")?.unwrap_or(default.objective),
        refine: options.named("refine")?.unwrap_or(default.refine),
        seed: options.take("seed")?.unwrap_or(default.seed),
        min_per_class: options
            .take("min_per_class")?
            .unwrap_or(default.min_per_class),
        views: options.take("views")?.unwrap_or(default.views),
        worst: options.take("worst")?.unwrap_or(default.worst),
        storage: options.named("storage")?.unwrap_or(default.storage),
        labelled: given.labelled.clone(),
        ..default
    })
}

fn typiclust(options: &Options<'_>, given: &Given) -> PyResult<TypiClust> {
    let default = TypiClust::default();
    Ok(TypiClust {
        clusters: given.clusters.clone(),
        neighbours: options.take("neighbours")?.unwrap_or(default.neighbours),
        squared: options.take("squared")?.unwrap_or(default.squared),
        seed: options.take("seed")?.unwrap_or(default.seed),
        convergence: convergence(options.take("max_sweeps")?, options.take("tolerance")?),
        labelled: given.labelled.clone(),
    })
}

fn prob_cover(options: &Options<'_>, given: &Given) -> PyResult<ProbCover> {
    let clusters = options.take("clusters")?;
    let delta = match options.named("delta")?.unwrap_or_default() {
        Delta::Auto { .. } => Delta::Auto { clusters },
        fixed => fixed,
    };
    Ok(ProbCover {
        delta,
        seed: options.take("seed")?.unwrap_or(0),
        convergence: convergence(options.take("max_sweeps")?, options.take("tolerance")?),
        labelled: given.labelled.clone(),
    })
}

fn coverage(options: &Options<'_>, given: &Given) -> PyResult<Coverage> {
    Ok(Coverage {
        refine: options.named("refine")?.unwrap_or_default(),
        sigma: options.named("sigma")?.unwrap_or_default(),
        storage: options.named("storage")?.unwrap_or_default(),
        labelled: given.labelled.clone(),
        classes: given.classes.clone(),
        min_per_class: options.take("min_per_class")?.unwrap_or(0),
    })
}

fn facility_location(options: &Options<'_>, given: &Given) -> PyResult<FacilityLocation> {
    Ok(FacilityLocation {
        kernel: options.named("kernel")?.unwrap_or_default(),
        sigma: options.named("sigma")?.unwrap_or_default(),
        target_weights: given.target_weights.clone(),
        storage: options.named("storage")?.unwrap_or_default(),
        labelled: given.labelled.clone(),
        classes: given.classes.clone(),
        min_per_class: options.take("min_per_class")?.unwrap_or(0),
    })
}

fn herding(options: &Options<'_>, given: &Given) -> PyResult<Herding> {
    Ok(Herding {
        kernel: options.named("kernel")?.unwrap_or_default(),
        sigma: options.named("sigma")?.unwrap_or_default(),
        alpha: options.named("alpha")?.unwrap_or_default(),
        labelled: given.labelled.clone(),
        classes: given.classes.clone(),
        min_per_class: options.take("min_per_class")?.unwrap_or(0),
    })
}
