//! The memory manager's calls about address spaces.

use abi::call::Protection;
use abi::{Call, CallError, RequestId, SpaceId};

use super::{Maker, number};
use crate::kernel::Kernel;
use crate::lease::{LeaseName, Local};
use crate::machine::Machine;
use crate::memory::{Sharing, SpaceHandle, UserPages};

impl<M: Machine> Kernel<M> {
    pub(super) fn space_call(
        &mut self,
        maker: &Maker,
        call: Call,
        a: [u64; 6],
    ) -> Result<u64, CallError> {
        let id = SpaceId(number(a[0])?);
        match call {
            Call::SpaceCreate => {
                return self.memory.create_space(&mut self.machine, id).map(|()| 0);
            }
            Call::SpaceDestroy => {
                return self.memory.destroy_space(&mut self.machine, id).map(|()| 0);
            }
            _ => {}
        }
        let space = self.memory.space(id)?;
        match call {
            Call::CloneRange => self.clone_range(space, a),
            Call::CopyIn => {
                let name = LeaseName {
                    request: RequestId(a[2]),
                    index: a[3],
                    offset: a[4],
                };
                self.lease_copy(maker.slot, name, Local::Space(space, a[1], a[5]))
            }
            Call::MapVdso => self.memory.map_vdso(&mut self.machine, space, a[1]),
            Call::SpaceStatistics => Ok(self.memory.resident_pages(space)),
            _ => self.page_call(call, space, a),
        }
    }

    fn clone_range(&mut self, from: SpaceHandle, a: [u64; 6]) -> Result<u64, CallError> {
        let to = self.memory.space(SpaceId(number(a[1])?))?;
        let range = UserPages::new(a[2], a[3])?;
        let sharing = match a[4] {
            0 => Sharing::UntilWritten,
            1 => Sharing::Lasting,
            _ => return Err(CallError::BadArgument),
        };
        self.memory
            .clone_range(&mut self.machine, from, to, range, sharing)
            .map(|()| 0)
    }

    fn page_call(&mut self, call: Call, space: SpaceHandle, a: [u64; 6]) -> Result<u64, CallError> {
        let machine = &mut self.machine;
        match call {
            Call::MapAnonymous => {
                let range = UserPages::new(a[1], a[2])?;
                self.memory
                    .map_anonymous(machine, space, range, protection(a[3])?)
            }
            Call::Protect => {
                let range = UserPages::new(a[1], a[2])?;
                self.memory
                    .protect(machine, space, range, protection(a[3])?)
                    .map(|()| 0)
            }
            Call::Unmap => {
                let range = UserPages::new(a[1], a[2])?;
                self.memory.unmap(machine, space, range).map(|()| 0)
            }
            Call::Unshare => {
                let page = UserPages::new(a[1], 1)?;
                self.memory
                    .unshare(machine, space, page, protection(a[2])?)
                    .map(|()| 0)
            }
            _ => Err(CallError::UnknownCall),
        }
    }
}

fn protection(word: u64) -> Result<Protection, CallError> {
    if word < 16 {
        Ok(Protection(word))
    } else {
        Err(CallError::BadArgument)
    }
}
