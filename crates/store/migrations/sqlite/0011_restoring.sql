-- A wallet is restored when the network has units of it that no journal here holds.

-- Why it is being restored, while it is: such a unit, or `declared` by the operator.
ALTER TABLE lines ADD COLUMN restoring TEXT;
ALTER TABLE lines ADD COLUMN generation INTEGER NOT NULL DEFAULT 0; -- how often it was
ALTER TABLE lines ADD COLUMN places INTEGER NOT NULL DEFAULT 0;     -- so many addresses may have been used

CREATE TABLE foreign_units (
    id       INTEGER PRIMARY KEY,
    endpoint TEXT    NOT NULL REFERENCES lines (endpoint),
    unit     TEXT    NOT NULL,
    found_at INTEGER NOT NULL,
    UNIQUE (endpoint, unit)
) STRICT;

-- What they pay to others, and which order that explains.
CREATE TABLE foreign_outputs (
    id       INTEGER PRIMARY KEY,
    endpoint TEXT    NOT NULL,
    unit     TEXT    NOT NULL,
    address  TEXT    NOT NULL,
    amount   INTEGER NOT NULL,
    payout   INTEGER UNIQUE REFERENCES payouts (id),
    FOREIGN KEY (endpoint, unit) REFERENCES foreign_units (endpoint, unit)
) STRICT;

CREATE INDEX foreign_outputs_unexplained ON foreign_outputs (endpoint, address, amount) WHERE payout IS NULL;

-- Coins that such units spent: coins from outside, and ends of the line.
CREATE TABLE lost_coins (
    endpoint      TEXT    NOT NULL REFERENCES lines (endpoint),
    unit          TEXT    NOT NULL,
    message_index INTEGER NOT NULL,
    output_index  INTEGER NOT NULL,
    amount        INTEGER NOT NULL,
    reserve       INTEGER NOT NULL, -- what was set aside for spending it
    lost_at       INTEGER NOT NULL,
    PRIMARY KEY (endpoint, unit, message_index, output_index)
) STRICT, WITHOUT ROWID;

ALTER TABLE coins ADD COLUMN origin TEXT NOT NULL DEFAULT 'others' CHECK (origin IN ('others', 'foreign unit'));
ALTER TABLE coins ADD COLUMN lost_at INTEGER CHECK (lost_at IS NULL OR slot IS NULL);
DROP INDEX coins_free;
CREATE INDEX coins_free ON coins (endpoint, id) WHERE slot IS NULL AND lost_at IS NULL;
