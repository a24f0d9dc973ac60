//! The slots of the services, as `system/services.toml` declares them (the builder checks that).

use abi::Endpoint;

macro_rules! endpoints {
    ($($(#[$doc:meta])* $constant:ident $name:literal = $slot:literal,)*) => {
        $($(#[$doc])* pub const $constant: Endpoint = Endpoint($slot);)*

        /// Every service by name.
        pub const NAMES: &[(&str, Endpoint)] = &[$(($name, $constant),)*];
    };
}

endpoints! {
    /// The reincarnation server.
    RS "rs" = 0,
    /// The process manager.
    PM "pm" = 1,
    /// The virtual file system.
    VFS "vfs" = 2,
    /// The root file system.
    RAMFS "ramfs" = 3,
    /// Pipes.
    PFS "pfs" = 4,
    /// /proc.
    PROCFS "procfs" = 5,
    /// The console.
    TTY "tty" = 6,
    /// The host's streams.
    HOST_LINK "host-link" = 7,
    /// null, zero, full.
    MEMORY "memory" = 8,
    /// Random numbers.
    RANDOM "random" = 9,
    /// The real-time clock.
    CLOCK "clock" = 10,
    /// The example driver.
    HELLO "hello" = 11,
    /// Published names.
    DS "ds" = 12,
    /// Scheduling policy.
    SCHED "sched" = 13,
    /// Programs' memory.
    VM "vm" = 14,
}

/// The service in a slot.
#[must_use]
pub fn name(endpoint: Endpoint) -> Option<&'static str> {
    NAMES
        .iter()
        .find(|(_, of)| *of == endpoint)
        .map(|(name, _)| *name)
}
