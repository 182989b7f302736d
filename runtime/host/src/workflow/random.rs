//! The randomness of a run: one sequence, seeded by the run, so that it is the same on replay and survives a reset.
//!
//! The sequence is a promise: it decides how stored histories replay. A change of the generator, of the seed or of the
//! way bytes are drawn would make old runs diverge.

use rand_chacha::{
    ChaCha12Rng,
    rand_core::{Rng, SeedableRng},
};
use sha2::{Digest, Sha256};
use wasmtime::{Result, bail};
use wasmtime_wasi::p2::bindings::random::{insecure, insecure_seed, random};

use super::state::RunState;

/// Bytes that one call may ask for.
const MAX_BYTES: u64 = 1 << 20;

/// The generator of one run.
pub(crate) struct RunRandom(ChaCha12Rng);

impl RunRandom {
    /// `original_execution_run_id` names the run, as its `started` event does.
    pub(crate) fn seeded(original_execution_run_id: &str) -> Self {
        let seed = Sha256::digest(original_execution_run_id.as_bytes());
        RunRandom(ChaCha12Rng::from_seed(seed.into()))
    }

    fn bytes(&mut self, len: u64) -> Result<Vec<u8>> {
        if len > MAX_BYTES {
            bail!("{len} random bytes are asked for at once; the limit is {MAX_BYTES}");
        }
        let mut bytes = vec![0; usize::try_from(len).expect("a mebibyte fits usize")];
        self.0.fill_bytes(&mut bytes);
        Ok(bytes)
    }

    fn number(&mut self) -> u64 {
        self.0.next_u64()
    }
}

impl random::Host for RunState {
    fn get_random_bytes(&mut self, len: u64) -> Result<Vec<u8>> {
        self.random.bytes(len)
    }

    fn get_random_u64(&mut self) -> Result<u64> {
        Ok(self.random.number())
    }
}

impl insecure::Host for RunState {
    fn get_insecure_random_bytes(&mut self, len: u64) -> Result<Vec<u8>> {
        self.random.bytes(len)
    }

    fn get_insecure_random_u64(&mut self) -> Result<u64> {
        Ok(self.random.number())
    }
}

impl insecure_seed::Host for RunState {
    fn insecure_seed(&mut self) -> Result<(u64, u64)> {
        Ok((self.random.number(), self.random.number()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sequence_of_a_run_stays_what_it_was() {
        let mut random = RunRandom::seeded("0190f8a2-7d3e-7c51-9d6a-3b1f5c2e8a40");
        assert_eq!(random.number(), 11_476_747_752_302_879_811);
        assert_eq!(random.bytes(5).unwrap(), [148, 79, 18, 63, 0]);
        assert_eq!(random.number(), 16_138_326_382_016_478_148);
    }

    #[test]
    fn runs_differ() {
        assert_ne!(RunRandom::seeded("a").number(), RunRandom::seeded("b").number());
    }
}
