//! What a selection takes from the start of the process to its end.

use super::calibration::Calibration;
use crate::args::SelectArgs;
use crate::failure::Failure;
use crate::method::Plan;
use crate::select;
use coresift::Device;
use coresift::evaluate::Weigher;
use coresift::plan::{Amount, Cost, Rates, Span, Work};
use coresift_io::features::FeatureFile;
use coresift_io::loaded::Room;
use std::sync::Arc;

/// What is to be selected, of what, and where.
pub(super) struct Job<'a> {
    pub(super) args: &'a SelectArgs,
    pub(super) file: &'a FeatureFile,
    pub(super) inputs: Option<Arc<FeatureFile>>,
    pub(super) device: &'a Device,
    /// Rows that are not left out.
    pub(super) rows: usize,
    pub(super) budget: usize,
    pub(super) plan: Plan,
    pub(super) room: Room,
    /// Seconds until the device is open.
    pub(super) opening: f64,
}

/// The bill of a selection.
pub(super) struct Bill {
    pub(super) method: String,
    pub(super) options: serde_json::Value,
    pub(super) seed: u64,
    pub(super) budget: usize,
    pub(super) rows: usize,
    pub(super) dim: usize,
    pub(super) device: String,
    /// Bytes of the rows as float32, and what they may take.
    pub(super) needed: u64,
    pub(super) bound: u64,
    /// Whether they are held in memory.
    pub(super) are_held: bool,
    pub(super) cost: Cost,
    /// Bytes that are read from files.
    pub(super) bytes_read: Span,
    /// The most of the host's memory beside what files are mapped to.
    pub(super) host_bytes: u64,
    pub(super) seconds: Parts,
    /// What each kind of work takes.
    pub(super) by_work: Vec<(Work, Amount, Span)>,
    pub(super) otherwise: Option<Otherwise>,
    pub(super) workers: Option<OfWorkers>,
    pub(super) assumed: Vec<String>,
}

/// Seconds by what they are spent on. What the rates may be off is not in them.
#[derive(Clone, Copy, Default)]
pub(super) struct Parts {
    /// The process, the device.
    pub(super) start: f64,
    /// Files read into memory, checked, centered.
    pub(super) load: f64,
    /// Files read anew by passes.
    pub(super) passes: Span,
    /// The selection's own work.
    pub(super) work: Span,
}

impl Parts {
    /// What is likely, and between what it lies, with what the rates may be off.
    pub(super) fn all(self) -> Span {
        let all = Span::of(self.start + self.load) + self.passes + self.work;
        Span {
            least: all.least / Rates::DOUBT,
            likely: all.likely,
            most: all.most * Rates::DOUBT,
        }
    }
}

/// What a selection would take with more memory.
pub(super) struct Otherwise {
    /// Bytes for `--memory`.
    pub(super) memory: u64,
    pub(super) seconds: f64,
}

/// What each of several processes has.
pub(super) struct OfWorkers {
    pub(super) count: usize,
    /// Rows of the one that has most.
    pub(super) rows: usize,
    /// Bytes of those as float32, what it must hold of them, and what it may take.
    pub(super) bytes: u64,
    pub(super) needed: u64,
    pub(super) bound: u64,
    /// How many of them, each with as much memory, would hold all rows.
    pub(super) enough: usize,
}

impl OfWorkers {
    /// Of rows of `width` bytes as float32 each, in as much of what there is as each has.
    fn new(count: usize, rows: usize, width: u64, room: &Room) -> Self {
        let count = count.min(rows).max(1);
        let most = rows.div_ceil(count);
        let bound = room.bound / count as u64;
        let needed_each = room.needed.div_ceil(rows.max(1) as u64);
        let held = (bound / needed_each.max(1)).max(1);
        Self {
            count,
            rows: most,
            bytes: most as u64 * width,
            needed: needed_each * most as u64,
            bound,
            enough: match needed_each {
                0 => count,
                _ => (rows as u64).div_ceil(held) as usize,
            },
        }
    }

    /// Whether each holds its rows.
    pub(super) fn are_held(&self) -> bool {
        self.needed <= self.bound
    }
}

/// Bytes that a process takes for itself.
const PROCESS: u64 = 3 << 19;
/// Bytes that features keep of a row beside its values.
const LENGTH: u64 = 8;
/// By how much less a selection must take for more memory to be worth a word.
const WORTH_SAYING: f64 = 0.9;
/// Bytes by which similarities are kept that would else not be, at most.
const SIMILARITIES: u64 = 2 << 30;

impl Job<'_> {
    /// What the selector takes, of rows that are held or read anew by every pass, in so many bytes besides.
    pub(super) fn cost(&self, are_held: bool, memory: u64) -> Result<Cost, Failure> {
        let shape = [self.rows, self.file.dim];
        let outline = self.device.outline(shape, !are_held, memory);
        let mut cost = (self.plan.selector.cost(&outline, self.budget))
            .map_err(|error| select::in_context(self.args, self.file, error))?;
        if self.args.weights_out.is_some() {
            let labelled = self.plan.selector.labelled().len();
            cost = cost.then(Weigher::cost(&outline, labelled + self.budget));
        }
        if are_held {
            cost.reads = Span::default();
        }
        Ok(cost)
    }

    /// Seconds of all that, and how many values are read from files.
    fn parts(&self, calibration: &Calibration, cost: &Cost, are_held: bool) -> (Parts, Span) {
        let values = self.file.values() as f64;
        let looks = if self.args.center { 2.0 } else { 1.0 };
        let check = self.amount(looks);
        let mut load = calibration.rates.of(Work::Check, &check).likely;
        let mut read = Span::of(values);
        let mut passes = Span::default();
        if are_held {
            load += values * calibration.load;
        } else {
            load = values * looks * calibration.again;
            read = Span::of(values * looks);
            read += cost.reads * values;
            passes = cost.reads * (values * calibration.again);
        }
        if self.args.center {
            load += calibration
                .rates
                .of(Work::RowNorms, &self.amount(3.0))
                .likely;
            read += Span::of(if are_held { 0.0 } else { values });
        }
        if let Some(inputs) = &self.inputs {
            load += inputs.values() as f64 * (calibration.load + calibration.again);
            read += Span::of(inputs.values() as f64);
        }
        let parts = Parts {
            start: self.opening + calibration.start,
            load,
            passes,
            work: calibration.rates.seconds(cost),
        };
        (parts, read)
    }

    /// All rows, so many times.
    fn amount(&self, times: f64) -> Amount {
        let rows = Span::from(self.file.rows) * times;
        Amount {
            calls: Span::of(times),
            items: rows,
            multiply_adds: rows * self.file.dim as f64,
        }
    }

    /// The bill, by what the device can do.
    pub(super) fn bill(self, calibration: &Calibration) -> Result<Bill, Failure> {
        let are_held = self.room.is_enough();
        let cost = self.cost(are_held, self.room.left())?;
        let (seconds, read) = self.parts(calibration, &cost, are_held);
        let held = if are_held { self.room.needed } else { 0 };
        let by_work =
            |(&work, amount): (&Work, &Amount)| (work, *amount, calibration.rates.of(work, amount));
        Ok(Bill {
            by_work: cost.work.iter().map(by_work).collect(),
            otherwise: self.otherwise(calibration, &cost, seconds)?,
            workers: self.args.workers.map(|count| {
                let width = size_of::<f32>() as u64 * self.file.dim as u64;
                OfWorkers::new(count.get(), self.file.rows, width, &self.room)
            }),
            host_bytes: PROCESS + held + LENGTH * self.file.rows as u64 + cost.host_bytes,
            bytes_read: read * self.file.kind().bytes() as f64,
            assumed: self.assumed(),
            method: self.args.method().name(),
            seed: self.args.seed,
            budget: self.budget,
            rows: self.rows,
            dim: self.file.dim,
            device: calibration.device.clone(),
            needed: self.room.needed,
            bound: self.room.bound,
            options: self.plan.options,
            are_held,
            cost,
            seconds,
        })
    }

    /// What more memory would change.
    fn otherwise(
        &self,
        calibration: &Calibration,
        cost: &Cost,
        seconds: Parts,
    ) -> Result<Option<Otherwise>, Failure> {
        let enough = self.room.needed.saturating_add(2 * SIMILARITIES);
        let with_all = self.cost(true, enough - self.room.needed)?;
        if self.room.is_enough() && with_all.storage == cost.storage {
            return Ok(None);
        }
        let memory = match with_all.storage == cost.storage {
            true => self.room.needed + with_all.host_bytes,
            false => self.room.needed + 2 * with_all.host_bytes,
        };
        let (parts, _) = self.parts(calibration, &with_all, true);
        let (now, then) = (seconds.all().likely, parts.all().likely);
        let otherwise = Otherwise {
            memory,
            seconds: then,
        };
        Ok((then < WORTH_SAYING * now).then_some(otherwise))
    }

    /// What the figures go by.
    fn assumed(&self) -> Vec<String> {
        let mut assumed = vec![
            "files are in the system's cache: what a disk takes to read them comes besides"
                .to_owned(),
            "the machine does nothing else".to_owned(),
        ];
        if self.args.workers.is_some() {
            assumed.push(
                "workers take together what one process does: what crosses between them comes besides".to_owned(),
            );
        }
        if self.file.conversion().is_some() {
            assumed.push("values are read as fast as float32".to_owned());
        }
        if !matches!(self.device, Device::Cpu) {
            assumed.push("the driver has compiled the shaders before".to_owned());
        }
        if self.args.source.skip_invalid {
            assumed.push("--skip-invalid leaves no row out".to_owned());
        }
        assumed
    }
}
