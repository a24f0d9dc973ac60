//! The format of characters on the line.

/// The clock of a PC's serial ports, divided by 16: the fastest line, in bits per second.
const FASTEST: u32 = 115_200;

/// Bits of a character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Width {
    /// 5 bits.
    Five = 0,
    /// 6 bits.
    Six = 1,
    /// 7 bits.
    Seven = 2,
    /// 8 bits.
    Eight = 3,
}

/// The parity bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Parity {
    /// There is none.
    None = 0,
    /// Makes the number of ones odd.
    Odd = 0x08,
    /// Makes it even.
    Even = 0x18,
}

/// Stop bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Stop {
    /// One.
    One = 0,
    /// Two.
    Two = 0x04,
}

/// How characters look on the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Format {
    /// Bits per second; see [`Format::divisor`].
    pub speed: u32,
    /// Bits of a character.
    pub width: Width,
    /// The parity bit.
    pub parity: Parity,
    /// Stop bits.
    pub stop: Stop,
}

impl Format {
    /// 115200 bits per second, 8 bits, no parity, one stop bit.
    pub const FASTEST: Format = Format {
        speed: FASTEST,
        width: Width::Eight,
        parity: Parity::None,
        stop: Stop::One,
    };

    /// What the clock is divided by: the speed the chip can do that is nearest to the wanted one.
    #[must_use]
    pub fn divisor(&self) -> u16 {
        let wanted = self.speed.clamp(1, FASTEST);
        let divisor = (FASTEST + wanted / 2) / wanted;
        u16::try_from(divisor).unwrap_or(u16::MAX).max(1)
    }

    /// The bits of the line control register.
    pub(crate) const fn bits(&self) -> u8 {
        self.width as u8 | self.parity as u8 | self.stop as u8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn divisor(speed: u32) -> u16 {
        Format {
            speed,
            ..Format::FASTEST
        }
        .divisor()
    }

    #[test]
    fn divisors_are_those_of_the_data_sheet() {
        assert_eq!(
            (divisor(115_200), divisor(9600), divisor(50)),
            (1, 12, 2304)
        );
    }

    #[test]
    fn impossible_speeds_become_possible_ones() {
        assert_eq!((divisor(0), divisor(4_000_000)), (u16::MAX, 1));
        assert_eq!(divisor(110_000), 1);
    }

    #[test]
    fn formats_have_the_bits_of_the_data_sheet() {
        assert_eq!(Format::FASTEST.bits(), 0x03);
        let other = Format {
            speed: 300,
            width: Width::Seven,
            parity: Parity::Even,
            stop: Stop::Two,
        };
        assert_eq!(other.bits(), 0x1e);
    }
}
