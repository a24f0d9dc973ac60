//! All rules hold but one, if a simulation wants that.

use super::Rule;

/// The rules that hold.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    off: Option<Rule>,
}

impl Rules {
    pub(crate) const fn all() -> Rules {
        Rules { off: None }
    }

    pub(crate) fn hold(self, rule: Rule) -> bool {
        self.off != Some(rule)
    }

    /// Leaves a rule out.
    pub(crate) const fn leave_out(&mut self, rule: Option<Rule>) {
        self.off = rule;
    }
}
