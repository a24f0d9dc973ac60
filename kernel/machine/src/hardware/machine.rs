//! The hardware as the kernel's core asks for it.
#![expect(unsafe_code, reason = "frames are reached through the direct map")]

use abi::power::{EXIT_FAILURE, EXIT_OFF, EXIT_PORT, EXIT_RESTART};
use abi::process::FloatingPoint;
use abi::{EventPage, Time};
use kernel::paging::KERNEL_HALF;
use kernel_core::machine::{ClockParameters, Frame, Machine, PowerOff};

use super::clock::Clock;
use super::processor::Features;
use super::{direct, interrupts, log, port, processor};

/// Bytes of a frame.
const PAGE: usize = 4096;

/// This machine.
pub(crate) struct Hardware {
    pub(crate) clock: Clock,
    pub(crate) features: Features,
    /// The kernel's own top-level page table.
    pub(crate) kernel_root: Frame,
    /// The one in use.
    pub(crate) current_root: Frame,
    /// Mixes what randomness there is.
    pub(crate) pool: u64,
}

impl Hardware {
    /// Uses a top-level page table, if it is not in use already.
    pub(crate) fn use_root(&mut self, root: Frame) {
        if self.current_root != root {
            self.current_root = root;
            processor::load_root(physical(root));
        }
    }
}

fn physical(frame: Frame) -> u64 {
    u64::from(frame.0) * PAGE as u64
}

impl Machine for Hardware {
    fn word(&self, frame: Frame, index: usize) -> u64 {
        // SAFETY: the frame is in the kernel's table, so it exists and is mapped.
        unsafe { direct::word(frame, index).read() }
    }

    fn set_word(&mut self, frame: Frame, index: usize, value: u64) {
        // SAFETY: as above; the core writes only frames that it owns.
        unsafe { direct::word(frame, index).write(value) };
    }

    fn zero(&mut self, frame: Frame) {
        direct::bytes_mut(frame, 0, PAGE).fill(0);
    }

    fn read(&self, frame: Frame, offset: usize, bytes: &mut [u8]) {
        bytes.copy_from_slice(direct::bytes(frame, offset, bytes.len()));
    }

    fn write(&mut self, frame: Frame, offset: usize, bytes: &[u8]) {
        direct::bytes_mut(frame, offset, bytes.len()).copy_from_slice(bytes);
    }

    fn transfer(&mut self, from: Frame, at: usize, to: Frame, offset: usize, length: usize) {
        assert!(
            at + length <= PAGE && offset + length <= PAGE,
            "ranges within frames"
        );
        // SAFETY: both frames exist, both ranges are within them; `copy` allows overlap.
        unsafe {
            let target = direct::frame_pointer(to, offset);
            core::ptr::copy(direct::frame_pointer(from, at).cast_const(), target, length);
        }
    }

    fn event_page(&mut self, frame: Frame) -> &mut EventPage {
        // SAFETY: the frame is an instance's event page: any bytes are a valid `EventPage`, which
        // is numbers throughout, and the instance does not run while the kernel does.
        unsafe { &mut *direct::frame_pointer(frame, 0).cast() }
    }

    fn prepare_root(&mut self, root: Frame) {
        let half = size_of::<u64>() * KERNEL_HALF;
        self.transfer(self.kernel_root, half, root, half, PAGE - half);
    }

    fn retire_root(&mut self, root: Frame) {
        if self.current_root == root {
            self.use_root(self.kernel_root);
        }
    }

    fn flush_page(&mut self, root: Frame, address: u64) {
        if self.current_root == root {
            processor::flush_page(address);
        }
    }

    fn flush_all(&mut self, root: Frame) {
        if self.current_root == root {
            processor::load_root(physical(root));
        }
    }

    fn now(&self) -> Time {
        self.clock.now()
    }

    fn clock_parameters(&self) -> ClockParameters {
        self.clock.parameters()
    }

    fn set_alarm(&mut self, deadline: Time) {
        self.clock.set_alarm(deadline);
    }

    fn port_read(&mut self, port: u16, width: usize) -> u32 {
        port::read(port, width)
    }

    fn port_write(&mut self, port: u16, width: usize, value: u32) {
        port::write(port, width, value);
    }

    fn interrupt_enable(&mut self, line: u16) {
        interrupts::unmask(line);
    }

    fn log(&mut self, bytes: &[u8]) {
        log::write(bytes);
    }

    fn random(&mut self) -> u64 {
        let hardware = if self.features.random {
            processor::random()
        } else {
            None
        };
        // SplitMix64 (Steele, Lea, Flood 2014) over all that came before.
        self.pool = self.pool.wrapping_add(0x9e37_79b9_7f4a_7c15) ^ processor::counter();
        let mut mixed = self.pool ^ hardware.unwrap_or(0);
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    fn save_floating_point(&mut self, to: &mut FloatingPoint) {
        processor::save_floating_point(to);
    }

    fn load_floating_point(&mut self, from: &FloatingPoint) {
        processor::load_floating_point(from);
    }

    fn power_off(&mut self, how: PowerOff) {
        end(how);
    }
}

/// Ends the machine: the emulator's way, then ACPI's as this kind of machine has it, then a halt.
pub(crate) fn end(how: PowerOff) -> ! {
    let status = match how {
        PowerOff::Off => EXIT_OFF,
        PowerOff::Restart => EXIT_RESTART,
        PowerOff::Failure => EXIT_FAILURE,
    };
    port::write_8(EXIT_PORT, status);
    if how == PowerOff::Restart {
        // The keyboard controller's reset line.
        port::write_8(0x64, 0xfe);
    }
    // The sleep control of QEMU's PC machines: S5.
    port::write(0x604, 2, 0x2000);
    processor::stop()
}
