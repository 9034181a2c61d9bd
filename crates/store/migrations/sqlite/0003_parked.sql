-- A payout is parked when its payee turns out to be an autonomous agent: it is never paid, its shares returned.

ALTER TABLE payouts ADD COLUMN parked_at INTEGER CHECK (parked_at IS NULL OR slot IS NULL);

DROP INDEX payouts_queued;
CREATE INDEX payouts_queued ON payouts (endpoint, queued_at, id) WHERE slot IS NULL AND parked_at IS NULL;
