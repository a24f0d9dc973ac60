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
///
/// A protocol of a later version reads its predecessor's messages too: a server is replaced while
/// they are queued, and while its clients still speak them. Those that have changed stand
/// after `former` and that version, with their former kind and fields and what they are now.
/// The answers stay as they are: what is to be answered otherwise is a message of another kind.
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
        } -> $answer:ty;)*
    ) => {
        /// The protocol's number.
        pub const NUMBER: u16 = $number;
        /// The version this build speaks.
        pub const VERSION: u16 = $version;
        /// The messages by number.
        pub const KINDS: &[(u32, &str)] = &[$(($kind, stringify!($message)),)*];

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
