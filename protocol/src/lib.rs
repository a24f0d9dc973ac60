//! What services say to each other: one file per protocol, declared once.
//!
//! A protocol is a list of messages, each with fields of one word and the answer it gets. From the
//! declaration follow the client's side (`service::Cx::ask` takes a [`Question`]), the server's
//! side (`Request::decode`, then one match), and the checks in between: a message that does not
//! decode is refused.
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
pub use declare::Question;
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

#[cfg(test)]
mod tests {
    use super::*;

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
