//! From options to a selector.

mod cover;

use super::args::{Method, SelectArgs};
use coresift::{
    Classes, Convergence, Delta, GramSchmidt, KCenter, LogDet, Lp, Norm, Objective, ProbCover, Sas,
    Selector, Then, TypiClust, Uniform,
};
use serde_json::{Value, json};
use std::str::FromStr;

/// A selector, and its options in force as a record shows them.
pub(crate) struct Plan {
    /// The selector.
    pub(crate) selector: Box<dyn Selector>,
    /// Its options.
    pub(crate) options: Value,
}

/// What files say: those that options name, and the features' own type.
#[derive(Clone, Debug, Default)]
pub(crate) struct Given {
    /// Rows already labelled.
    pub(crate) labelled: Vec<usize>,
    /// Tolerance of rounded features, where no `--rank-tol` is given.
    pub(crate) rank_tol: Option<f64>,
    /// Latent classes.
    pub(crate) classes: Option<Classes>,
    /// Each row's cluster, as `--given-clusters` says.
    pub(crate) clusters: Option<Vec<usize>>,
    /// Norms of the inputs.
    pub(crate) input_norms: Option<Vec<f64>>,
    /// How much each row counts for.
    pub(crate) target_weights: Option<Vec<f64>>,
}

/// The selector that the options ask for.
pub(crate) fn plan(args: &SelectArgs, given: Given) -> Plan {
    let mut plan = stages(args, given);
    if args.has_k_means() {
        let convergence = convergence(args);
        plan.options["max_sweeps"] = convergence.max_sweeps.into();
        plan.options["tolerance"] = convergence.tolerance.into();
    }
    plan
}

/// When the sweeps of k-means end.
pub(crate) fn convergence(args: &SelectArgs) -> Convergence {
    let default = Convergence::default();
    Convergence {
        max_sweeps: args.max_sweeps.unwrap_or(default.max_sweeps),
        tolerance: args.tolerance.unwrap_or(default.tolerance),
    }
}

/// The selector of one stage, or of two.
fn stages(args: &SelectArgs, given: Given) -> Plan {
    let Some(then) = args.then else {
        return stage(args, args.method(), given);
    };
    let first = stage(args, args.method(), given.clone());
    let second = stage(args, then, given);
    let oversample = args.oversample.unwrap_or(Then::OVERSAMPLE);
    let mut options = first.options;
    options["oversample"] = oversample.into();
    options["then"] = second.options;
    options["then"]["method"] = then.name().into();
    Plan {
        selector: Box::new(Then {
            first: first.selector,
            second: second.selector,
            oversample,
        }),
        options,
    }
}

/// The selector of one stage.
fn stage(args: &SelectArgs, method: Method, given: Given) -> Plan {
    match method {
        Method::Sas => sas(args, given.labelled, given.classes),
        Method::Random => uniform(args, given.labelled, given.classes),
        Method::Norm => norm(args, given),
        Method::MaxNorm => max_norm(args, given),
        Method::GramSchmidt => gram_schmidt(args, given),
        Method::ProbCover => prob_cover(args, given.labelled),
        Method::Coverage => cover::coverage(args, given),
        Method::FacilityLocation => cover::facility_location(args, given),
        Method::Herding => cover::herding(args, given.labelled, given.classes),
        Method::KCenter => k_center(args, given.labelled, given.classes),
        Method::LogDet => log_det(args, given.labelled, given.classes),
        Method::TypiClust => typiclust(args, given.labelled, given.clusters),
    }
}

fn uniform(args: &SelectArgs, labelled: Vec<usize>, classes: Option<Classes>) -> Plan {
    let mut options = json!({ "labelled": labelled.len() });
    stratify(args, &mut options);
    Plan {
        selector: Box::new(Uniform {
            seed: args.seed,
            labelled,
            classes,
            min_per_class: args.min_per_class.unwrap_or(0),
        }),
        options,
    }
}

/// What follows greedy picks; its name has been checked.
fn refined<T: Default + FromStr>(args: &SelectArgs) -> T {
    let asked = args.refine.as_ref();
    asked.and_then(|name| name.parse().ok()).unwrap_or_default()
}

/// Says in the options how a selection is stratified, where it is.
fn stratify(args: &SelectArgs, options: &mut Value) {
    if args.has_classes() {
        options["classes"] = class_names(args);
        options["min_per_class"] = args.min_per_class.unwrap_or(0).into();
    }
}

fn norm(args: &SelectArgs, given: Given) -> Plan {
    let default = Norm::default();
    let selector = Norm {
        norm: lp(args),
        power: args.power.unwrap_or(default.power),
        input_norms: given.input_norms,
        anti: args.anti,
        seed: args.seed,
        labelled: given.labelled,
        classes: given.classes,
        min_per_class: args.min_per_class.unwrap_or(default.min_per_class),
        ..default
    };
    let mut options = norm_options(&selector);
    options["power"] = selector.power.into();
    stratify(args, &mut options);
    Plan {
        selector: Box::new(selector),
        options,
    }
}

fn max_norm(args: &SelectArgs, given: Given) -> Plan {
    let selector = Norm {
        norm: lp(args),
        input_norms: given.input_norms,
        anti: args.anti,
        greedy: true,
        labelled: given.labelled,
        ..Norm::default()
    };
    Plan {
        options: norm_options(&selector),
        selector: Box::new(selector),
    }
}

/// The options that norm sampling and the largest norms share.
fn norm_options(selector: &Norm) -> Value {
    let mut options = json!({
        "norm": selector.norm,
        "anti": selector.anti,
        "labelled": selector.labelled.len(),
    });
    if selector.input_norms.is_some() {
        options["input_features"] = "given".into();
    }
    options
}

/// The norm of norm sampling.
pub(crate) fn lp(args: &SelectArgs) -> Lp {
    args.norm.unwrap_or(Norm::default().norm)
}

fn gram_schmidt(args: &SelectArgs, given: Given) -> Plan {
    let default = GramSchmidt::default();
    let selector = GramSchmidt {
        norm: args.norm.unwrap_or(default.norm),
        power: args.power.unwrap_or(default.power),
        greedy: args.greedy,
        on_exhaustion: args.on_exhaustion.unwrap_or(default.on_exhaustion),
        rank_tol: args.rank_tol.or(given.rank_tol),
        ridge: args.ridge,
        seed: args.seed,
        labelled: given.labelled,
        classes: given.classes,
        min_per_class: args.min_per_class.unwrap_or(default.min_per_class),
        ..default
    };
    let mut options = json!({
        "norm": selector.norm,
        "power": selector.power,
        "greedy": selector.greedy,
        "labelled": selector.labelled.len(),
    });
    if let Some(ridge) = selector.ridge {
        options["ridge"] = ridge.into();
    } else {
        options["on_exhaustion"] = json!(selector.on_exhaustion);
        options["rank_tol"] = selector.rank_tol.into();
    }
    stratify(args, &mut options);
    Plan {
        selector: Box::new(selector),
        options,
    }
}

fn sas(args: &SelectArgs, labelled: Vec<usize>, classes: Option<Classes>) -> Plan {
    let default = Sas::default();
    let worst = args.worst;
    let selector = Sas {
        classes: classes.unwrap_or_default(),
        threshold: args
            .threshold
            .map_or(default.threshold, |threshold| threshold.0),
        similarity: args.similarity.unwrap_or(default.similarity),
        objective: args.objective.unwrap_or(default.objective),
        refine: refined(args),
        seed: args.seed,
        min_per_class: args.min_per_class.unwrap_or(default.min_per_class),
        views: args.views.unwrap_or(default.views),
        worst,
        storage: args.storage.unwrap_or(default.storage),
        labelled,
        ..default
    };
    let mut options = json!({
        "classes": class_names(args),
        "threshold": selector.threshold,
        "similarity": selector.similarity,
        "objective": selector.objective,
        "min_per_class": selector.min_per_class,
        "views": selector.views,
        "worst": worst,
        "labelled": selector.labelled.len(),
    });
    if selector.objective == Objective::Cut && !worst {
        options["refine"] = json!(selector.refine);
    }
    Plan {
        selector: Box::new(selector),
        options,
    }
}

fn prob_cover(args: &SelectArgs, labelled: Vec<usize>) -> Plan {
    let asked = args.delta.unwrap_or_default();
    let mut options = json!({ "delta": asked, "labelled": labelled.len() });
    let delta = match asked {
        Delta::Auto { .. } => {
            let clusters = args.clusters;
            options["clusters"] = clusters.into();
            Delta::Auto { clusters }
        }
        fixed => fixed,
    };
    Plan {
        selector: Box::new(ProbCover {
            delta,
            seed: args.seed,
            convergence: convergence(args),
            labelled,
        }),
        options,
    }
}

fn k_center(args: &SelectArgs, labelled: Vec<usize>, classes: Option<Classes>) -> Plan {
    let metric = args.metric.unwrap_or_default();
    let mut options = json!({ "metric": metric, "labelled": labelled.len() });
    stratify(args, &mut options);
    Plan {
        selector: Box::new(KCenter {
            metric,
            labelled,
            classes,
            min_per_class: args.min_per_class.unwrap_or(0),
        }),
        options,
    }
}

fn log_det(args: &SelectArgs, labelled: Vec<usize>, classes: Option<Classes>) -> Plan {
    let ridge = args.ridge.unwrap_or(LogDet::default().ridge);
    let mut options = json!({ "ridge": ridge, "labelled": labelled.len() });
    stratify(args, &mut options);
    Plan {
        selector: Box::new(LogDet {
            ridge,
            labelled,
            classes,
            min_per_class: args.min_per_class.unwrap_or(0),
        }),
        options,
    }
}

fn typiclust(args: &SelectArgs, labelled: Vec<usize>, clusters: Option<Vec<usize>>) -> Plan {
    let default = TypiClust::default();
    let selector = TypiClust {
        clusters,
        neighbours: args.neighbours.unwrap_or(default.neighbours),
        squared: args.squared,
        seed: args.seed,
        convergence: convergence(args),
        labelled,
    };
    let options = json!({
        "clusters": if selector.clusters.is_some() { "given" } else { "k-means" },
        "neighbours": selector.neighbours,
        "squared": selector.squared,
        "labelled": selector.labelled.len(),
    });
    Plan {
        selector: Box::new(selector),
        options,
    }
}

/// Where the latent classes come from.
fn class_names(args: &SelectArgs) -> Value {
    if args.classes.is_some() {
        json!("given")
    } else if let Some(clusters) = args.clusters {
        json!({ "clusters": clusters })
    } else if args.few_labels.is_some() {
        json!("few-labels")
    } else if args.prompts.is_some() {
        json!("prompts")
    } else {
        json!("one")
    }
}
