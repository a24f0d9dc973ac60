//! Every case, disturbed at every point.

use protocol::endpoint;
use simulation::campaign::{Campaign, Sweep};
use simulation::cases::{self, Maker};
use simulation::disturbance::Order;
use simulation::probe::Kind;

/// Plays a case with a death at every point and with updates at every event.
fn everywhere(maker: Maker) {
    // A machine whose first transaction fails does not start.
    let starts = maker().unwrap().counts_boot;
    let kinds = Kind::ALL
        .into_iter()
        .filter(|kind| *kind != Kind::Start || !starts);
    let kinds: Vec<Kind> = kinds.collect();
    let case = maker().unwrap();
    let campaign = Campaign::new(&case, 1).unwrap();
    let all = campaign.deaths(&kinds).chain(campaign.updates());
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
fn signals() {
    everywhere(cases::signals::case);
}

#[test]
fn polls() {
    everywhere(cases::polls::case);
}

#[test]
fn keys() {
    everywhere(cases::keys::case);
}

#[test]
fn floods() {
    everywhere(cases::floods::case);
}

#[test]
fn pages() {
    everywhere(cases::pages::case);
}

/// rs dies at each of its points while it updates another service, and while it updates itself; and
/// the updated service dies at each of its own.
#[test]
fn updates() {
    let case = cases::updates::case().unwrap();
    let campaign = Campaign::new(&case, 1).unwrap();
    let mut sweep = Sweep::default();
    for slot in [
        endpoint::RS,
        endpoint::PM,
        endpoint::VFS,
        endpoint::PFS,
        endpoint::RAMFS,
    ] {
        let orders = [Order::Update(slot, 2), Order::Update(slot, 1)];
        for dies in [endpoint::RS, slot] {
            let disturbances = campaign.deaths_during(dies, &orders).unwrap();
            sweep.more(campaign.sweep(disturbances.into_iter()));
        }
    }
    assert!(sweep.failed.is_empty(), "{sweep}");
    eprintln!("{sweep}");
}

/// Two services that work for each other die one soon after the other.
#[test]
fn pairs() {
    let case = cases::processes::case().unwrap();
    let campaign = Campaign::new(&case, 1).unwrap();
    let pairs = campaign.pairs((endpoint::VM, Kind::Event), (endpoint::PM, Kind::Call));
    let sweep = campaign.sweep(pairs.into_iter());
    assert!(sweep.failed.is_empty(), "{sweep}");
    eprintln!("{sweep}");
}
