//! Latent classes from the files and numbers that options name.

use super::args::SelectArgs;
use super::failure::Failure;
use super::indices;
use coresift::Classes;

/// The latent classes that the options ask for, for features of `dim` values.
pub(crate) fn read(args: &SelectArgs, dim: usize) -> Result<Option<Classes>, Failure> {
    let _ = dim;
    if let Some(list) = &args.classes {
        return Ok(Some(Classes::Given(indices::read(
            list, "classes", "class",
        )?)));
    }
    Ok(None)
}
