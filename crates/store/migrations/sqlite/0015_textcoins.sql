-- Cashback for mailboxes leaves as textcoins, on addresses of their own.

-- Whether a payout is paid by a textcoin; its address is empty until it is in a slot for the first time, when the
-- textcoin gets its number: the generation of the wallet, and a counter within it.
ALTER TABLE payouts ADD COLUMN textcoin INTEGER NOT NULL DEFAULT 0 CHECK (textcoin IN (0, 1));
ALTER TABLE payouts ADD COLUMN counter INTEGER CHECK (counter IS NULL OR textcoin = 1);
ALTER TABLE payouts ADD COLUMN generation INTEGER CHECK ((generation IS NULL) = (counter IS NULL));
-- What the textcoin holds above the amount, for the fees of claiming it.
ALTER TABLE payouts ADD COLUMN claim_reserve INTEGER CHECK ((claim_reserve IS NULL) = (counter IS NULL));

CREATE UNIQUE INDEX payouts_by_textcoin ON payouts (endpoint, generation, counter) WHERE counter IS NOT NULL;

-- The counter of the next textcoin, in the generation of the line.
ALTER TABLE lines ADD COLUMN textcoins INTEGER NOT NULL DEFAULT 0;

-- How long who is sent the words has, from the moment when a hub accepts the unit that gives the textcoin.
ALTER TABLE payouts ADD COLUMN expires_after INTEGER CHECK ((expires_after IS NOT NULL) = textcoin);

-- Textcoins that a hub has accepted.
CREATE TABLE textcoins (
    payout      INTEGER PRIMARY KEY REFERENCES payouts (id),
    endpoint    TEXT    NOT NULL,
    accepted_at INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL,
    outcome     TEXT    CHECK (outcome IN ('claimed', 'taken back')), -- proven
    ended_by    TEXT    CHECK ((ended_by IS NULL) = (outcome IS NULL)), -- the unit
    ended_at    INTEGER CHECK ((ended_at IS NULL) = (outcome IS NULL))
) STRICT;

CREATE INDEX textcoins_open ON textcoins (endpoint, expires_at) WHERE outcome IS NULL;
