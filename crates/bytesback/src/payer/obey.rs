//! What operators want of the payer, and what it keeps for them.

use payout::{Alarm, Event};
use store::{DepositAddress, GivenAnew, GivingOrder, StoreError, Wishes};

use super::worker::{Fixed, Worker};

impl Worker<'_> {
    /// Does what operators want, as it stands in the database.
    pub(super) async fn obey(&mut self) -> Result<(), StoreError> {
        let endpoint = self.fixed.endpoint;
        self.give_anew().await?;
        let Wishes { pauses, reposts, released } = self.fixed.store.wishes(&self.fixed.lock).await?;
        match pauses.into_iter().next() {
            Some(pause) if self.engine.paused().is_none() => {
                tracing::warn!(%endpoint, why = %pause.why, "paying is stopped until an operator resumes it");
                self.handle(Event::Paused(pause.why)).await?;
            }
            None if self.engine.paused().is_some() => {
                tracing::info!(%endpoint, "paying goes on");
                self.handle(Event::Resumed).await?;
            }
            _ => {}
        }
        if !released.is_empty() {
            let ids: Vec<_> = released.iter().map(|payout| payout.id).collect();
            // What a snapshot told already is in hand, and not taken in again.
            self.handle(Event::Queued(released)).await?;
            self.fixed.store.taken_up(&self.fixed.lock, &ids, self.fixed.clock.now()).await?;
        }
        self.give_deposit_addresses().await?;
        // Without a hub they wait.
        if let Some(last) = reposts.last().filter(|_| self.fixed.hubs.is_connected()) {
            for wish in &reposts {
                self.handle(Event::Repost(wish.slot)).await?;
            }
            self.fixed.store.reposted(&self.fixed.lock, last.no, self.fixed.clock.now()).await?;
        }
        Ok(())
    }

    /// Accepts anew what came back from mailboxes that were mistyped. Once accepted, it is told like what was released.
    async fn give_anew(&self) -> Result<(), StoreError> {
        let Fixed { store, lock, endpoint, clock, limits, settings, .. } = self.fixed;
        let fee_reserve = settings.limits.mailbox_reserve(settings.network);
        for correction in store.due_corrections(*endpoint, clock.now()).await? {
            let (limits, at) = (limits.clone(), clock.now());
            match store.give_anew(lock, GivingOrder { correction, fee_reserve, limits, at }).await {
                Ok(GivenAnew::Queued(payout)) => {
                    tracing::info!(%endpoint, payout = %payout.id, "cashback goes to a mailbox that was corrected");
                }
                Ok(GivenAnew::Held(payout)) => {
                    tracing::warn!(%endpoint, payout = %payout.id, "cashback for a mailbox that was corrected is held");
                }
                Ok(GivenAnew::Waits(_)) => {}
                // It was replaced in between, or its purchase returned.
                Err(StoreError::Unknown(_)) => {}
                // Nothing of it has changed. Others are paid all the same.
                Err(error @ (StoreError::Violation(_) | StoreError::BadRow { .. })) => {
                    let no = correction.get();
                    tracing::error!(%endpoint, correction = no, %error, "a correction of a mailbox cannot be done");
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Partners that have no deposit address yet get one.
    async fn give_deposit_addresses(&mut self) -> Result<(), StoreError> {
        let Fixed { store, lock, endpoint, clock, keyring, .. } = self.fixed;
        let (partners, first) = store.without_deposit_address(*endpoint).await?;
        if partners.is_empty() {
            return Ok(());
        }
        let (mut keyring, mut count) = (keyring.clone(), 0);
        for (partner, number) in partners.into_iter().zip(first..) {
            let address = keyring.deposit_address(number);
            store
                .give_deposit_address(lock, DepositAddress { partner, number, address }, clock.now())
                .await?;
            count = number;
        }
        self.handle(Event::Deposits(count)).await
    }

    /// Takes in what another process has accepted before it noticed that this one pays. What is in hand
    /// already is not taken in again.
    pub(super) async fn take_up(&mut self) -> Result<(), StoreError> {
        let queue = self.fixed.store.snapshot(self.fixed.endpoint).await?.queue;
        self.handle(Event::Queued(queue)).await
    }

    /// What the engine has stopped by itself stays stopped over a restart, until an operator ends it.
    pub(super) async fn keep_pause(&self, before: Option<&Alarm>) -> Result<(), StoreError> {
        match self.engine.paused() {
            Some(Alarm::Operator(_)) | None => Ok(()),
            paused if paused == before => Ok(()),
            Some(why) => {
                let Fixed { store, endpoint, clock, .. } = self.fixed;
                store.pause(*endpoint, why, clock.now()).await.map(drop)
            }
        }
    }
}
