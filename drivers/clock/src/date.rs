//! Dates of the Gregorian calendar.

use minicbor::{Decode, Encode};
use shape::Shape;

/// A point of time in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Shape)]
pub(crate) struct Date {
    #[n(0)]
    pub(crate) year: u32,
    /// From 1.
    #[n(1)]
    pub(crate) month: u32,
    /// From 1.
    #[n(2)]
    pub(crate) day: u32,
    #[n(3)]
    pub(crate) hour: u32,
    #[n(4)]
    pub(crate) minute: u32,
    #[n(5)]
    pub(crate) second: u32,
}

impl Date {
    /// The date, if there is such a one since 1970.
    pub(crate) fn checked(self) -> Option<Date> {
        let good = self.year >= 1970
            && (1..=12).contains(&self.month)
            && (1..=31).contains(&self.day)
            && self.hour < 24
            && self.minute < 60
            && self.second < 61;
        good.then_some(self)
    }

    /// Days since 1 January 1970. The year is counted from March, so that a leap day comes last.
    fn days(self) -> u64 {
        let (year, month) = match self.month {
            1 | 2 => (self.year - 1, self.month + 9),
            month => (self.year, month - 3),
        };
        let leap_days = year / 4 - year / 100 + year / 400;
        let in_year = (month * 153 + 2) / 5 + self.day - 1;
        // 1 March of year 0 lies 719,468 days before 1970.
        u64::from(year * 365 + leap_days + in_year) - 719_468
    }

    /// Seconds since 1970.
    pub(crate) fn seconds(self) -> u64 {
        let minutes = (self.days() * 24 + u64::from(self.hour)) * 60 + u64::from(self.minute);
        minutes * 60 + u64::from(self.second)
    }

    /// `struct rtc_time` (`linux/rtc.h`): nine ints; day of week and year as in `struct tm`.
    pub(crate) fn to_rtc_time(self) -> [u8; 36] {
        let days = self.days();
        let first = Date {
            month: 1,
            day: 1,
            ..self
        }
        .days();
        let fields = [
            self.second,
            self.minute,
            self.hour,
            self.day,
            self.month - 1,
            self.year - 1900,
            abi::word::low_32((days + 4) % 7),
            abi::word::low_32(days - first),
            0,
        ];
        let mut bytes = [0; 36];
        for (to, field) in bytes.chunks_exact_mut(4).zip(fields) {
            to.copy_from_slice(&field.to_le_bytes());
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn date(year: u32, month: u32, day: u32) -> Date {
        Date {
            year,
            month,
            day,
            hour: 0,
            minute: 0,
            second: 0,
        }
    }

    #[test]
    fn known_days() {
        assert_eq!(date(1970, 1, 1).days(), 0);
        assert_eq!(date(2000, 2, 29).days(), 11_016);
        assert_eq!(date(2000, 3, 1).days(), 11_017);
        assert_eq!(date(2026, 11, 24).seconds(), 1_795_478_400);
        assert_eq!(date(2100, 3, 1).days() - date(2100, 2, 28).days(), 1);
    }

    #[test]
    fn the_structure_has_weekday_and_day_of_year() {
        let bytes = date(2026, 11, 24).to_rtc_time();
        assert_eq!((bytes[16], bytes[20], bytes[24]), (10, 126, 2));
        assert_eq!(u16::from_le_bytes([bytes[28], bytes[29]]), 327);
    }
}
