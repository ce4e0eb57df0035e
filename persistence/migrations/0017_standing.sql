-- While a room's dues hold money, who comes into it has a say in its expenses only from a time on; and who is removed by an
-- admin goes on counting among those who have to agree up to a time. Milliseconds since 1970, 0: at once, not at all.
ALTER TABLE memberships ADD COLUMN votes_from_ms BIGINT NOT NULL DEFAULT 0;
ALTER TABLE memberships ADD COLUMN counted_until_ms BIGINT NOT NULL DEFAULT 0;
