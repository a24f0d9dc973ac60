//! What programs do.

mod signals;

use super::machine::{Executable, Machine};
use abi::Errno;
use linux::process::action::Action;
use linux::process::signal::{Signal, SignalSet};
use linux_raw_sys::general as number;
use protocol::endpoint::VM;
use protocol::payload::ProcessInformation;
use protocol::{inspect, startup};

const DATA: u64 = 0x50_0000;
const ENTRY: u64 = 0x40_0100;
const SECOND: u64 = 1_000_000_000;

/// A static program: one segment, or none at all.
fn program() -> Vec<u8> {
    let mut bytes = vec![0; 0x200];
    bytes[..8].copy_from_slice(b"\x7fELF\x02\x01\x01\0");
    let put = |bytes: &mut [u8], at: usize, value: u64, width: usize| {
        bytes[at..at + width].copy_from_slice(&value.to_le_bytes()[..width]);
    };
    let header = [
        (16, 2, 2),
        (18, 62, 2),
        (20, 1, 4),
        (24, ENTRY, 8),
        (32, 64, 8),
        (52, 64, 2),
        (54, 56, 2),
        (56, 1, 2),
    ];
    for (at, value, width) in header {
        put(&mut bytes, at, value, width);
    }
    let segment = [
        (0, 1, 4),
        (4, 5, 4),
        (16, 0x40_0000, 8),
        (32, 0x200, 8),
        (40, 0x200, 8),
    ];
    for (at, value, width) in segment {
        put(&mut bytes, 64 + at, value, width);
    }
    bytes
}

fn booted() -> Machine {
    let mut m = Machine::new();
    let file = |path, mode| Executable {
        path,
        bytes: program(),
        mode,
    };
    m.files = vec![
        file("/sbin/init", 0o755),
        file("/bin/sh", 0o755),
        file("/bin/su", 0o4755),
    ];
    m.files.push(Executable {
        path: "/bin/script",
        bytes: b"#!/bin/sh -e\n".to_vec(),
        mode: 0o755,
    });
    m.files.push(Executable {
        path: "/etc/motd",
        bytes: b"hello".to_vec(),
        mode: 0o755,
    });
    let (answer, _) = m.ask(startup::StartInit {});
    assert_eq!(answer, Ok(()));
    m
}

/// Runs a scenario undisturbed, with pm replaced after every event, and with pm crashing at every
/// one of its kernel calls.
fn everywhere(scenario: impl Fn(&mut Machine)) {
    scenario(&mut booted());
    let mut m = booted();
    m.replaces = true;
    scenario(&mut m);
    for calls in 0.. {
        let mut m = booted();
        m.kernel.crash_in.set(Some(calls));
        scenario(&mut m);
        if m.kernel.crash_in.take().is_some() {
            assert!(calls > 0, "the scenario makes kernel calls");
            return;
        }
    }
}

fn fork(m: &mut Machine, pid: u32) -> u32 {
    let child = m.call(pid, number::__NR_fork, &[]);
    assert_eq!(m.result(u32::try_from(child).unwrap()), Some(0));
    u32::try_from(child).unwrap()
}

fn wait(m: &mut Machine, pid: u32, options: u64) -> (i64, u32) {
    m.write(pid, DATA, &[0; 4]);
    let found = m.call(pid, number::__NR_wait4, &[u64::MAX, DATA, options, 0]);
    (found, u32::from_le_bytes(m.read(pid, DATA)))
}

fn catch(m: &mut Machine, pid: u32, signal: Signal, flags: u32) {
    let action = Action {
        handler: 0x40_0180,
        flags: u64::from(flags | number::SA_RESTORER),
        restorer: 0x40_01c0,
        mask: SignalSet::default(),
    };
    m.write(pid, DATA, &action.encode());
    let arguments = [signal.number().into(), DATA, 0, 8];
    assert_eq!(m.call(pid, number::__NR_rt_sigaction, &arguments), 0);
}

fn register(m: &Machine, pid: u32) -> abi::process::Registers {
    m.kernel.programs.borrow()[&pid].thread.registers
}

#[test]
fn the_first_program_starts_with_its_stack() {
    let m = booted();
    assert_eq!(m.result(1), Some(0));
    let registers = register(&m, 1);
    assert_eq!((registers.rip, registers.rsp % 16), (ENTRY, 0));
    assert_eq!(u64::from_le_bytes(m.read(1, registers.rsp)), 1);
    let argument = u64::from_le_bytes(m.read(1, registers.rsp + 8));
    assert_eq!(&m.read::<11>(1, argument), b"/sbin/init\0");
    assert_eq!(m.given(), [1, 1, 0, 1, 1]);
    assert_eq!(m.journal(), 0);
}

#[test]
fn a_child_is_born_ends_and_is_waited_for() {
    everywhere(|m| {
        let child = fork(m, 1);
        assert_eq!(child, 2);
        assert_ne!(m.space(child), m.space(1));
        assert_eq!(m.call(child, number::__NR_getppid, &[]), 1);
        assert_eq!(m.given(), [2, 2, 0, 2, 2]);
        assert_eq!(wait(m, 1, 1), (0, 0), "WNOHANG");
        m.begin(1, number::__NR_wait4, &[u64::MAX, DATA, 0, 0]);
        assert_eq!(m.result(1), None, "the parent waits");
        m.begin(child, number::__NR_exit_group, &[7]);
        assert_eq!(m.result(1), Some(2));
        assert_eq!(u32::from_le_bytes(m.read(1, DATA)), 0x700);
        assert_eq!(m.given(), [1, 1, 0, 1, 1]);
        assert_eq!(wait(m, 1, 0).0, Errno::CHILD.result());
        assert_eq!(m.inspect(crate::State::count), 1);
        assert_eq!(m.journal(), 0);
    });
}

#[test]
fn a_program_executes_another() {
    everywhere(|m| {
        let child = fork(m, 1);
        catch(m, child, Signal::USR1, 0);
        m.write(child, DATA, b"/bin/script\0");
        let list: Vec<u8> = [DATA, DATA + 4, 0]
            .iter()
            .flat_map(|word: &u64| word.to_le_bytes())
            .collect();
        m.write(child, DATA + 0x100, &list);
        let old = m.space(child);
        assert_eq!(
            m.call(child, number::__NR_execve, &[DATA, DATA + 0x100, 0]),
            0
        );
        let registers = register(m, child);
        assert_eq!(registers.rip, ENTRY);
        assert!(m.space(child) != old && !m.spaces.contains(&old));
        let (told, bytes) = m.ask(inspect::ProcessInformation {
            process: abi::Pid(child),
        });
        assert_eq!(told, Ok(bytes.len() as u64));
        let told: ProcessInformation = minicbor::decode(&bytes).unwrap();
        assert_eq!(told.name, b"script");
        assert_eq!(told.arguments, b"/bin/sh\0-e\0/bin/script\0/script\0");
        assert_eq!(told.signals[3], 0, "nothing is caught any more");
        assert_eq!(m.given(), [2, 2, 0, 2, 2]);
    });
}

#[test]
fn executing_in_vain_changes_nothing() {
    everywhere(|m| {
        let child = fork(m, 1);
        let before = m.space(child);
        for (path, errno) in [
            (&b"/none\0"[..], Errno::NOENT),
            (b"/etc/motd\0", Errno::NOEXEC),
            (b"\0", Errno::NOENT),
        ] {
            m.write(child, DATA, path);
            assert_eq!(
                m.call(child, number::__NR_execve, &[DATA, 0, 0]),
                errno.result()
            );
        }
        let fault = m.call(child, number::__NR_execve, &[8, 0, 0]);
        assert_eq!(fault, Errno::FAULT.result());
        assert_eq!(m.space(child), before);
        assert_eq!(m.given(), [2, 2, 0, 2, 2]);
    });
}

#[test]
fn a_set_user_id_program_gives_rights() {
    let mut m = booted();
    let child = fork(&mut m, 1);
    assert_eq!(m.call(child, number::__NR_setuid, &[1000]), 0);
    assert_eq!(m.identity(child).user, 1000);
    assert_eq!(
        m.call(child, number::__NR_setuid, &[0]),
        Errno::PERM.result()
    );
    m.write(child, DATA, b"/bin/su\0");
    assert_eq!(m.call(child, number::__NR_execve, &[DATA, 0, 0]), 0);
    assert_eq!(m.call(child, number::__NR_geteuid, &[]), 0);
    assert_eq!(m.call(child, number::__NR_getuid, &[]), 1000);
    assert_eq!(m.identity(child).user, 0);
}

#[test]
fn what_cannot_be_copied_is_undone() {
    everywhere(|m| {
        m.refuses_tables = true;
        assert_eq!(m.call(1, number::__NR_fork, &[]), Errno::NOMEM.result());
        m.refuses_tables = false;
        m.kernel.most.set(1);
        assert_eq!(m.call(1, number::__NR_fork, &[]), Errno::AGAIN.result());
        assert_eq!(m.given(), [1, 1, 0, 1, 1]);
        assert_eq!(m.inspect(crate::State::count), 1);
    });
}

#[test]
fn a_parent_waits_for_the_child_in_its_memory() {
    everywhere(|m| {
        m.begin(1, number::__NR_vfork, &[]);
        assert_eq!((m.result(1), m.result(2)), (None, Some(0)));
        assert_eq!(m.space(1), m.space(2));
        m.write(2, DATA, b"/bin/sh\0");
        assert_eq!(m.call(2, number::__NR_execve, &[DATA, 0, 0]), 0);
        assert_eq!(m.result(1), Some(2));
        assert_eq!(m.given(), [2, 2, 0, 2, 2]);
        m.begin(2, number::__NR_vfork, &[]);
        m.begin(3, number::__NR_exit, &[0]);
        assert_eq!(m.result(2), Some(3));
        assert_eq!(m.given(), [2, 2, 0, 2, 2]);
    });
}

#[test]
fn memory_goes_to_the_child_when_its_waiting_parent_is_killed() {
    everywhere(|m| {
        let parent = fork(m, 1);
        m.begin(parent, number::__NR_vfork, &[]);
        let child = parent + 1;
        let space = m.space(child);
        assert_eq!(m.call(1, number::__NR_kill, &[parent.into(), 9]), 0);
        assert!(!m.exists(parent));
        assert!(m.spaces.contains(&space));
        assert_eq!(m.call(child, number::__NR_getppid, &[]), 1);
        m.begin(child, number::__NR_exit, &[0]);
        assert!(!m.spaces.contains(&space));
    });
}

#[test]
fn the_number_of_a_child_is_in_its_memory_before_it_runs() {
    everywhere(|m| {
        let flags = number::CLONE_CHILD_SETTID | number::CLONE_PARENT_SETTID | number::SIGCHLD;
        let arguments = [flags.into(), 0, DATA, DATA + 8, 0];
        m.kernel.absent.borrow_mut().insert((2, (DATA + 8) / 4096));
        m.kernel.absent.borrow_mut().insert((1, DATA / 4096));
        assert_eq!(m.call(1, number::__NR_clone, &arguments), 2);
        assert_eq!(u32::from_le_bytes(m.read(2, DATA + 8)), 2);
        assert_eq!(u32::from_le_bytes(m.read(1, DATA)), 2);
        assert_eq!(u32::from_le_bytes(m.read(1, DATA + 8)), 0);
    });
}

#[test]
fn orphans_become_children_of_init_and_nobody_stays_a_zombie_unasked() {
    everywhere(|m| {
        let parent = fork(m, 1);
        let child = fork(m, parent);
        m.begin(parent, number::__NR_exit, &[1]);
        assert_eq!(m.call(child, number::__NR_getppid, &[]), 1);
        m.begin(child, number::__NR_exit, &[2]);
        assert_eq!(wait(m, 1, 0).1, 0x100);
        assert_eq!(wait(m, 1, 0).1, 0x200);
        let ignore = Action {
            handler: 1,
            ..Action::default()
        };
        m.write(1, DATA, &ignore.encode());
        assert_eq!(m.call(1, number::__NR_rt_sigaction, &[17, DATA, 0, 8]), 0);
        let child = fork(m, 1);
        m.begin(child, number::__NR_exit, &[0]);
        assert_eq!(m.inspect(crate::State::count), 1);
        assert_eq!(wait(m, 1, 0).0, Errno::CHILD.result());
    });
}

#[test]
fn a_sleep_ends_on_time_and_goes_on_after_a_stop() {
    everywhere(|m| {
        let child = fork(m, 1);
        let time: Vec<u8> = [5_u64, 0]
            .iter()
            .flat_map(|word| word.to_le_bytes())
            .collect();
        m.write(child, DATA, &time);
        m.begin(child, number::__NR_nanosleep, &[DATA, DATA + 64]);
        m.pass(2 * SECOND);
        assert_eq!(m.result(child), None);
        m.call(
            1,
            number::__NR_kill,
            &[child.into(), u64::from(number::SIGSTOP)],
        );
        m.call(
            1,
            number::__NR_kill,
            &[child.into(), u64::from(number::SIGCONT)],
        );
        assert_eq!(u64::from_le_bytes(m.read(child, DATA + 64)), 3);
        m.begin(child, number::__NR_nanosleep, &[DATA, DATA + 64]);
        m.pass(2 * SECOND);
        assert_eq!(m.result(child), None);
        m.pass(SECOND);
        assert_eq!(m.result(child), Some(0));
    });
}

#[test]
fn timers_raise_their_signals() {
    everywhere(|m| {
        let child = fork(m, 1);
        assert_eq!(m.call(child, number::__NR_alarm, &[3]), 0);
        m.begin(child, number::__NR_pause, &[]);
        m.pass(2 * SECOND);
        assert!(m.exists(child));
        m.pass(SECOND);
        assert_eq!(wait(m, 1, 0), (i64::from(child), number::SIGALRM));
        let child = fork(m, 1);
        let timer: Vec<u8> = [1_u64, 0, 1, 0]
            .iter()
            .flat_map(|word| word.to_le_bytes())
            .collect();
        m.write(child, DATA, &timer);
        let block = SignalSet::of(&[Signal::ALRM]).0.to_le_bytes();
        m.write(child, DATA + 64, &block);
        assert_eq!(
            m.call(child, number::__NR_rt_sigprocmask, &[0, DATA + 64, 0, 8]),
            0
        );
        assert_eq!(m.call(child, number::__NR_setitimer, &[0, DATA, 0]), 0);
        m.begin(child, number::__NR_rt_sigtimedwait, &[DATA + 64, 0, 0, 8]);
        for _ in 0..3 {
            m.pass(SECOND);
            assert_eq!(m.result(child), Some(14));
            m.begin(child, number::__NR_rt_sigtimedwait, &[DATA + 64, 0, 0, 8]);
        }
    });
}

#[test]
fn a_timer_of_processor_time_waits_for_it() {
    let mut m = booted();
    let child = fork(&mut m, 1);
    let timer: Vec<u8> = [0_u64, 0, 1, 0]
        .iter()
        .flat_map(|word| word.to_le_bytes())
        .collect();
    m.write(child, DATA, &timer);
    assert_eq!(m.call(child, number::__NR_setitimer, &[2, DATA, 0]), 0);
    m.pass(10 * SECOND);
    assert!(m.exists(child), "it has used no time");
    m.kernel.programs.borrow_mut().get_mut(&child).unwrap().used = SECOND;
    m.pass(SECOND);
    assert_eq!(wait(&mut m, 1, 0), (i64::from(child), number::SIGPROF));
}

#[test]
fn the_victim_of_a_shortage_ends() {
    everywhere(|m| {
        let child = fork(m, 1);
        m.victim = m.space(child);
        m.notify(VM);
        assert_eq!(wait(m, 1, 0), (i64::from(child), 9));
    });
}

#[test]
fn the_end_of_init_is_the_end() {
    let mut m = booted();
    m.begin(1, number::__NR_exit, &[0]);
    assert_eq!(m.kernel.off.get(), Some(2));
}

#[test]
fn limits_are_inherited_and_only_root_raises_them() {
    let mut m = booted();
    let child = fork(&mut m, 1);
    let limit: Vec<u8> = [3_u64, 3]
        .iter()
        .flat_map(|word| word.to_le_bytes())
        .collect();
    m.write(child, DATA, &limit);
    let processes = u64::from(number::RLIMIT_NPROC);
    assert_eq!(
        m.call(child, number::__NR_prlimit64, &[0, processes, DATA, 0]),
        0
    );
    assert_eq!(m.call(child, number::__NR_setuid, &[1000]), 0);
    let one = fork(&mut m, child);
    let _two = fork(&mut m, one);
    assert_eq!(m.call(one, number::__NR_fork, &[]), Errno::AGAIN.result());
    let more: Vec<u8> = [4_u64, 4]
        .iter()
        .flat_map(|word| word.to_le_bytes())
        .collect();
    m.write(one, DATA, &more);
    let raised = m.call(
        one,
        number::__NR_prlimit64,
        &[0, processes, DATA, DATA + 64],
    );
    assert_eq!(raised, Errno::PERM.result());
}

#[test]
fn niceness_is_told_to_sched_and_shown() {
    everywhere(|m| {
        let child = fork(m, 1);
        assert_eq!(m.call(child, number::__NR_getpriority, &[0, 0]), 15);
        assert_eq!(m.call(child, number::__NR_setpriority, &[0, 0, 7]), 0);
        let (_, bytes) = m.ask(inspect::ProcessInformation {
            process: abi::Pid(child),
        });
        let told: ProcessInformation = minicbor::decode(&bytes).unwrap();
        assert_eq!(told.nice, 27);
        assert_eq!(m.call(child, number::__NR_setuid, &[1000]), 0);
        let lower = m.call(child, number::__NR_setpriority, &[0, 0, 0]);
        assert_eq!(lower, Errno::ACCES.result());
    });
}

#[test]
fn names_and_log_are_told() {
    let mut m = booted();
    m.write(1, DATA, b"box");
    assert_eq!(m.call(1, number::__NR_sethostname, &[DATA, 3]), 0);
    assert_eq!(m.call(1, number::__NR_uname, &[DATA + 0x1000]), 0);
    assert_eq!(&m.read::<6>(1, DATA + 0x1000), b"Linux\0");
    assert_eq!(&m.read::<4>(1, DATA + 0x1000 + 65), b"box\0");
    assert_eq!(m.call(1, number::__NR_syslog, &[3, DATA, 100]), 8);
    assert_eq!(m.call(1, number::__NR_syslog, &[3, DATA, 4]), 4);
    assert_eq!(&m.read::<4>(1, DATA), b"two\n");
    assert_eq!(m.call(1, number::__NR_syslog, &[5, 0, 0]), 0);
    assert_eq!(m.call(1, number::__NR_syslog, &[3, DATA, 100]), 0);
}

#[test]
fn unknown_calls_are_refused() {
    let mut m = booted();
    assert_eq!(m.call(1, number::__NR_ptrace, &[]), Errno::NOSYS.result());
    assert_eq!(
        m.call(1, number::__NR_rt_sigaction, &[9, DATA, 0, 8]),
        Errno::INVAL.result()
    );
    assert_eq!(
        m.call(1, number::__NR_kill, &[1, 65]),
        Errno::INVAL.result()
    );
    assert_eq!(
        m.call(1, number::__NR_kill, &[99, 15]),
        Errno::SRCH.result()
    );
}
