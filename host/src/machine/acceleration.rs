//! Whether the host's processor can run the guest itself. A device file alone proves nothing: there
//! are hosts that offer it and on which no guest gets past its first instructions. So it is tried,
//! once for each start of the host, with a command inside the system.

use std::fs;
use std::path::Path;

use crate::{Error, Project, project};

/// Who executes the guest's instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acceleration {
    /// The emulator.
    None,
    /// The host's processor (KVM).
    Host,
}

const DEVICE: &str = "/dev/kvm";
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

/// What is known or found out about this host. `attempt` runs a command inside the system with the
/// given acceleration and says whether that worked; it is called at most once.
///
/// # Errors
/// Those of `attempt` and of keeping what was found out.
pub fn choose(
    project: &Project,
    attempt: impl FnOnce(Acceleration) -> Result<bool, Error>,
) -> Result<Acceleration, Error> {
    let note = project.made_folder("")?.join("acceleration");
    let host = fs::read_to_string(BOOT_ID).unwrap_or_default();
    find_out(Path::new(DEVICE), (&note, &host), attempt)
}

/// The same for a device, the file where it is noted, and the start of the host that it holds for.
fn find_out(
    device: &Path,
    (note, host): (&Path, &str),
    attempt: impl FnOnce(Acceleration) -> Result<bool, Error>,
) -> Result<Acceleration, Error> {
    let mut options = fs::File::options();
    if options.read(true).write(true).open(device).is_err() {
        return Ok(Acceleration::None);
    }
    if let Some(known) = recall(note, host) {
        return Ok(known);
    }
    project::say("Trying", "whether this host can run the system with KVM");
    let found = if attempt(Acceleration::Host)? {
        Acceleration::Host
    } else {
        project::say("Found", "that it cannot; the system is emulated");
        Acceleration::None
    };
    project::write(note, describe(found, host).as_bytes())?;
    Ok(found)
}

fn recall(note: &Path, host: &str) -> Option<Acceleration> {
    let text = fs::read_to_string(note).ok()?;
    [Acceleration::None, Acceleration::Host]
        .into_iter()
        .find(|known| text == describe(*known, host))
}

fn describe(found: Acceleration, host: &str) -> String {
    let word = match found {
        Acceleration::None => "emulated",
        Acceleration::Host => "kvm",
    };
    format!("{word} {host}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// S9: the host's processor is used only where a guest has really run on it. A device file alone
    /// proves nothing, and without one nothing is tried.
    #[test]
    fn the_processor_is_used_where_a_guest_has_run_on_it() {
        let folder = tempfile::tempdir().unwrap();
        let device = folder.path().join("device");
        let ask = |note: &str, runs: Option<bool>| {
            let note = folder.path().join(note);
            find_out(&device, (&note, "id\n"), |tried| {
                assert_eq!(tried, Acceleration::Host);
                Ok(runs.expect("it is not tried"))
            })
            .unwrap()
        };
        assert_eq!(ask("none", None), Acceleration::None);
        fs::write(&device, "").unwrap();
        for (note, runs, found) in [
            ("fails", false, Acceleration::None),
            ("runs", true, Acceleration::Host),
        ] {
            assert_eq!(ask(note, Some(runs)), found);
            // It is known now.
            assert_eq!(ask(note, None), found);
        }
        fs::remove_file(&device).unwrap();
        assert_eq!(ask("runs", None), Acceleration::None);
    }

    #[test]
    fn what_was_found_out_holds_until_the_host_starts_again() {
        let folder = tempfile::tempdir().unwrap();
        let note = folder.path().join("note");
        assert_eq!(recall(&note, "id\n"), None);
        project::write(&note, describe(Acceleration::Host, "id\n").as_bytes()).unwrap();
        assert_eq!(recall(&note, "id\n"), Some(Acceleration::Host));
        assert_eq!(recall(&note, "other\n"), None);
    }
}
