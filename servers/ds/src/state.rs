//! What ds knows, in both versions.

mod conversion;
mod version_1;
mod version_2;

#[cfg(not(feature = "next"))]
pub use version_1::State;
#[cfg(feature = "next")]
pub use version_2::State;

/// Whether there can be such a service.
fn is_service(server: abi::Endpoint) -> bool {
    protocol::endpoint::name(server).is_some()
}

/// Names that can be published.
const LIMIT: usize = 256;

#[cfg(test)]
mod tests {
    use super::{version_1, version_2};
    use abi::{Endpoint, Errno};
    use protocol::names::Kind::{CharacterDevice, FileSystem};
    use service::State;

    #[test]
    fn names_survive_an_update_and_a_downgrade() {
        let mut old = version_1::State::fresh(&service::Start::default());
        old.publish(CharacterDevice, 5, Endpoint(3)).unwrap();
        let new = version_2::State::from(old);
        assert_eq!(new.find(CharacterDevice, 5), Some(Endpoint(3)));
        let old = version_1::State::from(new);
        assert_eq!(old.nth(0), Some((CharacterDevice, 5, Endpoint(3))));
        assert_eq!(old.find(FileSystem, 5), None);
    }

    #[test]
    fn a_name_of_nobody_is_dropped_alone() {
        let mut old = version_1::State::fresh(&service::Start::default());
        old.publish(CharacterDevice, 5, Endpoint(3)).unwrap();
        old.publish(CharacterDevice, 6, Endpoint(60)).unwrap();
        let mut new = version_2::State::from(old);
        assert_eq!((new.check(), new.check()), (1, 0));
        assert_eq!(new.find(CharacterDevice, 5), Some(Endpoint(3)));
        assert_eq!(new.find(CharacterDevice, 6), None);
    }

    #[test]
    fn a_name_belongs_to_who_published_it() {
        let mut state = super::State::fresh(&service::Start::default());
        state.publish(FileSystem, 1, Endpoint(3)).unwrap();
        assert_eq!(state.publish(FileSystem, 1, Endpoint(3)), Ok(()));
        assert_eq!(state.publish(FileSystem, 1, Endpoint(4)), Err(Errno::EXIST));
    }
}
