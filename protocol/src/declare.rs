//! The macro that declares a protocol: messages, their encoding, and the dispatch type.

use crate::Answer;
use abi::Message;

/// A message that one service sends to another and the answer it gets.
pub trait Question {
    /// What a successful answer carries.
    type Answer: Answer;
    /// The message on the wire.
    fn message(&self) -> Message;
}

/// Declares a protocol as a module's content: one structure for each message, `Request` for the
/// server's dispatch, and the protocol's number and version.
#[macro_export]
macro_rules! protocol {
    (
        number $number:literal, version $version:literal;
        $($(#[$doc:meta])* $message:ident = $kind:literal {
            $($(#[$field_doc:meta])* $field:ident: $type:ty),* $(,)?
        } -> $answer:ty;)*
    ) => {
        /// The protocol's number.
        pub const NUMBER: u16 = $number;
        /// The version this build speaks.
        pub const VERSION: u16 = $version;

        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug, PartialEq, Eq)]
            pub struct $message {
                $(
                    #[doc = concat!("The `", stringify!($field), "` that the message's comment names.")]
                    $(#[$field_doc])*
                    pub $field: $type,
                )*
            }

            impl $crate::Question for $message {
                type Answer = $answer;
                fn message(&self) -> abi::Message {
                    let words: &[u64] = &[$($crate::Word::to_word(self.$field)),*];
                    $crate::declare::pack(NUMBER, VERSION, $kind, words)
                }
            }
        )*

        /// A message of this protocol, as its server sees it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Request { $($(#[$doc])* $message($message),)* }

        impl Request {
            /// Reads a message. `None` refuses one that is of another protocol or version, of no
            /// known kind, or has a word out of its range.
            #[must_use]
            pub fn decode(message: &abi::Message) -> Option<Request> {
                if message.protocol != NUMBER || message.version != VERSION {
                    return None;
                }
                // A protocol may consist of messages without fields.
                let _words = &mut message.words.iter().copied();
                match message.kind {
                    $($kind => Some(Request::$message($message {
                        $($field: $crate::Word::from_word(_words.next()?)?,)*
                    })),)*
                    _ => None,
                }
            }
        }
    };
}

/// Makes a message of words; those not given are 0.
#[must_use]
pub fn pack(protocol: u16, version: u16, kind: u32, given: &[u64]) -> Message {
    let mut message = Message {
        protocol,
        version,
        kind,
        ..Message::default()
    };
    for (word, value) in message.words.iter_mut().zip(given) {
        *word = *value;
    }
    message
}
