//! The two 8259 interrupt controllers (Intel 8259A data sheet). A line is masked when it is
//! delivered and unmasked when its service asks.

use super::port::{read_8, write_8};

/// The vector of line 0.
pub(crate) const FIRST_VECTOR: u64 = 0x20;
/// Lines of both controllers.
pub(crate) const LINES: u64 = 16;

const MASTER: u16 = 0x20;
const SLAVE: u16 = 0xa0;
/// The master's line that the slave is at.
const CASCADE: u8 = 2;
const END_OF_INTERRUPT: u8 = 0x20;
const READ_IN_SERVICE: u8 = 0x0b;

/// Sets both controllers up with all lines masked.
pub(crate) fn set_up() {
    let vector = FIRST_VECTOR.to_le_bytes()[0];
    for (controller, base, wiring) in [(MASTER, vector, 1 << CASCADE), (SLAVE, vector + 8, CASCADE)]
    {
        write_8(controller, 0x11);
        write_8(controller + 1, base);
        write_8(controller + 1, wiring);
        write_8(controller + 1, 1);
        write_8(controller + 1, 0xff);
    }
    unmask(CASCADE.into());
}

fn place(line: u16) -> (u16, u8) {
    let bit = 1 << (line & 7);
    (if line < 8 { MASTER } else { SLAVE }, bit)
}

/// Lets a line interrupt.
pub(crate) fn unmask(line: u16) {
    if u64::from(line) < LINES {
        let (controller, bit) = place(line);
        write_8(controller + 1, read_8(controller + 1) & !bit);
    }
}

/// Masks the line that has interrupted, and ends the interrupt. `None` when it was spurious.
pub(crate) fn accept(line: u16) -> Option<u16> {
    let (controller, bit) = place(line);
    if line & 7 == 7 {
        write_8(controller, READ_IN_SERVICE);
        if read_8(controller) & bit == 0 {
            if controller == SLAVE {
                write_8(MASTER, END_OF_INTERRUPT);
            }
            return None;
        }
    }
    write_8(controller + 1, read_8(controller + 1) | bit);
    if controller == SLAVE {
        write_8(SLAVE, END_OF_INTERRUPT);
    }
    write_8(MASTER, END_OF_INTERRUPT);
    Some(line)
}
