-- A correction may wait for any limit, not for those of recipients only; and it ends when its payout is rejected. The table
-- is made anew, since the rule of a column cannot be changed.

CREATE TABLE corrections_with_limits (
    id          INTEGER PRIMARY KEY,
    endpoint    TEXT    NOT NULL,
    payout      INTEGER NOT NULL REFERENCES payouts (id), -- whose textcoin is to come back
    mailbox     TEXT    NOT NULL,
    asked_by    TEXT    NOT NULL CHECK (asked_by IN ('operator', 'partner')),
    asked_at    INTEGER NOT NULL,
    outcome     TEXT    CHECK (outcome IN ('given', 'claimed', 'replaced', 'returned', 'rejected')),
    ended_at    INTEGER CHECK ((ended_at IS NULL) = (outcome IS NULL)),
    next        INTEGER UNIQUE REFERENCES payouts (id)    -- the payout that gives the cashback anew
                        CHECK ((next IS NOT NULL) = (outcome IS 'given')),
    taken_up_at INTEGER CHECK (taken_up_at IS NULL OR next IS NOT NULL), -- when the payer heard of that
    tried_at    INTEGER,                                  -- when it was tried to give it anew, in vain
    waits_for   TEXT,                                     -- 'fund', 'deposit', or the code of a limit
    missing     INTEGER CHECK ((missing IS NOT NULL) = (coalesce(waits_for, '') IN ('fund', 'deposit')))
) STRICT;

INSERT INTO corrections_with_limits
SELECT id, endpoint, payout, mailbox, asked_by, asked_at, outcome, ended_at, next, taken_up_at, tried_at, waits_for,
    missing
FROM corrections;
DROP TABLE corrections;
ALTER TABLE corrections_with_limits RENAME TO corrections;

CREATE UNIQUE INDEX corrections_open ON corrections (payout) WHERE outcome IS NULL;
CREATE UNIQUE INDEX corrections_given ON corrections (payout) WHERE next IS NOT NULL;
CREATE INDEX corrections_of_payout ON corrections (payout, id);
CREATE INDEX corrections_waiting ON corrections (endpoint, id) WHERE outcome IS NULL;
CREATE INDEX corrections_untold ON corrections (endpoint, id) WHERE next IS NOT NULL AND taken_up_at IS NULL;
