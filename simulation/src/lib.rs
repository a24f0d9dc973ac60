//! The simulation: the real kernel core and the real services as values of one thread.
//!
//! ```text
//! boot         the real declarations, images of all services, executables of scripts
//! registry     which library is which service, in which version
//! system       the kernel as a service sees it: every call is a point; former: old messages
//! probe        points: counted in every run; at some of them a service dies
//! program      scripts of system calls; player plays them over the registers of real processes
//! devices      serial ports and the clock chip
//! world        one run: a seed decides who has the next turn
//! case, cases  programs, and the operator, who tells rs to update services
//! disturbance  deaths, orders to rs, a poisoned request, a rule left out; random draws them
//! run          plays a case once, and looks at what it came to; notation makes States text
//! campaign     plays a case with many disturbances and compares
//! samples      what services export, stored for later builds
//! line         what a serial line cannot promise
//! ```

pub mod boot;
pub mod campaign;
pub mod case;
pub mod cases;
pub mod chance;
pub mod devices;
pub mod disturbance;
mod executable;
mod former;
pub mod line;
mod notation;
pub mod player;
pub mod probe;
pub mod program;
pub mod random;
pub mod registry;
pub mod run;
pub mod samples;
pub mod system;
pub mod trace;
pub mod world;
