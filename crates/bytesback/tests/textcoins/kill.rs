//! A server that is killed again and again while it gives textcoins and takes them back.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use bytesback_client::Client;

use crate::common::{argument, until};
use crate::inside::Inside;
use crate::stage::{Abroad, Stage, someone};

/// Names the folder of the server below, which is one only for the test that starts it.
const FOLDER: &str = "BYTESBACK_TEST_FOLDER";
/// After so many milliseconds each of the servers is killed.
const LIVES: [u64; 6] = [700, 1_900, 300, 1_400, 2_600, 1_000];

/// The server, in a process of its own.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "the test below starts it"]
async fn serves_until_it_is_killed() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let folder = Path::new(&folder);
    let inside = Inside::serve(Abroad::read(folder).server(folder).await).await;
    std::fs::write(folder.join("url.new"), &inside.url).expect("written");
    std::fs::rename(folder.join("url.new"), folder.join("url")).expect("written at once");
    std::future::pending::<()>().await;
}

pub(crate) struct Server(Child);

impl Server {
    pub(crate) async fn start(folder: &Path) -> (Self, Client) {
        let _ = std::fs::remove_file(folder.join("url"));
        let child = Command::new(std::env::current_exe().expect("it runs"))
            .args(["--ignored", "--exact", "kill::serves_until_it_is_killed"])
            .env(FOLDER, argument(folder))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("it can be started again");
        let server = Self(child);
        until("the server listens", async || folder.join("url").exists()).await;
        let url = std::fs::read_to_string(folder.join("url")).expect("it is there");
        (server, Client::new(&url).expect("a URL"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_killed_at_random_moments_ends_each_textcoin_once() {
    let stage = Stage::without_server(Duration::from_secs(1)).await;
    let mut orders = Vec::new();
    for (life, millis) in LIVES.into_iter().enumerate() {
        let (server, client) = Server::start(stage.folder()).await;
        if life == 0 {
            stage.is_funded().await;
        }
        orders.push(format!("{life}a"));
        orders.push(format!("{life}b"));
        let buying = stage.buy_all(&client, &orders[orders.len() - 2..]);
        // Whether they are answered or not.
        let _ = tokio::time::timeout(Duration::from_millis(millis), buying).await;
        if life == 2 {
            // Perhaps it was taken back already.
            let _ = stage.claim(&orders[0], someone("early")).await;
        }
        drop(server);
    }
    let (server, client) = Server::start(stage.folder()).await;
    for order in &orders {
        stage.buy_all(&client, std::slice::from_ref(order)).await.expect("it is paid at last");
    }
    stage.all_have_ended(orders.len() as u64).await;
    drop(server);
    stage.audit().await;
}
