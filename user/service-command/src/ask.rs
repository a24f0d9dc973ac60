//! Asks rs by its system call.
#![expect(unsafe_code, reason = "a system call that the C library does not know")]

use std::io;

use control::{CALL, CodecError, Request, Response};

/// What rs answers; `file` goes along.
///
/// # Errors
/// What the call answers; `InvalidData` for an answer that is none.
pub fn response(request: &Request, file: &[u8]) -> io::Result<Response> {
    let bytes = bytes(request, file, control::RESPONSE_BYTES)?;
    control::decode_response(&bytes).map_err(invalid)
}

/// What does not encode or decode, as an error of the call.
pub fn invalid(_: CodecError) -> io::Error {
    io::ErrorKind::InvalidData.into()
}

/// The bytes of what rs answers, at most `room`; `file` goes along.
///
/// # Errors
/// What the call answers; `FileTooLarge`.
pub fn bytes(request: &Request, file: &[u8], room: usize) -> io::Result<Vec<u8>> {
    if file.len() > control::FILE_BYTES {
        return Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            "the images are too large",
        ));
    }
    let request = control::encode_request(request).map_err(invalid)?;
    let mut response = vec![0; room];
    let number = libc::c_long::try_from(CALL).unwrap_or(libc::c_long::MAX);
    // SAFETY: the call reads the request and the file, and writes at most the response's length
    // to the response; all three live until it returns.
    let length = unsafe {
        libc::syscall(
            number,
            request.as_ptr(),
            request.len(),
            response.as_mut_ptr(),
            response.len(),
            file.as_ptr(),
            file.len(),
        )
    };
    let Ok(length) = usize::try_from(length) else {
        return Err(io::Error::last_os_error());
    };
    response.truncate(length);
    Ok(response)
}
