//! Version 1.

use super::check::{Tables, check};
use super::{End, PipeId};
use crate::pipe::Pipe;
use abi::{Endpoint, Errno};
use linux::file::flags::{O_WRONLY, reads, writes};
use minicbor::{Decode, Encode};
use protocol::Handle;
use service::container::{Map, Value};
use service::description::Descriptions;
use shape::Shape;

/// What pfs knows.
#[derive(Debug, Default, Encode, Decode, Shape)]
pub struct State {
    #[n(0)]
    pub(super) pipes: Map<PipeId, Pipe>,
    /// The FIFOs that are open, by file system and inode.
    #[n(1)]
    pub(super) fifos: Map<(Endpoint, u64), PipeId>,
    #[n(4)]
    pub(super) open: Descriptions<End>,
    #[n(5)]
    pub(super) last: Value<u64>,
}

impl State {
    /// The open ends, to look at.
    #[must_use]
    pub fn descriptions(&self) -> &Descriptions<End> {
        &self.open
    }

    /// The open ends.
    pub fn descriptions_mut(&mut self) -> &mut Descriptions<End> {
        &mut self.open
    }

    /// What a handle refers to.
    ///
    /// # Errors
    /// `STALE`.
    pub fn end(&self, handle: Handle) -> Result<End, Errno> {
        Ok(self.open.get(handle)?.object)
    }

    /// A pipe.
    #[must_use]
    pub fn pipe(&self, id: PipeId) -> Option<&Pipe> {
        self.pipes.get(&id)
    }

    fn make(&mut self) -> PipeId {
        let id = PipeId(self.last.get() + 1);
        self.last.set(id.0);
        self.pipes.insert(id, Pipe::default());
        id
    }

    /// Makes a pipe with both ends open.
    pub fn create(&mut self, flags: u32) -> (Handle, Handle) {
        let id = self.make();
        self.pipes.update(&id, |pipe| pipe.open(true, true));
        let reader = self.open.open(End::Pipe(id), flags);
        (reader, self.open.open(End::Pipe(id), flags | O_WRONLY))
    }

    /// The pipe of a FIFO, made if nobody has it open.
    pub fn fifo(&mut self, server: Endpoint, node: u64) -> PipeId {
        if let Some(id) = self.fifos.get(&(server, node)) {
            return *id;
        }
        let id = self.make();
        self.fifos.insert((server, node), id);
        id
    }

    /// Opens a FIFO's end or ends.
    pub fn open_end(&mut self, id: PipeId, flags: u32) -> Handle {
        self.pipes
            .update(&id, |pipe| pipe.open(reads(flags), writes(flags)));
        self.open.open(End::Fifo(id), flags)
    }

    /// How often each end of a FIFO has been opened.
    #[must_use]
    pub fn openings(&self, id: PipeId) -> (u64, u64) {
        self.pipe(id).map_or((0, 0), |pipe| pipe.openings)
    }

    /// Whether the end that `writes` does not mean is open, or has been since `seen`.
    #[must_use]
    pub fn other_end_was_open(&self, id: PipeId, writes: bool, seen: (u64, u64)) -> bool {
        self.pipe(id).is_some_and(|pipe| match writes {
            true => pipe.readers > 0 || pipe.openings.0 > seen.0,
            false => pipe.writers > 0 || pipe.openings.1 > seen.1,
        })
    }

    /// Adds bytes; there is room for them.
    pub fn put(&mut self, id: PipeId, bytes: &[u8]) {
        self.pipes.update(&id, |pipe| pipe.put(bytes));
    }

    /// Drops the first bytes.
    pub fn take(&mut self, id: PipeId, count: usize) {
        self.pipes.update(&id, |pipe| pipe.take(count));
    }

    /// An end has been closed for good.
    pub fn close(&mut self, end: End, flags: u32) {
        let id = end.pipe();
        let ended = self
            .pipes
            .update(&id, |pipe| pipe.close(reads(flags), writes(flags)));
        if ended == Some(true) {
            self.pipes.remove(&id);
            self.fifos.retain(|_, of| *of != id);
        }
    }

    /// Closes a handle, as if asked to.
    ///
    /// # Errors
    /// `STALE`.
    pub fn close_handle(&mut self, handle: Handle) -> Result<(), Errno> {
        if let Some(closed) = self.open.close(handle)? {
            self.close(closed.object, closed.flags);
        }
        Ok(())
    }
}

impl service::State for State {
    const VERSION: u32 = 1;
    type Other = super::version_2::State;
    const OTHER_VERSION: u32 = 2;

    fn fresh(start: &service::Start) -> Self {
        State {
            open: Descriptions::fresh(start),
            ..Self::default()
        }
    }

    fn check(&mut self) -> usize {
        check(&mut Tables {
            pipes: &mut self.pipes,
            fifos: &mut self.fifos,
            open: &mut self.open,
            last: &mut self.last,
        })
    }
}
