-- Each partner has a deposit address of its own at each endpoint, for ever.

CREATE TABLE deposit_addresses (
    endpoint    TEXT    NOT NULL REFERENCES lines (endpoint),
    partner     INTEGER NOT NULL REFERENCES partners (id),
    number      INTEGER NOT NULL CHECK (number > 0), -- of the wallet's receiving addresses
    address     TEXT    NOT NULL,
    assigned_at INTEGER NOT NULL,
    PRIMARY KEY (endpoint, partner),
    UNIQUE (endpoint, number),
    UNIQUE (endpoint, address)
) STRICT, WITHOUT ROWID;

-- So many may have been given to partners, whatever the table says: after a restore.
ALTER TABLE lines ADD COLUMN deposits INTEGER NOT NULL DEFAULT 0;

-- Whose deposit a coin is; the fund's where null.
ALTER TABLE coins ADD COLUMN partner INTEGER REFERENCES partners (id);
