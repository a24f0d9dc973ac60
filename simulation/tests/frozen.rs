//! Programs that wait for vm while it is replaced.

use kernel_core::ProgramState;
use kernel_core::host::Turn;
use protocol::endpoint;
use simulation::campaign::Campaign;
use simulation::case::{BEGIN, Case, END};
use simulation::cases;
use simulation::disturbance::{Disturbance, Order, When};
use simulation::probe::Kind;
use simulation::world::World;

/// How often the order of turns is drawn anew.
const SEEDS: u64 = 20;

/// Whether vm is between its freeze and its commit.
fn is_frozen(world: &World) -> bool {
    let turns = world.host.borrow_mut().turns();
    turns.iter().any(|turn| match turn {
        Turn::Export(id) | Turn::Start(id) => id.slot == endpoint::VM,
        _ => false,
    })
}

fn waits(world: &World) -> bool {
    let state = world.host.borrow_mut().program(cases::killed::KILLED);
    matches!(state, Ok(ProgramState::Waits(_)))
}

fn is_there(world: &World) -> bool {
    world
        .host
        .borrow_mut()
        .program(cases::killed::KILLED)
        .is_ok()
}

/// Whether the program ends while it waits for a page and vm is frozen.
fn is_killed_meanwhile(case: &Case, seed: u64, disturbance: &Disturbance) -> bool {
    let mut world = World::new(&case.boot, seed, disturbance).expect("a world");
    let begun = |world: &World| world.player.gates.contains(&BEGIN);
    world.run_until(begun).expect("a run");
    world.probe.begin();
    if matches!(disturbance.orders, Some((When::Begin, _))) {
        world.order();
    }
    let mut is_met = false;
    while !world.player.gates.contains(&END) {
        let is_meeting = waits(&world) && is_frozen(&world);
        if !world.step().expect("a run") {
            break;
        }
        is_met |= is_meeting && !is_there(&world);
    }
    is_met
}

/// S10: vm is replaced at each of its events while two programs fault; one of them is killed while its
/// request waits at the frozen vm. Nothing is left of it - no process, no request, no page, nothing that
/// any service knows -, and the other one gets all of its pages.
#[test]
fn who_is_killed_while_it_waits_for_a_frozen_vm_leaves_no_trace() {
    let case = cases::killed::case().unwrap();
    let (mut runs, mut met) = (0, 0);
    for seed in 1..=SEEDS {
        let campaign = Campaign::new(&case, seed).unwrap();
        let events = campaign.counts[&(endpoint::VM, Kind::Event)];
        for event in 0..events {
            let orders = vec![
                Order::Update(endpoint::VM, 2),
                Order::Update(endpoint::VM, 1),
            ];
            let disturbance = Disturbance::orders(endpoint::VM, event, orders);
            campaign.play(&disturbance).unwrap();
            runs += 1;
            met += usize::from(is_killed_meanwhile(&case, seed, &disturbance));
        }
    }
    assert!(met > 0, "in none of {runs} runs");
    println!("in {met} of {runs} runs");
}
