-- The first schema. Texts of enums, accounts and causes are the stable codes of the crates that own them.
-- Times are milliseconds since 1970, amounts are bytes.

-- Partners ---------------------------------------------------------------------------------------------

CREATE TABLE partners (
    id          INTEGER PRIMARY KEY,
    name        TEXT    NOT NULL UNIQUE,
    kind        TEXT    NOT NULL CHECK (kind IN ('merchant', 'processor')),
    trusted     INTEGER NOT NULL CHECK (trusted IN (0, 1)),
    added_at    INTEGER NOT NULL,
    disabled_at INTEGER
) STRICT;

CREATE TABLE partner_keys (
    id          INTEGER PRIMARY KEY,
    partner     INTEGER NOT NULL REFERENCES partners (id),
    hash        BLOB    NOT NULL UNIQUE CHECK (length(hash) = 32), -- SHA-256; nothing else of the key is kept
    label       TEXT    NOT NULL,
    added_at    INTEGER NOT NULL,
    disabled_at INTEGER
) STRICT;

CREATE INDEX partner_keys_of_partner ON partner_keys (partner);

-- Endpoints --------------------------------------------------------------------------------------------

-- What an endpoint is tied to, once it was started.
CREATE TABLE identities (
    endpoint        TEXT NOT NULL PRIMARY KEY CHECK (endpoint IN ('live', 'test')),
    network         TEXT NOT NULL,
    wallet          TEXT NOT NULL,
    order_providers TEXT NOT NULL -- sorted, separated by spaces
) STRICT, WITHOUT ROWID;

-- Where the payer's line of an endpoint stands.
CREATE TABLE lines (
    endpoint       TEXT    NOT NULL PRIMARY KEY CHECK (endpoint IN ('live', 'test')),
    next_slot      INTEGER NOT NULL DEFAULT 0,
    synced_mci     INTEGER NOT NULL DEFAULT 0,
    accepted_units INTEGER NOT NULL DEFAULT 0, -- numbers the versions in the order of their acceptance
    first_unit     TEXT,
    first_unit_mci INTEGER
) STRICT, WITHOUT ROWID;

INSERT INTO lines (endpoint) VALUES ('live'), ('test');

-- The line of units ------------------------------------------------------------------------------------

CREATE TABLE slots (
    endpoint        TEXT    NOT NULL REFERENCES lines (endpoint),
    no              INTEGER NOT NULL,
    anchor_unit     TEXT    NOT NULL,
    anchor_message  INTEGER NOT NULL,
    anchor_output   INTEGER NOT NULL,
    anchor_amount   INTEGER NOT NULL,
    anchor_address  TEXT    NOT NULL,
    state           TEXT    NOT NULL CHECK (state IN ('open', 'settled', 'dead')),
    winner          INTEGER CHECK ((winner IS NOT NULL) = (state = 'settled')), -- versions.version
    mci             INTEGER,
    charged_tps_fee INTEGER,
    closed_at       INTEGER CHECK ((closed_at IS NULL) = (state = 'open')),
    PRIMARY KEY (endpoint, no)
) STRICT, WITHOUT ROWID;

CREATE INDEX slots_open ON slots (endpoint, no) WHERE state = 'open';

CREATE TABLE versions (
    id             INTEGER PRIMARY KEY,
    endpoint       TEXT    NOT NULL,
    slot           INTEGER NOT NULL,
    version        INTEGER NOT NULL,
    unit           TEXT    NOT NULL UNIQUE,
    json           TEXT    NOT NULL,            -- exactly as it is posted
    change_message INTEGER NOT NULL,            -- the change is an output of this unit
    change_output  INTEGER NOT NULL,
    change_amount  INTEGER NOT NULL,
    change_address TEXT    NOT NULL,
    size_fee       INTEGER NOT NULL,
    tps_fee        INTEGER NOT NULL,
    signed_at      INTEGER NOT NULL,
    status         TEXT    NOT NULL,
    answer         TEXT,                        -- the hub's last words
    answered_at    INTEGER,
    accepted_no    INTEGER,                     -- when in the line's order a hub accepted it first
    UNIQUE (endpoint, slot, version),
    FOREIGN KEY (endpoint, slot) REFERENCES slots (endpoint, no)
) STRICT;

CREATE INDEX versions_signed ON versions (endpoint, signed_at);

CREATE TABLE version_inputs (
    version       INTEGER NOT NULL REFERENCES versions (id),
    position      INTEGER NOT NULL,
    unit          TEXT    NOT NULL,
    message_index INTEGER NOT NULL,
    output_index  INTEGER NOT NULL,
    amount        INTEGER NOT NULL,
    address       TEXT    NOT NULL,
    PRIMARY KEY (version, position)
) STRICT, WITHOUT ROWID;

-- Coins that came from outside, each credited once. A coin is free while `slot` is null; otherwise an open
-- slot spends it, or a settled one has spent it.
CREATE TABLE coins (
    id            INTEGER PRIMARY KEY,
    endpoint      TEXT    NOT NULL,
    unit          TEXT    NOT NULL,
    message_index INTEGER NOT NULL,
    output_index  INTEGER NOT NULL,
    amount        INTEGER NOT NULL CHECK (amount > 0),
    address       TEXT    NOT NULL,
    proven_at     INTEGER NOT NULL,
    slot          INTEGER,
    UNIQUE (endpoint, unit, message_index, output_index),
    FOREIGN KEY (endpoint, slot) REFERENCES slots (endpoint, no)
) STRICT;

CREATE INDEX coins_free ON coins (endpoint, id) WHERE slot IS NULL;

-- Payouts and purchases --------------------------------------------------------------------------------

-- A payout waits in the queue while `slot` is null. It is in a unit while its slot is open, and paid for
-- ever once its slot is settled: what a settled slot does not pay goes back to the queue.
CREATE TABLE payouts (
    id          INTEGER PRIMARY KEY,
    endpoint    TEXT    NOT NULL,
    address     TEXT    NOT NULL,
    amount      INTEGER NOT NULL CHECK (amount > 0),
    fee_reserve INTEGER NOT NULL CHECK (fee_reserve >= 0),
    queued_at   INTEGER NOT NULL,
    slot        INTEGER,
    position    INTEGER CHECK ((position IS NULL) = (slot IS NULL)), -- within the slot
    FOREIGN KEY (endpoint, slot) REFERENCES slots (endpoint, no)
) STRICT;

CREATE INDEX payouts_queued ON payouts (endpoint, queued_at, id) WHERE slot IS NULL;

CREATE TABLE version_outputs (
    version      INTEGER NOT NULL REFERENCES versions (id),
    position     INTEGER NOT NULL,
    payout       INTEGER NOT NULL REFERENCES payouts (id),
    output_index INTEGER NOT NULL,
    PRIMARY KEY (version, position)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX version_outputs_of_payout ON version_outputs (payout, version);

CREATE TABLE purchases (
    id              INTEGER PRIMARY KEY,
    endpoint        TEXT    NOT NULL,
    partner         INTEGER NOT NULL REFERENCES partners (id),
    merchant_scope  TEXT    NOT NULL, -- empty for merchants
    order_id        TEXT    NOT NULL,
    recipient       TEXT    NOT NULL, -- the term; the bytes go to payouts.address
    currency        TEXT    NOT NULL,
    currency_amount TEXT    NOT NULL,
    percentage      TEXT    NOT NULL,
    purchase_unit   TEXT,
    customer        TEXT    NOT NULL,
    merchant        TEXT    NOT NULL,
    description     TEXT    NOT NULL,
    base            INTEGER NOT NULL,
    partner_share   INTEGER NOT NULL,
    matched         INTEGER NOT NULL,
    rates           TEXT    NOT NULL, -- such as `GBYTE_USD=20 EUR_USD=1.1`
    payout          INTEGER NOT NULL UNIQUE REFERENCES payouts (id),
    UNIQUE (endpoint, partner, merchant_scope, order_id)
) STRICT;

-- The book ---------------------------------------------------------------------------------------------

CREATE TABLE entries (
    id       INTEGER PRIMARY KEY,
    endpoint TEXT    NOT NULL,
    at       INTEGER NOT NULL,
    cause    TEXT    NOT NULL,
    note     TEXT    NOT NULL,
    UNIQUE (endpoint, cause) -- nothing is booked twice
) STRICT;

CREATE TABLE postings (
    entry   INTEGER NOT NULL REFERENCES entries (id),
    account TEXT    NOT NULL,
    change  INTEGER NOT NULL CHECK (change <> 0),
    PRIMARY KEY (entry, account)
) STRICT, WITHOUT ROWID;

-- The sums of the postings, kept.
CREATE TABLE balances (
    endpoint TEXT    NOT NULL,
    account  TEXT    NOT NULL,
    balance  INTEGER NOT NULL,
    PRIMARY KEY (endpoint, account)
) STRICT, WITHOUT ROWID;
