-- In which language the customers of a partner are written to; in the usual one of the server where it is null.
ALTER TABLE partners ADD COLUMN language TEXT;
