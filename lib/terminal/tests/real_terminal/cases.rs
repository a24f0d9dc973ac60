//! The table of scripts.

use terminal::{InputFlags, LocalFlags, OutputFlags, Settings, Special};

use crate::{Case, Step};

fn cooked(_: &mut Settings) {}

fn raw(settings: &mut Settings) {
    settings.input = InputFlags::empty();
    settings.output = OutputFlags::empty();
    settings.local = LocalFlags::empty();
}

fn changed(change: fn(&mut Settings)) -> Step {
    let mut settings = Settings::default();
    change(&mut settings);
    Step::Change(settings)
}

fn type_in(bytes: &[u8]) -> Step {
    Step::Type(bytes.to_vec())
}

fn write(bytes: &[u8]) -> Step {
    Step::Write(bytes.to_vec())
}

/// Typing and then reading three times, with a look before each.
fn typed(name: &'static str, settings: fn(&mut Settings), bytes: &[u8]) -> Case {
    let mut steps = vec![type_in(bytes)];
    for _ in 0..3 {
        steps.extend([Step::Look, Step::Read(9000)]);
    }
    Case {
        name,
        settings,
        steps,
    }
}

/// Writing in one piece.
fn written(name: &'static str, settings: fn(&mut Settings), bytes: &[u8]) -> Case {
    Case {
        name,
        settings,
        steps: vec![write(bytes)],
    }
}

fn script(name: &'static str, settings: fn(&mut Settings), steps: Vec<Step>) -> Case {
    Case {
        name,
        settings,
        steps,
    }
}

pub(crate) fn all() -> Vec<Case> {
    [
        editing(),
        ends(),
        input_flags(),
        echo_flags(),
        signals(),
        output(),
        reading(),
        modes(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn editing() -> Vec<Case> {
    vec![
        typed("a line", cooked, b"hello\n"),
        typed("two lines", cooked, b"one\ntwo\n"),
        typed("erase", cooked, b"ab\x7fc\n"),
        typed("erase on an empty line", cooked, b"\x7f\x7fx\n"),
        typed("erase all and more", cooked, b"abc\x7f\x7f\x7f\x7fd\n"),
        typed("erase a tab", cooked, b"ab\tc\x7f\x7f\x7fd\n"),
        typed("erase two tabs", cooked, b"a\t\t\x7f\x7fb\n"),
        typed(
            "erase a tab after control characters",
            cooked,
            b"\x01\x02x\t\x7f\x7f\x7f\x7f\n",
        ),
        typed("erase a control character", cooked, b"a\x01\x7fb\n"),
        typed("erase a literal delete", cooked, b"a\x16\x7f\x7fb\n"),
        typed("kill", cooked, b"some words\x15other\n"),
        typed(
            "kill with tabs and control characters",
            cooked,
            b"a\t\x01b\t\x15c\n",
        ),
        typed("erase a word", cooked, b"one two\x17three\n"),
        typed("erase a word and blanks", cooked, b"one two  \x17three\n"),
        typed("erase words with signs", cooked, b"a-b_c.d!\x17\x17\x17e\n"),
        typed("erase a word over a tab", cooked, b"one\ttwo\t\x17x\n"),
        typed("erase Latin-1 words", cooked, b"a \xe4\xd7\xf6\x17x\n"),
        typed("reprint", cooked, b"ab\x01c\x12d\n"),
        typed("reprint an empty line", cooked, b"\x12d\n"),
        typed(
            "reprint with tabs, then erase one",
            cooked,
            b"ab\tc\t\x12\x7fd\n",
        ),
        typed("literal control character", cooked, b"a\x16\x03b\n"),
        typed("literal newline", cooked, b"a\x16\nb\n"),
        typed("literal end of file", cooked, b"a\x16\x04b\n"),
        typed("literal literal", cooked, b"\x16\x16\n"),
        typed("literal carriage return", cooked, b"\x16\r\n"),
        typed(
            "no extensions",
            |s| s.local.remove(LocalFlags::IEXTEN),
            b"a b\x17\x16c\x12\n",
        ),
        typed(
            "own erase",
            |s| s.set_special(Special::Erase, 8),
            b"ab\x08c\x7f\n",
        ),
        typed(
            "no erase",
            |s| s.set_special(Special::Erase, 0),
            b"a\0b\x7f\n",
        ),
        typed(
            "UTF-8 erased whole",
            |s| s.input.insert(InputFlags::IUTF8),
            b"a\xc3\xa4\x7fb\n",
        ),
        typed("UTF-8 erased by bytes", cooked, b"a\xc3\xa4\x7fb\n"),
        typed(
            "UTF-8 before a tab",
            |s| s.input.insert(InputFlags::IUTF8),
            b"\xe2\x82\xac\t\x7f\n",
        ),
        typed(
            "UTF-8 tails only",
            |s| s.input.insert(InputFlags::IUTF8),
            b"\x80\x81\x7f\n",
        ),
        typed(
            "UTF-8 killed",
            |s| s.input.insert(InputFlags::IUTF8),
            b"\xc3\xa4x\xc3\xb6\x15\n",
        ),
        script(
            "erase a tab behind a prompt",
            cooked,
            vec![
                write(b"$ "),
                type_in(b"a\tb\x7f\x7fc\x15"),
                type_in(b"\t\x7f\n"),
            ],
        ),
        script(
            "output while editing",
            cooked,
            vec![
                type_in(b"ab"),
                write(b"news\n"),
                type_in(b"\t\x7fc\n"),
                Step::Read(99),
            ],
        ),
        typed(
            "a line too long",
            cooked,
            &[&[b'x'; 4200][..], b"y\x7fz\n"].concat(),
        ),
        typed(
            "a long line killed",
            cooked,
            &[&[b'x'; 1300][..], b"\x15ok\n"].concat(),
        ),
        typed("exactly full", cooked, &[&[b'x'; 4095][..], b"\n"].concat()),
    ]
}

fn ends() -> Vec<Case> {
    vec![
        typed("end of file on an empty line", cooked, b"\x04"),
        typed("end of file pushes a line", cooked, b"abc\x04"),
        typed("two ends of file", cooked, b"abc\x04\x04"),
        typed("end of file after a line", cooked, b"abc\n\x04"),
        typed("EOL", |s| s.set_special(Special::EndOfLine, b';'), b"a;b\n"),
        typed(
            "EOL2",
            |s| s.set_special(Special::EndOfLine2, b'\x05'),
            b"a\x05b\x05",
        ),
        typed(
            "EOL2 without extensions",
            |s| {
                s.set_special(Special::EndOfLine2, b'~');
                s.local.remove(LocalFlags::IEXTEN);
            },
            b"a~b\n",
        ),
        script(
            "a line in pieces",
            cooked,
            vec![
                type_in(b"abcdef\ngh\n"),
                Step::Read(4),
                Step::Read(4),
                Step::Read(4),
            ],
        ),
        script(
            "an exact piece takes the end of file too",
            cooked,
            vec![
                type_in(b"abc\x04"),
                Step::Read(3),
                Step::Look,
                Step::Read(3),
            ],
        ),
        script(
            "a piece, then the end of file",
            cooked,
            vec![
                type_in(b"abc\x04"),
                Step::Read(2),
                Step::Look,
                Step::Read(3),
                Step::Read(3),
            ],
        ),
        script(
            "an exact piece leaves the newline",
            cooked,
            vec![
                type_in(b"abc\n"),
                Step::Read(3),
                Step::Look,
                Step::Read(3),
                Step::Read(3),
            ],
        ),
        script(
            "no bytes wanted",
            cooked,
            vec![type_in(b"\x04a\n"), Step::Read(0), Step::Read(5)],
        ),
    ]
}

fn input_flags() -> Vec<Case> {
    vec![
        typed("carriage return is newline", cooked, b"a\rb\n"),
        typed(
            "carriage return stays",
            |s| s.input.remove(InputFlags::ICRNL),
            b"a\rb\n",
        ),
        typed(
            "carriage return ignored",
            |s| s.input.insert(InputFlags::IGNCR),
            b"a\rb\n",
        ),
        typed(
            "newline is carriage return",
            |s| s.input.insert(InputFlags::INLCR),
            b"a\nb\r",
        ),
        typed(
            "seven bits",
            |s| s.input.insert(InputFlags::ISTRIP),
            b"\xe1\xe2\x8a",
        ),
        typed(
            "lower case",
            |s| s.input.insert(InputFlags::IUCLC),
            b"AbC\n",
        ),
        typed(
            "marked parity",
            |s| s.input.insert(InputFlags::PARMRK),
            b"a\xffb\xff\x7f\n",
        ),
        typed("bytes above seven bits", cooked, b"\x80\xa0\xfe\xff\n"),
        typed("zero", cooked, b"a\0b\n"),
    ]
}

fn echo_flags() -> Vec<Case> {
    vec![
        typed(
            "no echo",
            |s| s.local.remove(LocalFlags::ECHO),
            b"secret\x7f\x15x\x17y\n",
        ),
        typed(
            "newline echo alone",
            |s| {
                s.local.remove(LocalFlags::ECHO);
                s.local.insert(LocalFlags::ECHONL);
            },
            b"secret\n",
        ),
        typed(
            "no ECHOE",
            |s| s.local.remove(LocalFlags::ECHOE),
            b"ab\x7f\x17cd\x15e\n",
        ),
        typed(
            "no ECHOK",
            |s| s.local.remove(LocalFlags::ECHOK),
            b"ab\x15c\n",
        ),
        typed(
            "no ECHOKE",
            |s| s.local.remove(LocalFlags::ECHOKE),
            b"ab\x15c\n",
        ),
        typed(
            "no ECHOCTL",
            |s| s.local.remove(LocalFlags::ECHOCTL),
            b"a\x01\tb\x7f\x7f\x7f\x16\x02\n",
        ),
        typed(
            "printing erase",
            |s| s.local.insert(LocalFlags::ECHOPRT),
            b"abcd\x7f\x7fe\x7f\n",
        ),
        typed(
            "printing erase to the start",
            |s| s.local.insert(LocalFlags::ECHOPRT),
            b"ab\x7f\x7f\x7fc\n",
        ),
        typed(
            "printing word erase",
            |s| s.local.insert(LocalFlags::ECHOPRT),
            b"ab cd\x17\x12x\x15y\n",
        ),
        typed(
            "echo without processing",
            |s| s.output.remove(OutputFlags::OPOST),
            b"a\tb\x7f\x7f\x01\n",
        ),
        typed(
            "echo of tabs as blanks",
            |s| s.output.insert(OutputFlags::XTABS),
            b"ab\tc\x7f\x7fd\n",
        ),
    ]
}

fn signals() -> Vec<Case> {
    vec![
        typed("interrupt forgets the line", cooked, b"abc\x03def\n"),
        typed("interrupt forgets lines", cooked, b"abc\ndef\x03g\n"),
        typed("quit", cooked, b"abc\x1cdef\n"),
        typed("suspend", cooked, b"abc\x1adef\n"),
        typed(
            "NOFLSH",
            |s| s.local.insert(LocalFlags::NOFLSH),
            b"abc\x03def\n",
        ),
        typed(
            "no signals",
            |s| s.local.remove(LocalFlags::ISIG),
            b"a\x03\x1c\x1a\n",
        ),
        typed("erase before an interrupt", cooked, b"ab\t\x03\t\x7fc\n"),
        script(
            "stop and start",
            cooked,
            vec![
                type_in(b"a\x13bc"),
                write(b"no"),
                Step::Look,
                type_in(b"\n\x11"),
                write(b"yes"),
                Step::Look,
                Step::Read(9),
            ],
        ),
        script(
            "any byte starts",
            |s| s.input.insert(InputFlags::IXANY),
            vec![
                type_in(b"\x13"),
                write(b"no"),
                type_in(b"a"),
                write(b"yes\n"),
            ],
        ),
        script(
            "interrupt starts",
            cooked,
            vec![
                type_in(b"ab\x13cd\x03"),
                write(b"yes\n"),
                type_in(b"e\n"),
                Step::Read(9),
            ],
        ),
        typed(
            "no flow control",
            |s| s.input.remove(InputFlags::IXON),
            b"a\x13b\x11\n",
        ),
        script(
            "turning flow control off starts",
            cooked,
            vec![
                type_in(b"\x13"),
                write(b"no"),
                changed(|s| s.input.remove(InputFlags::IXON)),
                write(b"yes"),
            ],
        ),
    ]
}

fn output() -> Vec<Case> {
    vec![
        written("newlines", cooked, b"a\nb\n\n"),
        written(
            "as it is",
            |s| s.output.remove(OutputFlags::OPOST),
            b"a\nb\tc\r",
        ),
        written(
            "no ONLCR",
            |s| s.output.remove(OutputFlags::ONLCR),
            b"a\nb\n",
        ),
        written("OCRNL", |s| s.output.insert(OutputFlags::OCRNL), b"ab\rc\n"),
        written(
            "ONOCR",
            |s| s.output.insert(OutputFlags::ONOCR),
            b"\rab\r\rc\n\r",
        ),
        written(
            "ONOCR with ONLRET",
            |s| {
                s.output.insert(OutputFlags::ONOCR | OutputFlags::ONLRET);
                s.output.remove(OutputFlags::ONLCR);
            },
            b"ab\n\rcd\n",
        ),
        written(
            "tabs as blanks",
            |s| s.output.insert(OutputFlags::XTABS),
            b"\ta\tbcdefgh\ti\n\tj",
        ),
        written(
            "tabs after backspaces and controls",
            |s| s.output.insert(OutputFlags::XTABS),
            b"abc\x08\x08\t|\x1b\x07\t|\r\t|",
        ),
        written(
            "tabs after UTF-8",
            |s| {
                s.output.insert(OutputFlags::XTABS);
                s.input.insert(InputFlags::IUTF8);
            },
            b"\xc3\xa4\xc3\xb6\t|",
        ),
        written(
            "upper case",
            |s| s.output.insert(OutputFlags::OLCUC),
            b"aB\xe4c\n",
        ),
    ]
}

fn reading() -> Vec<Case> {
    vec![
        typed("raw", raw, b"a\r\n\x03\x04\x7f\xff\0"),
        script(
            "raw in pieces",
            raw,
            vec![type_in(b"abcdef"), Step::Read(2), Step::Read(9)],
        ),
        script(
            "MIN not reached",
            |s| {
                raw(s);
                s.set_special(Special::Minimum, 5);
            },
            vec![
                type_in(b"abc"),
                Step::Look,
                Step::Read(9),
                Step::Look,
                Step::Read(9),
            ],
        ),
        script(
            "MIN reached",
            |s| {
                raw(s);
                s.set_special(Special::Minimum, 3);
            },
            vec![
                type_in(b"ab"),
                Step::Look,
                type_in(b"cd"),
                Step::Look,
                Step::Read(9),
            ],
        ),
        script(
            "MIN and TIME 0",
            |s| {
                raw(s);
                s.set_special(Special::Minimum, 0);
            },
            vec![
                Step::Look,
                Step::Read(9),
                type_in(b"a"),
                Step::Look,
                Step::Read(9),
                Step::Read(9),
            ],
        ),
        script(
            "TIME alone",
            |s| {
                raw(s);
                s.set_special(Special::Minimum, 0);
                s.set_special(Special::Time, 1);
            },
            vec![
                Step::Look,
                Step::Read(9),
                type_in(b"a"),
                Step::Look,
                Step::Read(9),
            ],
        ),
        script(
            "MIN and TIME",
            |s| {
                raw(s);
                s.set_special(Special::Minimum, 4);
                s.set_special(Special::Time, 1);
            },
            vec![Step::Read(9), type_in(b"ab"), Step::Look, Step::Read(9)],
        ),
        typed(
            "cbreak with echo",
            |s| s.local.remove(LocalFlags::ICANON),
            b"a\x7f\t\x15\x04\n\x16\x03b\r",
        ),
        typed("raw and full", raw, &[b'x'; 4095]),
    ]
}

fn modes() -> Vec<Case> {
    vec![
        script(
            "an edited line becomes bytes",
            cooked,
            vec![
                type_in(b"ab"),
                Step::Look,
                changed(raw),
                Step::Look,
                Step::Read(9),
            ],
        ),
        script(
            "lines and ends of file become bytes",
            cooked,
            vec![
                type_in(b"a\nb\x04\x04c"),
                changed(raw),
                Step::Look,
                Step::Read(9),
                Step::Read(9),
            ],
        ),
        script(
            "a half read line becomes bytes",
            cooked,
            vec![
                type_in(b"abcd\x04ef\n"),
                Step::Read(2),
                changed(raw),
                Step::Look,
                Step::Read(99),
            ],
        ),
        script(
            "bytes become a line",
            raw,
            vec![
                type_in(b"ab\ncd"),
                changed(cooked),
                Step::Look,
                Step::Read(9),
                Step::Read(9),
            ],
        ),
        script(
            "bytes become a line before what is typed",
            raw,
            vec![
                type_in(b"ab"),
                changed(cooked),
                type_in(b"c\x7f\x7f\nd\n"),
                Step::Read(9),
                Step::Read(9),
            ],
        ),
        script(
            "a literal is forgotten",
            cooked,
            vec![
                type_in(b"a\x16"),
                changed(raw),
                changed(cooked),
                type_in(b"\x7f\n"),
                Step::Read(9),
                Step::Read(9),
            ],
        ),
        script(
            "echo turned off while editing",
            cooked,
            vec![
                type_in(b"ab"),
                changed(|s| s.local.remove(LocalFlags::ECHO)),
                type_in(b"c\x7f\n"),
                changed(cooked),
                type_in(b"\t\x7fx\n"),
                Step::Read(99),
                Step::Read(99),
            ],
        ),
    ]
}
