//! The emulator's list of the instructions that it translated (`-d in_asm`): each once, before it
//! runs for the first time.

/// The addresses in such a list. Its lines are `0x0000008012345678:  48 89 d8  movq ...`; a line
/// of bytes alone starts a run of instructions, of which the first is named.
pub(super) fn addresses(text: &str) -> impl Iterator<Item = u64> + '_ {
    text.lines().filter_map(|line| {
        let (address, _) = line.strip_prefix("0x")?.split_once(':')?;
        u64::from_str_radix(address, 16).ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read() {
        let text = "----------------\nIN: \n0x0000008012345678:  48 89 d8                 movq     \
                    %rbx, %rax\n0x000000801234567b:  c3    retq\n\n0xnone: \n";
        let found: Vec<u64> = addresses(text).collect();
        assert_eq!(found, [0x80_1234_5678, 0x80_1234_567b]);
    }
}
