//! Lays a folder of the host over the root.

use std::fs::{self, Metadata};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use archive::{Builder, Kind, NewEntry};

use crate::{Error, project};

/// Adds everything in a folder: permissions and times as they are, owned by user 0.
///
/// # Errors
/// Those of reading, with the path.
pub(crate) fn add_tree(archive: &mut Builder, folder: &Path) -> Result<(), Error> {
    add_folder(archive, folder, b"root")
}

fn add_folder(archive: &mut Builder, folder: &Path, place: &[u8]) -> Result<(), Error> {
    for entry in fs::read_dir(folder).map_err(Error::file(folder))? {
        let entry = entry.map_err(Error::file(folder))?;
        let place = [place, b"/", entry.file_name().as_bytes()].concat();
        add_one(archive, &entry.path(), &place)?;
    }
    Ok(())
}

fn add_one(archive: &mut Builder, path: &Path, place: &[u8]) -> Result<(), Error> {
    let data = fs::symlink_metadata(path).map_err(Error::file(path))?;
    let kind = data.file_type();
    if kind.is_dir() {
        // The place it is laid over may be a link to a folder elsewhere; the folder wins.
        archive.put(place, entry(Kind::Directory, &data, Vec::new()));
        add_folder(archive, path, place)
    } else if kind.is_symlink() {
        let target = fs::read_link(path).map_err(Error::file(path))?;
        let target = target.as_os_str().as_bytes().to_vec();
        archive.put(place, entry(Kind::Link, &data, target));
        Ok(())
    } else if kind.is_file() {
        archive.put(place, entry(Kind::File, &data, project::read(path)?));
        Ok(())
    } else {
        let reason = "neither a file nor a folder nor a link: the archive cannot hold it";
        Err(Error::Usage(format!("{}: {reason}", path.display())))
    }
}

fn entry(kind: Kind, data: &Metadata, content: Vec<u8>) -> NewEntry {
    NewEntry {
        kind,
        mode: data.mode() & 0o7777,
        user: 0,
        group: 0,
        modified: u64::try_from(data.mtime()).unwrap_or(0),
        data: content,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn a_folder_is_laid_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::create_dir(path("bin")).unwrap();
        fs::write(path("bin/tool"), "new").unwrap();
        fs::set_permissions(path("bin/tool"), fs::Permissions::from_mode(0o750)).unwrap();
        symlink("tool", path("bin/other")).unwrap();

        let mut archive = Builder::new();
        archive.put(
            "root/bin/tool",
            crate::build::plain_file(b"old".to_vec(), 0o644),
        );
        add_tree(&mut archive, folder.path()).unwrap();
        let bytes = archive.build().unwrap();
        let read = archive::Archive::read(&bytes).unwrap();
        let tool = read.find(b"root/bin/tool").unwrap();
        assert_eq!((tool.data, tool.mode, tool.user), (&b"new"[..], 0o750, 0));
        let other = read.find(b"root/bin/other").unwrap();
        assert_eq!((other.kind, other.data), (Kind::Link, &b"tool"[..]));
    }

    #[test]
    fn what_is_missing_is_named() {
        let error = add_tree(&mut Builder::new(), Path::new("/nowhere")).unwrap_err();
        assert!(error.to_string().starts_with("/nowhere: "));
    }
}
