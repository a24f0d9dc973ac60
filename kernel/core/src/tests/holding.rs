//! Services that lose track of their requests, and ones that ask without an end.

use abi::event::Holding;
use abi::limits::{QUESTIONS, QUESTIONS_TIME};
use abi::slot::{Failure, Phase};
use abi::{CallError, Endpoint, RequestId};

use super::{FS, VFS, World, child};
use crate::program::ProgramState;

impl World {
    fn receive_holding(&mut self, slot: Endpoint, requests: u64, questions: u64) -> bool {
        let id = self.id(slot);
        let holding = Holding {
            requests,
            questions,
        };
        self.host.receive(id, holding);
        self.host.check().unwrap();
        self.status(slot).current == Phase::Running as u32
    }

    fn failed_with(&mut self, slot: Endpoint) -> u32 {
        self.status(slot).failure
    }

    /// Asks again and again; whether the service lives.
    fn ask(&mut self, request: RequestId, times: usize) -> bool {
        for _ in 0..times {
            if self.submit(VFS, FS, child(request, 0)) == Err(CallError::BadState) {
                return false;
            }
        }
        self.status(VFS).current == Phase::Running as u32
    }
}

#[test]
fn a_service_that_forgets_a_request_crashes_and_gets_it_again() {
    for wrong in [0, 2] {
        let mut world = World::new();
        let pid = world.spawn(1);
        let event = world.program_request(pid);
        assert!(!world.receive_holding(VFS, wrong, 0));
        assert_eq!(world.failed_with(VFS), Failure::LostTrack as u32);
        assert!(matches!(
            world.host.program(pid),
            Ok(ProgramState::Waits(_))
        ));
        world.recover(1 << VFS.0);
        world.receive(VFS);
        assert_eq!(world.request(VFS).id, event.id);
        assert!(world.receive_holding(VFS, 1, 0));
    }
}

#[test]
fn a_service_that_waits_for_what_it_never_asked_crashes() {
    let mut world = World::new();
    let pid = world.spawn(1);
    let event = world.program_request(pid);
    world.submit(VFS, FS, child(event.id, 0)).unwrap();
    assert!(world.receive_holding(VFS, 1, 1));
    assert!(world.receive_holding(VFS, 1, 0), "an answer may be ignored");
    let asked = world.request(FS);
    world.reply(FS, asked.id, 1).unwrap();
    assert!(world.receive_holding(VFS, 1, 1), "the answer is on its way");
    // It has been given the answer, and acknowledges it.
    assert!(!world.receive_holding(VFS, 1, 1));
    assert_eq!(world.failed_with(VFS), Failure::LostTrack as u32);
}

#[test]
fn a_service_that_asks_without_an_end_crashes() {
    let mut world = World::new();
    let pid = world.spawn(1);
    let event = world.program_request(pid);
    assert!(world.ask(event.id, QUESTIONS));
    // It may ask as many again in a while.
    let later = world.host.now().after(QUESTIONS_TIME + 1);
    world.host.advance(later);
    assert!(world.ask(event.id, QUESTIONS));
    assert!(!world.ask(event.id, 1));
    assert_eq!(world.failed_with(VFS), Failure::Runaway as u32);
    world.host.check().unwrap();
}
