//! Numbers drawn by lot, the same for the same seed: `SplitMix64` (Steele, Lea, Flood, "Fast
//! splittable pseudorandom number generators", 2014).

/// A source of numbers.
#[derive(Clone, Copy, Debug)]
pub struct Chance(u64);

impl Chance {
    /// The source that a seed stands for.
    #[must_use]
    pub const fn new(seed: u64) -> Chance {
        Chance(seed)
    }

    /// A number below a limit; 0 below 0 and 1.
    pub const fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        if limit == 0 { 0 } else { mixed % limit }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_draws_the_same_numbers_again() {
        let draw = |seed| {
            let mut chance = Chance::new(seed);
            [10, 10, 10, 1, 0].map(|limit| chance.below(limit))
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7)[..3], draw(8)[..3]);
        assert_eq!(draw(7)[3..], [0, 0]);
    }
}
