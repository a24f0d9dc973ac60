//! What is in an export, as the set of all places that something stands at: the more of them, the
//! more of the State's types a sample has values of.

use minicbor::Decoder;
use minicbor::data::Type;
use minicbor::decode::Error;
use std::collections::BTreeSet;

/// Hashes of places.
pub(super) type Places = BTreeSet<u64>;

/// The places of an export. Elements of long lists, and entries of maps, are at one place.
pub(super) fn places(bytes: &[u8]) -> Places {
    let mut places = Places::new();
    // What is no CBOR ends it.
    let _ = item(&mut Decoder::new(bytes), 1, &mut places);
    places
}

/// Lists above this length are taken for lists of things of one type.
const STRUCTURE: u64 = 24;

fn below(place: u64, step: u64) -> u64 {
    (place ^ step.wrapping_add(1)).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

fn item(decoder: &mut Decoder<'_>, place: u64, places: &mut Places) -> Result<(), Error> {
    let kind = decoder.datatype()?;
    let is_empty = |length: u64| u64::from(length == 0);
    match kind {
        Type::Array => {
            let length = decoder.array()?.unwrap_or(0);
            places.insert(below(below(place, 1), is_empty(length)));
            // An enum is a pair of its variant and the fields.
            let variant = match (length, decoder.probe().u32()) {
                (2, Ok(variant)) => u64::from(variant.min(64)),
                _ => 0,
            };
            for index in 0..length {
                let step = if length > STRUCTURE { 0 } else { index };
                item(decoder, below(below(place, variant), step + 10), places)?;
            }
        }
        Type::Map => {
            let length = decoder.map()?.unwrap_or(0);
            places.insert(below(below(place, 2), is_empty(length)));
            for _ in 0..length {
                item(decoder, below(place, 3), places)?;
                item(decoder, below(place, 4), places)?;
            }
        }
        Type::Null => {
            decoder.null()?;
            places.insert(below(place, 5));
        }
        Type::Bool => {
            let value = decoder.bool()?;
            places.insert(below(below(place, 6), u64::from(value)));
        }
        Type::Bytes => {
            let length = decoder.bytes()?.len() as u64;
            places.insert(below(below(place, 7), is_empty(length)));
        }
        _ => {
            decoder.skip()?;
            places.insert(below(place, 8));
        }
    }
    Ok(())
}
