//! What containers look like: the log of changes belongs to the framework, and is not shown.

use super::{Groups, Map, Value};
use shape::{Outline, Printer, Shape, name_of};

impl<K: Shape + Ord, V: Shape> Shape for Map<K, V> {
    fn outline(outline: &mut Outline) {
        outline.made_of("map", &[K::outline, V::outline]);
    }

    fn show(&self, printer: &mut Printer<'_>) {
        show_entries(self.iter(), printer);
    }
}

/// As a map by group and key, which it travels as.
impl<K: Shape + Ord + Copy, V: Shape> Shape for Groups<K, V> {
    fn outline(outline: &mut Outline) {
        Map::<(u64, K), V>::outline(outline);
    }

    fn show(&self, printer: &mut Printer<'_>) {
        show_entries(self.iter(), printer);
    }
}

fn show_entries<'a, K: Shape + 'a, V: Shape + 'a>(
    mut entries: impl Iterator<Item = (&'a K, &'a V)>,
    printer: &mut Printer<'_>,
) {
    printer.begin_object();
    while let Some((key, value)) = printer.next_of(&mut entries) {
        printer.name(&name_of(key));
        value.show(printer);
    }
    printer.end();
}

impl<T: Shape + Clone> Shape for Value<T> {
    fn outline(outline: &mut Outline) {
        outline.made_of("value", &[T::outline]);
    }

    fn show(&self, printer: &mut Printer<'_>) {
        self.get().show(printer);
    }
}
