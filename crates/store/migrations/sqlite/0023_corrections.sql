-- Mailboxes that were mistyped: the textcoin is taken back, and its cashback given anew to another mailbox.

-- A payout that gives the cashback of a purchase anew: the first payout of that purchase, and to whom.
ALTER TABLE payouts ADD COLUMN origin INTEGER REFERENCES payouts (id) CHECK (origin IS NULL OR textcoin = 1);
ALTER TABLE payouts ADD COLUMN mailbox TEXT CHECK ((mailbox IS NULL) = (origin IS NULL));

CREATE INDEX payouts_given_anew ON payouts (origin, id) WHERE origin IS NOT NULL;

CREATE TABLE corrections (
    id          INTEGER PRIMARY KEY,
    endpoint    TEXT    NOT NULL,
    payout      INTEGER NOT NULL REFERENCES payouts (id), -- whose textcoin is to come back
    mailbox     TEXT    NOT NULL,
    asked_by    TEXT    NOT NULL CHECK (asked_by IN ('operator', 'partner')),
    asked_at    INTEGER NOT NULL,
    outcome     TEXT    CHECK (outcome IN ('given', 'claimed', 'replaced', 'returned')),
    ended_at    INTEGER CHECK ((ended_at IS NULL) = (outcome IS NULL)),
    next        INTEGER UNIQUE REFERENCES payouts (id)    -- the payout that gives the cashback anew
                        CHECK ((next IS NOT NULL) = (outcome IS 'given')),
    taken_up_at INTEGER CHECK (taken_up_at IS NULL OR next IS NOT NULL), -- when the payer heard of that
    tried_at    INTEGER,                                  -- when it was tried to give it anew, in vain
    waits_for   TEXT    CHECK (waits_for IN ('fund', 'deposit', 'recipient_day', 'recipient_total')),
    missing     INTEGER CHECK ((missing IS NOT NULL) = (coalesce(waits_for, '') IN ('fund', 'deposit')))
) STRICT;

-- One at a time; and what came back is given anew once.
CREATE UNIQUE INDEX corrections_open ON corrections (payout) WHERE outcome IS NULL;
CREATE UNIQUE INDEX corrections_given ON corrections (payout) WHERE next IS NOT NULL;
CREATE INDEX corrections_of_payout ON corrections (payout, id);
CREATE INDEX corrections_waiting ON corrections (endpoint, id) WHERE outcome IS NULL;
CREATE INDEX corrections_untold ON corrections (endpoint, id) WHERE next IS NOT NULL AND taken_up_at IS NULL;

-- Every payout of a purchase, with what holds for it: the first one, and those that give its cashback anew.
CREATE VIEW purchase_payouts AS
    SELECT payouts.id AS payout, payouts.endpoint AS endpoint, purchases.id AS id, purchases.payout AS first_payout,
        coalesce(payouts.mailbox, purchases.recipient) AS recipient, partner, merchant_scope, order_id, customer,
        merchant, currency, rates, base, partner_share, matched, sold, attested_address
    FROM payouts JOIN purchases ON purchases.payout = coalesce(payouts.origin, payouts.id);
