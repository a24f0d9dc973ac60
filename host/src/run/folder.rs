//! A folder for one run. It is removed at the run's end, or by a later run when the tool was killed.

use std::path::Path;

use tempfile::TempDir;

use crate::{Error, Project};

/// Makes the folder.
pub(crate) fn make(project: &Project) -> Result<TempDir, Error> {
    let parent = project.made_folder("runs")?;
    sweep(&parent, |process| Path::new("/proc").join(process).exists());
    let name = format!("{}-", std::process::id());
    tempfile::Builder::new()
        .prefix(&name)
        .tempdir_in(&parent)
        .map_err(Error::file(&parent))
}

/// Removes the folders whose process is no more.
fn sweep(parent: &Path, is_alive: impl Fn(&str) -> bool) {
    let entries = std::fs::read_dir(parent).into_iter().flatten().flatten();
    for entry in entries {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let is_left_over = name
            .split_once('-')
            .is_some_and(|(process, _)| !is_alive(process));
        if is_left_over {
            // Another run may be removing it, too.
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_dead_left_is_removed() {
        let parent = tempfile::tempdir().unwrap();
        let folder = |name: &str| parent.path().join(name);
        for name in ["17-a", "18-b", "other"] {
            std::fs::create_dir(folder(name)).unwrap();
        }
        sweep(parent.path(), |process| process == "18");
        assert!(!folder("17-a").exists());
        assert!(folder("18-b").exists() && folder("other").exists());
    }
}
