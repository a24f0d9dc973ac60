//! Open file descriptions: what every server of objects keeps for its handles.

use crate::container::{Map, Value};
use crate::state::Start;
use abi::Errno;
use minicbor::{Decode, Encode};
use protocol::Handle;
use shape::Shape;

/// An open file description.
#[derive(Clone, Debug, Encode, Decode, Shape)]
pub struct Description<T> {
    /// Descriptors and other holders that refer to it.
    #[n(0)]
    pub references: u32,
    /// Linux's open flags: access mode and status flags.
    #[n(1)]
    pub flags: u32,
    /// Where the next read or write takes place.
    #[n(2)]
    pub position: u64,
    /// What is open.
    #[n(3)]
    pub object: T,
}

/// The open file descriptions of a server: a container for its State.
#[derive(Clone, Debug, Encode, Decode, Shape)]
pub struct Descriptions<T> {
    #[n(0)]
    open: Map<u32, Description<T>>,
    #[n(1)]
    last: Value<u32>,
}

impl<T> Default for Descriptions<T> {
    fn default() -> Self {
        Descriptions {
            open: Map::default(),
            last: Value::default(),
        }
    }
}

/// The handle of a file system's root, of whatever instance: what is mounted stays mounted when its
/// server starts without its State.
const ROOT: u32 = u32::MAX;
/// How far apart the numbers of handles begin in instances that start fresh, so that one of before
/// hardly ever means something else: an odd number near the golden ratio of 2^32.
const SPREAD: u32 = 0x9e37_79b1;

impl<T: Clone> Descriptions<T> {
    /// No descriptions yet. Handles of instances before are refused as stale.
    #[must_use]
    pub fn fresh(start: &Start) -> Self {
        let before = start.generation.saturating_sub(1);
        Descriptions {
            open: Map::default(),
            last: Value::new(before.wrapping_mul(SPREAD)),
        }
    }

    /// Opens the root of a file system, which is always the same description.
    pub fn open_root(&mut self, object: T, flags: u32) -> Handle {
        let root = Handle(ROOT);
        if self.duplicate(root, 1).is_err() {
            self.insert(root, object, flags);
        }
        root
    }

    /// Opens an object with one reference, at position 0.
    pub fn open(&mut self, object: T, flags: u32) -> Handle {
        let handle = self.next_free();
        self.last.set(handle);
        self.insert(Handle(handle), object, flags);
        Handle(handle)
    }

    fn insert(&mut self, handle: Handle, object: T, flags: u32) {
        let description = Description {
            references: 1,
            flags,
            position: 0,
            object,
        };
        self.open.insert(handle.0, description);
    }

    fn next_free(&self) -> u32 {
        let mut handle = *self.last.get();
        loop {
            handle = handle.wrapping_add(1).max(1);
            if handle != ROOT && !self.open.contains(&handle) {
                return handle;
            }
        }
    }

    /// An open description.
    ///
    /// # Errors
    /// `STALE` when the handle is not open.
    pub fn get(&self, handle: Handle) -> Result<&Description<T>, Errno> {
        self.open.get(&handle.0).ok_or(Errno::STALE)
    }

    /// Changes an open description.
    ///
    /// # Errors
    /// `STALE` when the handle is not open.
    pub fn update<R>(
        &mut self,
        handle: Handle,
        change: impl FnOnce(&mut Description<T>) -> R,
    ) -> Result<R, Errno> {
        self.open.update(&handle.0, change).ok_or(Errno::STALE)
    }

    /// Adds references.
    ///
    /// # Errors
    /// `STALE` when the handle is not open, `NFILE` when there are too many.
    pub fn duplicate(&mut self, handle: Handle, count: u32) -> Result<(), Errno> {
        let references = self.get(handle)?.references;
        let sum = references.checked_add(count).ok_or(Errno::NFILE)?;
        self.update(handle, |description| description.references = sum)
    }

    /// Drops a reference. With the last one the description is closed and returned.
    ///
    /// # Errors
    /// `STALE` when the handle is not open.
    pub fn close(&mut self, handle: Handle) -> Result<Option<Description<T>>, Errno> {
        if self.get(handle)?.references > 1 {
            self.update(handle, |description| description.references -= 1)?;
            return Ok(None);
        }
        Ok(self.open.remove(&handle.0))
    }

    /// Drops descriptions that nobody refers to, and those of objects for which `is_there` does
    /// not hold; returns how many. For [`crate::State::check`].
    pub fn check(&mut self, is_there: impl Fn(&T) -> bool) -> usize {
        let before = self.open.len();
        self.open
            .retain(|_, of| of.references > 0 && is_there(&of.object));
        before - self.open.len()
    }

    /// All open descriptions.
    pub fn iter(&self) -> impl Iterator<Item = (Handle, &Description<T>)> {
        self.open
            .iter()
            .map(|(handle, description)| (Handle(*handle), description))
    }

    /// The same descriptions of other objects: for conversions between versions.
    pub fn convert<U: Clone>(self, convert: impl Fn(T) -> U) -> Descriptions<U> {
        let last = self.last.clone();
        let entries = self.open.into_entries().map(|(handle, old)| {
            let Description {
                references,
                flags,
                position,
                object,
            } = old;
            (
                handle,
                Description {
                    references,
                    flags,
                    position,
                    object: convert(object),
                },
            )
        });
        Descriptions {
            open: entries.collect(),
            last,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_close_returns_the_description() {
        let mut open = Descriptions::default();
        let handle = open.open("x", 0);
        open.duplicate(handle, 1).unwrap();
        assert!(open.close(handle).unwrap().is_none());
        assert_eq!(open.close(handle).unwrap().unwrap().object, "x");
        assert_eq!(open.close(handle).unwrap_err(), Errno::STALE);
        assert_ne!(open.open("y", 0), handle);
    }

    #[test]
    fn handles_of_an_instance_before_are_stale() {
        let start = |generation| Start {
            generation,
            ..Start::default()
        };
        let mut first = Descriptions::fresh(&start(1));
        let (root, file) = (first.open_root("/", 0), first.open("file", 0));
        assert_eq!(file, Handle(1));
        let mut next = Descriptions::fresh(&start(2));
        next.open_root("/", 0);
        next.open("another file", 0);
        assert_eq!(next.get(root).unwrap().object, "/");
        assert_eq!(next.get(file).unwrap_err(), Errno::STALE);
    }

    #[test]
    fn the_root_is_one_description() {
        let mut open = Descriptions::default();
        let root = open.open_root("/", 0);
        assert_eq!(open.open_root("/", 0), root);
        assert!(open.close(root).unwrap().is_none());
        assert!(open.close(root).unwrap().is_some());
        open.last.set(ROOT - 1);
        assert_eq!(open.open("x", 0), Handle(1));
    }

    #[test]
    fn descriptions_that_cannot_be_are_dropped_alone() {
        let mut open = Descriptions::default();
        let (whole, lost) = (open.open("there", 0), open.open("gone", 0));
        let nobodys = open.open("there", 0);
        open.update(nobodys, |of| of.references = 0).unwrap();
        assert_eq!(open.check(|object| *object == "there"), 2);
        assert!(open.get(whole).is_ok() && open.get(lost).is_err());
        assert_eq!(open.check(|object| *object == "there"), 0);
    }
}
