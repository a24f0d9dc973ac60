//! What init asks of the system besides processes.

use std::fs::File;
use std::io::{self, Write};
use std::time::Duration;

use init::ending::Ending;
use init::settings::Size;
use rustix::stdio;
use rustix::system::RebootCommand;
use rustix::termios::Winsize;

/// Makes the console standard input, output and error. Without a console init runs silently.
pub(crate) fn open_console() {
    if let Ok(console) = File::options().read(true).write(true).open("/dev/console") {
        let _ = stdio::dup2_stdin(&console);
        let _ = stdio::dup2_stdout(&console);
        let _ = stdio::dup2_stderr(&console);
        if std::os::fd::AsRawFd::as_raw_fd(&console) <= 2 {
            // It became one of the three itself and has to stay open.
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

/// Writes to the host's standard error, or to the console if that cannot be.
pub(crate) fn say_on_host(text: &str) {
    let written = File::options()
        .write(true)
        .open("/dev/host/stderr")
        .and_then(|mut stream| stream.write_all(text.as_bytes()));
    if written.is_err() {
        eprint!("{text}");
    }
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
    eprintln!("init: the system does not end: {result:?}");
    loop {
        // Process 1 may not end; whoever watches sees the message.
        std::thread::sleep(Duration::from_secs(3600));
    }
}
