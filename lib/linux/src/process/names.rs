//! `struct new_utsname`.

/// Bytes of one name with its terminating zero.
pub const NAME_BYTES: usize = 65;
/// Bytes of `struct new_utsname`.
pub const NAMES_BYTES: usize = 6 * NAME_BYTES;

/// What the system is called.
#[derive(Clone, Copy, Debug)]
pub struct SystemNames<'a> {
    /// The operating system.
    pub system: &'a [u8],
    /// The host.
    pub host: &'a [u8],
    /// The release.
    pub release: &'a [u8],
    /// The build.
    pub version: &'a [u8],
    /// The processor.
    pub machine: &'a [u8],
    /// The domain.
    pub domain: &'a [u8],
}

impl SystemNames<'_> {
    /// Writes `struct new_utsname`; names too long are cut.
    #[must_use]
    pub fn encode(&self) -> [u8; NAMES_BYTES] {
        let mut bytes = [0; NAMES_BYTES];
        let names = [
            self.system,
            self.host,
            self.release,
            self.version,
            self.machine,
            self.domain,
        ];
        for (field, name) in bytes.chunks_exact_mut(NAME_BYTES).zip(names) {
            let length = name.len().min(NAME_BYTES - 1);
            field[..length].copy_from_slice(&name[..length]);
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::mem::offset_of;
    use linux_raw_sys::system::new_utsname;

    #[test]
    fn the_layout_is_the_kernels() {
        assert_eq!(size_of::<new_utsname>(), NAMES_BYTES);
        assert_eq!(offset_of!(new_utsname, nodename), NAME_BYTES);
        assert_eq!(offset_of!(new_utsname, domainname), 5 * NAME_BYTES);
        let long = [b'x'; 100];
        let names = SystemNames {
            system: b"Linux",
            host: &long,
            release: b"",
            version: b"",
            machine: b"",
            domain: b"",
        };
        let bytes = names.encode();
        assert_eq!(&bytes[..6], b"Linux\0");
        assert_eq!(bytes[2 * NAME_BYTES - 1], 0);
        assert_eq!(bytes[2 * NAME_BYTES - 2], b'x');
    }
}
