-- Several logins a seller, each with a beginning and perhaps an end.

-- 0 = added before this was written down.
ALTER TABLE credential ADD COLUMN added_at BIGINT NOT NULL DEFAULT 0;

ALTER TABLE credential ADD COLUMN revoked_at BIGINT;
