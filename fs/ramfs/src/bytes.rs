//! Names and the texts of links.

use alloc::vec::Vec;
use core::cmp::Ordering;
use core::ops::Deref;
use minicbor::bytes::ByteVec;
use minicbor::{Decode, Decoder, Encode, Encoder, decode, encode};
use shape::{Outline, Printer, Shape};

/// Up to this many are kept in place.
const SHORT: usize = 22;

/// A few bytes. Most names are short, and a tree has many: those need no memory of their own, which
/// would have to be found and freed at every update.
#[derive(Clone, Debug)]
pub(crate) enum Bytes {
    /// So many of these.
    Short(u8, [u8; SHORT]),
    /// More.
    Long(Vec<u8>),
}

impl From<&[u8]> for Bytes {
    fn from(bytes: &[u8]) -> Self {
        let mut short = [0; SHORT];
        match (short.get_mut(..bytes.len()), u8::try_from(bytes.len())) {
            (Some(start), Ok(length)) => {
                start.copy_from_slice(bytes);
                Bytes::Short(length, short)
            }
            _ => Bytes::Long(bytes.to_vec()),
        }
    }
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Bytes::Short(length, bytes) => bytes.get(..usize::from(*length)).unwrap_or(bytes),
            Bytes::Long(bytes) => bytes,
        }
    }
}

impl PartialEq for Bytes {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Bytes {}

impl PartialOrd for Bytes {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Bytes {
    fn cmp(&self, other: &Self) -> Ordering {
        (**self).cmp(&**other)
    }
}

impl<C> Encode<C> for Bytes {
    fn encode<W: encode::Write>(
        &self,
        encoder: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        encoder.bytes(self).map(drop)
    }
}

impl<'b, C> Decode<'b, C> for Bytes {
    fn decode(decoder: &mut Decoder<'b>, _: &mut C) -> Result<Self, decode::Error> {
        decoder.bytes().map(Bytes::from)
    }
}

impl Shape for Bytes {
    fn outline(outline: &mut Outline) {
        ByteVec::outline(outline);
    }

    fn show(&self, printer: &mut Printer<'_>) {
        printer.bytes(self);
    }
}

#[cfg(test)]
mod tests {
    use super::Bytes;
    use alloc::vec::Vec;

    #[test]
    fn bytes_come_back_and_keep_their_order() {
        let texts: Vec<Vec<u8>> = (0..60).map(|length| (1..=length).collect()).collect();
        for text in &texts {
            let bytes = Bytes::from(&text[..]);
            assert_eq!(*bytes, text[..]);
            let read: Bytes = minicbor::decode(&minicbor::to_vec(&bytes).unwrap()).unwrap();
            assert_eq!(read, bytes);
            for other in &texts {
                assert_eq!(bytes.cmp(&Bytes::from(&other[..])), text.cmp(other));
            }
        }
    }
}
