//! 64-bit ELF files of x86-64, static or static and position independent, read into a plan.
//!
//! The file is hostile input: every offset, size and address is checked before it is used, and all
//! arithmetic is checked. What comes out can be mapped as it is.

use abi::call::Protection;
use abi::layout::{PAGE_SIZE, USER_BOTTOM, USER_TOP};
use alloc::vec::Vec;
use elf::abi as constant;
use elf::endian::LittleEndian;
use elf::file::{Class, FileHeader, parse_ident};
use elf::parse::{ParseAt, ParsingTable};
use elf::segment::ProgramHeader;

/// Bytes of the file's beginning that [`Header::read`] wants; program headers mostly lie in them.
pub const HEAD_BYTES: usize = 4096;
/// Bytes of the identification before the rest of the header.
const IDENTIFICATION: usize = 16;
/// Program headers that a file may have.
const MOST_HEADERS: u16 = 512;
/// Bytes of a program header.
const HEADER_BYTES: u64 = 56;

/// Why a file cannot be executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotExecutable {
    /// It is no ELF file.
    NotElf,
    /// It is for another machine, or no program.
    WrongKind,
    /// It needs an interpreter.
    Dynamic,
    /// It contradicts itself.
    Malformed,
    /// It does not fit into the address space.
    TooLarge,
}

/// The header of an ELF file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    entry: u64,
    table_offset: u64,
    table_length: u64,
    is_movable: bool,
}

/// A range of the program's address space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    /// Its first address, page aligned.
    pub address: u64,
    /// Bytes, whole pages.
    pub length: u64,
    /// What it may be used for.
    pub protection: Protection,
    /// Bytes that come from the file; the rest is zero.
    pub file_bytes: u64,
    /// Where they start in the file, page aligned.
    pub file_offset: u64,
}

/// A program as it wants to lie in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// Its regions, in order of address, not overlapping.
    pub regions: Vec<Region>,
    /// Where it starts.
    pub entry: u64,
    /// Address of its program headers; 0 when they are not in memory.
    pub headers: u64,
    /// How many there are.
    pub header_count: u64,
    /// The first address after its last region.
    pub end: u64,
    /// Whether it may lie elsewhere: all addresses then move by the same number of bytes.
    pub is_movable: bool,
    /// What that number must be a multiple of.
    pub alignment: u64,
}

impl Header {
    /// Reads the header from the beginning of the file.
    ///
    /// # Errors
    /// Why it is not that of a program for this machine.
    pub fn read(head: &[u8]) -> Result<Header, NotExecutable> {
        let (identification, rest) = head
            .split_at_checked(IDENTIFICATION)
            .ok_or(NotExecutable::NotElf)?;
        let identification =
            parse_ident::<LittleEndian>(identification).map_err(|_| NotExecutable::NotElf)?;
        if identification.1 != Class::ELF64 {
            return Err(NotExecutable::WrongKind);
        }
        let header =
            FileHeader::parse_tail(identification, rest).map_err(|_| NotExecutable::Malformed)?;
        let is_program = matches!(header.e_type, constant::ET_EXEC | constant::ET_DYN);
        if !is_program || header.e_machine != constant::EM_X86_64 {
            return Err(NotExecutable::WrongKind);
        }
        let is_table = u64::from(header.e_phentsize) == HEADER_BYTES
            && (1..=MOST_HEADERS).contains(&header.e_phnum);
        if !is_table {
            return Err(NotExecutable::Malformed);
        }
        Ok(Header {
            entry: header.e_entry,
            table_offset: header.e_phoff,
            table_length: u64::from(header.e_phnum) * HEADER_BYTES,
            is_movable: header.e_type == constant::ET_DYN,
        })
    }

    /// Where the program headers lie in the file: offset and bytes.
    #[must_use]
    pub const fn table(&self) -> (u64, u64) {
        (self.table_offset, self.table_length)
    }

    /// Reads the program headers of a file of `file_length` bytes.
    ///
    /// # Errors
    /// Why the program cannot be run.
    pub fn program(&self, table: &[u8], file_length: u64) -> Result<Program, NotExecutable> {
        if table.len() as u64 != self.table_length {
            return Err(NotExecutable::Malformed);
        }
        let headers = ParsingTable::<_, ProgramHeader>::new(LittleEndian, Class::ELF64, table);
        debug_assert_eq!(ProgramHeader::size_for(Class::ELF64) as u64, HEADER_BYTES);
        let mut program = Program {
            regions: Vec::new(),
            entry: self.entry,
            headers: 0,
            header_count: self.table_length / HEADER_BYTES,
            end: 0,
            is_movable: self.is_movable,
            alignment: PAGE_SIZE,
        };
        for header in headers {
            match header.p_type {
                constant::PT_INTERP => return Err(NotExecutable::Dynamic),
                constant::PT_LOAD if header.p_memsz > 0 => {
                    self.add_segment(&mut program, &header, file_length)?;
                }
                _ => {}
            }
        }
        program.check()?;
        Ok(program)
    }

    fn add_segment(
        &self,
        program: &mut Program,
        header: &ProgramHeader,
        file_length: u64,
    ) -> Result<(), NotExecutable> {
        let malformed = NotExecutable::Malformed;
        let within_page = header.p_vaddr % PAGE_SIZE;
        let file_end = header
            .p_offset
            .checked_add(header.p_filesz)
            .ok_or(malformed)?;
        let end = header
            .p_vaddr
            .checked_add(header.p_memsz)
            .ok_or(malformed)?;
        let end = end.checked_next_multiple_of(PAGE_SIZE).ok_or(malformed)?;
        let fits = header.p_offset % PAGE_SIZE == within_page
            && header.p_filesz <= header.p_memsz
            && file_end <= file_length;
        let address = header.p_vaddr - within_page;
        if !fits || address < program.end {
            return Err(malformed);
        }
        if end > USER_TOP {
            return Err(NotExecutable::TooLarge);
        }
        if header.p_align.is_power_of_two() {
            program.alignment = program.alignment.max(header.p_align);
        }
        let has_table = header.p_offset <= self.table_offset
            && self
                .table_offset
                .checked_add(self.table_length)
                .is_some_and(|e| e <= file_end);
        if has_table && program.headers == 0 {
            program.headers = header.p_vaddr + (self.table_offset - header.p_offset);
        }
        program.end = end;
        program.regions.push(Region {
            address,
            length: end - address,
            protection: protection(header.p_flags),
            file_bytes: if header.p_filesz == 0 {
                0
            } else {
                header.p_filesz + within_page
            },
            file_offset: header.p_offset - within_page,
        });
        Ok(())
    }
}

impl Program {
    fn check(&self) -> Result<(), NotExecutable> {
        let first = self.regions.first().ok_or(NotExecutable::Malformed)?;
        let is_low = !self.is_movable && first.address < USER_BOTTOM;
        let starts = self.regions.iter().any(|region| {
            let range = region.address..region.address + region.length;
            region.protection.allows(Protection::EXECUTE) && range.contains(&self.entry)
        });
        if is_low || !starts || self.alignment > USER_TOP / 4 {
            return Err(NotExecutable::Malformed);
        }
        Ok(())
    }

    /// The program moved up by `bias`, rounded down to its alignment.
    ///
    /// # Errors
    /// `TooLarge` when it then does not fit below `limit`; `WrongKind` when it cannot be moved.
    pub fn at(mut self, bias: u64, limit: u64) -> Result<Program, NotExecutable> {
        if !self.is_movable {
            return Err(NotExecutable::WrongKind);
        }
        let bias = bias - bias % self.alignment;
        self.end = self.end.checked_add(bias).ok_or(NotExecutable::TooLarge)?;
        let lowest = self.regions.first().map_or(0, |region| region.address);
        if self.end > limit || lowest.saturating_add(bias) < USER_BOTTOM {
            return Err(NotExecutable::TooLarge);
        }
        for region in &mut self.regions {
            region.address += bias;
        }
        self.entry += bias;
        if self.headers != 0 {
            self.headers += bias;
        }
        self.is_movable = false;
        Ok(self)
    }
}

fn protection(flags: u32) -> Protection {
    let mut bits = 0;
    for (flag, protection) in [
        (constant::PF_R, Protection::READ),
        (constant::PF_W, Protection::WRITE),
        (constant::PF_X, Protection::EXECUTE),
    ] {
        if flags & flag != 0 {
            bits |= protection.0;
        }
    }
    Protection(bits)
}

#[cfg(test)]
mod tests {
    use super::super::bytes::{get_u64, put_u32, put_u64};
    use super::*;
    use std::vec;

    struct Segment {
        kind: u32,
        flags: u32,
        offset: u64,
        address: u64,
        file: u64,
        memory: u64,
    }

    const TEXT: Segment = Segment {
        kind: 1,
        flags: 5,
        offset: 0,
        address: 0x40_0000,
        file: 0x500,
        memory: 0x500,
    };
    const DATA: Segment = Segment {
        kind: 1,
        flags: 6,
        offset: 0x1e00,
        address: 0x40_2e00,
        file: 0x300,
        memory: 0x1300,
    };

    fn file(kind: u16, entry: u64, segments: &[Segment]) -> Vec<u8> {
        let mut bytes = vec![0; 64 + segments.len() * 56];
        bytes[..8].copy_from_slice(b"\x7fELF\x02\x01\x01\0");
        bytes[16..18].copy_from_slice(&kind.to_le_bytes());
        bytes[18..20].copy_from_slice(&62_u16.to_le_bytes());
        put_u32(&mut bytes, 20, 1);
        put_u64(&mut bytes, 24, entry);
        put_u64(&mut bytes, 32, 64);
        bytes[52..54].copy_from_slice(&64_u16.to_le_bytes());
        bytes[54..56].copy_from_slice(&56_u16.to_le_bytes());
        let count = u16::try_from(segments.len()).unwrap();
        bytes[56..58].copy_from_slice(&count.to_le_bytes());
        for (index, segment) in segments.iter().enumerate() {
            let header = &mut bytes[64 + index * 56..];
            put_u32(header, 0, segment.kind);
            put_u32(header, 4, segment.flags);
            put_u64(header, 8, segment.offset);
            put_u64(header, 16, segment.address);
            put_u64(header, 32, segment.file);
            put_u64(header, 40, segment.memory);
            put_u64(header, 48, 0x1000);
        }
        bytes
    }

    fn read(bytes: &[u8]) -> Result<Program, NotExecutable> {
        let header = Header::read(bytes)?;
        let (offset, length) = header.table();
        let (from, to) = (
            offset,
            offset.checked_add(length).ok_or(NotExecutable::Malformed)?,
        );
        let table = usize::try_from(from).ok().zip(usize::try_from(to).ok());
        let table = table.and_then(|(from, to)| bytes.get(from..to));
        header.program(table.ok_or(NotExecutable::Malformed)?, 0x3000)
    }

    #[test]
    fn a_static_program_becomes_whole_pages() {
        let program = read(&file(2, 0x40_0100, &[TEXT, DATA])).unwrap();
        let data = Region {
            address: 0x40_2000,
            length: 0x3000,
            protection: Protection(3),
            file_bytes: 0x1100,
            file_offset: 0x1000,
        };
        assert_eq!(program.regions[1], data);
        assert_eq!((program.headers, program.header_count), (0x40_0040, 2));
        assert_eq!(program.end, 0x40_5000);
        assert!(program.at(0x1000, USER_TOP).is_err());
    }

    #[test]
    fn a_movable_program_moves_as_a_whole() {
        let text = Segment { address: 0, ..TEXT };
        let data = Segment {
            address: 0x2e00,
            ..DATA
        };
        let program = read(&file(3, 0x100, &[text, data])).unwrap();
        let moved = program.clone().at(0x5555_5555_4321, USER_TOP).unwrap();
        assert_eq!(moved.entry, 0x5555_5555_4100);
        assert_eq!(moved.regions[1].address, 0x5555_5555_6000);
        assert_eq!(moved.headers, 0x5555_5555_4040);
        assert_eq!(
            program.clone().at(u64::MAX - 5, USER_TOP),
            Err(NotExecutable::TooLarge)
        );
        assert_eq!(program.at(0, USER_TOP), Err(NotExecutable::TooLarge));
    }

    fn refusal(text: Segment, data: Segment) -> Option<NotExecutable> {
        read(&file(2, 0x40_0100, &[text, data])).err()
    }

    #[test]
    fn hostile_segments_are_refused() {
        let in_data = |change: fn(&mut Segment)| {
            let mut data = DATA;
            change(&mut data);
            refusal(TEXT, data)
        };
        let malformed = Some(NotExecutable::Malformed);
        assert_eq!(
            in_data(|s| s.file = 0x1400),
            malformed,
            "more file than memory"
        );
        assert_eq!(in_data(|s| s.offset = 0x2e00), malformed, "past the file");
        assert_eq!(in_data(|s| s.offset = 0x1e10), malformed, "not congruent");
        assert_eq!(in_data(|s| s.address = 0x40_0e00), malformed, "overlapping");
        assert_eq!(
            in_data(|s| s.address = 0x3f_fe00),
            malformed,
            "not in order"
        );
        assert_eq!(
            in_data(|s| s.address = u64::MAX - 0x1ff),
            malformed,
            "wraps"
        );
        assert_eq!(
            in_data(|s| s.memory = 1 << 47),
            Some(NotExecutable::TooLarge)
        );
        assert_eq!(in_data(|s| s.kind = 3), Some(NotExecutable::Dynamic));
    }

    #[test]
    fn a_program_needs_a_place_and_a_start() {
        let malformed = Some(NotExecutable::Malformed);
        let not_executable = Segment { flags: 4, ..TEXT };
        assert_eq!(refusal(not_executable, DATA), malformed);
        assert_eq!(
            refusal(Segment { address: 0, ..TEXT }, DATA),
            malformed,
            "page zero"
        );
    }

    #[test]
    fn no_truncation_and_no_flipped_byte_panics() {
        let good = file(3, 0x40_0100, &[TEXT, DATA]);
        for length in 0..good.len() {
            assert!(read(&good[..length]).is_err());
        }
        for at in 0..good.len() {
            for value in [0, 1, 0x7f, 0x80, 0xff] {
                let mut bytes = good.clone();
                bytes[at] = value;
                if let Ok(program) = read(&bytes) {
                    let _ = program.at(0x5555_0000_0000, USER_TOP);
                }
            }
        }
        assert_eq!(read(b"#!/bin/sh\n and so on"), Err(NotExecutable::NotElf));
    }

    #[test]
    fn the_hosts_own_static_shell_can_be_planned() {
        let Ok(bytes) = std::fs::read("/bin/busybox") else {
            return;
        };
        let header = Header::read(&bytes).unwrap();
        let (offset, length) = header.table();
        let from = usize::try_from(offset).unwrap();
        let table = &bytes[from..from + usize::try_from(length).unwrap()];
        match header.program(table, bytes.len() as u64) {
            Ok(program) => assert_eq!(program.entry, get_u64(&bytes, 24)),
            Err(reason) => assert_eq!(reason, NotExecutable::Dynamic),
        }
    }
}
