//! The text of /proc/PID/maps (proc(5)).

use crate::region::{Backing, Region, Role};
use abi::call::Protection;
use alloc::string::String;
use core::fmt::Write;

/// The line of a region; a file's inode is told by `node`.
pub fn line(region: &Region, node: u64) -> String {
    let mut line = String::new();
    let may = |right, letter| {
        if region.protection().allows(right) {
            letter
        } else {
            '-'
        }
    };
    let (offset, shared) = match region.backing {
        Backing::File(part) => (part.offset, part.shared),
        Backing::Shared => (0, true),
        Backing::Zero | Backing::Kernel => (0, false),
    };
    let written = write!(
        line,
        "{:08x}-{:08x} {}{}{}{} {offset:08x} 00:{:02x} {node} ",
        region.start(),
        region.end(),
        may(Protection::READ, 'r'),
        may(Protection::WRITE, 'w'),
        may(Protection::EXECUTE, 'x'),
        if shared { 's' } else { 'p' },
        u8::from(node != 0),
    );
    debug_assert!(written.is_ok(), "a string takes everything");
    let name = name(region);
    if !name.is_empty() {
        // Names start in the same column.
        while line.len() < 73 {
            line.push(' ');
        }
        line.push_str(name);
    }
    line.push('\n');
    line
}

fn name(region: &Region) -> &'static str {
    match region.role {
        Role::Heap => "[heap]",
        Role::Stack => "[stack]",
        Role::Clock => "[vvar]",
        Role::Vdso => "[vdso]",
        Role::Mapping if region.backing == Backing::Shared => "/dev/zero (deleted)",
        Role::Mapping => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::range::Range;
    use crate::region::FilePart;

    #[test]
    fn a_line_reads_as_linux_writes_it() {
        let range = Range::between(0x40_0000, 0x40_2000).unwrap();
        let heap = Region::new(range, Protection(3), Backing::Zero, Role::Heap);
        assert_eq!(
            line(&heap, 0),
            "00400000-00402000 rw-p 00000000 00:00 0                                  [heap]\n"
        );
        let part = FilePart {
            file: 1,
            offset: 0x3000,
            limit: u64::MAX,
            shared: false,
        };
        let text = Region::new(range, Protection(5), Backing::File(part), Role::Mapping);
        assert_eq!(
            line(&text, 42),
            "00400000-00402000 r-xp 00003000 00:01 42 \n"
        );
    }
}
