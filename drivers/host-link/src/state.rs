//! What the driver knows: its streams and its openings, in both versions.

mod conversion;
mod version_1;
mod version_2;

#[cfg(not(feature = "next"))]
pub use version_1::State;
#[cfg(feature = "next")]
pub use version_2::State;

#[cfg(test)]
mod tests {
    use super::{version_1, version_2};
    use crate::port::Port;
    use service::State as _;

    #[test]
    fn the_streams_survive_both_ways() {
        let mut old = version_1::State::fresh(&service::Start::default());
        let handle = old.descriptions_mut().open(Port::Error, 1);
        old.with_outgoing(Port::Error, |outgoing| {
            outgoing.take(b"trouble");
            outgoing.credit(3, 100);
        });
        old.with_incoming(|incoming| {
            incoming.allow();
            let mut asked = None;
            incoming.receive(&mut asked, |receiver| receiver.data(0, b"typed"))
        });
        let (incoming, outgoing) = (old.incoming().clone(), old.outgoing(Port::Error).clone());
        let mut new = version_2::State::from(old);
        assert_eq!(new.incoming(), &incoming);
        assert_eq!(new.outgoing(Port::Error), &outgoing);
        assert_eq!(new.descriptions().get(handle).unwrap().object, Port::Error);
        new.with_outgoing(Port::Control, |outgoing| outgoing.take(b"\0"));
        let control = new.outgoing(Port::Control).clone();
        let old = version_1::State::from(new);
        assert_eq!(old.incoming(), &incoming);
        assert_eq!(old.outgoing(Port::Error), &outgoing);
        assert_eq!(old.outgoing(Port::Control), &control);
        assert!(old.outgoing(Port::Output).is_delivered());
    }
}
