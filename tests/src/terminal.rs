//! Somebody at a terminal: the tool on a pseudo-terminal, keys typed, the screen watched.
//!
//! ```text
//! let mut session = Terminal::size(24, 80).session(&[]);
//! assert_eq!(session.run("echo hello"), "hello");
//! session.type_in("exit\n");
//! assert_eq!(session.end(), 0);
//! ```

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{Mode, OFlags};
use rustix::process::{Pid, Signal};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Termios, Winsize, tcgetattr, tcsetwinsize};

use crate::{process, tool};

/// How long anything that is waited for may take.
const DEADLINE: Duration = Duration::from_secs(60);
/// The end of the shell's prompt in root's folder.
pub const PROMPT: &str = "evernix:~# ";

/// A pseudo-terminal that nobody uses yet.
pub struct Terminal {
    master: File,
    slave: OwnedFd,
}

impl Terminal {
    /// With this size.
    ///
    /// # Panics
    /// When the host has no more.
    #[must_use]
    pub fn size(rows: u16, columns: u16) -> Terminal {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let master = openpt(flags).expect("a pseudo-terminal");
        grantpt(&master).expect("its other end");
        unlockpt(&master).expect("its other end");
        let name = ptsname(&master, Vec::new()).expect("its name");
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let slave = rustix::fs::open(&name, flags, Mode::empty()).expect("its other end");
        let size = Winsize {
            ws_row: rows,
            ws_col: columns,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        tcsetwinsize(&slave, size).expect("its size");
        Terminal {
            master: master.into(),
            slave,
        }
    }

    /// Starts the tool on it, and waits for the first prompt.
    #[must_use]
    pub fn session(self, arguments: &[&str]) -> Session {
        let mut session = self.start(arguments);
        session.prompt();
        session
    }

    /// Starts the tool on it.
    #[must_use]
    pub fn start(self, arguments: &[&str]) -> Session {
        let mut command = Command::new(tool::program());
        command.args(arguments);
        self.start_program(&command)
    }

    /// Starts a program on it: it leads a session whose terminal this is.
    ///
    /// # Panics
    /// When it cannot be started.
    #[must_use]
    pub fn start_program(self, program: &Command) -> Session {
        let mut command = Command::new("setsid");
        command
            .arg("--ctty")
            .arg(program.get_program())
            .args(program.get_args());
        let end = || Stdio::from(self.slave.try_clone().expect("a descriptor"));
        command.stdin(end()).stdout(end()).stderr(end());
        let before = tcgetattr(&self.slave).expect("its settings");
        let child = command.spawn().expect("the tool starts");
        let screen = Arc::new(Screen::default());
        watch(
            self.master.try_clone().expect("a descriptor"),
            screen.clone(),
        );
        Session {
            child,
            master: self.master,
            slave: self.slave,
            before,
            screen,
            seen: 0,
            emulator: None,
        }
    }
}

/// Everything that was shown.
#[derive(Default)]
struct Screen {
    bytes: Mutex<Vec<u8>>,
    more: Condvar,
}

fn watch(mut master: File, screen: Arc<Screen>) {
    thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(count @ 1..) = master.read(&mut buffer) {
            let mut bytes = screen.bytes.lock().unwrap_or_else(PoisonError::into_inner);
            bytes.extend_from_slice(&buffer[..count]);
            screen.more.notify_all();
        }
    });
}

/// The tool at work on a terminal; it is killed when this is dropped.
pub struct Session {
    child: Child,
    master: File,
    slave: OwnedFd,
    before: Termios,
    screen: Arc<Screen>,
    /// How much of what was shown has been looked at.
    seen: usize,
    emulator: Option<u32>,
}

impl Session {
    /// Types these keys.
    ///
    /// # Panics
    /// When the terminal takes none.
    pub fn type_in(&mut self, keys: &str) {
        self.master
            .write_all(keys.as_bytes())
            .expect("the terminal takes keys");
    }

    /// Waits until this text is shown after what was waited for before. The answer is what was shown
    /// before it.
    ///
    /// # Panics
    /// When it is not shown in time.
    pub fn expect(&mut self, text: &str) -> String {
        match self.wait_for(text, DEADLINE) {
            Some(before) => before,
            None => self.fail(&format!("{text:?} is not shown")),
        }
    }

    /// Waits for the prompt. The answer is what was shown before it.
    pub fn prompt(&mut self) -> String {
        self.expect(PROMPT)
    }

    /// Types a command at the prompt and waits for the next one. The answer is what was shown
    /// between, with the ends of lines of a file and without the last of them.
    pub fn run(&mut self, command: &str) -> String {
        self.type_in(command);
        self.type_in("\n");
        self.expect("\n");
        // The emulator has the host's terminal put a second carriage return before each line's end.
        let shown = self.prompt().replace('\r', "");
        shown.strip_suffix('\n').unwrap_or(&shown).to_owned()
    }

    /// As [`Session::run`], for what has to be shown.
    ///
    /// # Panics
    /// When it is not.
    pub fn check(&mut self, command: &str, expected: &str) {
        let shown = self.run(command);
        if shown != expected {
            self.fail(&format!("{command}: {shown:?} is not {expected:?}"));
        }
    }

    /// The emulator that runs now; [`Session::end`] looks whether it has ended.
    ///
    /// # Panics
    /// When there is none.
    pub fn emulator(&mut self) -> u32 {
        let tool = self.child.id();
        let known = self
            .emulator
            .or_else(|| process::await_emulator(tool, DEADLINE));
        self.emulator = known;
        known.unwrap_or_else(|| self.fail("there is no emulator"))
    }

    /// Sends the tool a signal.
    ///
    /// # Panics
    /// When it has ended.
    pub fn signal(&self, signal: Signal) {
        let process = Pid::from_child(&self.child);
        rustix::process::kill_process(process, signal).expect("the tool runs");
    }

    /// Waits for the tool's end, and that it leaves nothing behind: no emulator, and the terminal
    /// with the settings that it had. The answer is its status, 128 and the signal's number if a
    /// signal ended it.
    ///
    /// # Panics
    /// When something else is the case.
    pub fn end(mut self) -> i32 {
        use std::os::unix::process::ExitStatusExt;
        let end = Instant::now() + DEADLINE;
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("a child can be waited for") {
                break status;
            }
            if end <= Instant::now() {
                self.fail("the tool does not end");
            }
            thread::sleep(Duration::from_millis(20));
        };
        if let Some(emulator) = self.emulator
            && !process::is_gone_within(emulator, DEADLINE)
        {
            self.fail("the emulator goes on");
        }
        let after = tcgetattr(&self.slave).expect("the terminal's settings");
        if settings(&after) != settings(&self.before) {
            let was = settings(&self.before);
            self.fail(&format!(
                "the settings were {was}, are {}",
                settings(&after)
            ));
        }
        status
            .code()
            .unwrap_or_else(|| 128 + status.signal().unwrap_or(0))
    }

    /// Ends the test with everything there is to know.
    ///
    /// # Panics
    /// Always.
    pub fn fail(&mut self, reason: &str) -> ! {
        let emulator = self
            .emulator
            .or_else(|| process::emulator_of(self.child.id()));
        let log = emulator
            .and_then(process::log_of)
            .and_then(|path| std::fs::read(path).ok());
        let log = String::from_utf8_lossy(&log.unwrap_or_default()).into_owned();
        let screen = self
            .screen
            .bytes
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let (before, after) = screen.split_at(self.seen.min(screen.len()));
        panic!(
            "{reason}\n--- screen\n{}\n--- not looked at yet\n{:?}\n--- kernel\n{}",
            evernix::run::tail(&String::from_utf8_lossy(before)),
            String::from_utf8_lossy(after),
            evernix::run::tail(&log),
        )
    }

    fn wait_for(&mut self, text: &str, deadline: Duration) -> Option<String> {
        let end = Instant::now() + deadline;
        let mut bytes = self
            .screen
            .bytes
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        loop {
            let fresh = &bytes[self.seen..];
            let found = fresh
                .windows(text.len())
                .position(|part| part == text.as_bytes());
            if let Some(at) = found {
                let before = String::from_utf8_lossy(&fresh[..at]).into_owned();
                self.seen += at + text.len();
                return Some(before);
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return None;
            }
            let waited = self.screen.more.wait_timeout(bytes, left);
            bytes = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // It has ended already unless a test has failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What of the settings can be told apart.
fn settings(of: &Termios) -> String {
    format!(
        "{:?} {:?} {:?} {:?}",
        of.input_modes, of.output_modes, of.control_modes, of.local_modes
    )
}
