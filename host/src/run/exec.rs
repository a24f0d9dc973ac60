//! One command inside the system, with its own standard streams.

use std::ffi::OsString;
use std::io::{Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use crate::build::{Configuration, Mode};
use crate::machine::{Acceleration, Console, Emulator, End, Hardware, Line, Running};
use crate::project::write;
use crate::{Built, Error};

use super::boot::{judge, run_folder, tail};
use super::status;
use super::stream::Streams;

/// What to run.
#[derive(Debug)]
pub struct Exec {
    /// The machine.
    pub hardware: Hardware,
    /// The command and its arguments.
    pub command: Vec<OsString>,
    /// Folders laid over the root.
    pub overlays: Vec<PathBuf>,
    /// How long it may take.
    pub timeout: Option<Duration>,
    /// Whether console and kernel log are shown.
    pub show_console: bool,
}

/// What happens while the machine runs.
pub(super) enum Event {
    /// Bytes came from the system over the link.
    Link(Vec<u8>),
    /// Bytes came from the tool's standard input; none at its end.
    Input(Vec<u8>),
}

/// How often the end of the machine is looked for.
const PATIENCE: Duration = Duration::from_millis(50);
/// How long the machine may take to end after the command has.
const LINGER: Duration = Duration::from_secs(20);

/// Boots, runs one command with this process's standard streams, and powers off; answers the
/// command's exit status.
///
/// # Errors
/// Those of making the boot archive and of starting the emulator.
pub fn exec(built: &Built, wanted: &Exec) -> Result<u8, Error> {
    let folder = run_folder(built)?;
    let archive = folder.path().join("archive");
    let configuration = Configuration {
        mode: Mode::Exec(wanted.command.clone()),
        size: None,
        overlays: wanted.overlays.clone(),
    };
    write(&archive, &built.archive(&configuration)?)?;
    let (link, link_end) = UnixStream::pair().map_err(Error::Stream)?;
    let (console, console_end) = UnixStream::pair().map_err(Error::Stream)?;
    let line = Line {
        kernel: built.kernel.clone(),
        archive,
        log: folder.path().join("kernel.log"),
        hardware: wanted.hardware,
        acceleration: Acceleration::None,
        console: Console::Socket(console_end.as_raw_fd()),
        link: Some(link_end.as_raw_fd()),
    };
    let running = Emulator::new(&line, vec![link_end, console_end]).start()?;
    let log = collect(console);
    let (end, command_status) = drive(running, link, wanted.timeout)?;
    let outcome = match (end, command_status) {
        (Some(End::Off), Some(command_status)) => command_status,
        (None, _) => {
            eprintln!("evernix: the time allowed is over");
            status::TIMEOUT
        }
        (Some(End::Off | End::Restart), None) => {
            eprintln!("evernix: the system ended before the command did");
            status::FAILED
        }
        (Some(end), _) => judge(end, &line.log).max(status::FAILED),
    };
    if wanted.show_console || matches!(outcome, status::TIMEOUT | status::FAILED) {
        eprint!("{}", tail(&line.log));
        let text = log.join().unwrap_or_default();
        eprint!("{}", String::from_utf8_lossy(&text));
    }
    Ok(outcome)
}

/// Reads the console to its end.
fn collect(mut console: UnixStream) -> thread::JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut text = Vec::new();
        // What was read before an error is what there is.
        let _ = console.read_to_end(&mut text);
        text
    })
}

/// Moves bytes until the machine ends. `None` for its end when the time was over.
fn drive(
    mut running: Running,
    link: UnixStream,
    timeout: Option<Duration>,
) -> Result<(Option<End>, Option<u8>), Error> {
    let mut writer = link.try_clone().map_err(Error::Stream)?;
    let (sender, events) = channel();
    forward(link, sender.clone(), Event::Link);
    forward(std::io::stdin(), sender, Event::Input);
    let deadline = timeout.map(|timeout| Instant::now() + timeout);
    let mut streams = Streams::default();
    let mut ended = None;
    loop {
        if let Some(event) = next(&events) {
            let answer = streams.take(event)?;
            // A machine that has ended reads no more.
            let _ = writer.write_all(&answer);
        } else if let Some(end) = running.poll()? {
            return Ok((Some(end), streams.status()));
        }
        if streams.status().is_some() && ended.is_none() {
            ended = Some(Instant::now() + LINGER);
        }
        let late = |limit: Option<Instant>| limit.is_some_and(|limit| limit <= Instant::now());
        if late(deadline) || late(ended) {
            running.kill();
            return Ok((None, streams.status()));
        }
    }
}

fn next(events: &Receiver<Event>) -> Option<Event> {
    match events.recv_timeout(PATIENCE) {
        Ok(event) => Some(event),
        Err(RecvTimeoutError::Timeout) => None,
        Err(RecvTimeoutError::Disconnected) => {
            thread::sleep(PATIENCE);
            None
        }
    }
}

/// Reads a source to its end in a thread of its own.
fn forward(mut source: impl Read + Send + 'static, to: Sender<Event>, make: fn(Vec<u8>) -> Event) {
    thread::spawn(move || {
        let mut buffer = vec![0; 16 * 1024];
        loop {
            let count = source.read(&mut buffer).unwrap_or(0);
            if to.send(make(buffer[..count].to_vec())).is_err() || count == 0 {
                return;
            }
        }
    });
}
