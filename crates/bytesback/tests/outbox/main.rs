//! Cashback for mailboxes from the request to the mail, with a real SMTP server and a devnet.

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/inside.rs"]
mod inside;
#[path = "../common/site.rs"]
mod site;
#[path = "../mail/smtp.rs"]
mod smtp;

mod addresses;
mod corrected;
mod dev;
mod killed;
mod letter;
mod mails;
mod many;
mod partners;
mod reminders;
mod secrets;
mod serve;
mod stage;
mod told;
