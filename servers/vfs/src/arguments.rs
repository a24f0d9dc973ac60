//! What a program passes: descriptors, and bytes in its memory.
//!
//! What is read from a program's memory is kept with the observations of its request, so that a
//! handler run again sees the same bytes even when the program has died meanwhile: else it would
//! turn back before the effects it has already had, and leave them behind.

use crate::VirtualFileSystem;
use abi::limits::PATH_BYTES;
use abi::{Errno, word};
use alloc::vec::Vec;
use minicbor::{Decode, Encode};
use service::{Cx, Refused};
use shape::Shape;

/// A request, as all handlers of vfs see it.
pub(crate) type Context = Cx<VirtualFileSystem>;

/// The lease that is the whole memory of a program.
pub(crate) const MEMORY: u64 = 0;
/// How far a string is read at a time; a page, so that no read crosses into memory that is not there.
const CHUNK: u64 = abi::layout::PAGE_SIZE;

#[derive(Clone, Encode, Decode, Shape)]
enum Kept {
    #[n(0)]
    Bytes(#[cbor(n(0), with = "minicbor::bytes")] Vec<u8>),
    #[n(1)]
    Refused(#[n(0)] Errno),
    /// Never journalled: the handler ends at once.
    #[n(2)]
    Withdrawn,
}

/// Reads something from the request's leases and keeps it.
///
/// # Errors
/// Those of `read`.
pub(crate) fn copied(
    cx: &Context,
    label: &'static str,
    read: impl FnOnce() -> Result<Vec<u8>, Refused>,
) -> Result<Vec<u8>, Refused> {
    let kept = cx.look(label, |_| match read() {
        Ok(bytes) => Kept::Bytes(bytes),
        Err(refused) => refused.errno().map_or(Kept::Withdrawn, Kept::Refused),
    });
    match kept {
        Kept::Bytes(bytes) => Ok(bytes),
        Kept::Refused(errno) => Err(errno.into()),
        Kept::Withdrawn => Err(Refused::Withdrawn),
    }
}

/// Writes to the program's memory what effects before have made, and keeps whether that went well.
///
/// # Errors
/// `FAULT`.
pub(crate) fn told(
    cx: &Context,
    label: &'static str,
    address: u64,
    bytes: &[u8],
) -> Result<(), Refused> {
    let write = || cx.write_lease(MEMORY, address, bytes).map(|()| Vec::new());
    copied(cx, label, write).map(drop)
}

/// Bytes at an address of the program.
///
/// # Errors
/// `FAULT`.
pub(crate) fn bytes(
    cx: &Context,
    label: &'static str,
    address: u64,
    length: usize,
) -> Result<Vec<u8>, Refused> {
    if length == 0 {
        return Ok(Vec::new());
    }
    copied(cx, label, || cx.lease_bytes(MEMORY, address, length))
}

/// A structure of fixed size at an address of the program.
///
/// # Errors
/// `FAULT`.
pub(crate) fn structure<const N: usize>(
    cx: &Context,
    label: &'static str,
    address: u64,
) -> Result<[u8; N], Refused> {
    let bytes = bytes(cx, label, address, N)?;
    <[u8; N]>::try_from(bytes).map_err(|_| Errno::FAULT.into())
}

/// A string at an address of the program, without its zero.
///
/// # Errors
/// `FAULT`; `NAMETOOLONG` when it has `limit` bytes or more.
pub(crate) fn string(
    cx: &Context,
    label: &'static str,
    address: u64,
    limit: usize,
) -> Result<Vec<u8>, Refused> {
    copied(cx, label, || read_string(cx, address, limit))
}

fn read_string(cx: &Context, address: u64, limit: usize) -> Result<Vec<u8>, Refused> {
    let mut string = Vec::new();
    while string.len() < limit {
        let at = address
            .checked_add(string.len() as u64)
            .ok_or(Errno::FAULT)?;
        // Most paths are short; the rest of the page is read when they are not.
        let most = if string.is_empty() { 64 } else { CHUNK };
        let length = most
            .min(CHUNK - at % CHUNK)
            .min((limit - string.len()) as u64);
        let chunk = cx.lease_bytes(MEMORY, at, word::index(length))?;
        let end = chunk.iter().position(|byte| *byte == 0);
        string.extend_from_slice(&chunk[..end.unwrap_or(chunk.len())]);
        if end.is_some() {
            return Ok(string);
        }
    }
    Err(Errno::NAMETOOLONG.into())
}

/// A path at an address of the program.
///
/// # Errors
/// `FAULT`, `NAMETOOLONG`.
pub(crate) fn path(cx: &Context, label: &'static str, address: u64) -> Result<Vec<u8>, Refused> {
    string(cx, label, address, PATH_BYTES)
}

/// A path that a service has lent.
///
/// # Errors
/// `FAULT`, `NAMETOOLONG`.
pub(crate) fn lent_path(cx: &Context, index: u64) -> Result<Vec<u8>, Refused> {
    let length = cx.lease(word::index(index)).length;
    if length >= PATH_BYTES as u64 {
        return Err(Errno::NAMETOOLONG.into());
    }
    copied(cx, "lent path", || {
        cx.lease_bytes(index, 0, word::index(length))
    })
}

/// A descriptor, of which the kernel's interface uses the low 32 bits. A negative one is one that
/// is never open.
pub(crate) const fn descriptor(word: u64) -> u32 {
    word::low_32(word)
}

/// An argument declared `int`.
pub(crate) const fn int(word: u64) -> i32 {
    word::low_32(word).cast_signed()
}
