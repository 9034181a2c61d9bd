//! The `bytesback` command.

/// Stays small and fast under many threads, where the system's allocator keeps an arena for each.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> std::process::ExitCode {
    bytesback::cli::main()
}
