-- Who claims a textcoin is not reminded of it, and nothing is begun against a claim that is not proven yet.

-- The unit that claims it, as far as a hub tells.
ALTER TABLE textcoins ADD COLUMN claim_seen TEXT;
