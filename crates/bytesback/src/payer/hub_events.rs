//! What hubs say on their own, told to the engine.

use obyte::fee::{ThresholdSize, TpsLaw};
use obyte_hub::{HubEvent, HubName, HubsEvent, SystemVars};
use payout::Event;
use serde_json::Number;
use store::StoreError;

use super::errand::PATIENCE;
use super::worker::Worker;

impl Worker<'_> {
    pub(super) async fn on_hubs(&mut self, event: HubsEvent) -> Result<(), StoreError> {
        match event {
            // The new hub gets the whole line first, and tells the history (8.2, 8.4).
            HubsEvent::Switched { from, to, why } => {
                tracing::info!(endpoint = %self.fixed.endpoint, %from, %to, %why, "paying goes on with another hub");
                self.fixed.news.send_modify(|news| news.connections += 1);
                self.handle(Event::Disconnected).await?;
                self.handle(Event::Connected).await
            }
            HubsEvent::Joined { hub, name } => {
                tracing::info!(endpoint = %self.fixed.endpoint, hub = %name, "another hub is connected, too");
                self.fixed.hubs.catch_up(hub, self.engine.line(), PATIENCE);
                Ok(())
            }
            HubsEvent::Said { from, event } => self.on_hub(&from, event).await,
        }
    }

    async fn on_hub(&mut self, hub: &HubName, event: HubEvent) -> Result<(), StoreError> {
        let endpoint = self.fixed.endpoint;
        match event {
            HubEvent::Connected => {
                tracing::info!(%endpoint, %hub, "connected to the hub");
                self.fixed.news.send_modify(|news| news.connections += 1);
                self.handle(Event::Connected).await
            }
            HubEvent::Disconnected { why } => {
                tracing::warn!(%endpoint, %hub, %why, "disconnected from the hub");
                self.handle(Event::Disconnected).await
            }
            HubEvent::HaveUpdates | HubEvent::Missed { .. } => self.on_updates().await,
            HubEvent::SequenceBecameBad(units) => {
                tracing::warn!(%endpoint, %hub, ?units, "the hub calls units bad for now; the history will tell");
                self.on_updates().await
            }
            HubEvent::SystemVars(vars) => self.on_system_vars(&vars).await,
            HubEvent::Joint(_) | HubEvent::ExchangeRates(_) => Ok(()),
            HubEvent::Notice { subject, body } => {
                tracing::debug!(%endpoint, %hub, %subject, %body, "the hub says");
                Ok(())
            }
        }
    }

    async fn on_updates(&mut self) -> Result<(), StoreError> {
        self.fixed.news.send_modify(|news| news.updates += 1);
        self.handle(Event::HaveUpdates).await
    }

    async fn on_system_vars(&mut self, vars: &SystemVars) -> Result<(), StoreError> {
        // The newest figures: a unit made while a vote takes effect is refused once, and made again.
        if let Some(threshold) = vars.threshold_size.first().and_then(|voted| ThresholdSize::new(voted.value))
        {
            self.threshold = threshold;
            self.fixed.news.send_modify(|news| news.threshold = Some(threshold));
        }
        let law = law_of(vars);
        self.fixed.news.send_modify(|news| news.law = law.or(news.law));
        match law {
            Some(law) => self.handle(Event::FeeLaw(law)).await,
            None => Ok(()),
        }
    }
}

/// The law of the TPS fee from the newest voted figures, if they are figures.
fn law_of(vars: &SystemVars) -> Option<TpsLaw> {
    let newest = |voted: &[obyte_hub::Voted<Number>]| voted.first().and_then(|voted| voted.value.as_f64());
    Some(TpsLaw {
        base_fee: newest(&vars.base_tps_fee)?,
        interval: newest(&vars.tps_interval).filter(|interval| *interval > 0.0)?,
        multiplier: newest(&vars.tps_fee_multiplier)?,
    })
}
