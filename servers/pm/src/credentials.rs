//! Who a process acts for: user and group ids (credentials(7)).

use abi::Errno;
use alloc::vec::Vec;
use minicbor::{Decode, Encode};
use shape::Shape;

/// Leave an id as it is.
pub(crate) const KEEP: u32 = u32::MAX;
/// The user who may do everything.
const ROOT: u32 = 0;

/// The four ids of a kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, Shape)]
pub struct Ids {
    /// Who started it.
    #[n(0)]
    pub real: u32,
    /// Who it acts as.
    #[n(1)]
    pub effective: u32,
    /// Who it may act as again.
    #[n(2)]
    pub saved: u32,
    /// Who its use of files is checked for.
    #[n(3)]
    pub file_system: u32,
}

impl Ids {
    /// All four, in order.
    #[must_use]
    pub const fn all(self) -> [u32; 4] {
        [self.real, self.effective, self.saved, self.file_system]
    }

    /// Changes as setresuid(2): `privileged` may set any, others only exchange what they have.
    ///
    /// # Errors
    /// `PERM`.
    pub fn set(&mut self, wanted: [u32; 3], privileged: bool) -> Result<(), Errno> {
        let known = |id| id == KEEP || [self.real, self.effective, self.saved].contains(&id);
        if !privileged && !wanted.into_iter().all(known) {
            return Err(Errno::PERM);
        }
        let [real, effective, saved] = wanted;
        replace(&mut self.real, real);
        replace(&mut self.saved, saved);
        if effective != KEEP {
            self.effective = effective;
        }
        self.file_system = self.effective;
        Ok(())
    }

    /// Changes as setreuid(2): the saved id follows when the real one changes, or the effective
    /// one becomes other than the real.
    ///
    /// # Errors
    /// `PERM`.
    pub fn set_two(&mut self, real: u32, effective: u32, privileged: bool) -> Result<(), Errno> {
        let allowed = privileged
            || [KEEP, self.real, self.effective].contains(&real)
                && [KEEP, self.real, self.effective, self.saved].contains(&effective);
        if !allowed {
            return Err(Errno::PERM);
        }
        let saves = real != KEEP || effective != KEEP && effective != self.real;
        replace(&mut self.real, real);
        replace(&mut self.effective, effective);
        if saves {
            self.saved = self.effective;
        }
        self.file_system = self.effective;
        Ok(())
    }

    /// Changes as setuid(2): all ids if privileged, else the effective one.
    ///
    /// # Errors
    /// `PERM`.
    pub fn set_one(&mut self, id: u32, privileged: bool) -> Result<(), Errno> {
        if privileged {
            *self = Ids {
                real: id,
                effective: id,
                saved: id,
                file_system: id,
            };
            return Ok(());
        }
        if id != self.real && id != self.saved {
            return Err(Errno::PERM);
        }
        self.effective = id;
        self.file_system = id;
        Ok(())
    }

    /// Changes as setfsuid(2), which answers with the id before, changed or not.
    pub fn set_file_system(&mut self, id: u32, privileged: bool) -> u32 {
        let before = self.file_system;
        if id != KEEP && (privileged || self.all().contains(&id)) {
            self.file_system = id;
        }
        before
    }
}

fn replace(id: &mut u32, new: u32) {
    if new != KEEP {
        *id = new;
    }
}

/// Who a process acts for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Shape)]
pub struct Credentials {
    /// Users.
    #[n(0)]
    pub users: Ids,
    /// Groups.
    #[n(1)]
    pub groups: Ids,
    /// Supplementary groups.
    #[n(2)]
    pub supplementary: Vec<u32>,
}

impl Credentials {
    /// Whether it may do everything.
    #[must_use]
    pub fn is_privileged(&self) -> bool {
        self.users.effective == ROOT
    }

    /// Whether it may send a signal to a process with these (kill(2)).
    #[must_use]
    pub fn may_signal(&self, other: &Credentials) -> bool {
        self.is_privileged()
            || [self.users.real, self.users.effective]
                .into_iter()
                .any(|id| id == other.users.real || id == other.users.saved)
    }

    /// Whether it may change limits and priorities of a process with these.
    #[must_use]
    pub fn may_manage(&self, other: &Credentials) -> bool {
        self.is_privileged()
            || [other.users.real, other.users.effective].contains(&self.users.effective)
    }

    /// What executing a file makes of them; whether that gave rights.
    pub fn execute(&mut self, user: Option<u32>, group: Option<u32>) -> bool {
        let before = (self.users.effective, self.groups.effective);
        self.users.effective = user.unwrap_or(self.users.effective);
        self.groups.effective = group.unwrap_or(self.groups.effective);
        for ids in [&mut self.users, &mut self.groups] {
            ids.saved = ids.effective;
            ids.file_system = ids.effective;
        }
        before != (self.users.effective, self.groups.effective)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(id: u32) -> Ids {
        Ids {
            real: id,
            effective: id,
            saved: id,
            file_system: id,
        }
    }

    #[test]
    fn only_the_privileged_become_somebody_else() {
        let mut ids = user(5);
        assert_eq!(ids.set([6, KEEP, KEEP], false), Err(Errno::PERM));
        assert_eq!(ids.set_one(6, false), Err(Errno::PERM));
        assert_eq!(ids.set_two(KEEP, 6, false), Err(Errno::PERM));
        assert_eq!(ids, user(5));
        ids.set_one(6, true).unwrap();
        assert_eq!(ids, user(6));
    }

    #[test]
    fn rights_can_be_put_down_and_taken_up_again() {
        let mut ids = user(0);
        ids.set([KEEP, 7, KEEP], true).unwrap();
        assert_eq!(
            ids,
            Ids {
                real: 0,
                effective: 7,
                saved: 0,
                file_system: 7
            }
        );
        ids.set([KEEP, 0, KEEP], false).unwrap();
        assert_eq!(ids, user(0));
    }

    #[test]
    fn setreuid_saves_the_effective_id() {
        let mut ids = user(0);
        ids.set_two(7, KEEP, true).unwrap();
        assert_eq!(
            ids,
            Ids {
                real: 7,
                effective: 0,
                saved: 0,
                file_system: 0
            }
        );
        ids.set_two(KEEP, 7, true).unwrap();
        assert_eq!(ids.saved, 0, "effective equals real: nothing is saved");
    }

    #[test]
    fn signals_go_to_ones_own() {
        let of = |id| Credentials {
            users: user(id),
            ..Credentials::default()
        };
        assert!(of(0).may_signal(&of(5)));
        assert!(of(5).may_signal(&of(5)));
        assert!(!of(5).may_signal(&of(6)));
    }

    #[test]
    fn a_set_user_id_program_gives_its_owners_rights() {
        let mut credentials = Credentials {
            users: user(5),
            ..Credentials::default()
        };
        assert!(!credentials.execute(None, None));
        assert!(credentials.execute(Some(0), None));
        assert_eq!(
            credentials.users,
            Ids {
                real: 5,
                effective: 0,
                saved: 0,
                file_system: 0
            }
        );
    }
}
