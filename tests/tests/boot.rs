//! What a boot needs: memory, instructions; and how many processes there can be.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use tests::inside::Inside;
use tests::terminal::{PROMPT, Terminal};

#[test]
fn thirty_two_megabytes_are_enough() {
    let work = "ls / | wc -l; head -c 1000000 /dev/zero | md5sum; sleep 0.1 & wait; echo end";
    let done = Inside::shell(work).memory("32M").run();
    assert!(done.output().ends_with("\nend\n"), "{}", done.report());

    let mut session = Terminal::size(50, 200).session(&["boot", "--memory", "32M"]);
    let _ = session.emulator();
    session.check("echo $((6 * 7)) | cat", "42");
    let total = session.run("free | sed -n 2p | tr -s ' ' | cut -d' ' -f2");
    assert!(
        total
            .parse::<u32>()
            .is_ok_and(|kibibytes| kibibytes < 32 * 1024),
        "{total}"
    );
    session.type_in("exit\n");
    assert_eq!(session.end(), 0);
}

/// One instruction takes a nanosecond there, and the processor's counter shows the nanoseconds since
/// its start. Time that passes while nothing is to be done counts, too: there can only be fewer
/// instructions.
#[test]
fn a_prompt_takes_less_than_250_million_instructions() {
    let folder = tempfile::tempdir().expect("a folder");
    build_program(folder.path(), "counter");
    // What a login shell does before its prompt, and then the count.
    let script = ". /etc/profile > /tmp/greeting; counter";
    let done = Inside::shell(script).overlay(folder.path()).counted().run();
    let count = u64::from_str_radix(done.output().trim(), 16).expect("a number");
    // The kernel measures its clock for 30 milliseconds: less means that something else was counted.
    assert!((30_000_000..250_000_000).contains(&count), "{count}");

    let mut session = Terminal::size(50, 200).session(&["boot", "--icount"]);
    let _ = session.emulator();
    session.type_in("poweroff\n");
    assert_eq!(session.end(), 0);
}

/// Builds a program of `tests/programs` into a folder.
fn build_program(folder: &Path, name: &str) {
    let program = folder.join("bin").join(name);
    std::fs::create_dir(folder.join("bin")).expect("a folder");
    let programs = Path::new(env!("CARGO_MANIFEST_DIR")).join("programs");
    let source = programs.join(format!("{name}.rs"));
    let mut compiler = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    compiler.args(["--edition", "2024", "--target", "x86_64-unknown-linux-gnu"]);
    compiler.args(["-Copt-level=s", "-Cpanic=abort", "-Cstrip=symbols"]);
    compiler.args(["-Crelocation-model=static", "-Ctarget-feature=+crt-static"]);
    compiler.args(
        ["-nostartfiles", "-nostdlib", "-static", "-no-pie"]
            .map(|argument| format!("-Clink-arg={argument}")),
    );
    let status = compiler.arg("-o").arg(program).arg(source).status();
    assert!(
        status.is_ok_and(|status| status.success()),
        "the program is built"
    );
}

/// Gives orders to the crowd and says what it answers; a shell that is interactive goes on when it
/// cannot fork.
const CROWD: &str = r#"
mkfifo /tmp/orders /tmp/said
crowd < /tmp/orders > /tmp/said &
exec 3>/tmp/orders 4</tmp/said
more() { printf ++++ >&3; for i in 1 2 3 4; do read line <&4; echo $line; done; }
count() { set -- /proc/[0-9]*; echo $# processes; }
more; count
echo goes on | cat
more; count
echo lost | cat
echo after
exec 3>&-
wait
left() { set -- /proc/[0-9]*; [ $# -gt 6 ]; }
while left; do sleep 0.2; done
echo still | cat
service status pm | tail -n 1 | tr -s ' ' | cut -d' ' -f4,5
"#;

#[test]
fn there_can_be_thousands_of_processes() {
    let folder = tempfile::tempdir().unwrap();
    build_program(folder.path(), "crowd");
    let done = Inside::command(["/bin/sh", "-i"])
        .input(CROWD)
        .overlay(folder.path())
        .memory("1G")
        .within(Duration::from_secs(240))
        .run();
    assert_eq!(done.status(), 0, "{}", done.report());
    let output = String::from_utf8_lossy(&done.stdout).replace(PROMPT, "");
    let lines: Vec<&str> = output.lines().collect();
    // The crowd, its children, init and the shell.
    let expected = [
        "ok",
        "ok",
        "ok",
        "ok",
        "4099 processes",
        "goes on", //
        "ok",
        "ok",
        "ok",
        "errno 011",
        "8192 processes",
        "after", //
        "still",
        "running 0",
    ];
    let from = lines.iter().position(|line| *line == "ok").unwrap_or(0);
    assert_eq!(lines[from..], expected, "{}", done.report());
    let errors = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(
        errors.contains("can't fork: Resource temporarily unavailable"),
        "{errors}"
    );
}
