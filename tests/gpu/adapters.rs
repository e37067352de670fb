//! Which adapter is taken, and what it must be able to do.

use crate::Application;
use crate::common::devices::{SOFTWARE, software, tiny};
use coresift::wgpu;
use coresift::{AdapterChoice, Error, Features, Gpu};

#[test]
fn adapters_are_chosen_by_rank_or_name() {
    let adapters = Gpu::adapters();
    assert!(
        adapters
            .iter()
            .any(|a| a.name.contains(SOFTWARE) && a.software),
        "{adapters:?}"
    );
    assert!(adapters.iter().skip(1).all(|a| !a.chosen), "{adapters:?}");
    for (number, adapter) in adapters.iter().enumerate() {
        assert_eq!(adapter.number, number);
    }
    match Gpu::open(&AdapterChoice::Best) {
        Ok(gpu) => assert!(gpu.name().starts_with(&adapters[0].name) && adapters[0].chosen),
        Err(Error::NoAdapter) => {
            assert!(
                adapters.iter().all(|a| a.software && !a.chosen),
                "{adapters:?}"
            );
        }
        Err(other) => panic!("{other}"),
    }
    let name = |name: &str| AdapterChoice::Named(name.to_owned());
    let named = Gpu::open(&name(&SOFTWARE.to_uppercase())).expect("either case will do");
    assert!(named.name().contains(SOFTWARE) && named.name().ends_with("(Vulkan)"));
    let software = adapters.iter().find(|a| a.name.contains(SOFTWARE)).unwrap();
    let numbered = Gpu::open(&AdapterChoice::Number(software.number)).expect("it is listed");
    assert!(numbered.name().starts_with(&software.name));
    match Gpu::open(&name("no such thing")) {
        Err(Error::UnknownDevice { name, available }) => {
            assert_eq!(name, "no such thing");
            let listed: Vec<_> = adapters.iter().map(ToString::to_string).collect();
            assert_eq!(available, listed);
        }
        other => panic!("{other:?}"),
    }
    match Gpu::open(&AdapterChoice::Number(adapters.len())) {
        Err(Error::DeviceNumber { number, available }) => {
            assert_eq!((number, available.len()), (adapters.len(), number));
        }
        other => panic!("{other:?}"),
    }
    for short in ["", "ll"] {
        let refused = Gpu::open(&name(short));
        assert!(
            matches!(refused, Err(Error::Argument { .. })),
            "{refused:?}"
        );
    }
}

#[test]
fn limits_too_small_are_refused() {
    let limits = wgpu::Limits {
        max_compute_invocations_per_workgroup: 128,
        ..wgpu::Limits::default()
    };
    let (device, queue) = software(limits);
    let refused = Gpu::adopt(device, queue).unwrap_err().to_string();
    assert!(
        refused.contains("max_compute_invocations_per_workgroup is 128"),
        "{refused}"
    );
}

#[test]
fn a_row_past_one_binding_is_refused() {
    let application = Application::new(tiny());
    let x = vec![1.0; (1 << 18) + 1];
    let refused = application.gpu.pool(Features::new(&x, 1, x.len()).unwrap());
    assert!(matches!(refused, Err(Error::Device(_))), "{refused:?}");
    let refused = application.borrow(&x, x.len());
    assert!(matches!(refused, Err(Error::Device(_))), "{refused:?}");
}
