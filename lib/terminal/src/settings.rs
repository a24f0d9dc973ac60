//! The settings of a terminal: what `termios` holds, and its layout in a program's memory.
//!
//! Flags keep their POSIX names, numbers and unknown bits; the characters are indexed by
//! [`Special`]. The layouts are those of `struct termios` and `struct termios2` of the kernel
//! interface (not those of a C library, which are larger).

use abi::Errno;
use bitflags::bitflags;
use linux_raw_sys::general;
use minicbor::{Decode, Encode};
use shape::Shape;

use crate::speed;

macro_rules! flag_word {
    ($(#[$doc:meta])* $name:ident { $($flag:ident)* }) => {
        bitflags! {
            $(#[$doc])*
            #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
            pub struct $name: u32 {
                $(
                    #[doc = concat!("`", stringify!($flag), "` of termios.")]
                    const $flag = general::$flag;
                )*
                const _ = !0;
            }
        }

        impl Shape for $name {
            fn outline(outline: &mut shape::Outline) {
                u32::outline(outline);
            }

            fn show(&self, printer: &mut shape::Printer<'_>) {
                self.bits().show(printer);
            }
        }

        impl<C> Encode<C> for $name {
            fn encode<W: minicbor::encode::Write>(
                &self,
                encoder: &mut minicbor::Encoder<W>,
                _: &mut C,
            ) -> Result<(), minicbor::encode::Error<W::Error>> {
                encoder.u32(self.bits())?.ok()
            }
        }

        impl<'b, C> Decode<'b, C> for $name {
            fn decode(
                decoder: &mut minicbor::Decoder<'b>,
                _: &mut C,
            ) -> Result<Self, minicbor::decode::Error> {
                decoder.u32().map(Self::from_bits_retain)
            }
        }
    };
}

flag_word! {
    /// What is done to bytes from the line (`c_iflag`).
    InputFlags {
        IGNBRK BRKINT IGNPAR PARMRK INPCK ISTRIP INLCR IGNCR ICRNL IUCLC IXON IXANY IXOFF
        IMAXBEL IUTF8
    }
}

flag_word! {
    /// What is done to bytes for the line (`c_oflag`).
    OutputFlags { OPOST OLCUC ONLCR OCRNL ONOCR ONLRET OFILL OFDEL TABDLY XTABS }
}

flag_word! {
    /// The form of the line itself (`c_cflag`), with the coded speeds in its bits.
    ControlFlags { CSIZE CS7 CS8 CSTOPB CREAD PARENB PARODD HUPCL CLOCAL CBAUD BOTHER CRTSCTS }
}

flag_word! {
    /// How input is edited, echoed and interpreted (`c_lflag`).
    LocalFlags {
        ISIG ICANON ECHO ECHOE ECHOK ECHONL NOFLSH TOSTOP ECHOCTL ECHOPRT ECHOKE FLUSHO
        PENDIN IEXTEN
    }
}

/// The length of `c_cc`.
pub const CHARACTERS: usize = general::NCCS as usize;
/// Bytes of `struct termios`.
pub const TERMIOS_BYTES: usize = size_of::<general::termios>();
/// Bytes of `struct termios2`.
pub const TERMIOS2_BYTES: usize = size_of::<general::termios2>();

/// An index into the special characters (`c_cc`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Special {
    /// Interrupts the foreground group.
    Interrupt = general::VINTR,
    /// Quits the foreground group.
    Quit = general::VQUIT,
    /// Takes back one character.
    Erase = general::VERASE,
    /// Takes back the line.
    Kill = general::VKILL,
    /// Ends the line without being part of it.
    EndOfFile = general::VEOF,
    /// Non-canonical: tenths of a second. Not a character.
    Time = general::VTIME,
    /// Non-canonical: bytes at least. Not a character.
    Minimum = general::VMIN,
    /// Resumes output.
    Start = general::VSTART,
    /// Stops output.
    Stop = general::VSTOP,
    /// Suspends the foreground group.
    Suspend = general::VSUSP,
    /// Ends the line as a newline does.
    EndOfLine = general::VEOL,
    /// Shows the line again.
    Reprint = general::VREPRINT,
    /// Takes back one word.
    WordErase = general::VWERASE,
    /// Takes the next byte as it is.
    LiteralNext = general::VLNEXT,
    /// Ends the line as a newline does.
    EndOfLine2 = general::VEOL2,
}

/// Everything `tcsetattr` can set.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Shape)]
pub struct Settings {
    /// `c_iflag`.
    #[n(0)]
    pub input: InputFlags,
    /// `c_oflag`.
    #[n(1)]
    pub output: OutputFlags,
    /// `c_cflag`.
    #[n(2)]
    pub control: ControlFlags,
    /// `c_lflag`.
    #[n(3)]
    pub local: LocalFlags,
    /// `c_line`: carried, there is one discipline only.
    #[n(4)]
    pub discipline: u8,
    /// `c_cc`.
    #[n(5)]
    pub characters: [u8; CHARACTERS],
    /// Bits per second from the line.
    #[n(6)]
    pub input_speed: u32,
    /// Bits per second to the line.
    #[n(7)]
    pub output_speed: u32,
}

impl Default for Settings {
    /// A fresh line as Linux has it: cooked, echoing, 38400 bits per second, eight bits.
    fn default() -> Settings {
        let mut settings = Settings {
            input: InputFlags::ICRNL | InputFlags::IXON,
            output: OutputFlags::OPOST | OutputFlags::ONLCR,
            control: ControlFlags::from_bits_retain(general::B38400)
                | ControlFlags::CS8
                | ControlFlags::CREAD
                | ControlFlags::HUPCL,
            local: LocalFlags::ISIG
                | LocalFlags::ICANON
                | LocalFlags::ECHO
                | LocalFlags::ECHOE
                | LocalFlags::ECHOK
                | LocalFlags::ECHOCTL
                | LocalFlags::ECHOKE
                | LocalFlags::IEXTEN,
            discipline: 0,
            characters: [0; CHARACTERS],
            input_speed: 38400,
            output_speed: 38400,
        };
        for (special, value) in DEFAULT_CHARACTERS {
            settings.set_special(special, value);
        }
        settings.characters[general::VDISCARD as usize] = control(b'O');
        settings
    }
}

const fn control(letter: u8) -> u8 {
    letter ^ 0x40
}

const DEFAULT_CHARACTERS: [(Special, u8); 12] = [
    (Special::Interrupt, control(b'C')),
    (Special::Quit, control(b'\\')),
    (Special::Erase, 0x7f),
    (Special::Kill, control(b'U')),
    (Special::EndOfFile, control(b'D')),
    (Special::Minimum, 1),
    (Special::Start, control(b'Q')),
    (Special::Stop, control(b'S')),
    (Special::Suspend, control(b'Z')),
    (Special::Reprint, control(b'R')),
    (Special::WordErase, control(b'W')),
    (Special::LiteralNext, control(b'V')),
];

impl Settings {
    /// The value at an index of `c_cc`.
    #[must_use]
    pub fn special(&self, special: Special) -> u8 {
        self.characters[special as usize]
    }

    /// Sets the value at an index of `c_cc`; 0 disables a character.
    pub fn set_special(&mut self, special: Special, value: u8) {
        self.characters[special as usize] = value;
    }

    /// Whether `byte` is this special character and the character is not disabled.
    #[must_use]
    pub fn is(&self, special: Special, byte: u8) -> bool {
        byte != 0 && self.special(special) == byte
    }

    /// Whether input is edited and read in lines.
    #[must_use]
    pub fn canonical(&self) -> bool {
        self.local.contains(LocalFlags::ICANON)
    }

    /// `struct termios` in a program's memory.
    #[must_use]
    pub fn to_termios(&self) -> [u8; TERMIOS_BYTES] {
        let mut bytes = [0; TERMIOS_BYTES];
        let words = [
            self.input.bits(),
            self.output.bits(),
            self.control.bits(),
            self.local.bits(),
        ];
        for (chunk, word) in bytes.chunks_exact_mut(4).zip(words) {
            chunk.copy_from_slice(&word.to_le_bytes());
        }
        bytes[16] = self.discipline;
        bytes[17..17 + CHARACTERS].copy_from_slice(&self.characters);
        bytes
    }

    /// `struct termios2` in a program's memory.
    #[must_use]
    pub fn to_termios2(&self) -> [u8; TERMIOS2_BYTES] {
        let mut bytes = [0; TERMIOS2_BYTES];
        bytes[..TERMIOS_BYTES].copy_from_slice(&self.to_termios());
        bytes[TERMIOS_BYTES..TERMIOS_BYTES + 4].copy_from_slice(&self.input_speed.to_le_bytes());
        bytes[TERMIOS_BYTES + 4..].copy_from_slice(&self.output_speed.to_le_bytes());
        bytes
    }

    /// These settings replaced by a `struct termios`; a speed that it does not code is kept.
    ///
    /// # Errors
    /// `FAULT` if the bytes are too few.
    pub fn with_termios(&self, bytes: &[u8]) -> Result<Settings, Errno> {
        let bytes: &[u8; TERMIOS_BYTES] = bytes.first_chunk().ok_or(Errno::FAULT)?;
        Ok(self.replaced(bytes, self.input_speed, self.output_speed))
    }

    /// These settings replaced by a `struct termios2`.
    ///
    /// # Errors
    /// `FAULT` if the bytes are too few.
    pub fn with_termios2(&self, bytes: &[u8]) -> Result<Settings, Errno> {
        let bytes: &[u8; TERMIOS2_BYTES] = bytes.first_chunk().ok_or(Errno::FAULT)?;
        let (input, output) = (word(bytes, 9), word(bytes, 10));
        Ok(self.replaced(bytes, input, output))
    }

    fn replaced(&self, bytes: &[u8], input_speed: u32, output_speed: u32) -> Settings {
        let control = ControlFlags::from_bits_retain(word(bytes, 2));
        let output_speed = speed::coded(control.bits()).unwrap_or(output_speed);
        let mut characters = [0; CHARACTERS];
        characters.copy_from_slice(&bytes[17..17 + CHARACTERS]);
        Settings {
            input: InputFlags::from_bits_retain(word(bytes, 0)),
            output: OutputFlags::from_bits_retain(word(bytes, 1)),
            control,
            local: LocalFlags::from_bits_retain(word(bytes, 3)),
            discipline: bytes[16],
            characters,
            input_speed: speed::coded_input(control.bits(), input_speed, output_speed),
            output_speed,
        }
    }
}

/// The word number `index` of a structure whose length was checked.
fn word(bytes: &[u8], index: usize) -> u32 {
    let mut word = [0; 4];
    word.copy_from_slice(&bytes[index * 4..index * 4 + 4]);
    u32::from_le_bytes(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_structures_have_the_size_of_the_interface() {
        assert_eq!((TERMIOS_BYTES, TERMIOS2_BYTES), (36, 44));
    }

    #[test]
    fn settings_survive_both_structures() {
        let settings = Settings::default();
        assert_eq!(
            settings.with_termios(&settings.to_termios()),
            Ok(settings.clone())
        );
        assert_eq!(
            settings.with_termios2(&settings.to_termios2()),
            Ok(settings)
        );
    }

    #[test]
    fn a_free_speed_comes_from_termios2_only() {
        let settings = Settings::default();
        let mut wish = settings.clone();
        wish.control.remove(ControlFlags::CBAUD);
        wish.control.insert(ControlFlags::BOTHER);
        (wish.input_speed, wish.output_speed) = (250_000, 250_000);
        let free = settings.with_termios2(&wish.to_termios2()).unwrap();
        assert_eq!((free.input_speed, free.output_speed), (250_000, 250_000));
        let kept = settings.with_termios(&wish.to_termios()).unwrap();
        assert_eq!(kept.output_speed, 38400);
        let coded = free.with_termios(&settings.to_termios()).unwrap();
        assert_eq!((coded.input_speed, coded.output_speed), (38400, 38400));
    }

    #[test]
    fn short_structures_are_refused() {
        assert_eq!(
            Settings::default().with_termios(&[0; 35]),
            Err(Errno::FAULT)
        );
        assert_eq!(
            Settings::default().with_termios2(&[0; 43]),
            Err(Errno::FAULT)
        );
    }

    #[test]
    fn a_disabled_character_matches_nothing() {
        assert!(!Settings::default().is(Special::EndOfLine, 0));
        assert!(Settings::default().is(Special::Interrupt, 3));
    }
}
