//! The simulation: the real kernel core and the real services as values of one thread.
//!
//! ```text
//! boot        the real declarations, images of all services, executables of scripts
//! registry    which library is which service, in which version
//! system      the kernel as a service sees it: every call is a point
//! probe       points: counted in every run; at some of them a service dies
//! program     scripts of system calls; player plays them over the registers of real processes
//! devices     serial ports and the clock chip
//! world       one run: a seed decides who has the next turn
//! ```

pub mod boot;
pub mod devices;
mod executable;
pub mod player;
pub mod probe;
pub mod program;
pub mod registry;
pub mod system;
pub mod trace;
pub mod world;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::Script;
    use abi::Pid;

    #[test]
    fn the_system_boots() {
        let boot = boot::Boot::new(vec![Script::new().note("init runs", 1.into()).halt()]).unwrap();
        let mut world = world::World::new(&boot, 1, Vec::new()).unwrap();
        let result = world.run_until(|world| world.player.has_halted(Pid::INIT));
        let log = String::from_utf8_lossy(&world.host.borrow().kernel.machine.log).into_owned();
        assert_eq!(result, Ok(()), "{log}\n{}", world.trace);
        eprintln!("{log}\n{}", world.trace);
        eprintln!("{:?} turns {}", world.player.notes, world.turns());
        world.host.borrow().check().unwrap();
    }
}
