-- The line moves along the addresses of its wallet, and each of them reveals its definition once.

CREATE TABLE first_units (
    endpoint TEXT NOT NULL REFERENCES lines (endpoint),
    address  TEXT NOT NULL,
    unit     TEXT NOT NULL,
    mci      INTEGER,
    PRIMARY KEY (endpoint, address)
) STRICT, WITHOUT ROWID;

INSERT INTO first_units (endpoint, address, unit, mci)
SELECT lines.endpoint, slots.anchor_address, lines.first_unit, lines.first_unit_mci
FROM lines
JOIN versions ON versions.unit = lines.first_unit
JOIN slots ON slots.endpoint = versions.endpoint AND slots.no = versions.slot;

ALTER TABLE lines DROP COLUMN first_unit;
ALTER TABLE lines DROP COLUMN first_unit_mci;

-- What was set aside, when a coin was credited, for spending it.
ALTER TABLE coins ADD COLUMN reserve INTEGER NOT NULL DEFAULT 0 CHECK (reserve BETWEEN 0 AND amount);
