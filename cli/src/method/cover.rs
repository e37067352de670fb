//! The methods by how similar rows are: coverage, facility location and herding.

use super::{Given, Plan, refined, stratify};
use crate::args::SelectArgs;
use coresift::{Classes, Coverage, FacilityLocation, Herding, Kernel};
use serde_json::{Value, json};

pub(super) fn coverage(args: &SelectArgs, given: Given) -> Plan {
    let default = Coverage::default();
    let selector = Coverage {
        refine: refined(args),
        sigma: args.cover.sigma.unwrap_or_default(),
        storage: args.storage.unwrap_or_default(),
        labelled: given.labelled,
        classes: given.classes,
        min_per_class: args.min_per_class.unwrap_or(default.min_per_class),
    };
    let mut options = json!({
        "refine": selector.refine,
        "sigma": selector.sigma.to_string(),
        "labelled": selector.labelled.len(),
    });
    stratify(args, &mut options);
    Plan {
        selector: Box::new(selector),
        options,
    }
}

pub(super) fn facility_location(args: &SelectArgs, given: Given) -> Plan {
    let default = FacilityLocation::default();
    let selector = FacilityLocation {
        kernel: args.cover.kernel.unwrap_or_default(),
        sigma: args.cover.sigma.unwrap_or_default(),
        target_weights: given.target_weights,
        storage: args.storage.unwrap_or_default(),
        labelled: given.labelled,
        classes: given.classes,
        min_per_class: args.min_per_class.unwrap_or(default.min_per_class),
    };
    let mut options = json!({ "kernel": selector.kernel, "labelled": selector.labelled.len() });
    by_bandwidth(&mut options, selector.kernel, &selector.sigma);
    if selector.target_weights.is_some() {
        options["target_weights"] = "given".into();
    }
    stratify(args, &mut options);
    Plan {
        selector: Box::new(selector),
        options,
    }
}

pub(super) fn herding(args: &SelectArgs, labelled: Vec<usize>, classes: Option<Classes>) -> Plan {
    let selector = Herding {
        kernel: args.cover.kernel.unwrap_or_default(),
        sigma: args.cover.sigma.unwrap_or_default(),
        alpha: args.cover.alpha.unwrap_or_default(),
        labelled,
        classes,
        min_per_class: args.min_per_class.unwrap_or(0),
    };
    let mut options = json!({
        "kernel": selector.kernel,
        "alpha": selector.alpha.to_string(),
        "labelled": selector.labelled.len(),
    });
    by_bandwidth(&mut options, selector.kernel, &selector.sigma);
    stratify(args, &mut options);
    Plan {
        selector: Box::new(selector),
        options,
    }
}

/// Says the bandwidth, of a kernel that has one.
fn by_bandwidth(options: &mut Value, kernel: Kernel, sigma: &impl ToString) {
    if kernel == Kernel::Rbf {
        options["sigma"] = sigma.to_string().into();
    }
}
