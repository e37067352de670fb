//! Where the work is done: a device by its name, and pools on it.

use crate::control::Stop;
use crate::cpu::CpuPool;
use crate::error::Error;
use crate::features::Features;
#[cfg(feature = "gpu")]
use crate::gpu::{AdapterChoice, Gpu};
use crate::kernels::pool::Pool;
use crate::plan::Outline;
use crate::shards::Shards;
use std::fmt;
use std::str::FromStr;

/// Which device is asked for.
///
/// As text it is `auto`, `cpu`, `gpu`, `all`, an adapter's number, at least three letters of its name, or
/// several of these with commas between.
///
/// ```
/// use coresift::DeviceChoice;
///
/// assert_eq!("cpu".parse(), Ok(DeviceChoice::Cpu));
/// assert_eq!("cpu,cpu".parse::<DeviceChoice>()?.to_string(), "cpu,cpu");
/// assert!("cpu,auto".parse::<DeviceChoice>().is_err());
/// # Ok::<(), String>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum DeviceChoice {
    /// The best hardware adapter, else the CPU.
    #[default]
    Auto,
    /// The CPU.
    Cpu,
    /// An adapter: the best, or a certain one.
    #[cfg(feature = "gpu")]
    Adapter(AdapterChoice),
    /// Several at once, each with a part of the rows.
    Several(Vec<Self>),
    /// All hardware adapters at once.
    All,
}

impl FromStr for DeviceChoice {
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
            _ => adapter(text),
        }
    }
}

impl fmt::Display for DeviceChoice {
    /// The text that reads as the same choice.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Cpu => f.write_str("cpu"),
            #[cfg(feature = "gpu")]
            Self::Adapter(choice) => choice.fmt(f),
            Self::Several(choices) => {
                let names: Vec<String> = choices.iter().map(Self::to_string).collect();
                f.write_str(&names.join(","))
            }
            Self::All => f.write_str("all"),
        }
    }
}

#[cfg(feature = "gpu")]
fn adapter(text: &str) -> Result<DeviceChoice, String> {
    text.parse().map(DeviceChoice::Adapter).map_err(|_| {
        let names: Vec<String> = Gpu::adapters().iter().map(ToString::to_string).collect();
        let names = match &names[..] {
            [] => "none".to_owned(),
            names => names.join(", "),
        };
        format!(
            "{text:?} found, auto, cpu, gpu, all, the number of an adapter or at least three \
             letters of its name, or several with commas between expected (adapters there are: {names})"
        )
    })
}

#[cfg(not(feature = "gpu"))]
fn adapter(text: &str) -> Result<DeviceChoice, String> {
    Err(format!(
        "{text:?} found, cpu expected (built without the gpu feature)"
    ))
}

/// An open device. Clones share it.
///
/// ```
/// use coresift::{Device, DeviceChoice, Features, Selector, Stop, Uniform};
///
/// let (device, _) = Device::open(&DeviceChoice::Cpu, None)?;
/// let pool = device.pool(Features::new(&[1.0, 2.0, 3.0], 3, 1)?, u64::MAX, Stop::default())?;
/// assert_eq!(Uniform::default().select(&*pool, 2)?.picks.len(), 2);
/// # Ok::<(), coresift::Error>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Device {
    /// The CPU.
    Cpu,
    /// A GPU.
    #[cfg(feature = "gpu")]
    Gpu(Gpu),
    /// Several, each with a part of the rows.
    Several(Vec<Self>),
}

impl Device {
    /// Opens what is asked for; a GPU keeps within `memory` bytes of its own where that is given. Says why
    /// [`DeviceChoice::Auto`] came to be the CPU, and which devices of several are the same.
    ///
    /// # Errors
    ///
    /// As `Gpu::open`.
    pub fn open(
        choice: &DeviceChoice,
        memory: Option<u64>,
    ) -> Result<(Self, Option<String>), Error> {
        match choice {
            DeviceChoice::Cpu => Ok((Self::Cpu, None)),
            #[cfg(feature = "gpu")]
            DeviceChoice::Adapter(asked) => Ok((gpu(asked, memory)?, None)),
            DeviceChoice::Auto => Ok(auto(memory)),
            DeviceChoice::Several(choices) => {
                let open = |choice| Ok(Self::open(choice, memory)?.0);
                let devices: Vec<Self> = choices.iter().map(open).collect::<Result<_, Error>>()?;
                let repeated = repeated(choices, &devices)?;
                Ok((Self::Several(devices), repeated))
            }
            DeviceChoice::All => Ok((all(memory)?, None)),
        }
    }

    /// The name that reports carry.
    #[must_use]
    pub fn name(&self) -> String {
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
    #[must_use]
    pub fn outline(&self, [rows, dim]: [usize; 2], are_read: bool, memory: u64) -> Outline {
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

    /// A pool of the features, to be worked on until `stop` is stopped, in so many bytes of the host's besides
    /// the features.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfMemory`] and [`Error::DeviceLost`] from the device.
    pub fn pool<'a>(
        &self,
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
fn repeated(choices: &[DeviceChoice], devices: &[Device]) -> Result<Option<String>, Error> {
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
fn number(choice: &DeviceChoice) -> Result<Option<usize>, Error> {
    match choice {
        #[cfg(feature = "gpu")]
        DeviceChoice::Adapter(asked) => Ok(Some(asked.adapter()?.number)),
        _ => Ok(None),
    }
}

/// A hardware adapter; where there is none that works, the CPU and why.
#[cfg(feature = "gpu")]
fn auto(memory: Option<u64>) -> (Device, Option<String>) {
    let reason = match gpu(&AdapterChoice::Best, memory) {
        Ok(device) => return (device, None),
        Err(Error::NoAdapter) => "no hardware GPU found".to_owned(),
        Err(e) => e.to_string(),
    };
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
    let adapters = Gpu::adapters();
    let hardware = adapters.iter().filter(|adapter| !adapter.software);
    let devices: Vec<Device> = hardware
        .map(|adapter| gpu(&AdapterChoice::Number(adapter.number), memory))
        .collect::<Result<_, _>>()?;
    if devices.is_empty() {
        return Err(Error::NoAdapter);
    }
    Ok(Device::Several(devices))
}

#[cfg(not(feature = "gpu"))]
fn all(_: Option<u64>) -> Result<Device, Error> {
    Err(Error::Device(
        "all found, cpu expected (built without the gpu feature)".to_owned(),
    ))
}

#[cfg(feature = "gpu")]
fn gpu(asked: &AdapterChoice, memory: Option<u64>) -> Result<Device, Error> {
    let gpu = Gpu::open(asked)?;
    Ok(Device::Gpu(match memory {
        Some(bytes) => gpu.with_memory_limit(bytes),
        None => gpu,
    }))
}
