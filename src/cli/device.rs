//! Where the work is done.

#[cfg(feature = "gpu")]
use coresift::Gpu;
use coresift::{CpuPool, Error, Features, Pool};
use std::convert::Infallible;
use std::str::FromStr;

/// What `--device` asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    /// A hardware adapter, else the CPU.
    Auto,
    /// The CPU.
    Cpu,
    /// A hardware adapter.
    Gpu,
    /// The adapter of that name.
    Named(String),
}

impl FromStr for Choice {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(match text.to_ascii_lowercase().as_str() {
            "auto" => Self::Auto,
            "cpu" => Self::Cpu,
            "gpu" => Self::Gpu,
            _ => Self::Named(text.to_owned()),
        })
    }
}

/// An open device.
#[derive(Debug)]
pub(crate) enum Device {
    /// The CPU.
    Cpu,
    /// A GPU.
    #[cfg(feature = "gpu")]
    Gpu(Gpu),
}

impl Device {
    /// Opens what was asked for; says why where `auto` came to be the CPU.
    pub(crate) fn open(
        choice: &Choice,
        memory: Option<u64>,
    ) -> Result<(Self, Option<String>), Error> {
        match choice {
            Choice::Cpu => Ok((Self::Cpu, None)),
            Choice::Gpu => Ok((gpu(None, memory)?, None)),
            Choice::Named(name) => Ok((gpu(Some(name), memory)?, None)),
            Choice::Auto => Ok(auto(memory)),
        }
    }

    /// The name that reports carry.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Cpu => "cpu".to_owned(),
            #[cfg(feature = "gpu")]
            Self::Gpu(gpu) => gpu.name(),
        }
    }

    /// A pool of the features.
    pub(crate) fn pool<'a>(&'a self, features: Features<'a>) -> Result<Box<dyn Pool + 'a>, Error> {
        match self {
            Self::Cpu => Ok(Box::new(CpuPool::new(features))),
            #[cfg(feature = "gpu")]
            Self::Gpu(gpu) => Ok(Box::new(gpu.pool(features)?)),
        }
    }
}

/// A hardware adapter; where there is none that works, the CPU and why.
#[cfg(feature = "gpu")]
fn auto(memory: Option<u64>) -> (Device, Option<String>) {
    match gpu(None, memory) {
        Ok(device) => (device, None),
        Err(Error::NoAdapter { .. }) => (Device::Cpu, Some("no hardware GPU found".to_owned())),
        Err(e) => (Device::Cpu, Some(e.to_string())),
    }
}

#[cfg(not(feature = "gpu"))]
fn auto(_: Option<u64>) -> (Device, Option<String>) {
    (
        Device::Cpu,
        Some("built without the gpu feature".to_owned()),
    )
}

#[cfg(feature = "gpu")]
fn gpu(name: Option<&str>, memory: Option<u64>) -> Result<Device, Error> {
    let gpu = Gpu::open(name)?;
    Ok(Device::Gpu(match memory {
        Some(bytes) => gpu.with_memory_limit(bytes),
        None => gpu,
    }))
}

#[cfg(not(feature = "gpu"))]
fn gpu(name: Option<&str>, _: Option<u64>) -> Result<Device, Error> {
    Err(no_gpu(name))
}

/// Why there is no GPU in a build without any.
#[cfg(not(feature = "gpu"))]
pub(crate) fn no_gpu(name: Option<&str>) -> Error {
    let name = name.unwrap_or("gpu");
    Error::Device(format!(
        "{name:?} found, cpu expected (built without the gpu feature)"
    ))
}
