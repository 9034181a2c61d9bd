//! An Obyte network in one process, for development and tests.
