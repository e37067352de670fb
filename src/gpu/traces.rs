//! Whether a machine has hardware that is worth opening a driver for.

use std::path::Path;

/// Whether hardware may be found: to open Vulkan for nothing takes a hundred times as long as to see that
/// there is none.
pub(super) fn may_have_hardware() -> bool {
    !cfg!(target_os = "linux") || has_traces(Path::new("/"))
}

/// Whether there is anything by which Linux has a driver reach a GPU. Errs towards yes: software adapters
/// are found out later, and what cannot be seen may be there.
fn has_traces(root: &Path) -> bool {
    /// What names of device files begin with, by driver.
    const NODES: [&str; 10] = [
        "dri",     // every driver of the kernel itself
        "nvidia",  // NVIDIA
        "nvhost",  // NVIDIA Tegra
        "nvmap",   // NVIDIA Tegra
        "dxg",     // Windows' own, seen from its Linux
        "kfd",     // AMD
        "kgsl",    // Qualcomm
        "mali",    // Arm
        "pvr",     // Imagination
        "galcore", // Vivante
    ];
    let Ok(mut nodes) = root.join("dev").read_dir() else {
        return true;
    };
    nodes.any(|node| {
        node.is_ok_and(|node| {
            let name = node.file_name();
            let name = name.as_encoded_bytes();
            NODES.iter().any(|known| name.starts_with(known.as_bytes()))
        })
    }) || has_nvidia(root)
}

/// NVIDIA's driver makes its device files only when it is first used.
#[allow(clippy::disallowed_methods, reason = "it is the system's file")]
fn has_nvidia(root: &Path) -> bool {
    /// NVIDIA, as PCI numbers makers.
    const MAKER: &str = "0x10de";
    let is_theirs = |device: std::io::Result<std::fs::DirEntry>| {
        let maker = std::fs::read_to_string(device?.path().join("vendor"))?;
        Ok::<_, std::io::Error>(maker.trim() == MAKER)
    };
    let devices = root.join("sys/bus/pci/devices").read_dir();
    root.join("proc/driver/nvidia").exists()
        || devices.is_ok_and(|mut devices| devices.any(|device| is_theirs(device).unwrap_or(false)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hardware_leaves_traces() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        assert!(has_traces(root), "what cannot be seen may be there");
        let put = |path: &str, text: &str| {
            let path = root.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        put("dev/null", "");
        put("dev/tty0", "");
        put("sys/bus/pci/devices/0/vendor", "0x8086\n");
        assert!(!has_traces(root));
        for (path, text) in [
            ("dev/dri/renderD128", ""),
            ("dev/nvidiactl", ""),
            ("dev/dxg", ""),
            ("dev/kgsl-3d0", ""),
            ("proc/driver/nvidia/version", ""),
            ("sys/bus/pci/devices/1/vendor", "0x10de\n"),
        ] {
            put(path, text);
            assert!(has_traces(root), "{path}");
            let top = path.split('/').take(2).collect::<Vec<_>>().join("/");
            if top == "dev/dri" || top == "proc/driver" {
                std::fs::remove_dir_all(root.join(top)).unwrap();
            } else {
                std::fs::remove_file(root.join(path)).unwrap();
            }
            assert!(!has_traces(root), "{path}");
        }
    }
}
