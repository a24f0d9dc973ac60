//! What it means that a service starts without its State.
//!
//! Most lose what they held for others: handles of before are stale. What all programs stand on
//! (processes, memory, names, the root) cannot be lost alone: then the programs end, and every
//! service starts anew with it, as at boot. The kernel and rs go on. Names that were published at ds
//! are published again by those that do so whenever they take over.

use crate::Reincarnation;
use crate::catalogue::Catalogue;
use crate::record::{Record, Wanted};
use crate::replace::bit;
use crate::supervise::INDISPENSABLE;
use abi::declaration::Declaration;
use abi::slot::Phase;
use abi::{Call, Endpoint};
use alloc::vec::Vec;
use protocol::{endpoint, names};
use service::{Cx, System};

/// Who is replaced when a service starts fresh, one bit a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Company {
    /// All that are replaced.
    pub(crate) members: u64,
    /// Those of them that start without their States.
    pub(crate) fresh: u64,
    /// Whether the programs end.
    pub(crate) programs_end: bool,
}

impl Company {
    /// Services that keep their States.
    pub(crate) const fn stateful(members: u64) -> Company {
        Company {
            members,
            fresh: 0,
            programs_end: false,
        }
    }

    /// The one for a service, when these are up.
    fn of(slot: Endpoint, up: u64, declarations: &[Declaration]) -> Company {
        let own = bit(slot);
        if takes_all(slot) {
            let all = up & !bit(endpoint::RS) | own;
            return Company {
                members: all,
                fresh: all,
                programs_end: true,
            };
        }
        let publishers = declarations.iter().filter(|one| publishes_at(one, slot));
        let publishers: u64 = publishers.map(|one| bit(Endpoint(one.slot))).sum();
        Company {
            members: publishers & up | own,
            fresh: own,
            programs_end: false,
        }
    }
}

/// Whether programs cannot outlive the State of a service.
fn takes_all(slot: Endpoint) -> bool {
    let name = endpoint::name(slot).unwrap_or_default();
    slot != endpoint::RS && INDISPENSABLE.contains(&name)
}

fn publishes_at(declaration: &Declaration, slot: Endpoint) -> bool {
    slot == endpoint::DS && declaration.protocols[slot.index()] >> names::NUMBER & 1 == 1
}

/// Who is replaced when a service starts fresh.
pub(crate) fn company(cx: &Cx<Reincarnation>, slot: Endpoint) -> Company {
    let catalogue = Catalogue::read(cx.system().archive());
    let declarations = catalogue.map_or_else(Vec::new, |catalogue| catalogue.declarations());
    let up = cx.look("up", |state| state.up().map(bit).sum());
    Company::of(slot, up, &declarations)
}

/// Ends all programs.
pub(crate) fn end_programs(cx: &Cx<Reincarnation>) {
    cx.kernel("programs", |kernel| {
        while kernel.call(Call::ProgramEnd, &[]) == Ok(1) {}
    });
}

/// Takes note of the services that run: rs has lost what it knew of them. Whether any does.
pub(crate) fn adopt(cx: &Cx<Reincarnation>) -> bool {
    let running = cx.kernel("adopt", running);
    cx.step("adopted", |state| {
        for (slot, version, wanted) in &running {
            let record = Record::new(*version);
            let wanted = *wanted;
            state.set_record(*slot, Record { wanted, ..record });
        }
    });
    running.iter().any(|(slot, ..)| *slot != endpoint::RS)
}

fn running(kernel: &dyn System) -> Vec<(Endpoint, u32, Wanted)> {
    let slots = endpoint::NAMES.iter().map(|(_, slot)| *slot);
    let found = slots.filter_map(|slot| {
        let status = kernel.slot_status(slot).ok()?;
        let wanted = match Phase::from_word(status.current)? {
            Phase::Absent => return None,
            Phase::Down => Wanted::Down,
            _ => Wanted::Up,
        };
        Some((slot, status.version.max(1), wanted))
    });
    found.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::endpoint::{DS, PM, PROCFS, RS, TTY, VFS};

    fn declarations() -> [Declaration; 3] {
        let mut all = [TTY, PROCFS, VFS].map(|slot| Declaration {
            slot: slot.0,
            ..Declaration::NONE
        });
        for publisher in &mut all[..2] {
            publisher.protocols[DS.index()] = 1 << names::NUMBER;
        }
        all
    }

    #[test]
    fn a_service_starts_fresh_alone() {
        let up = bit(RS) | bit(TTY) | bit(VFS);
        let company = Company::of(TTY, up, &declarations());
        assert_eq!((company.members, company.fresh), (bit(TTY), bit(TTY)));
        assert!(!company.programs_end);
    }

    #[test]
    fn what_programs_stand_on_takes_all_along_that_are_up() {
        let up = bit(RS) | bit(PM) | bit(TTY) | bit(VFS);
        let company = Company::of(VFS, up, &declarations());
        let all = bit(PM) | bit(TTY) | bit(VFS);
        assert_eq!((company.members, company.fresh), (all, all));
        assert!(company.programs_end);
    }

    #[test]
    fn names_are_published_again() {
        let up = bit(RS) | bit(DS) | bit(TTY) | bit(VFS);
        let company = Company::of(DS, up, &declarations());
        assert_eq!(company.members, bit(DS) | bit(TTY));
        assert_eq!(company.fresh, bit(DS));
    }

    #[test]
    fn rs_takes_nobody_along() {
        let company = Company::of(RS, bit(RS) | bit(VFS), &declarations());
        assert_eq!((company.members, company.programs_end), (bit(RS), false));
    }
}
