//! From options to a selector.

use super::args::{Method, NormName, OnExhaustionName, SelectArgs};
use super::failure::Failure;
use clap::ValueEnum as _;
use coresift::{GramSchmidt, Lp, Norm, OnExhaustion, Selector, Uniform};
use serde_json::{Value, json};

/// A selector, and its options in force as a record shows them.
pub(crate) struct Plan {
    /// The selector.
    pub(crate) selector: Box<dyn Selector>,
    /// Its options.
    pub(crate) options: Value,
}

impl Method {
    /// The name on the command line.
    pub(crate) fn name(self) -> String {
        self.to_possible_value()
            .expect("no method is hidden")
            .get_name()
            .to_owned()
    }
}

/// Refuses an option that the method does not know.
pub(crate) fn check(args: &SelectArgs) -> Result<(), Failure> {
    use Method::{GramSchmidt, MaxNorm, Norm};
    let options: [(&str, bool, &[Method]); 6] = [
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
    ];
    for (option, given, methods) in options {
        if given && !methods.contains(&args.method) {
            let known: Vec<_> = methods.iter().map(|m| m.name()).collect();
            return Err(Failure::Usage(format!(
                "{option}: --method {} found, {} expected",
                args.method.name(),
                known.join(" or ")
            )));
        }
    }
    Ok(())
}

/// The selector that the options ask for. `rank_tol` stands where no `--rank-tol` is given.
pub(crate) fn plan(args: &SelectArgs, labelled: Vec<usize>, rank_tol: Option<f64>) -> Plan {
    match args.method {
        Method::Random => uniform(args, labelled),
        Method::Norm => norm(args, labelled, false),
        Method::MaxNorm => norm(args, labelled, true),
        Method::GramSchmidt => gram_schmidt(args, labelled, rank_tol),
    }
}

fn uniform(args: &SelectArgs, labelled: Vec<usize>) -> Plan {
    let options = json!({ "labelled": labelled.len() });
    Plan {
        selector: Box::new(Uniform {
            seed: args.seed,
            labelled,
            ..Uniform::default()
        }),
        options,
    }
}

fn norm(args: &SelectArgs, labelled: Vec<usize>, greedy: bool) -> Plan {
    let default = Norm::default();
    let selector = Norm {
        norm: args.norm.map_or(default.norm, Lp::from),
        power: args.power.unwrap_or(default.power),
        anti: args.anti,
        greedy,
        seed: args.seed,
        labelled,
        ..default
    };
    let mut options = json!({
        "norm": norm_name(selector.norm),
        "anti": selector.anti,
        "labelled": selector.labelled.len(),
    });
    if !greedy {
        options["power"] = selector.power.into();
    }
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
