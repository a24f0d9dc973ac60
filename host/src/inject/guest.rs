//! One boot: the load's server on the framed link, the stub beside it, the kernel's log.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use abi::layout::{SERVICE_IMAGE, TOP_LEVEL_SPAN};
use tempfile::TempDir;

use crate::debugger::{Stub, StubError};
use crate::machine::Acceleration;
use crate::run::{Debugger, Ending, Ends, Exec, Outcome, execute, folder};
use crate::{Built, Error};

/// How long the machine may take to boot.
const BOOT: Duration = Duration::from_secs(120);
/// How long it is waited for a stop before the output is looked at again.
const LOOK: Duration = Duration::from_millis(5);
/// A whole answer may take so many times what a piece of it may: what comes without an end is not waited for.
const PIECES: u32 = 4;
/// The line that ends an answer begins so; the status follows.
const DONE: &str = "@done ";

/// Where the area ends in which services are loaded.
const SERVICE_END: u64 = SERVICE_IMAGE + TOP_LEVEL_SPAN;

/// Whether the emulator lists what it translates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Listing {
    /// It does not.
    Off,
    /// It does.
    On,
}

/// What came of something that was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// It was done: what was printed, and the status.
    Done(String, u8),
    /// It was not done in time: what was printed until then.
    Late(String),
    /// The machine ended: what was printed until then.
    Ended(String),
}

/// A machine that runs.
pub(super) struct Guest {
    pub(super) stub: Stub,
    /// Bytes of it that the kernel logged before.
    seen_log: usize,
    log: PathBuf,
    trace: PathBuf,
    input: Sender<Vec<u8>>,
    output: Receiver<Vec<u8>>,
    received: Vec<u8>,
    /// When something was shown on the terminal last.
    shown: Arc<Mutex<Instant>>,
    runner: Option<JoinHandle<Result<Outcome, Error>>>,
    /// Removed at the end.
    _folder: TempDir,
}

impl Guest {
    /// Boots, and waits until the load's server answers. What the emulator translates of services
    /// is listed if it is wanted, which takes time.
    ///
    /// # Errors
    /// Those of starting the emulator; that it does not answer.
    pub(super) fn boot(
        built: &Arc<Built>,
        wanted: &Exec,
        listing: Listing,
    ) -> Result<Guest, Error> {
        let folder = folder::make(built.project())?;
        let (here, stub) = UnixStream::pair().map_err(Error::Stream)?;
        let (input, read) = channel();
        let (write, output) = channel();
        let log = folder.path().join("log");
        let trace = folder.path().join("trace");
        let shown = Arc::new(Mutex::new(Instant::now()));
        let ends = Ends {
            shown: Box::new(Watch(shown.clone())),
            input: Box::new(Source(read, Vec::new())),
            output: Box::new(Sink(write.clone())),
            error: Box::new(Sink(write)),
            debugger: Some(Debugger {
                stub,
                log: log.clone(),
                trace: match listing {
                    Listing::Off => None,
                    Listing::On => Some((trace.clone(), SERVICE_IMAGE..SERVICE_END)),
                },
            }),
            ..Ends::default()
        };
        let (built, wanted) = (built.clone(), wanted.clone());
        let runner = std::thread::spawn(move || execute(&built, Acceleration::None, &wanted, ends));
        let mut guest = Guest {
            stub: Stub::new(here).map_err(failed)?,
            seen_log: 0,
            log,
            trace,
            input,
            output,
            received: Vec::new(),
            shown,
            runner: Some(runner),
            _folder: folder,
        };
        guest.stub.stop().map_err(failed)?;
        guest.stub.go().map_err(failed)?;
        match guest.wait(BOOT, &mut |_| Ok(())) {
            Answer::Done(..) => Ok(guest),
            other => Err(Error::artifact(
                "the system",
                format!("it does not start: {other:?}"),
            )),
        }
    }

    /// Asks for something. The limit is for each piece of the answer; all of it may take [`PIECES`] times that.
    /// `stopped` is called whenever the machine stands still meanwhile, which then goes on.
    pub(super) fn ask(
        &mut self,
        word: &str,
        limit: Duration,
        stopped: &mut dyn FnMut(&mut Stub) -> Result<(), StubError>,
    ) -> Answer {
        // Without a reader the machine has ended, which is seen below.
        let _ = self.input.send(format!("{word}\n").into_bytes());
        self.wait(limit, stopped)
    }

    fn wait(
        &mut self,
        limit: Duration,
        stopped: &mut dyn FnMut(&mut Stub) -> Result<(), StubError>,
    ) -> Answer {
        let mut deadline = Instant::now() + limit;
        let end = Instant::now() + PIECES * limit;
        loop {
            let before = self.received.len();
            let is_open = self.take_output();
            if self.received.len() > before {
                deadline = Instant::now() + limit;
            }
            if let Some((text, status)) = take_answer(&mut self.received) {
                return Answer::Done(text, status);
            }
            if !is_open {
                return Answer::Ended(self.take_rest());
            }
            if self.look(stopped).is_err() {
                std::thread::sleep(LOOK);
            }
            if deadline.min(end) <= Instant::now() {
                return Answer::Late(self.take_rest());
            }
        }
    }

    /// Lets the machine go on if it stands still.
    fn look(
        &mut self,
        stopped: &mut dyn FnMut(&mut Stub) -> Result<(), StubError>,
    ) -> Result<(), StubError> {
        if self.stub.wait_stopped(LOOK)?.is_some() {
            stopped(&mut self.stub)?;
            self.stub.go()?;
        }
        Ok(())
    }

    /// Takes what has come; answers whether more can come.
    fn take_output(&mut self) -> bool {
        loop {
            match self.output.try_recv() {
                Ok(bytes) => self.received.extend(bytes),
                Err(TryRecvError::Empty) => return true,
                Err(TryRecvError::Disconnected) => return false,
            }
        }
    }

    fn take_rest(&mut self) -> String {
        let rest = std::mem::take(&mut self.received);
        String::from_utf8_lossy(&rest).into_owned()
    }

    /// What the kernel has logged since it was asked last.
    pub(super) fn new_log(&mut self) -> String {
        let bytes = std::fs::read(&self.log).unwrap_or_default();
        let new = bytes.get(self.seen_log..).unwrap_or_default();
        let text = String::from_utf8_lossy(new).into_owned();
        self.seen_log = bytes.len();
        text
    }

    /// The emulator's list of translated instructions, from this byte on.
    pub(super) fn trace(&self, from: usize) -> String {
        let bytes = std::fs::read(&self.trace).unwrap_or_default();
        String::from_utf8_lossy(bytes.get(from..).unwrap_or_default()).into_owned()
    }

    /// How long nothing has been shown on the terminal.
    pub(super) fn quiet_for(&self) -> Duration {
        let shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        shown.elapsed()
    }

    /// How a machine ended that has ended by itself.
    pub(super) fn wait_for_end(&mut self) -> Option<Ending> {
        let runner = self.runner.take()?;
        runner.join().ok()?.ok().map(|outcome| outcome.ending)
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.stub.kill();
        // How it ended was heard before, or interests nobody.
        let _ = self.wait_for_end();
    }
}

/// As an error of the tool.
pub(super) fn failed(error: StubError) -> Error {
    Error::artifact("the emulator", error)
}

/// Takes an answer off the front of what has come, with its status.
fn take_answer(received: &mut Vec<u8>) -> Option<(String, u8)> {
    let text = String::from_utf8_lossy(received);
    let start = if text.starts_with(DONE) {
        0
    } else {
        text.find(&format!("\n{DONE}"))? + 1
    };
    let rest = &text[start + DONE.len()..];
    let (status, _) = rest.split_once('\n')?;
    let answer = (
        text[..start].to_owned(),
        status.trim().parse().unwrap_or(u8::MAX),
    );
    *received = rest.as_bytes()[status.len() + 1..].to_vec();
    Some(answer)
}

/// What is sent, as bytes to read; the end when nothing can be sent any more.
struct Source(Receiver<Vec<u8>>, Vec<u8>);

impl Read for Source {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.1.is_empty() {
            self.1 = self.0.recv().unwrap_or_default();
        }
        let count = self.1.len().min(buffer.len());
        buffer[..count].copy_from_slice(&self.1[..count]);
        self.1.drain(..count);
        Ok(count)
    }
}

/// Notes when something is written.
struct Watch(Arc<Mutex<Instant>>);

impl Write for Watch {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Sends what is written.
struct Sink(Sender<Vec<u8>>);

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        match self.0.send(bytes.to_vec()) {
            Ok(()) => Ok(bytes.len()),
            Err(_) => Err(std::io::ErrorKind::BrokenPipe.into()),
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_ends_with_its_status() {
        let mut received = b"a\nb\n@done 3\nmore".to_vec();
        assert_eq!(take_answer(&mut received), Some(("a\nb\n".to_owned(), 3)));
        assert_eq!(received, b"more");
        assert_eq!(take_answer(&mut received), None);
        let mut received = b"@done 0\n".to_vec();
        assert_eq!(take_answer(&mut received), Some((String::new(), 0)));
        let mut cut = b"a\n@done 3".to_vec();
        assert_eq!(take_answer(&mut cut), None);
    }
}
