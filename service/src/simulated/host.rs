//! The hooks of a simulation: one simulation runs in one thread.

use super::Rule;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

thread_local! {
    static AT_EACH_CHANGE: RefCell<Option<Rc<dyn Fn()>>> = const { RefCell::new(None) };
    static OFF: Cell<Option<Rule>> = const { Cell::new(None) };
}

/// Has `hook` called in the middle of closures over a State: at every change of a container, before the
/// tree of keys has been changed and after that, and at the end. It may unwind, as if the service died there.
pub fn at_each_change(hook: Option<Rc<dyn Fn()>>) {
    AT_EACH_CHANGE.set(hook);
}

/// Has the framework in this thread leave out a rule.
pub fn switch_off(rule: Option<Rule>) {
    OFF.set(rule);
}

pub(crate) fn changing() {
    let hook = AT_EACH_CHANGE.with_borrow(Clone::clone);
    if let Some(hook) = hook {
        hook();
    }
}

pub(crate) fn holds(rule: Rule) -> bool {
    OFF.get() != Some(rule)
}
