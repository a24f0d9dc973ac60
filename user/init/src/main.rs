//! Process 1; see `lib.rs`.
//!
//! Entered by the C library without the standard library's own start-up, which opens /dev/null and
//! reads /proc: process 1 has to start, and say what is wrong, even without these.
#![no_main]

mod children;
mod events;
mod machine;
mod start;

use std::fs::{self, File};
use std::io::Write;
use std::process::Command;

use init::ending::{Ending, start_failure};
use init::settings::{Mode, Settings, parse_command, parse_hostname};

use crate::children::{Children, Outcome};
use crate::events::Events;

/// Called by the C library.
#[expect(unsafe_code, reason = "the C library calls it by this name")]
#[unsafe(no_mangle)]
extern "C" fn main() -> i32 {
    machine::open_console();
    let text = fs::read_to_string("/etc/evernix/run").unwrap_or_default();
    let settings = Settings::parse(&text);
    set_up(&settings);
    let ending = match Events::open() {
        Ok(events) => run(&settings, Children::new(events)),
        Err(error) => {
            eprintln!("init: cannot hear signals: {error}");
            Ending::PowerOff
        }
    };
    machine::end(ending)
}

/// The host's name, the working directory and the console's size.
fn set_up(settings: &Settings) {
    let hostname = fs::read_to_string("/etc/hostname").unwrap_or_default();
    if let Some(name) = parse_hostname(&hostname) {
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
fn report<E: std::fmt::Display>(what: &str, result: Result<(), E>) {
    if let Err(error) = result {
        eprintln!("init: cannot {what}: {error}");
    }
}

/// Runs what the settings say to its end, and ends all other processes.
fn run(settings: &Settings, mut children: Children) -> Ending {
    if fs::exists("/etc/rc").unwrap_or(false) {
        let mut command = Command::new("/bin/sh");
        command.arg("/etc/rc");
        match start::start(command, start::Terminal::Keep) {
            Ok(pid) => {
                if let Outcome::Asked(ending) = children.wait_for(pid) {
                    children.end_all();
                    return ending;
                }
            }
            Err(error) => eprintln!("init: /bin/sh: {error}"),
        }
    }
    match settings.mode {
        Mode::Shell => run_shell(&mut children),
        Mode::Exec => run_command(&mut children),
    }
}

/// A login shell on the console.
fn run_shell(children: &mut Children) -> Ending {
    let outcome = match start::start(start::login_shell(), start::Terminal::Control) {
        Ok(pid) => children.wait_for(pid),
        Err(error) => {
            eprintln!("init: /bin/sh: {error}");
            Outcome::Asked(Ending::PowerOff)
        }
    };
    children.end_all();
    match outcome {
        Outcome::Ended(_) => Ending::PowerOff,
        Outcome::Asked(ending) => ending,
    }
}

/// One command with the host's streams; its status goes to the host.
fn run_command(children: &mut Children) -> Ending {
    let words = parse_command(&fs::read("/etc/evernix/command").unwrap_or_default());
    let (status, ending) = match start::host_command(&words)
        .and_then(|command| start::start(command, start::Terminal::None))
    {
        Ok(pid) => children.wait_for_command(pid),
        Err(error) => {
            let name = words
                .first()
                .map_or("(no command)".into(), |name| name.to_string_lossy());
            machine::say_on_host(&format!("init: {name}: {error}\n"));
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
