-- Textcoins that units of a lost database gave are looked for, and taken back where nobody claims them.

-- Which output it is of its unit, and when that was made. What was found before these were kept has neither, and no
-- textcoin is looked for among it.
ALTER TABLE foreign_outputs ADD COLUMN message_index INTEGER;
ALTER TABLE foreign_outputs ADD COLUMN output_index INTEGER CHECK ((output_index IS NULL) = (message_index IS NULL));
ALTER TABLE foreign_units ADD COLUMN made_at INTEGER;
CREATE INDEX foreign_outputs_by_address ON foreign_outputs (endpoint, address);
CREATE INDEX foreign_outputs_by_amount ON foreign_outputs (endpoint, amount) WHERE payout IS NULL;

-- Textcoins behind such outputs, by their numbers, and how they ended.
CREATE TABLE found_textcoins (
    id         INTEGER PRIMARY KEY,
    endpoint   TEXT    NOT NULL REFERENCES lines (endpoint),
    output     INTEGER NOT NULL UNIQUE REFERENCES foreign_outputs (id),
    generation INTEGER NOT NULL,
    counter    INTEGER NOT NULL,
    found_at   INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    recalled_at INTEGER,
    claim_seen TEXT,
    outcome    TEXT    CHECK (outcome IN ('claimed', 'taken back')), -- proven
    ended_by   TEXT    CHECK ((ended_by IS NULL) = (outcome IS NULL)), -- the unit
    ended_at   INTEGER CHECK ((ended_at IS NULL) = (outcome IS NULL)),
    ended_no   INTEGER CHECK ((ended_no IS NULL) = (outcome IS NULL)), -- among all textcoins
    -- The order that counted as paid by it, whose partner got its share back with it.
    payout     INTEGER REFERENCES payouts (id) CHECK (payout IS NULL OR outcome = 'taken back'),
    -- Whether its coin was booked as a top-up before it was known where it came from.
    late       INTEGER NOT NULL DEFAULT 0 CHECK (late = 0 OR late = 1 AND outcome = 'taken back'),
    UNIQUE (endpoint, generation, counter)
) STRICT;

CREATE INDEX found_textcoins_open ON found_textcoins (endpoint, expires_at) WHERE outcome IS NULL;
CREATE UNIQUE INDEX found_textcoins_ended ON found_textcoins (endpoint, ended_no) WHERE outcome IS NOT NULL;
CREATE INDEX found_textcoins_ended_by ON found_textcoins (endpoint, ended_by) WHERE outcome IS NOT NULL;
CREATE INDEX found_textcoins_payout ON found_textcoins (payout) WHERE payout IS NOT NULL;

-- Which of them came back with a coin.
ALTER TABLE coins ADD COLUMN found INTEGER REFERENCES found_textcoins (id) CHECK (found IS NULL OR textcoin IS NULL);

-- Where the search for them stands.
CREATE TABLE textcoin_searches (
    endpoint    TEXT    PRIMARY KEY REFERENCES lines (endpoint),
    output      INTEGER NOT NULL, -- the last foreign output that was known when it began
    generations INTEGER NOT NULL, -- all below are searched
    generation  INTEGER NOT NULL, -- the number that is tried next
    counter     INTEGER NOT NULL,
    given       INTEGER NOT NULL  -- all of its generation that are known to be given are below
) STRICT, WITHOUT ROWID;

-- Units that take textcoins back, by the numbers of those.
CREATE TABLE sweeps_by_number (
    id            INTEGER PRIMARY KEY,
    endpoint      TEXT    NOT NULL REFERENCES lines (endpoint),
    generation    INTEGER NOT NULL,
    counter       INTEGER NOT NULL,
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
    UNIQUE (endpoint, generation, counter, version)
) STRICT;

INSERT INTO sweeps_by_number
SELECT sweeps.id, payouts.endpoint, generation, counter, version, unit, json, message_index, output_index,
    sweeps.amount, sweeps.address, size_fee, tps_fee, signed_at, status, answer, answered_at
FROM sweeps JOIN payouts ON payouts.id = sweeps.payout;
DROP TABLE sweeps;
ALTER TABLE sweeps_by_number RENAME TO sweeps;
