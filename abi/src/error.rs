//! Errors: those of kernel calls, and the errno of Linux.

/// Why the kernel refused a call of a service. The call had no effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i64)]
pub enum CallError {
    /// No such call.
    UnknownCall = 1,
    /// The declaration does not give this right.
    NotPermitted = 2,
    /// An argument is out of its range.
    BadArgument = 3,
    /// No such request, or it is not this service's, or it has ended.
    NoRequest = 4,
    /// No such slot, or nothing runs there.
    NoSlot = 5,
    /// No such process.
    NoProcess = 6,
    /// No such address space.
    NoSpace = 7,
    /// No memory, or the quota is used up.
    NoMemory = 8,
    /// The declared number of submissions is under way.
    TooMany = 9,
    /// The memory of the caller is not there. The kernel has taken the request back and will
    /// deliver it again once the page is there: forget it.
    Absent = 10,
    /// The memory of the caller is not there and cannot be: the caller's fault.
    BadAddress = 11,
    /// The lease does not reach so far, or does not allow this.
    BadLease = 12,
    /// The call makes no sense now.
    BadState = 13,
    /// The image is not a service image that this kernel can load.
    BadImage = 14,
}

impl CallError {
    const ALL: [CallError; 14] = [
        CallError::UnknownCall,
        CallError::NotPermitted,
        CallError::BadArgument,
        CallError::NoRequest,
        CallError::NoSlot,
        CallError::NoProcess,
        CallError::NoSpace,
        CallError::NoMemory,
        CallError::TooMany,
        CallError::Absent,
        CallError::BadAddress,
        CallError::BadLease,
        CallError::BadState,
        CallError::BadImage,
    ];

    /// The result register of a call: a value, or a negative error.
    ///
    /// # Errors
    /// The error the kernel answered with; an unknown one reads as `UnknownCall`.
    pub fn from_register(register: i64) -> Result<u64, CallError> {
        match u64::try_from(register) {
            Ok(value) => Ok(value),
            Err(_) => {
                let found = Self::ALL.into_iter().find(|e| -(*e as i64) == register);
                Err(found.unwrap_or(CallError::UnknownCall))
            }
        }
    }

    /// What the kernel puts in the result register.
    #[must_use]
    pub fn to_register(result: Result<u64, CallError>) -> i64 {
        match result {
            Ok(value) => i64::try_from(value).unwrap_or(-(CallError::BadArgument as i64)),
            Err(error) => -(error as i64),
        }
    }
}

/// A Linux error number, positive (`include/uapi/asm-generic/errno-base.h` and `errno.h`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "cbor",
    derive(minicbor::Encode, minicbor::Decode),
    cbor(transparent)
)]
#[repr(transparent)]
pub struct Errno(#[cfg_attr(feature = "cbor", n(0))] pub u32);

macro_rules! errnos {
    ($($(#[$doc:meta])* $name:ident = $value:ident;)*) => {
        impl Errno {
            $($(#[$doc])* pub const $name: Errno = Errno(linux_raw_sys::errno::$value);)*
        }
    };
}

errnos! {
    /// Operation not permitted.
    PERM = EPERM;
    /// No such file or directory.
    NOENT = ENOENT;
    /// No such process.
    SRCH = ESRCH;
    /// Interrupted system call.
    INTR = EINTR;
    /// Input/output error.
    IO = EIO;
    /// No such device or address.
    NXIO = ENXIO;
    /// Argument list too long.
    TOOBIG = E2BIG;
    /// Not an executable file.
    NOEXEC = ENOEXEC;
    /// Bad file descriptor.
    BADF = EBADF;
    /// No child processes.
    CHILD = ECHILD;
    /// Try again.
    AGAIN = EAGAIN;
    /// Out of memory.
    NOMEM = ENOMEM;
    /// Permission denied.
    ACCES = EACCES;
    /// Bad address.
    FAULT = EFAULT;
    /// Device or resource busy.
    BUSY = EBUSY;
    /// File exists.
    EXIST = EEXIST;
    /// Cross-device link.
    XDEV = EXDEV;
    /// No such device.
    NODEV = ENODEV;
    /// Not a directory.
    NOTDIR = ENOTDIR;
    /// Is a directory.
    ISDIR = EISDIR;
    /// Invalid argument.
    INVAL = EINVAL;
    /// File table overflow.
    NFILE = ENFILE;
    /// Too many open files.
    MFILE = EMFILE;
    /// Not a terminal.
    NOTTY = ENOTTY;
    /// Text file busy.
    TXTBSY = ETXTBSY;
    /// File too large.
    FBIG = EFBIG;
    /// No space left on device.
    NOSPC = ENOSPC;
    /// Illegal seek.
    SPIPE = ESPIPE;
    /// Read-only file system.
    ROFS = EROFS;
    /// Too many links.
    MLINK = EMLINK;
    /// Broken pipe.
    PIPE = EPIPE;
    /// Result out of range.
    RANGE = ERANGE;
    /// File name too long.
    NAMETOOLONG = ENAMETOOLONG;
    /// Function not implemented.
    NOSYS = ENOSYS;
    /// Stale file handle: of an instance before that lost its State.
    STALE = ESTALE;
    /// Directory not empty.
    NOTEMPTY = ENOTEMPTY;
    /// Too many levels of symbolic links.
    LOOP = ELOOP;
    /// No data available.
    NODATA = ENODATA;
    /// Value too large for its type.
    OVERFLOW = EOVERFLOW;
    /// Operation not supported.
    NOTSUP = EOPNOTSUPP;
    /// Connection timed out.
    TIMEDOUT = ETIMEDOUT;
    /// Protocol error: a server answered what its protocol does not allow.
    PROTO = EPROTO;
}

impl Errno {
    /// A cancelled call that pm either starts again or turns into `EINTR`, by the handler's
    /// SA_RESTART. It never reaches a program (Linux's internal ERESTARTSYS).
    pub const RESTART: Errno = Errno(512);

    /// As the result of a call: negative.
    #[must_use]
    pub const fn result(self) -> i64 {
        -(self.0 as i64)
    }

    /// Splits a result into a value or an error (-4095..=-1, as Linux does).
    ///
    /// # Errors
    /// The errno in `result`.
    pub fn check(result: i64) -> Result<u64, Errno> {
        match u32::try_from(result.unsigned_abs()) {
            Ok(number @ 1..=4095) if result < 0 => Err(Errno(number)),
            _ => Ok(result.cast_unsigned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_result_survives_the_register() {
        for error in CallError::ALL {
            assert_eq!(
                CallError::from_register(CallError::to_register(Err(error))),
                Err(error)
            );
        }
        assert_eq!(
            CallError::from_register(CallError::to_register(Ok(7))),
            Ok(7)
        );
    }

    #[test]
    fn only_small_negative_results_are_errors() {
        assert_eq!(Errno::check(-2), Err(Errno::NOENT));
        assert_eq!(Errno::check(i64::MIN), Ok(1 << 63));
        assert_eq!(Errno::check(5), Ok(5));
    }
}
