//! init: what process 1 decides; `main.rs` does it.
//!
//! ```text
//! /etc/evernix/run       lines key=value: mode=shell|exec, rows=, columns= (of the terminal)
//! /etc/evernix/command   exec mode: the command and its arguments, each followed by a zero
//! /etc/hostname          the host's name
//! /etc/rc                run by /bin/sh first, if it is there
//! ```
//!
//! In shell mode the terminal is /dev/console and a login shell runs on it; when it ends, so does
//! the system. In exec mode one command runs with /dev/host/stdin, /dev/host/stdout and
//! /dev/host/stderr; its status goes as one byte to /dev/host/control before the power is cut.

pub mod ending;
pub mod settings;

/// The environment of everything that is started.
pub const ENVIRONMENT: [(&str, &str); 7] = [
    ("PATH", "/bin:/sbin:/usr/bin:/usr/sbin"),
    ("HOME", "/root"),
    ("USER", "root"),
    ("LOGNAME", "root"),
    ("SHELL", "/bin/sh"),
    ("TERM", "linux"),
    ("PS1", "\\h:\\w\\$ "),
];
