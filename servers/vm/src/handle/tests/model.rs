//! Random calls of a program and its children against a model: a map from pages to rights and one
//! byte. Now and then vm crashes or is updated.

use super::machine::Machine;
use super::{PRIVATE, plan};
use crate::random;
use abi::SpaceId;
use abi::layout::PAGE_SIZE;
use linux_raw_sys::general as linux;
use protocol::memory;
use std::collections::BTreeMap;

const ARENA: u64 = 0x1000_0000;
const PAGES: u64 = 24;

#[derive(Clone, Default)]
struct Model(BTreeMap<u64, (u64, u8)>);

impl Model {
    fn covers(&self, first: u64, count: u64) -> bool {
        (first..first + count).all(|page| self.0.contains_key(&page))
    }

    /// What a touch comes to: the byte, or the errno of the fault.
    fn touch(&mut self, page: u64, write: Option<u8>) -> Result<u8, i64> {
        let (rights, byte) = self.0.get_mut(&page).ok_or(14)?;
        match write {
            _ if *rights == 0 => Err(13),
            Some(_) if *rights & 2 == 0 => Err(13),
            Some(value) => {
                *byte = value;
                Ok(value)
            }
            None => Ok(*byte),
        }
    }
}

struct Program {
    space: u64,
    model: Model,
}

fn address(page: u64) -> u64 {
    ARENA + page * PAGE_SIZE
}

/// One call or touch, the same for vm and the model.
fn step(m: &mut Machine, program: &mut Program, seed: &mut u64) {
    let mut draw = |below: u64| random::next(seed) % below;
    let first = draw(PAGES);
    let count = 1 + draw((PAGES - first).min(6));
    let rights = [0, 1, 3, 3][abi::word::index(draw(4))];
    let value = u8::try_from(draw(256)).unwrap();
    let (space, model) = (program.space, &mut program.model);
    let (at, length) = (address(first), count * PAGE_SIZE);
    let range = first..first + count;
    match draw(10) {
        0 | 1 => {
            let flags = u64::from(PRIVATE | linux::MAP_FIXED);
            let mapped = m.call(space, linux::__NR_mmap, &[at, length, rights, flags, 0, 0]);
            assert_eq!(mapped, at.cast_signed());
            model.0.extend(range.map(|page| (page, (rights, 0))));
        }
        2 => {
            assert_eq!(m.call(space, linux::__NR_munmap, &[at, length]), 0);
            model.0.retain(|page, _| !range.contains(page));
        }
        3 => {
            let result = m.call(space, linux::__NR_mprotect, &[at, length, rights]);
            assert_eq!(result == 0, model.covers(first, count));
            if result == 0 {
                for (_, page) in model.0.range_mut(range) {
                    page.0 = rights;
                }
            }
        }
        4 => {
            let result = m.call(space, linux::__NR_madvise, &[at, length, 4]);
            assert_eq!(result == 0, model.covers(first, count));
            if result == 0 {
                for (_, page) in model.0.range_mut(range) {
                    page.1 = 0;
                }
            }
        }
        5 => {
            // One page moves: it lies in one region whatever is around it.
            let to = address((first + 7) % PAGES);
            let arguments = [at, PAGE_SIZE, PAGE_SIZE, 3, to];
            let result = m.call(space, linux::__NR_mremap, &arguments);
            let moved = model.0.get(&first).copied();
            assert_eq!(
                result == to.cast_signed(),
                moved.is_some(),
                "{result} for {moved:?}"
            );
            if let Some(moved) = moved {
                model.0.remove(&first);
                model.0.insert((first + 7) % PAGES, moved);
            }
        }
        6 | 7 => {
            let touched = m.touch(space, at + 9, Some(value));
            assert_eq!(touched, model.touch(first, Some(value)));
        }
        _ => assert_eq!(m.touch(space, at + 9, None), model.touch(first, None)),
    }
}

fn fork(m: &mut Machine, parent: &Program) -> Program {
    let question = memory::Clone {
        parent: SpaceId(u32::try_from(parent.space).unwrap()),
    };
    let child = m.memory(question).unwrap();
    Program {
        space: u64::from(child.space.0),
        model: parent.model.clone(),
    }
}

fn end(m: &mut Machine, program: &Program) {
    let space = SpaceId(u32::try_from(program.space).unwrap());
    m.memory(memory::Destroy { space }).unwrap();
}

fn run(mut seed: u64) {
    let mut m = Machine::new();
    let space = m.execute(&plan()).unwrap();
    let mut programs = vec![Program {
        space,
        model: Model::default(),
    }];
    for _ in 0..300 {
        let draw = random::next(&mut seed);
        let which = abi::word::index((draw >> 32) % programs.len() as u64);
        m.detours = draw & 1 == 0;
        if draw.is_multiple_of(8) {
            m.kernel
                .crash_in
                .set(Some(abi::word::low_32(draw >> 8) % 8));
        }
        match draw % 40 {
            1 if programs.len() < 4 => {
                let child = fork(&mut m, &programs[which]);
                programs.push(child);
            }
            2 if programs.len() > 1 => end(&mut m, &programs.swap_remove(which)),
            _ => step(&mut m, &mut programs[which], &mut seed),
        }
    }
    for program in &mut programs {
        for page in 0..PAGES {
            let touched = m.touch(program.space, address(page), None);
            assert_eq!(touched.is_ok(), program.model.touch(page, None).is_ok());
        }
    }
    for program in &programs {
        end(&mut m, program);
    }
    assert_eq!((m.references, m.kernel.used(), m.pending()), (0, 0, (0, 0)));
}

#[test]
fn programs_see_what_the_model_says() {
    for seed in 1..60 {
        run(seed * 104_729);
    }
}
