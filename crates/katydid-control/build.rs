//! The built page is embedded: when it is built anew, or for the first time, this crate is compiled again.

fn main() {
    println!("cargo:rerun-if-changed=../../web/dist");
}
