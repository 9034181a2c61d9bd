-- Bytes that leave the wallet again: deposits of partners, and parts of the fund.

CREATE TABLE withdrawals (
    id          INTEGER PRIMARY KEY,
    endpoint    TEXT    NOT NULL,
    command     TEXT    NOT NULL,                                -- its id, claimed for ever
    partner     INTEGER REFERENCES partners (id),                -- whose deposit; of the fund where it is null
    payout      INTEGER NOT NULL UNIQUE REFERENCES payouts (id),
    taken_up_at INTEGER,                                         -- when the payer heard of it
    UNIQUE (endpoint, command)
) STRICT;

CREATE INDEX withdrawals_waiting ON withdrawals (endpoint, id) WHERE taken_up_at IS NULL;

-- Where the deposit of a partner may go; the newest row of a partner holds.
CREATE TABLE withdrawal_addresses (
    id       INTEGER PRIMARY KEY,
    partner  INTEGER NOT NULL REFERENCES partners (id),
    endpoint TEXT    NOT NULL,
    address  TEXT    NOT NULL,
    since    INTEGER NOT NULL
) STRICT;

CREATE INDEX withdrawal_addresses_of_partner ON withdrawal_addresses (partner, endpoint, id);

-- How the server that was started last is configured, as far as commands beside it need to know.
CREATE TABLE provisions (
    endpoint     TEXT    NOT NULL PRIMARY KEY CHECK (endpoint IN ('live', 'test')),
    fee_reserve  INTEGER NOT NULL,
    fund_reserve INTEGER NOT NULL,
    low_fund     INTEGER, -- nothing is low where it is null
    low_deposit  INTEGER
) STRICT, WITHOUT ROWID;
