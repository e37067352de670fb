//! Devices as options name them, opened without what drivers have to say.

#[cfg(feature = "gpu")]
use super::stderr;
use coresift::{Device, DeviceChoice, Error};

/// What `--device` asks for. What is wrong with it is told with the adapters there are.
pub(crate) fn parse(text: &str) -> Result<DeviceChoice, String> {
    #[cfg(feature = "gpu")]
    if !matches!(text, "auto" | "cpu") {
        stderr::hush(); // adapters may be listed
    }
    let choice = text.parse();
    #[cfg(feature = "gpu")]
    stderr::rejoin();
    choice
}

/// Opens what was asked for; says why `auto` came to be the CPU, and which devices of several are the same.
pub(crate) fn open(
    choice: &DeviceChoice,
    memory: Option<u64>,
) -> Result<(Device, Option<String>), Error> {
    if *choice == DeviceChoice::Cpu {
        return Device::open(choice, memory);
    }
    #[cfg(feature = "gpu")]
    stderr::hush();
    let opened = Device::open(choice, memory);
    #[cfg(feature = "gpu")]
    if let Ok((Device::Cpu, _)) = opened {
        stderr::rejoin();
    }
    opened
}
