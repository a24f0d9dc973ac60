//! What Linux's system calls cost in Evernix, beside what they cost in Linux.
//!
//! ```text
//! program     the program that measures, and one run of it in Evernix
//! linux       Debian's kernel for virtual machines, with the same root, and one run in it
//! sample      what a run has printed
//! figures     many runs: medians, spread, ratios
//! table       for a terminal and for documents
//! record      for programs (JSON)
//! chart       for people (SVG)
//! growth      how costs grow with something else (Markdown, SVG)
//! own         what Linux has not
//! ```
//!
//! Both systems run the same binary with the same root in the same emulator with the same options,
//! one after the other, several times: once with counted instructions, and once as fast as it goes,
//! because instructions do not tell what a switch of address spaces costs.

mod chart;
mod figures;
mod growth;
mod linux;
mod own;
mod program;
mod record;
mod sample;
mod table;

use std::time::Duration;

pub use figures::Report;
pub use growth::Series;
pub use sample::{Cost, Sample};

use crate::machine::{Acceleration, Hardware};
use crate::project::say;
use crate::run::fastest;
use crate::trace::raised;
use crate::{Built, Error};

use linux::Linux;
use program::{Evernix, Overlay};

/// What is measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// These operations; all when none is named.
    Operations(Vec<String>),
    /// How costs grow with something else.
    Growth,
    /// What Linux has not: requests between services, and services that are replaced.
    Own,
}

/// How to measure.
#[derive(Clone, Debug)]
pub struct Options {
    /// What to measure.
    pub what: What,
    /// How often each system is measured.
    pub rounds: u32,
    /// The machine's memory and processors.
    pub hardware: Hardware,
    /// Only the time, by the host's own processor.
    pub accelerated: bool,
    /// How long one run may take.
    pub limit: Duration,
}

/// A kind of run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Emulated, and each instruction is counted.
    Counted,
    /// As fast as this host can.
    Timed(Acceleration),
}

impl Kind {
    fn hardware(self, of: Hardware) -> Hardware {
        Hardware {
            counted: self == Kind::Counted,
            ..of
        }
    }

    fn acceleration(self) -> Acceleration {
        match self {
            Kind::Counted => Acceleration::None,
            Kind::Timed(acceleration) => acceleration,
        }
    }
}

/// Measures both systems, alternating.
///
/// # Errors
/// That there is no such operation, that Linux cannot be had, or that a run fails; that the host's
/// processor can run no guest, if it is to.
pub fn measure(built: &Built, options: &Options) -> Result<Report, Error> {
    let kinds = kinds(built, options)?;
    let overlay = Overlay::make(built, &options.what)?;
    if let What::Operations(operations) = &options.what {
        overlay.check(operations)?;
    }
    let evernix = Evernix {
        built,
        overlay: &overlay,
        options,
    };
    let linux = match options.what {
        What::Own => None,
        _ => Some(Linux::prepare(built, &overlay, options)?),
    };
    let mut report = Report::default();
    for round in 1..=options.rounds {
        for kind in &kinds {
            let how = match kind {
                Kind::Counted => "counted",
                Kind::Timed(_) => "timed",
            };
            let tell = |system: &str| {
                say(
                    "Measuring",
                    &format!("{system}, {how}, round {round} of {}", options.rounds),
                );
            };
            tell("Evernix");
            let (printed, recorded) = evernix.run(*kind)?;
            report.evernix.add(*kind, Sample::read(&printed)?);
            if let Some(recorded) = recorded {
                report.raised.add(raised(&recorded));
            }
            let Some(linux) = &linux else { continue };
            tell("Linux");
            report.linux.add(*kind, Sample::read(&linux.run(*kind)?)?);
        }
    }
    report.linux_release = linux.map_or_else(String::new, |linux| linux.release().to_owned());
    Ok(report)
}

fn kinds(built: &Built, options: &Options) -> Result<Vec<Kind>, Error> {
    if !options.accelerated {
        return Ok(vec![Kind::Counted, Kind::Timed(Acceleration::None)]);
    }
    match fastest(built, options.hardware)? {
        Acceleration::Host => Ok(vec![Kind::Timed(Acceleration::Host)]),
        Acceleration::None => Err(Error::Usage(
            "this host cannot run the system with KVM: /dev/kvm is not there, or no guest starts under \
             it"
                .to_owned(),
        )),
    }
}
