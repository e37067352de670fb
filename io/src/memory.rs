//! How much memory this process may still take.

use std::path::{Path, PathBuf};

/// Bytes that this process may still take: the least of what the system has left, of what its control groups
/// allow (version 1 or 2), and of `ulimit -v`. Linux grants more than there is, and ends the process that takes
/// it at its word. None where the system does not say.
#[must_use]
pub fn available() -> Option<u64> {
    let of_groups = left_in_groups(
        Path::new("/sys/fs/cgroup"),
        &read(Path::new("/proc/self/cgroup")).unwrap_or_default(),
    );
    [of_system(), of_groups, of_process()]
        .into_iter()
        .flatten()
        .min()
}

#[allow(clippy::disallowed_methods, reason = "they are the system's")]
fn read(path: &Path) -> Option<String> {
    std::fs::read_to_string(path).ok()
}

/// Memory and swap that are free, or can be.
fn of_system() -> Option<u64> {
    let text = read(Path::new("/proc/meminfo"))?;
    let bytes = |name| field(&text, name)?.strip_suffix("kB")?.trim().parse().ok();
    let bytes = |name| bytes(name).and_then(|kib: u64| kib.checked_mul(1024));
    bytes("MemAvailable:")?.checked_add(bytes("SwapFree:")?)
}

/// The least that a control group of the process's, or one around it, has left beside what is held in it and is
/// no cache of files.
fn left_in_groups(root: &Path, groups: &str) -> Option<u64> {
    let left = groups.lines().filter_map(|line| {
        let mut parts = line.splitn(3, ':').skip(1);
        let (controllers, path) = (parts.next()?, parts.next()?);
        let (root, limit, held): (PathBuf, _, _) = match controllers {
            "" => (root.to_owned(), "memory.max", "anon "),
            _ if controllers.split(',').any(|name| name == "memory") => {
                (root.join("memory"), "memory.limit_in_bytes", "total_rss ")
            }
            _ => return None,
        };
        let own = root.join(path.trim_start_matches('/'));
        let of_group = |group: &Path| {
            let limit: u64 = read(&group.join(limit))?.trim().parse().ok()?;
            let stat = read(&group.join("memory.stat")).unwrap_or_default();
            let held = field(&stat, held).and_then(|bytes| bytes.parse().ok());
            Some(limit.saturating_sub(held.unwrap_or(0)))
        };
        let around = own.ancestors().take_while(|group| group.starts_with(&root));
        around.filter_map(of_group).min()
    });
    left.min()
}

/// Addresses that allocators and products of matrices take and do not fill: `ulimit -v` counts them, and they fall
/// due once there is work.
#[cfg(target_os = "linux")]
const UNFILLED: u64 = 192 << 20;

/// What `ulimit -v` leaves.
fn of_process() -> Option<u64> {
    #[cfg(target_os = "linux")]
    {
        let limit = rustix::process::getrlimit(rustix::process::Resource::As).current?;
        let pages = read(Path::new("/proc/self/statm"))?;
        let pages: u64 = pages.split(' ').next()?.parse().ok()?;
        let taken = pages.saturating_mul(rustix::param::page_size() as u64);
        Some(limit.saturating_sub(taken).saturating_sub(UNFILLED))
    }
    #[cfg(not(target_os = "linux"))]
    None
}

/// What follows a name at the beginning of a line.
fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    Some(line.trim())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn the_tightest_group_counts() {
        let root = tempfile::tempdir().unwrap();
        let put = |path: &str, text: &str| {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        let left = |groups: &str| left_in_groups(root.path(), groups);
        assert_eq!(left("0::/a/b\n"), None);
        put("a/b/memory.max", "max\n");
        put("a/memory.max", "5000\n");
        put("a/memory.stat", "file 700\nanon 1200\n");
        assert_eq!(left("0::/a/b\n"), Some(3800));
        assert_eq!(left("0::/c\n"), None);
        put("memory/d/memory.limit_in_bytes", "900\n");
        put("memory/d/memory.stat", "total_rss 1000\n");
        assert_eq!(left("7:cpu:/x\n3:memory:/d\n0::/a\n"), Some(0));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn something_is_left_here() {
        assert!(available().is_some_and(|bytes| bytes > 1 << 20));
    }
}
