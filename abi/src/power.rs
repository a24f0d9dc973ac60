//! What the machine's host sees: where the log goes, and with what the machine ends.

/// The port of the kernel's log (QEMU's `isa-debugcon`).
pub const LOG_PORT: u16 = 0xe9;
/// The port whose write ends the emulator (QEMU's `isa-debug-exit`); its exit status is then twice
/// the value written, plus 1.
pub const EXIT_PORT: u16 = 0xf4;
/// Written for an orderly end.
pub const EXIT_OFF: u8 = 0x10;
/// Written when the system itself failed.
pub const EXIT_FAILURE: u8 = 0x11;
/// Written for an orderly end after which the machine is to be started again.
pub const EXIT_RESTART: u8 = 0x12;

/// The emulator's exit status for a value written to [`EXIT_PORT`].
#[must_use]
pub const fn exit_status(value: u8) -> i32 {
    2 * value as i32 + 1
}
