-- Textcoins that nobody claims are taken back by units of their own.

-- When an operator wanted it back before its time.
ALTER TABLE textcoins ADD COLUMN recalled_at INTEGER;
CREATE INDEX textcoins_recalled ON textcoins (endpoint) WHERE recalled_at IS NOT NULL AND outcome IS NULL;

-- In which order they ended.
ALTER TABLE textcoins ADD COLUMN ended_no INTEGER CHECK ((ended_no IS NULL) = (outcome IS NULL));
CREATE UNIQUE INDEX textcoins_ended ON textcoins (endpoint, ended_no) WHERE outcome IS NOT NULL;

-- Signed units, each of which takes back one textcoin; those of one textcoin spend the same coin.
CREATE TABLE sweeps (
    id            INTEGER PRIMARY KEY,
    payout        INTEGER NOT NULL REFERENCES textcoins (payout),
    version       INTEGER NOT NULL,
    unit          TEXT    NOT NULL UNIQUE,
    json          TEXT    NOT NULL, -- exactly as it is posted
    message_index INTEGER NOT NULL, -- what comes back is an output of this unit
    output_index  INTEGER NOT NULL,
    amount        INTEGER NOT NULL,
    address       TEXT    NOT NULL,
    size_fee      INTEGER NOT NULL,
    tps_fee       INTEGER NOT NULL,
    signed_at     INTEGER NOT NULL,
    status        TEXT    NOT NULL,
    answer        TEXT,             -- the hub's last words
    answered_at   INTEGER,
    UNIQUE (payout, version)
) STRICT;

-- Which textcoin came back with a coin.
ALTER TABLE coins ADD COLUMN textcoin INTEGER REFERENCES textcoins (payout);

-- The last textcoin that ended, of those that an audit has compared.
ALTER TABLE audits ADD COLUMN last_textcoin INTEGER NOT NULL DEFAULT 0;
