//! The devices behind the I/O ports: two serial ports and the clock chip.

use kernel_core::host::{Host, Ports};
use uart::Ports as _;
use uart::Register;
use uart::pretend::Chip;

/// First port and interrupt line of the console, of the host's link.
const CONSOLE: (u16, u16) = (0x3f8, 4);
const LINK: (u16, u16) = (0x2f8, 3);
/// Ports of a serial port.
const SERIAL_PORTS: u16 = 8;
/// The clock chip.
const CLOCK_INDEX: u16 = 0x70;
const CLOCK_DATA: u16 = 0x71;
/// Register of the clock chip: its status B, which says: binary, 24 hours.
const STATUS_B: u8 = 0x0b;
const BINARY_24_HOURS: u8 = 0x06;

/// The devices. Clones are the same devices.
#[derive(Clone, Debug, Default)]
pub struct Devices {
    /// The first serial port.
    pub console: Chip,
    /// The second serial port.
    pub link: Chip,
}

impl Devices {
    /// Puts the devices behind the ports of a machine.
    pub fn attach(&self, host: &mut Host) {
        host.kernel.machine.ports = Box::new(Bus {
            devices: self.clone(),
            clock_register: 0,
        });
    }

    /// Raises the interrupts that are due. A line that is masked keeps its edge until it is not.
    pub fn interrupt(&self, host: &mut Host, pending: &mut [bool; 2]) {
        let lines = [(&self.console, CONSOLE.1), (&self.link, LINK.1)];
        for ((chip, line), pending) in lines.into_iter().zip(pending) {
            *pending |= chip.take_edges() > 0;
            if *pending && host.interrupt(line) {
                *pending = false;
            }
        }
    }
}

struct Bus {
    devices: Devices,
    clock_register: u8,
}

impl Bus {
    fn serial(&mut self, port: u16) -> Option<(&mut Chip, Register)> {
        let chips = [
            (CONSOLE.0, &mut self.devices.console),
            (LINK.0, &mut self.devices.link),
        ];
        for (first, chip) in chips {
            if (first..first + SERIAL_PORTS).contains(&port) {
                let offset = u8::try_from(port - first).ok()?;
                return Some((chip, Register::from_offset(offset)?));
            }
        }
        None
    }

    /// Noon on the second day of March 2024.
    fn clock(&self) -> u8 {
        match self.clock_register {
            4 => 12,
            7 => 2,
            8 => 3,
            9 => 24,
            0x32 => 20,
            STATUS_B => BINARY_24_HOURS,
            _ => 0,
        }
    }
}

impl Ports for Bus {
    fn read(&mut self, port: u16, _width: usize) -> u32 {
        if port == CLOCK_DATA {
            return self.clock().into();
        }
        match self.serial(port) {
            Some((chip, register)) => chip.read(register).into(),
            None => u32::MAX,
        }
    }

    fn write(&mut self, port: u16, _width: usize, value: u32) {
        let value = value.to_le_bytes()[0];
        if port == CLOCK_INDEX {
            self.clock_register = value;
        } else if let Some((chip, register)) = self.serial(port) {
            chip.write(register, value);
        }
    }
}
