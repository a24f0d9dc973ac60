//! What came out of a snippet: read from a batch's frames, and compared.
//!
//! ```text
//! begin GROUP/NAME STATUS
//! (standard output, base64, any number of lines)
//! stderr
//! (standard error, base64)
//! end GROUP/NAME
//! ```

use super::snippet::{Snippet, StandardError};
use std::{collections::BTreeMap, fmt};

/// What a snippet did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The exit status as the shell sees it: 128 + n after signal n.
    pub status: u8,
    /// All of standard output.
    pub stdout: Vec<u8>,
    /// All of standard error.
    pub stderr: Vec<u8>,
}

/// Outcomes by `GROUP/NAME`.
pub type Outcomes = BTreeMap<String, Outcome>;

/// Why the output of a batch cannot be read. Lines count from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FrameError {
    /// This line is not what a frame has in this place.
    Unexpected(usize, String),
    /// The output ends within the frame of this snippet: the batch was cut short there.
    CutShort(String),
    /// Two frames for the same snippet.
    Twice(String),
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unexpected(number, line) => write!(f, "line {number} of the batch: {line:?}"),
            Self::CutShort(path) => write!(f, "the batch ended while {path} was told"),
            Self::Twice(path) => write!(f, "{path} was told twice"),
        }
    }
}

impl std::error::Error for FrameError {}

/// Reads the frames that a batch has printed.
///
/// # Errors
/// [`FrameError`] for the first thing that is not a frame. A batch that ends between two frames is
/// no error here: [`compare`] misses the rest.
pub fn parse(printed: &[u8]) -> Result<Outcomes, FrameError> {
    let text = String::from_utf8_lossy(printed);
    let mut lines = (1..).zip(text.lines());
    let mut outcomes = Outcomes::new();
    while let Some((number, line)) = lines.next() {
        let unexpected = || FrameError::Unexpected(number, line.to_owned());
        let mut words = line.split(' ');
        let (Some("begin"), Some(path), Some(status), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return Err(unexpected());
        };
        let outcome = Outcome {
            status: status.parse().map_err(|_| unexpected())?,
            stdout: parse_stream(&mut lines, path, "stderr")?,
            stderr: parse_stream(&mut lines, path, &format!("end {path}"))?,
        };
        if outcomes.insert(path.to_owned(), outcome).is_some() {
            return Err(FrameError::Twice(path.to_owned()));
        }
    }
    Ok(outcomes)
}

/// Takes the base64 lines up to the line `end`.
fn parse_stream<'a>(
    lines: &mut impl Iterator<Item = (usize, &'a str)>,
    path: &str,
    end: &str,
) -> Result<Vec<u8>, FrameError> {
    let mut stream = Vec::new();
    for (number, line) in lines {
        if line == end {
            return Ok(stream);
        }
        match decode_base64(line) {
            Some(bytes) => stream.extend(bytes),
            None => return Err(FrameError::Unexpected(number, line.to_owned())),
        }
    }
    Err(FrameError::CutShort(path.to_owned()))
}

/// Decodes one line of base64 (RFC 4648, section 4), which is a whole number of groups of four.
fn decode_base64(line: &str) -> Option<Vec<u8>> {
    let digits = line.trim_end_matches('=');
    if !line.len().is_multiple_of(4) || line.len() - digits.len() > 2 {
        return None;
    }
    let mut bytes = Vec::with_capacity(line.len() / 4 * 3);
    for group in digits.as_bytes().chunks(4) {
        let mut bits = 0_u32;
        for digit in group {
            bits = bits << 6 | base64_digit(*digit)?;
        }
        bits <<= 6 * (4 - group.len());
        let [_, whole @ ..] = bits.to_be_bytes();
        bytes.extend_from_slice(whole.get(..group.len().checked_sub(1)?)?);
    }
    Some(bytes)
}

/// The value of one base64 digit.
fn base64_digit(digit: u8) -> Option<u32> {
    let value = match digit {
        b'A'..=b'Z' => digit - b'A',
        b'a'..=b'z' => digit - b'a' + 26,
        b'0'..=b'9' => digit - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    };
    Some(u32::from(value))
}

/// Compares what the `snippets` did with what they did on Linux, and returns one report for each
/// snippet that differs.
#[must_use]
pub fn compare(snippets: &[Snippet], linux: &Outcomes, other: &Outcomes) -> Vec<String> {
    snippets
        .iter()
        .filter_map(|snippet| {
            let path = snippet.path();
            match (linux.get(&path), other.get(&path)) {
                (Some(expected), Some(actual)) => difference(snippet, expected, actual),
                (None, _) => Some(format!("{path}: not run on Linux")),
                (_, None) => Some(format!("{path}: not run")),
            }
        })
        .collect()
}

/// Says how `actual` differs from `expected`, if it does.
#[must_use]
pub fn difference(snippet: &Snippet, expected: &Outcome, actual: &Outcome) -> Option<String> {
    let mut report = String::new();
    if expected.status != actual.status {
        report += &format!(
            "  status: expected {}, got {}\n",
            expected.status, actual.status
        );
    }
    report += &stream_difference("stdout", &expected.stdout, &actual.stdout);
    match snippet.standard_error {
        StandardError::Compared => {
            report += &stream_difference("stderr", &expected.stderr, &actual.stderr);
        }
        // It often names the reason of another difference.
        StandardError::Free if !report.is_empty() => {
            report += &format!("  stderr (free): {}\n", actual.stderr.escape_ascii());
        }
        StandardError::Free => {}
    }
    (!report.is_empty()).then(|| format!("{}:\n{report}", snippet.path()))
}

/// Shows the first line in which two streams differ.
fn stream_difference(stream: &str, expected: &[u8], actual: &[u8]) -> String {
    if expected == actual {
        return String::new();
    }
    let split = |bytes: &[u8]| -> Vec<Vec<u8>> {
        let lines = bytes.split_inclusive(|byte| *byte == b'\n');
        lines.map(<[u8]>::to_vec).collect()
    };
    let (expected, actual) = (split(expected), split(actual));
    let same = expected
        .iter()
        .zip(&actual)
        .take_while(|(left, right)| left == right)
        .count();
    let show = |lines: &[Vec<u8>]| match lines.get(same) {
        Some(line) => line.escape_ascii().to_string(),
        None => "(end)".to_owned(),
    };
    format!(
        "  {stream}, line {} (of {} expected, {} got):\n    expected {}\n    got      {}\n",
        same + 1,
        expected.len(),
        actual.len(),
        show(&expected),
        show(&actual),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: &str = "begin errors/one 7\naGkK\n/w==\nstderr\nend errors/one\n";

    fn snippet(text: &str) -> Snippet {
        Snippet::parse("errors", "one", text.to_owned()).unwrap()
    }

    #[test]
    fn frames_carry_any_bytes() {
        let outcomes = parse(FRAME.as_bytes()).unwrap();
        let expected = Outcome {
            status: 7,
            stdout: b"hi\n\xff".to_vec(),
            stderr: Vec::new(),
        };
        assert_eq!(outcomes.get("errors/one"), Some(&expected));
    }

    #[test]
    fn base64_of_every_length() {
        for (line, bytes) in [
            ("", &b""[..]),
            ("Zg==", b"f"),
            ("Zm8=", b"fo"),
            ("Zm9v", b"foo"),
            ("+/+/", b"\xfb\xff\xbf"),
        ] {
            assert_eq!(decode_base64(line).as_deref(), Some(bytes));
        }
        for line in ["Z", "Zg=", "Z===", "====", "Zm9-", "Zm9v\r", "sh: x"] {
            assert_eq!(decode_base64(line), None, "{line}");
        }
    }

    #[test]
    fn broken_frames_are_refused() {
        let cut = FRAME.len() - "end errors/one\n".len();
        assert_eq!(
            parse(&FRAME.as_bytes()[..cut]),
            Err(FrameError::CutShort("errors/one".to_owned()))
        );
        assert_eq!(
            parse(FRAME.repeat(2).as_bytes()),
            Err(FrameError::Twice("errors/one".to_owned()))
        );
        assert!(matches!(
            parse(b"begin errors/one 256\nstderr\nend errors/one\n"),
            Err(FrameError::Unexpected(1, _))
        ));
    }

    #[test]
    fn the_first_difference_is_shown() {
        let expected = Outcome {
            status: 0,
            stdout: b"a\nb\nc\n".to_vec(),
            stderr: b"x".to_vec(),
        };
        let mut actual = expected.clone();
        let compared = snippet("# One.\n");
        assert_eq!(difference(&compared, &expected, &actual), None);
        actual.stdout = b"a\nB\n".to_vec();
        actual.stderr.clear();
        let report = difference(&compared, &expected, &actual).unwrap();
        assert!(report.contains("stdout, line 2 (of 3 expected, 2 got)"));
        assert!(report.contains("expected b\\n\n    got      B\\n\n"));
        assert!(report.contains("stderr, line 1"));
        actual.stdout.clone_from(&expected.stdout);
        let free = snippet("# One.\n# stderr: free\n");
        assert_eq!(difference(&free, &expected, &actual), None);
    }

    #[test]
    fn a_snippet_without_a_frame_is_a_difference() {
        let snippets = [snippet("# One.\n")];
        let outcomes = parse(FRAME.as_bytes()).unwrap();
        assert!(compare(&snippets, &outcomes, &outcomes).is_empty());
        assert_eq!(compare(&snippets, &outcomes, &Outcomes::new()).len(), 1);
    }
}
