-- Messages, their contents, findings and queue; sellers and their logins.
-- $identity and $octets are filled in by the driver. Times are microseconds since 1970 UTC.

CREATE TABLE message (
  id TEXT PRIMARY KEY,
  received_at BIGINT NOT NULL,
  seller TEXT NOT NULL,
  peer TEXT NOT NULL,
  policy TEXT NOT NULL,
  verdict TEXT NOT NULL,
  reply TEXT NOT NULL,
  route TEXT NOT NULL,
  message_id TEXT,
  subject TEXT NOT NULL,
  order_ids TEXT NOT NULL,    -- JSON array
  envelope TEXT NOT NULL,     -- JSON object
  normalised TEXT NOT NULL,   -- JSON array
  search TEXT NOT NULL        -- case-folded; one line each for what a listing searches
);

CREATE INDEX message_received ON message (received_at, id);

CREATE INDEX message_seller ON message (seller, received_at, id);

CREATE INDEX message_verdict ON message (verdict, received_at, id);

-- Beside the message, so that a listing never reads past contents. The octets to be sent come first: they are read
-- at each attempt, and a database reads a row from its start.
CREATE TABLE content (
  message_id TEXT PRIMARY KEY REFERENCES message (id),
  received_at BIGINT NOT NULL,
  sent $octets,
  original $octets NOT NULL
);

CREATE INDEX content_received ON content (received_at);

CREATE TABLE finding (
  message_id TEXT NOT NULL REFERENCES message (id),
  position INTEGER NOT NULL,
  rule TEXT NOT NULL,
  clause TEXT NOT NULL,
  part TEXT NOT NULL,
  evidence TEXT NOT NULL,
  on_match TEXT NOT NULL,
  remedy TEXT NOT NULL,
  advice TEXT NOT NULL,
  PRIMARY KEY (message_id, position)
);

CREATE INDEX finding_rule ON finding (rule, message_id);

-- One row for each recipient. A row can be claimed from claimable_at on: its due time, or the end of its lease.
CREATE TABLE queue (
  id $identity,
  message_id TEXT NOT NULL REFERENCES message (id),
  route TEXT NOT NULL,
  reverse_path TEXT,          -- NULL is the null reverse-path
  recipient TEXT NOT NULL,
  state TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  first_at BIGINT NOT NULL,
  due_at BIGINT NOT NULL,
  claimable_at BIGINT NOT NULL,
  instance TEXT
);

CREATE INDEX queue_claimable ON queue (claimable_at, id, route) WHERE state = 'queued';

CREATE INDEX queue_message ON queue (message_id);

CREATE TABLE attempt (
  id $identity,
  queue_id BIGINT NOT NULL REFERENCES queue (id),
  at BIGINT NOT NULL,
  outcome TEXT NOT NULL,
  next_hop TEXT NOT NULL,
  reply TEXT NOT NULL
);

CREATE INDEX attempt_queue ON attempt (queue_id);

CREATE TABLE seller (
  name TEXT PRIMARY KEY,
  added_at BIGINT NOT NULL,
  disabled_at BIGINT
);

CREATE TABLE seller_sender (
  seller TEXT NOT NULL REFERENCES seller (name),
  sender TEXT NOT NULL,
  PRIMARY KEY (seller, sender)
);

CREATE TABLE seller_link (
  seller TEXT NOT NULL REFERENCES seller (name),
  link TEXT NOT NULL,
  PRIMARY KEY (seller, link)
);

CREATE TABLE credential (
  username TEXT PRIMARY KEY,
  seller TEXT NOT NULL REFERENCES seller (name),
  password_hash TEXT NOT NULL
);

CREATE INDEX credential_seller ON credential (seller);

-- One row for each process that asked whether the record can be written.
CREATE TABLE heartbeat (
  instance TEXT PRIMARY KEY,
  at BIGINT NOT NULL
);
