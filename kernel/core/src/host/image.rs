//! Images without a program: what the kernel loads for a service that is a value of the host.

use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;

use abi::declaration::Declaration;
use abi::image::{ABI_VERSION, ImageHeader, MAGIC, NAME_BYTES};
use abi::layout::PAGE_SIZE;
use abi::word::index;
use archive::{BuildError, Builder, Kind, NewEntry};

use crate::memory::plain::Plain;

/// An image of a service: one page of text, one of data.
#[must_use]
pub fn image(name: &str, version: u32) -> Vec<u8> {
    let mut bytes = vec![0; index(3 * PAGE_SIZE)];
    // So that different versions differ.
    bytes[index(PAGE_SIZE)..][..4].copy_from_slice(&version.to_le_bytes());
    let mut header = ImageHeader {
        magic: MAGIC,
        abi: ABI_VERSION,
        version,
        name: [0; NAME_BYTES],
        file_size: 3 * PAGE_SIZE,
        checksum: checksum(&bytes[index(PAGE_SIZE)..]),
        relocations: 0,
        text_offset: PAGE_SIZE,
        text_size: PAGE_SIZE,
        read_only_size: 0,
        data_offset: 2 * PAGE_SIZE,
        data_size: PAGE_SIZE,
        data_memory: PAGE_SIZE,
        relocation_offset: 3 * PAGE_SIZE,
        entry: 0x10,
        export_entry: 0x20,
    };
    for (byte, letter) in header.name.iter_mut().zip(name.bytes()) {
        *byte = letter;
    }
    header.store(&mut bytes);
    bytes
}

/// CRC-32 (IEEE 802.3, reflected).
fn checksum(bytes: &[u8]) -> u32 {
    let mut register = u32::MAX;
    for byte in bytes {
        register ^= u32::from(*byte);
        for _ in 0..8 {
            let carry = register & 1;
            register = (register >> 1) ^ (carry * 0xedb8_8320);
        }
    }
    !register
}

/// A file for an archive.
#[must_use]
pub fn file(data: Vec<u8>) -> NewEntry {
    NewEntry {
        kind: Kind::File,
        mode: 0o644,
        user: 0,
        group: 0,
        modified: 0,
        data,
    }
}

/// What the kernel needs of a boot archive: declarations, an image of each service in each of these
/// versions, a vDSO. Files may be added before it is built.
#[must_use]
pub fn archive_of(declarations: &[Declaration], versions: &[u32]) -> Builder {
    let mut builder = Builder::new();
    let packed = declarations.iter().flat_map(Declaration::to_bytes);
    builder.put("system/declarations", file(packed.collect()));
    builder.put("system/vdso", file(vec![0; index(PAGE_SIZE)]));
    for declaration in declarations {
        let name = declaration.name().utf8_chunks().map(|chunk| chunk.valid());
        let name = name.collect::<alloc::string::String>();
        for version in versions {
            let mut path = "system/services/".to_string();
            path.push_str(&name);
            path.push('/');
            path.push_str(&version.to_string());
            builder.put(path, file(image(&name, *version)));
        }
    }
    builder
}

/// The bytes of an archive of these services alone.
///
/// # Errors
/// What the archive's format cannot hold, such as an empty name.
pub fn archive(declarations: &[Declaration], versions: &[u32]) -> Result<Vec<u8>, BuildError> {
    archive_of(declarations, versions).build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_that_of_the_standard() {
        // The check value of CRC-32/ISO-HDLC.
        assert_eq!(checksum(b"123456789"), 0xcbf4_3926);
    }
}
