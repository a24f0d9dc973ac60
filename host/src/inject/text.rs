//! The text of a service as its ELF file has it: instructions and the functions they belong to.

use std::ops::Range;

use iced_x86::{Decoder, DecoderOptions};
use object::read::{Object, ObjectSection};
use object::{SectionKind, read};

use crate::Error;
use crate::build::symbols::Functions;

/// The text of a service. Offsets count from the address where it is loaded.
#[derive(Clone, Debug, Default)]
pub(super) struct Text {
    /// The bytes; the first is at this offset.
    start: u64,
    bytes: Vec<u8>,
    /// Where instructions start, in ascending order.
    starts: Vec<u64>,
    functions: Functions,
}

impl Text {
    /// Reads a service's ELF file.
    ///
    /// # Errors
    /// When it is none, or has no text.
    pub(super) fn read(name: &str, elf: &[u8]) -> Result<Text, Error> {
        let wrong = |error: &dyn std::fmt::Display| Error::artifact(name, error);
        let file = read::File::parse(elf).map_err(|error| wrong(&error))?;
        let section = file
            .sections()
            .find(|section| section.kind() == SectionKind::Text)
            .ok_or_else(|| wrong(&"it has no code"))?;
        let bytes = section.data().map_err(|error| wrong(&error))?.to_vec();
        let functions = Functions::of(&file);
        Ok(Text {
            start: section.address(),
            starts: instruction_starts(&bytes, section.address()),
            bytes,
            functions,
        })
    }

    /// A text of these bytes.
    #[cfg(test)]
    pub(super) fn of(bytes: &[u8], start: u64, functions: &[(u64, &str)]) -> Text {
        Text {
            start,
            starts: instruction_starts(bytes, start),
            bytes: bytes.to_vec(),
            functions: Functions::named(functions),
        }
    }

    /// Where instructions start.
    pub(super) fn starts(&self) -> &[u64] {
        &self.starts
    }

    /// Where the text lies.
    pub(super) fn range(&self) -> Range<u64> {
        self.start..self.start + self.bytes.len() as u64
    }

    /// The bytes of the instruction that starts there.
    pub(super) fn instruction(&self, offset: u64) -> Option<&[u8]> {
        let place = self.starts.binary_search(&offset).ok()?;
        let end = self
            .starts
            .get(place + 1)
            .copied()
            .unwrap_or(self.range().end);
        self.part(offset..end)
    }

    /// The bytes at these offsets.
    pub(super) fn part(&self, range: Range<u64>) -> Option<&[u8]> {
        let place = |offset: u64| usize::try_from(offset.checked_sub(self.start)?).ok();
        self.bytes.get(place(range.start)?..place(range.end)?)
    }

    /// The function there, as `name+0x10`.
    pub(super) fn place(&self, offset: u64) -> String {
        match self.functions.at(offset) {
            Some((start, name)) => format!("{name}+{:#x}", offset - start),
            None => format!("{offset:#x}"),
        }
    }
}

fn instruction_starts(bytes: &[u8], address: u64) -> Vec<u64> {
    let mut decoder = Decoder::with_ip(64, bytes, address, DecoderOptions::NONE);
    let mut starts = Vec::new();
    while decoder.can_decode() {
        let instruction = decoder.decode();
        if !instruction.is_invalid() {
            starts.push(instruction.ip());
        }
    }
    starts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instructions_and_places_are_found() {
        // mov rax,rbx; ret; je +5
        let functions = [(0x10, "first"), (0x14, "second")];
        let text = Text::of(b"\x48\x89\xd8\xc3\x74\x05", 0x10, &functions);
        assert_eq!(text.starts(), [0x10, 0x13, 0x14]);
        assert_eq!(text.instruction(0x14), Some(&b"\x74\x05"[..]));
        assert_eq!(text.instruction(0x11), None);
        assert_eq!(text.part(0x15..0x17), None);
        assert_eq!(
            (text.place(0x13), text.place(0x14)),
            ("first+0x3".to_owned(), "second+0x0".to_owned())
        );
        assert_eq!(text.place(0x1), "0x1");
    }
}
