//! What a service knows, as text: the answer to `Request::State`.

use crate::{CodecError, RESPONSE_BYTES, Response, decode_response};

/// Bytes of a response that a caller of [`crate::Request::State`] may offer at most.
pub const STATE_BYTES: usize = 512 * 1024;

/// What is answered to [`crate::Request::State`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StateAnswer<'a> {
    /// The service's State and journal, as JSON.
    Shown(&'a str),
    /// They are not shown.
    Response(Response),
}

/// Tells the two apart: JSON begins with a brace, which no encoded response does.
///
/// # Errors
/// `TooLong` above [`STATE_BYTES`]; `Malformed`.
pub fn decode_state(bytes: &[u8]) -> Result<StateAnswer<'_>, CodecError> {
    match bytes {
        _ if bytes.len() > STATE_BYTES => Err(CodecError::TooLong),
        [b'{', ..] => core::str::from_utf8(bytes)
            .map(StateAnswer::Shown)
            .map_err(|_| CodecError::Malformed),
        _ => decode_response(&bytes[..bytes.len().min(RESPONSE_BYTES)]).map(StateAnswer::Response),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec;

    #[test]
    fn json_and_responses_are_told_apart() {
        assert_eq!(decode_state(b"{}"), Ok(StateAnswer::Shown("{}")));
        let response = crate::encode_response(&Response::Ok, 100).unwrap();
        let decoded = decode_state(&response);
        assert_eq!(decoded, Ok(StateAnswer::Response(Response::Ok)));
        assert_eq!(decode_state(b""), Err(CodecError::Malformed));
        assert_eq!(decode_state(b"{\xff}"), Err(CodecError::Malformed));
        let long = vec![b'{'; STATE_BYTES + 1];
        assert_eq!(decode_state(&long), Err(CodecError::TooLong));
    }
}
