//! What services say to each other: one file per protocol, declared once.
//!
//! A protocol is a list of messages, each with fields of one word and the answer it gets. From the
//! declaration follow the client's side (`service::Cx::ask` takes a [`Question`]), the server's
//! side (`Request::decode`, then one match), and the checks in between: a message that does not
//! decode is refused.
//!
//! After a crash of the service that is asked, a question goes on and gets its answer as if nothing had
//! been: a program sees the time that takes. It is ended with `EFAULT` when it was in hand at two crashes
//! in a row, and with `EIO` when the service is down or given up; a service that was started fresh
//! answers `ESTALE` to what is of before. Each protocol says behind the words `After a crash:` what a
//! program sees then; docs/recovery.md has the rest.
#![no_std]

extern crate alloc;

pub mod answer;
pub mod declare;
pub mod word;

pub mod descriptors;
pub mod device;
pub mod endpoint;
pub mod files;
pub mod identity;
pub mod inspect;
pub mod introspection;
pub mod memory;
pub mod names;
pub mod object;
pub mod payload;
pub mod pipe;
pub mod scheduling;
pub mod startup;
pub mod stopped;
pub mod terminal;

pub use answer::Answer;
pub use declare::{MessageKind, Question, Repeatable};
pub use word::{Handle, Word};

/// The protocols by the name that `system/services.toml` uses.
pub const NUMBERS: &[(&str, u16)] = &[
    ("object", object::NUMBER),
    ("files", files::NUMBER),
    ("device", device::NUMBER),
    ("pipe", pipe::NUMBER),
    ("memory", memory::NUMBER),
    ("descriptors", descriptors::NUMBER),
    ("scheduling", scheduling::NUMBER),
    ("names", names::NUMBER),
    ("terminal", terminal::NUMBER),
    ("startup", startup::NUMBER),
    ("inspect", inspect::NUMBER),
    ("introspection", introspection::NUMBER),
];

/// The messages of each protocol.
const KINDS: &[(u16, &[MessageKind])] = &[
    (object::NUMBER, object::KINDS),
    (files::NUMBER, files::KINDS),
    (device::NUMBER, device::KINDS),
    (pipe::NUMBER, pipe::KINDS),
    (memory::NUMBER, memory::KINDS),
    (descriptors::NUMBER, descriptors::KINDS),
    (scheduling::NUMBER, scheduling::KINDS),
    (names::NUMBER, names::KINDS),
    (terminal::NUMBER, terminal::KINDS),
    (startup::NUMBER, startup::KINDS),
    (inspect::NUMBER, inspect::KINDS),
    (introspection::NUMBER, introspection::KINDS),
];

/// The name of a protocol and a message in it, for people. Programs' system calls and the kernel's
/// questions are not among them.
#[must_use]
pub fn message(protocol: u16, kind: u32) -> Option<(&'static str, MessageKind)> {
    let (name, _) = NUMBERS.iter().find(|(_, number)| *number == protocol)?;
    let (_, kinds) = KINDS.iter().find(|(number, _)| *number == protocol)?;
    let message = kinds.iter().find(|message| message.number == kind)?;
    Some((name, *message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_have_names() {
        assert_eq!(KINDS.len(), NUMBERS.len());
        let name = |protocol, kind| message(protocol, kind).map(|(of, message)| (of, message.name));
        assert_eq!(name(inspect::NUMBER, 3), Some(("inspect", "Services")));
        assert_eq!(name(inspect::NUMBER, 99), None);
        assert_eq!(name(0, 1), None);
        let repeatable = |of, kind| message(of, kind).map(|(_, message)| message.repeatable);
        assert_eq!(repeatable(names::NUMBER, 2), Some(true));
        assert_eq!(repeatable(device::NUMBER, 1), Some(false));
    }

    #[test]
    fn numbers_are_unique_and_fit() {
        for (at, (name, number)) in NUMBERS.iter().enumerate() {
            assert!(*number > abi::message::PROTOCOL_KERNEL && *number < abi::message::PROTOCOLS);
            assert!(
                NUMBERS[..at]
                    .iter()
                    .all(|(other, n)| other != name && n != number)
            );
        }
    }

    #[test]
    fn a_message_decodes_to_itself_and_others_are_refused() {
        let seek = object::Seek {
            handle: Handle(7),
            offset: -3,
            whence: object::Whence::End,
        };
        let mut message = seek.message();
        assert_eq!(
            object::Request::decode(&message),
            Some(object::Request::Seek(seek))
        );
        message.words[2] = 9;
        assert_eq!(object::Request::decode(&message), None);
        message.words[2] = 0;
        message.kind = 999;
        assert_eq!(object::Request::decode(&message), None);
        assert_eq!(files::Request::decode(&seek.message()), None);
    }
}
