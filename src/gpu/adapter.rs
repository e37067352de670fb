//! Which adapters there are, which one to take, and opening it.

use super::traces::may_have_hardware;
use crate::error::Error;
use std::fmt::{self, Display};
use std::str::FromStr;
use wgpu::{Backend, DeviceType};

/// Which adapter to open.
///
/// As text it is `gpu`, a number, or a part of a name:
///
/// ```
/// use coresift::AdapterChoice;
///
/// assert_eq!("gpu".parse::<AdapterChoice>()?, AdapterChoice::Best);
/// assert_eq!("1".parse::<AdapterChoice>()?, AdapterChoice::Number(1));
/// assert_eq!("radeon".parse::<AdapterChoice>()?, AdapterChoice::Named("radeon".to_owned()));
/// # Ok::<(), coresift::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum AdapterChoice {
    /// The best hardware: discrete rather than integrated, and that rather than virtual. Never a
    /// software adapter.
    #[default]
    Best,
    /// The one of this number: its place in [`Gpu::adapters`](crate::Gpu::adapters), from 0.
    Number(usize),
    /// The one whose name this is, or has this as a part of at least three letters or digits; either
    /// case will do. Where one adapter is seen through several backends the first of Vulkan, Metal, DX12
    /// and GL is taken, of several alike the first. A part that fits adapters of different names tells
    /// none.
    Named(String),
}

impl AdapterChoice {
    /// The adapter that it tells, which is not opened.
    ///
    /// # Errors
    ///
    /// As [`Gpu::open`](crate::Gpu::open) where there is no such adapter.
    pub fn adapter(&self) -> Result<Adapter, Error> {
        let (number, adapter) = choose(self)?;
        Ok(describe(number, &adapter))
    }
}

impl FromStr for AdapterChoice {
    type Err = Error;

    /// # Errors
    ///
    /// [`Error::Argument`] for a name of fewer than three letters or digits, and a number past `usize`.
    fn from_str(text: &str) -> Result<Self, Error> {
        if text.eq_ignore_ascii_case("gpu") {
            return Ok(Self::Best);
        }
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return text.parse().map(Self::Number).map_err(|_| malformed(text));
        }
        check_name(text)?;
        Ok(Self::Named(text.to_owned()))
    }
}

impl Display for AdapterChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Best => f.write_str("gpu"),
            Self::Number(number) => number.fmt(f),
            Self::Named(name) => f.write_str(name),
        }
    }
}

/// Refuses what is too short to be meant as a part of a name.
fn check_name(name: &str) -> Result<(), Error> {
    if name.chars().filter(|c| c.is_alphanumeric()).count() < 3 {
        return Err(malformed(name));
    }
    Ok(())
}

fn malformed(text: &str) -> Error {
    Error::Argument {
        argument: "device",
        found: format!("{text:?}"),
        expected: "gpu, the number of an adapter or at least three letters of its name".to_owned(),
    }
}

/// An adapter of this machine, as `coresift devices` lists it.
#[derive(Clone, Debug)]
pub struct Adapter {
    /// Its place among the adapters, from 0, by which [`AdapterChoice::Number`] knows it.
    pub number: usize,
    /// What the driver calls it.
    pub name: String,
    /// `Vulkan`, `Metal`, `DX12` or `GL`.
    pub backend: String,
    /// Name and version of the driver.
    pub driver: String,
    /// `discrete`, `integrated`, `virtual`, `software` or `other`.
    pub device_type: String,
    /// Whether it is no hardware known as a GPU, and so used only when asked for by number or name.
    pub software: bool,
    /// Most bytes of one storage binding: the size of a panel of rows.
    pub max_binding: u64,
    /// Most bytes of one buffer.
    pub max_buffer: u64,
    /// Whether [`AdapterChoice::Best`] takes it.
    pub chosen: bool,
}

impl Display for Adapter {
    /// `NUMBER: NAME (BACKEND)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} ({})", self.number, self.name, self.backend)
    }
}

/// Every adapter, the preferred first.
pub(super) fn found() -> Vec<wgpu::Adapter> {
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle());
    let mut adapters = pollster::block_on(instance.enumerate_adapters(wgpu::Backends::all()));
    adapters.sort_by_key(|adapter| {
        let info = adapter.get_info();
        (type_rank(info.device_type), backend_rank(info.backend))
    });
    adapters
}

/// Every adapter of this machine, the preferred first.
pub(super) fn list() -> Vec<Adapter> {
    let adapters = found().into_iter().enumerate();
    adapters
        .map(|(at, adapter)| describe(at, &adapter))
        .collect()
}

/// What there is to say of the adapter at a place of [`found`].
pub(super) fn describe(at: usize, adapter: &wgpu::Adapter) -> Adapter {
    let (info, limits) = (adapter.get_info(), adapter.limits());
    let software = is_software(&info);
    Adapter {
        number: at,
        backend: backend_name(info.backend).to_owned(),
        driver: driver(&info),
        device_type: type_name(info.device_type).to_owned(),
        software,
        max_binding: limits.max_storage_buffer_binding_size,
        max_buffer: limits.max_buffer_size,
        chosen: at == 0 && !software && may_have_hardware(),
        name: info.name,
    }
}

/// Name and version of the driver.
pub(super) fn driver(info: &wgpu::AdapterInfo) -> String {
    format!("{} {}", info.driver, info.driver_info)
        .trim()
        .to_owned()
}

/// The adapter that is asked for, and its number.
pub(super) fn choose(asked: &AdapterChoice) -> Result<(usize, wgpu::Adapter), Error> {
    if *asked == AdapterChoice::Best && !may_have_hardware() {
        return Err(Error::NoAdapter);
    }
    let mut adapters = found();
    let number = match asked {
        AdapterChoice::Best => {
            let best = adapters
                .first()
                .filter(|best| !is_software(&best.get_info()));
            best.map(|_| 0).ok_or(Error::NoAdapter)?
        }
        AdapterChoice::Number(number) if *number < adapters.len() => *number,
        AdapterChoice::Number(number) => {
            return Err(Error::DeviceNumber {
                number: *number,
                available: titles(&adapters),
            });
        }
        AdapterChoice::Named(name) => named(name, &adapters)?,
    };
    Ok((number, adapters.swap_remove(number)))
}

/// The number of the adapter that a part of a name tells.
fn named(name: &str, adapters: &[wgpu::Adapter]) -> Result<usize, Error> {
    check_name(name)?;
    let infos: Vec<_> = adapters.iter().map(wgpu::Adapter::get_info).collect();
    let names: Vec<_> = (infos.iter().map(|info| (&*info.name, info.backend))).collect();
    let fitting = fitting(name, &names);
    let Some(&first) = fitting.first() else {
        return Err(Error::UnknownDevice {
            name: name.to_owned(),
            available: titles(adapters),
        });
    };
    if fitting
        .iter()
        .any(|&number| names[number].0 != names[first].0)
    {
        let titles = titles(adapters);
        return Err(Error::AmbiguousDevice {
            name: name.to_owned(),
            fitting: (fitting.into_iter().map(|at| titles[at].clone())).collect(),
        });
    }
    Ok(first)
}

/// The numbers of those that a name fits: whole if it is any's, else in part; through the first backend
/// that has some, since backends may call the same adapter by different names.
fn fitting(name: &str, adapters: &[(&str, Backend)]) -> Vec<usize> {
    let wanted = name.to_lowercase();
    let those = |fits: &dyn Fn(&str) -> bool| -> Vec<usize> {
        let all = 0..adapters.len();
        all.filter(|&number| fits(&adapters[number].0.to_lowercase()))
            .collect()
    };
    let mut fitting = those(&|name| name == wanted);
    if fitting.is_empty() {
        fitting = those(&|name| name.contains(&wanted));
    }
    let rank = |number: usize| backend_rank(adapters[number].1);
    let first = fitting.iter().map(|&number| rank(number)).min();
    fitting.retain(|&number| Some(rank(number)) == first);
    fitting
}

/// How lists name every adapter.
fn titles(adapters: &[wgpu::Adapter]) -> Vec<String> {
    let numbered = adapters.iter().enumerate();
    numbered
        .map(|(number, adapter)| describe(number, adapter).to_string())
        .collect()
}

/// Opens an adapter with these features and wgpu's default limits, but room for the largest buffers it can bind.
pub(super) fn request(
    adapter: &wgpu::Adapter,
    required_features: wgpu::Features,
) -> Result<(wgpu::Device, wgpu::Queue), Error> {
    let most = adapter.limits();
    let descriptor = wgpu::DeviceDescriptor {
        label: Some("coresift"),
        required_features,
        required_limits: wgpu::Limits {
            max_buffer_size: most.max_buffer_size,
            max_storage_buffer_binding_size: most.max_storage_buffer_binding_size,
            ..wgpu::Limits::default()
        },
        ..wgpu::DeviceDescriptor::default()
    };
    pollster::block_on(adapter.request_device(&descriptor))
        .map_err(|e| Error::Device(format!("{}: {e}", title(&adapter.get_info()))))
}

/// How messages name an adapter.
pub(super) fn title(info: &wgpu::AdapterInfo) -> String {
    format!("{} ({})", info.name, backend_name(info.backend))
}

/// Whether an adapter is no hardware known as a GPU.
pub(super) fn is_software(info: &wgpu::AdapterInfo) -> bool {
    matches!(info.device_type, DeviceType::Cpu | DeviceType::Other)
}

fn type_rank(kind: DeviceType) -> usize {
    use DeviceType::{Cpu, DiscreteGpu, IntegratedGpu, Other, VirtualGpu};
    let order = [DiscreteGpu, IntegratedGpu, VirtualGpu, Cpu, Other];
    order.iter().position(|&k| k == kind).unwrap_or(order.len())
}

pub(super) fn type_name(kind: DeviceType) -> &'static str {
    match kind {
        DeviceType::DiscreteGpu => "discrete",
        DeviceType::IntegratedGpu => "integrated",
        DeviceType::VirtualGpu => "virtual",
        DeviceType::Cpu => "software",
        DeviceType::Other => "other",
    }
}

fn backend_rank(backend: Backend) -> usize {
    let order = [Backend::Vulkan, Backend::Metal, Backend::Dx12, Backend::Gl];
    order
        .iter()
        .position(|&b| b == backend)
        .unwrap_or(order.len())
}

pub(super) fn backend_name(backend: Backend) -> &'static str {
    match backend {
        Backend::Vulkan => "Vulkan",
        Backend::Metal => "Metal",
        Backend::Dx12 => "DX12",
        Backend::Gl => "GL",
        Backend::BrowserWebGpu => "WebGPU",
        Backend::Noop => "noop",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_tell_which_adapter() {
        use AdapterChoice::{Best, Named, Number};
        for (text, choice) in [
            ("gpu", Best),
            ("GPU", Best),
            ("0", Number(0)),
            ("12", Number(12)),
            ("a40", Named("a40".to_owned())),
            ("(LLVM", Named("(LLVM".to_owned())),
        ] {
            assert_eq!(text.parse::<AdapterChoice>().unwrap(), choice);
            assert_eq!(choice.to_string().to_lowercase(), text.to_lowercase());
        }
        for text in [
            "",
            " ",
            ")",
            "l",
            "rx",
            "-1",
            "a b",
            "99999999999999999999999",
        ] {
            let refused = text.parse::<AdapterChoice>().unwrap_err().to_string();
            let expected = format!("device: {text:?} found, gpu, the number of an adapter or");
            assert!(refused.starts_with(&expected), "{refused}");
        }
    }

    #[test]
    fn a_name_fits_whole_before_it_does_in_part() {
        let adapters = [
            ("Card 9000 XT", Backend::Vulkan),
            ("Card 9000", Backend::Vulkan),
            ("Card 9000/PCIe", Backend::Gl),
            ("Card 9000", Backend::Vulkan),
            ("Chip", Backend::Gl),
        ];
        assert_eq!(fitting("card 9000", &adapters), [1, 3]);
        assert_eq!(fitting("CARD", &adapters), [0, 1, 3]);
        assert_eq!(fitting("pcie", &adapters), [2]);
        assert_eq!(fitting("chip", &adapters), [4]);
        assert_eq!(fitting("cards", &adapters), [0; 0]);
    }
}
