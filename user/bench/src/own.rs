//! What Linux has not: requests between services, and services that are replaced while they serve.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::time::{Duration, Instant};

use abi::slot::Fault;
use control::{How, Member, Request, Response, ServiceName, StateAnswer, Target};
use service_command::ask;

use crate::meter::Meter;

/// The image of tests/gauge, which makes requests for whoever reads it, and whose place it takes.
const IMAGE: &str = "/images/gauge";
const PLACE: &str = "hello";
const DEVICE: &str = "/dev/hello";
/// What the offset of a read says (tests/gauge): so many requests, whose answers are kept, for so many bytes,
/// with a handle that a read at 0 answers.
const KEPT: u64 = 1 << 8;
const BYTE: u64 = 1 << 16;
const HANDLE: u64 = 1 << 32;
/// Reads that are measured, and requests that each makes.
const READS: u64 = 500;
const REQUESTS: u64 = 8;
/// As long as some time slices.
const SPIN: Duration = Duration::from_millis(100);
/// How often a service is replaced, and replaced again.
const PAIRS: u64 = 2;

/// Requests from one service to another one: a name, and what is added to the offset.
const BETWEEN: [(&str, u64); 4] = [
    ("request", 0),
    ("request_kept", KEPT),
    ("request_64", 64 * BYTE),
    ("request_4k", 4096 * BYTE),
];

/// Something to measure, and its name.
type Measurement = (String, Box<dyn FnOnce(&mut Meter) -> io::Result<()>>);

/// All of them.
///
/// # Errors
/// That rs does not tell which services there are.
pub(crate) fn all() -> io::Result<Vec<Measurement>> {
    let mut all: Vec<Measurement> = vec![("spin".to_owned(), Box::new(spin))];
    for (name, version) in services()? {
        let refreshed = Request::Refresh { name: name.clone() };
        all.push((
            format!("refresh {}", name.as_str()),
            Box::new(move |meter| meter.times(2 * PAIRS, || replace(&refreshed, &[]))),
        ));
        let updates = [Target::Newest, Target::Version(version)].map(|to| update(&name, to));
        all.push((
            format!("update {}", name.as_str()),
            Box::new(move |meter| meter.whole(2 * PAIRS, || there_and_back(&updates))),
        ));
        all.push((
            format!("crash {}", name.as_str()),
            Box::new(move |meter| crash(meter, &name)),
        ));
    }
    for (name, more) in BETWEEN {
        let measure = Box::new(move |meter: &mut Meter| between_services(meter, more));
        all.push((name.to_owned(), measure));
    }
    Ok(all)
}

/// Uses up some time slices: sched is notified of each.
fn spin(meter: &mut Meter) -> io::Result<()> {
    meter.whole(1, || {
        let start = Instant::now();
        while start.elapsed() < SPIN {}
        Ok(())
    })
}

fn there_and_back(updates: &[Request; 2]) -> io::Result<()> {
    (0..PAIRS).try_for_each(|_| updates.iter().try_for_each(|update| replace(update, &[])))
}

/// A crash, from the request that it interrupts to the answer of the instance after it: what a service that
/// has to crash takes to show its State, beyond what it takes otherwise.
fn crash(meter: &mut Meter, name: &ServiceName) -> io::Result<()> {
    let state = Request::State { name: name.clone() };
    let show = || {
        let bytes = ask::bytes(&state, &[], control::STATE_BYTES)?;
        match control::decode_state(&bytes).map_err(ask::invalid)? {
            StateAnswer::Shown(_) => Ok(()),
            StateAnswer::Response(response) => Err(unexpected(&response)),
        }
    };
    let fault = Request::Fault {
        name: name.clone(),
        kind: Fault::Panic,
        count: 0,
    };
    show()?;
    meter.once_beyond(show, || match ask::response(&fault, &[])? {
        Response::Ok => show(),
        other => Err(unexpected(&other)),
    })
}

/// Puts the gauge where it can be read.
fn place_gauge() -> io::Result<()> {
    let name = ServiceName::new(PLACE).map_err(|_| io::ErrorKind::InvalidInput)?;
    let image = fs::read(IMAGE)?;
    let bytes = u32::try_from(image.len()).map_err(|_| io::ErrorKind::FileTooLarge)?;
    replace(&update(&name, Target::File(bytes)), &image)
}

/// All services, and the version of each.
fn services() -> io::Result<Vec<(ServiceName, u32)>> {
    match ask::response(&Request::Status, &[])? {
        Response::Status(rows) => Ok(rows
            .into_iter()
            .map(|row| (row.name, row.version))
            .collect()),
        other => Err(unexpected(&other)),
    }
}

fn update(name: &ServiceName, to: Target) -> Request {
    let name = name.clone();
    Request::Update {
        members: vec![Member { name, to }],
        how: How::default(),
    }
}

/// rs has answered something else.
fn unexpected(answer: &Response) -> io::Error {
    io::Error::other(format!("rs answers {answer:?}"))
}

fn replace(request: &Request, file: &[u8]) -> io::Result<()> {
    match ask::response(request, file)? {
        Response::Updated(_) => Ok(()),
        other => Err(unexpected(&other)),
    }
}

fn between_services(meter: &mut Meter, more: u64) -> io::Result<()> {
    place_gauge()?;
    let gauge = File::open(DEVICE)?;
    let handle = gauge.read_at(&mut [0; 4096], 0)? as u64;
    let what = handle * HANDLE + more;
    let read = |requests| match gauge.read_at(&mut [1; 4096], what + requests)? {
        made if made as u64 == requests => Ok(()),
        made => Err(io::Error::other(format!("{made} of {requests} requests"))),
    };
    meter.beyond((READS, REQUESTS), || read(0), || read(REQUESTS))
}
