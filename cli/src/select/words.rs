//! A selection in words: what is to come, how far it has come, and what was done.

use crate::args::{Method, SelectArgs};
use crate::console;
use coresift::kernels::stored_bytes;
use coresift::{ClassShare, Details, Progress, SasClass, Selection, Storage, Then, Warning};
use coresift_io::features::FeatureFile;

/// Puts on the bar what a selector tells.
pub(crate) fn show(bar: &console::Progress, progress: &Progress<'_>) {
    match progress {
        Progress::Centres { placed, clusters } => {
            bar.say(format!("k-means++: {placed} of {clusters} centres"));
        }
        Progress::Sweep { sweep, inertia } => {
            bar.say(format!("k-means: sweep {sweep}, inertia {inertia:.6e}"));
        }
        Progress::Pairs { met, of } => {
            let share = 100.0 * *met as f64 / (*of).max(1) as f64;
            bar.say(format!(
                "comparing {:.1e} pairs of rows: {share:.0} %",
                *of as f64
            ));
        }
        Progress::Round {
            classes,
            round,
            rounds,
            picks,
        } => {
            bar.set(*picks as u64);
            let (first, last) = (classes.start(), classes.end());
            let classes = if first == last {
                format!("class {first}")
            } else {
                format!("classes {first} to {last}")
            };
            bar.say(format!("{classes}, round {round} of {rounds}"));
        }
        Progress::Picks(picks) => bar.set(*picks as u64),
        Progress::Rows { done, .. } => bar.set(*done as u64),
        Progress::Stage { chosen, of } => bar.say(format!("first stage: {chosen} of {of} rows")),
        _ => {}
    }
}

/// How each class's similarities will be come by, and the memory that those kept will take.
pub(super) fn plan_in_words(classes: &[ClassShare], storage: &[Storage]) -> String {
    /// Numbers listed of classes whose similarities are not kept.
    const LISTED: usize = 10;
    let of = |wanted: Storage| -> Vec<&ClassShare> {
        let each = classes.iter().zip(storage);
        let of = each.filter(|(_, storage)| **storage == wanted);
        of.map(|(share, _)| share).collect()
    };
    let (dense, others) = (of(Storage::Dense), of(Storage::OnTheFly));
    let bytes: u64 = dense.iter().map(|share| stored_bytes(share.rows)).sum();
    let mib = bytes as f64 / f64::from(1 << 20);
    let mut words = format!(
        "plan: {} dense ({mib:.1} MiB of similarities in all), {} on the fly",
        count(dense.len(), "class", "classes"),
        others.len()
    );
    if !dense.is_empty() && !others.is_empty() {
        let numbers: Vec<String> = (others.iter().take(LISTED))
            .map(|share| share.class.to_string())
            .collect();
        let more = if others.len() > LISTED { ", ..." } else { "" };
        words += &format!(" ({}{more})", numbers.join(", "));
    }
    words
}

pub(crate) fn count(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

/// What is to be known of a selection besides its summary.
pub(super) fn notes(
    args: &SelectArgs,
    selection: &Selection,
    budget: usize,
    able: usize,
) -> Vec<String> {
    let mut notes = Vec::new();
    if minimum_was_dropped(args, selection, budget) {
        notes.push("min-per-class: dropped, the budget does not pay for it".to_owned());
    }
    if all_were_chosen(args, budget, able) {
        notes.push(format!(
            "oversample: all {able} rows that may be picked are chosen"
        ));
    }
    let warnings = selection.warnings.iter();
    notes.extend(warnings.map(|warning| format!("warning: {}", in_words(warning, args))));
    notes
}

/// A warning, and the way out of it.
fn in_words(warning: &Warning, args: &SelectArgs) -> String {
    match warning {
        Warning::Parallel { .. } if !args.center => {
            format!("{warning} (--center subtracts the mean row)")
        }
        warning => warning.to_string(),
    }
}

/// Whether there are too many classes for each to get what it was promised.
fn minimum_was_dropped(args: &SelectArgs, selection: &Selection, budget: usize) -> bool {
    let minimum = args.min_per_class.unwrap_or(0);
    selection
        .classes
        .iter()
        .map(|share| share.rows.min(minimum))
        .sum::<usize>()
        > budget
}

/// Whether the first of two stages had fewer rows to choose than it was to.
fn all_were_chosen(args: &SelectArgs, budget: usize, able: usize) -> bool {
    let oversample = args.oversample.unwrap_or(Then::OVERSAMPLE);
    args.then.is_some() && budget.saturating_mul(oversample) > able
}

/// The classes of a selection and, of SAS, how many had their similarities kept.
fn classes_in_words(selection: &Selection) -> String {
    let words = count(selection.classes.len(), "class", "classes");
    let Details::Sas(classes) = &selection.details else {
        return words;
    };
    let is_dense = |class: &&SasClass| class.storage == Storage::Dense;
    let dense = classes.iter().filter(is_dense).count();
    let value: f64 = classes.iter().map(|class| class.value).sum();
    let others = classes.len() - dense;
    format!("{words} ({dense} dense, {others} on the fly), F {value:.6e}")
}

/// How far the farthest row is from the picks: of classes, from those of its own, where it has any.
fn last_radius(selection: &Selection, radii: &[f64]) -> Option<f64> {
    let mut end = 0;
    let of_classes = selection.classes.iter().filter(|share| share.picks > 0);
    let of_classes = of_classes.map(|share| {
        end += share.picks;
        radii[end - 1]
    });
    of_classes.reduce(f64::max).or(radii.last().copied())
}

/// One line on what was done, and the seconds that it took: from features in memory to picks,
/// and in all.
pub(super) fn summary(
    args: &SelectArgs,
    selection: &Selection,
    file: &FeatureFile,
    (seconds, all): (f64, f64),
) -> String {
    let stages: Vec<_> = args.stages().map(Method::name).collect();
    let mut parts = vec![format!(
        "{}: {} of {} rows x {}",
        stages.join(" then "),
        count(selection.picks.len(), "pick", "picks"),
        file.rows,
        file.dim
    )];
    if selection.restarts.len() > 1 {
        parts.push(count(selection.restarts.len() - 1, "restart", "restarts"));
    }
    if !selection.classes.is_empty() {
        parts.push(classes_in_words(selection));
    }
    if let Details::ProbCover(cover) = &selection.details {
        let share = 100.0 * cover.covered as f64 / file.rows as f64;
        let (covered, delta) = (cover.covered, cover.delta);
        parts.push(format!(
            "{covered} rows covered ({share:.1} %) within {delta:.6}"
        ));
    }
    if let Details::KCenter(centers) = &selection.details
        && let Some(radius) = last_radius(selection, &centers.radii)
    {
        parts.push(format!("radius {radius:.6e}"));
    }
    if let Details::Determinant(classes) = &selection.details {
        if selection.classes.is_empty() {
            parts.extend(
                classes
                    .iter()
                    .map(|all| format!("lambda {:.6e}", all.lambda)),
            );
        }
        let log_det: f64 = classes.iter().map(|class| class.log_det).sum();
        parts.push(format!("log det {log_det:.6}"));
    }
    parts.push(count(selection.passes, "pass", "passes"));
    parts.push(format!("{seconds:.6} s from memory, {all:.3} s in all"));
    if let Some(short) = selection.shortfall {
        parts.push(format!(
            "{} short of the budget: {}",
            short.missing, short.reason
        ));
    }
    parts.join(", ")
}
