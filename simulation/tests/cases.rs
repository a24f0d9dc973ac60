//! Every case, disturbed at every point.

use simulation::campaign::{Campaign, Sweep};
use simulation::cases::{self, Maker};
use simulation::probe::Kind;

/// Plays a case with a death at every point and with updates at every event.
fn everywhere(maker: Maker) {
    let case = maker().unwrap();
    let campaign = Campaign::new(&case, 1).unwrap();
    let all = campaign.deaths(&Kind::ALL).chain(campaign.updates());
    let sweep: Sweep = campaign.sweep(all);
    assert!(sweep.failed.is_empty(), "{sweep}");
    eprintln!("{sweep}");
}

#[test]
fn boot() {
    everywhere(cases::boot::case);
}

#[test]
fn files() {
    everywhere(cases::files::case);
}

#[test]
fn processes() {
    everywhere(cases::processes::case);
}

#[test]
fn pipes() {
    everywhere(cases::pipes::case);
}

#[test]
fn execute() {
    everywhere(cases::execute::case);
}

#[test]
fn rename() {
    everywhere(cases::rename::case);
}

#[test]
fn console() {
    everywhere(cases::console::case);
}

#[test]
fn pages() {
    everywhere(cases::pages::case);
}
