//! The `bytesback` command.

fn main() -> std::process::ExitCode {
    bytesback::cli::main()
}
