//! A machine of ordinary memory for the tests of this module.

use core::cell::RefCell;
use std::boxed::Box;
use std::collections::HashMap;
use std::vec::Vec;

use abi::process::FloatingPoint;
use abi::{EventPage, Time};

use crate::machine::{ClockParameters, Frame, Machine, PowerOff};

/// Frames of bytes; what the tests do not look at does nothing.
pub(super) struct Pretend {
    frames: Vec<Box<[u8; 4096]>>,
    events: HashMap<Frame, EventPage>,
    random: u64,
    /// Roots told to be retired.
    pub(super) retired: Vec<Frame>,
    /// Frames whose words have been read since the last look, to bound the work of a call.
    pub(super) reads: RefCell<u64>,
}

impl Pretend {
    pub(super) fn new(frames: usize) -> Pretend {
        Pretend {
            frames: (0..frames).map(|_| Box::new([0xa5; 4096])).collect(),
            events: HashMap::new(),
            random: 1,
            retired: Vec::new(),
            reads: RefCell::new(0),
        }
    }
}

impl Machine for Pretend {
    fn word(&self, frame: Frame, index: usize) -> u64 {
        *self.reads.borrow_mut() += 1;
        let bytes = &self.frames[frame.0 as usize][index * 8..index * 8 + 8];
        u64::from_le_bytes(bytes.try_into().unwrap())
    }

    fn set_word(&mut self, frame: Frame, index: usize, value: u64) {
        self.frames[frame.0 as usize][index * 8..index * 8 + 8]
            .copy_from_slice(&value.to_le_bytes());
    }

    fn zero(&mut self, frame: Frame) {
        self.frames[frame.0 as usize].fill(0);
    }

    fn read(&self, frame: Frame, offset: usize, bytes: &mut [u8]) {
        bytes.copy_from_slice(&self.frames[frame.0 as usize][offset..offset + bytes.len()]);
    }

    fn write(&mut self, frame: Frame, offset: usize, bytes: &[u8]) {
        self.frames[frame.0 as usize][offset..offset + bytes.len()].copy_from_slice(bytes);
    }

    fn transfer(&mut self, from: Frame, at: usize, to: Frame, offset: usize, length: usize) {
        let bytes = self.frames[from.0 as usize][at..at + length].to_vec();
        self.write(to, offset, &bytes);
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
        Time(0)
    }

    fn clock_parameters(&self) -> ClockParameters {
        ClockParameters {
            counter: 1,
            nanoseconds: 2,
            multiplier: 3,
            shift: 32,
        }
    }

    fn set_alarm(&mut self, _deadline: Time) {}

    fn port_read(&mut self, _port: u16, _width: usize) -> u32 {
        0
    }

    fn port_write(&mut self, _port: u16, _width: usize, _value: u32) {}

    fn interrupt_enable(&mut self, _line: u16) {}

    fn log(&mut self, _bytes: &[u8]) {}

    fn random(&mut self) -> u64 {
        self.random = self
            .random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        self.random >> 11
    }

    fn save_floating_point(&mut self, _to: &mut FloatingPoint) {}

    fn load_floating_point(&mut self, _from: &FloatingPoint) {}

    fn power_off(&mut self, _how: PowerOff) {}
}
