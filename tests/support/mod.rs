//! Helpers of the tests.

pub mod hostile;
