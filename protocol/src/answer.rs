//! What a question is answered with: a result word and up to six more.

use abi::message::REPLY_WORDS;
use abi::{Errno, Reply};

/// A value that a successful reply carries.
pub trait Answer: Sized {
    /// The reply that carries the value. Its result must not be negative.
    fn to_reply(self) -> Reply;
    /// The value in a successful reply, unless the reply does not decode.
    fn from_reply(reply: &Reply) -> Option<Self>;
}

impl Answer for () {
    fn to_reply(self) -> Reply {
        Reply::value(0)
    }
    fn from_reply(_: &Reply) -> Option<Self> {
        Some(())
    }
}

/// A count or a position: travels in the result itself, so a program sees it.
impl Answer for u64 {
    fn to_reply(self) -> Reply {
        Reply::value(self.cast_signed())
    }
    fn from_reply(reply: &Reply) -> Option<Self> {
        u64::try_from(reply.result).ok()
    }
}

/// Declares a structure of at most six words that travels in a reply.
#[macro_export]
macro_rules! answer {
    ($(#[$doc:meta])* pub struct $name:ident { $($(#[$field_doc:meta])* pub $field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $name { $($(#[$field_doc])* pub $field: $type,)* }

        impl $crate::Answer for $name {
            fn to_reply(self) -> abi::Reply {
                let mut reply = abi::Reply::value(0);
                $crate::answer::fill(&mut reply, &[$($crate::Word::to_word(self.$field)),*]);
                reply
            }
            fn from_reply(reply: &abi::Reply) -> Option<Self> {
                let mut words = reply.words.iter().copied();
                Some($name { $($field: $crate::Word::from_word(words.next()?)?,)* })
            }
        }
    };
}

/// Puts words into a reply.
pub fn fill(reply: &mut Reply, words: &[u64]) {
    const { assert!(REPLY_WORDS == 6) };
    for (slot, word) in reply.words.iter_mut().zip(words) {
        *slot = *word;
    }
}

/// Reads an answer or the errno of a refusal; what does not decode is [`Errno::PROTO`].
///
/// # Errors
/// The errno the server answered with.
pub fn read<A: Answer>(reply: &Reply) -> Result<A, Errno> {
    if reply.result < 0 {
        Errno::check(reply.result)?;
    }
    A::from_reply(reply).ok_or(Errno::PROTO)
}
