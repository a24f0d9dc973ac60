//! What is kept of a crash, and shown.

use tests::inside::Inside;

/// Where it was, who called that, and what was in hand, by their names.
#[test]
fn a_crash_is_told_with_the_calls_that_led_to_it() {
    let done =
        Inside::shell("service fault hello panic; cat /dev/hello; service crashes hello").run();
    let text = done.output();
    let expected = [
        "hello, reader 1",
        "1: hello crashed at ",
        ": panic",
        "busy with device.Open from vfs for process ",
        "  at 0x",
        " service::image::start::abort+0x",
        " service::image::start::panicked+0x",
        " core::panicking::panic_fmt+0x",
        " service::image::start::suffer+0x",
        " service::image::start::run+0x",
        " _start+0x",
        "rip 00000",
    ];
    let mut left = text;
    for part in expected {
        let found = left.find(part);
        let at = found.unwrap_or_else(|| panic!("no {part:?} in {left:?} of {text}"));
        left = &left[at + part.len()..];
    }
}
