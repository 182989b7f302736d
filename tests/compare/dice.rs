//! Numbers that a seed decides.

/// SplitMix64: small, and good enough to make up sequences.
#[derive(Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    /// The dice of a seed.
    pub(crate) fn new(seed: u64) -> Self {
        Dice(seed)
    }

    /// A number below this one.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        usize::try_from(mixed % u64::try_from(end).unwrap_or(u64::MAX)).unwrap_or_default()
    }

    /// True so many times of a hundred.
    pub(crate) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of several.
    pub(crate) fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.below(choices.len())]
    }

    /// One of several, each as likely as its weight says.
    pub(crate) fn weighted<'a, T>(&mut self, choices: &'a [(usize, T)]) -> &'a T {
        let mut left = self.below(choices.iter().map(|(weight, _)| weight).sum());
        let chosen = choices.iter().find(|(weight, _)| {
            let is_it = left < *weight;
            left = left.saturating_sub(*weight);
            is_it
        });
        &chosen.expect("what is left is less than all weights").1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_decides_all_and_every_choice_comes() {
        let rolled = |seed| {
            let mut dice = Dice::new(seed);
            std::iter::from_fn(move || Some(*dice.weighted(&[(1, 'a'), (3, 'b'), (6, 'c')])))
                .take(100)
                .collect::<String>()
        };
        assert_eq!(rolled(1), rolled(1));
        assert_ne!(rolled(1), rolled(2));
        let count = |letter| rolled(1).matches(letter).count();
        assert!(count('a') > 0 && count('a') < count('b') && count('b') < count('c'));
    }
}
