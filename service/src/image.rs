//! What only the real machine needs: kernel calls, the heap, start and export.
//!
//! A service's `main.rs` is `service::main!(Its::Type);`.

mod export;
mod heap;
mod kernel;
mod kernel_call;
mod start;

pub use export::export;
pub use heap::{Heap, empty};
pub use start::{panicked, run};

/// Makes the binary of a service: entry points, heap and panic handler.
#[macro_export]
macro_rules! main {
    ($service:ty) => {
        extern crate freestanding as _;

        #[global_allocator]
        static HEAP: $crate::image::Heap = $crate::image::empty();

        /// Where the kernel starts an instance.
        #[unsafe(no_mangle)]
        extern "C" fn _start() -> ! {
            $crate::image::run::<$service>()
        }

        /// Where the kernel starts the export of an instance, in a view of its memory.
        #[unsafe(no_mangle)]
        extern "C" fn export_entry() -> ! {
            $crate::image::export::<$service>()
        }

        #[panic_handler]
        fn panic(information: &core::panic::PanicInfo<'_>) -> ! {
            $crate::image::panicked(information)
        }
    };
}
