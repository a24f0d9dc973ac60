//! Version 2: objects say what is read from them, null is the absence of a source, and the count of
//! bytes has another name.

use super::Kind;
use abi::Errno;
use minicbor::{Decode, Encode};
use protocol::Handle;
use service::container::Value;
use service::description::Descriptions;
use shape::Shape;

/// What is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Shape)]
pub enum Source {
    /// Nothing is read.
    #[n(0)]
    Empty,
    /// Zeroes are read.
    #[n(1)]
    Zeroes {
        /// Whether writes are refused.
        #[n(0)]
        refuses: bool,
    },
}

impl From<Kind> for Source {
    fn from(kind: Kind) -> Source {
        match kind {
            Kind::Null => Source::Empty,
            Kind::Zero => Source::Zeroes { refuses: false },
            Kind::Full => Source::Zeroes { refuses: true },
        }
    }
}

impl From<Source> for Kind {
    fn from(source: Source) -> Kind {
        match source {
            Source::Empty => Kind::Null,
            Source::Zeroes { refuses: false } => Kind::Zero,
            Source::Zeroes { refuses: true } => Kind::Full,
        }
    }
}

/// What the driver knows.
#[derive(Debug, Default, Encode, Decode, Shape)]
pub struct State {
    #[n(2)]
    pub(super) sources: Descriptions<Source>,
    #[n(3)]
    pub(super) bytes_discarded: Value<u64>,
    /// Writes, however long.
    #[n(4)]
    pub(super) writes: Value<u64>,
}

impl State {
    /// What is open when a device is.
    #[must_use]
    pub fn object(kind: Kind) -> Source {
        kind.into()
    }

    /// The open devices, to look at.
    #[must_use]
    pub fn descriptions(&self) -> &Descriptions<Source> {
        &self.sources
    }

    /// The open devices.
    pub fn descriptions_mut(&mut self) -> &mut Descriptions<Source> {
        &mut self.sources
    }

    /// What a handle refers to.
    ///
    /// # Errors
    /// `STALE`.
    pub fn kind(&self, handle: Handle) -> Result<Kind, Errno> {
        Ok(self.sources.get(handle)?.object.into())
    }

    /// Counts bytes that went nowhere.
    pub fn swallow(&mut self, bytes: u64) {
        self.bytes_discarded
            .change(|sum| *sum = sum.wrapping_add(bytes));
        self.writes.change(|count| *count = count.wrapping_add(1));
    }
}

impl service::State for State {
    const VERSION: u32 = 2;
    type Other = super::version_1::State;
    const OTHER_VERSION: u32 = 1;

    fn fresh(start: &service::Start) -> Self {
        State {
            sources: Descriptions::fresh(start),
            ..Self::default()
        }
    }

    fn check(&mut self) -> usize {
        self.sources.check(|_| true)
    }
}
