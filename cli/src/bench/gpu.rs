//! A GPU as a device to be measured.

use super::device::{self, Device, Record};
use super::report::{Adapter, Ceiling, Timing};
use super::sizes::Sizes;
use coresift::bench::Limit;
use coresift::{Error, Features, Gpu, Pool};

impl Device for Gpu {
    fn describe(&self) -> Adapter {
        let info = self.device().adapter_info();
        let limits = self.device().limits();
        let limits = [
            ("max_buffer_size", limits.max_buffer_size),
            (
                "max_storage_buffer_binding_size",
                limits.max_storage_buffer_binding_size,
            ),
            (
                "max_compute_invocations_per_workgroup",
                limits.max_compute_invocations_per_workgroup.into(),
            ),
            (
                "max_compute_workgroup_storage_size",
                limits.max_compute_workgroup_storage_size.into(),
            ),
            (
                "max_compute_workgroups_per_dimension",
                limits.max_compute_workgroups_per_dimension.into(),
            ),
            ("subgroup_min_size", info.subgroup_min_size.into()),
            ("subgroup_max_size", info.subgroup_max_size.into()),
        ];
        let [name, backend, kind, driver] = self.about();
        Adapter {
            name,
            backend: backend.to_lowercase(),
            kind,
            driver,
            threads: None,
            limits: limits.map(|(name, limit)| (name.to_owned(), limit)).into(),
            timing: if self.has_timestamps() {
                Timing::Timestamps
            } else {
                Timing::WallClock
            },
            ceilings: Vec::new(),
            kernels: Vec::new(),
            selectors: Vec::new(),
            missing: Vec::new(),
        }
    }

    fn pool<'a>(&'a self, features: Features<'a>) -> Result<Box<dyn Pool + 'a>, Error> {
        Ok(Box::new(Self::pool(self, features)?))
    }

    fn resident<'a>(&'a self, features: &Features<'a>) -> Result<Box<dyn Pool + 'a>, Error> {
        Ok(Box::new(self.upload(features)?))
    }

    fn ceiling(&self, limit: Limit, sizes: &Sizes) -> Result<Option<Ceiling>, Error> {
        let measured = self.measure(limit, &sizes.effort())?;
        Ok(measured.map(|measured| device::ceiling(limit, measured)))
    }

    fn spin(&self) -> Result<Option<f64>, Error> {
        Self::spin(self)
    }

    fn take_record(&self) -> Result<Option<Record>, Error> {
        let record = Self::take_record(self)?;
        Ok(record.map(|record| Record {
            parts: (record.parts.into_iter())
                .map(|part| (part.name, part.calls, part.seconds))
                .collect(),
            peak_bytes: record.peak_bytes,
        }))
    }
}
