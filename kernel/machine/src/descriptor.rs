//! Segment descriptors and interrupt gates (Intel SDM volume 3, sections 3.4.5, 6.14.1 and 7.7).

/// The kernel's code segment.
pub const KERNEL_CODE: u16 = 0x08;
/// The kernel's data segment.
pub const KERNEL_DATA: u16 = 0x10;
/// Where `sysret` counts from: data is 8 further, 64-bit code 16 further.
pub const USER_BASE: u16 = 0x18;
/// Programs' data segment.
pub const USER_DATA: u16 = 0x20 | 3;
/// Programs' code segment.
pub const USER_CODE: u16 = 0x28 | 3;
/// The task state segment.
pub const TASK_STATE: u16 = 0x30;

/// The descriptors before the task state segment's, in order.
pub const SEGMENTS: [u64; 6] = [
    0,
    // Present, code, readable, 64 bits.
    0x00af_9a00_0000_ffff,
    // Present, data, writable.
    0x00cf_9200_0000_ffff,
    0,
    0x00cf_f200_0000_ffff,
    0x00af_fa00_0000_ffff,
];

/// The two words of the descriptor of a task state segment of `size` bytes.
#[must_use]
pub const fn task_state(base: u64, size: u64) -> [u64; 2] {
    let limit = size - 1;
    let low = (limit & 0xffff)
        | (base & 0xff_ffff) << 16
        | 0x89 << 40
        | (limit >> 16 & 0xf) << 48
        | (base >> 24 & 0xff) << 56;
    [low, base >> 32]
}

/// The two words of an interrupt gate: the handler's address, the stack of the task state segment
/// to switch to (0 for none), and the lowest privilege that may use it by an instruction.
#[must_use]
pub const fn gate(handler: u64, stack: u64, privilege: u64) -> [u64; 2] {
    let low = (handler & 0xffff)
        | (KERNEL_CODE as u64) << 16
        | (stack & 7) << 32
        | (0x8e | privilege << 5) << 40
        | (handler >> 16 & 0xffff) << 48;
    [low, handler >> 32]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gate_holds_its_handler() {
        let [low, high] = gate(0x1234_5678_9abc_def0, 2, 3);
        assert_eq!(low & 0xffff, 0xdef0);
        assert_eq!(low >> 48, 0x9abc);
        assert_eq!(high, 0x1234_5678);
        assert_eq!(low >> 32 & 0xff, 2);
        assert_eq!(low >> 40 & 0xff, 0xee);
    }

    #[test]
    fn a_task_state_segment_holds_its_base() {
        let [low, high] = task_state(0xffff_ffff_8123_4567, 104);
        assert_eq!(low & 0xffff, 103);
        assert_eq!(low >> 16 & 0xff_ffff, 0x23_4567);
        assert_eq!(low >> 56, 0x81);
        assert_eq!(high, 0xffff_ffff);
    }
}
