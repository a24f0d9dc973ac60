//! What the host tool left for this boot, as checked values.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

/// What to run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// A login shell on the console.
    #[default]
    Shell,
    /// One command with the host's streams.
    Exec,
}

/// The size of a terminal in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Lines.
    pub rows: u16,
    /// Characters in a line.
    pub columns: u16,
}

/// The content of `/etc/evernix/run`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// What to run.
    pub mode: Mode,
    /// The console's size, if it is known.
    pub size: Option<Size>,
}

impl Settings {
    /// Reads the file's text. A line that says nothing known is skipped, so that an older init
    /// starts with what a newer host tool wrote.
    #[must_use]
    pub fn parse(text: &str) -> Settings {
        let value = |key: &str| {
            text.lines()
                .find_map(|line| line.trim().strip_prefix(key)?.strip_prefix('='))
        };
        let number = |key| {
            value(key)?
                .trim()
                .parse::<u16>()
                .ok()
                .filter(|number| *number > 0)
        };
        let mode = match value("mode").map(str::trim) {
            Some("exec") => Mode::Exec,
            _ => Mode::Shell,
        };
        let size = match (number("rows"), number("columns")) {
            (Some(rows), Some(columns)) => Some(Size { rows, columns }),
            _ => None,
        };
        Settings { mode, size }
    }
}

/// Splits `/etc/evernix/command` into the command and its arguments.
#[must_use]
pub fn parse_command(bytes: &[u8]) -> Vec<OsString> {
    let whole = bytes.strip_suffix(&[0]).unwrap_or(bytes);
    if bytes.is_empty() {
        return Vec::new();
    }
    whole
        .split(|byte| *byte == 0)
        .map(|word| OsString::from_vec(word.to_vec()))
        .collect()
}

/// The host's name from `/etc/hostname`: its first word, at most the 64 bytes that Linux allows.
#[must_use]
pub fn parse_hostname(text: &str) -> Option<&str> {
    text.split_whitespace()
        .next()
        .filter(|name| name.len() <= 64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_read() {
        let settings = Settings::parse("mode=exec\nrows=24\n columns=80 \nnew=thing\n");
        let size = Some(Size {
            rows: 24,
            columns: 80,
        });
        assert_eq!(
            settings,
            Settings {
                mode: Mode::Exec,
                size
            }
        );
    }

    #[test]
    fn what_is_missing_or_wrong_is_left_out() {
        assert_eq!(Settings::parse(""), Settings::default());
        assert_eq!(Settings::parse("mode=shell\nrows=24"), Settings::default());
        assert_eq!(Settings::parse("rows=0\ncolumns=80"), Settings::default());
        assert_eq!(
            Settings::parse("rows=70000\ncolumns=80"),
            Settings::default()
        );
        assert_eq!(
            Settings::parse("mode=dance\nmodes=exec"),
            Settings::default()
        );
    }

    #[test]
    fn a_command_is_split_at_its_zeroes() {
        let words: Vec<OsString> = vec!["echo".into(), "".into(), "a b".into()];
        assert_eq!(parse_command(b"echo\0\0a b\0"), words);
        assert_eq!(parse_command(b"echo\0\0a b"), words);
        assert_eq!(parse_command(b""), Vec::<OsString>::new());
        assert_eq!(
            parse_command(b"echo\0\0"),
            [OsString::from("echo"), OsString::new()]
        );
        assert_eq!(parse_command(b"\xff\0")[0].as_encoded_bytes(), b"\xff");
    }

    #[test]
    fn a_hostname_is_one_word() {
        assert_eq!(parse_hostname("evernix\n"), Some("evernix"));
        assert_eq!(parse_hostname(" \n"), None);
        assert_eq!(parse_hostname(&"x".repeat(65)), None);
    }
}
