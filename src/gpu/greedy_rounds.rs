//! Binds `shaders/greedy_rounds.wgsl`.

use super::integer_tile::{Resident, joined};
use super::memory::Block;
use super::run::compile;
use super::similarities::Kept;
use crate::{Error, Gpu, Round, stored_pitch};
use std::ops::Range;
use wgpu::BufferUsages;

pub(super) const WGSL: &str = concat!(
    include_str!("../../shaders/panel_shift.wgsl"),
    include_str!("../../shaders/kept_panels.wgsl"),
    include_str!("../../shaders/greedy_rounds.wgsl"),
);

/// Threads of a workgroup, `THREADS` in the shader.
const THREADS: u32 = 256;
/// Rounds of all loops together in one dispatch: a thread of Mesa's lavapipe stops after 65 535,
/// and a GPU takes about a microsecond for each.
const MOST_LOOPS: u32 = 60_000;
/// Rounds of the loops in one round of the choice, beside those over the class's own rows.
const LOOPS_OF_ROUND: u32 = 24;

/// `Shape` in the shader; the test below holds the two to one layout.
#[repr(C)]
#[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
struct Shape {
    classes: u32,
    begin: u32,
    end: u32,
    step_low: u32,
    step_high: u32,
}

/// `Class` in the shader.
#[repr(C)]
#[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
struct Class {
    matrix: u32,
    gains: u32,
    groups: u32,
    rounds: u32,
    list: u32,
}

/// `Round` in the shader: a row of the class and its gain.
#[repr(C)]
#[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
struct Picked {
    row: u32,
    low: u32,
    high: u32,
}

/// Greedy rounds in all classes kept.
pub(super) fn run(
    resident: &Resident<'_>,
    kept: &Kept,
    gains: &mut [i64],
    counts: &[usize],
    step: i64,
) -> Result<Vec<Vec<Round>>, Error> {
    let gpu = resident.gpu;
    let rows = kept.rows(resident.rows);
    let picks: usize = counts.iter().sum();
    if picks == 0 {
        return Ok(vec![Vec::new(); counts.len()]);
    }
    let ranges: Vec<Range<usize>> = (kept.classes.clone())
        .map(|class| resident.rows.class(class))
        .map(|class| class.start - rows.start..class.end - rows.start)
        .collect();
    let classes = classes(kept, &ranges, counts);
    let usage = BufferUsages::STORAGE | BufferUsages::COPY_SRC;
    let filled_up = filled_up(gains, &ranges);
    gpu.fits("gains", size_of_val(&filled_up[..]) as u64)?;
    let resident_gains = gpu.filled("gains", &filled_up, usage)?;
    drop(filled_up);
    let size = gpu.fits("picks", (picks * size_of::<Picked>()) as u64)?;
    let rounds = gpu.output("picks", size)?;
    for some in classes.chunks(gpu.most_listed::<Class>()) {
        dispatch(gpu, some, kept, &resident_gains, &rounds, step)?;
    }

    let picked = gpu.read::<Picked>("picks", &rounds)?;
    drop(rounds);
    let after = gpu.read::<[u32; 2]>("gains", &resident_gains)?;
    for (range, class) in ranges.iter().zip(&classes) {
        let of_class = after[4 * class.gains as usize..].iter();
        let gains = gains[range.clone()].iter_mut();
        gains
            .zip(of_class)
            .for_each(|(gain, &words)| *gain = joined(words));
    }
    let of_class = |(range, class): (&Range<usize>, &Class)| {
        let first = rows.start + range.start;
        let picked = &picked[class.list as usize..][..class.rounds as usize];
        let round = |picked: &Picked| Round {
            row: first + picked.row as usize,
            gain: joined([picked.low, picked.high]),
        };
        picked.iter().map(round).collect()
    };
    Ok(ranges.iter().zip(&classes).map(of_class).collect())
}

/// All rounds of some classes.
fn dispatch(
    gpu: &Gpu,
    classes: &[Class],
    kept: &Kept,
    gains: &Block,
    rounds: &Block,
    step: i64,
) -> Result<(), Error> {
    let list = gpu.filled("classes", classes, BufferUsages::STORAGE)?;
    let groups = classes.iter().map(|class| class.groups).max().unwrap_or(0);
    let last = classes.iter().map(|class| class.rounds).max().unwrap_or(0);
    let at_once = rounds_at_once(groups);
    for begin in (0..last).step_by(at_once as usize) {
        let shape = gpu.uniform(Shape {
            classes: classes.len() as u32,
            begin,
            end: last.min(begin + at_once),
            step_low: step as u32,
            step_high: (step >> 32) as u32,
        })?;
        let own = [&shape, &list, gains, rounds].map(|block| block.as_entire_binding());
        gpu.dispatch(
            "greedy_rounds",
            |device| compile(device, "greedy_rounds", WGSL, &[gpu.panel_shift()]),
            &gpu.pipelines().greedy_rounds,
            &[own.as_slice(), &kept.bindings()].concat(),
            classes.len() as u64,
        )?;
    }
    Ok(())
}

/// Rounds that one dispatch takes where a class has so many groups of four rows.
fn rounds_at_once(groups: u32) -> u32 {
    let passes = groups.div_ceil(THREADS);
    (MOST_LOOPS.saturating_sub(passes) / (passes + LOOPS_OF_ROUND)).max(1)
}

fn classes(kept: &Kept, ranges: &[Range<usize>], counts: &[usize]) -> Vec<Class> {
    let (mut gains, mut list) = (0, 0);
    let classes = kept.classes.clone().zip(ranges.iter().zip(counts));
    classes
        .map(|(class, (range, &count))| {
            let groups = (stored_pitch(range.len()) / 4) as u32;
            let of_class = Class {
                matrix: kept.matrix(class),
                gains,
                groups,
                rounds: count as u32,
                list,
            };
            gains += groups;
            list += count as u32;
            of_class
        })
        .collect()
}

/// The gains class after class, each class filled up to whole groups with the least there is.
fn filled_up(gains: &[i64], ranges: &[Range<usize>]) -> Vec<i64> {
    let mut filled_up = Vec::with_capacity(gains.len() + 3 * ranges.len());
    for range in ranges {
        filled_up.extend_from_slice(&gains[range.clone()]);
        let fill = stored_pitch(range.len()) - range.len();
        filled_up.extend(std::iter::repeat_n(i64::MIN, fill));
    }
    filled_up
}

#[cfg(test)]
mod tests {
    use super::super::layout::{assert_entry, assert_struct, constant};
    use super::super::similarities::tests::{PANELS, with_shift};
    use super::*;
    use crate::MASK;
    use std::mem::offset_of;

    #[test]
    fn layout() {
        let own = ["shape", "classes", "gains", "rounds"];
        let bindings = [&own[..], &PANELS].concat();
        assert_entry(&with_shift(WGSL), "greedy_rounds", THREADS, &bindings);
        let members = [
            ("classes", offset_of!(Shape, classes)),
            ("begin", offset_of!(Shape, begin)),
            ("end", offset_of!(Shape, end)),
            ("step_low", offset_of!(Shape, step_low)),
            ("step_high", offset_of!(Shape, step_high)),
        ];
        assert_struct(WGSL, "Shape", &members, size_of::<Shape>());
        let members = [
            ("matrix", offset_of!(Class, matrix)),
            ("gains", offset_of!(Class, gains)),
            ("groups", offset_of!(Class, groups)),
            ("rounds", offset_of!(Class, rounds)),
            ("list", offset_of!(Class, list)),
        ];
        assert_struct(WGSL, "Class", &members, size_of::<Class>());
        let members = [
            ("row", offset_of!(Picked, row)),
            ("low", offset_of!(Picked, low)),
            ("high", offset_of!(Picked, high)),
        ];
        assert_struct(WGSL, "Round", &members, size_of::<Picked>());
        assert_eq!(constant(WGSL, "THREADS"), u64::from(THREADS));
        let mask = (constant(WGSL, "MASK_UPPER") as u32).cast_signed();
        assert_eq!(i64::from(mask) << 32, MASK);
    }

    #[test]
    fn dispatches_end_before_lavapipe_stops_them() {
        for groups in [0u32, 1, 256, 257, 10_000, 2_000_000] {
            let (passes, rounds) = (groups.div_ceil(THREADS), rounds_at_once(groups));
            assert!(
                passes + rounds * (passes + LOOPS_OF_ROUND) <= 65_535,
                "{groups}"
            );
        }
    }
}
