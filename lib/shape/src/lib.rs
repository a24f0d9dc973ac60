//! What an exported type looks like. From the derive follow
//!
//! - its *outline*: a text of all names, numbers and types that the encoding depends on, the same
//!   whatever a value holds. Two builds with one outline read each other's exports;
//! - how a value is *shown*: as JSON, with the names.
//!
//! The derive reads the attributes of minicbor; see `shape-derive`.
#![no_std]

extern crate alloc;
// So that the derive's paths are good in here, too.
extern crate self as shape;
#[cfg(test)]
extern crate std;

mod leaves;
mod outline;
mod printer;
#[cfg(test)]
mod tests;

pub use outline::Outline;
pub use printer::{Printed, Printer, Sink, name_of, print};
pub use shape_derive::Shape;

/// A type that is exported.
pub trait Shape {
    /// Draws the type.
    fn outline(outline: &mut Outline);

    /// Shows a value.
    fn show(&self, printer: &mut Printer<'_>);

    /// Shows several. Those of bytes are shown as one.
    fn show_all(all: &[Self], printer: &mut Printer<'_>)
    where
        Self: Sized,
    {
        printer.begin_list();
        let mut all = all.iter();
        while let Some(one) = printer.next_of(&mut all) {
            one.show(printer);
        }
        printer.end();
    }
}
