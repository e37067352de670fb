//! Binds `shaders/greedy_rounds.wgsl`.

use super::class_rows::ClassRows;
use super::dense::Dense;
use super::integer_tile::joined;
use super::memory::Block;
use crate::error::Error;
use crate::gpu::device::Gpu;
use crate::kernels::similarities::{Round, stored_pitch};
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
/// Rounds of loops in one round of the choice, beside those over the class's own rows: its own.
const LOOPS_OF_ROUND: u32 = 1;

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
struct Listed {
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
    resident: &ClassRows<'_>,
    kept: &Dense,
    gains: &mut [i64],
    counts: &[usize],
    step: i64,
) -> Result<Vec<Vec<Round>>, Error> {
    let classes = kept.classes.clone().zip(counts);
    let classes: Vec<Class> = classes
        .map(|(class, &picks)| Class {
            rows: resident.ranges.class(class),
            matrix: kept.matrix(class),
            picks,
        })
        .collect();
    let mut rounds = Vec::with_capacity(classes.len());
    let mut rest = gains;
    for some in together(&classes) {
        let rows = some.iter().map(|class| class.rows.len()).sum();
        let of_some;
        (of_some, rest) = rest.split_at_mut(rows);
        rounds.extend(run_together(resident.gpu, kept, some, of_some, step)?);
    }
    Ok(rounds)
}

/// A class to be picked from.
struct Class {
    rows: Range<usize>,
    /// The first group of its matrix.
    matrix: u32,
    picks: usize,
}

impl Class {
    /// Bytes of its gains and picks on the device.
    fn size(&self) -> usize {
        size_of::<i64>() * stored_pitch(self.rows.len()) + size_of::<Picked>() * self.picks
    }
}

/// Bytes for each row, on average, that gains and picks of classes worked on together may take,
const BYTES_OF_ROW: usize = 20;
/// and what of them is on its way to the host: a device then needs no more than 24 bytes a row.
const BYTES_READ_OF_ROW: usize = 4;
/// As many bytes in any case.
pub(super) const BYTES_ALWAYS: usize = 1 << 16;

/// Runs of classes whose gains and picks are on the device at a time: all in one, but where very
/// many classes of a few rows are filled up to far more.
fn together(classes: &[Class]) -> Vec<&[Class]> {
    let rows: usize = classes.iter().map(|class| class.rows.len()).sum();
    let most = (BYTES_OF_ROW * rows).max(BYTES_ALWAYS);
    let (mut runs, mut rest, mut bytes, mut count) = (Vec::new(), classes, 0, 0);
    for class in classes {
        if count > 0 && bytes + class.size() > most {
            let run;
            (run, rest) = rest.split_at(count);
            runs.push(run);
            (bytes, count) = (0, 0);
        }
        bytes += class.size();
        count += 1;
    }
    runs.push(rest);
    runs
}

/// Greedy rounds in some classes at once; `gains` are those of their rows.
fn run_together(
    gpu: &Gpu,
    kept: &Dense,
    classes: &[Class],
    gains: &mut [i64],
    step: i64,
) -> Result<Vec<Vec<Round>>, Error> {
    let rows: usize = classes.iter().map(|class| class.rows.len()).sum();
    let read_at_once = (BYTES_READ_OF_ROW * rows).max(BYTES_ALWAYS) as u64;
    let picks: usize = classes.iter().map(|class| class.picks).sum();
    if picks == 0 {
        return Ok(vec![Vec::new(); classes.len()]);
    }
    let listed = listed(classes);
    let usage = BufferUsages::STORAGE | BufferUsages::COPY_SRC;
    let filled_up = filled_up(gains, classes);
    gpu.fits("gains", size_of_val(&filled_up[..]) as u64)?;
    let resident_gains = gpu.filled("gains", &filled_up, usage)?;
    drop(filled_up);
    let size = gpu.fits("picks", (picks * size_of::<Picked>()) as u64)?;
    let rounds = gpu.output("picks", size)?;
    for some in listed.chunks(gpu.most_listed::<Listed>()) {
        dispatch(gpu, some, kept, &resident_gains, &rounds, step)?;
    }

    let picked = gpu.read_by_pieces::<Picked>("picks", &rounds, read_at_once)?;
    drop(rounds);
    let after = gpu.read_by_pieces::<[u32; 2]>("gains", &resident_gains, read_at_once)?;
    let (mut rest, mut rounds) = (gains, Vec::with_capacity(classes.len()));
    for (class, listed) in classes.iter().zip(&listed) {
        let of_class;
        (of_class, rest) = rest.split_at_mut(class.rows.len());
        let after = &after[4 * listed.gains as usize..];
        for (gain, &words) in of_class.iter_mut().zip(after) {
            *gain = joined(words);
        }
        let picked = &picked[listed.list as usize..][..class.picks];
        let round = |picked: &Picked| Round {
            row: class.rows.start + picked.row as usize,
            gain: joined([picked.low, picked.high]),
        };
        rounds.push(picked.iter().map(round).collect());
    }
    Ok(rounds)
}

/// All rounds of some classes.
fn dispatch(
    gpu: &Gpu,
    classes: &[Listed],
    kept: &Dense,
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
            (WGSL, &[gpu.panel_shift()]),
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

fn listed(classes: &[Class]) -> Vec<Listed> {
    let (mut gains, mut list) = (0, 0);
    let of_class = |class: &Class| {
        let groups = (stored_pitch(class.rows.len()) / 4) as u32;
        let listed = Listed {
            matrix: class.matrix,
            gains,
            groups,
            rounds: class.picks as u32,
            list,
        };
        gains += groups;
        list += class.picks as u32;
        listed
    };
    classes.iter().map(of_class).collect()
}

/// The gains class after class, each class filled up to whole groups with the least there is.
fn filled_up(gains: &[i64], classes: &[Class]) -> Vec<i64> {
    let (mut filled_up, mut rest) = (Vec::new(), gains);
    for class in classes {
        let of_class;
        (of_class, rest) = rest.split_at(class.rows.len());
        filled_up.extend_from_slice(of_class);
        filled_up.resize(filled_up.len().next_multiple_of(4), i64::MIN);
    }
    filled_up
}

#[cfg(test)]
mod tests {
    use super::super::dense::tests::{PANELS, with_shift};
    use super::super::layout::{assert_entry, assert_struct, constant};
    use super::*;
    use crate::kernels::similarities::MASK;
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
            ("matrix", offset_of!(Listed, matrix)),
            ("gains", offset_of!(Listed, gains)),
            ("groups", offset_of!(Listed, groups)),
            ("rounds", offset_of!(Listed, rounds)),
            ("list", offset_of!(Listed, list)),
        ];
        assert_struct(WGSL, "Class", &members, size_of::<Listed>());
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

    /// Classes of one row take 44 bytes a row, larger ones at most 20: those are not parted.
    #[test]
    fn small_classes_take_turns() {
        let classes = |of: &[usize]| -> Vec<Class> {
            let class = |&rows: &usize| Class {
                rows: 0..rows,
                matrix: 0,
                picks: rows,
            };
            of.iter().map(class).collect()
        };
        let bytes = |run: &[Class]| run.iter().map(Class::size).sum::<usize>();
        assert_eq!(together(&classes(&[5000; 10])).len(), 1);
        assert_eq!(together(&classes(&[100_000])).len(), 1);
        assert_eq!(together(&classes(&[1; 100])).len(), 1);
        let many = classes(&[[1; 9].as_slice(), &[70]].concat().repeat(20_000));
        let rows: usize = many.iter().map(|class| class.rows.len()).sum();
        let runs = together(&many);
        assert!(runs.len() > 1);
        assert_eq!(runs.iter().map(|run| run.len()).sum::<usize>(), many.len());
        assert!(runs.iter().all(|run| bytes(run) <= BYTES_OF_ROW * rows));
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
