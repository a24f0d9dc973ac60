//! Every case, disturbed at every point.
//!
//! S20: wherever any service dies, once, programs see what they see without that, and every service
//! knows the same in the end. (The machine is pretended; on the real one: tests/under_load.rs.)

use abi::Endpoint;
use protocol::endpoint;
use simulation::campaign::{Campaign, Sweep};
use simulation::cases::{self, Maker};
use simulation::disturbance::{Disturbance, Order};
use simulation::probe::{Kind, Point};
use simulation::registry::SERVICES;
use simulation::run::play;

/// Of so many pairs of deaths one is tried.
const SAMPLE: usize = 3;

/// Plays a case with a death at every point and with updates at every event.
fn everywhere(maker: Maker) {
    let case = maker().unwrap_or_else(|text| panic!("{text}"));
    let campaign = Campaign::new(&case, 1).unwrap_or_else(|failed| panic!("{failed}"));
    // A machine whose first transaction fails does not start.
    let kinds = Kind::ALL.into_iter();
    let kinds: Vec<Kind> = kinds
        .filter(|kind| *kind != Kind::Start || !case.counts_boot)
        .collect();
    let sweep = campaign.sweep(campaign.deaths(&kinds).chain(campaign.updates()));
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
fn priorities() {
    everywhere(cases::priorities::case);
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
fn devices() {
    everywhere(cases::devices::case);
}

#[test]
fn pages() {
    everywhere(cases::pages::case);
}

#[test]
fn turns() {
    everywhere(cases::turns::case);
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

/// All services are updated in one transaction, there and back, and one of them dies at each of its
/// points meanwhile: rs, which runs it, or a member.
#[test]
fn sets() {
    let case = cases::updates::case().unwrap();
    let campaign = Campaign::new(&case, 1).unwrap();
    let orders = [Order::UpdateAll(2), Order::UpdateAll(1)];
    let mut sweep = Sweep::default();
    for dies in SERVICES {
        let disturbances = campaign.deaths_during(*dies, &orders).unwrap();
        sweep.more(campaign.sweep(disturbances.into_iter()));
    }
    assert!(sweep.failed.is_empty(), "{sweep}");
    eprintln!("{sweep}");
}

/// rs dies at each of its points while it is asked something, and what it knew cannot be had: its
/// export fails twice, and it starts fresh. It takes note of what runs, and nobody sees anything.
#[test]
fn rs_loses_its_state() {
    let case = cases::updates::case().unwrap();
    let campaign = Campaign::new(&case, 1).unwrap();
    let orders = [endpoint::PFS, endpoint::VM].map(Order::Status);
    let disturbances = campaign.deaths_during(endpoint::RS, &orders).unwrap();
    let exports = [0, 1].map(|number| Point {
        slot: endpoint::RS,
        kind: Kind::Export,
        number,
    });
    let sweep = campaign.sweep(disturbances.into_iter().map(|mut disturbance| {
        disturbance.deaths.extend(exports);
        disturbance
    }));
    assert!(sweep.failed.is_empty(), "{sweep}");
    eprintln!("{sweep}");
}

/// Services are asked what they know, and die while they tell it.
#[test]
fn shown() {
    let case = cases::updates::case().unwrap();
    let campaign = Campaign::new(&case, 1).unwrap();
    let mut sweep = Sweep::default();
    for slot in [endpoint::RS, endpoint::VM, endpoint::PFS] {
        for dies in [endpoint::RS, slot] {
            let orders = [Order::State(slot), Order::UpdateAll(2), Order::State(slot)];
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

/// A request kills its server each time; nobody else notices.
#[test]
fn poison() {
    let case = cases::poison::case().unwrap();
    for seed in 1..=20 {
        let calm = play(&case, seed, &Disturbance::none()).unwrap().outcome;
        let played = play(&case, seed, &cases::poison::disturbance()).unwrap();
        assert_eq!(
            played.outcome.notes[cases::poison::POISONED],
            cases::poison::expected()
        );
        assert_eq!(
            played.outcome.notes["again"],
            calm.notes[cases::poison::POISONED]
        );
        for name in [
            "other create",
            "other write",
            "other read",
            "other unlink",
            "remove",
            "wait",
        ] {
            assert_eq!(
                played.outcome.notes[name], calm.notes[name],
                "{name}, seed {seed}"
            );
        }
        assert_eq!(played.outcome.requests, calm.requests);
    }
}

/// A service dies with a request in hand and again with the same one: the kernel ends the request
/// in the middle of what it changes. Whatever that was, nobody waits for the rest of it for ever,
/// and nothing of it stays but what its caller can hear of.
#[test]
fn cut_short() {
    let case = cases::processes::case().unwrap();
    let campaign = Campaign::new(&case, 1).unwrap();
    let mut sweep = Sweep::default();
    for slot in [endpoint::PM, endpoint::VM, endpoint::VFS] {
        sweep.more(campaign.sweep(campaign.deaths_again(slot, Kind::Change).step_by(SAMPLE)));
    }
    assert!(sweep.failed.is_empty(), "{sweep}");
    assert!(sweep.poisoned > 0, "{sweep}");
    eprintln!("{sweep}, {} with a request cut short", sweep.poisoned);
}

/// Clients speak the former versions of their protocols, and who serves them dies or is replaced
/// while such a message is queued or in hand.
#[test]
fn former_messages() {
    let case = cases::priorities::case().unwrap();
    let campaign = Campaign::new(&case, 1).unwrap();
    let calm = std::iter::once(Disturbance::none());
    let all = calm
        .chain(campaign.deaths(&Kind::ALL))
        .chain(campaign.updates());
    let former = all.map(|disturbance| Disturbance {
        speaks_former: true,
        ..disturbance
    });
    let sweep = campaign.sweep(former);
    assert!(sweep.failed.is_empty(), "{sweep}");
    eprintln!("{sweep}");
}

/// Services of both versions work together: each one alone is of version 2, then all are.
#[test]
fn mixed_versions() {
    for maker in [
        cases::files::case,
        cases::execute::case,
        cases::pipes::case,
        cases::pages::case,
    ] {
        let case = maker().unwrap();
        let campaign = Campaign::new(&case, 1).unwrap();
        let to_2 = |slot: &Endpoint| Order::Update(*slot, 2);
        let each = SERVICES.iter().map(|slot| vec![to_2(slot)]);
        let all = std::iter::once(SERVICES.iter().map(to_2).collect());
        let sweep = campaign.sweep(each.chain(all).map(Disturbance::at_once));
        assert!(sweep.failed.is_empty(), "{sweep}");
        eprintln!("{sweep}");
    }
}
