//! In the image nobody reaches into a service.

use super::Rule;

pub(crate) const fn changing() {}

pub(crate) const fn holds(_: Rule) -> bool {
    true
}
