//! The form in which the image builder stores a service: ready to map, nothing left to link.
//!
//! ```text
//! offset 0      ImageHeader, padded to a page
//! text_offset   text, then read-only data: whole pages, mapped shared and executable or read only
//! data_offset   data: copied at each load, then relocated
//! reloc_offset  u32 each: offset (from the image's base) of a word that holds an address relative
//!               to the base, to which the base is added; always within data
//! ```
//! In memory the image lies as one range from its base: text, read-only data, data, zeroes.

/// The first bytes of every service image.
pub const MAGIC: [u8; 8] = *b"EVERNIX\x01";
/// Counts incompatible changes of this crate. The kernel refuses an image built for another one.
pub const ABI_VERSION: u32 = 2;
/// Bytes of a service's name, padded with zeroes.
pub const NAME_BYTES: usize = 16;

/// The first page of a service image. All numbers are little endian; offsets and sizes are bytes;
/// those marked *pages* are multiples of the page size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct ImageHeader {
    /// [`MAGIC`].
    pub magic: [u8; 8],
    /// [`ABI_VERSION`].
    pub abi: u32,
    /// The service's version.
    pub version: u32,
    /// The service's name.
    pub name: [u8; NAME_BYTES],
    /// Bytes of the whole image file.
    pub file_size: u64,
    /// CRC-32 (IEEE) of everything after the header's page.
    pub checksum: u32,
    /// How many relocations there are.
    pub relocations: u32,
    /// Where text starts in the file. Pages.
    pub text_offset: u64,
    /// Executable bytes. Pages. Mapped at the base.
    pub text_size: u64,
    /// Read-only bytes that follow text in file and memory. Pages.
    pub read_only_size: u64,
    /// Where data starts in the file. Pages.
    pub data_offset: u64,
    /// Bytes of data in the file, and where zeroes start behind it.
    pub data_size: u64,
    /// Bytes of data and zeroes in memory. Pages.
    pub data_memory: u64,
    /// Where the relocations start in the file.
    pub relocation_offset: u64,
    /// Where a new instance starts, from the base.
    pub entry: u64,
    /// Where the export of an instance starts, from the base.
    pub export_entry: u64,
}

impl ImageHeader {
    /// Bytes of the image in memory, from its base.
    #[must_use]
    pub const fn memory_size(&self) -> u64 {
        self.text_size + self.read_only_size + self.data_memory
    }
}

const _: () = assert!(size_of::<ImageHeader>() == 8 + 4 + 4 + 16 + 8 + 4 + 4 + 9 * 8);
