//! What to do with the registers.

use bitflags::bitflags;

use crate::Format;
use crate::register::{
    BREAK, CARRIER, CARRIER_CHANGED, CAUSE, CAUSE_MANY, DIVISOR_LATCH, FIFO_IS_ON, FIFO_ON,
    LineStatus, MODEM_READY, Register, TRIGGER_BYTES,
};

/// Bytes the chip keeps in each direction.
pub const FIFO_BYTES: usize = 16;

/// The way to the chip's registers.
pub trait Ports {
    /// Reads a register. Where there is no chip, all bits are one.
    fn read(&mut self, register: Register) -> u8;

    /// Writes a register.
    fn write(&mut self, register: Register, value: u8);

    /// Reads bytes from the data register, one after the other.
    fn read_data(&mut self, bytes: &mut [u8]) {
        bytes.fill_with(|| self.read(Register::Data));
    }

    /// Writes bytes to the data register, one after the other.
    fn write_data(&mut self, bytes: &[u8]);
}

bitflags! {
    /// What the chip interrupts for.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Interrupts: u8 {
        /// Bytes were received.
        const RECEIVED = 0x01;
        /// There is room to send.
        const ROOM = 0x02;
        /// A byte was lost, or a break came.
        const LINE = 0x04;
        /// The carrier came or went.
        const MODEM = 0x08;
    }
}

impl Interrupts {
    /// What a driver with nothing to send wants to hear.
    pub const QUIET: Interrupts = Interrupts::RECEIVED
        .union(Interrupts::LINE)
        .union(Interrupts::MODEM);
}

/// There is no such chip at these ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoChip;

/// What [`Uart::receive`] finds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Arrival {
    /// The next byte, if there is one.
    pub byte: Option<u8>,
    /// Something was taken from the chip: the byte, or a break.
    pub taken: bool,
    /// Bytes before it were lost.
    pub overrun: bool,
}

/// A chip.
#[derive(Debug)]
pub struct Uart<P> {
    ports: P,
}

impl<P: Ports> Uart<P> {
    /// The chip behind these ports, whatever state it is in.
    pub const fn new(ports: P) -> Uart<P> {
        Uart { ports }
    }

    /// Takes the chip over: FIFOs on, in this format, with no interrupts yet. Bytes in the FIFOs
    /// and a matching format stay untouched. Turning the FIFOs on empties them: the byte that was
    /// received before is returned.
    ///
    /// # Errors
    /// `NoChip` when the registers do not behave as such.
    pub fn take_over(&mut self, format: &Format) -> Result<Option<u8>, NoChip> {
        self.ports.write(Register::InterruptEnable, 0);
        // Only the low four bits exist.
        if self.ports.read(Register::InterruptEnable) != 0 {
            return Err(NoChip);
        }
        let is_on = self.ports.read(Register::FifoControl) & FIFO_IS_ON == FIFO_IS_ON;
        let early = if is_on { None } else { self.receive().byte };
        self.ports.write(Register::FifoControl, FIFO_ON);
        self.ports.write(Register::ModemControl, MODEM_READY);
        self.set_format(format);
        Ok(early)
    }

    /// Sets the format of characters and ends a break. A format that is set already is not touched,
    /// because a change garbles the character under way.
    pub fn set_format(&mut self, format: &Format) {
        let bits = format.bits();
        let [low, high] = format.divisor().to_le_bytes();
        self.ports
            .write(Register::LineControl, bits | DIVISOR_LATCH);
        let now = [
            self.ports.read(Register::Data),
            self.ports.read(Register::InterruptEnable),
        ];
        if now != [low, high] {
            self.ports.write(Register::Data, low);
            self.ports.write(Register::InterruptEnable, high);
        }
        self.ports.write(Register::LineControl, bits);
    }

    /// Begins or ends a break.
    pub fn set_break(&mut self, format: &Format, on: bool) {
        let bits = if on { BREAK } else { 0 };
        self.ports
            .write(Register::LineControl, format.bits() | bits);
    }

    /// Says what to interrupt for. The interrupt line falls and rises again for whatever is there
    /// now, so that nothing is missed behind an interrupt controller that sees edges only.
    pub fn set_interrupts(&mut self, wanted: Interrupts) {
        self.ports.write(Register::InterruptEnable, 0);
        self.ports.write(Register::InterruptEnable, wanted.bits());
    }

    /// Takes a received byte.
    pub fn receive(&mut self) -> Arrival {
        let status = self.status();
        let taken = status.contains(LineStatus::RECEIVED);
        let byte = taken.then(|| self.ports.read(Register::Data));
        Arrival {
            // A break is received as a zero, which nobody has sent.
            byte: byte.filter(|byte| *byte != 0 || !status.contains(LineStatus::BREAK)),
            taken,
            overrun: status.contains(LineStatus::OVERRUN),
        }
    }

    /// Takes many received bytes at once, if the chip says that there are so many and that none was
    /// lost. It says so only while interrupts for received bytes are on. A break among them is taken
    /// for a zero.
    pub fn receive_many(&mut self) -> Option<[u8; TRIGGER_BYTES]> {
        let cause = self.ports.read(Register::FifoControl) & CAUSE;
        (cause == CAUSE_MANY).then(|| {
            let mut bytes = [0; TRIGGER_BYTES];
            self.ports.read_data(&mut bytes);
            bytes
        })
    }

    /// Whether [`FIFO_BYTES`] can be sent now.
    pub fn has_room(&mut self) -> bool {
        self.status().contains(LineStatus::ROOM)
    }

    /// Whether all that was sent has left.
    pub fn is_idle(&mut self) -> bool {
        self.status().contains(LineStatus::IDLE)
    }

    /// Whether the carrier was lost since the last look.
    pub fn has_lost_carrier(&mut self) -> bool {
        let modem = self.ports.read(Register::ModemStatus);
        modem & (CARRIER_CHANGED | CARRIER) == CARRIER_CHANGED
    }

    /// Sends a piece of at most [`FIFO_BYTES`] and has the chip remember its number. Only while
    /// [there is room](Uart::has_room).
    pub fn send_piece(&mut self, piece: &[u8], number: u8) {
        self.ports.write_data(&piece[..piece.len().min(FIFO_BYTES)]);
        self.ports.write(Register::Scratch, number);
    }

    /// Sends bytes that need no number: at most [`FIFO_BYTES`], while there is room.
    pub fn send(&mut self, bytes: &[u8]) {
        self.ports.write_data(&bytes[..bytes.len().min(FIFO_BYTES)]);
    }

    /// The number of the last piece that was sent.
    pub fn pieces_sent(&mut self) -> u8 {
        self.ports.read(Register::Scratch)
    }

    /// Has the chip remember this as the number of the last piece.
    pub fn set_pieces_sent(&mut self, number: u8) {
        self.ports.write(Register::Scratch, number);
    }

    fn status(&mut self) -> LineStatus {
        let status = self.ports.read(Register::LineStatus);
        // All ones: there is no chip, hence no bytes; what is sent there is lost, not kept for ever.
        if status == u8::MAX {
            return LineStatus::ROOM | LineStatus::IDLE;
        }
        LineStatus::from_bits_retain(status)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pretend::Chip;
    use crate::{Parity, Stop, Width};

    struct Nothing;

    impl Ports for Nothing {
        fn read(&mut self, _: Register) -> u8 {
            u8::MAX
        }
        fn write(&mut self, _: Register, _: u8) {}
        fn write_data(&mut self, _: &[u8]) {}
    }

    fn taken(chip: &Chip) -> Uart<Chip> {
        let mut uart = Uart::new(chip.clone());
        uart.take_over(&Format::FASTEST).unwrap();
        uart
    }

    #[test]
    fn no_chip_is_noticed_and_swallows() {
        let mut uart = Uart::new(Nothing);
        assert_eq!(uart.take_over(&Format::FASTEST), Err(NoChip));
        assert!(uart.has_room());
        assert_eq!(uart.receive(), Arrival::default());
        assert_eq!(uart.receive_many(), None);
    }

    #[test]
    fn a_byte_that_came_early_is_not_lost() {
        let chip = Chip::default();
        chip.arrive(b"ab");
        let mut uart = Uart::new(chip.clone());
        assert_eq!(uart.take_over(&Format::FASTEST), Ok(Some(b'a')));
        assert_eq!(uart.take_over(&Format::FASTEST), Ok(None));
        assert!(!uart.receive().taken);
    }

    #[test]
    fn bytes_in_the_fifos_survive_a_new_driver() {
        let chip = Chip::default();
        let mut first = taken(&chip);
        chip.arrive(b"typed");
        first.send_piece(b"sent", 9);
        let mut second = taken(&chip);
        assert_eq!(second.pieces_sent(), 9);
        let mut bytes = std::vec::Vec::new();
        while let Some(byte) = second.receive().byte {
            bytes.push(byte);
        }
        assert_eq!(bytes, b"typed");
        assert_eq!(chip.sent(), b"sent");
    }

    #[test]
    fn the_format_reaches_the_chip() {
        let chip = Chip::default();
        let mut uart = taken(&chip);
        assert_eq!((chip.divisor(), chip.line_control()), (1, 3));
        let format = Format {
            speed: 9600,
            width: Width::Seven,
            parity: Parity::Odd,
            stop: Stop::Two,
        };
        uart.set_format(&format);
        assert_eq!((chip.divisor(), chip.line_control()), (12, 0x0e));
        uart.set_break(&format, true);
        assert_eq!(chip.line_control(), 0x4e);
        uart.set_break(&format, false);
        assert_eq!(chip.line_control(), 0x0e);
    }

    #[test]
    fn each_condition_interrupts_anew_until_it_is_dealt_with() {
        let chip = Chip::default();
        let mut uart = taken(&chip);
        assert_eq!(chip.take_edges(), 0);
        uart.set_interrupts(Interrupts::QUIET);
        assert_eq!(chip.take_edges(), 0, "nothing has happened");
        chip.arrive(b"a");
        assert_eq!(chip.take_edges(), 1);
        uart.set_interrupts(Interrupts::QUIET);
        assert_eq!(chip.take_edges(), 1, "the byte is still there");
        assert_eq!(uart.receive().byte, Some(b'a'));
        uart.set_interrupts(Interrupts::QUIET);
        assert_eq!(chip.take_edges(), 0);
        uart.set_interrupts(Interrupts::QUIET | Interrupts::ROOM);
        assert_eq!(chip.take_edges(), 1, "there is room");
    }

    #[test]
    fn many_bytes_are_taken_at_once_when_there_are_so_many() {
        let chip = Chip::default();
        let mut uart = taken(&chip);
        uart.set_interrupts(Interrupts::QUIET);
        chip.arrive(&[b'x'; TRIGGER_BYTES - 1]);
        assert_eq!(uart.receive_many(), None);
        chip.arrive(b"yz");
        let many = uart.receive_many().unwrap();
        assert_eq!(&many[TRIGGER_BYTES - 2..], b"xy");
        assert_eq!(uart.receive_many(), None);
        assert_eq!(uart.receive().byte, Some(b'z'));
        // When one was lost, the others are taken one by one to hear of it.
        chip.arrive(&[b'x'; FIFO_BYTES + 1]);
        assert_eq!(uart.receive_many(), None);
        assert!(uart.receive().overrun);
        assert!(uart.receive_many().is_some());
    }

    #[test]
    fn an_overrun_is_told_once_and_a_break_is_no_byte() {
        let chip = Chip::default();
        let mut uart = taken(&chip);
        chip.arrive(&[b'x'; FIFO_BYTES + 3]);
        let first = uart.receive();
        assert!(first.overrun && first.byte == Some(b'x'));
        assert!(!uart.receive().overrun);
        while uart.receive().byte.is_some() {}
        chip.break_comes();
        let arrival = uart.receive();
        assert!(arrival.taken && arrival.byte.is_none());
        assert!(!uart.receive().taken);
    }

    #[test]
    fn only_a_carrier_that_goes_is_lost() {
        let chip = Chip::default();
        let mut uart = taken(&chip);
        assert!(!uart.has_lost_carrier());
        chip.set_carrier(false);
        assert!(uart.has_lost_carrier());
        assert!(!uart.has_lost_carrier(), "told once");
        chip.set_carrier(true);
        assert!(!uart.has_lost_carrier());
    }
}
