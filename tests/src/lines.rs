//! Numbered lines that go in and are to come out.

use std::io::Read;
use std::thread::sleep;
use std::time::Duration;

/// The pause before each line.
const PAUSE: Duration = Duration::from_millis(500);

/// Lines, one after the other, without an end.
#[derive(Debug, Default)]
pub struct Lines {
    next: u64,
    rest: Vec<u8>,
}

impl Read for Lines {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.rest.is_empty() {
            sleep(PAUSE);
            self.rest = line(self.next).into_bytes();
            self.next += 1;
        }
        let count = self.rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&self.rest[..count]);
        self.rest.drain(..count);
        Ok(count)
    }
}

impl Lines {
    /// Checks what has come out: the first lines, each once and in order, and more than a few.
    ///
    /// # Panics
    /// When it is something else.
    pub fn check(output: &[u8]) {
        let output = String::from_utf8_lossy(output);
        let count = output.lines().count();
        let expected: String = (0..).map(line).take(count).collect();
        assert!(count > 10 && output == expected, "{output}");
    }
}

fn line(number: u64) -> String {
    format!("line {number} of what goes in and comes out\n")
}
