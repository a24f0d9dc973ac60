//! Signals and job control.

use super::{DATA, booted, catch, everywhere, fork, register, wait};
use crate::tests::machine::Machine;
use abi::Errno;
use linux::process::signal::{Signal, SignalSet};
use linux_raw_sys::general as number;
use protocol::endpoint::TTY;
use protocol::inspect;

#[test]
fn a_handler_runs_and_returns() {
    everywhere(|m| {
        let child = fork(m, 1);
        catch(m, child, Signal::USR1, 0);
        let mut programs = m.kernel.programs.borrow_mut();
        programs.get_mut(&child).unwrap().thread.registers.rsp = 0x7000_0000;
        programs.get_mut(&child).unwrap().thread.registers.rbx = 77;
        drop(programs);
        // The frame's page is absent: the process takes the signal when it is there.
        m.kernel
            .absent
            .borrow_mut()
            .insert((m.space(child), (0x7000_0000 - 200) / 4096));
        m.begin(child, number::__NR_pause, &[]);
        assert_eq!(m.result(child), None);
        let after = register(m, child).rip;
        assert_eq!(m.call(1, number::__NR_kill, &[child.into(), 10]), 0);
        let registers = register(m, child);
        assert_eq!((registers.rip, registers.rdi), (0x40_0180, 10));
        assert_eq!(m.inspect(|s| s.process(child).unwrap().blocked.0), 1 << 9);
        // The handler returns: its return address is taken off the stack.
        let mut programs = m.kernel.programs.borrow_mut();
        programs.get_mut(&child).unwrap().thread.registers.rsp += 8;
        drop(programs);
        let result = m.call(child, number::__NR_rt_sigreturn, &[]);
        assert_eq!(result, Errno::INTR.result());
        let registers = register(m, child);
        assert_eq!((registers.rip, registers.rbx), (after, 77));
        assert_eq!(m.inspect(|s| s.process(child).unwrap().blocked.0), 0);
    });
}

#[test]
fn a_wait_starts_again_after_a_handler_that_says_so() {
    everywhere(|m| {
        let child = fork(m, 1);
        let grandchild = fork(m, child);
        let mut programs = m.kernel.programs.borrow_mut();
        programs.get_mut(&child).unwrap().thread.registers.rsp = 0x7000_0000;
        drop(programs);
        catch(m, child, Signal::USR1, number::SA_RESTART);
        let before = register(m, child).rip;
        m.begin(child, number::__NR_wait4, &[u64::from(grandchild), 0, 0, 0]);
        m.call(1, number::__NR_kill, &[child.into(), 10]);
        let mut programs = m.kernel.programs.borrow_mut();
        programs.get_mut(&child).unwrap().thread.registers.rsp += 8;
        drop(programs);
        let result = m.call(child, number::__NR_rt_sigreturn, &[]);
        assert_eq!(
            result,
            i64::from(number::__NR_wait4),
            "rax names the call again"
        );
        assert_eq!(
            register(m, child).rip,
            before,
            "and the instruction is executed again"
        );
    });
}

#[test]
fn signals_without_a_handler_kill_or_do_nothing() {
    everywhere(|m| {
        let child = fork(m, 1);
        m.begin(child, number::__NR_pause, &[]);
        m.call(
            1,
            number::__NR_kill,
            &[child.into(), u64::from(number::SIGWINCH)],
        );
        assert!(m.result(child).is_none() && m.exists(child));
        m.call(
            1,
            number::__NR_kill,
            &[child.into(), u64::from(number::SIGTERM)],
        );
        assert!(!m.exists(child));
        assert_eq!(wait(m, 1, 0), (i64::from(child), number::SIGTERM));
        assert_eq!(
            m.call(1, number::__NR_kill, &[1, 9]),
            0,
            "init is not to be killed"
        );
        assert!(m.exists(1));
        assert_eq!(m.given(), [1, 1, 0, 1, 1]);
    });
}

#[test]
fn a_stopped_process_goes_on_and_its_parent_hears_of_both() {
    everywhere(|m| {
        let child = fork(m, 1);
        m.begin(child, number::__NR_pause, &[]);
        m.call(
            1,
            number::__NR_kill,
            &[child.into(), u64::from(number::SIGSTOP)],
        );
        assert_eq!(
            wait(m, 1, 1),
            (0, 0),
            "without WUNTRACED nothing has happened"
        );
        assert_eq!(wait(m, 1, 1 | 2), (i64::from(child), 0x137f));
        m.call(
            1,
            number::__NR_kill,
            &[child.into(), u64::from(number::SIGUSR1)],
        );
        assert!(m.exists(child), "it takes no signals while it is stopped");
        m.call(
            1,
            number::__NR_kill,
            &[child.into(), u64::from(number::SIGCONT)],
        );
        assert!(!m.exists(child), "now it does");
        assert_eq!(wait(m, 1, 1 | 8).1, number::SIGUSR1);
    });
}

#[test]
fn a_stopped_process_can_be_killed() {
    everywhere(|m| {
        let child = fork(m, 1);
        m.call(
            1,
            number::__NR_kill,
            &[child.into(), u64::from(number::SIGSTOP)],
        );
        assert_eq!(m.result(child), None);
        m.call(1, number::__NR_kill, &[child.into(), 9]);
        assert_eq!(wait(m, 1, 0), (i64::from(child), 9));
    });
}

#[test]
fn a_pause_goes_on_after_a_stop() {
    everywhere(|m| {
        let child = fork(m, 1);
        let before = register(m, child).rip;
        m.begin(child, number::__NR_pause, &[]);
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
        assert_eq!(m.result(child), Some(i64::from(number::__NR_pause)));
        assert_eq!(register(m, child).rip, before);
        assert_eq!(wait(m, 1, 1 | 8), (i64::from(child), 0xffff));
    });
}

#[test]
fn a_terminal_interrupts_its_foreground_group() {
    everywhere(|m| {
        let shell = fork(m, 1);
        assert_eq!(m.call(shell, number::__NR_setsid, &[]), i64::from(shell));
        let job = fork(m, shell);
        assert_eq!(m.call(shell, number::__NR_setpgid, &[job.into(), 0]), 0);
        assert_eq!(m.identity(job).process_group, job);
        m.terminal.push((job, number::SIGINT));
        m.notify(TTY);
        assert!(!m.exists(job) && m.exists(shell));
        assert_eq!(wait(m, shell, 0), (i64::from(job), number::SIGINT));
        m.notify(TTY);
        assert!(m.exists(shell), "one signal is sent once");
        m.begin(shell, number::__NR_exit, &[0]);
        assert_eq!(m.ended_sessions, [shell]);
    });
}

#[test]
fn a_terminal_learns_what_a_stop_would_do() {
    let mut m = booted();
    let shell = fork(&mut m, 1);
    m.call(shell, number::__NR_setsid, &[]);
    let job = fork(&mut m, shell);
    m.call(shell, number::__NR_setpgid, &[job.into(), 0]);
    let fate = |m: &mut Machine, pid| {
        let signal = number::SIGTTIN;
        let question = inspect::StopFate {
            process: abi::Pid(pid),
            signal,
        };
        m.ask(question).0.map(|stop| stop.fate)
    };
    assert_eq!(fate(&mut m, job), Ok(inspect::Fate::Delivered));
    assert_eq!(fate(&mut m, shell), Ok(inspect::Fate::Orphaned));
    assert_eq!(fate(&mut m, 99), Err(Errno::SRCH));
    m.write(job, DATA, &SignalSet::of(&[Signal::TTIN]).0.to_le_bytes());
    assert_eq!(
        m.call(job, number::__NR_rt_sigprocmask, &[2, DATA, 0, 8]),
        0
    );
    assert_eq!(fate(&mut m, job), Ok(inspect::Fate::Ignored));
    let session = m.ask(inspect::SessionOf { group: job }).0;
    assert_eq!(session.map(|found| found.session), Ok(shell));
}

#[test]
fn an_orphaned_stopped_group_is_let_go() {
    everywhere(|m| {
        let shell = fork(m, 1);
        m.call(shell, number::__NR_setsid, &[]);
        let job = fork(m, shell);
        m.call(shell, number::__NR_setpgid, &[job.into(), 0]);
        m.carry(job, number::SIGTTIN, true);
        assert_eq!(m.result(job), None, "it has stopped");
        m.begin(shell, number::__NR_exit, &[0]);
        assert!(!m.exists(job), "SIGHUP, then SIGCONT");
        assert_eq!(m.given(), [1, 1, 0, 1, 1]);
    });
}

#[test]
fn a_group_that_is_orphaned_already_keeps_its_stopped_members() {
    everywhere(|m| {
        let leader = fork(m, 1);
        m.call(leader, number::__NR_setsid, &[]);
        let stopped = fork(m, leader);
        m.carry(stopped, number::SIGSTOP, false);
        let other = fork(m, leader);
        m.begin(other, number::__NR_exit, &[0]);
        assert!(m.exists(stopped), "nothing has changed for the group");
        assert_eq!(wait(m, leader, 0), (i64::from(other), 0));
    });
}

#[test]
fn an_exception_kills_or_is_handled() {
    everywhere(|m| {
        let child = fork(m, 1);
        m.exception(child, [14, 6, 0xdead, u64::from(Errno::FAULT.0)]);
        assert_eq!(wait(m, 1, 0), (i64::from(child), number::SIGSEGV));
        let child = fork(m, 1);
        let mut programs = m.kernel.programs.borrow_mut();
        programs.get_mut(&child).unwrap().thread.registers.rsp = 0x7000_0000;
        drop(programs);
        catch(m, child, Signal::SEGV, number::SA_SIGINFO);
        m.exception(child, [14, 6, 0xdead, u64::from(Errno::FAULT.0)]);
        let registers = register(m, child);
        assert_eq!(registers.rdi, 11);
        assert_eq!(
            u64::from_le_bytes(m.read(child, registers.rsi + 16)),
            0xdead
        );
        // The stack is gone: the frame cannot be made.
        let mut programs = m.kernel.programs.borrow_mut();
        programs.get_mut(&child).unwrap().thread.registers.rsp = 0x100;
        drop(programs);
        m.exception(child, [14, 6, 0xdead, u64::from(Errno::FAULT.0)]);
        assert!(!m.exists(child));
    });
}

#[test]
fn suspension_ends_with_its_signal_and_the_old_mask_is_back() {
    everywhere(|m| {
        let child = fork(m, 1);
        catch(m, child, Signal::USR1, 0);
        let mut programs = m.kernel.programs.borrow_mut();
        programs.get_mut(&child).unwrap().thread.registers.rsp = 0x7000_0000;
        drop(programs);
        m.write(child, DATA, &SignalSet::of(&[Signal::USR1]).0.to_le_bytes());
        assert_eq!(
            m.call(child, number::__NR_rt_sigprocmask, &[0, DATA, 0, 8]),
            0
        );
        m.call(1, number::__NR_kill, &[child.into(), 10]);
        assert_eq!(m.result(child), Some(0), "blocked");
        m.write(child, DATA, &[0; 8]);
        m.begin(child, number::__NR_rt_sigsuspend, &[DATA, 8]);
        assert_eq!(register(m, child).rip, 0x40_0180);
        let mut programs = m.kernel.programs.borrow_mut();
        programs.get_mut(&child).unwrap().thread.registers.rsp += 8;
        drop(programs);
        assert_eq!(
            m.call(child, number::__NR_rt_sigreturn, &[]),
            Errno::INTR.result()
        );
        assert_eq!(m.inspect(|s| s.process(child).unwrap().blocked.0), 1 << 9);
    });
}
