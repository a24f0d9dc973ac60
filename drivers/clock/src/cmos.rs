//! The clock chip (Motorola MC146818 data sheet): registers behind an index port.

use crate::date::Date;
use abi::Call;
use service::System;

const INDEX: u16 = 0x70;
const DATA: u64 = 0x71;

/// Registers of the chip.
mod register {
    pub(super) const TIME: [u8; 6] = [0, 2, 4, 7, 8, 9];
    pub(super) const CENTURY: u8 = 0x32;
    pub(super) const STATUS_A: u8 = 0x0a;
    pub(super) const STATUS_B: u8 = 0x0b;
}

/// In status A: the registers are about to change.
const UPDATING: u8 = 0x80;
/// In status B: hours from 0 to 23.
const HOURS_24: u8 = 2;
/// In status B: binary numbers.
const BINARY: u8 = 4;
/// Tries for two equal readings.
const TRIES: usize = 16;

fn read(kernel: &dyn System, register: u8) -> Option<u8> {
    kernel.port_write(INDEX, &[register]).ok()?;
    let value = kernel.call(Call::PortRead, &[DATA, 1]).ok()?;
    Some(value.to_le_bytes()[0])
}

fn read_all(kernel: &dyn System) -> Option<[u8; 7]> {
    let mut all = [0; 7];
    for (to, from) in all.iter_mut().zip(register::TIME) {
        *to = read(kernel, from)?;
    }
    all[6] = read(kernel, register::CENTURY)?;
    Some(all)
}

/// What the chip shows; `None` when that is no date, or is about to change.
pub(crate) fn read_clock(kernel: &dyn System) -> Option<Date> {
    let mut before = None;
    for _ in 0..TRIES {
        if read(kernel, register::STATUS_A)? & UPDATING != 0 {
            continue;
        }
        let now = read_all(kernel)?;
        if before == Some(now) {
            let form = read(kernel, register::STATUS_B)?;
            return decode(now, form);
        }
        before = Some(now);
    }
    None
}

/// A date from second, minute, hour, day, month, year and century as status B says.
fn decode(raw: [u8; 7], form: u8) -> Option<Date> {
    let number = |byte: u8| match form & BINARY {
        0 => (byte >> 4) * 10 + (byte & 15),
        _ => byte,
    };
    let [second, minute, hour, day, month, year, century] = raw;
    let afternoon = hour & 0x80 != 0;
    let hour = number(hour & 0x7f);
    let hour = match form & HOURS_24 {
        0 => hour % 12 + if afternoon { 12 } else { 0 },
        _ => hour,
    };
    let century = match number(century) {
        century @ 19..=21 => century,
        _ => 20,
    };
    Date {
        year: u32::from(century) * 100 + u32::from(number(year)),
        month: number(month).into(),
        day: number(day).into(),
        hour: hour.into(),
        minute: number(minute).into(),
        second: number(second).into(),
    }
    .checked()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_read() {
        let expected = Date {
            year: 2026,
            month: 11,
            day: 24,
            hour: 15,
            minute: 59,
            second: 7,
        };
        let decimal = [0x07, 0x59, 0x15, 0x24, 0x11, 0x26, 0x20];
        assert_eq!(decode(decimal, HOURS_24), Some(expected));
        assert_eq!(
            decode([7, 59, 15, 24, 11, 26, 20], HOURS_24 | BINARY),
            Some(expected)
        );
        let twelve = [0x07, 0x59, 0x83, 0x24, 0x11, 0x26, 0x00];
        assert_eq!(decode(twelve, 0), Some(expected));
        assert_eq!(decode([0; 7], BINARY), None);
    }
}
