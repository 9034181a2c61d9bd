-- How often a mail is sent once more within a day, for commands beside the server; null where it sends none.
ALTER TABLE provisions ADD COLUMN resends_per_day INTEGER;
