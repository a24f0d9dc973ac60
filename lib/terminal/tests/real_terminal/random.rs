//! Scripts by chance, the same for the same seed.

use terminal::{InputFlags, LocalFlags, OutputFlags, Settings, Special};

use crate::Step;

/// Bytes that mean something to a terminal are likelier than others.
const ALPHABET: &[u8] =
    b"abcZ _.-7\t\t\x7f\x7f\x7f\x08\x15\x17\x17\x12\x16\x04\r\n\x01\x1b\xc3\xa4\xff\x80\x03!~\x07";

struct Chance(u64);

impl Chance {
    /// Marsaglia's xorshift.
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() >> 8).unwrap() % limit
    }

    fn bytes(&mut self, most: usize) -> Vec<u8> {
        let count = 1 + self.below(most);
        (0..count)
            .map(|_| ALPHABET[self.below(ALPHABET.len())])
            .collect()
    }

    fn settings(&mut self) -> Settings {
        let mut settings = Settings::default();
        let input = [
            InputFlags::ISTRIP,
            InputFlags::INLCR,
            InputFlags::IGNCR,
            InputFlags::ICRNL,
            InputFlags::IUCLC,
            InputFlags::IUTF8,
            InputFlags::PARMRK,
        ];
        let output = [
            OutputFlags::OPOST,
            OutputFlags::OLCUC,
            OutputFlags::ONLCR,
            OutputFlags::OCRNL,
            OutputFlags::ONOCR,
            OutputFlags::ONLRET,
            OutputFlags::XTABS,
        ];
        let local = [
            LocalFlags::ICANON,
            LocalFlags::ISIG,
            LocalFlags::ECHO,
            LocalFlags::ECHOE,
            LocalFlags::ECHOK,
            LocalFlags::ECHONL,
            LocalFlags::NOFLSH,
            LocalFlags::ECHOCTL,
            LocalFlags::ECHOPRT,
            LocalFlags::ECHOKE,
            LocalFlags::IEXTEN,
        ];
        // A quarter of the flags is turned over: most scripts stay near what people use.
        input
            .into_iter()
            .filter(|_| self.below(4) == 0)
            .for_each(|f| settings.input.toggle(f));
        output
            .into_iter()
            .filter(|_| self.below(4) == 0)
            .for_each(|f| settings.output.toggle(f));
        local
            .into_iter()
            .filter(|_| self.below(4) == 0)
            .for_each(|f| settings.local.toggle(f));
        if self.below(4) == 0 {
            settings.set_special(Special::EndOfLine, b'!');
            settings.set_special(Special::EndOfLine2, b'~');
        }
        settings
    }
}

/// A script and the settings it starts with.
pub(crate) fn script(seed: u64) -> (Settings, Vec<Step>) {
    let mut chance = Chance(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let settings = chance.settings();
    let count = 4 + chance.below(8);
    let mut steps: Vec<Step> = (0..count)
        .map(|_| match chance.below(8) {
            0..4 => Step::Type(chance.bytes(24)),
            4 => Step::Read(1 + chance.below(40)),
            5 => Step::Write(chance.bytes(16)),
            6 => Step::Change(chance.settings()),
            _ => Step::Look,
        })
        .collect();
    steps.extend([
        Step::Look,
        Step::Read(100),
        Step::Read(100),
        Step::Read(100),
    ]);
    (settings, steps)
}
