//! Pages of files and pages of nobody: faults of programs, and of services on their behalf.

use super::words::{at, path};
use crate::case::Case;
use crate::program::{Script, Value};
use linux_raw_sys::general as nr;

/// Where the file is mapped, and where zeroes are.
const FILE: u64 = 0x7000_0000;
const ZEROES: u64 = 0x7100_0000;
const BYTES: u64 = 0x3000;
const NO_FILE: Value = Value::Number(u64::MAX);

fn map(script: Script, address: u64, protection: u32, flags: u32, file: Value) -> Script {
    let flags = flags | nr::MAP_FIXED;
    let arguments = [
        address.into(),
        BYTES.into(),
        u64::from(protection).into(),
        u64::from(flags).into(),
        file,
        0.into(),
    ];
    script.check("map", nr::__NR_mmap, &arguments)
}

/// The case.
///
/// # Errors
/// See [`Case::new`].
pub fn case() -> Result<Case, String> {
    let (file, other) = (Value::Variable(0), Value::Variable(1));
    let read_write = nr::PROT_READ | nr::PROT_WRITE;
    let mut script = path(Script::new(), 0, "/bin/1").open_file("open", 0, nr::O_RDONLY, 0);
    script = map(script, FILE, read_write, nr::MAP_PRIVATE, file);
    script = map(
        script,
        ZEROES,
        read_write,
        nr::MAP_PRIVATE | nr::MAP_ANONYMOUS,
        NO_FILE,
    );
    let script = path(script, 1, "/tmp/copy")
        // The program's own faults: a page of the file, read and then written.
        .note_bytes("the file's head", FILE, 4)
        .store(FILE + 1, *b"MINE")
        .note_bytes("changed", FILE, 6)
        .open_file("create", 1, nr::O_CREAT | nr::O_RDWR, 1)
        // Faults of the file system on its behalf: reading the mapped file, writing zeroes.
        .check(
            "write",
            nr::__NR_write,
            &[other, (FILE + 0x1000).into(), 16.into()],
        )
        .check("write", nr::__NR_write, &[other, FILE.into(), 16.into()])
        .check("seek", nr::__NR_lseek, &[other, 0.into(), 0.into()])
        .check(
            "read",
            nr::__NR_read,
            &[other, (ZEROES + 0xff8).into(), 64.into()],
        )
        .note_bytes("read over an edge", ZEROES + 0xff8, 32)
        .check(
            "read of nowhere",
            nr::__NR_read,
            &[other, 0x100.into(), 64.into()],
        )
        .check("unmap", nr::__NR_munmap, &[FILE.into(), BYTES.into()])
        .check("unmap", nr::__NR_munmap, &[ZEROES.into(), BYTES.into()])
        .close_file("close", file)
        .close_file("close", other)
        .check("unlink", nr::__NR_unlink, &[at(1).into()]);
    Case::new("pages", script, vec![Script::new().halt()])
}
