//! What is looked at of a run besides its output: a trace, a profile.

use std::io::{self, BufReader, PipeWriter};
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::path::{Path, PathBuf};
use std::thread::{self, JoinHandle};

use crate::profile::{self, Code, Listing};
use crate::project::{check_place, say, write};
use crate::trace::{self, Recorded};
use crate::{Built, Error};

use super::Exec;

/// What a run needs for the views that are wanted of it.
pub(super) struct Views {
    /// The file that is the machine's memory, in which the kernel's records are.
    memory: Option<PathBuf>,
    /// The end of a pipe by which the emulator tells what it executes.
    pipe: Option<PipeWriter>,
    /// Reads it until the emulator ends.
    listening: Option<JoinHandle<io::Result<Listing>>>,
}

impl Views {
    /// Checks where the views go, and prepares what they are made from.
    ///
    /// # Errors
    /// That a view could not be written.
    pub(super) fn of_run(wanted: &Exec, folder: &Path) -> Result<Views, Error> {
        let files = [&wanted.trace, &wanted.profile].into_iter().flatten();
        let recorded = wanted.records || files.clone().next().is_some();
        let memory = recorded.then(|| folder.join("memory"));
        files.into_iter().try_for_each(|file| check_place(file))?;
        let mut views = Views {
            memory,
            pipe: None,
            listening: None,
        };
        if wanted.profile.is_some() {
            let (reader, writer) = io::pipe().map_err(Error::Stream)?;
            let listen = || Listing::read(BufReader::new(reader));
            views.listening = Some(thread::spawn(listen));
            views.pipe = Some(writer);
        }
        Ok(views)
    }

    /// The kernel's command line: room for many records.
    pub(super) fn words(&self) -> Option<String> {
        let room = |_| format!("records={}", trace::ROOM);
        self.memory.as_ref().map(room)
    }

    pub(super) fn memory(&self) -> Option<PathBuf> {
        self.memory.clone()
    }

    pub(super) fn executed(&self) -> Option<RawFd> {
        self.pipe.as_ref().map(AsRawFd::as_raw_fd)
    }

    /// The pipe, to be closed when the emulator has its copy.
    pub(super) fn take_pipe(&mut self) -> Option<OwnedFd> {
        self.pipe.take().map(OwnedFd::from)
    }

    /// Writes what is wanted, when the machine has ended; what was recorded.
    ///
    /// # Errors
    /// Those of reading what was recorded, and of writing.
    pub(super) fn write(
        self,
        built: &Built,
        wanted: &Exec,
        log: &str,
    ) -> Result<Option<Recorded>, Error> {
        let Some(memory) = self.memory else {
            return Ok(None);
        };
        let recorded = recorded(&memory, log)?;
        if let Some(file) = &wanted.trace {
            write(file, trace::timeline(&recorded).as_bytes())?;
        }
        if let (Some(file), Some(listening)) = (&wanted.profile, self.listening) {
            let ended = |_| io::Error::other("nobody reads what the emulator executes");
            let listing = listening.join().map_err(ended).flatten();
            let listing = listing.map_err(Error::Stream)?;
            let code = Code::of_run(built, &recorded)?;
            write(file, profile::table(&listing, &code).as_bytes())?;
        }
        Ok(Some(recorded))
    }
}

fn recorded(memory: &Path, log: &str) -> Result<Recorded, Error> {
    let recorded = trace::read(memory, log)?;
    if recorded.lost > 0 {
        let what = format!(
            "with the last {} records; {} before them were overwritten",
            recorded.records.len(),
            recorded.lost
        );
        say("Tracing", &what);
    }
    Ok(recorded)
}
