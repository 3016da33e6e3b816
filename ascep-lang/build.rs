//! Turns `grammar/ascep.lalrpop` into the tables of the parser.

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let mut config = lalrpop::Configuration::new();
    config.emit_rerun_directives(true).emit_comments(false).never_use_colors();
    config.set_in_dir("grammar").set_out_dir(std::env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?);
    config.process()?;
    Ok(())
}
