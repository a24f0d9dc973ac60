//! The file as it is written, before anything is looked up.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use crate::Error;

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) service: BTreeMap<Spanned<String>, Service>,
}

/// One `[service.NAME]`. What is left out is nothing.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Service {
    pub(super) slot: Spanned<u16>,
    /// 0 the most urgent, below 16.
    pub(super) priority: Spanned<u16>,
    /// Pages of memory an instance may have.
    pub(super) pages: u64,
    /// Requests it may have submitted at a time.
    pub(super) submissions: u32,
    /// Ticks of 10 ms, seen while it runs, after which it hangs.
    pub(super) hang_ticks: u32,
    #[serde(default)]
    pub(super) policy: Policy,
    #[serde(default)]
    pub(super) archive: bool,
    #[serde(default)]
    pub(super) process_manager: bool,
    #[serde(default)]
    pub(super) memory_manager: bool,
    /// Names of `abi::Call`.
    #[serde(default)]
    pub(super) kernel_calls: Vec<Spanned<String>>,
    /// For each service the protocols it may speak to it.
    #[serde(default)]
    pub(super) calls: BTreeMap<Spanned<String>, Vec<Spanned<String>>>,
    #[serde(default)]
    pub(super) notifies: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) ports: Vec<Spanned<Ports>>,
    #[serde(default)]
    pub(super) interrupts: Vec<Spanned<u16>>,
    /// Names of Linux's calls, or of our own.
    #[serde(default)]
    pub(super) linux_calls: Vec<Spanned<String>>,
    /// Names of Linux's calls that the kernel answers with the number of the process.
    #[serde(default)]
    pub(super) identity_calls: Vec<Spanned<String>>,
    /// Names of Linux's calls for which the kernel lets others go first.
    #[serde(default)]
    pub(super) yield_calls: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) devices: Vec<Spanned<Device>>,
}

/// What happens when it crashes.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Policy {
    #[default]
    Stateful,
    Fresh,
    Leave,
    Script,
}

/// The ports `first..first + count`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ports {
    pub(super) first: u16,
    pub(super) count: u16,
}

/// A character device file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Device {
    /// Its absolute path.
    pub(super) path: String,
    pub(super) major: u32,
    pub(super) minor: u32,
    pub(super) mode: u32,
}

/// Reads the text; unknown fields are refused.
pub(super) fn parse(text: &str) -> Result<File, Error> {
    toml::from_str(text).map_err(|error| Error::Services(error.to_string()))
}
