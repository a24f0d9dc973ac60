//! The registers and their bits.

use bitflags::bitflags;

/// A register, as its offset from the chip's first port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Register {
    /// Received byte (read), byte to send (write); low half of the divisor.
    Data = 0,
    /// Which interrupts are enabled; high half of the divisor.
    InterruptEnable = 1,
    /// What the FIFOs do (write); what caused an interrupt (read).
    FifoControl = 2,
    /// The format of characters, break, the divisor latch.
    LineControl = 3,
    /// Outputs to the modem.
    ModemControl = 4,
    /// What was received and whether there is room to send.
    LineStatus = 5,
    /// Inputs from the modem.
    ModemStatus = 6,
    /// Does nothing; keeps its value.
    Scratch = 7,
}

impl Register {
    /// The offset from the first port.
    #[must_use]
    pub const fn offset(self) -> u8 {
        self as u8
    }

    /// The register at an offset.
    #[must_use]
    pub const fn from_offset(offset: u8) -> Option<Register> {
        match offset {
            0 => Some(Register::Data),
            1 => Some(Register::InterruptEnable),
            2 => Some(Register::FifoControl),
            3 => Some(Register::LineControl),
            4 => Some(Register::ModemControl),
            5 => Some(Register::LineStatus),
            6 => Some(Register::ModemStatus),
            7 => Some(Register::Scratch),
            _ => None,
        }
    }
}

bitflags! {
    /// Line status.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(crate) struct LineStatus: u8 {
        /// There is a received byte.
        const RECEIVED = 0x01;
        /// A received byte was lost: the FIFO was full.
        const OVERRUN = 0x02;
        /// The next byte was a break.
        const BREAK = 0x10;
        /// The transmit FIFO is empty.
        const ROOM = 0x20;
        /// All bytes have left.
        const IDLE = 0x40;
        const _ = !0;
    }
}

/// Both FIFOs on, interrupt at [`TRIGGER_BYTES`] received bytes (or when the line falls silent);
/// nothing is cleared.
pub(crate) const FIFO_ON: u8 = 0xc1;
/// Received bytes that make the chip interrupt at once.
pub(crate) const TRIGGER_BYTES: usize = 14;
/// In the interrupt identity: what caused it.
pub(crate) const CAUSE: u8 = 0x0f;
/// At least [`TRIGGER_BYTES`] were received.
pub(crate) const CAUSE_MANY: u8 = 0x04;
/// In the interrupt identity: the FIFOs are on.
pub(crate) const FIFO_IS_ON: u8 = 0xc0;
/// Opens the divisor latch.
pub(crate) const DIVISOR_LATCH: u8 = 0x80;
/// Sends a break for as long as it is set.
pub(crate) const BREAK: u8 = 0x40;
/// Data terminal ready, request to send, and output 2, which lets interrupts through on a PC.
pub(crate) const MODEM_READY: u8 = 0x0b;
/// The carrier has changed.
pub(crate) const CARRIER_CHANGED: u8 = 0x08;
/// There is a carrier.
pub(crate) const CARRIER: u8 = 0x80;
