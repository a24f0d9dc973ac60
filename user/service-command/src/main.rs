//! The command `service`; see `lib.rs`.

use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::process::{Command, ExitCode};

use clap::Parser;
use control::{Request, Response, ServiceName, StateAnswer};
use service_command::arguments::{Arguments, Form, Plan, update_request};
use service_command::{NOT_ASKED, NOT_UNDERSTOOD, REFUSED, ask, state, text};

fn main() -> ExitCode {
    let plan = match Arguments::parse().plan() {
        Ok(plan) => plan,
        Err(reason) => return fail(NOT_UNDERSTOOD, reason),
    };
    let (request, only, file) = match plan {
        Plan::State(name, form) => return show_state(name, form),
        Plan::Ask(request) => (request, None, Vec::new()),
        Plan::Show(only) => (Request::Status, only, Vec::new()),
        Plan::Watch(program) => return watch(&program),
        Plan::Crashes(only) => return crashes(only.as_ref()),
        Plan::Update(members, how) => match update_request(members, how, read) {
            Ok((request, file)) => (request, None, file),
            Err(error) => return fail(NOT_ASKED, &error.to_string()),
        },
    };
    announce(&request);
    match ask::response(&request, &file) {
        Err(error) => not_asked(&error),
        Ok(response) => show_response(&response, only.as_ref()),
    }
}

/// Tells somebody who looks on what is under way that may take a while, until its report comes.
fn announce(request: &Request) {
    if let Some(text) = text::announcement(request)
        && io::stderr().is_terminal()
    {
        let _ = writeln!(io::stderr(), "{text}");
    }
}

/// Shows what a service knows.
fn show_state(name: ServiceName, form: Form) -> ExitCode {
    let asked = ask::bytes(&Request::State { name }, &[], control::STATE_BYTES);
    let bytes = match asked {
        Ok(bytes) => bytes,
        Err(error) => return not_asked(&error),
    };
    match control::decode_state(&bytes) {
        Err(error) => not_asked(&ask::invalid(error)),
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
        let response = match ask::response(&Request::Crashes { after }, &[]) {
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

/// Runs a program at each crash that it is to decide about, until rs cannot be asked any more.
fn watch(program: &Path) -> ExitCode {
    loop {
        let crash = match ask::response(&Request::Watch, &[]) {
            Ok(Response::Crashed {
                name,
                failure,
                attempts,
            }) => [
                name.as_str().to_owned(),
                text::failure(failure).to_owned(),
                attempts.to_string(),
            ],
            Ok(other) => return show_response(&other, None),
            Err(error) => return not_asked(&error),
        };
        let done = Command::new(program).args(crash).status();
        if let Err(error) = done {
            return fail(REFUSED, &format!("{}: {error}", program.display()));
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
