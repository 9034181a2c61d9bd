-- Up to where the units and coins of an endpoint were found on the network by the last audit without a fault.

CREATE TABLE audits (
    endpoint  TEXT    NOT NULL PRIMARY KEY CHECK (endpoint IN ('live', 'test')),
    next_slot INTEGER NOT NULL, -- all slots below were closed and in order
    last_coin INTEGER NOT NULL, -- coins.id
    mci       INTEGER NOT NULL, -- what the hub knew to be stable before it was asked
    at        INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
