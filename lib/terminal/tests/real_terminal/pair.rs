//! A real terminal and ours, side by side.

use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use abi::Time;
use linux_raw_sys::general;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{OFlags, fcntl_setfl};
use rustix::io::Errno;
use rustix::pty::{OpenptFlags, grantpt, ioctl_tiocgptpeer, openpt, unlockpt};
use rustix::termios::{
    InputModes, LocalModes, OptionalActions, OutputModes, SpecialCodeIndex, Termios, tcgetattr,
    tcsetattr,
};
use terminal::{Clock, Patience, ReadOutcome, ReadRequest, Settings, Terminal};

use crate::Step;

/// How long the real terminal may take for what is expected of it.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long it is watched for what is not expected.
const GRACE: Duration = Duration::from_millis(6);

/// The characters both sides have.
pub(crate) const CODES: [(SpecialCodeIndex, u32); 17] = [
    (SpecialCodeIndex::VINTR, general::VINTR),
    (SpecialCodeIndex::VQUIT, general::VQUIT),
    (SpecialCodeIndex::VERASE, general::VERASE),
    (SpecialCodeIndex::VKILL, general::VKILL),
    (SpecialCodeIndex::VEOF, general::VEOF),
    (SpecialCodeIndex::VTIME, general::VTIME),
    (SpecialCodeIndex::VMIN, general::VMIN),
    (SpecialCodeIndex::VSWTC, general::VSWTC),
    (SpecialCodeIndex::VSTART, general::VSTART),
    (SpecialCodeIndex::VSTOP, general::VSTOP),
    (SpecialCodeIndex::VSUSP, general::VSUSP),
    (SpecialCodeIndex::VEOL, general::VEOL),
    (SpecialCodeIndex::VREPRINT, general::VREPRINT),
    (SpecialCodeIndex::VDISCARD, general::VDISCARD),
    (SpecialCodeIndex::VWERASE, general::VWERASE),
    (SpecialCodeIndex::VLNEXT, general::VLNEXT),
    (SpecialCodeIndex::VEOL2, general::VEOL2),
];

/// What a read or write came to.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    Bytes(Vec<u8>),
    Count(usize),
    WouldBlock,
    Failed(Errno),
}

pub(crate) struct Pair {
    line: OwnedFd,
    program: OwnedFd,
    ours: Terminal,
}

impl Pair {
    pub(crate) fn new(settings: Settings) -> Pair {
        let line = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&line).unwrap();
        unlockpt(&line).unwrap();
        let program = ioctl_tiocgptpeer(&line, OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        fcntl_setfl(&line, OFlags::NONBLOCK).unwrap();
        fcntl_setfl(&program, OFlags::NONBLOCK).unwrap();
        let mut pair = Pair {
            line,
            program,
            ours: Terminal::new(),
        };
        pair.change(&settings);
        pair
    }

    /// The settings of a fresh real terminal.
    pub(crate) fn defaults() -> Termios {
        let line = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        unlockpt(&line).unwrap();
        tcgetattr(&line).unwrap()
    }

    pub(crate) fn step(&mut self, step: &Step) -> Result<(), String> {
        match step {
            Step::Type(bytes) => self.type_in(bytes),
            Step::Read(length) => self.read(*length),
            Step::Write(bytes) => self.write(bytes),
            Step::Change(settings) => {
                self.change(settings);
                equal("after change", &self.collect(0), &Vec::new())
            }
            Step::Look => self.look(),
        }
    }

    fn change(&mut self, settings: &Settings) {
        let mut theirs = tcgetattr(&self.program).unwrap();
        theirs.input_modes = InputModes::from_bits_retain(settings.input.bits());
        theirs.output_modes = OutputModes::from_bits_retain(settings.output.bits());
        theirs.local_modes = LocalModes::from_bits_retain(settings.local.bits());
        for (index, special) in CODES {
            theirs.special_codes[index] = settings.characters[special as usize];
        }
        tcsetattr(&self.program, OptionalActions::Now, &theirs).unwrap();
        let mut sink = Vec::new();
        let _ = self.ours.set_settings(settings.clone(), &mut sink);
        assert!(
            sink.is_empty(),
            "scripts do not change settings while echo waits"
        );
    }

    /// Byte by byte, as a line delivers: a real terminal shows one batch at a time.
    fn type_in(&mut self, bytes: &[u8]) -> Result<(), String> {
        let (mut expected, mut shown) = (Vec::new(), Vec::new());
        for byte in bytes {
            let mut echo = Vec::new();
            let _ = self.ours.receive(*byte, &mut echo);
            assert_eq!(rustix::io::write(&self.line, &[*byte]), Ok(1));
            shown.extend(self.gather(echo.len()));
            expected.extend(echo);
        }
        self.settle();
        shown.extend(self.collect(0));
        equal("echo", &lossy(&shown), &lossy(&expected))
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), String> {
        let mut sent = Vec::new();
        let taken = match self.ours.write(bytes, &mut sent) {
            0 => Outcome::WouldBlock,
            taken => Outcome::Count(taken),
        };
        let theirs = match rustix::io::write(&self.program, bytes) {
            Ok(count) => Outcome::Count(count),
            Err(Errno::AGAIN) => Outcome::WouldBlock,
            Err(error) => Outcome::Failed(error),
        };
        equal("taken", &theirs, &taken)?;
        equal("output", &lossy(&self.collect(sent.len())), &lossy(&sent))
    }

    fn read(&mut self, length: usize) -> Result<(), String> {
        let start = Time(0);
        let clock = Clock {
            requested: start,
            last_byte: start,
            now: start,
        };
        let request = ReadRequest {
            length,
            patience: Patience::NonBlocking,
            clock,
        };
        let ours = match self.ours.read(&request) {
            ReadOutcome::Data(bytes) => Outcome::Bytes(bytes),
            ReadOutcome::EndOfFile => Outcome::Bytes(Vec::new()),
            ReadOutcome::WouldBlock | ReadOutcome::Wait { .. } => Outcome::WouldBlock,
        };
        let mut buffer = vec![0; length];
        let theirs = match rustix::io::read(&self.program, &mut buffer) {
            Ok(count) => Outcome::Bytes(buffer[..count].to_vec()),
            Err(Errno::AGAIN) => Outcome::WouldBlock,
            Err(error) => Outcome::Failed(error),
        };
        equal("read", &theirs, &ours)
    }

    fn look(&mut self) -> Result<(), String> {
        let ours = self.ours.readiness(4096).bits();
        let mut fds = [PollFd::new(
            &self.program,
            PollFlags::from_bits_retain(0x145),
        )];
        poll(&mut fds, Some(&Timespec::default())).unwrap();
        equal("readiness", &u32::from(fds[0].revents().bits()), &ours)?;
        equal("count", &self.their_count(), &self.our_count())
    }

    fn our_count(&mut self) -> u64 {
        use terminal::{Caller, Claim, Control, SignalFate, Situation};
        let situation = Situation {
            caller: Caller {
                group: 1,
                session: 1,
                fate: SignalFate::Delivered,
            },
            pid: 1,
            claim: Claim::Satisfied,
            payload: &[],
            group_session: None,
            unsent: 0,
        };
        let answer = self
            .ours
            .control(Control::InputCount, &situation, &mut Vec::new())
            .unwrap();
        u64::from(u32::from_le_bytes(answer.payload.try_into().unwrap()))
    }

    fn their_count(&self) -> u64 {
        rustix::io::ioctl_fionread(&self.program).unwrap()
    }

    /// Waits until the real terminal has as much input as ours.
    fn settle(&mut self) {
        let (expected, start) = (self.our_count(), Instant::now());
        while self.their_count() != expected && start.elapsed() < PATIENCE / 4 {
            std::thread::sleep(Duration::from_micros(200));
        }
    }

    /// Output up to `expected` bytes, and what comes within the grace.
    fn collect(&self, expected: usize) -> Vec<u8> {
        let mut found = self.gather(expected);
        while self.wait(GRACE) {
            found.extend(self.gather(1));
        }
        found
    }

    /// Output until `expected` bytes are there.
    fn gather(&self, expected: usize) -> Vec<u8> {
        let (mut found, start) = (Vec::new(), Instant::now());
        let mut buffer = [0; 4096];
        while found.len() < expected && start.elapsed() < PATIENCE {
            if self.wait(PATIENCE / 4) {
                let count = rustix::io::read(&self.line, &mut buffer[..]).unwrap_or(0);
                found.extend_from_slice(&buffer[..count]);
            }
        }
        found
    }

    fn wait(&self, span: Duration) -> bool {
        let mut fds = [PollFd::new(&self.line, PollFlags::IN)];
        poll(&mut fds, Some(&Timespec::try_from(span).unwrap())).unwrap() == 1
    }
}

fn lossy(bytes: &[u8]) -> String {
    bytes.escape_ascii().to_string()
}

fn equal<T: PartialEq + std::fmt::Debug>(what: &str, theirs: &T, ours: &T) -> Result<(), String> {
    if theirs == ours {
        Ok(())
    } else {
        Err(format!("{what}: Linux {theirs:?}, ours {ours:?}"))
    }
}
