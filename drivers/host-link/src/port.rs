//! The device files.

use link::Stream;
use minicbor::{Decode, Encode};
use shape::Shape;

/// A device file: the end of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, Shape)]
#[cbor(index_only)]
pub enum Port {
    /// /dev/host/stdin.
    #[n(0)]
    Input,
    /// /dev/host/stdout.
    #[n(1)]
    Output,
    /// /dev/host/stderr.
    #[n(2)]
    Error,
    /// /dev/host/control.
    #[n(3)]
    Control,
}

impl Port {
    /// Those that are written. Control comes last: its byte tells that the others are complete.
    pub(crate) const WRITTEN: [Port; 3] = [Port::Output, Port::Error, Port::Control];

    /// The file with a minor number.
    pub(crate) const fn of_minor(minor: u32) -> Option<Port> {
        match minor {
            0 => Some(Port::Input),
            1 => Some(Port::Output),
            2 => Some(Port::Error),
            3 => Some(Port::Control),
            _ => None,
        }
    }

    /// The stream.
    pub(crate) const fn stream(self) -> Stream {
        match self {
            Port::Input => Stream::Input,
            Port::Output => Stream::Output,
            Port::Error => Stream::Error,
            Port::Control => Stream::Control,
        }
    }

    /// The end of a stream that is here.
    pub(crate) const fn of_stream(stream: Stream) -> Port {
        match stream {
            Stream::Input => Port::Input,
            Stream::Output => Port::Output,
            Stream::Error => Port::Error,
            Stream::Control => Port::Control,
        }
    }
}
