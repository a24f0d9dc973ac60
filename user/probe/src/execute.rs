//! Executes files that look like programs.
#![expect(unsafe_code, reason = "execve")]

use crate::child::{describe, run};
use std::ffi::c_char;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;

/// A line for each.
///
/// # Errors
/// When a file cannot be made.
pub(crate) fn misuse() -> io::Result<()> {
    for (name, content) in probe::executables::cases() {
        fs::write("candidate", content)?;
        fs::set_permissions("candidate", fs::Permissions::from_mode(0o755))?;
        println!("{name}: {}", describe(&run(execute)));
        fs::remove_file("candidate")?;
    }
    Ok(())
}

/// Returns the errno when it is refused.
fn execute() -> i32 {
    let arguments: [*const c_char; 2] = [c"candidate".as_ptr(), std::ptr::null()];
    // SAFETY: path and arrays live during the call and end as they have to.
    unsafe {
        libc::execve(
            c"./candidate".as_ptr(),
            arguments.as_ptr(),
            arguments[1..].as_ptr(),
        );
    }
    io::Error::last_os_error().raw_os_error().unwrap_or(-1)
}
