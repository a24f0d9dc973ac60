//! The frames in which the host and the system exchange byte streams.
