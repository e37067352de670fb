//! From options to a selector.

use super::args::{
    Method, NormName, ObjectiveName, OnExhaustionName, RefineName, RoadName, SelectArgs,
    SimilarityName,
};
use super::failure::Failure;
use clap::ValueEnum;
use coresift::{
    Classes, GramSchmidt, Lp, Norm, Objective, OnExhaustion, Refine, Road, Sas, Selector,
    Similarity, TypiClust, Uniform,
};
use serde_json::{Value, json};

/// A selector, and its options in force as a record shows them.
pub(crate) struct Plan {
    /// The selector.
    pub(crate) selector: Box<dyn Selector>,
    /// Its options.
    pub(crate) options: Value,
}

/// The name of a word on the command line.
pub(crate) fn name(word: impl ValueEnum) -> String {
    let value = word.to_possible_value().expect("no word is hidden");
    value.get_name().to_owned()
}

/// Refuses an option that the method does not know.
pub(crate) fn check(args: &SelectArgs) -> Result<(), Failure> {
    use Method::{GramSchmidt, MaxNorm, Norm, Random, Sas, TypiClust};
    let by_class = &[Sas, Random, Norm][..];
    let options: [(&str, bool, &[Method]); 21] = [
        ("--norm", args.norm.is_some(), &[Norm, MaxNorm, GramSchmidt]),
        ("--power", args.power.is_some(), &[Norm, GramSchmidt]),
        ("--anti", args.anti, &[Norm, MaxNorm]),
        ("--greedy", args.greedy, &[GramSchmidt]),
        (
            "--on-exhaustion",
            args.on_exhaustion.is_some(),
            &[GramSchmidt],
        ),
        ("--rank-tol", args.rank_tol.is_some(), &[GramSchmidt]),
        ("--classes", args.classes.is_some(), by_class),
        ("--clusters", args.clusters.is_some(), by_class),
        ("--few-labels", args.few_labels.is_some(), by_class),
        ("--prompts", args.prompts.is_some(), by_class),
        ("--min-per-class", args.min_per_class.is_some(), by_class),
        ("--threshold", args.threshold.is_some(), &[Sas]),
        ("--similarity", args.similarity.is_some(), &[Sas]),
        ("--objective", args.objective.is_some(), &[Sas]),
        ("--refine", args.refine.is_some(), &[Sas]),
        ("--views", args.views.is_some(), &[Sas]),
        ("--worst", args.worst, &[Sas]),
        ("--road", args.road.is_some(), &[Sas]),
        ("--neighbours", args.neighbours.is_some(), &[TypiClust]),
        ("--squared", args.squared, &[TypiClust]),
        (
            "--given-clusters",
            args.given_clusters.is_some(),
            &[TypiClust],
        ),
    ];
    for (option, given, methods) in options {
        if given && !methods.contains(&args.method) {
            let known: Vec<_> = methods.iter().copied().map(name).collect();
            return Err(Failure::Usage(format!(
                "{option}: --method {} found, {} expected",
                name(args.method),
                known.join(" or ")
            )));
        }
    }
    check_together(args)
}

fn has_classes(args: &SelectArgs) -> bool {
    args.classes.is_some()
        || args.clusters.is_some()
        || args.few_labels.is_some()
        || args.prompts.is_some()
}

/// Refuses options that have no meaning beside each other.
fn check_together(args: &SelectArgs) -> Result<(), Failure> {
    let refuse = |problem: &str| Err(Failure::Usage(problem.to_owned()));
    if args.min_per_class.is_some() && !has_classes(args) {
        return refuse(
            "--min-per-class: no classes found, --classes, --clusters, --few-labels or --prompts expected",
        );
    }
    if args.refine.is_some() && args.objective == Some(ObjectiveName::RowSum) {
        return refuse("--refine: --objective row-sum found, cut expected");
    }
    if args.refine.is_some() && args.worst {
        return refuse("--refine: --worst found, none expected (the worst picks are not refined)");
    }
    Ok(())
}

/// The selector that the options ask for. `rank_tol` stands where no `--rank-tol` is given;
/// `clusters` are those of `--given-clusters`.
pub(crate) fn plan(
    args: &SelectArgs,
    labelled: Vec<usize>,
    rank_tol: Option<f64>,
    classes: Option<Classes>,
    clusters: Option<Vec<usize>>,
) -> Plan {
    match args.method {
        Method::Sas => sas(args, labelled, classes),
        Method::Random => uniform(args, labelled, classes),
        Method::Norm => norm(args, labelled, classes, false),
        Method::MaxNorm => norm(args, labelled, classes, true),
        Method::GramSchmidt => gram_schmidt(args, labelled, rank_tol),
        Method::TypiClust => typiclust(args, labelled, clusters),
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

/// Says in the options how a selection is stratified, where it is.
fn stratify(args: &SelectArgs, options: &mut Value) {
    if has_classes(args) {
        options["classes"] = class_names(args);
        options["min_per_class"] = args.min_per_class.unwrap_or(0).into();
    }
}

fn norm(args: &SelectArgs, labelled: Vec<usize>, classes: Option<Classes>, greedy: bool) -> Plan {
    let default = Norm::default();
    let selector = Norm {
        norm: args.norm.map_or(default.norm, Lp::from),
        power: args.power.unwrap_or(default.power),
        anti: args.anti,
        greedy,
        seed: args.seed,
        labelled,
        classes,
        min_per_class: args.min_per_class.unwrap_or(default.min_per_class),
    };
    let mut options = json!({
        "norm": norm_name(selector.norm),
        "anti": selector.anti,
        "labelled": selector.labelled.len(),
    });
    if !greedy {
        options["power"] = selector.power.into();
    }
    stratify(args, &mut options);
    Plan {
        selector: Box::new(selector),
        options,
    }
}

fn gram_schmidt(args: &SelectArgs, labelled: Vec<usize>, rank_tol: Option<f64>) -> Plan {
    let default = GramSchmidt::default();
    let selector = GramSchmidt {
        norm: args.norm.map_or(default.norm, Lp::from),
        power: args.power.unwrap_or(default.power),
        greedy: args.greedy,
        on_exhaustion: args
            .on_exhaustion
            .map_or(default.on_exhaustion, OnExhaustion::from),
        rank_tol: args.rank_tol.or(rank_tol),
        seed: args.seed,
        labelled,
        ..default
    };
    let options = json!({
        "norm": norm_name(selector.norm),
        "power": selector.power,
        "greedy": selector.greedy,
        "on_exhaustion": on_exhaustion_name(selector.on_exhaustion),
        "rank_tol": selector.rank_tol,
        "labelled": selector.labelled.len(),
    });
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
        similarity: args.similarity.map_or(default.similarity, Similarity::from),
        objective: args.objective.map_or(default.objective, Objective::from),
        refine: args.refine.map_or(default.refine, Refine::from),
        seed: args.seed,
        min_per_class: args.min_per_class.unwrap_or(default.min_per_class),
        views: args.views.unwrap_or(default.views),
        worst,
        road: args.road.map_or(default.road, Road::from),
        labelled,
        ..default
    };
    let mut options = json!({
        "classes": class_names(args),
        "threshold": selector.threshold,
        "similarity": name(args.similarity.unwrap_or(SimilarityName::Cosine)),
        "objective": name(args.objective.unwrap_or(ObjectiveName::Cut)),
        "min_per_class": selector.min_per_class,
        "views": selector.views,
        "worst": worst,
        "labelled": selector.labelled.len(),
    });
    if selector.objective == Objective::Cut && !worst {
        options["refine"] = name(args.refine.unwrap_or(RefineName::TopUp)).into();
    }
    Plan {
        selector: Box::new(selector),
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

impl From<SimilarityName> for Similarity {
    fn from(name: SimilarityName) -> Self {
        match name {
            SimilarityName::Cosine => Self::Cosine,
            SimilarityName::Dot => Self::Dot,
        }
    }
}

impl From<ObjectiveName> for Objective {
    fn from(name: ObjectiveName) -> Self {
        match name {
            ObjectiveName::Cut => Self::Cut,
            ObjectiveName::RowSum => Self::RowSum,
        }
    }
}

impl From<RefineName> for Refine {
    fn from(name: RefineName) -> Self {
        match name {
            RefineName::TopUp => Self::TopUp,
            RefineName::None => Self::None,
            RefineName::DoubleGreedy => Self::DoubleGreedy,
            RefineName::RandomDoubleGreedy => Self::RandomDoubleGreedy,
        }
    }
}

impl From<RoadName> for Road {
    fn from(name: RoadName) -> Self {
        match name {
            RoadName::Auto => Self::Auto,
            RoadName::Stored => Self::Stored,
            RoadName::MatrixFree => Self::MatrixFree,
        }
    }
}

impl From<NormName> for Lp {
    fn from(name: NormName) -> Self {
        match name {
            NormName::L1 => Self::L1,
            NormName::L2 => Self::L2,
            NormName::Linf => Self::LInf,
        }
    }
}

impl From<OnExhaustionName> for OnExhaustion {
    fn from(name: OnExhaustionName) -> Self {
        match name {
            OnExhaustionName::Restart => Self::Restart,
            OnExhaustionName::Stop => Self::Stop,
            OnExhaustionName::Norm => Self::Norm,
        }
    }
}

fn norm_name(norm: Lp) -> &'static str {
    match norm {
        Lp::L1 => "l1",
        Lp::L2 => "l2",
        Lp::LInf => "linf",
    }
}

fn on_exhaustion_name(on_exhaustion: OnExhaustion) -> &'static str {
    match on_exhaustion {
        OnExhaustion::Restart => "restart",
        OnExhaustion::Stop => "stop",
        OnExhaustion::Norm => "norm",
    }
}
