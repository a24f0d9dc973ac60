//! Little-endian integers within structures of known size.

/// Writes a 32-bit field. Offsets are constants of a layout within `to`.
pub(crate) fn put_u32(to: &mut [u8], at: usize, value: u32) {
    to[at..at + 4].copy_from_slice(&value.to_le_bytes());
}

/// Writes a 64-bit field. Offsets are constants of a layout within `to`.
pub(crate) fn put_u64(to: &mut [u8], at: usize, value: u64) {
    to[at..at + 8].copy_from_slice(&value.to_le_bytes());
}

/// Reads a 32-bit field. Offsets are constants of a layout within `from`.
pub(crate) fn get_u32(from: &[u8], at: usize) -> u32 {
    let mut bytes = [0; 4];
    bytes.copy_from_slice(&from[at..at + 4]);
    u32::from_le_bytes(bytes)
}

/// Reads a 64-bit field. Offsets are constants of a layout within `from`.
pub(crate) fn get_u64(from: &[u8], at: usize) -> u64 {
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&from[at..at + 8]);
    u64::from_le_bytes(bytes)
}
