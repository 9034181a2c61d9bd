-- Purchases that their partner reported as returned, each once. The customer keeps the cashback.

CREATE TABLE refunds (
    payout       INTEGER PRIMARY KEY REFERENCES payouts (id),
    endpoint     TEXT    NOT NULL,
    returned     TEXT    NOT NULL,                                   -- of the price, in its currency
    share        TEXT    NOT NULL,                                   -- of what the fund gave, in percent
    claim        INTEGER NOT NULL CHECK (claim >= 0),                -- charged to the partner
    from_deposit INTEGER NOT NULL CHECK (from_deposit BETWEEN 0 AND claim), -- the rest became a receivable
    at           INTEGER NOT NULL,
    undone_at    INTEGER                                             -- when the payout was given up
) STRICT;
