-- A payout is held while somebody is to look at it, and never paid once it was rejected.

ALTER TABLE payouts ADD COLUMN held_at INTEGER CHECK (held_at IS NULL OR (slot IS NULL AND parked_at IS NULL));
ALTER TABLE payouts ADD COLUMN rejected_at INTEGER CHECK (rejected_at IS NULL OR held_at IS NOT NULL);

DROP INDEX payouts_queued;
CREATE INDEX payouts_queued ON payouts (endpoint, queued_at, id)
    WHERE slot IS NULL AND parked_at IS NULL AND held_at IS NULL;

-- Why payouts were held, and what became of them; the newest of a payout says how it stands.
CREATE TABLE holds (
    id          INTEGER PRIMARY KEY,
    endpoint    TEXT    NOT NULL,
    payout      INTEGER NOT NULL REFERENCES payouts (id),
    reason      TEXT    NOT NULL,
    held_at     INTEGER NOT NULL,
    outcome     TEXT    CHECK (outcome IN ('released', 'rejected')),
    ended_at    INTEGER CHECK ((ended_at IS NULL) = (outcome IS NULL)),
    taken_up_at INTEGER CHECK (taken_up_at IS NULL OR outcome = 'released') -- when the payer heard of the release
) STRICT;

CREATE INDEX holds_of_payout ON holds (payout, id);
CREATE INDEX holds_open ON holds (endpoint, id) WHERE outcome IS NULL;
CREATE INDEX holds_released ON holds (endpoint, id) WHERE outcome = 'released' AND taken_up_at IS NULL;
