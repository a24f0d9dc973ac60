//! The header as bytes.

use abi::image::ImageHeader;

/// Bytes of a header.
pub(crate) const SIZE: usize = size_of::<ImageHeader>();

/// Reads a header's fields, without judging them. `None` when the bytes are too few.
pub(crate) fn read(bytes: &[u8]) -> Option<ImageHeader> {
    let mut reader = Reader { bytes };
    Some(ImageHeader {
        magic: reader.take()?,
        abi: reader.small()?,
        version: reader.small()?,
        name: reader.take()?,
        file_size: reader.large()?,
        checksum: reader.small()?,
        relocations: reader.small()?,
        text_offset: reader.large()?,
        text_size: reader.large()?,
        read_only_size: reader.large()?,
        data_offset: reader.large()?,
        data_size: reader.large()?,
        data_memory: reader.large()?,
        relocation_offset: reader.large()?,
        entry: reader.large()?,
        export_entry: reader.large()?,
    })
}

struct Reader<'a> {
    bytes: &'a [u8],
}

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (field, rest) = self.bytes.split_first_chunk()?;
        self.bytes = rest;
        Some(*field)
    }

    fn small(&mut self) -> Option<u32> {
        self.take().map(u32::from_le_bytes)
    }

    fn large(&mut self) -> Option<u64> {
        self.take().map(u64::from_le_bytes)
    }
}

/// Writes a header's fields.
#[cfg(feature = "build")]
pub(crate) fn write(header: &ImageHeader) -> alloc::vec::Vec<u8> {
    let mut bytes = alloc::vec::Vec::with_capacity(SIZE);
    bytes.extend_from_slice(&header.magic);
    bytes.extend_from_slice(&header.abi.to_le_bytes());
    bytes.extend_from_slice(&header.version.to_le_bytes());
    bytes.extend_from_slice(&header.name);
    bytes.extend_from_slice(&header.file_size.to_le_bytes());
    bytes.extend_from_slice(&header.checksum.to_le_bytes());
    bytes.extend_from_slice(&header.relocations.to_le_bytes());
    let rest = [
        header.text_offset,
        header.text_size,
        header.read_only_size,
        header.data_offset,
        header.data_size,
        header.data_memory,
        header.relocation_offset,
        header.entry,
        header.export_entry,
    ];
    rest.iter()
        .for_each(|word| bytes.extend_from_slice(&word.to_le_bytes()));
    bytes
}
