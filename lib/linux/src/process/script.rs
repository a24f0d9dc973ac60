//! `#!` scripts (execve(2), "Interpreter scripts").

/// How a script's first line names its interpreter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interpreter<'a> {
    /// Its path.
    pub path: &'a [u8],
    /// The one argument: the rest of the line.
    pub argument: Option<&'a [u8]>,
}

/// Bytes of a file that are looked at (Linux: BINPRM_BUF_SIZE).
const LINE_BYTES: usize = 256;

/// Whether a file is a script.
#[must_use]
pub fn is_script(head: &[u8]) -> bool {
    head.starts_with(b"#!")
}

fn is_blank(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

fn trim(mut text: &[u8]) -> &[u8] {
    while let [first, rest @ ..] = text
        && is_blank(*first)
    {
        text = rest;
    }
    while let [rest @ .., last] = text
        && is_blank(*last)
    {
        text = rest;
    }
    text
}

/// Reads the first line of a script from the beginning of the file. `None` when it names no
/// interpreter or the interpreter's path is cut off.
#[must_use]
pub fn interpreter(head: &[u8]) -> Option<Interpreter<'_>> {
    let head = &head[..head.len().min(LINE_BYTES)];
    let line = head.strip_prefix(b"#!")?;
    let end = line.iter().position(|byte| *byte == b'\n' || *byte == 0);
    let text = trim(&line[..end.unwrap_or(line.len())]);
    let path_end = text.iter().position(|byte| is_blank(*byte));
    if text.is_empty() || end.is_none() && path_end.is_none() && head.len() == LINE_BYTES {
        return None;
    }
    let (path, rest) = text.split_at(path_end.unwrap_or(text.len()));
    let argument = trim(rest);
    Some(Interpreter {
        path,
        argument: (!argument.is_empty()).then_some(argument),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(head: &[u8]) -> Option<(&str, Option<&str>)> {
        let text = |bytes| core::str::from_utf8(bytes).unwrap();
        interpreter(head).map(|found| (text(found.path), found.argument.map(text)))
    }

    #[test]
    fn lines_are_read_as_linux_reads_them() {
        assert_eq!(read(b"#!/bin/sh\necho"), Some(("/bin/sh", None)));
        assert_eq!(read(b"#! /bin/sh \t\n"), Some(("/bin/sh", None)));
        assert_eq!(
            read(b"#!/bin/awk -f  x \n"),
            Some(("/bin/awk", Some("-f  x")))
        );
        assert_eq!(read(b"#!/bin/sh"), Some(("/bin/sh", None)));
        assert_eq!(read(b"#!  \n/bin/sh"), None);
        assert_eq!(read(b"\x7fELF"), None);
    }

    #[test]
    fn a_path_that_is_cut_off_is_refused() {
        let mut long = b"#!".to_vec();
        long.resize(400, b'x');
        assert_eq!(read(&long), None);
        long[100] = b' ';
        assert_eq!(read(&long).map(|found| found.0.len()), Some(98));
    }
}
