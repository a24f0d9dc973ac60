//! What the kernel needs of the machine. The real one is `kernel/machine`; on the host, tests and
//! the simulation use one made of ordinary memory.

use abi::process::FloatingPoint;
use abi::{EventPage, Time};

/// The number of a page frame: its physical address divided by the page size.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct Frame(pub u32);

/// How the machine ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PowerOff {
    /// Orderly.
    Off,
    /// Orderly, and started again.
    Restart,
    /// The system itself failed.
    Failure,
}

/// How the machine's time stamp counter becomes time:
/// `nanoseconds + ((counter - base) * multiplier >> shift)`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClockParameters {
    /// The counter's value at the base.
    pub counter: u64,
    /// Monotonic nanoseconds at the base.
    pub nanoseconds: u64,
    /// Nanoseconds per count, times two to the power of `shift`.
    pub multiplier: u64,
    /// See above.
    pub shift: u64,
}

/// The hardware, as far as the kernel's decisions touch it. Every function is bounded.
///
/// Frames passed in are ones that the kernel's frame table holds, so they exist.
pub trait Machine {
    /// Reads the 64-bit word `index` (below 512) of a frame: page-table entries.
    fn word(&self, frame: Frame, index: usize) -> u64;
    /// Writes the 64-bit word `index` (below 512) of a frame.
    fn set_word(&mut self, frame: Frame, index: usize, value: u64);
    /// Fills a frame with zeroes.
    fn zero(&mut self, frame: Frame);
    /// Reads bytes from `offset` of a frame; the range lies within the frame.
    fn read(&self, frame: Frame, offset: usize, bytes: &mut [u8]);
    /// Writes bytes at `offset` of a frame; the range lies within the frame.
    fn write(&mut self, frame: Frame, offset: usize, bytes: &[u8]);
    /// Copies between frames; both ranges lie within their frames. The frames may be the same, the
    /// ranges may then overlap.
    fn transfer(&mut self, from: Frame, at: usize, to: Frame, offset: usize, length: usize);
    /// A frame that an instance uses as its event page, in place.
    fn event_page(&mut self, frame: Frame) -> &mut EventPage;
    /// Puts the kernel's own mappings into the upper half of a zeroed top-level page table.
    fn prepare_root(&mut self, root: Frame);
    /// Stops using a top-level page table, which is about to be freed.
    fn retire_root(&mut self, root: Frame);
    /// Forgets cached translations of one page, if the space of this root is in use.
    fn flush_page(&mut self, root: Frame, address: u64);
    /// Forgets all cached translations of user memory, if the space of this root is in use.
    fn flush_all(&mut self, root: Frame);
    /// Time since the start.
    fn now(&self) -> Time;
    /// How programs compute the time themselves (see `memory::vdso`).
    fn clock_parameters(&self) -> ClockParameters;
    /// Asks for a clock interrupt at `deadline`, replacing the one asked for before.
    fn set_alarm(&mut self, deadline: Time);
    /// Reads `width` (1, 2 or 4) bytes from an I/O port.
    fn port_read(&mut self, port: u16, width: usize) -> u32;
    /// Writes `width` bytes to an I/O port.
    fn port_write(&mut self, port: u16, width: usize, value: u32);
    /// Unmasks an interrupt line. It is masked again when it is delivered.
    fn interrupt_enable(&mut self, line: u16);
    /// Writes to the log that the host sees.
    fn log(&mut self, bytes: &[u8]);
    /// A random word, for layouts and seeds.
    fn random(&mut self) -> u64;
    /// Saves the floating point registers of the thread that last used them.
    fn save_floating_point(&mut self, to: &mut FloatingPoint);
    /// Loads the floating point registers.
    fn load_floating_point(&mut self, from: &FloatingPoint);
    /// Ends the machine; on the real one this does not return.
    fn power_off(&mut self, how: PowerOff);
}
