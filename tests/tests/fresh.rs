//! Services start without their States: by a person's wish, by their policy, or because nothing else
//! has helped.

use tests::inside::Inside;
use tests::terminal::{Session, Terminal};

/// What is mounted stays mounted; what was open is stale, and says so.
#[test]
fn a_file_system_without_its_state_is_of_use() {
    let script = "exec 2>&1
        service edit procfs --policy fresh
        exec 3</proc/uptime
        service fault procfs panic
        cat /proc/uptime /proc/self/comm >/tmp/alive && echo alive
        cat <&3
        exec 3<&-
        cd /proc && ls -d self";
    let done = Inside::shell(script).run();
    let expected = "alive\ncat: read error: Stale file handle\nself\n";
    assert_eq!(done.output(), expected, "{}", done.report());
}

/// What others have published is published again.
#[test]
fn names_are_there_again_after_they_were_lost() {
    let script = "exec 2>&1
        service restart ds; head -c 4 /dev/zero | wc -c; cat /dev/hello
        service edit ds --policy fresh; service fault ds panic; service refresh hello >/dev/null
        head -c 4 /dev/zero | wc -c; cat /dev/hello
        mount -t proc proc /mnt && ls -d /mnt/self";
    let done = Inside::shell(script).run();
    let expected = "4\nhello, reader 1\n4\nhello, reader 2\n/mnt/self\n";
    assert_eq!(done.output(), expected, "{}", done.report());
}

/// Files that are open at a device are stale, and the next one that is opened works.
#[test]
fn drivers_without_their_states_serve() {
    let script = "exec 2>&1
        exec 3</dev/zero 4</dev/urandom
        for name in memory random clock hello sched pfs; do service restart $name || echo $name; done
        cat <&3; cat <&4
        head -c 4 /dev/zero | wc -c
        head -c 4 /dev/urandom | wc -c
        hwclock -r >/dev/null && renice -n 5 $$ && cat /dev/hello";
    let done = Inside::shell(script).run();
    let stale = "cat: read error: Stale file handle\n";
    let expected = format!("{stale}{stale}4\n4\nhello, reader 1\n");
    assert_eq!(done.output(), expected, "{}", done.report());
}

/// A pipe of before is stale at both ends, and another one works.
#[test]
fn pipes_of_before_are_stale() {
    let script = "exec 2>&1
        mkfifo pipe; exec 3<>pipe
        service restart pfs
        cat <&3; echo lost >&3
        echo new | cat";
    let done = Inside::shell(script).run();
    let stale = "cat: read error: Stale file handle\n\
        sh: write error: Stale file handle\nnew\n";
    assert_eq!(done.output(), stale, "{}", done.report());
}

/// A terminal that has lost its State is at its end for the shell on it, as if somebody had left.
#[test]
fn a_terminal_without_its_state_ends_its_session() {
    let mut session = Terminal::size(50, 200).session(&[]);
    let _ = session.emulator();
    session.type_in("service restart tty\n");
    assert_eq!(session.end(), 0);
}

/// What all programs stand on is not thrown away on request.
#[test]
fn nobody_can_have_the_programs_state_thrown_away() {
    let names = ["rs", "pm", "vfs", "vm", "ramfs"];
    let script = format!(
        "exec 2>&1; for name in {}; do service restart $name; echo $?; done",
        names.join(" ")
    );
    let done = Inside::shell(&script).run();
    let refused = |name| format!("service: {name}: the system cannot do without it\n1\n");
    assert_eq!(done.output(), names.map(refused).concat());
}

/// When what programs stand on has lost its State, the programs end and everything starts anew: the
/// machine does not.
#[test]
fn programs_start_anew_when_what_they_stand_on_is_lost() {
    let mut session = Terminal::size(50, 200).session(&[]);
    for name in ["pm", "vfs", "vm", "ramfs"] {
        session.run("sleep 1000 &");
        session.run("echo mine >/tmp/mine");
        session.run(&format!("service edit {name} --policy fresh"));
        session.type_in(&format!("service fault {name} panic; echo >/tmp/other\n"));
        session.expect("service status");
        session.prompt();
        session.check("ls /tmp", "");
        session.check("grep -c sleep /proc/[0-9]*/comm | grep -vc :0", "0");
        session.check("echo one | cat", "one");
        session.check("cat /dev/hello", "hello, reader 1");
        session.check(
            &format!("dmesg | grep -c '{name} starts without its State'"),
            "1",
        );
        session.check("service status | grep -vc running", "1");
    }
    leave(session);
}

/// Leaves in good order.
fn leave(mut session: Session) {
    let _ = session.emulator();
    session.type_in("exit\n");
    assert_eq!(session.end(), 0);
}
