-- Mails to those who get textcoins. No words and no links: both follow from the number of a textcoin.

CREATE TABLE mails (
    id         INTEGER PRIMARY KEY,
    endpoint   TEXT    NOT NULL,
    payout     INTEGER NOT NULL REFERENCES payouts (id),
    generation INTEGER NOT NULL,                        -- the number of the textcoin that it is about
    counter    INTEGER NOT NULL,
    kind       INTEGER NOT NULL CHECK (kind >= 0),      -- 0: the first mail; otherwise a reminder after so many days
    sending    INTEGER NOT NULL CHECK (sending >= 0),   -- 0: by itself; otherwise the how manieth that was asked for
    asked_by   TEXT    CHECK ((asked_by IS NULL) = (sending = 0)),
    written_at INTEGER NOT NULL,                        -- the date that the mail bears, however often it is tried
    wake_at    INTEGER NOT NULL,                        -- when it is tried, or when whoever tries it counts as gone
    leased     INTEGER NOT NULL DEFAULT 0 CHECK (leased IN (0, 1)),
    tries      INTEGER NOT NULL DEFAULT 0,
    state      TEXT    NOT NULL DEFAULT 'waiting'
                       CHECK (state IN ('waiting', 'sent', 'refused', 'dead', 'unneeded')),
    code       INTEGER,                                 -- what the relay answered last
    reason     TEXT,                                    -- what that means, in our words
    ended_at   INTEGER CHECK ((ended_at IS NULL) = (state = 'waiting')),
    UNIQUE (payout, generation, counter, kind, sending)
) STRICT;

CREATE INDEX mails_waiting ON mails (endpoint, wake_at) WHERE state = 'waiting';

-- Reminders are looked for from the moments of acceptance.
CREATE INDEX textcoins_unclaimed ON textcoins (endpoint, accepted_at) WHERE outcome IS NULL;
