//! What init asks of the system besides processes.

use std::fs::File;
use std::io::{self, Read, Write};
use std::time::Duration;

use init::ending::Ending;
use init::settings::Size;
use rustix::stdio;
use rustix::system::RebootCommand;
use rustix::termios::Winsize;

/// Bytes that are read of a file at most.
const FILE_BYTES: u64 = 256 * 1024;

/// Makes the console standard input, output and error. Without a console init runs silently.
pub(crate) fn open_console() {
    if let Ok(console) = File::options().read(true).write(true).open("/dev/console") {
        let _ = stdio::dup2_stdin(&console);
        let _ = stdio::dup2_stdout(&console);
        let _ = stdio::dup2_stderr(&console);
        if std::os::fd::AsRawFd::as_raw_fd(&console) <= 2 {
            // It became one of the three itself and has to stay open, in what is executed too: a
            // duplicate would, but here none was made.
            let _ = rustix::io::fcntl_setfd(&console, rustix::io::FdFlags::empty());
            std::mem::forget(console);
        }
    }
}

/// Sets the host's name.
pub(crate) fn set_hostname(name: &str) -> io::Result<()> {
    Ok(rustix::system::sethostname(name.as_bytes())?)
}

/// Tells the terminal its size.
pub(crate) fn set_console_size(size: Size) -> io::Result<()> {
    let size = Winsize {
        ws_row: size.rows,
        ws_col: size.columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    Ok(rustix::termios::tcsetwinsize(stdio::stdin(), size)?)
}

/// Where a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Listener {
    /// The console.
    Console,
    /// The host's standard error, or the console if that cannot be.
    Host,
}

/// Writes a message, in one piece.
pub(crate) fn say(listener: Listener, text: &str) {
    let heard = listener == Listener::Host
        && File::options()
            .write(true)
            .open("/dev/host/stderr")
            .and_then(|mut stream| stream.write_all(text.as_bytes()))
            .is_ok();
    if !heard {
        // Nobody is left to be told that the console fails.
        let _ = io::stderr().write_all(text.as_bytes());
    }
}

/// Reads a small file; one that is not there is empty. (`fs::read` would ask for its size by a
/// call that only the newest programs make.)
pub(crate) fn read_file(path: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Ok(file) = File::open(path) {
        let _ = file.take(FILE_BYTES).read_to_end(&mut bytes);
    }
    bytes
}

/// Ends the system.
pub(crate) fn end(ending: Ending) -> ! {
    rustix::fs::sync();
    let command = match ending {
        Ending::PowerOff => RebootCommand::PowerOff,
        Ending::Halt => RebootCommand::Halt,
        Ending::Restart => RebootCommand::Restart,
    };
    let result = rustix::system::reboot(command);
    say(
        Listener::Console,
        &format!("init: the system does not end: {result:?}\n"),
    );
    loop {
        // Process 1 may not end; whoever watches sees the message.
        std::thread::sleep(Duration::from_secs(3600));
    }
}
