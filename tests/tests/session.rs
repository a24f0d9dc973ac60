//! Sessions: the tool on a terminal, and somebody who types.

use tests::terminal::{Session, Terminal};

/// A session in a wide terminal, so that no line is wrapped.
fn session() -> Session {
    Terminal::size(50, 200).session(&[])
}

/// Leaves in good order.
fn leave(mut session: Session) {
    let _ = session.emulator();
    session.type_in("exit\n");
    assert_eq!(session.end(), 0);
}

#[test]
fn somebody_is_greeted_and_leaves_with_control_d() {
    let mut session = Terminal::size(50, 200).start(&[]);
    session.expect("service status");
    session.prompt();
    let _ = session.emulator();
    session.check("tty", "/dev/console");
    session.check("stty size", "50 200");
    session.type_in("\x04");
    assert_eq!(session.end(), 0);
}

#[test]
fn a_line_is_edited() {
    let mut session = session();
    // Left three times, and one key in between.
    session.check("echo abdef\x1b[D\x1b[D\x1b[Dc", "abcdef");
    session.check("echo abcx\x7fdef", "abcdef");
    session.check("nonsense\x15echo kept", "kept");
    session.check("echo one two\x17three", "one three");
    session.check("echo again", "again");
    session.check("\x1b[A", "again");
    session.check("\x1b[A\x7f\x7f\x7f\x7f\x7fnew", "new");
    session.check("cat /etc/hostn\t", "evernix");
    leave(session);
}
