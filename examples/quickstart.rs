//! Chooses 100 of 1,797 handwritten digits that differ as much as can be.
//!
//! ```text
//! cargo run --release --example quickstart
//! ```

use coresift::{CpuPool, Features, GramSchmidt, Selector as _};
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    // Any row-major `f32` slice will do; this one is 1797 images of 8 x 8 pixels.
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/data/digits.npy");
    let file = npyz::NpyFile::new(std::fs::File::open(path)?)?;
    let (rows, dim) = (file.shape()[0] as usize, file.shape()[1] as usize);
    let values: Vec<f32> = file.into_vec()?;

    // Checked once: shape, finite values.
    let features = Features::new(&values, rows, dim)?;
    // `Gpu::open(&AdapterChoice::Best)?.pool(features)?` makes the same picks on a GPU.
    let pool = CpuPool::new(features);
    let chosen = GramSchmidt {
        seed: 0,
        ..GramSchmidt::default()
    }
    .select(&pool, 100)?;

    println!("first picks: {:?}", &chosen.picks[..10]);
    println!(
        "starts: {}, passes over the features: {}",
        chosen.restarts.len(),
        chosen.passes
    );
    Ok(())
}
