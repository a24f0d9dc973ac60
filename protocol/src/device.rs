//! Opening devices, at their driver. Reads, writes and the rest then go by [`crate::object`].
//!
//! After a crash: open answers what the question was ended with (`EFAULT` after two crashes, `EIO` when
//! the driver is down). Descriptions that are open stay so, unless the driver is started fresh.

use crate::{Handle, answer, protocol};
use abi::Endpoint;

answer! {
    /// The answer to [`Open`].
    pub struct Opened {
        /// Who serves the description: the driver asked, or one that it has handed the opening to.
        pub server: Endpoint,
        /// The description there.
        pub handle: Handle,
    }
}

protocol! {
    number 4, version 1;

    /// Opens the device with this number (as Linux packs major and minor) with Linux's open flags.
    Open = 1 { device: u64, flags: u32 } -> Opened;
}
