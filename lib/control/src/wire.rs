//! The enums of `abi` as numbers on the wire. Unknown numbers do not decode.

use minicbor::decode::{Decoder, Error};
use minicbor::encode::{self, Encoder, Write};

use abi::declaration::Policy;
use abi::slot::{Failure, Fault, Phase, Refusal};

macro_rules! numbered {
    ($(#[$doc:meta])* $module:ident, $type:ty, $from:expr) => {
        $(#[$doc])*
        pub(crate) mod $module {
            use super::{Decoder, Encoder, Error, Write, encode};

            pub(crate) fn encode<C, W: Write>(
                value: &$type,
                encoder: &mut Encoder<W>,
                _: &mut C,
            ) -> Result<(), encode::Error<W::Error>> {
                encoder.u32(*value as u32)?.ok()
            }

            pub(crate) fn decode<'b, C>(
                decoder: &mut Decoder<'b>,
                _: &mut C,
            ) -> Result<$type, Error> {
                let from: fn(u32) -> Option<$type> = $from;
                from(decoder.u32()?).ok_or_else(|| Error::message("unknown number"))
            }
        }
    };
}

numbered!(phase, super::Phase, super::Phase::from_word);
numbered!(policy, super::Policy, |word| super::Policy::from_word(
    u64::from(word)
));
numbered!(failure, super::Failure, super::Failure::from_word);
numbered!(fault, super::Fault, |word| super::Fault::from_word(
    u64::from(word)
));
numbered!(refusal, super::Refusal, super::refusal_from_word);

fn refusal_from_word(word: u32) -> Option<Refusal> {
    const ALL: [Refusal; 5] = [
        Refusal::None,
        Refusal::Undecodable,
        Refusal::UnknownVersion,
        Refusal::Inconsistent,
        Refusal::Other,
    ];
    ALL.into_iter().find(|refusal| *refusal as u32 == word)
}
