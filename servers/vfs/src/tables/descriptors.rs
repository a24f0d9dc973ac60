//! Descriptors: the lowest free number, copies, closing.

use super::{Descriptor, Limits, LockOwner, Open, OpenId, Released, Tables};
use abi::{Errno, Pid};
use alloc::vec::Vec;

/// Opens there can be at a time, of all processes together; then ENFILE.
pub(super) const OPENS: usize = 65_536;

/// What is done with descriptors. Numbers come from programs as they wrote them.
pub(crate) trait Descriptors: Tables {
    /// What a descriptor refers to.
    ///
    /// # Errors
    /// `BADF` when it is not open.
    fn opened(&self, process: Pid, number: u32) -> Result<(OpenId, &Open), Errno> {
        let descriptor = self.descriptor(process, number).ok_or(Errno::BADF)?;
        let open = self.open(descriptor.open).ok_or(Errno::BADF)?;
        Ok((descriptor.open, open))
    }

    /// The lowest free number at or above `least`.
    ///
    /// # Errors
    /// `MFILE` when it would be above the limit, `BADF` when there is no such process.
    fn free_number(&self, process: Pid, least: u32) -> Result<u32, Errno> {
        let limit = self.descriptor_limit(process)?;
        let mut free = least;
        for (number, _) in self.descriptors_from(process, least) {
            if number != free {
                break;
            }
            free += 1;
        }
        if u64::from(free) < limit {
            Ok(free)
        } else {
            Err(Errno::MFILE)
        }
    }

    /// The number that something newly opened gets.
    ///
    /// # Errors
    /// As [`Descriptors::free_number`]; `NFILE` when too much is open in all.
    fn number_for_new(&self, process: Pid) -> Result<u32, Errno> {
        let number = self.free_number(process, 0)?;
        if self.open_count() >= OPENS {
            return Err(Errno::NFILE);
        }
        Ok(number)
    }

    /// One more than the highest number a process may have.
    ///
    /// # Errors
    /// `BADF` when there is no such process.
    fn descriptor_limit(&self, process: Pid) -> Result<u64, Errno> {
        let Limits { descriptors, .. } = self.settings(process).ok_or(Errno::BADF)?.limits;
        Ok(descriptors.min(abi::limits::DESCRIPTORS as u64))
    }

    /// Adds references to an open.
    fn hold(&mut self, id: OpenId, count: u32) {
        let references = self.references(id).saturating_add(count);
        self.set_references(id, references);
    }

    /// Drops a reference to an open; the last one closes it.
    fn let_go(&mut self, id: OpenId) -> Released {
        let references = self.references(id);
        if references > 1 {
            self.set_references(id, references - 1);
            return Released::default();
        }
        let Some(open) = self.take_open(id) else {
            return Released::default();
        };
        let by_range = self
            .locks_mut()
            .drop_file(open.file, LockOwner::Description(id));
        let whole = self.locks_mut().drop_file(open.file, LockOwner::Whole(id));
        Released {
            objects: core::iter::once(open.object).chain(open.node).collect(),
            unlocked: by_range || whole,
        }
    }

    /// Gives a process a descriptor for something newly opened.
    ///
    /// # Errors
    /// As [`Descriptors::number_for_new`]; then nothing is changed.
    fn install(&mut self, process: Pid, open: Open, close_on_exec: bool) -> Result<u32, Errno> {
        let number = self.number_for_new(process)?;
        let open = self.add_open(open, 1);
        let descriptor = Descriptor {
            open,
            close_on_exec,
        };
        self.set_descriptor(process, number, descriptor);
        Ok(number)
    }

    /// Gives a process descriptors for both ends of a pipe.
    ///
    /// # Errors
    /// As [`Descriptors::number_for_new`]; then nothing is changed.
    fn install_both(
        &mut self,
        process: Pid,
        [first, second]: [Open; 2],
        close_on_exec: bool,
    ) -> Result<(u32, u32), Errno> {
        let lower = self.number_for_new(process)?;
        self.free_number(process, lower + 1)?;
        if self.open_count() + 2 > OPENS {
            return Err(Errno::NFILE);
        }
        Ok((
            self.install(process, first, close_on_exec)?,
            self.install(process, second, close_on_exec)?,
        ))
    }

    /// Copies a descriptor to the lowest free number at or above `least`.
    ///
    /// # Errors
    /// `BADF`, `MFILE`; `INVAL` when `least` is above the limit.
    fn duplicate(
        &mut self,
        process: Pid,
        number: u32,
        least: u32,
        close_on_exec: bool,
    ) -> Result<u32, Errno> {
        let (open, _) = self.opened(process, number)?;
        if u64::from(least) >= self.descriptor_limit(process)? {
            return Err(Errno::INVAL);
        }
        let copy = self.free_number(process, least)?;
        self.hold(open, 1);
        let descriptor = Descriptor {
            open,
            close_on_exec,
        };
        self.set_descriptor(process, copy, descriptor);
        Ok(copy)
    }

    /// Makes descriptor `copy` another name of `number`, closing what it was; of itself it is left.
    ///
    /// # Errors
    /// `BADF` when `number` is not open or `copy` is above the limit.
    fn duplicate_to(
        &mut self,
        process: Pid,
        number: u32,
        copy: u32,
        close_on_exec: bool,
    ) -> Result<Released, Errno> {
        let (open, _) = self.opened(process, number)?;
        if u64::from(copy) >= self.descriptor_limit(process)? {
            return Err(Errno::BADF);
        }
        if number == copy {
            return Ok(Released::default());
        }
        self.hold(open, 1);
        let released = self.close(process, copy).unwrap_or_default();
        let descriptor = Descriptor {
            open,
            close_on_exec,
        };
        self.set_descriptor(process, copy, descriptor);
        Ok(released)
    }

    /// Closes a descriptor. The process loses its locks on that file, as POSIX has it.
    ///
    /// # Errors
    /// `BADF` when it is not open.
    fn close(&mut self, process: Pid, number: u32) -> Result<Released, Errno> {
        let descriptor = self.take_descriptor(process, number).ok_or(Errno::BADF)?;
        let file = self.open(descriptor.open).map(|open| open.file);
        let unlocked = file.is_some_and(|file| {
            self.locks_mut()
                .drop_file(file, LockOwner::Process(process))
        });
        let mut released = self.let_go(descriptor.open);
        released.unlocked |= unlocked;
        Ok(released)
    }

    /// Closes the descriptors from `first` to `last` that fit.
    fn close_all(
        &mut self,
        process: Pid,
        first: u32,
        last: u32,
        fits: impl Fn(Descriptor) -> bool,
    ) -> Released {
        let numbers: Vec<u32> = self
            .descriptors_from(process, first)
            .take_while(|(number, _)| *number <= last)
            .filter(|(_, descriptor)| fits(*descriptor))
            .map(|(number, _)| number)
            .collect();
        let mut released = Released::default();
        for number in numbers {
            released.and(self.close(process, number).unwrap_or_default());
        }
        released
    }

    /// Sets whether exec closes the descriptors from `first` to `last` that are open.
    fn mark(&mut self, process: Pid, first: u32, last: u32, close_on_exec: bool) {
        let open: Vec<_> = self
            .descriptors_from(process, first)
            .take_while(|(number, _)| *number <= last)
            .collect();
        for (number, mut descriptor) in open {
            descriptor.close_on_exec = close_on_exec;
            self.set_descriptor(process, number, descriptor);
        }
    }
}

impl<T: Tables> Descriptors for T {}
