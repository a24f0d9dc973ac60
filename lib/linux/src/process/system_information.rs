//! `struct sysinfo`.

use super::bytes::{put_u32, put_u64};

/// Bytes of `struct sysinfo` on x86-64.
pub const SYSTEM_INFORMATION_BYTES: usize = 112;

/// What sysinfo(2) tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SystemInformation {
    /// Seconds since the start.
    pub up: u64,
    /// Load averages over 1, 5 and 15 minutes, in 1/65536.
    pub loads: [u64; 3],
    /// Bytes of memory.
    pub memory: u64,
    /// Bytes of free memory.
    pub free: u64,
    /// Processes.
    pub processes: u16,
}

impl SystemInformation {
    /// Writes `struct sysinfo`, with bytes as the unit of memory.
    #[must_use]
    pub fn encode(&self) -> [u8; SYSTEM_INFORMATION_BYTES] {
        let mut bytes = [0; SYSTEM_INFORMATION_BYTES];
        put_u64(&mut bytes, 0, self.up);
        for (index, load) in self.loads.into_iter().enumerate() {
            put_u64(&mut bytes, 8 + index * 8, load);
        }
        put_u64(&mut bytes, 32, self.memory);
        put_u64(&mut bytes, 40, self.free);
        bytes[80..82].copy_from_slice(&self.processes.to_le_bytes());
        put_u32(&mut bytes, 104, 1);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::mem::offset_of;
    use linux_raw_sys::system::sysinfo;

    #[test]
    fn the_layout_is_the_kernels() {
        assert_eq!(size_of::<sysinfo>(), SYSTEM_INFORMATION_BYTES);
        assert_eq!(offset_of!(sysinfo, loads), 8);
        assert_eq!(offset_of!(sysinfo, totalram), 32);
        assert_eq!(offset_of!(sysinfo, freeram), 40);
        assert_eq!(offset_of!(sysinfo, procs), 80);
        assert_eq!(offset_of!(sysinfo, mem_unit), 104);
        let told = SystemInformation {
            processes: 513,
            ..SystemInformation::default()
        }
        .encode();
        assert_eq!(told[80..82], [1, 2]);
    }
}
