//! An amount of memory as the user writes it.

use std::fmt;
use std::str::FromStr;

/// Whole mebibytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory(u32);

/// Less than this cannot even hold the boot archive.
const LEAST: u32 = 32;
/// More than this the kernel's direct map does not cover.
const MOST: u32 = 65_536;

impl Memory {
    /// Enough for thousands of processes.
    pub const LARGE: Memory = Memory(2048);
}

impl Default for Memory {
    fn default() -> Self {
        Memory(256)
    }
}

impl FromStr for Memory {
    type Err = String;

    fn from_str(text: &str) -> Result<Memory, String> {
        let (number, unit) = match text.strip_suffix(['G', 'g']) {
            Some(number) => (number, 1024),
            None => (text.strip_suffix(['M', 'm']).unwrap_or(text), 1),
        };
        let mebibytes = number
            .parse::<u32>()
            .ok()
            .and_then(|number| number.checked_mul(unit))
            .filter(|mebibytes| (LEAST..=MOST).contains(mebibytes));
        mebibytes
            .map(Memory)
            .ok_or_else(|| format!("an amount like 256M or 1G, from {LEAST}M to {MOST}M"))
    }
}

impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}M", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::Memory;

    #[test]
    fn amounts_are_read() {
        for (text, amount) in [("256M", 256), ("1G", 1024), ("64", 64), ("2g", 2048)] {
            assert_eq!(text.parse(), Ok(Memory(amount)));
        }
        for text in ["", "M", "1M", "-5M", "9999999G", "1T", "2.5G"] {
            assert!(text.parse::<Memory>().is_err(), "{text}");
        }
    }
}
