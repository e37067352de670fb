//! From options to a selector.

use super::args::{
    DeltaOption, Method, NormName, ObjectiveName, OnExhaustionName, RefineName, RoadName,
    SelectArgs, SimilarityName, ThenName,
};
use super::failure::Failure;
use clap::ValueEnum;
use coresift::{
    Classes, Delta, GramSchmidt, Lp, Norm, Objective, OnExhaustion, ProbCover, Refine, Road, Sas,
    Selector, Similarity, Then, TypiClust, Uniform,
};
use serde_json::{Value, json};

/// A selector, and its options in force as a record shows them.
pub(crate) struct Plan {
    /// The selector.
    pub(crate) selector: Box<dyn Selector>,
    /// Its options.
    pub(crate) options: Value,
}

/// What files say: those that options name, and the features' own type.
#[derive(Clone, Debug)]
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
}

/// The name of a word on the command line.
pub(crate) fn name(word: impl ValueEnum) -> String {
    let value = word.to_possible_value().expect("no word is hidden");
    value.get_name().to_owned()
}

/// The methods in their order: one, or with `--then` two.
pub(crate) fn stages(args: &SelectArgs) -> impl Iterator<Item = Method> {
    std::iter::once(args.method).chain(args.then.map(Method::from))
}

/// An option that not every method knows: its name, whether it is given, the methods that know it.
type Known = (&'static str, fn(&SelectArgs) -> bool, &'static [Method]);

/// Every such option.
const KNOWN: [Known; 23] = {
    use Method::{GramSchmidt, MaxNorm, Norm, ProbCover, Random, Sas, TypiClust};
    const BY_CLASS: &[Method] = &[Sas, Random, Norm];
    [
        (
            "norm",
            |args| args.norm.is_some(),
            &[Norm, MaxNorm, GramSchmidt],
        ),
        ("power", |args| args.power.is_some(), &[Norm, GramSchmidt]),
        (
            "input-features",
            |args| args.input_features.is_some(),
            &[Norm, MaxNorm],
        ),
        ("anti", |args| args.anti, &[Norm, MaxNorm]),
        ("greedy", |args| args.greedy, &[GramSchmidt]),
        (
            "on-exhaustion",
            |args| args.on_exhaustion.is_some(),
            &[GramSchmidt],
        ),
        ("rank-tol", |args| args.rank_tol.is_some(), &[GramSchmidt]),
        ("classes", |args| args.classes.is_some(), BY_CLASS),
        (
            "clusters",
            |args| args.clusters.is_some(),
            &[Sas, Random, Norm, ProbCover],
        ),
        ("few-labels", |args| args.few_labels.is_some(), BY_CLASS),
        ("prompts", |args| args.prompts.is_some(), BY_CLASS),
        (
            "min-per-class",
            |args| args.min_per_class.is_some(),
            BY_CLASS,
        ),
        ("threshold", |args| args.threshold.is_some(), &[Sas]),
        ("similarity", |args| args.similarity.is_some(), &[Sas]),
        ("objective", |args| args.objective.is_some(), &[Sas]),
        ("refine", |args| args.refine.is_some(), &[Sas]),
        ("views", |args| args.views.is_some(), &[Sas]),
        ("worst", |args| args.worst, &[Sas]),
        ("road", |args| args.road.is_some(), &[Sas]),
        ("neighbours", |args| args.neighbours.is_some(), &[TypiClust]),
        ("squared", |args| args.squared, &[TypiClust]),
        (
            "given-clusters",
            |args| args.given_clusters.is_some(),
            &[TypiClust],
        ),
        ("delta", |args| args.delta.is_some(), &[ProbCover]),
    ]
};

/// Refuses an option that no stage knows.
pub(crate) fn check(args: &SelectArgs) -> Result<(), Failure> {
    for (option, is_given, methods) in KNOWN {
        if is_given(args) && !stages(args).any(|stage| methods.contains(&stage)) {
            let found: Vec<_> = stages(args).map(name).collect();
            let known: Vec<_> = methods.iter().copied().map(name).collect();
            return Err(Failure::Usage(format!(
                "--{option}: --method {} found, {} expected",
                found.join(" --then "),
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
    if args.clusters.is_some() && matches!(args.delta, Some(DeltaOption::Fixed(_))) {
        return refuse("--clusters: a distance for --delta found, auto expected");
    }
    if args.refine.is_some() && args.objective == Some(ObjectiveName::RowSum) {
        return refuse("--refine: --objective row-sum found, cut expected");
    }
    if args.oversample.is_some() && args.then.is_none() {
        return refuse("--oversample: no --then found, one expected");
    }
    if args.views.is_some() && args.then.is_some() {
        return refuse("--views: --then found, none expected (a row must be an example)");
    }
    if args.refine.is_some() && args.worst {
        return refuse("--refine: --worst found, none expected (the worst picks are not refined)");
    }
    Ok(())
}

/// The selector that the options ask for.
pub(crate) fn plan(args: &SelectArgs, given: Given) -> Plan {
    let Some(then) = args.then else {
        return stage(args, args.method, given);
    };
    let first = stage(args, args.method, given.clone());
    let second = stage(args, then.into(), given);
    let oversample = args.oversample.unwrap_or(Then::OVERSAMPLE);
    let mut options = first.options;
    options["oversample"] = oversample.into();
    options["then"] = second.options;
    options["then"]["method"] = name(then).into();
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
        Method::GramSchmidt => gram_schmidt(args, given.labelled, given.rank_tol),
        Method::ProbCover => prob_cover(args, given.labelled),
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

/// Says in the options how a selection is stratified, where it is.
fn stratify(args: &SelectArgs, options: &mut Value) {
    if has_classes(args) {
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
        "norm": norm_name(selector.norm),
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
    args.norm.map_or(Norm::default().norm, Lp::from)
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

fn prob_cover(args: &SelectArgs, labelled: Vec<usize>) -> Plan {
    let delta = match args.delta {
        Some(DeltaOption::Fixed(delta)) => Delta::Fixed(delta),
        Some(DeltaOption::Auto) | None => Delta::Auto {
            clusters: args.clusters,
        },
    };
    let mut options = json!({ "delta": "auto", "labelled": labelled.len() });
    match delta {
        Delta::Fixed(delta) => options["delta"] = delta.into(),
        Delta::Auto { clusters } => options["clusters"] = clusters.into(),
    }
    Plan {
        selector: Box::new(ProbCover {
            delta,
            seed: args.seed,
            labelled,
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

impl From<ThenName> for Method {
    fn from(name: ThenName) -> Self {
        match name {
            ThenName::Random => Self::Random,
            ThenName::Norm => Self::Norm,
            ThenName::MaxNorm => Self::MaxNorm,
            ThenName::GramSchmidt => Self::GramSchmidt,
        }
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

#[cfg(test)]
mod tests {
    use super::super::args::tests::{parse, select};
    use super::*;

    /// An option of the command line with a value that it takes.
    fn given(argument: &clap::Arg) -> String {
        let option = argument.get_long().unwrap();
        let words = argument.get_possible_values();
        if !argument.get_action().takes_values() {
            return format!("--{option}");
        }
        let value = match words.first() {
            Some(word) => word.get_name(),
            None if argument.get_value_names().unwrap_or_default() == ["FILE"] => "f.npy",
            None => "1",
        };
        format!("--{option}={value}")
    }

    /// Whatever the short help leaves out belongs to some methods, and the others refuse it by name.
    #[test]
    fn an_option_of_other_methods_is_refused_with_those() {
        let command = select();
        let special: Vec<_> = (command.get_arguments())
            .filter(|argument| argument.is_hide_short_help_set())
            .collect();
        assert_eq!(special.len(), KNOWN.len());
        for argument in special {
            let option = argument.get_long().unwrap();
            let known = KNOWN.iter().find(|(known, ..)| *known == option);
            let (_, is_given, methods) = known.unwrap_or_else(|| panic!("{option}"));
            for method in Method::value_variants() {
                let args = parse(&name(*method), &[&given(argument)]);
                assert!(is_given(&args), "{option}");
                let refused = check(&args).map_err(|failure| failure.to_string());
                let expected = format!("--{option}: --method {} found, ", name(*method));
                let is_foreign = matches!(refused, Err(said) if said.starts_with(&expected)
                    && methods.iter().all(|method| said.contains(&name(*method))));
                assert_eq!(is_foreign, !methods.contains(method), "{option} {method:?}");
            }
        }
    }
}
