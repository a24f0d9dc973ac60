//! One command inside a freshly booted system.
//!
//! ```text
//! let done = Inside::shell("echo hello; exit 3").run();
//! assert_eq!((done.status(), done.output()), (3, "hello\n"));
//! ```
//!
//! The system is built once for a test binary. A run that does not end in good order shows the
//! kernel's log and the console, and fails the test.

use evernix::machine::{Acceleration, Hardware, Memory, QEMU};
use evernix::run::{Debugger, Ending, Ends, Exec, Kept, Logs, execute, fastest, tail};
use evernix::{Built, Project, build};
use std::ffi::OsString;
use std::io::{Cursor, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

/// How long a run may take unless it says otherwise.
const TIMEOUT: Duration = Duration::from_secs(120);

/// The system, built from the sources of this test.
///
/// # Panics
/// When it cannot be built, or there is no emulator.
pub fn built() -> &'static Built {
    static BUILT: OnceLock<Built> = OnceLock::new();
    BUILT.get_or_init(|| {
        QEMU.ensure().expect("an emulator");
        build(&Project::here()).expect("the system can be built")
    })
}

/// The fastest way to run it here.
///
/// # Panics
/// When that cannot be found out.
pub fn acceleration(hardware: Hardware) -> Acceleration {
    static FOUND: OnceLock<Acceleration> = OnceLock::new();
    if hardware.counted {
        return Acceleration::None;
    }
    *FOUND.get_or_init(|| fastest(built(), hardware).expect("a trial of the processor"))
}

/// A command to run, and in what machine.
pub struct Inside {
    exec: Exec,
    ends: Ends,
}

impl Inside {
    /// A command and its arguments.
    pub fn command<W: Into<OsString>>(words: impl IntoIterator<Item = W>) -> Inside {
        Inside {
            exec: Exec {
                command: words.into_iter().map(Into::into).collect(),
                timeout: Some(TIMEOUT),
                ..Exec::default()
            },
            ends: Ends::default(),
        }
    }

    /// A script for the shell.
    #[must_use]
    pub fn shell(script: &str) -> Inside {
        Inside::command(["/bin/sh", "-c", script])
    }

    /// What the command reads.
    #[must_use]
    pub fn input(self, bytes: impl Into<Vec<u8>>) -> Inside {
        self.reads(Cursor::new(bytes.into()))
    }

    /// Where what the command reads comes from.
    #[must_use]
    pub fn reads(mut self, input: impl Read + Send + 'static) -> Inside {
        self.ends.input = Box::new(input);
        self
    }

    /// Somebody at the console: what is typed comes from one end, what is shown goes to the other.
    #[must_use]
    pub fn console(
        mut self,
        typed: impl Read + Send + 'static,
        shown: impl Write + Send + 'static,
    ) -> Inside {
        self.ends.typed = Box::new(typed);
        self.ends.shown = Box::new(shown);
        self
    }

    /// Lays the files of a folder over the root.
    #[must_use]
    pub fn overlay(mut self, folder: &Path) -> Inside {
        self.exec.overlays.push(folder.to_owned());
        self
    }

    /// Somebody who looks at the machine from outside: the emulator's end of the connection, and where
    /// the kernel's log goes.
    #[must_use]
    pub fn debugged(mut self, stub: UnixStream, log: PathBuf) -> Inside {
        self.ends.debugger = Some(Debugger {
            stub,
            log,
            trace: None,
        });
        self
    }

    /// The machine's memory, as on the command line: `32M`.
    ///
    /// # Panics
    /// When that is no amount of memory.
    #[must_use]
    pub fn memory(mut self, amount: &str) -> Inside {
        self.exec.hardware.memory = amount.parse::<Memory>().expect("an amount of memory");
        self
    }

    /// One guest instruction takes one nanosecond, and runs repeat themselves.
    #[must_use]
    pub fn counted(mut self) -> Inside {
        self.exec.hardware.counted = true;
        self
    }

    /// How long it may take.
    #[must_use]
    pub fn within(mut self, timeout: Duration) -> Inside {
        self.exec.timeout = Some(timeout);
        self
    }

    /// Boots, runs the command, powers off.
    ///
    /// # Panics
    /// When the emulator cannot be run.
    #[must_use]
    pub fn run(self) -> Done {
        let (stdout, stderr) = (Kept::default(), Kept::default());
        let ends = Ends {
            output: Box::new(stdout.clone()),
            error: Box::new(stderr.clone()),
            ..self.ends
        };
        let acceleration = acceleration(self.exec.hardware);
        let outcome = execute(built(), acceleration, &self.exec, ends).expect("the emulator runs");
        Done {
            ending: outcome.ending,
            stdout: stdout.take(),
            stderr: stderr.take(),
            logs: outcome.logs,
        }
    }
}

/// What came of it.
#[derive(Debug)]
pub struct Done {
    /// How it ended.
    pub ending: Ending,
    /// All of standard output.
    pub stdout: Vec<u8>,
    /// All of standard error.
    pub stderr: Vec<u8>,
    /// The kernel's log and the console.
    pub logs: Logs,
}

impl Done {
    /// The command's exit status.
    ///
    /// # Panics
    /// When the run did not end in good order.
    #[must_use]
    pub fn status(&self) -> u8 {
        match self.ending {
            Ending::Status(status) => status,
            _ => panic!("{}", self.report()),
        }
    }

    /// Standard output of a command that ended with status 0 and wrote no errors.
    ///
    /// # Panics
    /// When it did not.
    #[must_use]
    pub fn output(&self) -> &str {
        assert!(
            self.status() == 0 && self.stderr.is_empty(),
            "{}",
            self.report()
        );
        std::str::from_utf8(&self.stdout).unwrap_or_else(|_| panic!("{}", self.report()))
    }

    /// Everything there is to know, for a failure.
    #[must_use]
    pub fn report(&self) -> String {
        format!(
            "{:?}\n--- standard output\n{}\n--- standard error\n{}\n--- kernel\n{}\n--- console\n{}",
            self.ending,
            tail(&String::from_utf8_lossy(&self.stdout)),
            tail(&String::from_utf8_lossy(&self.stderr)),
            tail(&self.logs.kernel),
            tail(&self.logs.console),
        )
    }
}
