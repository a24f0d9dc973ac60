//! Paths as text.

use abi::Errno;
use abi::limits::NAME_BYTES;
use alloc::vec::Vec;

/// The names of a path, without the empty ones.
pub fn names(path: &[u8]) -> impl DoubleEndedIterator<Item = &[u8]> {
    path.split(|byte| *byte == b'/')
        .filter(|name| !name.is_empty())
}

/// Whether a path starts at the root.
#[must_use]
pub fn is_absolute(path: &[u8]) -> bool {
    path.first() == Some(&b'/')
}

/// Whether a path ends in a slash, so that it names a directory.
#[must_use]
pub fn ends_in_slash(path: &[u8]) -> bool {
    path.last() == Some(&b'/')
}

/// A path without the slashes at its end.
#[must_use]
pub fn without_end_slashes(path: &[u8]) -> &[u8] {
    let length = path.iter().rposition(|byte| *byte != b'/');
    &path[..length.map_or(0, |last| last + 1)]
}

/// A path without the slashes at its start; `.` when nothing else is left.
#[must_use]
pub fn relative(path: &[u8]) -> &[u8] {
    match path.iter().position(|byte| *byte != b'/') {
        Some(first) => &path[first..],
        None => b".",
    }
}

/// Where the last name of a path starts, not counting slashes behind it; `None` when it has none.
#[must_use]
pub fn last_name_start(path: &[u8]) -> Option<usize> {
    let trimmed = without_end_slashes(path);
    if trimmed.is_empty() {
        return None;
    }
    let slash = trimmed.iter().rposition(|byte| *byte == b'/');
    Some(slash.map_or(0, |slash| slash + 1))
}

/// Whether a name is `.` or `..`.
#[must_use]
pub fn is_dots(name: &[u8]) -> bool {
    matches!(name, b"." | b"..")
}

/// Checks a single name.
///
/// # Errors
/// `NOENT` for an empty one, `NAMETOOLONG` for one longer than NAME_MAX.
pub fn check_name(name: &[u8]) -> Result<(), Errno> {
    match name.len() {
        0 => Err(Errno::NOENT),
        length if length > NAME_BYTES => Err(Errno::NAMETOOLONG),
        _ => Ok(()),
    }
}

/// The absolute path that `path` is, seen from the absolute path `directory`: without `.`, `..` and
/// double slashes. Links are not looked at.
#[must_use]
pub fn join(directory: &[u8], path: &[u8]) -> Vec<u8> {
    let start = if is_absolute(path) { &[] } else { directory };
    let mut kept: Vec<&[u8]> = Vec::new();
    for name in names(start).chain(names(path)) {
        match name {
            b"." => {}
            b".." => drop(kept.pop()),
            _ => kept.push(name),
        }
    }
    let mut joined = Vec::new();
    for name in &kept {
        joined.push(b'/');
        joined.extend_from_slice(name);
    }
    if joined.is_empty() {
        joined.push(b'/');
    }
    joined
}

/// The part of the absolute path `path` below the absolute path `directory`, itself absolute;
/// `None` when it does not lie there.
#[must_use]
pub fn below<'a>(directory: &[u8], path: &'a [u8]) -> Option<&'a [u8]> {
    let rest = path.strip_prefix(without_end_slashes(directory))?;
    match rest.first() {
        None => Some(b"/"),
        Some(b'/') => Some(rest),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_joined_as_text() {
        assert_eq!(join(b"/a/b", b"c"), b"/a/b/c");
        assert_eq!(join(b"/a/b", b"../c/./d//"), b"/a/c/d");
        assert_eq!(join(b"/a/b", b"/x"), b"/x");
        assert_eq!(join(b"/", b"../.."), b"/");
        assert_eq!(join(b"/", b""), b"/");
    }

    #[test]
    fn the_last_name_is_found_behind_slashes() {
        assert_eq!(last_name_start(b"a/bc//"), Some(2));
        assert_eq!(last_name_start(b"abc"), Some(0));
        assert_eq!(last_name_start(b"//"), None);
        assert_eq!(relative(b"//a"), b"a");
        assert_eq!(relative(b"/"), b".");
        assert!(ends_in_slash(b"a/") && !ends_in_slash(b"a") && !ends_in_slash(b""));
    }

    #[test]
    fn what_lies_below_a_directory_is_told_by_whole_names() {
        assert_eq!(below(b"/a", b"/a/b"), Some(&b"/b"[..]));
        assert_eq!(below(b"/", b"/a"), Some(&b"/a"[..]));
        assert_eq!(below(b"/a", b"/a"), Some(&b"/"[..]));
        assert_eq!(below(b"/a", b"/ab"), None);
    }

    #[test]
    fn names_have_a_longest_length() {
        assert_eq!(check_name(&[b'x'; 255]), Ok(()));
        assert_eq!(check_name(&[b'x'; 256]), Err(Errno::NAMETOOLONG));
        assert_eq!(check_name(b""), Err(Errno::NOENT));
    }
}
