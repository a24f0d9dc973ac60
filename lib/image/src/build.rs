//! Making an image from a linked ELF file.

use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

use abi::image::{ABI_VERSION, ImageHeader, MAGIC, NAME_BYTES};
use abi::layout::PAGE_SIZE;
use abi::word::index;
use object::elf::{PF_W, PF_X, ProgramFlags, R_X86_64_RELATIVE};
use object::read::elf::ElfFile64;
use object::{Endianness, Object, ObjectSegment, ObjectSymbol, RelocationFlags, SegmentFlags};

use crate::header;

/// Why no image can be made of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BuildError {
    /// It is not a little-endian 64-bit ELF file, or a damaged one.
    NotElf(String),
    /// The name is empty or longer than 15 bytes.
    BadName,
    /// A segment of this kind is missing, or not where the linker script puts it.
    Segment(&'static str),
    /// It defines no such symbol.
    NoSymbol(&'static str),
    /// It needs a relocation other than of the relative kind, at this address.
    Relocation(u64),
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BuildError::NotElf(error) => write!(f, "not an ELF file: {error}"),
            BuildError::BadName => write!(f, "a service's name has 1 to 15 bytes"),
            BuildError::Segment(kind) => write!(f, "the {kind} segment is missing or misplaced"),
            BuildError::NoSymbol(name) => write!(f, "the symbol {name} is missing"),
            BuildError::Relocation(address) => {
                write!(f, "the word at {address:#x} needs more than the base added")
            }
        }
    }
}

impl core::error::Error for BuildError {}

type Elf<'a> = ElfFile64<'a, Endianness>;

/// Makes the image of a service from its linked file.
///
/// # Errors
/// What the file lacks.
pub fn build(elf: &[u8], name: &str, version: u32) -> Result<Vec<u8>, BuildError> {
    let file = Elf::parse(elf).map_err(|error| BuildError::NotElf(error.to_string()))?;
    let pieces = Pieces::read(&file)?;
    let relocations = relocate(&file, &pieces)?;
    assemble(&file, &pieces, relocations, name, version)
}

/// The three parts of a service in memory, in order from address 0.
struct Pieces {
    text: Vec<u8>,
    read_only: Vec<u8>,
    data: Vec<u8>,
    /// Where data starts.
    data_address: u64,
    /// Bytes of data and zeroes.
    data_memory: u64,
}

impl Pieces {
    fn read(file: &Elf<'_>) -> Result<Pieces, BuildError> {
        let (text, text_end) = segment(file, PF_X, 0).ok_or(BuildError::Segment("text"))?;
        let (read_only, read_only_end) =
            segment(file, ProgramFlags(0), text_end).unwrap_or((vec![], text_end));
        let empty = (vec![], read_only_end);
        let (data, end) = segment(file, PF_W, read_only_end).unwrap_or(empty);
        Ok(Pieces {
            text,
            read_only,
            data,
            data_address: read_only_end,
            data_memory: end - read_only_end,
        })
    }
}

/// The contents of the segment at an address, if it has just these permissions beside reading,
/// and the address where the next would start.
fn segment(file: &Elf<'_>, permissions: ProgramFlags, address: u64) -> Option<(Vec<u8>, u64)> {
    let found = file
        .segments()
        .find(|segment| segment.address() == address && segment.size() > 0)?;
    let SegmentFlags::Elf { p_flags, .. } = found.flags() else {
        return None;
    };
    if p_flags & (PF_W | PF_X) != permissions {
        return None;
    }
    let end = (address + found.size()).next_multiple_of(PAGE_SIZE);
    Some((found.data().ok()?.to_vec(), end))
}

/// The words to which the base is added, with what they hold before.
fn relocate(file: &Elf<'_>, pieces: &Pieces) -> Result<Vec<(u32, u64)>, BuildError> {
    let mut words = Vec::new();
    for (address, relocation) in file.dynamic_relocations().into_iter().flatten() {
        let relative = relocation.flags()
            == RelocationFlags::Elf {
                r_type: R_X86_64_RELATIVE,
            };
        let data_end = pieces.data_address + pieces.data.len() as u64;
        let inside = address >= pieces.data_address && address + 8 <= data_end;
        match u32::try_from(address) {
            Ok(at) if relative && inside => words.push((at, relocation.addend().cast_unsigned())),
            _ => return Err(BuildError::Relocation(address)),
        }
    }
    Ok(words)
}

fn symbol(file: &Elf<'_>, name: &'static str) -> Result<u64, BuildError> {
    let found = file
        .symbols()
        .find(|symbol| symbol.name() == Ok(name) && symbol.is_definition());
    found
        .map(|symbol| symbol.address())
        .ok_or(BuildError::NoSymbol(name))
}

fn assemble(
    file: &Elf<'_>,
    pieces: &Pieces,
    relocations: Vec<(u32, u64)>,
    name: &str,
    version: u32,
) -> Result<Vec<u8>, BuildError> {
    if name.is_empty() || name.len() >= NAME_BYTES {
        return Err(BuildError::BadName);
    }
    let mut data = pieces.data.clone();
    for (address, value) in &relocations {
        let at = index(u64::from(*address) - pieces.data_address);
        data[at..at + 8].copy_from_slice(&value.to_le_bytes());
    }
    let mut bytes = vec![0; index(PAGE_SIZE)];
    let text_offset = append(&mut bytes, &pieces.text);
    append(&mut bytes, &pieces.read_only);
    let data_offset = append(&mut bytes, &data);
    let places: Vec<u8> = relocations
        .iter()
        .flat_map(|(at, _)| at.to_le_bytes())
        .collect();
    let relocation_offset = append(&mut bytes, &places);
    let mut padded = [0; NAME_BYTES];
    padded[..name.len()].copy_from_slice(name.as_bytes());
    let image_header = ImageHeader {
        magic: MAGIC,
        abi: ABI_VERSION,
        version,
        name: padded,
        file_size: bytes.len() as u64,
        checksum: crc32fast::hash(&bytes[index(PAGE_SIZE)..]),
        relocations: u32::try_from(relocations.len()).unwrap_or(u32::MAX),
        text_offset,
        text_size: pages(pieces.text.len()),
        read_only_size: pages(pieces.read_only.len()),
        data_offset,
        data_size: data.len() as u64,
        data_memory: pieces.data_memory,
        relocation_offset,
        entry: symbol(file, "_start")?,
        export_entry: symbol(file, "export_entry")?,
    };
    bytes[..header::SIZE].copy_from_slice(&header::write(&image_header));
    Ok(bytes)
}

/// Appends a piece from a page's start and fills its last page; answers where it starts.
fn append(bytes: &mut Vec<u8>, piece: &[u8]) -> u64 {
    let start = bytes.len();
    bytes.extend_from_slice(piece);
    bytes.resize(bytes.len().next_multiple_of(index(PAGE_SIZE)), 0);
    start as u64
}

fn pages(size: usize) -> u64 {
    (size as u64).next_multiple_of(PAGE_SIZE)
}
