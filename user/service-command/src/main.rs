//! The command `service`; see `lib.rs`.

use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use clap::Parser;
use control::{CALL, Request, Response};
use service_command::arguments::{Arguments, Plan, update_request};
use service_command::{NOT_ASKED, NOT_UNDERSTOOD, REFUSED, text};

fn main() -> ExitCode {
    let plan = match Arguments::parse().plan() {
        Ok(plan) => plan,
        Err(reason) => return fail(NOT_UNDERSTOOD, reason),
    };
    let (request, only, file) = match plan {
        Plan::Ask(request) => (request, None, Vec::new()),
        Plan::Show(only) => (Request::Status, only, Vec::new()),
        Plan::Update(members, how) => match update_request(members, how, read) {
            Ok((request, file)) => (request, None, file),
            Err(error) => return fail(NOT_ASKED, &error.to_string()),
        },
    };
    match ask(&request, &file) {
        Err(error) => fail(NOT_ASKED, &format!("cannot ask rs: {error}")),
        Ok(response) => match text::render(&response, only.as_ref()) {
            Ok(text) => show(&text),
            Err(text) => fail(REFUSED, &text),
        },
    }
}

/// Reads a file; the error names it.
fn read(path: &Path) -> io::Result<Vec<u8>> {
    let named =
        |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
    fs::read(path).map_err(named)
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
fn ask(request: &Request, file: &[u8]) -> io::Result<Response> {
    if file.len() > control::FILE_BYTES {
        return Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            "the images are too large",
        ));
    }
    let invalid = |_| io::Error::from(io::ErrorKind::InvalidData);
    let request = control::encode_request(request).map_err(invalid)?;
    let mut response = vec![0; control::RESPONSE_BYTES];
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
    let bytes = response.get(..length).unwrap_or_default();
    control::decode_response(bytes).map_err(invalid)
}
