//! I/O ports.
#![expect(unsafe_code, reason = "port instructions")]

use core::arch::asm;

/// Reads a byte.
pub(crate) fn read_8(port: u16) -> u8 {
    let value;
    // SAFETY: a port instruction touches no memory; whose port it is the caller has decided.
    unsafe {
        asm!("in al, dx", in("dx") port, out("al") value, options(nomem, nostack, preserves_flags))
    };
    value
}

/// Writes a byte.
pub(crate) fn write_8(port: u16, value: u8) {
    // SAFETY: as for `read_8`.
    unsafe {
        asm!("out dx, al", in("dx") port, in("al") value, options(nomem, nostack, preserves_flags))
    };
}

/// Reads 1, 2 or 4 bytes.
pub(crate) fn read(port: u16, width: usize) -> u32 {
    let value: u32;
    // SAFETY: as for `read_8`.
    unsafe {
        match width {
            1 => return read_8(port).into(),
            2 => {
                asm!("xor eax, eax", "in ax, dx", in("dx") port, out("eax") value, options(nomem, nostack))
            }
            _ => {
                asm!("in eax, dx", in("dx") port, out("eax") value, options(nomem, nostack, preserves_flags))
            }
        }
    }
    value
}

/// Writes 1, 2 or 4 bytes.
pub(crate) fn write(port: u16, width: usize, value: u32) {
    let [low, ..] = value.to_le_bytes();
    // SAFETY: as for `read_8`.
    unsafe {
        match width {
            1 => write_8(port, low),
            2 => {
                asm!("out dx, ax", in("dx") port, in("eax") value, options(nomem, nostack, preserves_flags))
            }
            _ => {
                asm!("out dx, eax", in("dx") port, in("eax") value, options(nomem, nostack, preserves_flags))
            }
        }
    }
}
