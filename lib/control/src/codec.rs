//! Encoding and decoding within limits.

use alloc::vec::Vec;

use minicbor::decode::Decoder;
use minicbor::{Decode, Encode};

use crate::{REQUEST_BYTES, RESPONSE_BYTES, Request, Response};

/// Why something does not encode or decode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodecError {
    /// More bytes than allowed.
    TooLong,
    /// Not what it should be, or something follows it.
    Malformed,
}

fn encode<T: Encode<()>>(value: &T, limit: usize) -> Result<Vec<u8>, CodecError> {
    let bytes = minicbor::to_vec(value).map_err(|_| CodecError::Malformed)?;
    if bytes.len() > limit {
        Err(CodecError::TooLong)
    } else {
        Ok(bytes)
    }
}

fn decode<'b, T: Decode<'b, ()>>(bytes: &'b [u8], limit: usize) -> Result<T, CodecError> {
    if bytes.len() > limit {
        return Err(CodecError::TooLong);
    }
    let mut decoder = Decoder::new(bytes);
    let value = decoder.decode().map_err(|_| CodecError::Malformed)?;
    if decoder.position() == bytes.len() {
        Ok(value)
    } else {
        Err(CodecError::Malformed)
    }
}

/// Encodes a request.
///
/// # Errors
/// `TooLong` above [`REQUEST_BYTES`].
pub fn encode_request(request: &Request) -> Result<Vec<u8>, CodecError> {
    encode(request, REQUEST_BYTES)
}

/// Decodes a request.
///
/// # Errors
/// `TooLong` above [`REQUEST_BYTES`]; `Malformed`.
pub fn decode_request(bytes: &[u8]) -> Result<Request, CodecError> {
    decode(bytes, REQUEST_BYTES)
}

/// Encodes a response for a caller that offers `capacity` bytes.
///
/// # Errors
/// `TooLong` above `capacity` or [`RESPONSE_BYTES`].
pub fn encode_response(response: &Response, capacity: usize) -> Result<Vec<u8>, CodecError> {
    encode(response, capacity.min(RESPONSE_BYTES))
}

/// Decodes a response.
///
/// # Errors
/// `TooLong` above [`RESPONSE_BYTES`]; `Malformed`.
pub fn decode_response(bytes: &[u8]) -> Result<Response, CodecError> {
    decode(bytes, RESPONSE_BYTES)
}

#[cfg(test)]
mod tests {
    use std::string::{String, ToString};
    use std::vec;

    use abi::slot::{Failure, Fault, Phase, Refusal};

    use super::*;
    use crate::{
        Changed, Crash, How, Member, Reason, Recent, Refused, ServiceName, ServiceStatus, Step,
        Steps, Target, Until, Updated,
    };
    use abi::declaration::Policy;

    fn name(text: &str) -> ServiceName {
        ServiceName::new(text).unwrap()
    }

    fn member(text: &str, to: Target) -> Member {
        Member {
            name: name(text),
            to,
        }
    }

    fn requests() -> Vec<Request> {
        vec![
            Request::Status,
            Request::Up { name: name("vfs") },
            Request::Down { name: name("tty") },
            Request::Restart {
                name: name("a-longest-name-1"),
            },
            Request::Refresh { name: name("rs") },
            Request::Update {
                members: vec![member("pm", Target::Newest)],
                how: How::default(),
            },
            Request::Update {
                members: (0..40)
                    .map(|_| member("a-longest-name-1", Target::File(u32::MAX)))
                    .collect(),
                how: How {
                    deadline_ms: u32::MAX,
                    until: Until::Ready,
                },
            },
            Request::Update {
                members: vec![
                    member("pm", Target::Version(u32::MAX)),
                    member("vm", Target::File(7)),
                ],
                how: How::default(),
            },
            Request::UpdateAll {
                to: Target::Newest,
                how: How::default(),
            },
            Request::State { name: name("ds") },
            Request::Fault {
                name: name("vm"),
                kind: Fault::AtPoint,
                count: u64::MAX,
            },
            Request::Crashes { after: u64::MAX },
            Request::Edit {
                name: name("vm"),
                policy: Some(Policy::Fresh),
            },
        ]
    }

    fn status(slot: u16) -> ServiceStatus {
        ServiceStatus {
            name: name("a-longest-name-1"),
            slot,
            version: u32::MAX,
            phase: Phase::Down,
            failure: Failure::StackOverflow,
            restarts: u32::MAX,
            generation: u32::MAX,
            pages: u64::MAX,
            served: u64::MAX,
            policy: Policy::Leave,
            given_up: true,
            points: u64::MAX,
            run_time: u64::MAX,
            former: Some(u32::MAX),
        }
    }

    fn refused(text: String) -> Response {
        Response::Refused(vec![Refused {
            reason: Reason::RolledBack,
            member: Some(name("vfs")),
            step: Some(Step::Import),
            failure: Failure::Refused,
            refusal: Refusal::Inconsistent,
            text,
        }])
    }

    fn crash(number: u64) -> Crash {
        let recent = Recent {
            id: u64::MAX,
            pid: u32::MAX,
            from: u16::MAX,
            protocol: u16::MAX,
            kind: u32::MAX,
            again: true,
        };
        Crash {
            number,
            time: u64::MAX,
            name: name("a-longest-name-1"),
            failure: Failure::BadMemoryAccess,
            version: u32::MAX,
            generation: u32::MAX,
            address: u64::MAX,
            base: u64::MAX,
            call: Some(u64::MAX),
            before: true,
            event: u32::MAX,
            registers: vec![u64::MAX; Crash::REGISTERS.len()],
            stack: vec![u64::MAX; abi::crash::STACK_DEPTH],
            recent: vec![recent; abi::crash::RECENT_REQUESTS],
        }
    }

    #[test]
    fn requests_survive() {
        for request in requests() {
            let bytes = encode_request(&request).unwrap();
            assert_eq!(decode_request(&bytes), Ok(request));
        }
    }

    #[test]
    fn the_largest_responses_fit() {
        let steps = Steps {
            load: u64::MAX,
            freeze: u64::MAX,
            export: u64::MAX,
            import: u64::MAX,
            attach: u64::MAX,
            state_bytes: u64::MAX,
            state_from: u32::MAX,
            state_to: u32::MAX,
        };
        let changed = Changed {
            name: name("a-longest-name-1"),
            from: u32::MAX,
            to: u32::MAX,
            steps,
        };
        let updated = Updated {
            members: vec![changed; 40],
            pause: u64::MAX,
            commit: u64::MAX,
            committed: true,
        };
        let crashes = (u64::MAX - crate::CRASHES as u64..u64::MAX).map(crash);
        let all = (0..40).map(status).collect();
        let responses = [
            Response::Ok,
            Response::Status(all),
            Response::Prepared(updated.members.clone()),
            Response::Updated(updated),
            Response::Crashes {
                crashes: crashes.collect(),
                last: u64::MAX,
            },
            refused("x".repeat(crate::TEXT_BYTES)),
        ];
        for response in responses {
            let bytes = encode_response(&response, RESPONSE_BYTES).unwrap();
            assert_eq!(decode_response(&bytes), Ok(response));
        }
    }

    #[test]
    fn limits_hold() {
        assert_eq!(
            decode_request(&[0; REQUEST_BYTES + 1]),
            Err(CodecError::TooLong)
        );
        assert_eq!(
            decode_response(&[0; RESPONSE_BYTES + 1]),
            Err(CodecError::TooLong)
        );
        assert_eq!(
            encode_response(&refused("long".to_string()), 5),
            Err(CodecError::TooLong)
        );
        let endless = refused("x".repeat(RESPONSE_BYTES));
        assert_eq!(
            encode_response(&endless, usize::MAX),
            Err(CodecError::TooLong)
        );
    }

    #[test]
    fn damaged_bytes_are_refused() {
        for request in requests() {
            let bytes = encode_request(&request).unwrap();
            for length in 0..bytes.len() {
                assert_eq!(decode_request(&bytes[..length]), Err(CodecError::Malformed));
            }
            let mut longer = bytes.clone();
            longer.push(0);
            assert_eq!(decode_request(&longer), Err(CodecError::Malformed));
            for bit in 0..bytes.len() * 8 {
                let mut changed = bytes.clone();
                changed[bit / 8] ^= 1 << (bit % 8);
                // Whatever decodes is a request that encodes again.
                let decoded = decode_request(&changed);
                assert!(decoded.map_or(true, |request| encode_request(&request).is_ok()));
            }
        }
    }
}
