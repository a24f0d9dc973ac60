//! States as text (RFC 8949, section 8: diagnostic notation), so that two can be compared by eye.

use minicbor::Decoder;
use minicbor::data::Type;
use minicbor::decode::Error;
use std::fmt::Write;

/// The text of CBOR items one after the other. What is not CBOR ends it.
#[must_use]
pub(crate) fn text(bytes: &[u8]) -> String {
    let mut out = String::new();
    let mut decoder = Decoder::new(bytes);
    while decoder.position() < bytes.len() {
        if item(&mut decoder, &mut out).is_err() {
            out.push_str(" ...not CBOR");
            break;
        }
    }
    out
}

/// Set in the name of what a service does on its own behalf. The next instance drops its entries.
const BACKGROUND: u64 = 1 << 63;

/// The text of what a service exports: its State, and how much its journal holds of requests.
#[must_use]
pub(crate) fn exported(bytes: &[u8]) -> String {
    state_and_journal(bytes).unwrap_or_else(|_| format!("{} not an export", text(bytes)))
}

fn state_and_journal(bytes: &[u8]) -> Result<String, Error> {
    let mut decoder = Decoder::new(bytes);
    decoder.array()?;
    let start = decoder.position();
    decoder.skip()?;
    let mut out = text(&bytes[start..decoder.position()]);
    let mut entries = 0;
    // [[entries, log of changes]]
    decoder.array()?;
    decoder.array()?;
    for _ in 0..decoder.map()?.unwrap_or(0) {
        let mut key = decoder.clone();
        key.array()?;
        entries += usize::from(key.u64()? < BACKGROUND);
        decoder.skip()?;
        decoder.skip()?;
    }
    // Requests have other names in other runs.
    out.push_str(&format!("\njournal entries: {entries}"));
    Ok(out)
}

fn item(decoder: &mut Decoder<'_>, out: &mut String) -> Result<(), Error> {
    // Writing to a string never fails.
    let mut write = |text: String| out.push_str(&text);
    match decoder.datatype()? {
        Type::U8 | Type::U16 | Type::U32 | Type::U64 => write(decoder.u64()?.to_string()),
        Type::I8 | Type::I16 | Type::I32 | Type::I64 => write(decoder.i64()?.to_string()),
        Type::Bool => write(decoder.bool()?.to_string()),
        Type::Bytes => write(bytes(decoder.bytes()?)),
        Type::String => write(format!("{:?}", decoder.str()?)),
        Type::Null => {
            decoder.null()?;
            write("null".to_owned());
        }
        Type::Array => {
            let count = decoder.array()?.unwrap_or(0);
            out.push('[');
            members(decoder, out, count, "")?;
            out.push(']');
        }
        Type::Map => {
            let count = decoder.map()?.unwrap_or(0);
            out.push('{');
            members(decoder, out, count, ": ")?;
            out.push('}');
        }
        _ => {
            decoder.skip()?;
            out.push('?');
        }
    }
    Ok(())
}

fn members(
    decoder: &mut Decoder<'_>,
    out: &mut String,
    count: u64,
    colon: &str,
) -> Result<(), Error> {
    for number in 0..count {
        if number > 0 {
            out.push_str(", ");
        }
        item(decoder, out)?;
        if !colon.is_empty() {
            out.push_str(colon);
            item(decoder, out)?;
        }
    }
    Ok(())
}

fn bytes(bytes: &[u8]) -> String {
    let mut out = String::from("h'");
    for byte in bytes {
        let _ = write!(out, "{byte:02x}");
    }
    out.push('\'');
    out
}

/// Where two texts part, with what is around.
#[must_use]
pub(crate) fn parting(one: &str, other: &str) -> String {
    const AROUND: usize = 160;
    let at = one
        .bytes()
        .zip(other.bytes())
        .position(|(a, b)| a != b)
        .unwrap_or_else(|| one.len().min(other.len()));
    let from = at.saturating_sub(AROUND / 2);
    let cut = |text: &str| {
        let part = text.bytes().skip(from).take(AROUND).collect::<Vec<_>>();
        String::from_utf8_lossy(&part).into_owned()
    };
    format!("at {at}:\n    {}\n    {}", cut(one), cut(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_state_looks_like() {
        let bytes = minicbor::to_vec((1_u8, -2_i8, true, None::<u8>, "a")).unwrap();
        assert_eq!(text(&bytes), "[1, -2, true, null, \"a\"]");
        assert_eq!(text(&[0xa1, 1, 0x41, 0xff]), "{1: h'ff'}");
        assert_eq!(text(&[0x82, 1]), "[1,  ...not CBOR");
    }
}
