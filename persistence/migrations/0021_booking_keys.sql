-- By which the same booking is known again; of the first run of one that came with a key.
ALTER TABLE reservations ADD COLUMN request_key VARCHAR(120);
CREATE UNIQUE INDEX reservations_of_request ON reservations (request_key);
