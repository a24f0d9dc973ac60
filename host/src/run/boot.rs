//! A boot to a shell on the terminal.

use std::path::Path;

use rustix::termios::{OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr};

use crate::build::{Configuration, Mode};
use crate::machine::{Acceleration, Console, Emulator, End, Hardware, Line};
use crate::project::{say, write};
use crate::{Built, Error};

use super::folder;

/// Lines of a log that are shown: a kernel that cannot go on says less than that.
const LINES: usize = 80;

/// Boots to a shell on the terminal, again as often as the system asks for it. The answer is why
/// the system failed, with the end of the kernel's log, if it did.
///
/// # Errors
/// Those of making the boot archive and of starting the emulator.
pub fn boot(
    built: &Built,
    acceleration: Acceleration,
    hardware: Hardware,
) -> Result<Option<String>, Error> {
    // Another session may run with another archive.
    let folder = folder::make(built.project())?;
    let line = shell_line(built, acceleration, hardware, folder.path())?;
    let _settings = TerminalSettings::keep();
    loop {
        say("Booting", "Evernix (Ctrl-A X ends the emulator)");
        let mut running = Emulator::new(&line, Vec::new()).on_terminal().start()?;
        let failure = match running.wait()? {
            End::Restart => continue,
            End::Off | End::Emulator(Some(0)) => return Ok(None),
            End::Failure => "the system failed".to_owned(),
            End::Emulator(code) => format!("the emulator ended by itself ({code:?})"),
        };
        let log = std::fs::read(&line.log).unwrap_or_default();
        let log = String::from_utf8_lossy(&log).into_owned();
        let log = tail(&log);
        return Ok(Some(format!(
            "{failure}; the kernel's log ends with:\n{log}"
        )));
    }
}

/// A line that boots the system when it is pasted into a shell.
///
/// # Errors
/// Those of making the boot archive.
pub fn command(built: &Built, hardware: Hardware) -> Result<String, Error> {
    let folder = built.project().made_folder("boot")?;
    Ok(shell_line(built, Acceleration::None, hardware, &folder)?.text())
}

fn shell_line(
    built: &Built,
    acceleration: Acceleration,
    hardware: Hardware,
    folder: &Path,
) -> Result<Line, Error> {
    let size = tcgetwinsize(rustix::stdio::stdin()).ok();
    let configuration = Configuration {
        mode: Mode::Shell,
        size: size
            .map(|size| (size.ws_row, size.ws_col))
            .filter(|(rows, columns)| *rows > 0 && *columns > 0),
        ..Configuration::default()
    };
    let archive = folder.join("archive");
    write(&archive, &built.archive(&configuration)?)?;
    Ok(Line {
        kernel: built.kernel.clone(),
        archive,
        append: None,
        memory_file: None,
        log: folder.join("kernel.log"),
        hardware,
        acceleration,
        console: Console::Terminal,
        link: None,
        debug: None,
        executed: None,
    })
}

/// The last lines of a log.
#[must_use]
pub fn tail(log: &str) -> String {
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(LINES)..].join("\n")
}

/// The terminal's settings, put back at the end even if the emulator could not do it.
struct TerminalSettings(Option<Termios>);

impl TerminalSettings {
    fn keep() -> TerminalSettings {
        TerminalSettings(tcgetattr(rustix::stdio::stdin()).ok())
    }
}

impl Drop for TerminalSettings {
    fn drop(&mut self) {
        if let Some(settings) = &self.0 {
            // A terminal that went away needs no settings.
            let _ = tcsetattr(rustix::stdio::stdin(), OptionalActions::Flush, settings);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_are_shown() {
        let log: String = (0..100).map(|line| format!("{line}\n")).collect();
        assert!(tail(&log).starts_with("20\n") && tail(&log).ends_with("\n99"));
        assert_eq!(tail("one\n"), "one");
        assert_eq!(tail(""), "");
    }
}
