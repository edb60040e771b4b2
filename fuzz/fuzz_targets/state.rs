#![no_main]

#[path = "../readers.rs"]
mod readers;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let reader = readers::READERS.iter().find(|(name, _)| *name == "cookies");
    reader.map(|(_, reader)| reader(bytes));
});
