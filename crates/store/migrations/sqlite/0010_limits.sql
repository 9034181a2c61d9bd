-- What was given to and for whom, so that limits are checked by a few rows; what operators set; merchants.

-- What a purchase sold, in cents of dollars; nothing where that was not known.
ALTER TABLE purchases ADD COLUMN sold INTEGER NOT NULL DEFAULT 0 CHECK (sold >= 0);

-- The day on which a payout counts in `totals` and `shop_days`; null while it does not: while it is held, and
-- when it is never paid.
ALTER TABLE payouts ADD COLUMN counted_day INTEGER;

UPDATE payouts SET counted_day = queued_at / 86400000 WHERE parked_at IS NULL AND held_at IS NULL;

-- What the fund gave (base share and match). One row for each that has limits, so a few rows are read and
-- written with a purchase, however long the history is. Amounts of the day are those of the column `day`.
CREATE TABLE totals (
    endpoint    TEXT    NOT NULL,
    scope       TEXT    NOT NULL CHECK (scope IN ('recipient', 'customer', 'merchant', 'partner', 'fund')),
    partner     INTEGER NOT NULL, -- 0 for recipients and the fund
    merchant    TEXT    NOT NULL, -- of a payment processor's merchants and their customers, otherwise empty
    who         TEXT    NOT NULL, -- the recipient or the customer, otherwise empty
    day         INTEGER NOT NULL, -- since 1970, of universal time
    given_today INTEGER NOT NULL,
    given       INTEGER NOT NULL,
    held        INTEGER NOT NULL, -- of partners: in orders that are held
    finished    INTEGER NOT NULL, -- of partners: paid and proven
    purchases   INTEGER NOT NULL, -- of shops: how many sold something known in dollars
    sold        INTEGER NOT NULL, -- of shops: in all, in cents
    PRIMARY KEY (endpoint, scope, partner, merchant, who)
) STRICT, WITHOUT ROWID;

-- What a shop sold on a day, in cents. A shop is a partner, or a merchant of a payment processor.
CREATE TABLE shop_days (
    endpoint TEXT    NOT NULL,
    partner  INTEGER NOT NULL,
    merchant TEXT    NOT NULL,
    day      INTEGER NOT NULL,
    sold     INTEGER NOT NULL,
    PRIMARY KEY (endpoint, partner, merchant, day)
) STRICT, WITHOUT ROWID;

INSERT INTO totals
    SELECT purchases.endpoint, 'recipient', 0, '', recipient, 0, 0, sum(base + matched), 0, 0, 0, 0
    FROM purchases JOIN payouts ON payouts.id = payout WHERE counted_day IS NOT NULL GROUP BY 1, 5;
INSERT INTO totals
    SELECT purchases.endpoint, 'merchant', partner, merchant_scope, '', 0, 0, sum(base + matched), 0, 0, 0, 0
    FROM purchases JOIN payouts ON payouts.id = payout
    WHERE counted_day IS NOT NULL AND merchant_scope <> '' GROUP BY 1, 3, 4;
INSERT INTO totals
    SELECT purchases.endpoint, 'partner', partner, '', '', 0, 0, sum(base + matched), 0,
        sum(iif(slots.state = 'settled', base + matched, 0)), 0, 0
    FROM purchases JOIN payouts ON payouts.id = payout
    LEFT JOIN slots ON slots.endpoint = payouts.endpoint AND slots.no = payouts.slot
    WHERE counted_day IS NOT NULL GROUP BY 1, 3;
INSERT INTO totals
    SELECT purchases.endpoint, 'fund', 0, '', '', 0, 0, sum(base + matched), 0, 0, 0, 0
    FROM purchases JOIN payouts ON payouts.id = payout WHERE counted_day IS NOT NULL GROUP BY 1;

-- What is held at the moment, for databases in which something is.
INSERT INTO totals
    SELECT purchases.endpoint, 'partner', partner, '', '', 0, 0, 0, sum(base + matched), 0, 0, 0
    FROM purchases JOIN payouts ON payouts.id = payout
    WHERE held_at IS NOT NULL AND rejected_at IS NULL GROUP BY 1, 3
    ON CONFLICT DO UPDATE SET held = excluded.held;

-- What an operator set for a partner, or for one of its merchants, instead of the defaults.
CREATE TABLE limit_settings (
    partner  INTEGER NOT NULL REFERENCES partners (id),
    merchant TEXT    NOT NULL, -- empty for the partner itself
    name     TEXT    NOT NULL,
    value    TEXT    NOT NULL,
    PRIMARY KEY (partner, merchant, name)
) STRICT, WITHOUT ROWID;

-- Whether purchases are taken only for merchants that an operator has added.
ALTER TABLE partners ADD COLUMN only_listed INTEGER NOT NULL DEFAULT 0 CHECK (only_listed IN (0, 1));

-- The merchants of payment processors.
CREATE TABLE merchants (
    partner    INTEGER NOT NULL REFERENCES partners (id),
    name       TEXT    NOT NULL,
    added_at   INTEGER NOT NULL,
    blocked_at INTEGER,
    PRIMARY KEY (partner, name)
) STRICT, WITHOUT ROWID;

INSERT INTO merchants (partner, name, added_at)
    SELECT partner, merchant_scope, min(queued_at) FROM purchases JOIN payouts ON payouts.id = payout
    WHERE merchant_scope <> '' GROUP BY 1, 2;
