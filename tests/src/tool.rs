//! The host tool as its users have it: a process with its own streams and status.
//!
//! ```text
//! let done = Tool::exec(&["--timeout", "60"], &["cat"]).input("hello").run();
//! assert_eq!((done.status, done.output()), (Some(0), "hello"));
//! ```

use std::ffi::OsStr;
use std::io::{Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use crate::inside::{acceleration, built};
use crate::process;

/// How long a run may take.
const DEADLINE: Duration = Duration::from_secs(120);
/// How often the end of a run is looked for.
const LOOK: Duration = Duration::from_millis(10);

/// The tool's file. It is built, and so is the system, and what the host's processor can do is
/// found out: a run of the tool then boots at once.
///
/// # Panics
/// When that cannot be done.
pub fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let _ = acceleration(evernix::machine::Hardware::default());
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = Command::new(cargo);
        command.args([
            "build",
            "--quiet",
            "--package",
            "evernix",
            "--bin",
            "evernix",
        ]);
        command.current_dir(built().project().source(""));
        let status = command.stdin(Stdio::null()).status().expect("cargo runs");
        assert!(status.success(), "the tool cannot be built");
        let target = built().project().made("..");
        target
            .join("debug/evernix")
            .canonicalize()
            .expect("the tool is where cargo puts it")
    })
}

/// A run of the tool.
pub struct Tool {
    command: Command,
    input: Vec<u8>,
    within: Duration,
}

impl Tool {
    /// With these arguments.
    #[must_use]
    pub fn new<W: AsRef<OsStr>>(arguments: &[W]) -> Tool {
        let mut command = Command::new(program());
        command.args(arguments);
        Tool {
            command,
            input: Vec::new(),
            within: DEADLINE,
        }
    }

    /// `exec` with these options and this command.
    #[must_use]
    pub fn exec(options: &[&str], command: &[&str]) -> Tool {
        Tool::new(&[&["exec"], options, &["--"], command].concat())
    }

    /// `exec` of a script.
    #[must_use]
    pub fn shell(script: &str) -> Tool {
        Tool::exec(&[], &["/bin/sh", "-c", script])
    }

    /// What it reads.
    #[must_use]
    pub fn input(mut self, bytes: impl Into<Vec<u8>>) -> Tool {
        self.input = bytes.into();
        self
    }

    /// Changes what `Command` offers to change.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut Command)) -> Tool {
        change(&mut self.command);
        self
    }

    /// Runs it to its end.
    ///
    /// # Panics
    /// When it does not end in time.
    #[must_use]
    pub fn run(self) -> Finished {
        self.start().finish()
    }

    /// Starts it.
    ///
    /// # Panics
    /// When it cannot be started.
    #[must_use]
    pub fn start(mut self) -> Started {
        self.command.stdin(Stdio::piped());
        self.command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.command.spawn().expect("the tool starts");
        let mut input = child.stdin.take().expect("a pipe");
        let bytes = self.input;
        // One that reads no more has its reasons.
        thread::spawn(move || input.write_all(&bytes));
        Started {
            stdout: collect(child.stdout.take().expect("a pipe")),
            stderr: collect(child.stderr.take().expect("a pipe")),
            deadline: Instant::now() + self.within,
            child,
        }
    }
}

/// Reads a stream to its end, piece by piece.
fn collect(mut stream: impl Read + Send + 'static) -> Receiver<Vec<u8>> {
    let (sender, pieces) = channel();
    thread::spawn(move || {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(count @ 1..) = stream.read(&mut buffer) {
            if sender.send(buffer[..count].to_vec()).is_err() {
                return;
            }
        }
    });
    pieces
}

/// A run under way; it is killed when this is dropped.
pub struct Started {
    child: Child,
    stdout: Receiver<Vec<u8>>,
    stderr: Receiver<Vec<u8>>,
    deadline: Instant,
}

impl Started {
    /// The tool's process.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The emulator that it has started, or starts soon.
    ///
    /// # Panics
    /// When it starts none.
    #[must_use]
    pub fn emulator(&self) -> u32 {
        process::await_emulator(self.id(), self.left()).expect("the tool starts an emulator")
    }

    /// Waits until standard output has begun with these bytes.
    ///
    /// # Panics
    /// When it begins with others, or ends before, or not in time.
    pub fn await_output(&self, expected: &[u8]) {
        let mut seen = Vec::new();
        while seen.len() < expected.len() {
            match self.stdout.recv_timeout(self.left()) {
                Ok(piece) => seen.extend(piece),
                Err(_) => panic!("{:?} is all there is", String::from_utf8_lossy(&seen)),
            }
        }
        assert_eq!(seen, expected);
    }

    /// Sends it a signal.
    ///
    /// # Panics
    /// When it has ended.
    pub fn signal(&self, signal: rustix::process::Signal) {
        let process = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(process, signal).expect("the tool runs");
    }

    /// Closes the reading end of its standard output.
    pub fn close_output(&mut self) {
        self.stdout = channel().1;
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// When it does not end in time.
    #[must_use]
    pub fn finish(mut self) -> Finished {
        let stdout = self.drain(&self.stdout);
        let stderr = self.drain(&self.stderr);
        let status = self.wait();
        let (Some(stdout), Some(stderr), Some(status)) = (stdout, stderr, status) else {
            panic!("the tool does not end");
        };
        Finished {
            status: status.code(),
            signal: status.signal(),
            stdout,
            stderr,
        }
    }

    fn wait(&mut self) -> Option<std::process::ExitStatus> {
        loop {
            if let Some(status) = self.child.try_wait().expect("a child can be waited for") {
                return Some(status);
            }
            if self.left().is_zero() {
                return None;
            }
            thread::sleep(LOOK);
        }
    }

    /// All that comes of a stream; nothing if it does not end in time.
    fn drain(&self, stream: &Receiver<Vec<u8>>) -> Option<Vec<u8>> {
        let mut all = Vec::new();
        loop {
            match stream.recv_timeout(self.left()) {
                Ok(piece) => all.extend(piece),
                Err(RecvTimeoutError::Disconnected) => return Some(all),
                Err(RecvTimeoutError::Timeout) => return None,
            }
        }
    }

    fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        // It has ended already unless a test has failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What came of a run.
#[derive(Debug)]
pub struct Finished {
    /// Its exit status, unless a signal ended it.
    pub status: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// All of standard output.
    pub stdout: Vec<u8>,
    /// All of standard error.
    pub stderr: Vec<u8>,
}

impl Finished {
    /// Standard output as text.
    #[must_use]
    pub fn output(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// Standard error as text, without what cargo says there when another cargo is at work.
    #[must_use]
    pub fn errors(&self) -> String {
        let text = String::from_utf8_lossy(&self.stderr);
        let is_cargos = |line: &str| line.starts_with("    Blocking waiting for file lock");
        text.split_inclusive('\n')
            .filter(|line| !is_cargos(line))
            .collect()
    }
}
