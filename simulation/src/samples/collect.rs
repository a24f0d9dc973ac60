//! Samples from real runs: all cases, with both versions of the services, and with services that
//! die in the middle of a change.

use super::coverage::{Places, places};
use super::{IMAGES, Recorded};
use crate::case::Case;
use crate::cases;
use crate::disturbance::{Disturbance, Order};
use crate::probe::{Kind, Point};
use crate::registry::{self, SERVICES};
use crate::run::{Failed, play_watched};
use crate::world::{Exported, Watcher};
use abi::Endpoint;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Samples kept of each State.
const KEPT: usize = 6;
/// Who schedules.
const SEED: u64 = 1;
/// In which part of a run a service dies in the middle of a change.
const PARTS: u64 = 3;

/// A sample that had something new.
struct Found {
    origin: String,
    bytes: Vec<u8>,
    places: Places,
}

/// What was found of each State version of each service.
#[derive(Default)]
struct Finds {
    found: BTreeMap<(Endpoint, u32), Vec<Found>>,
    known: BTreeMap<(Endpoint, u32), Places>,
}

impl Finds {
    fn look(&mut self, origin: &str, exported: &Exported<'_>) {
        let of = (exported.slot, exported.version);
        let places = places(exported.bytes);
        let known = self.known.entry(of).or_default();
        if places.is_subset(known) {
            return;
        }
        known.extend(&places);
        self.found.entry(of).or_default().push(Found {
            origin: format!("{origin}-{}", exported.turn),
            bytes: exported.bytes.to_vec(),
            places,
        });
    }

    /// The samples that together have most, the one with most first.
    fn best(&mut self, slot: Endpoint, version: u32) -> Vec<(String, Vec<u8>)> {
        let mut found = self.found.remove(&(slot, version)).unwrap_or_default();
        let (mut kept, mut covered) = (Vec::new(), Places::new());
        while kept.len() < KEPT {
            let news = |one: &Found| one.places.difference(&covered).count();
            let most = (0..found.len()).max_by_key(|at| news(&found[*at]));
            let Some(at) = most.filter(|at| news(&found[*at]) > 0) else {
                break;
            };
            let one = found.swap_remove(at);
            covered.extend(&one.places);
            kept.push((one.origin, one.bytes));
        }
        kept
    }
}

/// Plays all cases and returns what services of both versions export: in the middle of them, and
/// what a successor gets when one has died in mid-change.
///
/// # Errors
/// What went wrong, in words.
pub fn collect() -> Result<Vec<Recorded>, String> {
    let finds = Rc::new(RefCell::new(Finds::default()));
    for maker in cases::ALL {
        let case = maker()?;
        for version in IMAGES {
            let run = Run {
                case: &case,
                version,
                finds: &finds,
            };
            run.collect().map_err(|failed| failed.to_string())?;
        }
    }
    let mut recorded = Vec::new();
    for slot in SERVICES {
        for image in IMAGES {
            let exports = registry::of_image(*slot, image).ok_or("an image is missing")?;
            recorded.push(Recorded {
                slot: *slot,
                version: exports.version,
                outline: exports.outline,
                samples: finds.borrow_mut().best(*slot, exports.version),
            });
        }
    }
    Ok(recorded)
}

/// A case with services of one version.
struct Run<'a> {
    case: &'a Case,
    version: u32,
    finds: &'a Rc<RefCell<Finds>>,
}

impl Run<'_> {
    fn collect(&self) -> Result<(), Box<Failed>> {
        let orders = match self.version {
            1 => vec![Order::Status(Endpoint::RS)],
            version => vec![Order::UpdateAll(version)],
        };
        let calm = Disturbance::at_once(orders);
        let case = self.case;
        let watcher = self.watcher(case.name.to_owned(), false);
        let played = play_watched(case, SEED, &calm, Some(watcher))?;
        for ((slot, kind), count) in played.counts {
            if kind != Kind::Change || case.counts_boot {
                continue;
            }
            for part in 1..PARTS {
                let number = count * part / PARTS;
                let point = Point { slot, kind, number };
                let disturbance = Disturbance {
                    deaths: vec![point],
                    ..calm.clone()
                };
                let origin = format!("{}-cut-short", case.name);
                let watcher = self.watcher(origin, true);
                // That a death changes nothing is for other tests.
                let _ = play_watched(case, SEED, &disturbance, Some(watcher));
            }
        }
        Ok(())
    }

    /// Keeps what services of this run's version export; with `succeeded_only` what a successor
    /// gets.
    fn watcher(&self, origin: String, succeeded_only: bool) -> Watcher {
        let (version, finds) = (self.version, self.finds.clone());
        Rc::new(move |exported| {
            let is_of_version = registry::of_image(exported.slot, version)
                .is_some_and(|exports| exports.version == exported.version);
            if is_of_version && exported.is_succeeded == succeeded_only {
                finds.borrow_mut().look(&origin, exported);
            }
        })
    }
}
