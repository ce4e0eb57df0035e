//! Makes sure that the folder of the built page exists, so that a build without Node compiles.

use std::{fs, io};

fn main() -> io::Result<()> {
    fs::create_dir_all("web/dist")?;
    println!("cargo::rerun-if-changed=web/dist");
    Ok(())
}
