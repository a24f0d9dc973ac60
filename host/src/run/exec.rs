//! One command inside the system, with its own standard streams.

use std::ffi::OsString;
use std::io::{Read, Write};
use std::ops::Range;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use link::Stream;

use crate::build::{Configuration, Mode};
use crate::machine::{Acceleration, Console, Debug, Emulator, End, Hardware, Line, Running};
use crate::project::write;
use crate::system::Permit;
use crate::trace::Recorded;
use crate::{Built, Error};

use super::folder;
use super::stream::{Event, Reaction, Streams};
use super::views::Views;

/// What to run.
#[derive(Clone, Debug, Default)]
pub struct Exec {
    /// The machine.
    pub hardware: Hardware,
    /// The command and its arguments.
    pub command: Vec<OsString>,
    /// Folders laid over the root.
    pub overlays: Vec<PathBuf>,
    /// How long it may take.
    pub timeout: Option<Duration>,
    /// What services may do beyond what is declared.
    pub permits: Vec<Permit>,
    /// Whether what the kernel did is wanted.
    pub records: bool,
    /// Where a trace of what the kernel did goes.
    pub trace: Option<PathBuf>,
    /// Where goes which functions the instructions belong to. It takes an emulator that executes them.
    pub profile: Option<PathBuf>,
}

/// The command's standard streams, and the console beside them.
pub struct Ends {
    /// What it reads.
    pub input: Box<dyn Read + Send>,
    /// Where its output goes.
    pub output: Box<dyn Write + Send>,
    /// Where its errors go.
    pub error: Box<dyn Write + Send>,
    /// What is typed on the console.
    pub typed: Box<dyn Read + Send>,
    /// Where the console's output goes as it comes; it is kept in [`Logs`] as well.
    pub shown: Box<dyn Write + Send>,
    /// A debugger that is connected to the machine.
    pub debugger: Option<Debugger>,
}

/// A debugger of the machine, which also reads its log while it runs.
pub struct Debugger {
    /// The emulator's end of the connection.
    pub stub: UnixStream,
    /// Where the kernel's log goes, instead of the run's own folder.
    pub log: PathBuf,
    /// Where the emulator writes which instructions it translates, for these addresses.
    pub trace: Option<(PathBuf, Range<u64>)>,
}

/// A command that reads nothing, whose output goes nowhere, and a console that nobody looks at.
impl Default for Ends {
    fn default() -> Self {
        Ends {
            input: Box::new(std::io::empty()),
            output: Box::new(std::io::sink()),
            error: Box::new(std::io::sink()),
            typed: Box::new(std::io::empty()),
            shown: Box::new(std::io::sink()),
            debugger: None,
        }
    }
}

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The command ended with this status, and the machine in good order.
    Status(u8),
    /// The time allowed was over.
    Late,
    /// The tool's standard output or error is read by nobody.
    Unheard,
    /// The system did not do what it should: why.
    Failed(String),
}

/// What became of it.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// How it ended.
    pub ending: Ending,
    /// The kernel's log and what was written on the console.
    pub logs: Logs,
    /// What the kernel did, if it is wanted.
    pub recorded: Option<Recorded>,
}

/// What the system said beside the command's streams.
#[derive(Clone, Debug, Default)]
pub struct Logs {
    /// The kernel's log.
    pub kernel: String,
    /// The console.
    pub console: String,
}

/// How often the machine is looked after when nothing comes from it.
const PATIENCE: Duration = Duration::from_millis(20);
/// How long the machine may take to end after the command has.
const LINGER: Duration = Duration::from_secs(20);
/// Bytes read at a time.
const PIECE_BYTES: usize = 16 * 1024;

/// Boots, runs one command with these streams, and powers off.
///
/// # Errors
/// Those of making the boot archive and of starting the emulator; that the trace cannot be written.
pub fn execute(
    built: &Built,
    acceleration: Acceleration,
    wanted: &Exec,
    ends: Ends,
) -> Result<Outcome, Error> {
    let folder = folder::make(built.project())?;
    let mut views = Views::of_run(wanted, folder.path())?;
    let (link, link_end) = UnixStream::pair().map_err(Error::Stream)?;
    let (console, console_end) = UnixStream::pair().map_err(Error::Stream)?;
    let debugger = ends.debugger.as_ref();
    let own_log = || folder.path().join("kernel.log");
    let line = Line {
        kernel: built.kernel.clone(),
        archive: make_archive(built, wanted, folder.path())?,
        append: views.words(),
        memory_file: views.memory(),
        log: debugger.map_or_else(own_log, |debugger| debugger.log.clone()),
        hardware: wanted.hardware,
        acceleration,
        console: Console::Socket(console_end.as_raw_fd()),
        link: Some(link_end.as_raw_fd()),
        debug: debugger.map(|debugger| Debug {
            stub: debugger.stub.as_raw_fd(),
            trace: debugger.trace.clone(),
        }),
        executed: views.executed(),
    };
    let mut descriptors: Vec<OwnedFd> = vec![link_end.into(), console_end.into()];
    descriptors.extend(ends.debugger.map(|debugger| debugger.stub.into()));
    descriptors.extend(views.take_pipe());
    let running = Emulator::new(&line, descriptors).start()?;
    type_on(console.try_clone().map_err(Error::Stream)?, ends.typed);
    let console = collect(console, ends.shown);
    let streams = (ends.input, ends.output, ends.error);
    let ending = Session::start(running, link, streams)?.run(wanted.timeout)?;
    let kernel = std::fs::read(&line.log).unwrap_or_default();
    let logs = Logs {
        kernel: String::from_utf8_lossy(&kernel).into_owned(),
        console: console.join().unwrap_or_default(),
    };
    let recorded = views.write(built, wanted, &logs.kernel)?;
    Ok(Outcome {
        ending,
        logs,
        recorded,
    })
}

fn make_archive(built: &Built, wanted: &Exec, folder: &Path) -> Result<PathBuf, Error> {
    let archive = folder.join("archive");
    let configuration = Configuration {
        mode: Mode::Exec(wanted.command.clone()),
        overlays: wanted.overlays.clone(),
        permits: wanted.permits.clone(),
        ..Configuration::default()
    };
    write(&archive, &built.archive(&configuration)?)?;
    Ok(archive)
}

/// Reads the console to its end, and shows it.
fn collect(mut console: UnixStream, mut shown: Box<dyn Write + Send>) -> JoinHandle<String> {
    thread::spawn(move || {
        let mut text = Vec::new();
        while let Some(piece) = read_piece(&mut console) {
            // Whoever looks no more does not keep the machine from going on.
            let _ = shown.write_all(&piece).and_then(|()| shown.flush());
            text.extend(piece);
        }
        String::from_utf8_lossy(&text).into_owned()
    })
}

/// Types on the console until there is nothing more to type, or the machine has ended.
fn type_on(mut console: UnixStream, mut typed: Box<dyn Read + Send>) {
    thread::spawn(move || {
        while let Some(piece) = read_piece(&mut typed) {
            if console.write_all(&piece).is_err() {
                return;
            }
        }
    });
}

/// What the command reads, and where its output and its errors go.
type CommandStreams = (
    Box<dyn Read + Send>,
    Box<dyn Write + Send>,
    Box<dyn Write + Send>,
);

/// One run from the emulator's start to its end. Whatever can wait does so in a thread of its own;
/// so neither a slow reader nor a quiet writer keeps the time limit from being kept.
struct Session {
    running: Running,
    streams: Streams,
    events: Receiver<Event>,
    link: UnixStream,
    /// Asks for one more piece of input.
    more_input: Sender<()>,
    input_asked: bool,
    output: Sender<Vec<u8>>,
    error: Sender<Vec<u8>>,
}

impl Session {
    fn start(
        running: Running,
        link: UnixStream,
        (input, output, error): CommandStreams,
    ) -> Result<Session, Error> {
        let (event, events) = channel();
        let (more_input, wanted) = channel();
        let source = link.try_clone().map_err(Error::Stream)?;
        read_link(source, event.clone());
        read_input(input, wanted, event.clone());
        let output = write_to(output, Stream::Output, event.clone());
        let error = write_to(error, Stream::Error, event);
        Ok(Session {
            running,
            streams: Streams::default(),
            events,
            link,
            more_input,
            input_asked: false,
            output,
            error,
        })
    }

    fn run(mut self, timeout: Option<Duration>) -> Result<Ending, Error> {
        let deadline = timeout.map(|timeout| Instant::now() + timeout);
        let mut last = None;
        loop {
            self.ask_for_input();
            match self.events.recv_timeout(PATIENCE) {
                Ok(Event::Broken(error)) => return unheard(error),
                Ok(event) => self.handle(event),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                    let end = self.running.poll()?;
                    if let Some(end) = end.filter(|_| self.streams.is_written()) {
                        return Ok(judge(end, self.streams.status()));
                    }
                }
            }
            if deadline.is_some_and(|deadline| deadline <= Instant::now()) {
                return Ok(Ending::Late);
            }
            if self.streams.status().is_some() {
                let last = *last.get_or_insert_with(|| Instant::now() + LINGER);
                if last <= Instant::now() && self.streams.is_written() {
                    let reason = "the command ended, but the machine does not";
                    return Ok(Ending::Failed(reason.to_owned()));
                }
            }
        }
    }

    fn ask_for_input(&mut self) {
        if !self.input_asked && self.streams.wants_input() {
            self.input_asked = self.more_input.send(()).is_ok();
        }
    }

    fn handle(&mut self, event: Event) {
        let Reaction { line, outputs } = match event {
            Event::Link(bytes) => self.streams.take_link(&bytes),
            Event::Input(bytes) => {
                self.input_asked = false;
                self.streams.take_input(&bytes)
            }
            Event::Written(stream, count) => self.streams.written(stream, count),
            Event::Broken(_) => return,
        };
        // A machine that has ended reads no more; its end is seen elsewhere.
        let _ = self.link.write_all(&line);
        for (stream, bytes) in outputs {
            let to = match stream {
                Stream::Error => &self.error,
                _ => &self.output,
            };
            // A writer ends only after it has reported that its stream is broken.
            let _ = to.send(bytes);
        }
    }
}

fn unheard(error: std::io::Error) -> Result<Ending, Error> {
    match error.kind() {
        std::io::ErrorKind::BrokenPipe => Ok(Ending::Unheard),
        _ => Err(Error::Stream(error)),
    }
}

fn judge(end: End, status: Option<u8>) -> Ending {
    let reason = match (end, status) {
        (End::Off, Some(status)) => return Ending::Status(status),
        (End::Off | End::Restart, _) => "the system ended before the command did".to_owned(),
        (End::Failure, _) => "the system failed".to_owned(),
        (End::Emulator(Some(code)), _) => format!("the emulator ended with status {code}"),
        (End::Emulator(None), _) => "the emulator was killed".to_owned(),
    };
    Ending::Failed(reason)
}

fn read_link(mut link: UnixStream, to: Sender<Event>) {
    thread::spawn(move || {
        while let Some(bytes) = read_piece(&mut link) {
            if to.send(Event::Link(bytes)).is_err() {
                return;
            }
        }
    });
}

/// Reads a piece each time one is wanted, and says when there are no more.
fn read_input(mut input: Box<dyn Read + Send>, wanted: Receiver<()>, to: Sender<Event>) {
    thread::spawn(move || {
        for () in wanted {
            let piece = read_piece(&mut input);
            let is_end = piece.is_none();
            if to.send(Event::Input(piece.unwrap_or_default())).is_err() || is_end {
                return;
            }
        }
    });
}

/// The next bytes; none at the end. An error is an end, too: there is nobody to tell it to.
fn read_piece(source: &mut impl Read) -> Option<Vec<u8>> {
    let mut buffer = vec![0; PIECE_BYTES];
    loop {
        match source.read(&mut buffer) {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Ok(count) if count > 0 => {
                buffer.truncate(count);
                return Some(buffer);
            }
            Ok(_) | Err(_) => return None,
        }
    }
}

/// Writes what it is sent, in order, and says so.
fn write_to(mut sink: Box<dyn Write + Send>, stream: Stream, to: Sender<Event>) -> Sender<Vec<u8>> {
    let (sender, pieces) = channel::<Vec<u8>>();
    thread::spawn(move || {
        for piece in pieces {
            let written = sink.write_all(&piece).and_then(|()| sink.flush());
            let is_broken = written.is_err();
            let event = match written {
                Ok(()) => Event::Written(stream, piece.len()),
                Err(error) => Event::Broken(error),
            };
            if to.send(event).is_err() || is_broken {
                return;
            }
        }
    });
    sender
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_orderly_end_passes_the_status_on() {
        assert_eq!(judge(End::Off, Some(3)), Ending::Status(3));
        for (end, status) in [
            (End::Off, None),
            (End::Failure, Some(0)),
            (End::Restart, Some(0)),
            (End::Emulator(Some(0)), Some(0)),
            (End::Emulator(None), None),
        ] {
            assert!(matches!(judge(end, status), Ending::Failed(_)));
        }
    }

    #[test]
    fn input_is_read_only_when_it_is_wanted() {
        let (mut writer, reader) = UnixStream::pair().unwrap();
        let ((more, wanted), (to, events)) = (channel(), channel());
        read_input(Box::new(reader), wanted, to);
        writer.write_all(b"abc").unwrap();
        let short = Duration::from_millis(50);
        assert!(events.recv_timeout(short).is_err());
        more.send(()).unwrap();
        assert!(matches!(events.recv().unwrap(), Event::Input(bytes) if bytes == b"abc"));
        drop(writer);
        more.send(()).unwrap();
        assert!(matches!(events.recv().unwrap(), Event::Input(bytes) if bytes.is_empty()));
    }

    #[test]
    fn a_broken_output_is_reported() {
        let (writer, reader) = UnixStream::pair().unwrap();
        drop(reader);
        let (to, events) = channel();
        let pieces = write_to(Box::new(writer), Stream::Output, to);
        pieces.send(b"lost".to_vec()).unwrap();
        assert!(matches!(events.recv().unwrap(), Event::Broken(_)));
    }
}
