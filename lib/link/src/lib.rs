//! The frames in which the host and the system exchange byte streams over one serial line.
//!
//! ```text
//! 0  A7 4C        mark
//! 2  kind         data, end, credit, resume
//! 3  stream       0 stdin, 1 stdout, 2 stderr, 3 control
//! 4  length       u16, bytes of the body
//! 6  head check   u16, lower half of the CRC-32 of bytes 0..6
//! 8  body         data: offset u64, bytes    end: offset u64    credit, resume: received u64, allowed u64
//! .. check        u32, CRC-32 (IEEE) of head and body
//! ```
//! All numbers are little endian. An offset counts the bytes of its stream from its start, so a
//! frame that comes twice does no harm and one that is lost is noticed.
//!
//! **Flow.** A sender may send up to the offset that the receiver last *allowed*; that is 0 until
//! the first credit. It keeps what it has sent until the receiver says that it has *received* it.
//! **Resume** is a credit that also says: "I have just started, or missed something; send again from
//! `received`, and tell me your credits". Who opens the line (the driver, at each start) sends one
//! resume for each stream it receives; the other side answers with a credit for each stream that it
//! receives. So neither a cut frame nor a lost one, nor a driver that starts again, loses or doubles
//! a byte.
//!
//! **Streams.** stdin goes into the system; stdout, stderr and control come out. Control carries one
//! byte: the exit status of the command. A stream's end is a frame of its own at the offset where
//! the stream ends.
//!
//! The crate allocates nothing: [`Decoder`] holds one frame, [`Sender`] and [`Receiver`] hold
//! offsets; the bytes are kept by their user.
#![no_std]

mod checksum;
mod decoder;
mod flow;
mod frame;

pub use decoder::Decoder;
pub use flow::{Accepted, Piece, Receiver, Sender};
pub use frame::{Frame, Stream};

/// The most bytes of a stream that one frame carries.
pub const DATA_BYTES: usize = 1024;
/// The most bytes of a frame on the line.
pub const FRAME_BYTES: usize = HEAD_BYTES + OFFSET_BYTES + DATA_BYTES + CHECK_BYTES;
/// How far ahead of what it has handed on a receiver should allow its sender to go.
pub const WINDOW_BYTES: u64 = 16 * 1024;

const HEAD_BYTES: usize = 8;
const OFFSET_BYTES: usize = 8;
const CHECK_BYTES: usize = 4;
const MARK: [u8; 2] = [0xa7, 0x4c];
