//! `--weights-out`: what picks stand for.

use crate::args::SelectArgs;
use crate::method::Given;
use crate::write::Weighed;
use coresift::evaluate::Weigher;
use coresift::{Error, Pool, Selection};
use serde_json::Value;

/// A selection and, where they are asked for, the weights of its picks, or why there are none.
pub(super) struct Chosen {
    pub(super) selection: Selection,
    pub(super) weighed: Option<Result<Weighed, Error>>,
}

/// What `choose` chooses, weighed where that is asked for. What cannot be weighed is refused before anything
/// is chosen.
pub(super) fn weighed(
    args: &SelectArgs,
    given: &Given,
    pool: &dyn Pool,
    choose: impl FnOnce() -> Result<Selection, Error>,
) -> Result<Chosen, Error> {
    if args.weights_out.is_none() {
        return choose().map(|selection| Chosen {
            selection,
            weighed: None,
        });
    }
    let weigher = Weigher::new(pool, args.weights_metric(), given.target_weights.as_deref())?;
    let selection = choose()?;
    let (labelled, picks) = (&given.labelled, &selection.picks);
    let weights = weigher.weigh(labelled, picks);
    let weights = weights.map_err(|error| error.with_partial(selection.clone()));
    let weighed = match weights {
        Err(error @ Error::Interrupted { missing: None, .. }) => return Err(error),
        weights => weights.map(|weights| Weighed {
            rows: [&labelled[..], picks].concat(),
            labelled: labelled.len(),
            weights,
        }),
    };
    Ok(Chosen {
        weighed: Some(weighed),
        selection,
    })
}

/// Says in a record by what picks are weighed.
pub(super) fn tell(args: &SelectArgs, about: &mut Value) {
    if args.weights_out.is_some() {
        about["weights_metric"] = args.weights_metric().to_string().into();
    }
    if args.target_weights.is_some() {
        about["target_weights"] = "given".into();
    }
}
