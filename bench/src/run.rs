//! From options to tables.

use std::fs;
use std::path::Path;

use anyhow::Context;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::{Value, json};

use crate::layout::Section;
use crate::machine::Machine;
use crate::options::Options;
use crate::{part, plan};

/// Runs all parts, prints them, and writes them where that was asked for.
///
/// # Errors
/// Where there is nothing to load, or nothing can be measured. A server that pays nothing is a row.
pub async fn run(options: Options) -> anyhow::Result<()> {
    allow_many_connections();
    let machine = Machine::this();
    println!("{machine}");
    let mut sections = Vec::new();
    for part in plan::parts(&options) {
        println!();
        sections.push(part::run(part, &options).await?);
        // After each part, so that a later one that fails takes nothing with it.
        keep(&machine, &sections, &options)?;
    }
    Ok(())
}

fn keep(machine: &Machine, sections: &[Section], options: &Options) -> anyhow::Result<()> {
    if let Some(file) = &options.json {
        let parts: Vec<&Value> = sections.iter().map(|section| &section.data).collect();
        let all = json!({"machine": machine.to_json(), "parts": parts});
        write(file, &format!("{all:#}\n"))?;
    }
    if let Some(file) = &options.markdown {
        let sections: Vec<_> = sections.iter().map(Section::markdown).collect();
        write(file, &format!("{machine}\n\n{}", sections.join("\n")))?;
    }
    Ok(())
}

fn write(file: &Path, text: &str) -> anyhow::Result<()> {
    fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))
}

/// Takes all file descriptors that the system allows, for us and the server that inherits them.
fn allow_many_connections() {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    // Without them only the largest rows suffer, and their errors say why.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
}
