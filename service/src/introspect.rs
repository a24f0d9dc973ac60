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
        let printed = shape::print(limit, &mut sink, |printer| self.print(printer));
        match (refused, printed) {
            (Some(refused), _) => Err(refused),
            (None, Some(printed)) => Ok(printed.length),
            (None, None) => Err(Errno::RANGE.into()),
        }
    }

    fn print(&self, printer: &mut Printer<'_>) {
        let name = protocol::endpoint::name(self.slot()).unwrap_or_default();
        let store = self.shared.store.borrow();
        printer.object(|printer| {
            printer.member("service", |printer| printer.text(name));
            let version = S::State::VERSION;
            printer.member("state_version", |printer| printer.number(&version));
            printer.member("state", |printer| store.state.show(printer));
            printer.member("journal", |printer| store.journal.show(printer));
            let omitted = printer.omitted();
            printer.member("omitted", |printer| printer.number(&omitted));
        });
    }
}
