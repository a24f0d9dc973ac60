//! The command `service`; see `lib.rs`.

use std::fs;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;
use control::{CALL, Request, Response};
use service_command::arguments::Arguments;
use service_command::{NOT_ASKED, REFUSED, text};

fn main() -> ExitCode {
    let plan = Arguments::parse().plan();
    let image = match plan.image.as_ref().map(fs::read).transpose() {
        Ok(image) => image.unwrap_or_default(),
        Err(error) => {
            let path = plan.image.unwrap_or_default();
            return fail(NOT_ASKED, &format!("{}: {error}", path.display()));
        }
    };
    match ask(&plan.request, &image) {
        Err(error) => fail(NOT_ASKED, &format!("cannot ask rs: {error}")),
        Ok(response) => match text::render(&response, plan.only.as_ref()) {
            Ok(text) => show(&text),
            Err(text) => fail(REFUSED, &text),
        },
    }
}

/// A closed standard output is how a reader says that it has read enough.
fn show(text: &str) -> ExitCode {
    let _ = io::stdout().write_all(text.as_bytes());
    ExitCode::SUCCESS
}

fn fail(status: u8, text: &str) -> ExitCode {
    let _ = writeln!(io::stderr(), "service: {text}");
    ExitCode::from(status)
}

/// Asks rs by its system call.
#[expect(unsafe_code, reason = "a system call that the C library does not know")]
fn ask(request: &Request, image: &[u8]) -> io::Result<Response> {
    if image.len() > control::FILE_BYTES {
        return Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            "the file is too large",
        ));
    }
    let invalid = |_| io::Error::from(io::ErrorKind::InvalidData);
    let request = control::encode_request(request).map_err(invalid)?;
    let mut response = vec![0; control::RESPONSE_BYTES];
    let number = libc::c_long::try_from(CALL).unwrap_or(libc::c_long::MAX);
    // SAFETY: the call reads the request and the image, and writes at most the response's length
    // to the response; all three live until it returns.
    let length = unsafe {
        libc::syscall(
            number,
            request.as_ptr(),
            request.len(),
            response.as_mut_ptr(),
            response.len(),
            image.as_ptr(),
            image.len(),
        )
    };
    let Ok(length) = usize::try_from(length) else {
        return Err(io::Error::last_os_error());
    };
    let bytes = response.get(..length).unwrap_or_default();
    control::decode_response(bytes).map_err(invalid)
}
