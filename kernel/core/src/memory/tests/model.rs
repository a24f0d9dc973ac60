//! Programs' spaces against a simple model.

use super::*;
use std::collections::BTreeMap;

/// A page as a program would see it.
#[derive(Clone, Copy)]
struct Page {
    /// Its first word.
    value: u64,
    /// Whether the program may write to it.
    allowed: bool,
    /// Whether a store must find it writable.
    writable: bool,
}

/// What a program would see.
#[derive(Clone, Default)]
struct Model(BTreeMap<u64, Page>);

/// The addresses of a range.
fn covered(range: UserPages) -> std::ops::Range<u64> {
    range.address()..range.address() + range.pages() * PAGE_SIZE
}

struct World {
    memory: Memory,
    machine: Pretend,
    spaces: Vec<(SpaceHandle, Model)>,
    random: u64,
}

impl World {
    fn pick(&mut self, below: u64) -> u64 {
        self.random = self
            .random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(99);
        (self.random >> 33) % below
    }

    fn step(&mut self) {
        let which = usize::try_from(self.pick(self.spaces.len() as u64)).unwrap();
        let address = BASE + self.pick(16) * PAGE_SIZE;
        let range = pages(address, 1 + self.pick(4));
        let handle = self.spaces[which].0;
        let (memory, machine) = (&mut self.memory, &mut self.machine);
        match self.random % 9 {
            0 | 1 => {
                let done = memory.map_anonymous(machine, handle, range, READ_WRITE);
                assert_eq!(done, Ok(range.pages()));
                for page in 0..range.pages() {
                    let new = Page {
                        value: 0,
                        allowed: true,
                        writable: true,
                    };
                    let model = &mut self.spaces[which].1.0;
                    model.entry(address + page * PAGE_SIZE).or_insert(new);
                }
            }
            2 => self.unmap(which, range),
            3 => {
                memory.protect(machine, handle, range, READ).unwrap();
                for (_, page) in self.spaces[which].1.0.range_mut(covered(range)) {
                    (page.allowed, page.writable) = (false, false);
                }
            }
            4 => self.share(which, (which + 1) % self.spaces.len(), range),
            5 => self.share(which, (which + 1) % self.spaces.len(), whole_table()),
            6 if self.random.is_multiple_of(4) => self.unmap(which, whole_table()),
            _ => self.store(which, address),
        }
        self.check();
    }

    fn unmap(&mut self, which: usize, range: UserPages) {
        let (handle, model) = &mut self.spaces[which];
        self.memory
            .unmap(&mut self.machine, *handle, range)
            .unwrap();
        model.0.retain(|page, _| !covered(range).contains(page));
    }

    fn share(&mut self, from: usize, to: usize, range: UserPages) {
        let (source, target) = (self.spaces[from].0, self.spaces[to].0);
        self.memory
            .clone_range(
                &mut self.machine,
                source,
                target,
                range,
                Sharing::UntilWritten,
            )
            .unwrap();
        let there = self.spaces[to].1.clone();
        let mut shared = self.spaces[from].1.clone();
        shared
            .0
            .retain(|page, _| covered(range).contains(page) && !there.0.contains_key(page));
        for page in shared.0.values_mut() {
            page.writable = false;
        }
        for which in [from, to] {
            self.spaces[which].1.0.append(&mut shared.0.clone());
        }
    }

    /// A store as a program makes it: on a fault it gets a page of its own, by the kernel or by vm.
    fn store(&mut self, which: usize, address: u64) {
        let value = self.pick(1 << 20);
        let handle = self.spaces[which].0;
        let place = at(self.memory.space_root(handle), address);
        let known = self.spaces[which].1.0.get(&address).copied();
        let (memory, machine) = (&mut self.memory, &mut self.machine);
        let stored = memory.write(machine, place, &value.to_le_bytes());
        let Some(known) = known else {
            let missing = Missing {
                address,
                present: false,
            };
            assert_eq!(stored, Err(missing));
            let page = pages(address, 1);
            let refused = memory.unshare(machine, handle, page, READ_WRITE);
            assert_eq!(refused, Err(CallError::BadAddress));
            assert!(!memory.copy_on_write(machine, handle, address, address + 8));
            return;
        };
        assert!(stored.is_ok() || !known.writable);
        if let Err(missing) = stored {
            let expected = Missing {
                address,
                present: true,
            };
            assert_eq!(missing, expected);
            let own = memory.copy_on_write(machine, handle, address, address + 8);
            assert_eq!(own, known.allowed);
            if !own {
                let page = pages(address, 1);
                memory.unshare(machine, handle, page, READ_WRITE).unwrap();
            }
            let stored = memory.write(machine, place, &value.to_le_bytes());
            assert_eq!(stored, Ok(()));
        } else {
            assert!(known.allowed);
        }
        let page = Page {
            value,
            allowed: true,
            writable: true,
        };
        self.spaces[which].1.0.insert(address, page);
    }

    fn check(&self) {
        let mut programs = 0;
        for (handle, model) in &self.spaces {
            let root = self.memory.space_root(*handle);
            assert_eq!(self.memory.resident_pages(*handle), model.0.len() as u64);
            for page in 0..20 {
                let address = BASE + page * PAGE_SIZE;
                let mut word = [0; 8];
                let read = self
                    .memory
                    .read(&self.machine, at(root, address), &mut word);
                assert_eq!(read.is_ok(), model.0.contains_key(&address));
                let expected = model.0.get(&address).map_or(0, |page| page.value);
                assert_eq!(u64::from_le_bytes(word), expected);
            }
            programs += model.0.len() as u64;
        }
        let statistics = self.memory.statistics();
        assert!(statistics.programs <= programs);
        let counted = statistics.free
            + statistics.page_tables
            + statistics.services
            + statistics.programs
            + statistics.archive;
        assert_eq!(counted, statistics.total);
    }
}

#[test]
fn random_calls_leave_what_a_simple_model_says() {
    for seed in 0..20 {
        let (mut memory, mut machine) = start();
        let before = free(&memory);
        let spaces = (1..4)
            .map(|id| {
                (
                    space(&mut memory, &mut machine, id * 1_000_000),
                    Model::default(),
                )
            })
            .collect();
        let mut world = World {
            memory,
            machine,
            spaces,
            random: seed,
        };
        for _ in 0..300 {
            world.step();
        }
        for id in 1..4 {
            world
                .memory
                .destroy_space(&mut world.machine, SpaceId(id * 1_000_000))
                .unwrap();
        }
        assert_eq!(free(&world.memory), before, "seed {seed}");
        assert_eq!(world.machine.retired.len(), 3);
    }
}
