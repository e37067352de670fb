//! Binds `shaders/cover_rounds.wgsl`.

use super::class_rows::ClassRows;
use super::cover::Covered;
use super::dense::Dense;
use super::integer_tile::joined;
use super::memory::Block;
use crate::error::Error;
use crate::kernels::similarities::{MASK, Round};
use wgpu::BufferUsages;

pub(super) const WGSL: &str = concat!(
    include_str!("../../shaders/panel_shift.wgsl"),
    include_str!("../../shaders/kept_panels.wgsl"),
    include_str!("../../shaders/cover.wgsl"),
    include_str!("../../shaders/cover_rounds.wgsl"),
);

/// Threads of a workgroup, `THREADS` in the shader.
const THREADS: u32 = 256;
/// Rounds of all loops together in one dispatch: a thread of Mesa's lavapipe stops after 65 535.
const MOST_LOOPS: u32 = 60_000;
/// Rounds of loops in a step, beside those over the class's own rows: its own, and those that add up.
const LOOPS_OF_STEP: u32 = 33;
/// Rounds of loops over four of the class's rows: what they gain, and each of them compared.
const LOOPS_OF_GROUP: u32 = 6;
/// In the shader: a bound that was computed in none of the rounds.
const NEVER: u32 = u32::MAX;

/// `Shape` in the shader; the test below holds the two to one layout.
#[repr(C)]
#[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
struct Shape {
    rows: u32,
    matrix: u32,
    groups: u32,
    first: u32,
    rounds: u32,
    steps: u32,
}

/// `Bound` in the shader.
#[repr(C)]
#[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
struct Bound {
    gain: [u32; 2],
    after: u32,
}

impl Bound {
    fn of(gain: i64) -> Self {
        Self {
            gain: [gain as u32, (gain >> 32) as u32],
            after: NEVER,
        }
    }
}

/// `Round` in the shader: a row of the class and its gain.
#[repr(C)]
#[derive(Clone, Copy, Default, bytemuck::Pod, bytemuck::Zeroable)]
struct Picked {
    row: u32,
    gain: [u32; 2],
}

/// Greedy rounds in a class that is kept; `gains` are those of its rows.
pub(super) fn run(
    resident: &ClassRows<'_>,
    (kept, class): (&Dense, usize),
    covered: &Covered,
    gains: &mut [i64],
    count: usize,
) -> Result<Vec<Round>, Error> {
    if count == 0 {
        return Ok(Vec::new());
    }
    let gpu = resident.gpu;
    let rows = resident.ranges.class(class);
    let mut bounds: Vec<Bound> = gains.iter().map(|&gain| Bound::of(gain)).collect();
    bounds.resize(4 * kept.groups(class) as usize, Bound::of(MASK));
    gpu.fits("gains", size_of_val(&bounds[..]) as u64)?;
    let usage = BufferUsages::STORAGE | BufferUsages::COPY_SRC;
    let bounds = gpu.filled("gains", &bounds, usage)?;
    let made = vec![Picked::default(); 1 + count];
    gpu.fits("picks", size_of_val(&made[..]) as u64)?;
    let rounds = gpu.filled("picks", &made, usage)?;
    let shape = Shape {
        rows: rows.len() as u32,
        matrix: kept.matrix(class),
        groups: kept.groups(class),
        first: rows.start as u32,
        rounds: count as u32,
        steps: steps_at_once(kept.groups(class)),
    };
    let picked = make(resident, shape, kept, [&covered.states, &bounds, &rounds])?;
    let after: Vec<Bound> = gpu.read("gains", &bounds)?;
    for (gain, bound) in gains.iter_mut().zip(after) {
        *gain = joined(bound.gain);
    }
    let round = |picked: &Picked| Round {
        row: rows.start + picked.row as usize,
        gain: joined(picked.gain),
    };
    Ok(picked[1..].iter().map(round).collect())
}

/// All rounds, with their number before them.
fn make(
    resident: &ClassRows<'_>,
    shape: Shape,
    kept: &Dense,
    [states, bounds, rounds]: [&Block; 3],
) -> Result<Vec<Picked>, Error> {
    let gpu = resident.gpu;
    let shape = gpu.uniform(shape)?;
    let own = [&shape, states, bounds, rounds].map(|block| block.as_entire_binding());
    loop {
        gpu.dispatch(
            "cover_rounds",
            (WGSL, &[gpu.panel_shift()]),
            &[own.as_slice(), &kept.bindings()].concat(),
            1,
        )?;
        let picked: Vec<Picked> = gpu.read("picks", rounds)?;
        if picked[0].row as usize + 1 == picked.len() {
            return Ok(picked);
        }
    }
}

/// Steps that one dispatch takes where a class has so many groups of four rows.
fn steps_at_once(groups: u32) -> u32 {
    let passes = LOOPS_OF_GROUP * groups.div_ceil(THREADS);
    (MOST_LOOPS.saturating_sub(passes) / (passes + LOOPS_OF_STEP)).max(1)
}

#[cfg(test)]
mod tests {
    use super::super::dense::tests::{PANELS, with_shift};
    use super::super::layout::{assert_entry, assert_struct, constant};
    use super::*;
    use std::mem::offset_of;

    #[test]
    fn layout() {
        let own = ["shape", "cover", "bounds", "rounds"];
        let bindings = [&own[..], &PANELS].concat();
        assert_entry(&with_shift(WGSL), "cover_rounds", THREADS, &bindings);
        let members = [
            ("rows", offset_of!(Shape, rows)),
            ("matrix", offset_of!(Shape, matrix)),
            ("groups", offset_of!(Shape, groups)),
            ("first", offset_of!(Shape, first)),
            ("rounds", offset_of!(Shape, rounds)),
            ("steps", offset_of!(Shape, steps)),
        ];
        assert_struct(WGSL, "Shape", &members, size_of::<Shape>());
        let gain = offset_of!(Bound, gain);
        let members = [
            ("low", gain),
            ("high", gain + 4),
            ("after", offset_of!(Bound, after)),
        ];
        assert_struct(WGSL, "Bound", &members, size_of::<Bound>());
        let gain = offset_of!(Picked, gain);
        let members = [
            ("row", offset_of!(Picked, row)),
            ("low", gain),
            ("high", gain + 4),
        ];
        assert_struct(WGSL, "Round", &members, size_of::<Picked>());
        assert_eq!(constant(WGSL, "THREADS"), u64::from(THREADS));
        assert_eq!(constant(WGSL, "NEVER"), u64::from(NEVER));
        let mask = (constant(WGSL, "MASK_UPPER") as u32).cast_signed();
        assert_eq!(i64::from(mask) << 32, MASK);
    }

    #[test]
    fn dispatches_end_before_lavapipe_stops_them() {
        // The panels that there are hold similarities of some 100 000 rows.
        for groups in [0u32, 1, 256, 257, 10_000, 30_000] {
            let passes = LOOPS_OF_GROUP * groups.div_ceil(THREADS);
            let loops = passes + steps_at_once(groups) * (passes + LOOPS_OF_STEP);
            assert!(loops <= 65_535, "{groups}");
        }
    }
}
