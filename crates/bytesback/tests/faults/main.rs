//! What happens to a server: a full disk, a locked database, a clock that jumps, a hub's certificate that
//! has expired. Each is said clearly, loses nothing, and when it is over the server goes on by itself.

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/inside.rs"]
mod inside;
#[path = "../common/site.rs"]
mod site;
#[path = "../common/stage.rs"]
mod stage;

mod certificate;
mod clock;
mod database;
