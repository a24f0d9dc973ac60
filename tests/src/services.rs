//! Services that take the place of others, and what `service status` shows.

use evernix::Project;
use evernix::build::extra;
use std::fs;
use std::path::Path;

/// The image of a misfit (a binary of tests/misfits), under the name of the service whose place
/// it takes.
///
/// # Panics
/// When it cannot be built.
#[must_use]
pub fn misfit(binary: &str, name: &str, version: u32) -> Vec<u8> {
    let package = ("misfits", binary);
    extra::service(&Project::here(), package, (name, version)).expect("a misfit can be built")
}

/// Puts files into the folder `images` of an overlay.
///
/// # Panics
/// When they cannot be written.
pub fn lay_images(overlay: &Path, images: &[(&str, Vec<u8>)]) {
    let folder = overlay.join("images");
    fs::create_dir_all(&folder).expect("a folder");
    for (name, content) in images {
        fs::write(folder.join(name), content).expect("a file");
    }
}

/// A service's row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its name.
    pub name: String,
    /// The version that runs.
    pub version: u32,
    /// What it does: `running`, `down`, `crashed (hang)`.
    pub state: String,
    /// How often it was brought back after a crash.
    pub restarts: u32,
    /// How many instances were started.
    pub starts: u32,
}

/// Reads the table, from its heading to the first line that is no row.
///
/// # Panics
/// When there is no such table.
#[must_use]
pub fn rows(text: &str) -> Vec<Row> {
    let mut lines = text.lines();
    let heading = lines.find(|line| line.starts_with("SERVICE "));
    assert!(heading.is_some(), "no table of services in {text}");
    lines.map_while(row).collect()
}

fn row(line: &str) -> Option<Row> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [name, _, version, state @ .., restarts, starts, _, _] = words.as_slice() else {
        return None;
    };
    Some(Row {
        name: (*name).to_owned(),
        version: version.parse().ok()?,
        state: state.join(" "),
        restarts: restarts.parse().ok()?,
        starts: starts.parse().ok()?,
    })
}

/// Asserts that all services but `except` run and never crashed.
///
/// # Panics
/// When one does not.
pub fn assert_undisturbed(text: &str, except: &[&str]) {
    let rows = rows(text);
    assert!(rows.len() > 10, "too few services: {rows:?}");
    let disturbed: Vec<_> = rows
        .iter()
        .filter(|row| !except.contains(&row.name.as_str()))
        .filter(|row| row.state != "running" || row.restarts != 0)
        .collect();
    assert!(disturbed.is_empty(), "{disturbed:?}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_may_have_spaces() {
        let text = "noise\nSERVICE SLOT VERSION STATE RESTARTS STARTS KIB SERVED\n\
                    tty 6 1 crashed (hang) 2 3 40 99\nend\n";
        let expected = Row {
            name: "tty".to_owned(),
            version: 1,
            state: "crashed (hang)".to_owned(),
            restarts: 2,
            starts: 3,
        };
        assert_eq!(rows(text), [expected]);
    }
}
