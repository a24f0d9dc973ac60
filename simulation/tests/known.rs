//! Failures that are known and not yet mended, each as it was found.

use protocol::endpoint;
use simulation::campaign::Campaign;
use simulation::cases;
use simulation::disturbance::Disturbance;
use simulation::probe::{Kind, Point};

/// pm dies twice with the same `exit_group` in hand, the second time after it has destroyed the
/// process in the kernel. The kernel then ends the request as poisoned, so nobody takes the process
/// further apart: it stays `Ending` for ever, and so does its parent in `wait4`. To mend it pm has to
/// keep, with `Life::Ending`, the request that takes the process apart, and to take up at `attach`
/// those whose request lives no more.
#[test]
#[ignore = "pm leaves a process half ended when its exit is poisoned"]
fn a_poisoned_exit_does_not_leave_the_parent_waiting() {
    let case = cases::pipes::case().unwrap();
    let campaign = Campaign::new(&case, 5052).unwrap();
    let death = |number| Point {
        slot: endpoint::PM,
        kind: Kind::Change,
        number,
    };
    let deaths = vec![death(47), death(77)];
    let disturbance = Disturbance {
        deaths,
        ..Disturbance::none()
    };
    if let Err(failed) = campaign.play(&disturbance) {
        panic!("{failed}");
    }
}
