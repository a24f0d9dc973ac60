//! Process 1; see `lib.rs`.
//!
//! Entered by the C library without the standard library's own start-up, which opens /dev/null and
//! reads /proc: process 1 has to start, and say what is wrong, even without these.
#![no_main]

mod children;
mod events;
mod machine;
mod start;

use std::fs::File;
use std::io::{self, Write};
use std::process::Command;

use init::ending::{Ending, start_failure};
use init::settings::{Mode, Settings, parse_command, parse_hostname};
use rustix::fs::Access;

use crate::children::{Children, Outcome};
use crate::events::Events;
use crate::machine::Listener;
use crate::start::Terminal;

/// Called by the C library.
#[expect(unsafe_code, reason = "the C library calls it by this name")]
#[unsafe(no_mangle)]
extern "C" fn main() -> i32 {
    machine::open_console();
    let text = machine::read_file("/etc/evernix/run");
    let settings = Settings::parse(&String::from_utf8_lossy(&text));
    set_up(&settings);
    let ending = match Events::open() {
        Ok(events) => run(&settings, &Children::new(events)),
        Err(error) => {
            report("hear signals", Err(error));
            Ending::PowerOff
        }
    };
    machine::end(ending)
}

/// The host's name, the working directory and the console's size.
fn set_up(settings: &Settings) {
    let hostname = machine::read_file("/etc/hostname");
    if let Some(name) = parse_hostname(&String::from_utf8_lossy(&hostname)) {
        report("set the host's name", machine::set_hostname(name));
    }
    if std::env::set_current_dir("/root").is_err() {
        report("change to /", std::env::set_current_dir("/"));
    }
    if let Some(size) = settings.size {
        report("set the console's size", machine::set_console_size(size));
    }
}

/// Says on the console what did not work; process 1 goes on regardless.
fn report(what: &str, result: io::Result<()>) {
    if let Err(error) = result {
        machine::say(
            Listener::Console,
            &format!("init: cannot {what}: {error}\n"),
        );
    }
}

/// Runs /etc/rc and what the settings say to its end, and ends all other processes.
fn run(settings: &Settings, children: &Children) -> Ending {
    if rustix::fs::access("/etc/rc", Access::EXISTS).is_ok() {
        let mut command = Command::new("/bin/sh");
        command.arg("/etc/rc");
        if let Outcome::Asked(ending) = run_on_console(children, command, Terminal::Keep) {
            children.end_all();
            return ending;
        }
    }
    match settings.mode {
        Mode::Shell => run_shell(children),
        Mode::Exec => run_command(children),
    }
}

/// Runs a program on the console. One that cannot be started has ended.
fn run_on_console(children: &Children, command: Command, terminal: Terminal) -> Outcome {
    match start::start(command, terminal) {
        Ok(pid) => children.wait_for(pid),
        Err(error) => {
            let status = start_failure(&error);
            report("start a process", Err(error));
            Outcome::Ended(status)
        }
    }
}

/// A login shell on the console.
fn run_shell(children: &Children) -> Ending {
    let outcome = run_on_console(children, start::login_shell(), Terminal::Control);
    children.end_all();
    match outcome {
        Outcome::Ended(_) => Ending::PowerOff,
        Outcome::Asked(ending) => ending,
    }
}

/// One command with the host's streams; its status goes to the host.
fn run_command(children: &Children) -> Ending {
    let words = parse_command(&machine::read_file("/etc/evernix/command"));
    let started =
        start::host_command(&words).and_then(|command| start::start(command, Terminal::None));
    let (status, ending) = match started {
        Ok(pid) => children.wait_for_command(pid),
        Err(error) => {
            machine::say(
                Listener::Host,
                &format!("init: cannot start the command: {error}\n"),
            );
            (start_failure(&error), Ending::PowerOff)
        }
    };
    children.end_all();
    let sent = File::options()
        .write(true)
        .open("/dev/host/control")
        .and_then(|mut control| control.write_all(&[status]));
    report("tell the host the status", sent);
    ending
}
