//! Checking an image.

use core::fmt;

use abi::image::{ABI_VERSION, ImageHeader, MAGIC, NAME_BYTES};
use abi::layout::PAGE_SIZE;
use abi::word::index;

use crate::header;

/// Why bytes are no image that can be loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImageError {
    /// They do not start with an image's magic number.
    BadMagic,
    /// It was built for another binary interface.
    WrongAbi {
        /// The interface it was built for.
        found: u32,
    },
    /// It has not the length that it says.
    CutShort {
        /// Bytes that its header promises.
        expected: u64,
        /// Bytes that are there.
        found: u64,
    },
    /// Its header names places that are not in it.
    Malformed,
    /// Its contents are not those that were built.
    BadChecksum,
}

impl fmt::Display for ImageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ImageError::BadMagic => write!(f, "not a service image"),
            ImageError::WrongAbi { found } => {
                write!(
                    f,
                    "built for interface {found}, this system has {ABI_VERSION}"
                )
            }
            ImageError::CutShort { expected, found } => {
                write!(f, "{found} bytes long instead of {expected}")
            }
            ImageError::Malformed => write!(f, "its header contradicts itself"),
            ImageError::BadChecksum => write!(f, "its checksum is wrong"),
        }
    }
}

impl core::error::Error for ImageError {}

/// An image whose header is sound.
#[derive(Clone, Copy, Debug)]
pub struct Image<'a> {
    bytes: &'a [u8],
    header: ImageHeader,
}

impl<'a> Image<'a> {
    /// Reads and checks the header.
    ///
    /// # Errors
    /// All but [`ImageError::BadChecksum`].
    pub fn read(bytes: &'a [u8]) -> Result<Image<'a>, ImageError> {
        if !bytes.starts_with(&MAGIC) {
            return Err(ImageError::BadMagic);
        }
        let found = bytes.len() as u64;
        let header = header::read(bytes).ok_or(ImageError::CutShort {
            expected: header::SIZE as u64,
            found,
        })?;
        if header.abi != ABI_VERSION {
            return Err(ImageError::WrongAbi { found: header.abi });
        }
        if header.file_size != found {
            return Err(ImageError::CutShort {
                expected: header.file_size,
                found,
            });
        }
        is_sound(&header)
            .then_some(Image { bytes, header })
            .ok_or(ImageError::Malformed)
    }

    /// Checks the contents against the header's checksum.
    ///
    /// # Errors
    /// [`ImageError::BadChecksum`].
    pub fn verify(&self) -> Result<(), ImageError> {
        let contents = self.bytes.get(index(PAGE_SIZE)..).unwrap_or_default();
        let right = crc32fast::hash(contents) == self.header.checksum;
        right.then_some(()).ok_or(ImageError::BadChecksum)
    }

    /// The service's name.
    #[must_use]
    pub fn name(&self) -> &[u8] {
        let length = self
            .header
            .name
            .iter()
            .position(|byte| *byte == 0)
            .unwrap_or(NAME_BYTES);
        &self.header.name[..length]
    }

    /// The service's version.
    #[must_use]
    pub const fn version(&self) -> u32 {
        self.header.version
    }

    /// The header.
    #[must_use]
    pub const fn header(&self) -> &ImageHeader {
        &self.header
    }
}

/// Whether all that a header names lies in the file and in memory, in order.
fn is_sound(header: &ImageHeader) -> bool {
    let paged = [
        header.text_offset,
        header.text_size,
        header.read_only_size,
        header.data_offset,
        header.data_memory,
    ];
    let inside = |from: u64, size: u64| {
        from.checked_add(size)
            .is_some_and(|end| end <= header.file_size)
    };
    paged
        .iter()
        .all(|place| place.is_multiple_of(PAGE_SIZE) && *place < 1 << 32)
        && header.text_offset >= PAGE_SIZE
        && inside(header.text_offset, header.text_size + header.read_only_size)
        && inside(header.data_offset, header.data_size)
        && inside(header.relocation_offset, 4 * u64::from(header.relocations))
        && header.data_size <= header.data_memory
        && header.entry < header.text_size
        && header.export_entry < header.text_size
}
