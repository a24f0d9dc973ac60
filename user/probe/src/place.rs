//! The memory, files and descriptors that arguments refer to.
#![expect(unsafe_code, reason = "mappings at addresses of their own")]

use probe::signatures::Argument;
use std::ffi::CStr;
use std::fs::{self, File};
use std::io;
use std::os::fd::IntoRawFd;

const PAGE: usize = 4096;

/// What arguments refer to.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    /// A page of `a` without an end; the page behind it may not be touched.
    letters: u64,
    /// A page that may only be read.
    read_only: u64,
    /// Zeroes that are read, 64 KiB.
    zeroes: u64,
    /// Room that is written, 64 KiB.
    room: u64,
    vector: u64,
    file: u64,
    directory: u64,
}

/// Far from where programs and their mappings are put.
const UNMAPPED: u64 = 0x10_0000_0000;
const FILE: &CStr = c"file";
const MISSING: &CStr = c"missing";

impl Place {
    /// Makes the files in a new working directory, and the mappings.
    ///
    /// # Errors
    /// Those of the system.
    pub(crate) fn prepare() -> io::Result<Place> {
        let folder = std::env::temp_dir().join(format!("probe.{}", std::process::id()));
        fs::create_dir(&folder)?;
        std::env::set_current_dir(&folder)?;
        fs::write("file", [b'x'; PAGE])?;
        let letters = map(2 * PAGE)?;
        // SAFETY: the first of the two pages that were just mapped.
        unsafe {
            std::ptr::write_bytes(letters, b'a', PAGE);
            libc::mprotect(letters.add(PAGE).cast(), PAGE, libc::PROT_NONE);
        }
        let read_only = map(PAGE)?;
        // SAFETY: the page that was just mapped, which nothing refers to.
        unsafe { libc::mprotect(read_only.cast(), PAGE, libc::PROT_READ) };
        let (zeroes, room, vector) = (map(16 * PAGE)?, map(16 * PAGE)?, map(PAGE)?);
        let one = libc::iovec {
            iov_base: room.cast(),
            iov_len: 8,
        };
        // SAFETY: a page, aligned, that was just mapped.
        unsafe { vector.cast::<libc::iovec>().write(one) };
        Ok(Place {
            letters: address(letters),
            read_only: address(read_only),
            zeroes: address(zeroes),
            room: address(room),
            vector: address(vector),
            file: descriptor(File::options().read(true).write(true).open("file")?),
            directory: descriptor(File::open(".")?),
        })
    }

    /// Removes the files.
    pub(crate) fn remove() {
        // What is left behind harms nobody.
        let _ = std::env::current_dir().and_then(fs::remove_dir_all);
    }

    /// A right value for an argument.
    pub(crate) fn right(&self, argument: Argument) -> u64 {
        match argument {
            Argument::Value(value) | Argument::Size(value) => value,
            Argument::File => self.file,
            Argument::Directory => self.directory,
            Argument::Path => address(FILE.as_ptr().cast_mut()),
            Argument::Missing => address(MISSING.as_ptr().cast_mut()),
            Argument::In => self.zeroes,
            Argument::Out | Argument::Range => self.room,
            Argument::Vector => self.vector,
        }
    }

    /// Right values for all arguments.
    pub(crate) fn all_right(&self, arguments: &[Argument]) -> [u64; 6] {
        let mut values = [0; 6];
        for (value, argument) in values.iter_mut().zip(arguments) {
            *value = self.right(*argument);
        }
        values
    }

    /// Addresses that lead nowhere, for an argument that is an address.
    pub(crate) fn wild(&self, argument: Argument) -> Vec<(&'static str, u64)> {
        let mut all = vec![
            ("null", 0),
            ("low", 8),
            ("unmapped", UNMAPPED),
            ("forbidden", self.letters + PAGE as u64),
            ("edge", self.letters + PAGE as u64 - 1),
            ("last", 0x7fff_ffff_efff),
            ("beyond", 0x7fff_ffff_f000),
            ("non-canonical", 0x8000_0000_0000),
            ("kernel", 0xffff_8000_0010_0000),
            ("image", 0xffff_ffff_8010_0000),
            ("wrapping", u64::MAX - 3),
        ];
        if argument == Argument::Out {
            all.push(("read-only", self.read_only));
        }
        all
    }
}

fn descriptor(file: File) -> u64 {
    u64::try_from(file.into_raw_fd()).unwrap_or(u64::MAX)
}

fn address<T>(pointer: *mut T) -> u64 {
    pointer.expose_provenance() as u64
}

fn map(bytes: usize) -> io::Result<*mut u8> {
    // SAFETY: a new mapping at a place that the system chooses.
    let at = unsafe {
        libc::mmap(
            std::ptr::null_mut(),
            bytes,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
            -1,
            0,
        )
    };
    if at == libc::MAP_FAILED {
        return Err(io::Error::last_os_error());
    }
    Ok(at.cast())
}
