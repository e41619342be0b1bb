-- Why attempts failed, what sellers asked to be told, and what they are still owed.

-- As in gateway/mail/cause.py; empty for a delivery, and before there were causes.
ALTER TABLE attempt ADD COLUMN cause TEXT NOT NULL DEFAULT '';

-- The recipient's domain: a next hop named by DNS has one load for each. Empty in rows queued before.
ALTER TABLE queue ADD COLUMN domain TEXT NOT NULL DEFAULT '';

-- NOTIFY as the client gave it, keywords joined by commas; empty where it gave none.
ALTER TABLE queue ADD COLUMN notify TEXT NOT NULL DEFAULT '';

-- 1 once the seller was told of the delay.
ALTER TABLE queue ADD COLUMN is_delay_told INTEGER NOT NULL DEFAULT 0;

DROP INDEX queue_claimable;

CREATE INDEX queue_claimable ON queue (claimable_at, id) WHERE state = 'queued';

-- So that a claim which leaves out a destination with a long queue does not walk over all of it.
CREATE INDEX queue_way ON queue (route, domain, claimable_at, id) WHERE state = 'queued';

-- One row for each recipient that a notice is owed about, where notices to its seller have become too many: they are
-- summed up in one, and whoever writes it takes the rows away.
CREATE TABLE notice_owed (
  id $identity,
  reverse_path TEXT NOT NULL,
  seller TEXT NOT NULL,
  message_id TEXT NOT NULL REFERENCES message (id),
  recipient TEXT NOT NULL,
  action TEXT NOT NULL,
  cause TEXT NOT NULL,
  at BIGINT NOT NULL
);

CREATE INDEX notice_owed_path ON notice_owed (reverse_path, id);
