//! Randomness that belongs to the run: the same on every replay.

use crate::{Context, WorkflowInfo};

impl Context {
    /// The next number of the run's own random sequence, repeated on replay. Whoever knows the ids of the run could guess
    /// it: it is for variety and for names, not for secrets.
    ///
    /// In a component every other source of randomness belongs to the run too: the seeds of `HashMap`, and crates such as
    /// `rand` and `uuid` through `getrandom`. This method also repeats itself in a [test](crate::testing).
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

/// The sequence of one run: xoroshiro128++, seeded by what names the run and stays the same when it is reset.
///
/// It is made here and not by the runtime, so that native code replays to the same numbers. The sequence is a promise:
/// another one would make stored histories diverge.
pub(crate) struct Random {
    low: u64,
    high: u64,
}

impl Random {
    pub(crate) fn of(info: &WorkflowInfo) -> Self {
        let run_before = info.continued_run_id.as_deref().unwrap_or_default();
        let seed = fnv1a([info.first_execution_run_id.as_str(), run_before]);
        // One of them has to be set for the sequence to go anywhere.
        Random {
            low: mix(seed as u64) | 1,
            high: mix((seed >> 64) as u64),
        }
    }

    pub(crate) fn next(&mut self) -> u64 {
        let next = self.low.wrapping_add(self.high).rotate_left(17).wrapping_add(self.low);
        let both = self.high ^ self.low;
        self.low = self.low.rotate_left(49) ^ both ^ (both << 21);
        self.high = both.rotate_left(28);
        next
    }
}

/// FNV-1a with 128 bits. A byte that no UTF-8 has stands between the words.
fn fnv1a(words: [&str; 2]) -> u128 {
    const OFFSET: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    let bytes = words[0].bytes().chain([0xff]).chain(words[1].bytes());
    bytes.fold(OFFSET, |hash, byte| (hash ^ u128::from(byte)).wrapping_mul(PRIME))
}

/// The last steps of SplitMix64: each bit of the seed reaches each bit of the state.
fn mix(seed: u64) -> u64 {
    let mixed = (seed ^ (seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sequence(first: &str, before: Option<&str>) -> [u64; 2] {
        let mut info = crate::testing::info("T", std::time::SystemTime::UNIX_EPOCH);
        info.first_execution_run_id = first.to_owned();
        info.continued_run_id = before.map(str::to_owned);
        let mut random = Random::of(&info);
        [random.next(), random.next()]
    }

    #[test]
    fn the_sequence_of_a_run_stays_what_it_was() {
        assert_eq!(
            sequence("0190f8a2-7d3e-7c51-9d6a-3b1f5c2e8a40", None),
            [13_962_565_734_801_375_382, 402_712_510_364_249_721]
        );
    }

    #[test]
    fn runs_differ() {
        let runs = [sequence("a", None), sequence("b", None), sequence("a", Some("a"))];
        assert!(runs[0] != runs[1] && runs[0] != runs[2] && runs[1] != runs[2]);
        assert_ne!(runs[0][0], runs[0][1]);
    }
}
