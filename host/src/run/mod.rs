//! Boots the system: a shell on the terminal, or one command with its own streams.

mod boot;
mod exec;
pub(crate) mod folder;
mod kept;
mod stream;
mod views;

use std::time::Duration;

pub use boot::{boot, command, tail};
pub use exec::{Debugger, Ending, Ends, Exec, Logs, Outcome, execute};
pub use kept::Kept;

use crate::machine::{self, Acceleration, Hardware};
use crate::{Built, Error};

/// How long the trial of the host's processor may take; a boot takes a tenth of it.
const TRIAL: Duration = Duration::from_secs(5);

/// The fastest way to run the system that works on this host.
///
/// # Errors
/// Those of trying it.
pub fn fastest(built: &Built, hardware: Hardware) -> Result<Acceleration, Error> {
    if hardware.counted {
        return Ok(Acceleration::None);
    }
    machine::choose(built.project(), |acceleration| {
        let wanted = Exec {
            command: vec!["/bin/true".into()],
            timeout: Some(TRIAL),
            ..Exec::default()
        };
        let outcome = execute(built, acceleration, &wanted, Ends::default())?;
        Ok(outcome.ending == Ending::Status(0))
    })
}
