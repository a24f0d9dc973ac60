//! What a descriptor of the caller refers to, as far as a call needs it.

use crate::arguments::{Context, descriptor};
use crate::tables::{Descriptors, LockFile, Object, OpenId, Tables};
use abi::Errno;
use linux::file::{flags, mode};
use minicbor::{Decode, Encode};
use service::Refused;
use shape::Shape;

/// What a descriptor refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Shape)]
pub(crate) struct Found {
    /// The open.
    #[n(0)]
    pub(crate) id: OpenId,
    /// The description.
    #[n(1)]
    pub(crate) object: Object,
    /// Where its attributes are.
    #[n(2)]
    pub(crate) attributes: Object,
    /// Type and permission bits.
    #[n(3)]
    pub(crate) mode: u32,
    /// Flags of open(2).
    #[n(4)]
    pub(crate) flags: u32,
    /// What its locks are of.
    #[n(5)]
    pub(crate) file: LockFile,
    /// Whether exec closes the descriptor.
    #[n(6)]
    pub(crate) close_on_exec: bool,
    /// RLIMIT_FSIZE of the process.
    #[n(7)]
    pub(crate) file_limit: u64,
}

impl Found {
    /// The type bits.
    pub(crate) const fn kind(&self) -> u32 {
        self.mode & mode::S_IFMT
    }

    /// Whether it only names its object (O_PATH).
    pub(crate) const fn names_only(&self) -> bool {
        self.flags & flags::O_PATH != 0
    }

    /// Whether reading it never waits.
    pub(crate) const fn never_waits(&self) -> bool {
        matches!(self.kind(), mode::S_IFREG | mode::S_IFDIR)
    }
}

/// What a descriptor refers to, even if it only names it.
///
/// # Errors
/// `BADF`.
pub(crate) fn named(cx: &Context, number: u64) -> Result<Found, Refused> {
    let process = cx.caller().pid;
    let number = descriptor(number);
    let found = cx.look("descriptor", |state| {
        let (id, open) = state.opened(process, number)?;
        let slot = state.descriptor(process, number).ok_or(Errno::BADF)?;
        let limits = state.settings(process).ok_or(Errno::BADF)?.limits;
        Ok::<_, Errno>(Found {
            id,
            object: open.object,
            attributes: open.attributes(),
            mode: open.mode,
            flags: open.flags,
            file: open.file,
            close_on_exec: slot.close_on_exec,
            file_limit: limits.file_bytes,
        })
    })?;
    Ok(found)
}

/// What a descriptor refers to, to do something with it.
///
/// # Errors
/// `BADF`, also when it only names it.
pub(crate) fn usable(cx: &Context, number: u64) -> Result<Found, Refused> {
    let found = named(cx, number)?;
    if found.names_only() {
        return Err(Errno::BADF.into());
    }
    Ok(found)
}

/// What a descriptor refers to, to read it.
///
/// # Errors
/// `BADF` when it is not open for reading, `ISDIR`.
pub(crate) fn readable(cx: &Context, number: u64) -> Result<Found, Refused> {
    let found = named(cx, number)?;
    if !flags::reads(found.flags) {
        return Err(Errno::BADF.into());
    }
    if mode::is_directory(found.mode) {
        return Err(Errno::ISDIR.into());
    }
    Ok(found)
}

/// What a descriptor refers to, to write it.
///
/// # Errors
/// `BADF` when it is not open for writing.
pub(crate) fn writable(cx: &Context, number: u64) -> Result<Found, Refused> {
    let found = named(cx, number)?;
    if !flags::writes(found.flags) {
        return Err(Errno::BADF.into());
    }
    Ok(found)
}
