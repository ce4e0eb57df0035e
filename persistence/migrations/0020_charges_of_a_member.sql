-- A member's charges in a room are found, and locked, without those of his in other rooms or of others in this one.
CREATE INDEX dues_charges_of_member ON dues_charges (room_id, user_id, charge_id);
