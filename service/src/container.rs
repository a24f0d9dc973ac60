//! What a State is made of. A container exports itself as it was before the closure that a crash has cut
//! short, at whatever instruction.

mod entries;
mod groups;
#[cfg(test)]
mod interrupted;
mod map;
mod shape;
mod value;

pub(crate) use groups::Groups;
pub use map::Map;
pub use value::Value;

use core::sync::atomic::{Ordering, compiler_fence};

/// What comes before is in memory when what follows is: a crash never leaves it the other way round. (One
/// processor sees its own stores in order.)
pub(crate) fn settle() {
    compiler_fence(Ordering::SeqCst);
}
