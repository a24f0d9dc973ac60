//! What a State is made of. A container exports itself, and logs the old value at each change, so
//! that the importer takes back what a closure did before a crash cut it short.

mod map;
mod shape;
mod value;

pub use map::Map;
pub use value::Value;
