//! Bakes `patterns/*.yml`: each rule as bytes that are read back when its anchor is first hit, and
//! the index of all anchors. At start, nothing is parsed, built or relocated.

use std::io::Write;
use std::path::PathBuf;
use std::{env, fs};

use flate2::Compression;
use flate2::write::DeflateEncoder;

#[path = "src/about.rs"]
#[allow(dead_code, reason = "the library unpacks what is packed here")]
mod about;
#[path = "src/anchor_index.rs"]
#[allow(dead_code, reason = "the library looks things up in what is built here")]
mod anchor_index;
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
    for source in ["about", "anchor_index", "follow", "gate", "rulefile", "shape", "stems"] {
        println!("cargo::rerun-if-changed=src/{source}.rs");
    }
    match rulefile::load_dir(&patterns) {
        Ok(rules) => bake(&rules),
        Err(errors) => errors.iter().for_each(|error| println!("cargo::error={error}")),
    }
}

/// `rules.bin`: the rules one behind the other; `offsets.bin`: where each begins and the last ends,
/// four bytes a number; `about.bin`: what they tell people; `gates.bin`: what is asked before a rule
/// is tried; `anchors.bin`: the index.
fn bake(rules: &[rulefile::Loaded]) {
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    let mut bytes = Vec::new();
    let mut offsets = Vec::new();
    let about: Vec<_> = rules.iter().map(rulefile::Loaded::about).collect();
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
    write("about.bin", &pack(&about));
    write("gates.bin", &gate::build(rules.iter().map(rulefile::Baked::gate)));
    write("anchors.bin", &rulefile::index(rules.iter()));
}

/// How many parts there are, where each begins and the last ends, and the parts, deflated.
fn pack(about: &[about::About]) -> Vec<u8> {
    let parts: Vec<Vec<u8>> = about.chunks(about::TOGETHER).map(deflated).collect();
    let mut packed = (parts.len() as u32).to_le_bytes().to_vec();
    let mut end = 4 * (parts.len() + 2);
    packed.extend((end as u32).to_le_bytes());
    for part in &parts {
        end += part.len();
        packed.extend((end as u32).to_le_bytes());
    }
    packed.extend(parts.concat());
    packed
}

fn deflated(part: &[about::About]) -> Vec<u8> {
    let bytes = postcard::to_allocvec(part).expect("texts can be written");
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&bytes).expect("memory can be written");
    encoder.finish().expect("memory can be written")
}
