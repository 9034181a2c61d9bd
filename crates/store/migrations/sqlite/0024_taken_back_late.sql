-- Textcoins that a database which was lost has taken back, and that an older copy still knows.

-- For what it was booked before that was known: the coin for a top-up, or the unit for a claim.
ALTER TABLE textcoins ADD COLUMN late TEXT
    CHECK (late IS NULL OR late IN ('top-up', 'claim') AND outcome = 'taken back');
CREATE INDEX textcoins_ended_by ON textcoins (endpoint, ended_by) WHERE outcome IS NOT NULL;
