//! Load benchmark of a Bytesback server.
//!
//! The plan: [`plan`] says which parts are run. For each, [`stage`] starts `bytesback dev` (or takes the
//! server behind `--url`), [`load`] reports purchases to it on a schedule (open) or by a number of clients
//! (closed) through [`http`], and [`fees`] asks the hub afterwards what the units cost. [`part`] turns all
//! of it into figures, [`layout`] prints them as text and Markdown and [`report`] writes them as JSON,
//! beside what [`machine`] they were made on.
//!
//! The generator shares the machine with what it measures. It therefore runs on one thread, knows only as
//! much HTTP as it needs, and reports the processor time that it took itself.

pub mod fees;
pub mod http;
pub mod layout;
pub mod load;
pub mod machine;
pub mod options;
pub mod part;
pub mod plan;
pub mod process;
pub mod report;
pub mod row;
pub mod run;
pub mod server;
pub mod shop;
pub mod stage;
pub mod subject;
pub mod table;
pub mod tally;
