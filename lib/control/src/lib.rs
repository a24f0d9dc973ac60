//! control: what the command `service` and rs say to each other.
//!
//! A program makes the system call [`CALL`], which rs owns:
//!
//! ```text
//! syscall(CALL, request, request bytes, response, response capacity, file, file bytes)
//! ```
//!
//! The request is an encoded [`Request`] of at most [`REQUEST_BYTES`]; the response an encoded
//! [`Response`] of at most [`RESPONSE_BYTES`], which is what a caller offers. The file is the
//! service images of an update to [`Target::File`], one after the other, else null and 0. The result is the response's
//! length, or a negative errno when there is none: `EINVAL` for a request that does not decode,
//! `E2BIG` for lengths over the limits, `ERANGE` for too small a response, `EFAULT`, and `EPERM`
//! for a caller who is not user 0 (`Status` is everybody's). What a service knows (`State`) is
//! answered by the service itself, as JSON, into as much room as the caller offers: [`decode_state`].
//!
//! Encoded as CBOR with stable field numbers: fields may be added, and unknown ones are skipped.
#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod codec;
mod name;
mod request;
mod response;
mod state;

pub use codec::{CodecError, decode_request, decode_response, encode_request, encode_response};
pub use name::{BadName, ServiceName};
pub use request::{How, Member, Request, Target, Until};
pub use response::{
    Changed, Crash, Reason, Recent, Refused, Response, ServiceStatus, Step, Steps, Updated,
};
pub use state::{STATE_BYTES, StateAnswer, decode_state};

/// The number of the system call: one that Linux leaves free (424 to 511 grow from below, x32 starts
/// at 512).
pub const CALL: u64 = 500;
/// Bytes of an encoded request at most.
pub const REQUEST_BYTES: usize = 2048;
/// Bytes of an encoded response at most.
pub const RESPONSE_BYTES: usize = 16 * 1024;
/// Bytes of the service images in an update at most.
pub const FILE_BYTES: usize = 4 << 20;
/// Crashes in one answer at most.
pub const CRASHES: usize = 8;
/// Bytes of a refusal's text at most.
pub const TEXT_BYTES: usize = 512;
