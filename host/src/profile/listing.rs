//! What the emulator tells while it runs (`-d in_asm,exec,nochain`).
//!
//! ```text
//! IN: kernel_core::...
//! 0xffffffff80204e10:  50                       pushq    %rax
//! 0xffffffff80204e11:  0f 31                    rdtsc
//!
//! Trace 0: 0x7f1c40006d40 [0000000000000000/ffffffff80204e10/0040c2b0/ff000000] kernel_core::...
//! ```
//! A block is listed when it is translated, and a line tells of each time that it runs.

use std::collections::HashMap;
use std::io::{self, BufRead};

/// Blocks of code by their addresses.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// Instructions of each.
    lengths: HashMap<u64, u64>,
    /// How often each ran.
    runs: HashMap<u64, u64>,
    /// The block that is being listed: its address, and instructions so far.
    listed: Option<(u64, u64)>,
}

impl Listing {
    /// Reads all that the emulator tells, until it ends.
    ///
    /// # Errors
    /// Those of reading.
    pub fn read(mut from: impl BufRead) -> io::Result<Listing> {
        let mut listing = Listing::default();
        let mut line = Vec::new();
        while from.read_until(b'\n', &mut line)? > 0 {
            listing.add(&line);
            line.clear();
        }
        listing.end_block();
        Ok(listing)
    }

    /// Instructions that ran, by the address of the block that they are in.
    pub fn instructions(&self) -> impl Iterator<Item = (u64, u64)> {
        self.runs.iter().map(|(at, runs)| {
            // One that was never listed has an instruction at least.
            (*at, runs * self.lengths.get(at).copied().unwrap_or(1))
        })
    }

    fn add(&mut self, line: &[u8]) {
        if line.starts_with(b"Trace ") {
            if let Some(at) = block_of(line) {
                *self.runs.entry(at).or_default() += 1;
            }
        } else if line.starts_with(b"IN:") {
            self.end_block();
        } else if let Some(at) = instruction(line) {
            let (_, length) = self.listed.get_or_insert((at, 0));
            *length += 1;
        }
    }

    /// A block may be translated anew, and shorter, for the sake of counted time; the longest is kept.
    fn end_block(&mut self) {
        if let Some((at, length)) = self.listed.take() {
            let known = self.lengths.entry(at).or_default();
            *known = length.max(*known);
        }
    }
}

/// The address of the block that a line tells has run: the second number in the brackets.
fn block_of(line: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(line).ok()?;
    let (_, brackets) = text.split_once('[')?;
    let at = brackets.split('/').nth(1)?;
    u64::from_str_radix(at, 16).ok()
}

/// The address of a listed instruction. One of many bytes has further lines, with bytes only.
fn instruction(line: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(line).ok()?.strip_prefix("0x")?;
    let (at, rest) = text.split_once(':')?;
    let is_byte = |word: &str| word.len() == 2 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    rest.split_ascii_whitespace().find(|word| !is_byte(word))?;
    u64::from_str_radix(at, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "----------------\n\
        IN: somewhere\n\
        0x00001000:  50                       pushq    %rax\n\
        0x00001001:  48 b8 01 02 03 04 05 06  movabsq  $0x807060504030201, %rax\n\
        0x00001009:  07 08\n\
        0x0000100b:  c3                       retq\n\
        \n\
        Linking TBs 0x7f [0000000000001000] index 0 -> 0x7f [0000000000001000]\n\
        Trace 0: 0x7f1c40006d40 [0000000000000000/0000000000001000/0040c2b0/ff000000] somewhere\n\
        Trace 0: 0x7f1c40006d40 [0000000000000000/0000000000001000/0040c2b0/ff000000] somewhere\n\
        ----------------\n\
        IN: \n\
        0x00001000:  50                       pushq    %rax\n\
        \n\
        Trace 0: 0x7f1c40006e40 [0000000000000000/0000000000001000/0040c2b0/ff000001] \n\
        Trace 0: 0x7f1c40006e40 [0000000000000000/0000000000002000/0040c2b0/ff000001] \n";

    #[test]
    fn blocks_are_counted_with_their_instructions() {
        let listing = Listing::read(TEXT.as_bytes()).unwrap();
        let mut counted: Vec<_> = listing.instructions().collect();
        counted.sort_unstable();
        assert_eq!(counted, [(0x1000, 9), (0x2000, 1)]);
    }

    #[test]
    fn other_lines_tell_nothing() {
        for line in [
            "Trace 0: x\n",
            "0x12: \n",
            "0xyz: nop\n",
            "IN\n",
            "\n",
            "\u{fffd}\n",
        ] {
            let listing = Listing::read(line.as_bytes()).unwrap();
            assert_eq!(listing.instructions().count(), 0, "{line:?}");
        }
    }
}
