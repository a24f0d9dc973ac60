//! The command `service`; see `lib.rs`.

use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use clap::Parser;
use control::{CALL, CodecError, Request, Response, ServiceName, StateAnswer};
use service_command::arguments::{Arguments, Form, Plan, update_request};
use service_command::{NOT_ASKED, NOT_UNDERSTOOD, REFUSED, state, text};

fn main() -> ExitCode {
    let plan = match Arguments::parse().plan() {
        Ok(plan) => plan,
        Err(reason) => return fail(NOT_UNDERSTOOD, reason),
    };
    let (request, only, file) = match plan {
        Plan::State(name, form) => return show_state(name, form),
        Plan::Ask(request) => (request, None, Vec::new()),
        Plan::Show(only) => (Request::Status, only, Vec::new()),
        Plan::Crashes(only) => return crashes(only.as_ref()),
        Plan::Update(members, how) => match update_request(members, how, read) {
            Ok((request, file)) => (request, None, file),
            Err(error) => return fail(NOT_ASKED, &error.to_string()),
        },
    };
    match ask_for_response(&request, &file) {
        Err(error) => not_asked(&error),
        Ok(response) => show_response(&response, only.as_ref()),
    }
}

fn ask_for_response(request: &Request, file: &[u8]) -> io::Result<Response> {
    ask(request, file, control::RESPONSE_BYTES)
        .and_then(|bytes| control::decode_response(&bytes).map_err(invalid))
}

/// Shows what a service knows.
fn show_state(name: ServiceName, form: Form) -> ExitCode {
    let asked = ask(&Request::State { name }, &[], control::STATE_BYTES);
    let bytes = match asked {
        Ok(bytes) => bytes,
        Err(error) => return not_asked(&error),
    };
    match control::decode_state(&bytes) {
        Err(error) => not_asked(&invalid(error)),
        Ok(StateAnswer::Response(response)) => show_response(&response, None),
        Ok(StateAnswer::Shown(json)) if form == Form::Json => show(&format!("{json}\n")),
        Ok(StateAnswer::Shown(json)) => match state::text(json) {
            Ok(text) => show(&text),
            Err(text) => fail(NOT_ASKED, &text),
        },
    }
}

/// Shows all crashes that are kept, a few at a time.
fn crashes(only: Option<&ServiceName>) -> ExitCode {
    let mut after = 0;
    loop {
        let response = match ask_for_response(&Request::Crashes { after }, &[]) {
            Err(error) => return not_asked(&error),
            Ok(response) => response,
        };
        let Response::Crashes { crashes, last } = &response else {
            return fail(NOT_ASKED, "rs answers something else");
        };
        if let Ok(text) = text::render(&response, only) {
            show(&text);
        }
        match crashes.last() {
            Some(crash) if crash.number < *last => after = crash.number,
            _ => return ExitCode::SUCCESS,
        }
    }
}

fn show_response(response: &Response, only: Option<&ServiceName>) -> ExitCode {
    match text::render(response, only) {
        Ok(text) => show(&text),
        Err(reasons) => fail(REFUSED, &reasons.join("\nservice: ")),
    }
}

fn not_asked(error: &io::Error) -> ExitCode {
    fail(NOT_ASKED, &format!("cannot ask rs: {error}"))
}

fn invalid(_: CodecError) -> io::Error {
    io::ErrorKind::InvalidData.into()
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

/// Asks rs by its system call, for an answer of at most `room` bytes.
#[expect(unsafe_code, reason = "a system call that the C library does not know")]
fn ask(request: &Request, file: &[u8], room: usize) -> io::Result<Vec<u8>> {
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
