//! Processes: the first, fork, exec, exit.

use super::descriptors::OPENS;
use super::types::FIRST_SETTINGS;
use super::{
    Descriptors, Executable, Mounts, Object, Open, OpenId, Places, Program, Released, Settings,
    Spot, Tables,
};
use abi::{Errno, Pid};
use alloc::vec::Vec;

/// What happens to processes.
pub(crate) trait Processes: Tables {
    /// Makes the table of the first process, which takes over a reference to the root; says
    /// whether it was not there yet.
    ///
    /// # Errors
    /// `NODEV` when no root is mounted.
    fn make_first(&mut self, process: Pid) -> Result<bool, Errno> {
        if self.places(process).is_some() {
            return Ok(false);
        }
        let root = self.root_open().ok_or(Errno::NODEV)?;
        let root = self.add_open(root, 2);
        let places = Places {
            root,
            directory: root,
        };
        self.add_process(process, places, FIRST_SETTINGS, Program::default());
        Ok(true)
    }

    /// Copies the table of a process for its child.
    ///
    /// # Errors
    /// `SRCH` when there is no parent, `EXIST` when there is such a child.
    fn copy_process(&mut self, parent: Pid, child: Pid) -> Result<(), Errno> {
        let places = self.places(parent).ok_or(Errno::SRCH)?;
        let settings = self.settings(parent).ok_or(Errno::SRCH)?;
        if self.places(child).is_some() {
            return Err(Errno::EXIST);
        }
        let program = Program {
            path: self
                .program(parent)
                .map_or_else(Default::default, |p| p.path.clone()),
            ..Program::default()
        };
        self.hold(places.root, 1);
        self.hold(places.directory, 1);
        self.add_process(child, places, settings, program);
        let groups = self.groups(parent);
        self.set_groups(child, groups);
        let descriptors: Vec<_> = self.descriptors_from(parent, 0).collect();
        for (number, descriptor) in descriptors {
            self.hold(descriptor.open, 1);
            self.set_descriptor(child, number, descriptor);
        }
        Ok(())
    }

    /// Closes everything of a process and forgets it; nothing when there is none.
    fn end_process(&mut self, process: Pid) -> Released {
        let mut released = self.close_all(process, 0, u32::MAX, |_| true);
        if let Some(places) = self.places(process) {
            released.and(self.let_go(places.root));
            released.and(self.let_go(places.directory));
        }
        self.drop_process(process);
        released
    }

    /// Notes that a file was opened for an exec.
    fn note_candidate(&mut self, process: Pid, object: Object, path: &[u8]) {
        let Some(mut program) = self.program(process).cloned() else {
            return;
        };
        program.candidates.push(Executable {
            object,
            path: path.to_vec(),
        });
        // Script, interpreter, dynamic linker: an exec that failed may have left some more.
        let surplus = program.candidates.len().saturating_sub(8);
        program.candidates.drain(..surplus);
        self.set_program(process, program);
    }

    /// Makes one of the candidates the program.
    ///
    /// # Errors
    /// `NOENT` when it is none.
    fn choose_program(&mut self, process: Pid, object: Object) -> Result<(), Errno> {
        let mut program = self.program(process).cloned().ok_or(Errno::NOENT)?;
        let found = program.candidates.iter().rfind(|c| c.object == object);
        let chosen = found.cloned().ok_or(Errno::NOENT)?;
        program.candidates = alloc::vec![chosen];
        self.set_program(process, program);
        Ok(())
    }

    /// The process has executed: its program is the (chosen or first) candidate, and what is marked
    /// is closed.
    fn executed(&mut self, process: Pid) -> Released {
        if let Some(mut program) = self.program(process).cloned() {
            if !program.candidates.is_empty() {
                program.path = program.candidates.swap_remove(0).path;
            }
            program.candidates.clear();
            self.set_program(process, program);
        }
        self.close_all(process, 0, u32::MAX, |descriptor| descriptor.close_on_exec)
    }

    /// Where a path starts: at the root, at the working directory (no descriptor), or at an open
    /// directory.
    ///
    /// # Errors
    /// `BADF`, `NOTDIR`.
    fn spot(&self, process: Pid, from: Start) -> Result<Spot, Errno> {
        let places = self.places(process).ok_or(Errno::BADF)?;
        let open = match from {
            Start::Root => self.open(places.root).ok_or(Errno::BADF)?,
            Start::Directory => self.open(places.directory).ok_or(Errno::BADF)?,
            Start::Descriptor(number) => self.opened(process, number)?.1,
        };
        open.spot()
    }

    /// Makes an open the working directory or the root, taking a reference over; the one before is
    /// let go.
    ///
    /// # Errors
    /// `BADF` when there is no such process; then nothing is changed.
    fn move_place(&mut self, process: Pid, which: Place, to: OpenId) -> Result<Released, Errno> {
        let mut places = self.places(process).ok_or(Errno::BADF)?;
        let place = match which {
            Place::Root => &mut places.root,
            Place::Directory => &mut places.directory,
        };
        let before = core::mem::replace(place, to);
        self.set_places(process, places);
        Ok(self.let_go(before))
    }

    /// The same for something newly opened.
    ///
    /// # Errors
    /// `BADF` when there is no such process, `NFILE` when too much is open in all; then nothing is
    /// changed.
    fn move_place_to(&mut self, process: Pid, which: Place, to: Open) -> Result<Released, Errno> {
        self.places(process).ok_or(Errno::BADF)?;
        if self.open_count() >= OPENS {
            return Err(Errno::NFILE);
        }
        let to = self.add_open(to, 1);
        self.move_place(process, which, to)
    }

    /// Changes what a process has set and returns what it was before.
    ///
    /// # Errors
    /// `BADF` when there is no such process.
    fn change_settings(
        &mut self,
        process: Pid,
        change: impl FnOnce(&mut Settings),
    ) -> Result<Settings, Errno> {
        let before = self.settings(process).ok_or(Errno::BADF)?;
        let mut settings = before;
        change(&mut settings);
        self.set_settings(process, settings);
        Ok(before)
    }
}

impl<T: Tables> Processes for T {}

/// Where a path starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Start {
    /// At the root of the process.
    Root,
    /// At its working directory.
    Directory,
    /// At an open directory.
    Descriptor(u32),
}

/// A directory of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Its root.
    Root,
    /// Its working directory.
    Directory,
}
