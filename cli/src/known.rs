//! Which options which method knows: others are refused by name.

use super::args::{Method, SelectArgs};
use super::failure::Failure;
use coresift::{Delta, Lp, Objective, Refine, Refinement};
use coresift_io::target::Format;

/// An option that not every method knows: its name, whether it is given, the methods that know it.
type Known = (&'static str, fn(&SelectArgs) -> bool, &'static [Method]);

/// Every such option.
const KNOWN: [Known; 30] = {
    use Method::{
        Coverage, FacilityLocation, GramSchmidt, Herding, KCenter, LogDet, MaxNorm, Norm,
        ProbCover, Random, Sas, TypiClust,
    };
    const BY_K_MEANS: &[Method] = &[
        Sas,
        Random,
        Norm,
        Coverage,
        FacilityLocation,
        KCenter,
        GramSchmidt,
        LogDet,
        Herding,
        ProbCover,
        TypiClust,
    ];
    // But for typiclust, whose number of clusters is the budget's; and but for probcover, which has no classes.
    const BY_CLUSTER: &[Method] = BY_K_MEANS.split_at(10).0;
    const BY_CLASS: &[Method] = BY_CLUSTER.split_at(9).0;
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
        ("ridge", |args| args.ridge.is_some(), &[GramSchmidt, LogDet]),
        ("classes", |args| args.classes.is_some(), BY_CLASS),
        ("clusters", |args| args.clusters.is_some(), BY_CLUSTER),
        ("few-labels", |args| args.few_labels.is_some(), BY_CLASS),
        ("prompts", |args| args.prompts.is_some(), BY_CLASS),
        (
            "min-per-class",
            |args| args.min_per_class.is_some(),
            BY_CLASS,
        ),
        ("max-sweeps", |args| args.max_sweeps.is_some(), BY_K_MEANS),
        ("tolerance", |args| args.tolerance.is_some(), BY_K_MEANS),
        ("threshold", |args| args.threshold.is_some(), &[Sas]),
        ("similarity", |args| args.similarity.is_some(), &[Sas]),
        ("objective", |args| args.objective.is_some(), &[Sas]),
        ("refine", |args| args.refine.is_some(), &[Sas, Coverage]),
        ("views", |args| args.views.is_some(), &[Sas]),
        ("worst", |args| args.worst, &[Sas]),
        (
            "storage",
            |args| args.storage.is_some(),
            &[Sas, Coverage, FacilityLocation],
        ),
        (
            "kernel",
            |args| args.cover.kernel.is_some(),
            &[FacilityLocation, Herding],
        ),
        (
            "sigma",
            |args| args.cover.sigma.is_some(),
            &[FacilityLocation, Coverage, Herding],
        ),
        ("alpha", |args| args.cover.alpha.is_some(), &[Herding]),
        ("neighbours", |args| args.neighbours.is_some(), &[TypiClust]),
        ("squared", |args| args.squared, &[TypiClust]),
        (
            "given-clusters",
            |args| args.given_clusters.is_some(),
            &[TypiClust],
        ),
        ("delta", |args| args.delta.is_some(), &[ProbCover]),
        (
            "metric",
            |args| args.metric.is_some() && args.weights_out.is_none(),
            &[KCenter],
        ),
    ]
};

/// One row in so many is picked at most where no method is named.
const MOST_OF_DEFAULT: usize = 5;

/// Refuses an option that no stage knows.
pub(crate) fn check(args: &SelectArgs) -> Result<(), Failure> {
    for (option, is_given, methods) in KNOWN {
        if is_given(args) && !args.stages().any(|stage| methods.contains(&stage)) {
            let found: Vec<_> = args.stages().map(Method::name).collect();
            let known: Vec<_> = methods.iter().copied().map(Method::name).collect();
            return Err(Failure::Usage(format!(
                "--{option}: --method {} found, {} expected",
                found.join(" --then "),
                known.join(" or ")
            )));
        }
    }
    check_report(args)?;
    check_together(args)
}

/// Refuses what has no meaning where rows are left out.
fn check_left_out(args: &SelectArgs) -> Result<(), Failure> {
    if args.source.exclude.is_none() && !args.source.skip_invalid {
        return Ok(());
    }
    match args.views {
        Some(_) => Err(Failure::Usage(
            "--views: --exclude or --skip-invalid found, neither expected (examples are whole)"
                .to_owned(),
        )),
        None => Ok(()),
    }
}

/// Refuses what has no meaning in a Gram-Schmidt selection with a ridge.
fn check_ridge(args: &SelectArgs) -> Result<(), Failure> {
    let has_ridge = args.ridge.is_some() && args.stages().any(|stage| stage == Method::GramSchmidt);
    let beside = [
        ("rank-tol", args.rank_tol.is_some()),
        ("on-exhaustion", args.on_exhaustion.is_some()),
    ];
    for (option, is_given) in beside {
        if has_ridge && is_given {
            return Err(Failure::Usage(format!(
                "--{option}: --ridge found, none expected (a ridge leaves something of every row)"
            )));
        }
    }
    match args.norm {
        Some(norm) if has_ridge && norm != Lp::L2 => Err(Failure::Usage(format!(
            "--norm: {norm} with --ridge found, l2 expected (a ridge is of that)"
        ))),
        _ => Ok(()),
    }
}

/// Refuses weights that are of no rows, or are asked for by nothing.
fn check_weights(args: &SelectArgs) -> Result<(), Failure> {
    let refuse = |problem: &str| Err(Failure::Usage(problem.to_owned()));
    if args.weights_out.is_some() && args.views.is_some() {
        return refuse("--weights-out: --views found, none expected (a pick is then several rows)");
    }
    let by_weight = args.stages().any(|stage| stage == Method::FacilityLocation);
    if args.target_weights.is_some() && args.weights_out.is_none() && !by_weight {
        return refuse(
            "--target-weights: no --weights-out found, one or --method facility-location expected",
        );
    }
    Ok(())
}

/// Refuses a page of what are no rows, and what would be shown on none.
fn check_report(args: &SelectArgs) -> Result<(), Failure> {
    if args.report.report.is_some() {
        return match args.views {
            Some(_) => Err(Failure::Usage(
                "--report: --views found, none expected (a pick is then several rows)".to_owned(),
            )),
            None => Ok(()),
        };
    }
    let besides = args.report.besides();
    match besides.into_iter().find(|(_, is_given)| *is_given) {
        Some((option, _)) => Err(Failure::Usage(format!(
            "--{option}: no --report found, one expected"
        ))),
        None => Ok(()),
    }
}

/// Refuses a refinement that some stage has not.
fn check_refinement(args: &SelectArgs) -> Result<(), Failure> {
    let Some(name) = &args.refine else {
        return Ok(());
    };
    for stage in args.stages() {
        let found = match stage {
            Method::Sas => name.parse::<Refine>().map(drop),
            Method::Coverage => name.parse::<Refinement>().map(drop),
            _ => Ok(()),
        };
        if let Err(unknown) = found {
            let method = stage.name();
            return Err(Failure::Usage(format!(
                "--refine: {unknown} (--method {method})"
            )));
        }
    }
    Ok(())
}

/// Refuses to choose the method where it is not few rows that are to be picked.
pub(crate) fn check_default(args: &SelectArgs, budget: usize, rows: usize) -> Result<(), Failure> {
    if args.method.is_some() || MOST_OF_DEFAULT * budget <= rows {
        return Ok(());
    }
    Err(Failure::Usage(format!(
        "--method: none found for a budget of {budget} of {rows} rows, one expected (coverage is the default up to 20 % of the rows)"
    )))
}

/// Refuses options that have no meaning beside each other.
fn check_together(args: &SelectArgs) -> Result<(), Failure> {
    let refuse = |problem: &str| Err(Failure::Usage(problem.to_owned()));
    if args.min_per_class.is_some() && !args.has_classes() {
        return refuse(
            "--min-per-class: no classes found, --classes, --clusters, --few-labels or --prompts expected",
        );
    }
    if args.clusters.is_some() && matches!(args.delta, Some(Delta::Fixed(_))) {
        return refuse("--clusters: a distance for --delta found, auto expected");
    }
    let of_k_means = [
        ("max-sweeps", args.max_sweeps.is_some()),
        ("tolerance", args.tolerance.is_some()),
    ];
    for (option, is_given) in of_k_means {
        if is_given && !args.has_k_means() {
            return refuse(&format!(
                "--{option}: no k-means found, one (as by --clusters) expected"
            ));
        }
    }
    if args.refine.is_some() && args.objective == Some(Objective::RowSum) {
        return refuse("--refine: --objective row-sum found, cut expected");
    }
    if args.oversample.is_some() && args.then.is_none() {
        return refuse("--oversample: no --then found, one expected");
    }
    if args.views.is_some() && args.then.is_some() {
        return refuse("--views: --then found, none expected (a row must be an example)");
    }
    check_left_out(args)?;
    check_ridge(args)?;
    check_weights(args)?;
    check_refinement(args)?;
    let told = [
        ("id-column", args.id_column.is_some()),
        ("file-and-row", args.file_and_row),
    ];
    for (option, _) in told.iter().filter(|(_, is_given)| *is_given) {
        if args.views.is_some() {
            return refuse(&format!(
                "--{option}: --views found, none expected (a pick is then several rows)"
            ));
        }
        if args
            .out
            .as_ref()
            .is_some_and(|out| out.format == Format::Npy)
            && !args.json
        {
            return refuse(&format!(
                "--{option}: --out in .npy found, .json, .csv or .txt expected (an array has indices alone)"
            ));
        }
    }
    if args.refine.is_some() && args.worst {
        return refuse("--refine: --worst found, none expected (the worst picks are not refined)");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::args::tests::{parse, select};
    use super::*;
    use clap::ValueEnum as _;

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

    /// Options of every method that are told at length only.
    const RARE: [&str; 15] = [
        "exclude",
        "skip-invalid",
        "target-weights",
        "oversample",
        "weights-out",
        "id-column",
        "file-and-row",
        "checkpoint",
        "resume",
        "workers",
        "plan",
        "report",
        "plane",
        "images",
        "texts",
    ];

    /// Whatever else the short help leaves out belongs to some methods, and the others refuse it by name.
    #[test]
    fn an_option_of_other_methods_is_refused_with_those() {
        let command = select();
        let special: Vec<_> = (command.get_arguments())
            .filter(|argument| argument.is_hide_short_help_set())
            .filter(|argument| !RARE.contains(&argument.get_long().unwrap_or_default()))
            .collect();
        assert_eq!(special.len(), KNOWN.len());
        for argument in special {
            let option = argument.get_long().unwrap();
            let known = KNOWN.iter().find(|(known, ..)| *known == option);
            let (_, is_given, methods) = known.unwrap_or_else(|| panic!("{option}"));
            for method in Method::value_variants() {
                let args = parse(&method.name(), &[&given(argument)]);
                assert!(is_given(&args), "{option}");
                let refused = check(&args).map_err(|failure| failure.to_string());
                let expected = format!("--{option}: --method {} found, ", method.name());
                let is_foreign = matches!(refused, Err(said) if said.starts_with(&expected)
                    && methods.iter().all(|method| said.contains(&method.name())));
                assert_eq!(is_foreign, !methods.contains(method), "{option} {method:?}");
            }
        }
    }
}
