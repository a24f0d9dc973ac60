//! The emulator's command line.

use std::ffi::OsString;
use std::ops::Range;
use std::os::fd::RawFd;
use std::path::PathBuf;

use abi::power;

use super::{Acceleration, Memory};
use crate::install::Program;

/// The emulator, as Debian and others call it.
pub const QEMU: Program = Program {
    name: "qemu-system-x86_64",
    package: "qemu-system-x86",
};

/// The machine to emulate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hardware {
    /// Its memory.
    pub memory: Memory,
    /// Its processors.
    pub processors: u8,
    /// One guest instruction takes one nanosecond: for measuring, not for speed.
    pub counted: bool,
}

impl Default for Hardware {
    fn default() -> Self {
        Hardware {
            memory: Memory::default(),
            processors: 1,
            counted: false,
        }
    }
}

/// What the first serial port is connected to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Console {
    /// The user's terminal, shared with the emulator's monitor (Ctrl-A).
    Terminal,
    /// A connected socket of the emulator's process.
    Socket(RawFd),
}

/// How a debugger looks at the machine.
#[derive(Clone, Debug)]
pub struct Debug {
    /// The emulator's end of the debugger's connection: a connected socket of its process.
    pub stub: RawFd,
    /// Where the emulator writes which instructions it translates, for these addresses.
    pub trace: Option<(PathBuf, Range<u64>)>,
}

/// One call of the emulator.
#[derive(Clone, Debug)]
pub struct Line {
    /// The kernel's ELF file.
    pub kernel: PathBuf,
    /// The boot archive.
    pub archive: PathBuf,
    /// What the kernel is told in words; Evernix's is told by its archive.
    pub append: Option<String>,
    /// Where the kernel's log goes.
    pub log: PathBuf,
    /// The machine.
    pub hardware: Hardware,
    /// A file that is to be its memory, for whoever looks at it afterwards.
    pub memory_file: Option<PathBuf>,
    /// Who executes its instructions.
    pub acceleration: Acceleration,
    /// The first serial port.
    pub console: Console,
    /// The second serial port: a connected socket of the emulator's process, or nothing.
    pub link: Option<RawFd>,
    /// A debugger that is connected.
    pub debug: Option<Debug>,
    /// A pipe of the emulator's process that it tells what it translates and runs.
    pub executed: Option<RawFd>,
}

impl Line {
    /// The arguments.
    #[must_use]
    pub fn arguments(&self) -> Vec<OsString> {
        let mut line = Arguments::default();
        self.machine(&mut line);
        self.boot(&mut line);
        self.ports(&mut line);
        line.0
    }

    /// The whole line, to be pasted into a shell.
    #[must_use]
    pub fn text(&self) -> String {
        let arguments = self.arguments();
        let words = arguments.iter().map(|word| quote(&word.to_string_lossy()));
        let words: Vec<String> = words.collect();
        format!("{} {}", QEMU.name, words.join(" "))
    }

    fn machine(&self, line: &mut Arguments) {
        let Hardware {
            memory,
            processors,
            counted,
        } = self.hardware;
        line.add("-nodefaults").add("-no-user-config");
        line.pair("-display", "none");
        line.pair("-m", memory.to_string());
        match &self.memory_file {
            None => line.pair("-machine", "pc"),
            Some(file) => {
                let size =
                    format!("memory-backend-file,id=memory,size={memory},share=on,mem-path=");
                line.pair("-object", option(&size, file))
                    .pair("-machine", "pc,memory-backend=memory")
            }
        };
        line.pair("-smp", processors.to_string());
        match self.acceleration {
            Acceleration::Host => line.pair("-accel", "kvm").pair("-cpu", "host"),
            // Each turn of a `rep` instruction counts as one: without these features, code is
            // charged the same for copying whichever way it does it.
            Acceleration::None if counted => line
                .pair("-accel", "tcg")
                .pair("-icount", "shift=0")
                .pair("-cpu", "max,-erms,-fsrm"),
            Acceleration::None => line.pair("-accel", "tcg").pair("-cpu", "max"),
        };
    }

    fn boot(&self, line: &mut Arguments) {
        line.pair("-kernel", &self.kernel);
        line.pair("-initrd", &self.archive);
        if let Some(words) = &self.append {
            line.pair("-append", words);
        }
        // An end with a wish for a new start ends the emulator, too; the tool starts it again.
        line.add("-no-reboot");
        let exit = format!("isa-debug-exit,iobase={:#x},iosize=0x04", power::EXIT_PORT);
        line.pair("-device", exit);
        line.pair("-chardev", option("file,id=log,path=", &self.log));
        let log = format!("isa-debugcon,iobase={:#x},chardev=log", power::LOG_PORT);
        line.pair("-device", log);
    }

    fn ports(&self, line: &mut Arguments) {
        match self.console {
            Console::Terminal => {
                line.pair("-chardev", "stdio,id=console,mux=on,signal=off");
                line.pair("-mon", "chardev=console");
            }
            Console::Socket(fd) => {
                line.pair("-chardev", format!("socket,id=console,fd={fd}"));
            }
        }
        line.pair("-serial", "chardev:console");
        if let Some(fd) = self.link {
            line.pair("-chardev", format!("socket,id=link,fd={fd}"));
            line.pair("-serial", "chardev:link");
        }
        if let Some(debug) = &self.debug {
            debug.add_to(line);
        }
        if let Some(fd) = self.executed {
            line.pair("-d", "in_asm,exec,nochain")
                .pair("-D", format!("/dev/fd/{fd}"));
        }
    }
}

impl Debug {
    fn add_to(&self, line: &mut Arguments) {
        line.pair("-chardev", format!("socket,id=debug,fd={}", self.stub));
        line.pair("-gdb", "chardev:debug");
        if let Some((file, Range { start, end })) = &self.trace {
            line.pair("-d", "in_asm").pair("-D", file);
            line.pair("-dfilter", format!("{start:#x}+{:#x}", end - start));
        }
    }
}

#[derive(Default)]
struct Arguments(Vec<OsString>);

impl Arguments {
    fn add(&mut self, word: impl Into<OsString>) -> &mut Self {
        self.0.push(word.into());
        self
    }

    fn pair(&mut self, name: &str, value: impl Into<OsString>) -> &mut Self {
        self.add(name).add(value)
    }
}

/// A path within an option, in which a comma stands for itself when it is doubled.
fn option(before: &str, path: &std::path::Path) -> OsString {
    let mut option = OsString::from(before);
    option.push(path.to_string_lossy().replace(',', ",,"));
    option
}

/// Quotes a word for a POSIX shell.
fn quote(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line() -> Line {
        Line {
            kernel: "/a b/kernel".into(),
            archive: "/archive".into(),
            append: None,
            memory_file: None,
            log: "/log,1".into(),
            hardware: Hardware::default(),
            acceleration: Acceleration::None,
            console: Console::Terminal,
            link: None,
            debug: None,
            executed: None,
        }
    }

    #[test]
    fn words_are_quoted_for_the_shell_and_commas_for_the_emulator() {
        let text = line().text();
        assert!(text.contains(" -kernel '/a b/kernel' "), "{text}");
        assert!(text.contains("path=/log,,1 "), "{text}");
        assert_eq!(quote("it's"), r"'it'\''s'");
        assert_eq!(quote(""), "''");
    }

    #[test]
    fn counting_excludes_the_hosts_processor() {
        let mut counted = line();
        counted.hardware.counted = true;
        assert!(counted.text().contains("-icount shift=0"));
        assert!(!line().text().contains("-icount"));
        let accelerated = Line {
            acceleration: Acceleration::Host,
            ..line()
        };
        assert!(accelerated.text().contains("-accel kvm -cpu host"));
    }

    #[test]
    fn a_debugger_is_connected_by_a_socket_only() {
        let debugged = Line {
            debug: Some(Debug {
                stub: 9,
                trace: Some(("/trace".into(), 0x1000..0x3000)),
            }),
            ..line()
        };
        let text = debugged.text();
        assert!(text.contains("socket,id=debug,fd=9 -gdb chardev:debug"));
        assert!(text.contains("-D /trace -dfilter 0x1000+0x2000"));
        assert!(!line().text().contains("-gdb"));
    }

    #[test]
    fn what_is_executed_is_told_through_a_pipe() {
        let told = Line {
            executed: Some(9),
            ..line()
        };
        let text = told.text();
        assert!(text.contains("-d in_asm,exec,nochain -D /dev/fd/9"));
        assert!(!line().text().contains("in_asm"));
    }

    #[test]
    fn memory_may_be_a_file() {
        let seen = Line {
            memory_file: Some("/memory".into()),
            append: Some("records=9".to_owned()),
            ..line()
        };
        let text = seen.text();
        assert!(text.contains("share=on,mem-path=/memory") && text.contains("-append records=9"));
        assert!(text.contains("-machine pc,memory-backend=memory"));
        assert!(!line().text().contains("mem-path"));
    }

    #[test]
    fn the_second_port_is_there_when_it_is_connected() {
        let connected = Line {
            console: Console::Socket(5),
            link: Some(7),
            ..line()
        };
        let text = connected.text();
        assert!(text.contains("socket,id=console,fd=5") && text.contains("socket,id=link,fd=7"));
        assert_eq!(line().text().matches("-serial").count(), 1);
    }
}
