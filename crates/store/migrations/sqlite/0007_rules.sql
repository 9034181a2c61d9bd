-- What cashback was computed by: rules and terms are added and never changed, so that each purchase can be
-- explained by those of its day.

CREATE TABLE rules (
    version INTEGER PRIMARY KEY,
    text    TEXT    NOT NULL, -- as the configuration names them, a line for each key
    since   INTEGER NOT NULL
) STRICT;

-- The newest row of a partner holds.
CREATE TABLE partner_terms (
    id               INTEGER PRIMARY KEY,
    partner          INTEGER NOT NULL REFERENCES partners (id),
    since            INTEGER NOT NULL,
    percentage_max   TEXT, -- where nothing stands, the rules hold
    purchase_min_usd TEXT,
    cashback_max_usd TEXT
) STRICT;

CREATE INDEX partner_terms_of_partner ON partner_terms (partner, id);

ALTER TABLE purchases ADD COLUMN rules INTEGER REFERENCES rules (version);  -- nothing before this migration
ALTER TABLE purchases ADD COLUMN explanation TEXT NOT NULL DEFAULT '';      -- lines
