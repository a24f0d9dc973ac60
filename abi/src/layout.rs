//! Where things lie in an address space. Each area of a service has a top-level page-table entry
//! (512 GiB) of its own, so that an area moves by moving one entry.

/// Bytes in a page.
pub const PAGE_SIZE: u64 = 4096;
/// The first address that is not user memory.
pub const USER_TOP: u64 = 0x0000_7fff_ffff_f000;
/// The lowest address that may be mapped.
pub const USER_BOTTOM: u64 = 0x1_0000;
/// Bytes that one top-level entry covers.
pub const TOP_LEVEL_SPAN: u64 = 1 << 39;

/// A service's text, data and stack: the kernel picks addresses within at each load.
pub const SERVICE_IMAGE: u64 = TOP_LEVEL_SPAN;
/// A service's heap, which `grow` extends.
pub const SERVICE_HEAP: u64 = 2 * TOP_LEVEL_SPAN;
/// Pages that move to the successor in place (`KeepMap`): data too large to encode.
pub const SERVICE_KEPT: u64 = 3 * TOP_LEVEL_SPAN;
/// The boot archive, read only, in services that declare it.
pub const SERVICE_ARCHIVE: u64 = 4 * TOP_LEVEL_SPAN;
/// In an importer, read only: what the exporter wrote. In the exporter, read-write.
pub const SERVICE_INBOX: u64 = 5 * TOP_LEVEL_SPAN;
/// The [`crate::EventPage`] of an instance.
pub const EVENT_PAGE: u64 = 6 * TOP_LEVEL_SPAN;
/// The stack of an exporter, which runs in a read-only view of its predecessor.
pub const EXPORT_STACK: u64 = 7 * TOP_LEVEL_SPAN;

/// Bytes of a service's stack; a guard page lies on both sides.
pub const SERVICE_STACK_SIZE: u64 = 64 * 1024;
/// Bytes of an exporter's stack.
pub const EXPORT_STACK_SIZE: u64 = 32 * 1024;
