//! Every State that was ever recorded is imported by this build, and every State of this build is
//! among the recorded ones.

use abi::Endpoint;
use abi::slot::Refusal;
use pretend_kernel::Kernel;
use service::Start;
use simulation::chance::Chance;
use simulation::registry::{self, Origin, Value};
use simulation::samples::{COMMAND, IMAGES, Recorded, collect, folder, missing, stored};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

/// Bits that are turned in each sample, and places that it is cut off at.
const DAMAGES: u64 = 200;

fn import(
    slot: Endpoint,
    image: u32,
    state_version: u32,
    inbox: &[u8],
) -> Result<Box<dyn Value>, Refusal> {
    let origin = Origin {
        slot,
        version: image,
        start: Start {
            slot,
            ..Start::default()
        },
        state_version,
        inbox,
    };
    registry::make(Rc::new(Kernel::default()), &origin)
}

/// What an image makes of an export: what its check has dropped, and what it exports itself.
fn imported(slot: Endpoint, image: u32, version: u32, bytes: &[u8]) -> (usize, u32, Vec<u8>) {
    let value = import(slot, image, version, bytes)
        .unwrap_or_else(|refusal| panic!("{slot:?}, image {image}: {refusal:?}"));
    (value.dropped(), value.state_version(), value.export())
}

/// The images that read a State: that of its version, and those of the versions next to it.
fn readers(recorded: &Recorded) -> impl Iterator<Item = (u32, registry::Exports)> {
    let (slot, version) = (recorded.slot, recorded.version);
    let exports = IMAGES.into_iter().filter_map(move |image| {
        let exports = registry::of_image(slot, image)?;
        Some((image, exports))
    });
    exports.filter(move |(_, exports)| [exports.version, exports.other].contains(&version))
}

fn all() -> Vec<Recorded> {
    stored(&folder()).unwrap_or_else(|error| panic!("{error}"))
}

/// S5, S8: a State is what its encoding says and nothing else - no pointers, nothing of the allocator -,
/// so its outline is all that an update depends on, and a change of it needs a version or a record.
#[test]
fn every_state_of_this_build_is_recorded() {
    let missing = missing(&all());
    assert!(
        missing.is_empty(),
        "States have changed. What runs may export the former ones, so keep reading those, or give \
         the State a new version; then record the new ones:\n\n    {COMMAND}\n\n{}\n",
        missing.join("\n")
    );
}

#[test]
fn every_recorded_state_is_imported() {
    for recorded in all() {
        let (slot, version) = (recorded.slot, recorded.version);
        assert!(
            !recorded.samples.is_empty(),
            "{slot:?}: {}",
            recorded.name()
        );
        assert!(
            readers(&recorded).next().is_some(),
            "nobody reads {slot:?} {version}"
        );
        for (origin, bytes) in &recorded.samples {
            for (image, exports) in readers(&recorded) {
                let what = format!("{slot:?}, {} {origin}, image {image}", recorded.name());
                let (dropped, exported_as, exported) = imported(slot, image, version, bytes);
                assert_eq!(dropped, 0, "{what}");
                let is_same = exports.version == version && exports.outline == recorded.outline;
                if is_same && !origin.contains("cut-short") {
                    assert_eq!(&exported, bytes, "{what}");
                }
                let again = imported(slot, image, exported_as, &exported);
                assert_eq!(again, (0, exported_as, exported), "{what}");
            }
        }
    }
}

#[test]
fn an_unknown_version_is_refused() {
    for recorded in all() {
        for (_, bytes) in &recorded.samples {
            for image in IMAGES {
                let refused = import(recorded.slot, image, 77, bytes).err();
                assert_eq!(refused, Some(Refusal::UnknownVersion));
            }
        }
    }
}

/// Whatever was damaged is refused, or what remains of it goes through another import whole.
#[test]
fn a_damaged_state_is_refused_or_checked() {
    let (mut refused, mut taken, mut wrong) = (0, 0, Vec::new());
    for recorded in all() {
        for (origin, bytes) in &recorded.samples {
            let mut chance = Chance::new(bytes.len() as u64);
            for number in 0..DAMAGES {
                let damaged = damage(bytes, number, &mut chance);
                for (image, _) in readers(&recorded) {
                    let what = format!("{} {origin} {number} {image}", recorded.name());
                    match survives(&recorded, image, &damaged) {
                        Ok(true) => taken += 1,
                        Ok(false) => refused += 1,
                        Err(how) => wrong.push(format!("{:?} {what} {how}", recorded.slot)),
                    }
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{}: {:#?}",
        wrong.len(),
        &wrong[..wrong.len().min(20)]
    );
    assert!(refused > 0 && taken > 0, "{refused} {taken}");
}

/// Cuts off the end, or turns a bit.
fn damage(bytes: &[u8], number: u64, chance: &mut Chance) -> Vec<u8> {
    let place = abi::word::index(chance.below(bytes.len() as u64));
    let mut damaged = bytes.to_vec();
    if number.is_multiple_of(4) {
        damaged.truncate(place);
        damaged.extend(damaged.is_empty().then_some(0));
    } else {
        damaged[place] ^= 1 << chance.below(8);
    }
    damaged
}

/// Whether it is imported; an error when what was imported is not whole.
fn survives(recorded: &Recorded, image: u32, damaged: &[u8]) -> Result<bool, String> {
    let slot = recorded.slot;
    let tried = catch_unwind(AssertUnwindSafe(|| {
        let value = import(slot, image, recorded.version, damaged).ok()?;
        let (version, exported) = (value.state_version(), value.export());
        let (dropped, _, again) = imported(slot, image, version, &exported);
        Some((dropped, exported == again))
    }));
    match tried {
        Ok(None) => Ok(false),
        Ok(Some((0, true))) => Ok(true),
        Ok(Some((dropped, _))) => Err(format!("is not whole yet, {dropped} dropped again")),
        Err(_) => Err("panics".to_owned()),
    }
}

/// Records what is not recorded yet.
#[test]
#[ignore = "changes the project"]
fn record() {
    let recorded = all();
    if missing(&recorded).is_empty() {
        return;
    }
    for one in collect().unwrap_or_else(|text| panic!("{text}")) {
        assert!(!one.samples.is_empty(), "no case has {:?}", one.slot);
        if one.store(&folder()).unwrap() {
            eprintln!("recorded {:?} {}", one.slot, one.name());
        }
    }
}
