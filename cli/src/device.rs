//! Where the work is done.

#[cfg(feature = "gpu")]
use super::stderr;
#[cfg(feature = "gpu")]
pub(super) use coresift::AdapterChoice;
#[cfg(feature = "gpu")]
use coresift::Gpu;
use coresift::plan::Outline;
use coresift::{CpuPool, Error, Features, Pool, Shards, Stop};
use std::str::FromStr;

/// What is asked for in a build that has no adapter: a word, for the error to name.
#[cfg(not(feature = "gpu"))]
pub(super) type AdapterChoice = String;

/// What `--device` asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    /// A hardware adapter, else the CPU.
    Auto,
    /// The CPU.
    Cpu,
    /// An adapter: the best, or a certain one.
    Adapter(AdapterChoice),
    /// Several at once, each with a part of the rows.
    Several(Vec<Self>),
    /// All hardware adapters at once.
    All,
}

impl FromStr for Choice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.contains(',') {
            let each = text.split(',').map(|name| match name.trim().parse()? {
                Self::All | Self::Auto => Err(format!(
                    "{name:?} among others found, cpu or adapters expected in a list"
                )),
                choice => Ok(choice),
            });
            return Ok(Self::Several(each.collect::<Result<_, _>>()?));
        }
        match text.to_ascii_lowercase().as_str() {
            "auto" => Ok(Self::Auto),
            "all" => Ok(Self::All),
            "cpu" => Ok(Self::Cpu),
            _ => text.parse().map(Self::Adapter).map_err(|_| {
                format!(
                    "{text:?} found, auto, cpu, gpu, all, the number of an adapter or at least three \
                     letters of its name, or several with commas between expected (adapters there are: {})",
                    adapters()
                )
            }),
        }
    }
}

/// Every adapter with its number, on one line.
#[cfg(feature = "gpu")]
fn adapters() -> String {
    stderr::hush();
    let adapters = Gpu::adapters();
    stderr::rejoin();
    let names: Vec<String> = adapters.iter().map(ToString::to_string).collect();
    if names.is_empty() {
        return "none".to_owned();
    }
    names.join(", ")
}

#[cfg(not(feature = "gpu"))]
fn adapters() -> &'static str {
    "none"
}

/// An open device.
#[derive(Debug)]
pub(crate) enum Device {
    /// The CPU.
    Cpu,
    /// A GPU.
    #[cfg(feature = "gpu")]
    Gpu(Gpu),
    /// Several, each with a part of the rows.
    Several(Vec<Self>),
}

impl Device {
    /// Opens what was asked for; says why where `auto` came to be the CPU, and which devices of several are
    /// the same.
    pub(crate) fn open(
        choice: &Choice,
        memory: Option<u64>,
    ) -> Result<(Self, Option<String>), Error> {
        match choice {
            Choice::Cpu => Ok((Self::Cpu, None)),
            Choice::Adapter(asked) => Ok((gpu(Some(asked), memory)?, None)),
            Choice::Auto => Ok(auto(memory)),
            Choice::Several(choices) => {
                let open = |choice| Ok(Self::open(choice, memory)?.0);
                let devices: Vec<Self> = choices.iter().map(open).collect::<Result<_, Error>>()?;
                let repeated = repeated(choices, &devices)?;
                Ok((Self::Several(devices), repeated))
            }
            Choice::All => Ok((all(memory)?, None)),
        }
    }

    /// The name that reports carry.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Cpu => "cpu".to_owned(),
            #[cfg(feature = "gpu")]
            Self::Gpu(gpu) => gpu.name(),
            Self::Several(devices) => {
                let names: Vec<String> = devices.iter().map(Self::name).collect();
                names.join(", ")
            }
        }
    }

    /// What is known of such a pool before its features are read, which lie in memory or are read by every pass.
    pub(crate) fn outline(&self, [rows, dim]: [usize; 2], are_read: bool, memory: u64) -> Outline {
        match self {
            Self::Cpu => CpuPool::outline([rows, dim], are_read, memory),
            #[cfg(feature = "gpu")]
            Self::Gpu(gpu) => gpu.outline([rows, dim], are_read),
            Self::Several(devices) => {
                let count = devices.len().min(rows).max(1);
                let part = |(at, device): (usize, &Self)| {
                    let rows = rows * (at + 1) / count - rows * at / count;
                    device.outline([rows, dim], are_read, memory / count as u64)
                };
                let parts: Vec<Outline> =
                    devices.iter().take(count).enumerate().map(part).collect();
                let whole = Outline::of_parts(&parts);
                whole.unwrap_or_else(|| CpuPool::outline([rows, dim], are_read, memory))
            }
        }
    }

    /// A pool of the features, to be worked on until this is stopped, in so many bytes of the host's besides
    /// the features.
    pub(crate) fn pool<'a>(
        &'a self,
        features: Features<'a>,
        memory: u64,
        stop: Stop,
    ) -> Result<Box<dyn Pool + 'a>, Error> {
        match self {
            Self::Cpu => Ok(Box::new(
                CpuPool::new(features)
                    .with_memory_limit(memory)
                    .with_stop(stop),
            )),
            #[cfg(feature = "gpu")]
            Self::Gpu(gpu) => Ok(Box::new(gpu.clone().with_stop(stop).pool(features)?)),
            Self::Several(devices) => {
                let count = devices.len().min(features.rows());
                let part = |at: usize| {
                    let start = |at: usize| features.rows() * at / count;
                    features.part(start(at)..start(at + 1))
                };
                let shards = devices.iter().take(count).enumerate();
                let pools = shards
                    .map(|(at, device)| device.pool(part(at), memory / count as u64, stop.clone()));
                Ok(Box::new(Shards::new(pools.collect::<Result<_, _>>()?)?))
            }
        }
    }
}

/// Devices that are there more than once: each gets as many parts of the rows.
fn repeated(choices: &[Choice], devices: &[Device]) -> Result<Option<String>, Error> {
    let same: Vec<Option<usize>> = choices.iter().map(number).collect::<Result<_, _>>()?;
    let notes = (0..same.len()).filter_map(|at| {
        let times = same.iter().filter(|&&other| other == same[at]).count();
        let is_first = !same[..at].contains(&same[at]);
        (times > 1 && is_first).then(|| format!("{} is there {times} times", devices[at].name()))
    });
    let notes: Vec<String> = notes.collect();
    Ok((!notes.is_empty()).then(|| notes.join(", ")))
}

/// The number of the adapter that one of several choices tells; none for the CPU.
fn number(choice: &Choice) -> Result<Option<usize>, Error> {
    match choice {
        #[cfg(feature = "gpu")]
        Choice::Adapter(asked) => Ok(Some(asked.adapter()?.number)),
        _ => Ok(None),
    }
}

/// A hardware adapter; where there is none that works, the CPU and why.
#[cfg(feature = "gpu")]
fn auto(memory: Option<u64>) -> (Device, Option<String>) {
    let reason = match gpu(None, memory) {
        Ok(device) => return (device, None),
        Err(Error::NoAdapter) => "no hardware GPU found".to_owned(),
        Err(e) => e.to_string(),
    };
    stderr::rejoin();
    (Device::Cpu, Some(reason))
}

#[cfg(not(feature = "gpu"))]
fn auto(_: Option<u64>) -> (Device, Option<String>) {
    (
        Device::Cpu,
        Some("built without the gpu feature".to_owned()),
    )
}

/// All hardware adapters.
#[cfg(feature = "gpu")]
fn all(memory: Option<u64>) -> Result<Device, Error> {
    stderr::hush();
    let adapters = Gpu::adapters();
    let hardware = adapters.iter().filter(|adapter| !adapter.software);
    let devices: Vec<Device> = hardware
        .map(|adapter| gpu(Some(&AdapterChoice::Number(adapter.number)), memory))
        .collect::<Result<_, _>>()?;
    if devices.is_empty() {
        return Err(Error::NoAdapter);
    }
    Ok(Device::Several(devices))
}

#[cfg(not(feature = "gpu"))]
fn all(_: Option<u64>) -> Result<Device, Error> {
    Err(no_gpu(None))
}

/// The adapter that is asked for, else the best.
#[cfg(feature = "gpu")]
fn gpu(asked: Option<&AdapterChoice>, memory: Option<u64>) -> Result<Device, Error> {
    stderr::hush();
    let gpu = Gpu::open(asked.unwrap_or(&AdapterChoice::Best))?;
    Ok(Device::Gpu(match memory {
        Some(bytes) => gpu.with_memory_limit(bytes),
        None => gpu,
    }))
}

#[cfg(not(feature = "gpu"))]
fn gpu(asked: Option<&AdapterChoice>, _: Option<u64>) -> Result<Device, Error> {
    Err(no_gpu(asked))
}

/// Why there is no GPU in a build without any.
#[cfg(not(feature = "gpu"))]
pub(crate) fn no_gpu(asked: Option<&AdapterChoice>) -> Error {
    let name = asked.map_or("gpu", String::as_str);
    Error::Device(format!(
        "{name:?} found, cpu expected (built without the gpu feature)"
    ))
}
