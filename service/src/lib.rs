//! The framework of services: main loop, durable handlers, State, export and import, driver and file-system loops.
