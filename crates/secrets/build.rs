//! Bakes `patterns/*.yml`: each rule as bytes that are read back when its anchor is first hit, and
//! the index of all anchors. At start, nothing is parsed, built or relocated.

use std::path::PathBuf;
use std::{env, fs};

#[path = "src/anchors.rs"]
#[allow(dead_code, reason = "the library looks things up in what is built here")]
mod anchors;
#[path = "src/follow.rs"]
mod follow;
#[path = "src/gate.rs"]
#[allow(dead_code, reason = "the library reads what is written here")]
mod gate;
#[path = "src/rulefile.rs"]
mod rulefile;
#[path = "src/shape.rs"]
mod shape;
#[path = "src/stems.rs"]
mod stems;

fn main() {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let patterns = root.join("../../patterns");
    println!("cargo::rerun-if-changed={}", patterns.display());
    for source in ["anchors", "follow", "gate", "rulefile", "shape", "stems"] {
        println!("cargo::rerun-if-changed=src/{source}.rs");
    }
    match rulefile::load_dir(&patterns) {
        Ok(rules) => bake(&rules),
        Err(errors) => errors.iter().for_each(|error| println!("cargo::error={error}")),
    }
}

/// `rules.bin`: the rules one behind the other; `offsets.bin`: where each begins and the last ends,
/// four bytes a number; `gates.bin`: what is asked before a rule is tried; `anchors.bin`: the index.
fn bake(rules: &[rulefile::Loaded]) {
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    let mut bytes = Vec::new();
    let mut offsets = Vec::new();
    let rules: Vec<_> = rules.iter().map(rulefile::Baked::from).collect();
    for rule in &rules {
        offsets.extend((bytes.len() as u32).to_le_bytes());
        bytes.extend(
            postcard::to_allocvec(rule).expect("a rule has nothing that cannot be written"),
        );
    }
    offsets.extend((bytes.len() as u32).to_le_bytes());
    let write = |name: &str, bytes: &[u8]| {
        fs::write(out.join(name), bytes).expect("cargo's output folder can be written");
    };
    write("rules.bin", &bytes);
    write("offsets.bin", &offsets);
    write("gates.bin", &gate::build(rules.iter().map(rulefile::Baked::gate)));
    write("anchors.bin", &rulefile::index(&rules));
}
