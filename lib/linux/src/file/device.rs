//! Device numbers as Linux packs them into 64 bits (`sys/sysmacros.h`), and those that are fixed
//! (Documentation/admin-guide/devices.txt).

/// Packs a major and a minor number.
#[must_use]
pub const fn pack(major: u32, minor: u32) -> u64 {
    let (major, minor) = (major as u64, minor as u64);
    (minor & 0xff) | (major & 0xfff) << 8 | (minor & !0xff) << 12 | (major & !0xfff) << 32
}

/// The major number.
#[must_use]
pub const fn major(device: u64) -> u32 {
    abi::word::low_32((device >> 8) & 0xfff | (device >> 32) & 0xffff_f000)
}

/// The minor number.
#[must_use]
pub const fn minor(device: u64) -> u32 {
    abi::word::low_32(device & 0xff | (device >> 12) & 0xffff_ff00)
}

/// The major number of null, zero, full, random.
pub const MEMORY: u32 = 1;
/// The major number of virtual consoles and serial lines.
pub const TERMINALS: u32 = 4;
/// The major number of /dev/tty and /dev/console.
pub const ALTERNATE_TERMINALS: u32 = 5;
/// The major number of miscellaneous devices.
pub const MISCELLANEOUS: u32 = 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_packed_as_the_c_library_unpacks_them() {
        assert_eq!(pack(1, 3), 0x103);
        for (major_number, minor_number) in [
            (4, 64),
            (0xfff, 0xff),
            (0x1000, 0x100),
            (u32::MAX, u32::MAX),
        ] {
            let device = pack(major_number, minor_number);
            assert_eq!((major(device), minor(device)), (major_number, minor_number));
        }
        assert_eq!(pack(0x1000, 0x100), 0x0000_1000_0010_0000);
    }
}
