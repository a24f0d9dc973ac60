//! A person's script decides what becomes of a service that has crashed.

use tests::inside::Inside;

/// It is told of what, and how often, and does what it wants; when nobody listens, or nothing is
/// decided, the service is brought back with its State.
#[test]
fn a_script_decides_what_becomes_of_a_crash() {
    let script = r#"exec 2>&1
        service edit hello --policy script
        cat /dev/hello
        service fault hello panic; cat /dev/hello
        printf '#!/bin/sh\necho "$@" >>/tmp/told\nservice $(cat /tmp/decision) $1 >/dev/null\n' >/tmp/decide
        chmod +x /tmp/decide
        service watch /tmp/decide &
        for decision in refresh restart down; do
            echo $decision >/tmp/decision
            service fault hello memory; cat /dev/hello
        done
        cat /tmp/told; service status hello | tail -n 1 | awk '{ print $4 }'"#;
    let done = Inside::shell(script).run();
    let expected = "hello, reader 1\nhello, reader 2\nhello, reader 3\nhello, reader 1\n\
        cat: can't open '/dev/hello': Input/output error\n\
        hello bad memory access 0\nhello bad memory access 0\nhello bad memory access 0\ndown\n";
    assert_eq!(done.output(), expected, "{}", done.report());
}

/// A program that cannot be run is told of.
#[test]
fn a_script_that_is_not_there_is_missed() {
    let script = "exec 2>&1
        service edit hello --policy script
        service watch /tmp/nothing & service fault hello panic; cat /dev/hello; wait $!; echo $?";
    let done = Inside::shell(script).run();
    let expected = "service: /tmp/nothing: No such file or directory (os error 2)\n";
    let said = done.output();
    assert!(said.contains(expected) && said.ends_with("1\n"), "{said}");
    assert!(said.contains("hello, reader 1\n"), "{said}");
}
