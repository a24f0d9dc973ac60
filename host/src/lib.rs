//! The host tool: builds, boots, runs and tests Evernix.
