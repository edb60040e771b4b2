//! Every test that goes through the public face, one file per command or capability.

mod architecture;
