//! A service shows what it knows: the framework's answer to `protocol::introspection`.

use crate::instance::Handler;
use crate::outcome::Refused;
use crate::{Cx, Service, State};
use abi::Errno;
use alloc::boxed::Box;
use shape::{Printer, Shape};

/// Bytes that are printed at most, whatever room there is: a service that prints does nothing else.
const MOST: u64 = 1 << 20;

/// Answers `Show`.
pub(crate) fn show<S: Service>(cx: Cx<S>) -> Handler {
    Box::pin(async move {
        let length = cx.show_state(0, 0, cx.lease(0).length)?;
        cx.end(|_| length)
    })
}

impl<S: Service> Cx<S> {
    /// Writes what the service knows as JSON to `offset` of a lease, and returns its length. Of
    /// more than three quarters of `capacity` bytes elements of lists are left out, and counted.
    ///
    /// # Errors
    /// As [`Cx::write_lease`]; `RANGE` when what cannot be left out does not fit.
    pub fn show_state(&self, lease: u64, offset: u64, capacity: u64) -> Result<u64, Refused> {
        let mut written = 0;
        let mut refused = None;
        let mut sink = |piece: &[u8]| {
            let end = written + piece.len() as u64;
            let result = if end > capacity {
                Err(Errno::RANGE.into())
            } else {
                self.write_lease(lease, offset.saturating_add(written), piece)
            };
            written = end;
            refused = result.err();
            refused.is_none()
        };
        let limit = (capacity - capacity / 4).min(MOST);
        let printed = shape::print(limit, &mut sink, &mut |printer| self.print(printer));
        match (refused, printed) {
            (Some(refused), _) => Err(refused),
            (None, Some(printed)) => Ok(printed.length),
            (None, None) => Err(Errno::RANGE.into()),
        }
    }

    fn print(&self, printer: &mut Printer<'_>) {
        let name = protocol::endpoint::name(self.slot()).unwrap_or_default();
        let store = self.shared.store.borrow();
        printer.begin_object();
        printer.name("service");
        printer.text(name);
        printer.name("state_version");
        S::State::VERSION.show(printer);
        printer.name("state");
        store.state.show(printer);
        printer.name("journal");
        store.journal.show(printer);
        printer.name("omitted");
        printer.omitted().show(printer);
        printer.end();
    }
}
