//! Random numbers that follow from a seed.

/// A generator of random numbers: xorshift with Marsaglia's shifts 13, 7 and 17.
#[derive(Clone, Copy, Debug)]
pub struct Chance(u64);

impl Chance {
    /// Every seed gives other numbers.
    #[must_use]
    pub fn new(seed: u64) -> Chance {
        // Small seeds have few bits: they are spread first, and 0 would stay 0 for ever.
        let spread = (seed.wrapping_add(1)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        Chance(spread.max(1))
    }

    /// A number below `count`, which is not 0.
    pub fn below(&mut self, count: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) % count.max(1)
    }

    /// One of several, if there is one.
    pub fn one_of<T: Copy>(&mut self, all: &[T]) -> Option<T> {
        let index = self.below(all.len() as u64);
        all.get(abi::word::index(index)).copied()
    }
}
