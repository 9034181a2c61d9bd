-- What stays set aside when a slot is settled, for the slot behind it that pulled it in.

ALTER TABLE slots ADD COLUMN kept INTEGER NOT NULL DEFAULT 0 CHECK (kept >= 0);
