-- Mailboxes whose owners have published a wallet address are paid there, without a textcoin.

-- The address that is paid, the final unit of the attestation that names it, and who has signed that.
ALTER TABLE purchases ADD COLUMN attested_address TEXT;
ALTER TABLE purchases ADD COLUMN attested_unit TEXT CHECK ((attested_unit IS NULL) = (attested_address IS NULL));
ALTER TABLE purchases ADD COLUMN attestor TEXT CHECK ((attestor IS NULL) = (attested_address IS NULL));
