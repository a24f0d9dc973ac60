//! What both versions do alike.

use crate::opening::{Node, Opening};
use terminal::Happening;

macro_rules! common {
    ($state:ty) => {
        impl $state {
            /// Whether an opening was ended by a hang-up. That of the console goes on.
            #[must_use]
            pub fn is_dead(&self, opening: Opening) -> bool {
                opening.node != Node::Console && opening.hang_ups != self.hang_ups()
            }

            /// The line is gone: ends the openings.
            pub fn hang_up(&mut self) -> Happening {
                self.count_hang_up();
                let mut openings = self.descriptions().iter();
                let has_console = openings.any(|(_, opened)| opened.object.node == Node::Console);
                drop(openings);
                self.with(|terminal, transmit| {
                    let happening = terminal.hang_up(transmit);
                    if has_console {
                        terminal.reopen();
                    }
                    happening
                })
            }
        }
    };
}

common!(super::version_1::State);
common!(super::version_2::State);
