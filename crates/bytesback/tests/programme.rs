//! The rules as `docs/programme.md` explains them, and as commands apply them.

mod common;

use std::path::Path;

use crate::common::{argument, run};

/// What stands around the rules of an example.
const CONFIG: &str = r#"
listen = "127.0.0.1:8080"
[live]
network = "livenet"
wallet = "live.wallet"
[test]
network = "testnet"
wallet = "test.wallet"
[rates]
GBYTE_USD = "20"
EUR_USD = "1.10"
"#;

/// A command of the document, with the rules by which it computes.
#[derive(Debug, Default)]
struct Example {
    programme: String,
    command: String,
    output: String,
}

/// The examples of a document: indented blocks. One that begins with `[programme]` holds up to the next one, or
/// the next headline; one that begins with a dollar sign is a command with what it prints.
fn examples(document: &str) -> Vec<Example> {
    let (mut programme, mut examples) = (String::new(), Vec::new());
    for block in document.split("\n\n") {
        if block.starts_with("## ") {
            programme.clear();
        }
        let lines: Option<Vec<_>> = block.trim_end().lines().map(|line| line.strip_prefix("    ")).collect();
        let Some((first, rest)) = lines.as_deref().and_then(<[_]>::split_first) else { continue };
        if *first == "[programme]" {
            programme = lines.expect("they are indented").join("\n");
        } else if let Some(command) = first.strip_prefix("$ bytesback ") {
            let (programme, command) = (programme.clone(), command.to_owned());
            examples.push(Example { programme, command, output: rest.join("\n") });
        }
    }
    examples
}

fn write_config(folder: &Path, programme: &str) -> String {
    let file = folder.join("bytesback.toml");
    std::fs::write(&file, format!("{CONFIG}{programme}\n")).expect("written");
    argument(&file).to_owned()
}

#[test]
fn the_examples_of_the_document_are_what_the_program_computes() {
    let examples = examples(include_str!("../../../docs/programme.md"));
    assert!(examples.len() >= 14, "{} examples", examples.len());
    let folder = tempfile::tempdir().expect("a folder");
    for example in examples {
        let config = write_config(folder.path(), &example.programme);
        let command: Vec<_> = example.command.split(' ').collect();
        let (good, said) = run(&[&command[..], &["--config", &config]].concat());
        assert_eq!(said.trim_end(), example.output, "{example:?}");
        assert_eq!(good, !example.output.starts_with("refused"), "{example:?}");
    }
}
