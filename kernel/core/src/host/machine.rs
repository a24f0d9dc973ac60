//! The pretend machine: frames of ordinary memory, a clock that is set by hand, ports that whoever
//! drives it plays.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::cell::Cell;

use abi::process::FloatingPoint;
use abi::{EventPage, Time};

use crate::machine::{ClockParameters, Frame, Machine, PowerOff};
use crate::process::FRESH_FLOATING_POINT;

const PAGE: usize = 4096;
const WORD: usize = 8;
/// What memory holds that nobody has written: nothing that anybody should rely on.
const UNWRITTEN: u8 = 0xa5;

/// The devices behind the I/O ports.
pub trait Ports {
    /// What a read of `width` bytes from a port answers.
    fn read(&mut self, port: u16, width: usize) -> u32;
    /// What a write of `width` bytes to a port does.
    fn write(&mut self, port: u16, width: usize, value: u32);
}

/// Ports with nothing behind them.
#[derive(Clone, Copy, Debug)]
struct NoPorts;

impl Ports for NoPorts {
    fn read(&mut self, _port: u16, _width: usize) -> u32 {
        u32::MAX
    }

    fn write(&mut self, _port: u16, _width: usize, _value: u32) {}
}

/// The machine.
pub struct Pretend {
    /// A frame that was never written takes no memory.
    frames: Vec<Option<Box<[u8; PAGE]>>>,
    events: BTreeMap<Frame, EventPage>,
    random: u64,
    floating_point: FloatingPoint,
    /// The time.
    pub now: Time,
    /// Nanoseconds that pass whenever the clock is read, as they do while a real kernel works.
    pub pace: u64,
    passed: Cell<u64>,
    /// What the clock is set to.
    pub alarm: Time,
    /// The kernel's log as the host sees it.
    pub log: Vec<u8>,
    /// Behind the I/O ports.
    pub ports: Box<dyn Ports>,
    /// Interrupt lines that are not masked.
    pub unmasked: BTreeSet<u16>,
    /// How the machine has ended, if it has.
    pub ended: Option<PowerOff>,
    /// Roots of page tables that are not used any more.
    pub retired: Vec<Frame>,
    /// Words read since somebody set it to 0: a measure of work.
    pub reads: Cell<u64>,
}

impl Pretend {
    /// A machine with this many frames, all its random numbers following from `seed`.
    #[must_use]
    pub fn new(frames: usize, seed: u64) -> Pretend {
        Pretend {
            frames: (0..frames).map(|_| None).collect(),
            events: BTreeMap::new(),
            random: seed,
            floating_point: FRESH_FLOATING_POINT,
            now: Time(0),
            pace: 0,
            passed: Cell::new(0),
            alarm: Time::NEVER,
            log: Vec::new(),
            ports: Box::new(NoPorts),
            unmasked: BTreeSet::new(),
            ended: None,
            retired: Vec::new(),
            reads: Cell::new(0),
        }
    }

    /// Fills frames from `first` on, as a loader does.
    pub fn load(&mut self, first: Frame, bytes: &[u8]) {
        for (frame, chunk) in (first.0..).zip(bytes.chunks(PAGE)) {
            self.zero(Frame(frame));
            self.write(Frame(frame), 0, chunk);
        }
    }

    fn page(&mut self, frame: Frame) -> &mut [u8; PAGE] {
        self.frames[frame.0 as usize].get_or_insert_with(|| Box::new([UNWRITTEN; PAGE]))
    }
}

impl Machine for Pretend {
    fn word(&self, frame: Frame, index: usize) -> u64 {
        self.reads.set(self.reads.get() + 1);
        let mut bytes = [0; WORD];
        self.read(frame, index * WORD, &mut bytes);
        u64::from_le_bytes(bytes)
    }

    fn set_word(&mut self, frame: Frame, index: usize, value: u64) {
        self.write(frame, index * WORD, &value.to_le_bytes());
    }

    fn zero(&mut self, frame: Frame) {
        self.events.remove(&frame);
        self.page(frame).fill(0);
    }

    fn read(&self, frame: Frame, offset: usize, bytes: &mut [u8]) {
        match &self.frames[frame.0 as usize] {
            Some(page) => bytes.copy_from_slice(&page[offset..offset + bytes.len()]),
            None => bytes.fill(UNWRITTEN),
        }
    }

    fn write(&mut self, frame: Frame, offset: usize, bytes: &[u8]) {
        self.page(frame)[offset..offset + bytes.len()].copy_from_slice(bytes);
    }

    fn transfer(&mut self, from: Frame, at: usize, to: Frame, offset: usize, length: usize) {
        let mut bytes = [0; PAGE];
        self.read(from, at, &mut bytes[..length]);
        self.write(to, offset, &bytes[..length]);
    }

    fn event_page(&mut self, frame: Frame) -> &mut EventPage {
        self.events.entry(frame).or_default()
    }

    fn prepare_root(&mut self, root: Frame) {
        self.set_word(root, 511, 1);
    }

    fn retire_root(&mut self, root: Frame) {
        self.retired.push(root);
    }

    fn flush_page(&mut self, _root: Frame, _address: u64) {}

    fn flush_all(&mut self, _root: Frame) {}

    fn now(&self) -> Time {
        let passed = self.passed.get();
        self.passed.set(passed + self.pace);
        self.now.after(passed)
    }

    fn clock_parameters(&self) -> ClockParameters {
        ClockParameters {
            counter: 1,
            nanoseconds: 2,
            multiplier: 3,
            shift: 32,
        }
    }

    fn set_alarm(&mut self, deadline: Time) {
        self.alarm = deadline;
    }

    fn port_read(&mut self, port: u16, width: usize) -> u32 {
        self.ports.read(port, width)
    }

    fn port_write(&mut self, port: u16, width: usize, value: u32) {
        self.ports.write(port, width, value);
    }

    fn interrupt_enable(&mut self, line: u16) {
        self.unmasked.insert(line);
    }

    fn log(&mut self, bytes: &[u8]) {
        self.log.extend_from_slice(bytes);
    }

    fn random(&mut self) -> u64 {
        // A linear congruential generator with Knuth's multiplier; its low bits are poor.
        self.random = self
            .random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        self.random >> 11
    }

    fn save_floating_point(&mut self, to: &mut FloatingPoint) {
        *to = self.floating_point;
    }

    fn load_floating_point(&mut self, from: &FloatingPoint) {
        self.floating_point = *from;
    }

    fn power_off(&mut self, how: PowerOff) {
        self.ended.get_or_insert(how);
    }
}
