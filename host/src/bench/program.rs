//! The program that measures (`user/bench`), and one run of it in Evernix.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use protocol::endpoint::{HELLO, MEMORY};
use protocol::{device, object};
use tempfile::TempDir;

use super::{Kind, Options, What};
use crate::build::extra;
use crate::project::write;
use crate::run::{Ending, Ends, Exec, Kept, execute, folder, tail};
use crate::system::Permit;
use crate::trace::Recorded;
use crate::{Built, Error};

/// The program's name, and its package's.
const NAME: &str = "bench";
/// The service that makes requests (`tests/gauge`), in whose place, and as which version of it.
const GAUGE: &str = "gauge";
const REPLACED: &str = "hello";
const VERSION: u32 = 1;

/// A folder to lay over the root, with the program in it.
pub(super) struct Overlay {
    folder: TempDir,
    program: PathBuf,
}

impl Overlay {
    /// Builds the program, and the service that it has measured things if it is to.
    pub(super) fn make(built: &Built, what: &What) -> Result<Overlay, Error> {
        let folder = folder::make(built.project())?;
        let program = extra::lay_program(built.project(), NAME, folder.path())?;
        if *what == What::Own {
            let image = extra::service(built.project(), (GAUGE, GAUGE), (REPLACED, VERSION))?;
            let images = folder.path().join("images");
            fs::create_dir_all(&images).map_err(Error::file(&images))?;
            write(&images.join(GAUGE), &image)?;
        }
        Ok(Overlay { folder, program })
    }

    /// Checks that there are such operations. The program runs on the host for this.
    ///
    /// # Errors
    /// Which one there is not.
    pub(super) fn check(&self, operations: &[String]) -> Result<(), Error> {
        let output = Command::new(&self.program).arg("--list").output();
        let output = output.map_err(Error::file(&self.program))?;
        let known = String::from_utf8_lossy(&output.stdout);
        let is_known = |wanted: &&String| known.lines().any(|name| name == *wanted);
        match operations.iter().find(|wanted| !is_known(wanted)) {
            None => Ok(()),
            Some(unknown) => {
                let known: Vec<&str> = known.lines().collect();
                let known = known.join(", ");
                Err(Error::Usage(format!(
                    "there is no operation {unknown}; there are {known}"
                )))
            }
        }
    }

    /// Where it is.
    pub(super) fn path(&self) -> PathBuf {
        self.folder.path().to_owned()
    }
}

/// The command to run in either system.
pub(super) fn command(options: &Options) -> Vec<String> {
    let mut words = vec![format!("/bin/{NAME}")];
    match &options.what {
        What::Operations(operations) => words.extend(operations.iter().cloned()),
        What::Growth => words.push("--growth".to_owned()),
        What::Own => words.push("--own".to_owned()),
    }
    words
}

/// Evernix, ready to be measured.
pub(super) struct Evernix<'a> {
    pub(super) built: &'a Built,
    pub(super) overlay: &'a Overlay,
    pub(super) options: &'a Options,
}

impl Evernix<'_> {
    /// The gauge asks the driver of /dev/zero, which hello must not.
    fn permits(&self) -> Vec<Permit> {
        let permit = |protocol| Permit {
            from: HELLO,
            to: MEMORY,
            protocol,
        };
        match self.options.what {
            What::Own => [object::NUMBER, device::NUMBER].map(permit).into(),
            _ => Vec::new(),
        }
    }

    /// What the program printed, and what the kernel did, if it is wanted.
    pub(super) fn run(&self, kind: Kind) -> Result<(String, Option<Recorded>), Error> {
        let wanted = Exec {
            hardware: kind.hardware(self.options.hardware),
            command: command(self.options).into_iter().map(Into::into).collect(),
            overlays: vec![self.overlay.path()],
            timeout: Some(self.options.limit),
            permits: self.permits(),
            records: self.options.what == What::Own && kind == Kind::Counted,
            ..Exec::default()
        };
        let (output, error) = (Kept::default(), Kept::default());
        let ends = Ends {
            output: Box::new(output.clone()),
            error: Box::new(error.clone()),
            ..Ends::default()
        };
        let outcome = execute(self.built, kind.acceleration(), &wanted, ends)?;
        if outcome.ending == Ending::Status(0) {
            return Ok((text(&output), outcome.recorded));
        }
        let reason = format!(
            "{:?}\n{}{}",
            outcome.ending,
            text(&error),
            tail(&outcome.logs.kernel)
        );
        Err(Error::artifact("Evernix", reason))
    }
}

fn text(kept: &Kept) -> String {
    String::from_utf8_lossy(&kept.take()).into_owned()
}
