//! Somebody at the console of a running system who types a line, waits for its answer, and types the
//! next one.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::thread::{self, JoinHandle, sleep};
use std::time::Duration;

/// What a shell shows when it waits for a line: its prompt, and a question for the cursor's place,
/// which this terminal does not answer.
const PROMPT: &str = "> \x1b[6n";

/// The file that every line makes in the system.
const HEARD: &str = "/tmp/heard";

/// Between two lines.
const PAUSE: Duration = Duration::from_millis(200);

/// The typist at work. It ends with the system.
pub struct Typist(JoinHandle<Result<usize, String>>);

impl Typist {
    /// Sits down. The first value is what is typed, the second takes what is shown.
    ///
    /// # Panics
    /// When the host has no sockets left.
    #[must_use]
    pub fn start() -> (Typist, UnixStream, UnixStream) {
        let (typed, keyboard) = UnixStream::pair().expect("a pair of sockets");
        let (shown, screen) = UnixStream::pair().expect("a pair of sockets");
        let work = thread::spawn(move || work(keyboard, screen));
        (Typist(work), typed, shown)
    }

    /// How many lines were answered as they should; or what was on the screen when one was not.
    ///
    /// # Errors
    /// What was shown instead of the answer.
    ///
    /// # Panics
    /// When the typist did.
    pub fn answered(self) -> Result<usize, String> {
        self.0.join().expect("the typist ends")
    }
}

fn work(mut keyboard: UnixStream, mut screen: UnixStream) -> Result<usize, String> {
    let mut text = String::new();
    if !shows(&mut screen, &mut text, PROMPT) {
        return Err(text);
    }
    for number in 1.. {
        text.clear();
        sleep(PAUSE);
        let line = format!("echo answer $(({number} * 7)); : >{HEARD}");
        // Who cannot be heard sees the end on the screen.
        let _ = write!(keyboard, "{line}\r");
        if !shows(&mut screen, &mut text, &format!("\r\n{PROMPT}")) {
            return Ok(number - 1);
        }
        let expected = format!("{line}\r\nanswer {}\r\n{PROMPT}", number * 7);
        if text != expected {
            return Err(text);
        }
    }
    Ok(0)
}

/// Reads until the screen's text ends with `end`; or until there is no more.
fn shows(screen: &mut UnixStream, text: &mut String, end: &str) -> bool {
    let mut piece = [0; 1024];
    while !text.ends_with(end) {
        match screen.read(&mut piece) {
            Ok(count) if count > 0 => text.push_str(&String::from_utf8_lossy(&piece[..count])),
            Ok(_) | Err(_) => return false,
        }
    }
    true
}
