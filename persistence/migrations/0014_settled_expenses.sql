-- How many agreed to an expense and objected when it was settled; of those settled before, their votes are counted.
ALTER TABLE expenses ADD COLUMN approvals BIGINT;
ALTER TABLE expenses ADD COLUMN objections BIGINT;
CREATE INDEX expenses_of_file ON expenses (file_id);
