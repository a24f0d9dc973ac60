//! A client of the emulator's debugger stub: one request and its answer at a time.

use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use super::packet::{Received, encode, hex, take, to_hex};

/// How long the stub may take to answer while the machine stands still.
const ANSWER: Duration = Duration::from_secs(20);
/// Bytes of memory in one packet: the emulator's packets hold 4096 characters.
const PIECE: usize = 1024;
/// How long one look at the connection may take.
const LOOK: Duration = Duration::from_millis(20);

/// Why the stub did not do what it was asked for.
#[derive(Debug)]
pub enum StubError {
    /// The connection ended: the emulator did.
    Ended,
    /// No answer came in time.
    Late,
    /// It answered something else: what was asked, and its answer.
    Answer(String, String),
    /// The connection failed.
    Stream(std::io::Error),
}

impl std::fmt::Display for StubError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            StubError::Ended => f.write_str("the emulator has ended"),
            StubError::Late => f.write_str("the emulator's stub does not answer"),
            StubError::Answer(asked, answer) => write!(f, "asked {asked:?}, the stub: {answer:?}"),
            StubError::Stream(error) => write!(f, "the emulator's stub: {error}"),
        }
    }
}

/// General registers as the emulator's target description orders them, 8 bytes each: rax, rbx,
/// rcx, rdx, rsi, rdi, rbp, rsp, r8 to r15, rip.
pub const REGISTERS: usize = 17;

/// Some registers, by their numbers in the emulator's target description.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Number {
    /// The general one.
    Rax = 0,
    /// The general one.
    Rcx = 2,
    /// The general one.
    Rdx = 3,
    /// The general one.
    Rsi = 4,
    /// The general one.
    Rdi = 5,
    /// The general one.
    R15 = 15,
    /// The code segment: its last two bits are the privilege level.
    Cs = 18,
    /// The physical address of the top-level page table.
    Cr3 = 29,
}

/// The connection.
pub struct Stub {
    stream: UnixStream,
    received: Vec<u8>,
    /// Whether the machine was let go and has not stopped since.
    running: bool,
    /// Whether addresses are physical ones.
    physical: bool,
    /// Whether the stub knows that we know its registers' numbers.
    described: bool,
}

impl Stub {
    /// Takes a connection over. The machine is taken to run.
    ///
    /// # Errors
    /// That the connection cannot be set up.
    pub fn new(stream: UnixStream) -> Result<Stub, StubError> {
        stream
            .set_read_timeout(Some(LOOK))
            .map_err(StubError::Stream)?;
        Ok(Stub {
            stream,
            received: Vec::new(),
            running: true,
            physical: false,
            described: false,
        })
    }

    /// Stops the machine.
    ///
    /// # Errors
    /// That the emulator has ended, or does not answer.
    pub fn stop(&mut self) -> Result<(), StubError> {
        if !self.running {
            return Ok(());
        }
        self.send_raw(&[3])?;
        self.wait_stopped(ANSWER)?.ok_or(StubError::Late)
    }

    /// Lets the machine go on.
    ///
    /// # Errors
    /// That the emulator has ended, or does not answer.
    pub fn go(&mut self) -> Result<(), StubError> {
        if !self.running {
            self.send(b"c")?;
            self.running = true;
        }
        Ok(())
    }

    /// Waits until the machine stops by itself, at a breakpoint; `None` when the time is over.
    ///
    /// # Errors
    /// That the emulator has ended.
    pub fn wait_stopped(&mut self, limit: Duration) -> Result<Option<()>, StubError> {
        let deadline = Instant::now() + limit;
        while self.running {
            match self.receive(deadline) {
                Ok(answer) if matches!(answer.first(), Some(b'T' | b'S')) => self.running = false,
                Ok(answer) if matches!(answer.first(), Some(b'W' | b'X')) => {
                    return Err(StubError::Ended);
                }
                Ok(_) => {}
                Err(StubError::Late) => return Ok(None),
                Err(error) => return Err(error),
            }
        }
        Ok(Some(()))
    }

    /// Executes the one instruction at a breakpoint, which stays: the stub itself would stop there
    /// for ever.
    ///
    /// # Errors
    /// That the emulator has ended, or does not answer.
    pub fn pass_breakpoint(&mut self, address: u64) -> Result<(), StubError> {
        self.remove_breakpoint(address)?;
        self.send(b"s")?;
        self.running = true;
        self.wait_stopped(ANSWER)?.ok_or(StubError::Late)?;
        self.set_breakpoint(address)
    }

    /// Sets a breakpoint at a virtual address, of whatever address space.
    ///
    /// # Errors
    /// That the emulator has ended, does not answer, or refuses.
    pub fn set_breakpoint(&mut self, address: u64) -> Result<(), StubError> {
        self.ask_done(&format!("Z1,{address:x},1"))
    }

    /// Removes it.
    ///
    /// # Errors
    /// That the emulator has ended, does not answer, or refuses.
    pub fn remove_breakpoint(&mut self, address: u64) -> Result<(), StubError> {
        self.ask_done(&format!("z1,{address:x},1"))
    }

    /// The general registers.
    ///
    /// # Errors
    /// That the emulator has ended, or does not answer.
    pub fn registers(&mut self) -> Result<[u64; REGISTERS], StubError> {
        let answer = self.ask("g")?;
        let values = hex(answer.as_bytes()).unwrap_or_default();
        let mut registers = [0; REGISTERS];
        let (words, _) = values.as_chunks::<8>();
        if words.len() < REGISTERS {
            return Err(StubError::Answer("g".to_owned(), answer));
        }
        for (register, word) in registers.iter_mut().zip(words) {
            *register = u64::from_le_bytes(*word);
        }
        Ok(registers)
    }

    /// A register.
    ///
    /// # Errors
    /// That the stub does not answer, or has none of this number.
    pub fn register(&mut self, number: Number) -> Result<u64, StubError> {
        self.use_description()?;
        let asked = format!("p{:x}", number as u8);
        let answer = self.ask(&asked)?;
        match hex(answer.as_bytes()) {
            Some(bytes) if (1..=8).contains(&bytes.len()) => {
                let mut word = [0; 8];
                word[..bytes.len()].copy_from_slice(&bytes);
                Ok(u64::from_le_bytes(word))
            }
            _ => Err(StubError::Answer(asked, answer)),
        }
    }

    /// Changes a register of 64 bits.
    ///
    /// # Errors
    /// That the stub does not answer, or has none of this number.
    pub fn set_register(&mut self, number: Number, value: u64) -> Result<(), StubError> {
        self.use_description()?;
        let value = to_hex(&value.to_le_bytes());
        self.ask_done(&format!("P{:x}={value}", number as u8))
    }

    /// Reads physical memory.
    ///
    /// # Errors
    /// That the emulator has ended, or does not answer.
    pub fn read(&mut self, address: u64, bytes: &mut [u8]) -> Result<(), StubError> {
        self.use_physical()?;
        let mut at = address;
        for piece in bytes.chunks_mut(PIECE) {
            let asked = format!("m{at:x},{:x}", piece.len());
            let answer = self.ask(&asked)?;
            match hex(answer.as_bytes()) {
                Some(read) if read.len() == piece.len() => piece.copy_from_slice(&read),
                _ => return Err(StubError::Answer(asked, answer)),
            }
            at += piece.len() as u64;
        }
        Ok(())
    }

    /// Writes physical memory; code that the emulator translated from there is translated again.
    ///
    /// # Errors
    /// That the emulator has ended, or does not answer.
    pub fn write(&mut self, address: u64, bytes: &[u8]) -> Result<(), StubError> {
        self.use_physical()?;
        let mut at = address;
        for piece in bytes.chunks(PIECE) {
            self.ask_done(&format!("M{at:x},{:x}:{}", piece.len(), to_hex(piece)))?;
            at += piece.len() as u64;
        }
        Ok(())
    }

    /// Ends the emulator.
    pub fn kill(&mut self) {
        // It may have ended already, which is as good.
        let _ = self.stop();
        let _ = self.send(b"k");
    }

    fn use_physical(&mut self) -> Result<(), StubError> {
        if !self.physical {
            self.ask_done("Qqemu.PhyMemMode:1")?;
            self.physical = true;
        }
        Ok(())
    }

    /// Asks for the target description, without which single registers are refused.
    fn use_description(&mut self) -> Result<(), StubError> {
        if !self.described {
            self.ask("qXfer:features:read:target.xml:0,400")?;
            self.described = true;
        }
        Ok(())
    }

    fn ask_done(&mut self, request: &str) -> Result<(), StubError> {
        match self.ask(request)? {
            answer if answer == "OK" => Ok(()),
            answer => Err(StubError::Answer(request.to_owned(), answer)),
        }
    }

    fn ask(&mut self, request: &str) -> Result<String, StubError> {
        self.send(request.as_bytes())?;
        let answer = self.receive(Instant::now() + ANSWER)?;
        Ok(String::from_utf8_lossy(&answer).into_owned())
    }

    fn send(&mut self, content: &[u8]) -> Result<(), StubError> {
        self.send_raw(&encode(content))
    }

    fn send_raw(&mut self, bytes: &[u8]) -> Result<(), StubError> {
        self.stream.write_all(bytes).map_err(judge)
    }

    /// The content of the next packet.
    fn receive(&mut self, deadline: Instant) -> Result<Vec<u8>, StubError> {
        loop {
            match take(&mut self.received) {
                Some(Received::Packet(content)) => {
                    self.send_raw(b"+")?;
                    return Ok(content);
                }
                Some(Received::Damaged) => self.send_raw(b"-")?,
                Some(Received::Acknowledged) => {}
                // Nothing gets lost on a local socket: it is no packet the stub understands.
                Some(Received::Refused) => {
                    return Err(StubError::Answer(String::new(), "-".to_owned()));
                }
                None => self.read_more(deadline)?,
            }
        }
    }

    fn read_more(&mut self, deadline: Instant) -> Result<(), StubError> {
        let mut bytes = [0; 8192];
        match self.stream.read(&mut bytes) {
            Ok(0) => return Err(StubError::Ended),
            Ok(count) => self.received.extend_from_slice(&bytes[..count]),
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted
                ) => {}
            Err(error) => return Err(judge(error)),
        }
        if self.received.is_empty() && deadline <= Instant::now() {
            return Err(StubError::Late);
        }
        Ok(())
    }
}

fn judge(error: std::io::Error) -> StubError {
    match error.kind() {
        ErrorKind::BrokenPipe | ErrorKind::ConnectionReset => StubError::Ended,
        _ => StubError::Stream(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread::{self, JoinHandle};

    /// The next request; acknowledgements are passed over.
    fn request(stream: &mut UnixStream) -> Vec<u8> {
        let mut bytes = Vec::new();
        loop {
            if bytes.first() == Some(&3) {
                return bytes;
            }
            match take(&mut bytes) {
                Some(Received::Packet(content)) => return content,
                Some(_) => continue,
                None => {}
            }
            let mut more = [0; 4096];
            let count = stream.read(&mut more).unwrap();
            bytes.extend_from_slice(&more[..count]);
        }
    }

    /// A stub that expects these requests, in order, and answers so; it tells whether they came.
    fn pretended(
        dialogue: &'static [(&'static str, &'static str)],
    ) -> (Stub, JoinHandle<(bool, UnixStream)>) {
        let (here, mut there) = UnixStream::pair().unwrap();
        let stub = Stub::new(here).unwrap();
        let server = thread::spawn(move || {
            let is_followed = dialogue.iter().all(|(expected, answer)| {
                let content = request(&mut there);
                there.write_all(b"+").unwrap();
                if !answer.is_empty() {
                    there.write_all(&encode(answer.as_bytes())).unwrap();
                }
                content == expected.as_bytes()
            });
            // The connection stays until the client has acknowledged the last answer.
            (is_followed, there)
        });
        (stub, server)
    }

    #[test]
    fn memory_is_read_and_written_physically() {
        let (mut stub, server) = pretended(&[
            ("\u{3}", "T02thread:01;"),
            ("Qqemu.PhyMemMode:1", "OK"),
            ("m1000,2", "abcd"),
            ("M2000,1:ff", "OK"),
        ]);
        stub.stop().unwrap();
        let mut bytes = [0; 2];
        stub.read(0x1000, &mut bytes).unwrap();
        assert_eq!(bytes, [0xab, 0xcd]);
        stub.write(0x2000, &[0xff]).unwrap();
        assert!(server.join().unwrap().0);
    }

    #[test]
    fn single_registers_are_read_and_changed() {
        let (mut stub, server) = pretended(&[
            ("\u{3}", "T02thread:01;"),
            ("qXfer:features:read:target.xml:0,400", "l<target/>"),
            ("p12", "33000000"),
            ("P0=0100000000000000", "OK"),
            ("p1d", "00300b0000000000"),
        ]);
        stub.stop().unwrap();
        assert_eq!(stub.register(Number::Cs).unwrap(), 0x33);
        stub.set_register(Number::Rax, 1).unwrap();
        assert_eq!(stub.register(Number::Cr3).unwrap(), 0xb_3000);
        assert!(server.join().unwrap().0);
    }

    #[test]
    fn refusals_are_told() {
        let (mut stub, server) = pretended(&[("Z1,10,1", "E22")]);
        let refused = stub.set_breakpoint(0x10);
        assert!(matches!(refused, Err(StubError::Answer(_, answer)) if answer == "E22"));
        assert!(server.join().unwrap().0);
    }

    #[test]
    fn a_stop_is_waited_for() {
        let (mut stub, server) = pretended(&[("\u{3}", "T02"), ("c", ""), ("\u{3}", "S05")]);
        stub.stop().unwrap();
        stub.go().unwrap();
        let short = Duration::from_millis(30);
        assert!(matches!(stub.wait_stopped(short), Ok(None)));
        stub.stop().unwrap();
        assert!(server.join().unwrap().0);
        assert!(stub.go().is_err() || matches!(stub.wait_stopped(short), Err(StubError::Ended)));
    }
}
