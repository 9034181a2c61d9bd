-- What an operator sees and wishes, and who pays.

-- Who pays for an endpoint, and what it last said of itself.
CREATE TABLE payers (
    endpoint            TEXT    NOT NULL PRIMARY KEY CHECK (endpoint IN ('live', 'test')),
    epoch               INTEGER NOT NULL DEFAULT 0, -- counts who took the right to pay; only the newest has it
    reported_at         INTEGER,                    -- what follows is null with it
    running             INTEGER CHECK (running IN (0, 1)),
    hub                 TEXT,
    connected           INTEGER CHECK (connected IN (0, 1)),
    synced              INTEGER CHECK (synced IN (0, 1)),
    tps_fee_per_day_max INTEGER,
    alarm               TEXT,                       -- the last one, if there was any
    alarm_at            INTEGER CHECK ((alarm_at IS NULL) = (alarm IS NULL))
) STRICT, WITHOUT ROWID;

INSERT INTO payers (endpoint) VALUES ('live'), ('test');

-- Paying is stopped while one is open.
CREATE TABLE pauses (
    id       INTEGER PRIMARY KEY,
    endpoint TEXT    NOT NULL,
    why      TEXT    NOT NULL, -- the alarm, as JSON
    since    INTEGER NOT NULL,
    ended_at INTEGER
) STRICT;

CREATE INDEX pauses_open ON pauses (endpoint, id) WHERE ended_at IS NULL;

-- Units that the operator wants posted again.
CREATE TABLE reposts (
    id       INTEGER PRIMARY KEY,
    endpoint TEXT    NOT NULL,
    slot     INTEGER, -- all open slots where null
    asked_at INTEGER NOT NULL,
    done_at  INTEGER
) STRICT;

CREATE INDEX reposts_waiting ON reposts (endpoint, id) WHERE done_at IS NULL;

-- What hubs said to a version. The same words in a row are one row.
CREATE TABLE version_answers (
    version  INTEGER NOT NULL REFERENCES versions (id),
    no       INTEGER NOT NULL,
    answer   TEXT    NOT NULL,
    first_at INTEGER NOT NULL,
    last_at  INTEGER NOT NULL,
    times    INTEGER NOT NULL,
    PRIMARY KEY (version, no)
) STRICT, WITHOUT ROWID;

INSERT INTO version_answers (version, no, answer, first_at, last_at, times)
    SELECT id, 0, answer, answered_at, answered_at, 1 FROM versions WHERE answer IS NOT NULL;

ALTER TABLE versions DROP COLUMN answer;
ALTER TABLE versions DROP COLUMN answered_at;
