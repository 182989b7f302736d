//! Memory that one instance may take.

use wasmtime::{ResourceLimiter, Result};

use crate::engine::TABLE_ELEMENTS;

/// Counts the linear memory of a store, over all memories of its component.
pub(crate) struct MemoryLimit {
    limit_bytes: usize,
    used_bytes: usize,
    refused: bool,
}

impl MemoryLimit {
    pub(crate) fn new(limit_bytes: usize) -> Self {
        MemoryLimit {
            limit_bytes,
            used_bytes: 0,
            refused: false,
        }
    }

    /// Begins a call of the guest: what was refused before it has survived.
    pub(crate) fn begin(&mut self) {
        self.refused = false;
    }

    /// Bytes of linear memory, used or not.
    pub(crate) fn used_bytes(&self) -> usize {
        self.used_bytes
    }

    /// The sentence for a failure that followed on a refusal. Guests answer a refusal with an abort that names no
    /// reason.
    pub(crate) fn refusal(&self) -> Option<String> {
        self.refused.then(|| {
            format!(
                "the memory limit of {} MiB is reached, {} MiB are in use",
                self.limit_bytes >> 20,
                self.used_bytes >> 20
            )
        })
    }
}

impl ResourceLimiter for MemoryLimit {
    fn memory_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> Result<bool> {
        let used = self.used_bytes.saturating_add(desired.saturating_sub(current));
        if used > self.limit_bytes {
            self.refused = true;
            return Ok(false);
        }
        self.used_bytes = used;
        Ok(true)
    }

    fn table_growing(&mut self, _current: usize, desired: usize, _maximum: Option<usize>) -> Result<bool> {
        Ok(desired <= TABLE_ELEMENTS)
    }
}
