//! The boot archive: named files in page-aligned pieces, read in place.
