//! The 16550 serial port as decisions (National Semiconductor PC16550D data sheet; register names
//! are those of its section 8).
//!
//! ```text
//!  offset  read                    write               with the divisor latch open
//!  0       received byte           byte to send        divisor, low
//!  1       interrupts enabled      the same            divisor, high
//!  2       interrupt identity      FIFO control
//!  3       line control            the same
//!  4       modem control           the same
//!  5       line status
//!  6       modem status
//!  7       scratch                 the same
//! ```
//!
//! [`Uart`] does I/O through [`Ports`] only, so it is tried with the pretended chip in [`pretend`].
//! A chip that was used before is taken over without losing what is in its FIFOs: a driver that is
//! started again goes on where the one before was.
//!
//! The scratch register is the chip's memory of **how many pieces were sent**. A sender numbers the
//! pieces it hands to the FIFO ([`Uart::send_piece`]); after a crash [`Uart::pieces_sent`] tells how
//! many of them its predecessor sent beyond those it has noted. So a piece is sent twice only when
//! the crash fell between the two port writes of one piece.
#![no_std]
#[cfg(any(test, feature = "pretend"))]
extern crate std;

mod format;
#[cfg(any(test, feature = "pretend"))]
pub mod pretend;
mod register;
mod uart;

pub use format::{Format, Parity, Stop, Width};
pub use register::Register;
pub use uart::{Arrival, FIFO_BYTES, Interrupts, NoChip, Ports, Uart};
