//! Declared steps, made one after the other as a persona.

mod form;
mod mail;
mod reference;
mod totp;
