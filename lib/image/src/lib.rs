//! Service images: made from linked ELF files, checked before they are loaded.
