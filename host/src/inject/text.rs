//! The text of a service as its ELF file has it: instructions and the functions they belong to.

use std::ops::Range;

use iced_x86::{Decoder, DecoderOptions};
use object::read::{Object, ObjectSection, ObjectSymbol};
use object::{SectionKind, SymbolKind, read};

use crate::Error;

/// The text of a service. Offsets count from the address where it is loaded.
#[derive(Clone, Debug, Default)]
pub(super) struct Text {
    /// The bytes; the first is at this offset.
    start: u64,
    bytes: Vec<u8>,
    /// Where instructions start, in ascending order.
    starts: Vec<u64>,
    /// Where functions start, and their names, in ascending order.
    functions: Vec<(u64, String)>,
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
        let mut functions: Vec<(u64, String)> = file
            .symbols()
            .filter(|symbol| symbol.kind() == SymbolKind::Text)
            .filter_map(|symbol| Some((symbol.address(), readable(symbol.name().ok()?))))
            .collect();
        functions.sort();
        functions.dedup_by_key(|(address, _)| *address);
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
        let owned = |(at, name): &(u64, &str)| (*at, (*name).to_owned());
        Text {
            start,
            starts: instruction_starts(bytes, start),
            bytes: bytes.to_vec(),
            functions: functions.iter().map(owned).collect(),
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
        let behind = self
            .functions
            .partition_point(|(start, _)| *start <= offset);
        match behind.checked_sub(1).and_then(|at| self.functions.get(at)) {
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

/// A name without what the compiler wrapped it in: `_ZN4core3fmt5write17h0123456789abcdefE` is
/// `core::fmt::write`. Another name stays as it is.
fn readable(name: &str) -> String {
    let parts = name.strip_prefix("_ZN").and_then(parts);
    let Some(mut parts) = parts else {
        return name.to_owned();
    };
    let is_hash = |part: &&str| part.len() == 17 && part.starts_with('h');
    if parts.last().is_some_and(is_hash) {
        parts.pop();
    }
    let mut readable = parts.join("::");
    for (code, character) in [
        ("_$", "$"),
        ("$LT$", "<"),
        ("$GT$", ">"),
        ("$RF$", "&"),
        ("$BP$", "*"),
        ("$C$", ","),
        ("$u20$", " "),
        ("$u27$", "'"),
        ("$u5b$", "["),
        ("$u5d$", "]"),
        ("$u7b$", "{"),
        ("$u7d$", "}"),
        ("..", "::"),
    ] {
        readable = readable.replace(code, character);
    }
    readable
}

/// The parts of a mangled name: each its length in decimal digits, and so many characters.
fn parts(mut rest: &str) -> Option<Vec<&str>> {
    let mut parts = Vec::new();
    while !rest.starts_with('E') {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let length: usize = rest.get(..digits)?.parse().ok()?;
        parts.push(rest.get(digits..digits + length)?);
        rest = rest.get(digits + length..)?;
    }
    Some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_readable() {
        assert_eq!(
            readable("_ZN4core3fmt5write17h0123456789abcdefE"),
            "core::fmt::write"
        );
        assert_eq!(
            readable("_ZN27_$LT$pm..A$u20$as$u20$B$GT$4takeE"),
            "<pm::A as B>::take"
        );
        assert_eq!(readable("_start"), "_start");
        assert_eq!(readable("_ZN99cut"), "_ZN99cut");
    }

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
