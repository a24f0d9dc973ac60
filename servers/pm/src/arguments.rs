//! Arguments of system calls that lie in the caller's memory.

use crate::Context;
use abi::layout::{PAGE_SIZE, USER_TOP};
use abi::{Errno, word};
use alloc::vec::Vec;
use linux::process::strings::Strings;
use service::Refused;
use service::context::Observable;

/// Bytes of a string that are copied at a time.
const PIECE: u64 = 512;

/// Copies from the caller's memory, once: a handler run again gets the same, even if the memory is
/// gone by then.
pub(crate) fn copied<T: Observable>(
    cx: &Context,
    label: &'static str,
    copy: impl FnOnce() -> Result<T, Refused>,
) -> Result<T, Refused> {
    let kept: Option<Result<T, Errno>> = cx.look(label, |_| match copy() {
        Ok(value) => Some(Ok(value)),
        Err(refused) => refused.errno().map(Err),
    });
    match kept {
        Some(result) => Ok(result?),
        None => Err(Refused::Withdrawn),
    }
}

/// Copies a structure in.
pub(crate) fn read<const LENGTH: usize>(
    cx: &Context,
    address: u64,
) -> Result<[u8; LENGTH], Refused> {
    let mut bytes = [0; LENGTH];
    check(address, LENGTH as u64)?;
    cx.read_lease(0, address, &mut bytes)?;
    Ok(bytes)
}

/// Copies bytes out.
pub(crate) fn write(cx: &Context, address: u64, bytes: &[u8]) -> Result<(), Refused> {
    check(address, bytes.len() as u64)?;
    cx.write_lease(0, address, bytes)
}

/// Copies bytes out unless the address is null.
pub(crate) fn write_if(cx: &Context, address: u64, bytes: &[u8]) -> Result<(), Refused> {
    if address == 0 {
        Ok(())
    } else {
        write(cx, address, bytes)
    }
}

/// Copies bytes out where Linux does not mind a bad address.
pub(crate) fn write_if_possible(cx: &Context, address: u64, bytes: &[u8]) -> Result<(), Refused> {
    match write(cx, address, bytes) {
        Err(Refused::Withdrawn) => Err(Refused::Withdrawn),
        _ => Ok(()),
    }
}

fn check(address: u64, length: u64) -> Result<(), Errno> {
    match address.checked_add(length) {
        Some(end) if end <= USER_TOP => Ok(()),
        _ => Err(Errno::FAULT),
    }
}

/// Reads a string of at most `most` bytes, with its zero.
///
/// # Errors
/// `NAMETOOLONG` when it has no zero so far.
pub(crate) fn string(cx: &Context, address: u64, most: usize) -> Result<Vec<u8>, Refused> {
    let mut string = Vec::new();
    let mut at = address;
    loop {
        // Within a page: what lies behind the string need not be there.
        let piece = (PAGE_SIZE - at % PAGE_SIZE).min(PIECE);
        check(at, piece)?;
        let bytes = cx.lease_bytes(0, at, word::index(piece))?;
        let end = bytes.iter().position(|byte| *byte == 0);
        string.extend_from_slice(&bytes[..end.unwrap_or(bytes.len())]);
        if string.len() >= most {
            return Err(Errno::NAMETOOLONG.into());
        }
        if end.is_some() {
            return Ok(string);
        }
        at += piece;
    }
}

/// Reads the strings that a list of pointers, ended by a null pointer, names; a null list is empty.
///
/// # Errors
/// `TOOBIG` when they take more than `most` bytes on a stack.
pub(crate) fn strings(cx: &Context, list: u64, most: usize) -> Result<Strings, Refused> {
    let mut strings = Strings::new();
    if list == 0 {
        return Ok(strings);
    }
    let mut used = size_of::<u64>();
    let mut at = list;
    loop {
        let pointer = u64::from_le_bytes(read(cx, at)?);
        if pointer == 0 {
            break;
        }
        let left = most.saturating_sub(used);
        let string = string(cx, pointer, left).map_err(|refused| match refused.errno() {
            Some(Errno::NAMETOOLONG) => Errno::TOOBIG.into(),
            _ => refused,
        })?;
        used += string.len() + 1 + size_of::<u64>();
        strings.push(&string);
        at = at
            .checked_add(size_of::<u64>() as u64)
            .ok_or(Errno::FAULT)?;
    }
    if used > most {
        Err(Errno::TOOBIG.into())
    } else {
        Ok(strings)
    }
}
