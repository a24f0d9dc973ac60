//! Services call those that stand below them, so that none can come to wait for itself.

use toml::Spanned;

use super::file::File;
use super::resolve::Place;
use crate::Error;

/// Protocols whose questions are answered from the State alone, without asking anybody.
const ANSWERED_AT_ONCE: [&str; 1] = ["inspect"];
/// Who may call whom upwards, and by which protocol. For `mmap` vm asks vfs what a descriptor refers
/// to; for that answer vfs asks the file's server only, which asks nobody.
const UPWARDS: [(&str, &str, &str); 1] = [("vm", "vfs", "descriptors")];

/// Checks the calls of all services against the order in which they are written.
pub(super) fn check(place: Place<'_>, file: &File) -> Result<(), Error> {
    let height = |name: &str| {
        let found = file
            .service
            .keys()
            .find(|service| service.get_ref() == name);
        found.map(|service| service.span().start)
    };
    for (service, written) in &file.service {
        for (callee, protocols) in &written.calls {
            let is_above = height(callee.get_ref()) <= Some(service.span().start);
            let upwards = |protocol: &&Spanned<String>| {
                is_above && !may_go_up(service.get_ref(), callee.get_ref(), protocol.get_ref())
            };
            if let Some(protocol) = protocols.iter().find(upwards) {
                let reason = format!(
                    "{} stands below {}, and does not call it by `{}`",
                    service.get_ref(),
                    callee.get_ref(),
                    protocol.get_ref()
                );
                return Err(place.refuse(protocol, reason));
            }
        }
    }
    Ok(())
}

fn may_go_up(service: &str, callee: &str, protocol: &str) -> bool {
    ANSWERED_AT_ONCE.contains(&protocol) || UPWARDS.contains(&(service, callee, protocol))
}
