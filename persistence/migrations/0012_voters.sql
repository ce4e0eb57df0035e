-- Who may decide on an expense: those who were in the room by this one of its changes. Of those proposed before there was such
-- a rule, everyone.
ALTER TABLE expenses ADD COLUMN voters_up_to BIGINT NOT NULL DEFAULT 9007199254740991;
