//! Advisory locks: of ranges, held by processes or descriptions (fcntl), and of whole files, held
//! by descriptions (flock). The two kinds do not see each other, as in Linux.

use super::{Object, OpenId};
use abi::{Endpoint, Errno, Pid};
use alloc::vec::Vec;
use linux::file::lock::{Kind, Range};
use minicbor::{Decode, Encode};
use service::container::Map;
use shape::Shape;

/// Locks there can be at a time; then ENOLCK.
const LIMIT: usize = 4096;
/// No locks available (ENOLCK).
const NO_LOCKS: Errno = Errno(37);

/// What is locked: an inode at its server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, Shape)]
pub(crate) struct LockFile {
    /// The server.
    #[n(0)]
    pub(crate) server: Endpoint,
    /// The inode's number there.
    #[n(1)]
    pub(crate) node: u64,
}

impl LockFile {
    /// The inode `node` at the server of an object.
    #[must_use]
    pub(crate) const fn of(object: Object, node: u64) -> LockFile {
        LockFile {
            server: object.server,
            node,
        }
    }
}

/// Who holds a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, Shape)]
pub(crate) enum LockOwner {
    /// A process holds a range.
    #[n(0)]
    Process(#[n(0)] Pid),
    /// A description holds a range.
    #[n(1)]
    Description(#[n(0)] OpenId),
    /// A description holds the whole file.
    #[n(2)]
    Whole(#[n(0)] OpenId),
}

impl LockOwner {
    const fn is_whole(self) -> bool {
        matches!(self, LockOwner::Whole(_))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Shape)]
struct Held {
    #[n(0)]
    last: u64,
    #[n(1)]
    exclusive: bool,
}

/// A lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lock {
    /// Who holds it.
    pub(crate) owner: LockOwner,
    /// What it allows others.
    pub(crate) kind: Kind,
    /// What it is of.
    pub(crate) range: Range,
}

/// All locks. Those of one owner on one file do not meet.
#[derive(Clone, Debug, Default, Encode, Decode, Shape)]
pub(crate) struct LockTable {
    #[n(0)]
    held: Map<(LockFile, LockOwner, u64), Held>,
}

impl LockTable {
    fn of_file(&self, file: LockFile) -> impl Iterator<Item = Lock> {
        let first = (file, LockOwner::Process(Pid(0)), 0);
        let last = (file, LockOwner::Whole(OpenId(u64::MAX)), u64::MAX);
        self.held
            .range(first..=last)
            .map(|((_, owner, start), held)| Lock {
                owner: *owner,
                kind: if held.exclusive {
                    Kind::Exclusive
                } else {
                    Kind::Shared
                },
                range: Range {
                    start: *start,
                    last: held.last,
                },
            })
    }

    /// A lock of somebody else that is in the way.
    #[must_use]
    pub(crate) fn conflict(&self, file: LockFile, wanted: Lock) -> Option<Lock> {
        self.of_file(file).find(|lock| {
            lock.owner != wanted.owner
                && lock.owner.is_whole() == wanted.owner.is_whole()
                && lock.range.meets(&wanted.range)
                && (lock.kind == Kind::Exclusive || wanted.kind == Kind::Exclusive)
        })
    }

    /// Sets a lock in place of what the owner has there.
    ///
    /// # Errors
    /// `AGAIN` when another is in the way, ENOLCK when there are too many.
    pub(crate) fn set(&mut self, file: LockFile, lock: Lock) -> Result<(), Errno> {
        if self.conflict(file, lock).is_some() {
            return Err(Errno::AGAIN);
        }
        if self.held.len() >= LIMIT {
            return Err(NO_LOCKS);
        }
        self.unset(file, lock.owner, lock.range);
        self.put(file, lock);
        Ok(())
    }

    /// Drops what an owner has locked of a range; says whether that was anything.
    pub(crate) fn unset(&mut self, file: LockFile, owner: LockOwner, range: Range) -> bool {
        let met: Vec<Lock> = self
            .of_file(file)
            .filter(|lock| lock.owner == owner && lock.range.meets(&range))
            .collect();
        for lock in &met {
            self.held.remove(&(file, owner, lock.range.start));
            if let Some(last) = range
                .start
                .checked_sub(1)
                .filter(|l| *l >= lock.range.start)
            {
                let start = lock.range.start;
                self.put(
                    file,
                    Lock {
                        range: Range { start, last },
                        ..*lock
                    },
                );
            }
            if let Some(start) = range.last.checked_add(1).filter(|s| *s <= lock.range.last) {
                let last = lock.range.last;
                self.put(
                    file,
                    Lock {
                        range: Range { start, last },
                        ..*lock
                    },
                );
            }
        }
        !met.is_empty()
    }

    /// Drops all that an owner has locked of a file; says whether that was anything.
    pub(crate) fn drop_file(&mut self, file: LockFile, owner: LockOwner) -> bool {
        let all = Range {
            start: 0,
            last: u64::MAX,
        };
        self.unset(file, owner, all)
    }

    /// Keeps the locks of owners that are still there; returns how many went.
    pub(crate) fn retain(&mut self, is_there: impl Fn(LockOwner) -> bool) -> usize {
        let before = self.held.len();
        self.held.retain(|(_, owner, _), _| is_there(*owner));
        before - self.held.len()
    }

    fn put(&mut self, file: LockFile, lock: Lock) {
        let held = Held {
            last: lock.range.last,
            exclusive: lock.kind == Kind::Exclusive,
        };
        self.held.insert((file, lock.owner, lock.range.start), held);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: LockFile = LockFile {
        server: Endpoint(3),
        node: 7,
    };

    fn lock(process: u32, kind: Kind, start: u64, last: u64) -> Lock {
        Lock {
            owner: LockOwner::Process(Pid(process)),
            kind,
            range: Range { start, last },
        }
    }

    #[test]
    fn shared_locks_meet_and_exclusive_ones_do_not() {
        let mut table = LockTable::default();
        table.set(FILE, lock(1, Kind::Shared, 0, 9)).unwrap();
        table.set(FILE, lock(2, Kind::Shared, 5, 20)).unwrap();
        assert_eq!(
            table.set(FILE, lock(1, Kind::Exclusive, 0, 5)),
            Err(Errno::AGAIN)
        );
        assert_eq!(table.set(FILE, lock(1, Kind::Exclusive, 0, 4)), Ok(()));
        let found = table.conflict(FILE, lock(2, Kind::Shared, 0, 100)).unwrap();
        assert_eq!(found, lock(1, Kind::Exclusive, 0, 4));
        let whole = Lock {
            owner: LockOwner::Whole(OpenId(1)),
            ..lock(0, Kind::Exclusive, 0, u64::MAX)
        };
        assert_eq!(table.set(FILE, whole), Ok(()));
    }

    #[test]
    fn unlocking_the_middle_leaves_both_ends() {
        let mut table = LockTable::default();
        table
            .set(FILE, lock(1, Kind::Exclusive, 0, u64::MAX))
            .unwrap();
        let owner = LockOwner::Process(Pid(1));
        assert!(table.unset(
            FILE,
            owner,
            Range {
                start: 10,
                last: 19
            }
        ));
        assert_eq!(table.set(FILE, lock(2, Kind::Exclusive, 10, 19)), Ok(()));
        assert_eq!(
            table.set(FILE, lock(2, Kind::Shared, 9, 9)),
            Err(Errno::AGAIN)
        );
        assert_eq!(
            table.set(FILE, lock(2, Kind::Shared, 20, 20)),
            Err(Errno::AGAIN)
        );
        assert!(table.drop_file(FILE, owner));
        assert!(!table.drop_file(FILE, owner));
        assert_eq!(table.set(FILE, lock(2, Kind::Shared, 0, 100)), Ok(()));
    }
}
