//! What pfs knows: pipes, the FIFOs among them, and who has them open, in both versions.

mod conversion;
mod version_1;
mod version_2;

use linux::file::mode::S_IFIFO;
use linux::file::status::Attributes;
use minicbor::{Decode, Encode};

#[cfg(not(feature = "next"))]
pub use version_1::State;
#[cfg(feature = "next")]
pub use version_2::State;

/// A pipe's number, never used again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(transparent)]
pub struct PipeId(#[n(0)] pub u64);

impl PipeId {
    /// What stat(2) shows.
    pub(crate) fn attributes(self) -> Attributes {
        Attributes {
            device: 0xd,
            node: self.0,
            mode: S_IFIFO | 0o600,
            links: 1,
            block: 4096,
            ..Attributes::default()
        }
    }
}

/// What is open: an end of a pipe; the description's flags say which.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum End {
    /// Of a pipe without a name.
    #[n(0)]
    Pipe(#[n(0)] PipeId),
    /// Of a FIFO.
    #[n(1)]
    Fifo(#[n(0)] PipeId),
}

impl End {
    /// The pipe.
    #[must_use]
    pub const fn pipe(self) -> PipeId {
        match self {
            End::Pipe(id) | End::Fifo(id) => id,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{version_1, version_2};
    use abi::Endpoint;
    use linux_flags::{O_RDONLY, O_WRONLY};
    use service::State;

    mod linux_flags {
        pub(super) const O_RDONLY: u32 = 0;
        pub(super) const O_WRONLY: u32 = 1;
    }

    #[test]
    fn pipes_and_fifos_survive_both_ways() {
        let mut old = version_1::State::fresh(&service::Start::default());
        let (reader, writer) = old.create(0);
        let pipe = old.end(reader).unwrap().pipe();
        old.put(pipe, b"kept");
        let fifo = old.fifo(Endpoint(3), 7);
        old.open_end(fifo, O_RDONLY);
        let mut new = version_2::State::from(old);
        assert_eq!(new.pipe(pipe).unwrap().peek(9), b"kept");
        assert_eq!(new.fifo(Endpoint(3), 7), fifo);
        new.take(pipe, 1);
        new.open_end(fifo, O_WRONLY);
        let mut old = version_1::State::from(new);
        assert_eq!(old.pipe(pipe).unwrap().peek(9), b"ept");
        assert_eq!(
            (
                old.pipe(fifo).unwrap().readers,
                old.pipe(fifo).unwrap().writers
            ),
            (1, 1)
        );
        assert_eq!(old.close_handle(reader), Ok(()));
        assert_eq!(old.close_handle(writer), Ok(()));
        assert!(old.pipe(pipe).is_none());
    }

    #[test]
    fn an_opening_that_came_and_went_counts_for_who_waits() {
        let mut state = super::State::fresh(&service::Start::default());
        let fifo = state.fifo(Endpoint(3), 1);
        let seen = state.openings(fifo);
        state.open_end(fifo, O_RDONLY);
        assert!(!state.other_end_was_open(fifo, false, seen));
        let writer = state.open_end(fifo, O_WRONLY);
        state.close_handle(writer).unwrap();
        assert!(state.other_end_was_open(fifo, false, seen));
    }
}
