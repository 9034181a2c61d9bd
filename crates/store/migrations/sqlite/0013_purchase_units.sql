-- Where partners receive money, and the units that proved a purchase: each counts once.

CREATE TABLE receiving_addresses (
    endpoint TEXT    NOT NULL,
    partner  INTEGER NOT NULL REFERENCES partners (id),
    address  TEXT    NOT NULL,
    role     TEXT    NOT NULL CHECK (role IN ('own', 'gateway')),
    added_at INTEGER NOT NULL,
    PRIMARY KEY (endpoint, partner, address)
) STRICT, WITHOUT ROWID;

-- The purchase unit, and the unit by which a gateway forwarded its money.
CREATE TABLE purchase_units (
    endpoint TEXT    NOT NULL,
    unit     TEXT    NOT NULL,
    payout   INTEGER NOT NULL REFERENCES payouts (id),
    PRIMARY KEY (endpoint, unit)
) STRICT, WITHOUT ROWID;

CREATE INDEX purchase_units_by_payout ON purchase_units (payout);

-- No purchase had a verified unit before; what was kept all the same counts as used.
INSERT OR IGNORE INTO purchase_units (endpoint, unit, payout)
    SELECT endpoint, purchase_unit, payout FROM purchases WHERE purchase_unit IS NOT NULL ORDER BY id;
