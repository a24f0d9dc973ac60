//! Which fault is put where: decided by the seed, the injection's number, and what was built.

use std::collections::BTreeMap;

use abi::layout::PAGE_SIZE;

use super::disassembly;
use super::mutation::{Kind, mutate};
use super::random::Random;
use super::text::Text;

/// For each service, where the instructions start that run in an undisturbed round.
pub(super) type Profile = BTreeMap<String, Vec<u64>>;

/// One in so many injections goes anywhere in the text; the others go where instructions run.
const ANYWHERE: usize = 8;
/// Draws of an instruction until the kind of mutation fits it.
const DRAWS: usize = 300;

/// A fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Injection {
    /// Its number within the campaign.
    pub number: u64,
    /// The service.
    pub service: String,
    /// The instruction, from the base of the image.
    pub offset: u64,
    /// The function it is in.
    pub place: String,
    /// What is done to it.
    pub kind: Kind,
    /// Its bytes.
    pub before: Vec<u8>,
    /// What they become.
    pub after: Vec<u8>,
}

impl Injection {
    /// The instruction, and what becomes of it.
    #[must_use]
    pub fn change(&self) -> String {
        let line = |bytes| disassembly::line(bytes, self.offset);
        format!("`{}` became `{}`", line(&self.before), line(&self.after))
    }
}

/// The services that faults are put into, with their texts.
pub(super) type Texts = BTreeMap<String, Text>;

/// Draws an injection; `None` when there is nothing to draw from.
pub(super) fn choose(
    (seed, number): (u64, u64),
    texts: &Texts,
    profile: &Profile,
) -> Option<Injection> {
    let mut random = Random::of(seed, number);
    let services: Vec<&String> = texts.keys().collect();
    let service = *random.choose(&services)?;
    let text = texts.get(service)?;
    let executed = profile.get(service).map_or(&[][..], Vec::as_slice);
    let anywhere = random.below(ANYWHERE) == 0 || executed.is_empty();
    let starts = if anywhere { text.starts() } else { executed };
    // Another kind when this one fits nothing that is there.
    (0..Kind::ALL.len()).find_map(|_| {
        let kind = *random.choose(&Kind::ALL)?;
        let mut draw = |_| {
            let offset = pick(starts, random.next())?;
            put((number, service, kind), (text, offset), &mut random)
        };
        (0..DRAWS).find_map(&mut draw)
    })
}

/// A fault of this kind in this instruction, if it can be.
fn put(
    (number, service, kind): (u64, &str, Kind),
    (text, offset): (&Text, u64),
    random: &mut Random,
) -> Option<Injection> {
    let before = text.instruction(offset)?;
    // Only one page becomes the instance's own.
    if offset % PAGE_SIZE + before.len() as u64 > PAGE_SIZE {
        return None;
    }
    let after = mutate(kind, before, random)?;
    Some(Injection {
        number,
        service: service.to_owned(),
        offset,
        place: text.place(offset),
        kind,
        before: before.to_vec(),
        after,
    })
}

/// One of these, by the least mixture with a number: one more or less among them, as two boots
/// differ in what ran, hardly ever changes which.
fn pick(offsets: &[u64], number: u64) -> Option<u64> {
    let mixed = |offset: &u64| Random::of(number, *offset).next();
    offsets.iter().copied().min_by_key(mixed)
}

/// The instructions of a service that run, from the addresses that the emulator lists. It names
/// each instruction, or only the first of some that follow each other.
pub(super) fn executed(text: &Text, base: u64, addresses: &[u64]) -> Vec<u64> {
    let mut offsets: Vec<u64> = addresses
        .iter()
        .filter_map(|address| address.checked_sub(base))
        .filter(|offset| text.starts().binary_search(offset).is_ok())
        .collect();
    offsets.sort_unstable();
    offsets.dedup();
    offsets
}

/// A profile as lines: a service and its offsets.
pub(super) fn write_profile(profile: &Profile) -> String {
    let line = |(name, offsets): (&String, &Vec<u64>)| {
        let offsets: Vec<String> = offsets.iter().map(|offset| format!("{offset:x}")).collect();
        format!("{name} {}\n", offsets.join(" "))
    };
    profile.iter().map(line).collect()
}

/// Reads it; `None` when it is none.
pub(super) fn read_profile(text: &str) -> Option<Profile> {
    let line = |line: &str| {
        let mut words = line.split_whitespace();
        let name = words.next()?.to_owned();
        let offsets: Option<Vec<u64>> = words
            .map(|word| u64::from_str_radix(word, 16).ok())
            .collect();
        Some((name, offsets?))
    };
    text.lines().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts() -> Texts {
        // je +2; mov eax,5; mov [rdi],rax; ret
        let code = b"\x74\x02\xb8\x05\0\0\0\x48\x89\x07\xc3";
        let text = |start| Text::of(code, start, &[(start, "function")]);
        Texts::from([("pm".to_owned(), text(0)), ("vfs".to_owned(), text(0x100))])
    }

    #[test]
    fn the_seed_and_the_number_decide() {
        let (texts, profile) = (texts(), Profile::from([("pm".to_owned(), vec![2, 7])]));
        for number in 0..200 {
            let one = choose((1, number), &texts, &profile).unwrap();
            assert_eq!(Some(&one), choose((1, number), &texts, &profile).as_ref());
            assert_eq!(one.before.len(), one.after.len());
            assert_ne!(one.before, one.after);
            assert!(one.place.starts_with("function+"), "{one:?}");
        }
        let all = |seed| {
            let draw = |number| choose((seed, number), &texts, &profile).unwrap();
            (0..20).map(draw).collect::<Vec<_>>()
        };
        assert_ne!(all(1), all(2));
        assert_eq!(choose((1, 0), &Texts::new(), &profile), None);
    }

    #[test]
    fn most_go_where_instructions_run() {
        let profile = Profile::from([("pm".to_owned(), vec![2])]);
        let mut texts = texts();
        texts.remove("vfs");
        let draws = (0..400).filter_map(|number| choose((3, number), &texts, &profile));
        let offsets: Vec<u64> = draws.map(|one| one.offset).collect();
        let there = offsets.iter().filter(|offset| **offset == 2).count();
        assert!(there * 100 > offsets.len() * 70 && there < offsets.len());
    }

    #[test]
    fn a_few_more_instructions_hardly_change_the_draw() {
        let some: Vec<u64> = (0..1000).map(|at| 3 * at).collect();
        let more: Vec<u64> = (0..1010).map(|at| 3 * at).collect();
        let same = (0..200).filter(|number| pick(&some, *number) == pick(&more, *number));
        assert!(same.count() > 190);
        let drawn: std::collections::BTreeSet<_> =
            (0..200).filter_map(|number| pick(&some, number)).collect();
        assert!(drawn.len() > 170, "all are drawn alike");
        assert_eq!(pick(&[], 0), None);
    }

    #[test]
    fn what_runs_is_found_and_kept() {
        let texts = texts();
        let found = executed(
            &texts["pm"],
            0x5000,
            &[0x5007, 0x5002, 0x5002, 0x5003, 0x40],
        );
        assert_eq!(found, [2, 7]);
        let profile = Profile::from([("pm".to_owned(), found), ("vm".to_owned(), vec![])]);
        assert_eq!(read_profile(&write_profile(&profile)), Some(profile));
        assert_eq!(read_profile("pm 12 zz"), None);
    }
}
