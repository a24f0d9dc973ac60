//! Files and folders.

use std::fs::{self, File};
use std::hint::black_box;
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

use crate::meter::Meter;

/// What files are filled with.
pub(crate) static BLOCK: [u8; 64 * 1024] = [0x5a; 64 * 1024];
const LARGE: usize = 16 << 20;
const DEPTH: u64 = 8;
const ENTRIES: usize = 1000;

/// A file or folder that is removed at the end.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    fn named(name: &str) -> Scratch {
        Scratch(Path::new("/tmp").join(format!("bench-{name}")))
    }

    /// A file of this size, written piece by piece.
    pub(crate) fn filled(name: &str, size: usize, piece: &[u8]) -> io::Result<Scratch> {
        let scratch = Scratch::named(name);
        fill(&mut File::create(&scratch.0)?, size, piece)?;
        Ok(scratch)
    }

    fn folder(name: &str) -> io::Result<Scratch> {
        let scratch = Scratch::named(name);
        fs::create_dir(&scratch.0)?;
        Ok(scratch)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What is not there cannot be removed, and needs not.
        let _ = fs::remove_file(&self.0).or_else(|_| fs::remove_dir_all(&self.0));
    }
}

fn fill(file: &mut File, size: usize, piece: &[u8]) -> io::Result<()> {
    (0..size / piece.len()).try_for_each(|_| file.write_all(piece))
}

/// Writes to a new file.
fn write(meter: &mut Meter, piece: usize) -> io::Result<()> {
    let scratch = Scratch::named("written");
    let mut file = File::create(scratch.path())?;
    meter.whole(1, || fill(&mut file, LARGE, &BLOCK[..piece]))
}

/// Reads a file that is in memory.
fn read(meter: &mut Meter, piece: usize) -> io::Result<()> {
    let scratch = Scratch::filled("read", LARGE, &BLOCK)?;
    let mut file = File::open(scratch.path())?;
    let mut buffer = vec![0; piece];
    meter.times(1, || {
        file.rewind()?;
        (0..LARGE / piece).try_for_each(|_| file.read_exact(&mut buffer))
    })
}

pub(crate) fn write_4k(meter: &mut Meter) -> io::Result<()> {
    write(meter, 4096)
}

pub(crate) fn write_64k(meter: &mut Meter) -> io::Result<()> {
    write(meter, BLOCK.len())
}

pub(crate) fn read_4k(meter: &mut Meter) -> io::Result<()> {
    read(meter, 4096)
}

pub(crate) fn read_64k(meter: &mut Meter) -> io::Result<()> {
    read(meter, BLOCK.len())
}

pub(crate) fn lookup(meter: &mut Meter) -> io::Result<()> {
    lookup_deep(meter, DEPTH)
}

/// `stat` of a file so many folders below one of the root's.
pub(crate) fn lookup_deep(meter: &mut Meter, depth: u64) -> io::Result<()> {
    let scratch = Scratch::folder("deep")?;
    let deep: PathBuf = (1..depth).fold(scratch.path().to_owned(), |path, _| path.join("d"));
    fs::create_dir_all(&deep)?;
    let file = deep.join("file");
    File::create(&file)?;
    meter.times(4_000, || {
        black_box(rustix::fs::stat(&file)?);
        Ok(())
    })
}

pub(crate) fn create_remove(meter: &mut Meter) -> io::Result<()> {
    let scratch = Scratch::folder("created")?;
    let file = scratch.path().join("file");
    meter.times(2_000, || {
        File::create(&file)?;
        fs::remove_file(&file)
    })
}

/// Reads a whole folder.
pub(crate) fn readdir(meter: &mut Meter) -> io::Result<()> {
    let scratch = Scratch::folder("many")?;
    for number in 0..ENTRIES {
        File::create(scratch.path().join(format!("entry-{number}")))?;
    }
    meter.times(4, || {
        let found = fs::read_dir(scratch.path())?.filter(Result::is_ok).count();
        if found == ENTRIES {
            return Ok(());
        }
        Err(io::Error::other(format!("{found} of {ENTRIES} entries")))
    })
}
