//! Services that lose track of their requests, and ones that ask without an end.

use abi::event::Holding;
use abi::limits::{QUESTIONS, QUESTIONS_TIME};
use abi::slot::{Failure, Phase};
use abi::{CallError, Endpoint, Reply, RequestId};

use super::{FS, VFS, World, child};
use crate::host::InstanceId;
use crate::program::ProgramState;

impl World {
    fn receive_holding(&mut self, slot: Endpoint, requests: u64, questions: u64) -> bool {
        let id = self.id(slot);
        let holding = Holding {
            requests,
            questions,
            waiting: requests,
        };
        self.receive_with(id, None, holding)
    }

    /// Whether the service lives.
    fn receive_with(
        &mut self,
        id: InstanceId,
        answer: Option<(RequestId, Reply)>,
        holding: Holding,
    ) -> bool {
        self.host.receive(id, answer, holding);
        self.host.check().unwrap();
        self.status(id.slot).current == Phase::Running as u32
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
fn a_request_that_waits_for_nothing_is_noticed() {
    for (questions, waiting) in [(1, 0), (0, 1), (0, 0)] {
        let mut world = World::new();
        let pid = world.spawn(1);
        let event = world.program_request(pid);
        world.submit(VFS, FS, child(event.id, 0)).unwrap();
        let id = world.id(VFS);
        let holding = Holding {
            requests: 1,
            questions,
            waiting,
        };
        let lives = world.receive_with(id, None, holding);
        assert_eq!(lives, questions + waiting > 0);
    }
}

#[test]
fn a_request_is_ended_with_the_receive_that_follows() {
    let mut world = World::new();
    let pid = world.spawn(1);
    let event = world.program_request(pid);
    let id = world.id(VFS);
    let nothing = Holding::default();
    assert!(world.receive_with(id, Some((event.id, Reply::value(7))), nothing));
    assert_eq!(world.host.program(pid), Ok(ProgramState::Runs(7)));
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
