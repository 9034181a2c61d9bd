-- Where a partner is told of cashback that reaches nobody; nowhere if null.
ALTER TABLE partners ADD COLUMN contact TEXT;

-- When somebody was told that this mail reaches nobody.
ALTER TABLE mails ADD COLUMN told_at INTEGER;

CREATE INDEX mails_untold ON mails (endpoint, ended_at) WHERE state IN ('refused', 'dead') AND told_at IS NULL;
