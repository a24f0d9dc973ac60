//! A boot to a shell on the terminal.

use std::path::{Path, PathBuf};

use crate::build::{Configuration, Mode};
use crate::machine::{Acceleration, Console, Emulator, End, Hardware, Line};
use crate::project::{say, write};
use crate::{Built, Error};

use super::status;

/// Boots to a shell on the terminal; answers the tool's exit status.
///
/// # Errors
/// Those of making the boot archive and of starting the emulator.
pub fn boot(built: &Built, hardware: Hardware) -> Result<u8, Error> {
    let line = shell_line(built, hardware)?;
    say("Booting", "Evernix (Ctrl-A X ends the emulator)");
    let end = Emulator::new(&line, Vec::new())
        .on_terminal()
        .start()?
        .wait()?;
    Ok(judge(end, &line.log))
}

/// Prints a line that boots the system when it is pasted into a shell.
///
/// # Errors
/// Those of making the boot archive.
pub fn print_command(built: &Built, hardware: Hardware) -> Result<(), Error> {
    println!("{}", shell_line(built, hardware)?.text());
    Ok(())
}

fn shell_line(built: &Built, hardware: Hardware) -> Result<Line, Error> {
    let size = rustix::termios::tcgetwinsize(std::io::stdout()).ok();
    let configuration = Configuration {
        mode: Mode::Shell,
        size: size
            .map(|size| (size.ws_row, size.ws_col))
            .filter(|size| size.0 > 0),
        overlays: Vec::new(),
    };
    let folder = built.project().made_folder("boot")?;
    let archive = folder.join("archive");
    write(&archive, &built.archive(&configuration)?)?;
    Ok(Line {
        kernel: built.kernel.clone(),
        archive,
        log: folder.join("kernel.log"),
        hardware,
        acceleration: Acceleration::None,
        console: Console::Terminal,
        link: None,
    })
}

/// The exit status for the end of the machine; a failure is told with the kernel's log.
pub(super) fn judge(end: End, log: &Path) -> u8 {
    let failure = match end {
        End::Off | End::Restart => return 0,
        End::Failure => "the system failed".to_owned(),
        End::Emulator(Some(0)) => return 0,
        End::Emulator(code) => format!("the emulator ended by itself ({code:?})"),
    };
    eprintln!("evernix: {failure}; the kernel's log ends with:");
    eprint!("{}", tail(log));
    status::FAILED
}

/// The last lines of a log.
pub(super) fn tail(log: &Path) -> String {
    const LINES: usize = 40;
    let bytes = std::fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let lines: Vec<&str> = text.lines().collect();
    let first = lines.len().saturating_sub(LINES);
    lines[first..]
        .iter()
        .map(|line| format!("{line}\n"))
        .collect()
}

/// A folder for one run, removed at its end.
pub(super) fn run_folder(built: &Built) -> Result<tempfile::TempDir, Error> {
    let parent: PathBuf = built.project().made_folder("runs")?;
    tempfile::tempdir_in(&parent).map_err(Error::file(&parent))
}
