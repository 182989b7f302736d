//! Randomness that belongs to the run: the same on every replay.

use crate::Context;

impl Context {
    /// The next number of the run's own random sequence. Unpredictable for others, repeated on replay.
    ///
    /// In a component every other source of randomness belongs to the run too: the seeds of `HashMap`, and crates such as
    /// `rand` and `uuid` through `getrandom`. This method also repeats itself in a [test environment](crate::testing).
    pub fn random_u64(&self) -> u64 {
        self.run.random()
    }

    /// A new random UUID (version 4), for instance as an idempotency key.
    pub fn uuid(&self) -> String {
        let high = (self.random_u64() & !0xf000) | 0x4000;
        let low = (self.random_u64() & (u64::MAX >> 2)) | (1 << 63);
        format!(
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xffff,
            high & 0xffff,
            low >> 48,
            low & 0xffff_ffff_ffff
        )
    }
}
