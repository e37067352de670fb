//! A plan as JSON. Keys stay as they are; others may come.

use super::bill::Bill;
use coresift::plan::Span;
use serde_json::{Value, json};

impl Bill {
    /// All of it.
    pub(super) fn record(&self) -> Value {
        let work = self.by_work.iter().map(|(work, amount, seconds)| {
            json!({
                "work": work,
                "calls": span(amount.calls),
                "items": span(amount.items),
                "multiply_adds": span(amount.multiply_adds),
                "seconds": span(*seconds),
            })
        });
        let storage = self.cost.storage.iter();
        let storage =
            storage.map(|(storage, classes)| json!({ "storage": storage, "classes": classes }));
        let otherwise = self
            .otherwise
            .as_ref()
            .map(|otherwise| json!({ "memory": otherwise.memory, "seconds": otherwise.seconds }));
        let workers = self.workers.as_ref().map(|workers| {
            json!({
                "count": workers.count,
                "rows": workers.rows,
                "bytes": workers.bytes,
                "memory": workers.bound,
                "held": workers.are_held(),
                "enough": workers.enough,
            })
        });
        json!({
            "method": self.method,
            "budget": self.budget,
            "seed": self.seed,
            "options": self.options,
            "rows": self.rows,
            "dim": self.dim,
            "bytes": self.needed,
            "device": self.device,
            "held": self.are_held,
            "memory": self.bound,
            "host_bytes": self.host_bytes,
            "device_bytes": self.cost.device_bytes,
            "storage": storage.collect::<Vec<Value>>(),
            "storage_reason": self.cost.storage_reason,
            "passes": span(self.cost.passes),
            "bytes_read": span(self.bytes_read),
            "multiply_adds": span(self.cost.multiply_adds()),
            "work": work.collect::<Vec<Value>>(),
            "seconds": span(self.seconds.all()),
            "seconds_of": {
                "start": self.seconds.start,
                "features": self.seconds.load,
                "passes": span(self.seconds.passes),
                "selection": span(self.seconds.work),
            },
            "depends_on_values": !self.cost.is_certain(),
            "with_more_memory": otherwise,
            "workers": workers,
            "assumed": self.assumed,
            "versions": { "coresift": env!("CARGO_PKG_VERSION") },
        })
    }
}

fn span(span: Span) -> Value {
    json!({ "least": span.least, "likely": span.likely, "most": span.most })
}
