//! From each version to the other. What is under way stays behind.

use super::{version_1, version_2};
use crate::port::Port;
use service::container::{Map, Value};

impl From<version_1::State> for version_2::State {
    fn from(mut old: version_1::State) -> Self {
        let mut stream = |port| Value::new(old.outgoing.remove(&port).unwrap_or_default());
        let (stdout, stderr, control) = (
            stream(Port::Output),
            stream(Port::Error),
            stream(Port::Control),
        );
        let mut new = version_2::State::default();
        new.openings = old.open;
        new.stdin = old.incoming;
        (new.stdout, new.stderr, new.control) = (stdout, stderr, control);
        new
    }
}

impl From<version_2::State> for version_1::State {
    fn from(new: version_2::State) -> Self {
        let outgoing = Map::from_iter([
            (Port::Output, new.stdout.into_inner()),
            (Port::Error, new.stderr.into_inner()),
            (Port::Control, new.control.into_inner()),
        ]);
        version_1::State::new(new.openings, new.stdin, outgoing)
    }
}
