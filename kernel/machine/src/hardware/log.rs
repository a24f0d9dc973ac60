//! The port where the host reads the kernel's log.

use core::fmt;

use abi::power::LOG_PORT;

use super::port;

/// Writes bytes to the host's log.
pub(crate) fn write(bytes: &[u8]) {
    bytes.iter().for_each(|byte| port::write_8(LOG_PORT, *byte));
}

/// The log for formatted text.
pub(crate) struct Writer;

impl fmt::Write for Writer {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        write(text.as_bytes());
        Ok(())
    }
}
