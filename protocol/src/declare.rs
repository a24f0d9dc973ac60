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

/// A message that may be sent again, because it changes nothing or does what is done already: the next
/// instance of a service that waits for its answer need not know that it was sent.
pub trait Repeatable: Question {}

/// A message of a protocol, for people and reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageKind {
    /// Its number in the protocol.
    pub number: u32,
    /// Its name.
    pub name: &'static str,
    /// Whether it is [`Repeatable`].
    pub repeatable: bool,
}

/// What `repeatable` means behind a message: alone whether it stands there, with the message the
/// promise.
#[doc(hidden)]
#[macro_export]
macro_rules! repeatable {
    () => {
        false
    };
    (repeatable) => {
        true
    };
    (repeatable $message:ident) => {
        impl $crate::Repeatable for $message {}
    };
}

/// Declares a protocol as a module's content: one structure for each message, `Request` for the
/// server's dispatch, and the protocol's number and version.
///
/// A protocol of a later version reads its predecessor's messages too: a server is replaced while
/// they are queued, and while its clients still speak them. Those that have changed stand
/// after `former` and that version, with their former kind and fields and what they are now.
/// The answers stay as they are: what is to be answered otherwise is a message of another kind.
///
/// A message that may be sent again is declared `repeatable`, behind its answer.
#[macro_export]
macro_rules! protocol {
    (
        number $number:literal, version $version:literal
        $(, former $before:literal {
            $($changed:ident = $former_kind:literal { $($former:ident: $former_type:ty),* $(,)? }
                => $now:expr;)*
        })?;
        $($(#[$doc:meta])* $message:ident = $kind:literal {
            $($(#[$field_doc:meta])* $field:ident: $type:ty),* $(,)?
        } -> $answer:ty $(, $repeatable:ident)?;)*
    ) => {
        /// The protocol's number.
        pub const NUMBER: u16 = $number;
        /// The version this build speaks.
        pub const VERSION: u16 = $version;
        /// The messages by number.
        pub const KINDS: &[$crate::MessageKind] = &[$($crate::MessageKind {
            number: $kind,
            name: stringify!($message),
            repeatable: $crate::repeatable!($($repeatable)?),
        },)*];

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

            $($crate::repeatable!($repeatable $message);)?
        )*

        /// A message of this protocol, as its server sees it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Request { $($(#[$doc])* $message($message),)* }

        impl Request {
            /// Reads a message. `None` refuses one that is of another protocol or a version that is
            /// not read, of no known kind, or has a word out of its range.
            #[must_use]
            pub fn decode(message: &abi::Message) -> Option<Request> {
                if message.protocol != NUMBER {
                    return None;
                }
                // A protocol may consist of messages without fields.
                let _words = &mut message.words.iter().copied();
                match message.version {
                    VERSION => {}
                    $($before => match message.kind {
                        $($former_kind => {
                            $(let $former: $former_type = $crate::Word::from_word(_words.next()?)?;)*
                            return Some(Request::$changed($now));
                        })*
                        _ => {}
                    },)?
                    _ => return None,
                }
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
