//! `siginfo_t`: who sent a signal and why.

use super::bytes::{get_u32, get_u64, put_u32, put_u64};
use super::signal::Signal;
use linux_raw_sys::general as raw;
use minicbor::{Decode, Encode};
use shape::Shape;

/// Bytes of `siginfo_t`.
pub const INFORMATION_BYTES: usize = 128;
/// Where the part that depends on the code starts.
const FIELDS: usize = 16;

/// Who sent a signal and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Shape)]
pub struct Information {
    /// `si_code`.
    #[n(0)]
    pub code: i32,
    /// The rest.
    #[n(1)]
    pub detail: Detail,
}

/// What depends on the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Shape)]
pub enum Detail {
    /// Sent by a process: its number and user.
    #[n(0)]
    Sender(#[n(0)] u32, #[n(1)] u32),
    /// A child: number, user, exit value or signal, user and system time in clock ticks.
    #[n(1)]
    Child(
        #[n(0)] u32,
        #[n(1)] u32,
        #[n(2)] u32,
        #[n(3)] u64,
        #[n(4)] u64,
    ),
    /// An instruction: the address.
    #[n(2)]
    Fault(#[n(0)] u64),
    /// A POSIX timer: its number, overruns, value.
    #[n(3)]
    Timer(#[n(0)] u32, #[n(1)] u32, #[n(2)] u64),
    /// Queued with a value: sender, its user, the value.
    #[n(4)]
    Queued(#[n(0)] u32, #[n(1)] u32, #[n(2)] u64),
    /// Nothing more.
    #[n(5)]
    None,
}

impl Information {
    /// From the kernel, with nothing more.
    #[must_use]
    pub fn kernel() -> Information {
        Information {
            code: raw::SI_KERNEL.cast_signed(),
            detail: Detail::None,
        }
    }

    /// From kill(2).
    #[must_use]
    pub fn user(process: u32, user: u32) -> Information {
        Information {
            code: raw::SI_USER.cast_signed(),
            detail: Detail::Sender(process, user),
        }
    }

    /// From tkill(2) and tgkill(2).
    #[must_use]
    pub fn thread(process: u32, user: u32) -> Information {
        Information {
            code: raw::SI_TKILL,
            detail: Detail::Sender(process, user),
        }
    }

    /// Writes `siginfo_t`.
    #[must_use]
    pub fn encode(&self, signal: Signal) -> [u8; INFORMATION_BYTES] {
        let mut bytes = [0; INFORMATION_BYTES];
        put_u32(&mut bytes, 0, u32::from(signal.number()));
        put_u32(&mut bytes, 8, self.code.cast_unsigned());
        let fields = &mut bytes[FIELDS..];
        match self.detail {
            Detail::Sender(process, user) => {
                put_u32(fields, 0, process);
                put_u32(fields, 4, user);
            }
            Detail::Child(process, user, status, user_time, system_time) => {
                put_u32(fields, 0, process);
                put_u32(fields, 4, user);
                put_u32(fields, 8, status);
                put_u64(fields, 16, user_time);
                put_u64(fields, 24, system_time);
            }
            Detail::Fault(address) => put_u64(fields, 0, address),
            Detail::Timer(timer, overruns, value) => {
                put_u32(fields, 0, timer);
                put_u32(fields, 4, overruns);
                put_u64(fields, 8, value);
            }
            Detail::Queued(process, user, value) => {
                put_u32(fields, 0, process);
                put_u32(fields, 4, user);
                put_u64(fields, 8, value);
            }
            Detail::None => {}
        }
        bytes
    }

    /// Reads what `rt_sigqueueinfo` hands over: code, sender and value. The code is the sender's
    /// to choose, but only a process itself may say that the kernel or kill(2) sent it.
    #[must_use]
    pub fn decode_queued(bytes: &[u8; INFORMATION_BYTES]) -> Information {
        let fields = &bytes[FIELDS..];
        Information {
            code: get_u32(bytes, 8).cast_signed(),
            detail: Detail::Queued(get_u32(fields, 0), get_u32(fields, 4), get_u64(fields, 8)),
        }
    }

    /// The process that sent it, for what tells of senders.
    #[must_use]
    pub fn sender(&self) -> Option<u32> {
        match self.detail {
            Detail::Sender(process, _) | Detail::Queued(process, _, _) => Some(process),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::mem::offset_of;

    #[test]
    fn the_layout_is_the_kernels() {
        type Fields = raw::siginfo__bindgen_ty_1__bindgen_ty_1;
        assert_eq!(size_of::<raw::siginfo_t>(), INFORMATION_BYTES);
        assert_eq!(offset_of!(Fields, si_code), 8);
        assert_eq!(offset_of!(Fields, _sifields), FIELDS);
        assert_eq!(offset_of!(raw::__sifields__bindgen_ty_4, _status), 8);
        assert_eq!(offset_of!(raw::__sifields__bindgen_ty_4, _utime), 16);
        assert_eq!(offset_of!(raw::__sifields__bindgen_ty_4, _stime), 24);
        assert_eq!(offset_of!(raw::__sifields__bindgen_ty_2, _overrun), 4);
        assert_eq!(offset_of!(raw::__sifields__bindgen_ty_2, _sigval), 8);
        assert_eq!(offset_of!(raw::__sifields__bindgen_ty_3, _sigval), 8);
        assert_eq!(offset_of!(raw::__sifields__bindgen_ty_5, _addr), 0);
    }

    #[test]
    fn a_queued_value_survives() {
        let sent = Information {
            code: -1,
            detail: Detail::Queued(7, 8, 9),
        };
        let bytes = sent.encode(Signal::USR1);
        assert_eq!(get_u32(&bytes, 0), 10);
        assert_eq!(Information::decode_queued(&bytes), sent);
    }

    #[test]
    fn a_child_is_told_with_its_status() {
        let child = Information {
            code: 1,
            detail: Detail::Child(5, 0, 3, 100, 200),
        };
        let bytes = child.encode(Signal::CHLD);
        assert_eq!((get_u32(&bytes, 16), get_u32(&bytes, 24)), (5, 3));
        assert_eq!(get_u64(&bytes, 32), 100);
    }
}
