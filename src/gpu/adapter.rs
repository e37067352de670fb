//! Which adapters there are, which one to take, and opening it.

use crate::Error;
use wgpu::{Backend, DeviceType};

/// An adapter of this machine, as `coresift devices` lists it.
#[derive(Clone, Debug)]
pub struct Adapter {
    /// What the driver calls it; [`Gpu::open`](crate::Gpu::open) takes any part of it.
    pub name: String,
    /// `Vulkan`, `Metal`, `DX12` or `GL`.
    pub backend: String,
    /// Name and version of the driver.
    pub driver: String,
    /// `discrete`, `integrated`, `virtual`, `software` or `other`.
    pub device_type: String,
    /// Whether it is no hardware known as a GPU, and so used only when asked for by name.
    pub software: bool,
    /// Most bytes of one storage binding: the size of a panel of rows.
    pub max_binding: u64,
    /// Most bytes of one buffer.
    pub max_buffer: u64,
    /// Whether `Gpu::open(None)` takes it.
    pub chosen: bool,
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
        backend: backend_name(info.backend).to_owned(),
        driver: driver(&info),
        device_type: type_name(info.device_type).to_owned(),
        software,
        max_binding: limits.max_storage_buffer_binding_size,
        max_buffer: limits.max_buffer_size,
        chosen: at == 0 && !software,
        name: info.name,
    }
}

/// Name and version of the driver.
pub(super) fn driver(info: &wgpu::AdapterInfo) -> String {
    format!("{} {}", info.driver, info.driver_info)
        .trim()
        .to_owned()
}

/// The best hardware adapter, or the one asked for by a part of its name.
pub(super) fn choose(name: Option<&str>) -> Result<wgpu::Adapter, Error> {
    let mut adapters = found();
    let available = adapters
        .iter()
        .map(|adapter| title(&adapter.get_info()))
        .collect();
    let Some(name) = name else {
        let best = adapters
            .into_iter()
            .next()
            .filter(|best| !is_software(&best.get_info()));
        return best.ok_or(Error::NoAdapter { available });
    };
    let wanted = name.to_lowercase();
    adapters.retain(|adapter| adapter.get_info().name.to_lowercase().contains(&wanted));
    let first = adapters
        .into_iter()
        .min_by_key(|adapter| backend_rank(adapter.get_info().backend));
    first.ok_or_else(|| Error::UnknownDevice {
        name: name.to_owned(),
        available,
    })
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
