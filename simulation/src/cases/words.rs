//! What scripts of several cases say.

use crate::player::RESULT;
use crate::program::{DATA, Script, Value};
use linux_raw_sys::general as nr;

/// Stands for the working directory.
const HERE: Value = Value::Number((nr::AT_FDCWD as i64).cast_unsigned());
/// Permission bits of new files.
const MODE: Value = Value::Number(0o644);

/// The n-th place of the data for a small piece of memory.
pub(super) const fn at(n: u64) -> u64 {
    DATA + n * 0x100
}

/// Puts a path at the n-th place.
pub(super) fn path(script: Script, n: u64, path: &str) -> Script {
    let mut bytes = path.as_bytes().to_vec();
    bytes.push(0);
    script.store(at(n), bytes)
}

impl Script {
    /// Opens the file whose path is at the n-th place, as a variable.
    pub(super) fn open_file(
        self,
        name: &'static str,
        n: u64,
        flags: u32,
        variable: usize,
    ) -> Script {
        let arguments = [HERE, at(n).into(), u64::from(flags).into(), MODE];
        self.check(name, nr::__NR_openat, &arguments)
            .set(variable, RESULT)
    }

    /// Writes bytes that are at the n-th place.
    pub(super) fn write_out(
        self,
        name: &'static str,
        file: Value,
        n: u64,
        bytes: &'static [u8],
    ) -> Script {
        let arguments = [file, at(n).into(), (bytes.len() as u64).into()];
        self.store(at(n), bytes)
            .check(name, nr::__NR_write, &arguments)
    }

    /// Reads up to `count` bytes to the n-th place, and notes number and bytes.
    pub(super) fn read_in(self, name: &'static str, file: Value, n: u64, count: u64) -> Script {
        self.check(name, nr::__NR_read, &[file, at(n).into(), count.into()])
            .note_bytes(name, at(n), RESULT)
    }

    /// Closes a file.
    pub(super) fn close_file(self, name: &'static str, file: Value) -> Script {
        self.check(name, nr::__NR_close, &[file])
    }

    /// Waits for a child, and notes how it has ended.
    pub(super) fn wait_for(self, name: &'static str, child: Value, n: u64) -> Script {
        self.store_word(at(n), 0.into())
            .check(
                name,
                nr::__NR_wait4,
                &[child, at(n).into(), 0.into(), 0.into()],
            )
            .note_bytes(name, at(n), 4)
    }
}
