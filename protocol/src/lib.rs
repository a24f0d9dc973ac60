//! What services say to each other: one file per protocol, declared once.
