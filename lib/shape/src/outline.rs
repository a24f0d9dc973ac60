//! The drawing of a type, as text.

use crate::Shape;
use alloc::string::String;

/// A drawing in progress: a line for each type, that of its members indented below.
#[derive(Debug, Default)]
pub struct Outline {
    text: String,
    depth: usize,
    /// What the next line begins with.
    label: String,
}

impl Outline {
    /// The drawing of a type. Ends with a line feed.
    #[must_use]
    pub fn of<T: Shape>() -> String {
        let mut outline = Outline::default();
        T::outline(&mut outline);
        outline.text
    }

    /// Gives the next line a label: the number and name of a field.
    pub fn label(&mut self, label: &str) {
        self.label.clear();
        self.label.push_str(label);
        self.label.push_str(": ");
    }

    /// A type without members.
    pub fn leaf(&mut self, kind: &str) {
        for _ in 0..self.depth {
            self.text.push_str("  ");
        }
        self.text.push_str(&self.label);
        self.label.clear();
        self.text.push_str(kind);
        self.text.push('\n');
    }

    /// A type with members.
    pub fn group(&mut self, kind: &str, members: impl FnOnce(&mut Outline)) {
        self.leaf(kind);
        self.depth += 1;
        members(self);
        self.depth -= 1;
    }

    /// A type whose only members are of these types.
    pub fn made_of(&mut self, kind: &str, members: &[fn(&mut Outline)]) {
        self.group(kind, |outline| {
            for member in members {
                member(outline);
            }
        });
    }
}
