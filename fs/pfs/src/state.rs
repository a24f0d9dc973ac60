//! What pfs knows: pipes, the FIFOs among them, and who has them open, in both versions.

mod check;
mod conversion;
mod version_1;
mod version_2;

use linux::file::mode::S_IFIFO;
use linux::file::status::Attributes;
use minicbor::{Decode, Encode};
use shape::Shape;

#[cfg(not(feature = "next"))]
pub use version_1::State;
#[cfg(feature = "next")]
pub use version_2::State;

/// Bytes in all pipes together above which each holds no more than [`GUARANTEED`]; Linux treats the
/// pipes of one user so (`pipe-user-pages-soft`).
const ALL_BYTES: usize = 4 << 20;
/// Bytes that every pipe holds whatever the others do (Linux: PIPE_BUF, which goes in whole).
const GUARANTEED: usize = 4096;
/// Pipes that there can be: with what is guaranteed them, what pfs may have of memory.
const PIPES: usize = 1024;

impl State {
    /// Bytes that a pipe takes now.
    #[must_use]
    pub(crate) fn room(&self, id: PipeId) -> u64 {
        let Some(pipe) = self.pipe(id) else {
            return 0;
        };
        let all: usize = self.pipes.iter().map(|(_, pipe)| pipe.len()).sum();
        let guaranteed = GUARANTEED.saturating_sub(pipe.len());
        let shared = ALL_BYTES.saturating_sub(all);
        pipe.room().min(guaranteed.max(shared)) as u64
    }

    /// Whether there can be another pipe.
    #[must_use]
    pub(crate) fn has_place(&self) -> bool {
        self.pipes.len() < PIPES
    }
}

/// A pipe's number, never used again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, Shape)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Shape)]
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
    fn what_refers_to_no_pipe_is_dropped_alone() {
        let mut state = super::State::fresh(&service::Start::default());
        let (reader, writer) = state.create(0);
        let (lost, _) = state.create(0);
        let gone = state.end(lost).unwrap().pipe();
        let fifo = state.fifo(Endpoint(3), 7);
        state.open_end(fifo, O_RDONLY);
        assert_eq!(state.check(), 0);
        state.pipes.remove(&gone);
        let pipe = state.end(reader).unwrap().pipe();
        state.pipes.update(&pipe, |pipe| pipe.readers = 5);
        state.descriptions_mut().close(writer).unwrap();
        // Two ends, and a pipe whose ends were miscounted.
        assert_eq!((state.check(), state.check()), (3, 0));
        let pipe = state.pipe(pipe).unwrap();
        assert_eq!((pipe.readers, pipe.writers), (1, 0));
        assert!(state.end(lost).is_err() && state.pipe(fifo).is_some());
        state.pipes.remove(&fifo);
        // Its end and its name.
        assert_eq!((state.check(), state.check()), (2, 0));
        assert_ne!(state.fifo(Endpoint(3), 7), fifo);
    }

    #[test]
    fn all_pipes_together_have_an_end_and_each_keeps_its_guarantee() {
        let mut state = super::State::fresh(&service::Start::default());
        let mut full = 0;
        while state.has_place() {
            let (reader, _) = state.create(0);
            let pipe = state.end(reader).unwrap().pipe();
            let room = usize::try_from(state.room(pipe)).unwrap();
            assert!(room >= super::GUARANTEED);
            state.put(pipe, &vec![0; room]);
            full += usize::from(room == crate::pipe::CAPACITY);
            assert_eq!(state.room(pipe), 0);
        }
        assert_eq!(full, super::ALL_BYTES / crate::pipe::CAPACITY);
        let (pipe, _) = state.pipes.iter().last().unwrap();
        let pipe = *pipe;
        state.take(pipe, 96);
        assert_eq!(state.room(pipe), 96);
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
