//! What ramfs knows: the tree and who has what open, in both versions.

mod conversion;

use crate::tree::Tree;
use minicbor::{Decode, Encode};
use service::container::Value;
use service::description::Descriptions;

#[cfg(not(feature = "next"))]
pub use version_1::State;
#[cfg(feature = "next")]
pub use version_2::State;

macro_rules! version {
    ($module:ident, $number:literal, $other:ident, $other_number:literal, $doc:literal,
     $tree:ident = $tree_number:literal, $open:ident = $open_number:literal
     $(, $extra:ident = $extra_number:literal)?) => {
        #[doc = $doc]
        mod $module {
            use super::{Decode, Descriptions, Encode, Tree};

            /// What ramfs knows.
            #[derive(Debug, Default, Encode, Decode)]
            pub struct State {
                #[n($tree_number)]
                pub(super) $tree: Tree,
                #[n($open_number)]
                pub(super) $open: Descriptions<u64>,
                $(/// Inodes opened since the start.
                #[n($extra_number)]
                pub(super) $extra: super::Value<u64>,)?
            }

            impl State {
                /// The tree, to look at.
                #[must_use]
                pub fn tree(&self) -> &Tree {
                    &self.$tree
                }

                /// The tree.
                pub fn tree_mut(&mut self) -> &mut Tree {
                    &mut self.$tree
                }

                /// The open inodes, to look at.
                #[must_use]
                pub fn descriptions(&self) -> &Descriptions<u64> {
                    &self.$open
                }

                /// The open inodes.
                pub fn descriptions_mut(&mut self) -> &mut Descriptions<u64> {
                    &mut self.$open
                }

                /// Opens an inode.
                pub fn open(&mut self, node: u64, flags: u32) -> protocol::Handle {
                    $(self.$extra.change(|count| *count += 1);)?
                    self.$tree.change(node, |node| node.open += 1);
                    self.$open.open(node, flags)
                }
            }

            impl service::State for State {
                const VERSION: u32 = $number;
                type Other = super::$other::State;
                const OTHER_VERSION: u32 = $other_number;

                fn fresh(_: &service::Start) -> Self {
                    Self::default()
                }
            }
        }
    };
}

version!(version_1, 1, version_2, 2, "Version 1.", tree = 0, open = 1);
version!(
    version_2,
    2,
    version_1,
    1,
    "Version 2: renamed, and openings are counted.",
    files = 2,
    descriptions = 1,
    openings = 3
);
