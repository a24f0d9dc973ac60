//! A pretended chip, for tests of this crate and of drivers.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::vec::Vec;

use crate::register::{
    CARRIER, CARRIER_CHANGED, CAUSE_MANY, DIVISOR_LATCH, FIFO_IS_ON, LineStatus, TRIGGER_BYTES,
};
use crate::{FIFO_BYTES, Interrupts, Ports, Register};

/// No interrupt.
const CAUSE_NONE: u8 = 0x01;
/// There is room to send.
const CAUSE_ROOM: u8 = 0x02;
/// A byte was lost, or a break came.
const CAUSE_LINE: u8 = 0x06;
/// Fewer bytes were received, and the line is silent.
const CAUSE_FEW: u8 = 0x0c;

#[derive(Debug, Default)]
struct Inside {
    received: VecDeque<u8>,
    fifos_on: bool,
    fifo: Vec<u8>,
    /// The line takes bytes only when told to.
    slow: bool,
    sent: Vec<u8>,
    enabled: u8,
    line_control: u8,
    divisor: [u8; 2],
    scratch: u8,
    overrun: bool,
    break_waits: bool,
    modem: u8,
    /// The level of the interrupt line, and how often it rose.
    level: bool,
    edges: usize,
}

impl Inside {
    fn status(&self) -> LineStatus {
        let mut status = LineStatus::empty();
        status.set(LineStatus::RECEIVED, !self.received.is_empty());
        status.set(LineStatus::OVERRUN, self.overrun);
        status.set(LineStatus::BREAK, self.break_waits);
        status.set(LineStatus::ROOM | LineStatus::IDLE, self.fifo.is_empty());
        status
    }

    fn settle(&mut self) {
        let status = self.status();
        let causes = [
            status.contains(LineStatus::RECEIVED),
            status.contains(LineStatus::ROOM),
            status.intersects(LineStatus::OVERRUN | LineStatus::BREAK),
            self.modem & CARRIER_CHANGED != 0,
        ];
        let level = causes
            .iter()
            .enumerate()
            .any(|(bit, there)| *there && self.enabled >> bit & 1 == 1);
        self.edges += usize::from(level && !self.level);
        self.level = level;
    }

    /// The most urgent cause of an interrupt. The line is silent whenever somebody looks.
    fn cause(&self) -> u8 {
        let status = self.status();
        let enabled = |interrupt: Interrupts| self.enabled & interrupt.bits() != 0;
        let received = enabled(Interrupts::RECEIVED) && !self.received.is_empty();
        if enabled(Interrupts::LINE) && status.intersects(LineStatus::OVERRUN | LineStatus::BREAK) {
            CAUSE_LINE
        } else if received && self.received.len() >= TRIGGER_BYTES {
            CAUSE_MANY
        } else if received {
            CAUSE_FEW
        } else if enabled(Interrupts::ROOM) && status.contains(LineStatus::ROOM) {
            CAUSE_ROOM
        } else if self.level {
            // The modem's.
            0
        } else {
            CAUSE_NONE
        }
    }

    fn read(&mut self, register: Register) -> u8 {
        let latch = self.line_control & DIVISOR_LATCH != 0;
        match register {
            Register::Data if latch => self.divisor[0],
            Register::Data => {
                self.break_waits = false;
                self.received.pop_front().unwrap_or(0)
            }
            Register::InterruptEnable if latch => self.divisor[1],
            Register::InterruptEnable => self.enabled,
            Register::FifoControl if self.fifos_on => FIFO_IS_ON | self.cause(),
            Register::FifoControl => self.cause(),
            Register::LineControl => self.line_control,
            Register::ModemControl => 0,
            Register::LineStatus => {
                let bits = self.status().bits();
                self.overrun = false;
                bits
            }
            Register::ModemStatus => {
                let carrier = self.modem & CARRIER;
                core::mem::replace(&mut self.modem, carrier)
            }
            Register::Scratch => self.scratch,
        }
    }

    fn write(&mut self, register: Register, value: u8) {
        let latch = self.line_control & DIVISOR_LATCH != 0;
        match register {
            Register::Data if latch => self.divisor[0] = value,
            Register::Data if self.slow => {
                assert!(self.fifo.len() < FIFO_BYTES, "the transmit FIFO is full");
                self.fifo.push(value);
            }
            Register::Data => self.sent.push(value),
            Register::InterruptEnable if latch => self.divisor[1] = value,
            Register::InterruptEnable => self.enabled = value & 0x0f,
            Register::LineControl => self.line_control = value,
            Register::Scratch => self.scratch = value,
            Register::FifoControl => {
                let on = value & 1 != 0;
                if on != self.fifos_on {
                    self.received.clear();
                    self.fifo.clear();
                }
                self.fifos_on = on;
            }
            Register::ModemControl | Register::LineStatus | Register::ModemStatus => {}
        }
    }
}

/// A chip and the line behind it. Clones are the same chip.
#[derive(Clone, Debug)]
pub struct Chip(Rc<RefCell<Inside>>);

impl Default for Chip {
    fn default() -> Chip {
        let inside = Inside {
            modem: CARRIER,
            ..Inside::default()
        };
        Chip(Rc::new(RefCell::new(inside)))
    }
}

impl Chip {
    fn with<R>(&self, change: impl FnOnce(&mut Inside) -> R) -> R {
        let mut inside = self.0.borrow_mut();
        let result = change(&mut inside);
        inside.settle();
        result
    }

    /// Bytes come over the line; those that find the FIFO full are lost.
    pub fn arrive(&self, bytes: &[u8]) {
        self.with(|inside| {
            for byte in bytes {
                let room = if inside.fifos_on { FIFO_BYTES } else { 1 };
                if inside.received.len() < room {
                    inside.received.push_back(*byte);
                } else {
                    inside.overrun = true;
                }
            }
        });
    }

    /// Whether the receive FIFO is empty: a sender that keeps to that loses nothing.
    #[must_use]
    pub fn takes_bytes(&self) -> bool {
        self.0.borrow().received.is_empty()
    }

    /// A break comes over the line.
    pub fn break_comes(&self) {
        self.with(|inside| {
            inside.received.push_back(0);
            inside.break_waits = true;
        });
    }

    /// The carrier comes or goes.
    pub fn set_carrier(&self, there: bool) {
        let level = if there { CARRIER } else { 0 };
        self.with(|inside| inside.modem = level | CARRIER_CHANGED);
    }

    /// From now on bytes leave when [`Chip::drain`] says so.
    pub fn set_slow(&self, slow: bool) {
        self.with(|inside| inside.slow = slow);
    }

    /// The transmit FIFO's bytes leave.
    pub fn drain(&self) {
        self.with(|inside| {
            let fifo = core::mem::take(&mut inside.fifo);
            inside.sent.extend(fifo);
        });
    }

    /// All bytes that have left so far.
    #[must_use]
    pub fn sent(&self) -> Vec<u8> {
        self.0.borrow().sent.clone()
    }

    /// Takes the bytes that have left.
    #[must_use]
    pub fn take_sent(&self) -> Vec<u8> {
        core::mem::take(&mut self.0.borrow_mut().sent)
    }

    /// How often the interrupt line rose since the last look.
    #[must_use]
    pub fn take_edges(&self) -> usize {
        core::mem::take(&mut self.0.borrow_mut().edges)
    }

    /// The divisor.
    #[must_use]
    pub fn divisor(&self) -> u16 {
        u16::from_le_bytes(self.0.borrow().divisor)
    }

    /// The line control register.
    #[must_use]
    pub fn line_control(&self) -> u8 {
        self.0.borrow().line_control
    }
}

impl Ports for Chip {
    fn read(&mut self, register: Register) -> u8 {
        self.with(|inside| inside.read(register))
    }

    fn write(&mut self, register: Register, value: u8) {
        self.with(|inside| inside.write(register, value));
    }

    fn write_data(&mut self, bytes: &[u8]) {
        self.with(|inside| {
            for byte in bytes {
                inside.write(Register::Data, *byte);
            }
        });
    }
}
