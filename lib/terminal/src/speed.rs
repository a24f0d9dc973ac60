//! Line speeds coded in the bits of `c_cflag`.

use linux_raw_sys::general;

/// The codes of the output speed (`CBAUD`) with their bits per second.
const SPEEDS: [(u32, u32); 31] = [
    (general::B0, 0),
    (general::B50, 50),
    (general::B75, 75),
    (general::B110, 110),
    (general::B134, 134),
    (general::B150, 150),
    (general::B200, 200),
    (general::B300, 300),
    (general::B600, 600),
    (general::B1200, 1200),
    (general::B1800, 1800),
    (general::B2400, 2400),
    (general::B4800, 4800),
    (general::B9600, 9600),
    (general::B19200, 19_200),
    (general::B38400, 38_400),
    (general::B57600, 57_600),
    (general::B115200, 115_200),
    (general::B230400, 230_400),
    (general::B460800, 460_800),
    (general::B500000, 500_000),
    (general::B576000, 576_000),
    (general::B921600, 921_600),
    (general::B1000000, 1_000_000),
    (general::B1152000, 1_152_000),
    (general::B1500000, 1_500_000),
    (general::B2000000, 2_000_000),
    (general::B2500000, 2_500_000),
    (general::B3000000, 3_000_000),
    (general::B3500000, 3_500_000),
    (general::B4000000, 4_000_000),
];

fn lookup(code: u32) -> Option<u32> {
    SPEEDS
        .iter()
        .find(|(known, _)| *known == code)
        .map(|(_, speed)| *speed)
}

/// The output speed that `control` codes; none if it says "other" (`BOTHER`).
pub(crate) fn coded(control: u32) -> Option<u32> {
    lookup(control & general::CBAUD)
}

/// The input speed that `control` codes: its own, `given` if it says "other", and the output's
/// if the code is 0.
pub(crate) fn coded_input(control: u32, given: u32, output_speed: u32) -> u32 {
    match (control >> general::IBSHIFT) & general::CBAUD {
        // With no input code, "other" for the output speaks for both.
        general::B0 if control & general::CBAUD == general::BOTHER && given != 0 => given,
        general::B0 => output_speed,
        code => lookup(code).unwrap_or(given),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read() {
        assert_eq!(coded(general::B115200 | general::CS8), Some(115_200));
        assert_eq!(coded(general::BOTHER | general::CS8), None);
    }

    #[test]
    fn input_follows_output_unless_coded() {
        assert_eq!(coded_input(general::B9600, 300, 9600), 9600);
        let own = general::B9600 | (general::B1200 << general::IBSHIFT);
        assert_eq!(coded_input(own, 300, 9600), 1200);
        let free = general::B9600 | (general::BOTHER << general::IBSHIFT);
        assert_eq!(coded_input(free, 300, 9600), 300);
    }
}
