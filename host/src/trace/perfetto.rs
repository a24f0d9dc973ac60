//! The records as a timeline, in the JSON form that Chrome and Perfetto read (the Trace Event Format of
//! the Chromium project). One track for each service and each program; requests run beside them.

use std::collections::{BTreeMap, BTreeSet};

use abi::message::{PROTOCOL_KERNEL, PROTOCOL_LINUX, kernel_kind};
use abi::trace::{Record, Runner};
use abi::{Endpoint, RequestId};
use serde_json::{Value, json};

use super::Recorded;

/// The groups of tracks.
const SERVICES: u32 = 1;
const PROGRAMS: u32 = 2;

/// Where something is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Track {
    group: u32,
    number: u32,
}

impl Track {
    fn of(runner: Runner) -> Option<Track> {
        match runner {
            Runner::Service(slot, which) => Some(Track {
                group: SERVICES,
                number: u32::from(slot.0) * 4 + u32::from(which),
            }),
            Runner::Program(pid) => Some(Track {
                group: PROGRAMS,
                number: pid.0,
            }),
            Runner::Nobody => None,
        }
    }

    fn of_service(slot: Endpoint) -> Track {
        Track {
            group: SERVICES,
            number: u32::from(slot.0) * 4,
        }
    }

    fn name(self) -> String {
        match self.group {
            SERVICES => {
                let kinds = ["", " (candidate)", " (export)", ""];
                let slot = Endpoint(u16::try_from(self.number / 4).unwrap_or(u16::MAX));
                format!("{}{}", service(slot), kinds[(self.number % 4) as usize])
            }
            _ => format!("program {}", self.number),
        }
    }
}

fn service(slot: Endpoint) -> String {
    protocol::endpoint::name(slot).map_or_else(|| format!("slot {}", slot.0), str::to_owned)
}

/// A request under way.
#[derive(Clone, Debug)]
struct Request {
    name: String,
    track: Track,
}

/// Makes the timeline.
#[derive(Debug, Default)]
struct Timeline {
    events: Vec<Value>,
    tracks: BTreeSet<Track>,
    requests: BTreeMap<RequestId, Request>,
    /// What each service was given last.
    current: BTreeMap<Endpoint, String>,
    /// Who runs, since when, and as what.
    running: Option<(Runner, u64)>,
}

/// The records as JSON.
#[must_use]
pub fn timeline(recorded: &Recorded) -> String {
    let mut timeline = Timeline::default();
    for (time, record) in &recorded.records {
        timeline.add(*time, *record);
    }
    if let Some((last, _)) = recorded.records.last() {
        timeline.leave(*last);
    }
    timeline.finish(recorded.lost)
}

impl Timeline {
    fn add(&mut self, time: u64, record: Record) {
        match record {
            Record::Nothing => {}
            Record::Made {
                id,
                to,
                protocol,
                kind,
                pid,
            } => self.made(time, id, to, &message(protocol, kind), pid.0),
            Record::Delivered(id, slot) => self.delivered(time, id, slot),
            Record::Ended(id, result) => self.ended(time, id, result),
            Record::Cancelled(id) => self.about(time, id, "n", "cancelled"),
            Record::Held(id, _) => self.about(time, id, "n", "waits for memory"),
            Record::Switched(runner) => {
                self.leave(time);
                self.running = Some((runner, time));
            }
            Record::Faulted(pid, address) => {
                let track = Track {
                    group: PROGRAMS,
                    number: pid.0,
                };
                self.instant(time, track, &format!("fault at {address:#x}"));
            }
            Record::Crashed(slot, _) => self.instant(time, Track::of_service(slot), "crashes"),
            Record::Frozen(slot) => self.instant(time, Track::of_service(slot), "frozen"),
            Record::Ready(slot) => self.instant(time, Track::of_service(slot), "ready"),
            Record::Raised(slot, bits) => {
                self.instant(
                    time,
                    Track::of_service(slot),
                    &format!("notified: {bits:#x}"),
                );
            }
            Record::Loaded(slot, _) => self.instant(time, Track::of_service(slot), "loaded"),
            Record::Committed(number) => {
                let what = format!("transaction {number} committed");
                self.instant(time, Track::of_service(Endpoint::RS), &what);
            }
            Record::RolledBack(number, slot, _) => {
                let what = format!("transaction {number} rolled back");
                self.instant(time, Track::of_service(slot), &what);
            }
        }
    }

    fn made(&mut self, time: u64, id: RequestId, to: Endpoint, name: &str, pid: u32) {
        // One that is handed on is made once more.
        let begun = self.requests.contains_key(&id);
        let request = Request {
            name: name.to_owned(),
            track: Track::of_service(to),
        };
        self.requests.insert(id, request);
        let phase = if begun { "n" } else { "b" };
        self.events.push(json!({
            "ph": phase, "cat": "request", "id": format!("{:#x}", id.0), "name": name,
            "pid": SERVICES, "tid": Track::of_service(to).number, "ts": micros(time),
            "args": { "to": service(to), "process": pid },
        }));
    }

    fn delivered(&mut self, time: u64, id: RequestId, slot: Endpoint) {
        self.about(time, id, "n", "delivered");
        let Some(request) = self.requests.get(&id) else {
            return;
        };
        let name = request.name.clone();
        let serves = Runner::Service(slot, 0);
        if self.running.is_some_and(|(runner, _)| runner == serves) {
            self.leave(time);
            self.running = Some((serves, time));
        }
        self.current.insert(slot, name);
    }

    /// Something happens to a request.
    fn about(&mut self, time: u64, id: RequestId, phase: &str, what: &str) {
        let Some(request) = self.requests.get(&id) else {
            return;
        };
        self.events.push(json!({
            "ph": phase, "cat": "request", "id": format!("{:#x}", id.0), "name": request.name,
            "pid": SERVICES, "tid": request.track.number, "ts": micros(time),
            "args": { "what": what },
        }));
    }

    fn ended(&mut self, time: u64, id: RequestId, result: i64) {
        self.about(time, id, "e", &format!("ended with {result}"));
        self.requests.remove(&id);
    }

    fn instant(&mut self, time: u64, track: Track, what: &str) {
        self.tracks.insert(track);
        self.events.push(json!({
            "ph": "i", "s": "t", "name": what, "pid": track.group, "tid": track.number,
            "ts": micros(time),
        }));
    }

    /// Whoever runs leaves the processor.
    fn leave(&mut self, time: u64) {
        let Some((runner, since)) = self.running.take() else {
            return;
        };
        let Some(track) = Track::of(runner) else {
            return;
        };
        self.tracks.insert(track);
        let name = self.work(runner).unwrap_or_else(|| track.name());
        self.events.push(json!({
            "ph": "X", "name": name, "pid": track.group, "tid": track.number,
            "ts": micros(since), "dur": micros(time.saturating_sub(since)),
        }));
    }

    /// What a service works at: the request that it was given last.
    fn work(&self, runner: Runner) -> Option<String> {
        let Runner::Service(slot, 0) = runner else {
            return None;
        };
        self.current.get(&slot).cloned()
    }

    fn finish(mut self, lost: u64) -> String {
        for (group, name) in [(SERVICES, "services"), (PROGRAMS, "programs")] {
            self.events.push(json!({
                "ph": "M", "name": "process_name", "pid": group, "args": { "name": name },
            }));
        }
        for track in &self.tracks {
            self.events.push(json!({
                "ph": "M", "name": "thread_name", "pid": track.group, "tid": track.number,
                "args": { "name": track.name() },
            }));
        }
        let all = json!({
            "displayTimeUnit": "ns",
            "otherData": { "records lost": lost },
            "traceEvents": self.events,
        });
        format!("{all}\n")
    }
}

/// Microseconds, which is the format's unit.
#[expect(
    clippy::cast_precision_loss,
    reason = "nanoseconds of a run stay far below 2^53"
)]
fn micros(nanoseconds: u64) -> f64 {
    nanoseconds as f64 / 1000.0
}

/// The name of a message.
fn message(protocol: u16, kind: u32) -> String {
    let unknown = || format!("message {protocol}.{kind}");
    match (protocol, kind) {
        (PROTOCOL_LINUX, _) => linux::calls::name(kind).map_or_else(unknown, str::to_owned),
        (PROTOCOL_KERNEL, kernel_kind::PAGE_FAULT) => "page fault".to_owned(),
        (PROTOCOL_KERNEL, kernel_kind::EXCEPTION) => "exception".to_owned(),
        (PROTOCOL_KERNEL, kernel_kind::INTERRUPTED) => "signal".to_owned(),
        _ => protocol::message(protocol, kind)
            .map_or_else(unknown, |(of, message)| format!("{of} {}", message.name)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use abi::Pid;
    use protocol::endpoint::PM;

    fn events(records: &[(u64, Record)]) -> Vec<Value> {
        let recorded = Recorded {
            records: records.to_vec(),
            lost: 0,
        };
        let value: Value = serde_json::from_str(&timeline(&recorded)).unwrap();
        value["traceEvents"].as_array().unwrap().clone()
    }

    #[test]
    fn a_call_is_a_slice_of_the_service_and_a_request() {
        let id = RequestId(1 << 16);
        let pid = Pid(9);
        let events = events(&[
            (1000, Record::Switched(Runner::Program(pid))),
            (
                2000,
                Record::Made {
                    id,
                    to: PM,
                    protocol: PROTOCOL_LINUX,
                    kind: 110,
                    pid,
                },
            ),
            (2000, Record::Delivered(id, PM)),
            (2500, Record::Switched(Runner::Service(PM, 0))),
            (4000, Record::Ended(id, 1)),
            (4500, Record::Switched(Runner::Program(pid))),
            (6000, Record::Switched(Runner::Nobody)),
        ]);
        let slices: Vec<_> = events.iter().filter(|event| event["ph"] == "X").collect();
        let shown = |event: &Value| {
            let name = event["name"].as_str().unwrap().to_owned();
            (
                name,
                event["ts"].as_f64().unwrap(),
                event["dur"].as_f64().unwrap(),
            )
        };
        let shown: Vec<_> = slices.into_iter().map(shown).collect();
        let program = || "program 9".to_owned();
        let call = ("getppid".to_owned(), 2.5, 2.0);
        let expected = [(program(), 1.0, 1.5), call, (program(), 4.5, 1.5)];
        assert_eq!(shown, expected);
        let phases: Vec<_> = events
            .iter()
            .filter(|event| event["cat"] == "request")
            .map(|event| {
                (
                    event["ph"].as_str().unwrap(),
                    event["name"].as_str().unwrap(),
                )
            })
            .collect();
        assert_eq!(
            phases,
            [("b", "getppid"), ("n", "getppid"), ("e", "getppid")]
        );
        let names: Vec<_> = events
            .iter()
            .filter(|event| event["name"] == "thread_name")
            .map(|event| event["args"]["name"].as_str().unwrap())
            .collect();
        assert_eq!(names, ["pm", "program 9"]);
    }

    #[test]
    fn messages_have_names() {
        assert_eq!(message(PROTOCOL_LINUX, 0), "read");
        assert_eq!(message(PROTOCOL_KERNEL, 1), "page fault");
        assert_eq!(message(63, 4), "message 63.4");
    }
}
