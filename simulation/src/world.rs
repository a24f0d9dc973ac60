//! One run: the machine with everything on it, and what happens next.

use crate::boot::Boot;
use crate::case::END;
use crate::chance::Chance;
use crate::devices::Devices;
use crate::disturbance::{Disturbance, Omission, Order, Poison, When};
use crate::player::Player;
use crate::probe::{Death, Hang, Kind, Probe};
use crate::registry::{self, Origin, Value};
use crate::system::Kernel;
use crate::trace::{self, Trace};
use abi::event::Holding;
use abi::slot::{Failure, Phase, Refusal};
use abi::{CallError, Endpoint, Event, EventKind, Pid, RequestId};
use kernel_core::Limits;
use kernel_core::host::{Host, InstanceId, Setup, Turn};
use service::instance::Answered;
use service::simulated;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

/// Page frames of the machine: a small one, because it is made anew for every run.
const FRAMES: u32 = 6144;
/// Turns after which a run counts as endless.
const MOST_TURNS: u64 = 200_000;

/// Why a run went wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// The kernel refused what the driver did.
    Refused(&'static str, CallError),
    /// The machine could not be started.
    Boot(String),
    /// Nothing can happen any more, and the programs are not done.
    Stuck,
    /// The run does not come to an end.
    Endless,
    /// A turn of a service does not come to an end.
    Hang(Endpoint),
    /// A service does not know what it has in hand.
    LostTrack(Endpoint, Holding),
    /// A service panicked by itself.
    Panic(Endpoint, String),
    /// The kernel's tables contradict themselves.
    Contradiction(String),
    /// The outcome is another one than without the disturbance.
    Differs(Vec<String>),
}

impl Wrong {
    /// What kind of failure it is: those with the same cause mostly look the same.
    #[must_use]
    pub fn kind(&self) -> String {
        const BEGINNING: usize = 24;
        let Wrong::Differs(all) = self else {
            return format!("{self:?}");
        };
        let beginnings = all.iter().map(|one| one.chars().take(BEGINNING));
        beginnings.flatten().collect()
    }
}

/// What a service exports, or would.
#[derive(Clone, Copy, Debug)]
pub struct Exported<'a> {
    /// The service.
    pub slot: Endpoint,
    /// The version of the State.
    pub version: u32,
    /// State and journal.
    pub bytes: &'a [u8],
    /// It is exported for a successor: what was cut short is in it.
    pub is_succeeded: bool,
    /// The turn of the run.
    pub turn: u64,
}

/// Looks at what services export.
pub type Watcher = Rc<dyn Fn(&Exported<'_>)>;

/// An instance, and its kernel.
struct Running {
    value: Box<dyn Value>,
    system: Rc<Kernel>,
    /// Of its last turn, to be given when it receives.
    answer: Option<Answered>,
}

/// The machine and everything on it.
pub struct World {
    /// The kernel.
    pub host: Rc<RefCell<Host>>,
    /// The points that services come to.
    pub probe: Rc<Probe>,
    /// The programs.
    pub player: Player,
    /// The devices.
    pub devices: Devices,
    /// What happened last.
    pub trace: Trace,
    /// Is shown what services export, after each of their turns and when they are replaced.
    pub watcher: Option<Watcher>,
    boot: Boot,
    /// What rs is told when the probe gives its signal.
    orders: Vec<Order>,
    speaks_former: bool,
    poison: Option<Poison>,
    /// The request that is the poisoned one.
    poisoned: Option<RequestId>,
    interrupts: [bool; 2],
    values: BTreeMap<InstanceId, Running>,
    chance: Chance,
    turns: u64,
}

impl World {
    /// A machine that is about to start rs. `seed` decides who has the next turn.
    ///
    /// # Errors
    /// `Boot`.
    pub fn new(boot: &Boot, seed: u64, disturbance: &Disturbance) -> Result<World, Wrong> {
        let setup = Setup {
            frames: FRAMES,
            limits: Limits {
                processes: 16,
                requests: 256,
                records: 256,
            },
            seed: 1,
        };
        let mut host = Host::boot(setup, boot.archive.to_vec())
            .map_err(|error| Wrong::Boot(format!("{error:?}")))?;
        match disturbance.without {
            Some(Omission::Framework(rule)) => simulated::switch_off(Some(rule)),
            Some(Omission::Kernel(rule)) => host.leave_out(Some(rule)),
            None => {}
        }
        let devices = Devices::default();
        devices.attach(&mut host);
        let (signal, orders) = match &disturbance.orders {
            Some((When::At(point), orders)) => (Some(*point), orders.clone()),
            Some((When::Begin, orders)) => (None, orders.clone()),
            None => (None, Vec::new()),
        };
        let probe = Rc::new(Probe::new(disturbance.deaths.clone(), signal));
        let hook = probe.clone();
        simulated::at_each_change(Some(Rc::new(move || hook.point(Kind::Change))));
        Ok(World {
            host: Rc::new(RefCell::new(host)),
            probe,
            player: Player::new(boot.programs.clone()),
            devices,
            trace: Trace::default(),
            watcher: None,
            boot: boot.clone(),
            orders,
            speaks_former: disturbance.speaks_former,
            poison: disturbance.poison,
            poisoned: None,
            interrupts: [false; 2],
            values: BTreeMap::new(),
            chance: Chance::new(seed),
            turns: 0,
        })
    }

    /// Runs until `done` says so.
    ///
    /// # Errors
    /// What went wrong.
    pub fn run_until(&mut self, done: impl Fn(&World) -> bool) -> Result<(), Wrong> {
        while !done(self) {
            // Looking for what could happen may have shown that a program has come to its end.
            if !self.step()? && !done(self) {
                let deadline = self.host.borrow().next_deadline().ok_or(Wrong::Stuck)?;
                self.host.borrow_mut().advance(deadline);
            }
        }
        Ok(())
    }

    /// Runs until nothing is left to do but to wait.
    ///
    /// # Errors
    /// What went wrong.
    pub fn settle(&mut self) -> Result<(), Wrong> {
        while self.step()? {}
        Ok(())
    }

    /// Lets one thing happen, if anything can.
    ///
    /// # Errors
    /// What went wrong.
    pub fn step(&mut self) -> Result<bool, Wrong> {
        self.devices
            .interrupt(&mut self.host.borrow_mut(), &mut self.interrupts);
        let mut turns = self.host.borrow_mut().turns();
        turns.retain(|turn| match turn {
            Turn::Program(pid) => self.player.goes_on(&mut self.host.borrow_mut(), *pid),
            _ => true,
        });
        if turns.is_empty() {
            return Ok(false);
        }
        self.turns += 1;
        if self.turns > MOST_TURNS {
            return Err(Wrong::Endless);
        }
        if let Some(turn) = self.chance.one_of(&turns) {
            self.take(turn)?;
        }
        if self.probe.take_signal() {
            self.order();
        }
        let host = self.host.borrow();
        self.values.retain(|id, _| host.exists(*id));
        Ok(true)
    }

    /// Has the operator tell rs its orders. Once the workload has ended it hears of no more.
    pub fn order(&mut self) {
        if !self.player.gates.contains(&END) {
            let orders = self.orders.iter().map(|order| order.bytes());
            self.player.orders.extend(orders);
            self.player.ordered = self.orders.len();
        }
    }

    fn take(&mut self, turn: Turn) -> Result<(), Wrong> {
        match turn {
            Turn::Start(id) => self.start(id),
            Turn::Export(id) => self.export(id),
            Turn::TakeOver(id) => {
                self.host.borrow_mut().take_over(id);
                self.turn(id, None)
            }
            Turn::Event(id) => self.event(id),
            Turn::Program(pid) => self.program(pid),
        }
    }

    fn start(&mut self, id: InstanceId) -> Result<(), Wrong> {
        let (start, inbox, version) = {
            let mut host = self.host.borrow_mut();
            let start = host
                .start(id)
                .map_err(|error| Wrong::Refused("start", error))?;
            (start, host.inbox(id), host.version(id).unwrap_or(0))
        };
        let length = abi::word::index(start.archive);
        let archive = self.boot.archive.get(..length).unwrap_or(&[]);
        let system = Rc::new(Kernel::new(
            self.host.clone(),
            self.probe.clone(),
            id,
            archive,
            self.speaks_former,
        ));
        let origin = Origin {
            slot: id.slot,
            version,
            start: service::Start {
                // So that a service that is started afresh knows the same.
                seed: [id.slot.0.into(); 3],
                slot: start.slot,
                generation: start.generation,
            },
            state_version: start.state_version,
            inbox: &inbox,
        };
        self.trace.start(id, version, inbox.len());
        if self.probe.passes(id.slot, Kind::Start) {
            self.died(id);
            return Ok(());
        }
        let refusal = match registry::make(system.clone(), &origin) {
            Ok(value) => {
                let (name, dropped) = (trace::name(id.slot), value.dropped());
                if dropped > 0 {
                    let what = format!("of what {name} exported {dropped} entries were dropped");
                    return Err(Wrong::Contradiction(what));
                }
                let answer = None;
                let running = Running {
                    value,
                    system,
                    answer,
                };
                self.values.insert(id, running);
                Refusal::None
            }
            Err(refusal) => refusal,
        };
        let ready = self.host.borrow_mut().ready(id, refusal);
        ready.map_err(|error| Wrong::Refused("ready", error))
    }

    fn export(&mut self, id: InstanceId) -> Result<(), Wrong> {
        let predecessor = self.host.borrow().predecessor(id);
        let old = predecessor.and_then(|old| self.values.get(&old));
        self.trace.export(id);
        if self.probe.passes(id.slot, Kind::Export) {
            self.trace.died(id);
            self.host.borrow_mut().crash_export(id, Failure::Panic);
            return Ok(());
        }
        let Some(old) = old else {
            // The real one would run code that is not there.
            self.host
                .borrow_mut()
                .crash_export(id, Failure::BadMemoryAccess);
            return Ok(());
        };
        let (version, bytes) = (old.value.state_version(), old.value.export());
        self.show(id.slot, &*old.value, true);
        let exported = self.host.borrow_mut().export(id, version, &bytes);
        exported.map_err(|error| Wrong::Refused("export", error))
    }

    fn event(&mut self, id: InstanceId) -> Result<(), Wrong> {
        if self.probe.passes(id.slot, Kind::Receive) {
            self.died(id);
            return Ok(());
        }
        let Some(running) = self.values.get_mut(&id) else {
            return Err(Wrong::Refused("receive", CallError::BadState));
        };
        let (holding, answer) = (running.value.holding(), running.answer.take());
        let event = self.host.borrow_mut().receive(id, answer, holding);
        match event {
            Some(event) if self.kills(id.slot, &event) => {
                self.trace.turn(id, Some(&event));
                self.died(id);
                Ok(())
            }
            Some(event) => self.turn(id, Some(&event)),
            None if self.has_crashed(id) => Err(Wrong::LostTrack(id.slot, holding)),
            None => Ok(()),
        }
    }

    fn has_crashed(&self, id: InstanceId) -> bool {
        let host = self.host.borrow();
        let status = host.kernel.slot_status(id.slot).unwrap_or_default();
        host.current(id.slot) != Some(id) || status.current == Phase::Crashed as u32
    }

    /// Whether an event brings the poisoned request.
    fn kills(&mut self, slot: Endpoint, event: &Event) -> bool {
        let is_poison = |poison: Poison| {
            let of = (event.message.protocol, event.message.kind);
            poison.slot == slot && (poison.protocol, poison.kind) == of
        };
        if event.kind != EventKind::Request as u32 || !self.poison.is_some_and(is_poison) {
            return false;
        }
        *self.poisoned.get_or_insert(event.id) == event.id
    }

    fn turn(&mut self, id: InstanceId, event: Option<&Event>) -> Result<(), Wrong> {
        self.trace.turn(id, event);
        let now = self.host.borrow().now();
        let Some(running) = self.values.get_mut(&id) else {
            return Err(Wrong::Refused("turn", CallError::BadState));
        };
        self.probe.enter(id.slot);
        let probe = self.probe.clone();
        let played = catch_unwind(AssertUnwindSafe(|| {
            probe.point(Kind::Event);
            match event {
                Some(event) => running.answer = running.value.turn(event),
                None => running.value.take_over(now),
            }
        }));
        self.probe.leave();
        match played {
            Ok(()) => {
                if let Some(event) = event
                    && event.kind == EventKind::Completion as u32
                {
                    running.system.answered(event.tag);
                }
                if let Some(running) = self.values.get(&id) {
                    self.show(id.slot, &*running.value, false);
                }
                Ok(())
            }
            Err(payload) if payload.is::<Death>() => {
                self.died(id);
                Ok(())
            }
            Err(payload) if payload.is::<Hang>() => Err(Wrong::Hang(id.slot)),
            Err(payload) => Err(Wrong::Panic(id.slot, words(&*payload))),
        }
    }

    fn show(&self, slot: Endpoint, value: &dyn Value, is_succeeded: bool) {
        if let Some(watcher) = &self.watcher {
            watcher(&Exported {
                slot,
                version: value.state_version(),
                bytes: &value.export(),
                is_succeeded,
                turn: self.turns,
            });
        }
    }

    fn died(&mut self, id: InstanceId) {
        self.trace.died(id);
        self.host.borrow_mut().crash(id, Failure::Panic);
    }

    fn program(&mut self, pid: Pid) -> Result<(), Wrong> {
        let mut host = self.host.borrow_mut();
        self.player
            .play(&mut host, pid, &mut self.trace)
            .map_err(|error| Wrong::Refused("program", error))
    }

    /// What a service knows, as a successor of version 1 would: its State and its journal.
    #[must_use]
    pub fn state(&self, slot: Endpoint) -> Option<Vec<u8>> {
        let id = self.host.borrow().current(slot)?;
        let running = self.values.get(&id)?;
        let origin = Origin {
            slot,
            version: 1,
            start: service::Start::default(),
            state_version: running.value.state_version(),
            inbox: &running.value.export(),
        };
        let successor = registry::make(running.system.clone(), &origin).ok()?;
        Some(successor.export())
    }

    /// Turns so far.
    #[must_use]
    pub fn turns(&self) -> u64 {
        self.turns
    }
}

impl Drop for World {
    fn drop(&mut self) {
        simulated::at_each_change(None);
        simulated::switch_off(None);
    }
}

fn words(payload: &(dyn std::any::Any + Send)) -> String {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| payload.downcast_ref::<&str>().copied());
    text.unwrap_or("something").to_owned()
}
