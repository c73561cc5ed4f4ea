-- One file, shared by all workers. The application id and the version tell this file from any
-- other, and from an older one. A month of calls may be millions: every byte here counts, so
-- rows are numbered, ids that are GUIDs are 16 bytes, and calls' times are milliseconds since
-- 1970 in UTC. The times in `tokens` and `state` are microseconds.
PRAGMA application_id = 1128353864;
PRAGMA user_version = 2;

CREATE TABLE IF NOT EXISTS calls (
    number INTEGER PRIMARY KEY,
    key BLOB NOT NULL UNIQUE,       -- the id in the form that is compared
    id,                             -- as the recorder spells it: 0 as the key, 1 in capitals
    caller TEXT NOT NULL,
    called TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    ended_at INTEGER,               -- NULL: ongoing
    platform_call_id TEXT,          -- NULL: none
    native_id TEXT,                 -- NULL: none
    manual INTEGER NOT NULL,
    ended_after INTEGER,            -- NULL: the end is certain
    pushed INTEGER NOT NULL,
    revision INTEGER NOT NULL
);

CREATE INDEX IF NOT EXISTS calls_by_caller ON calls (caller, ended_at);
CREATE INDEX IF NOT EXISTS calls_by_called ON calls (called, ended_at);
CREATE INDEX IF NOT EXISTS calls_by_platform ON calls (platform_call_id)
    WHERE platform_call_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS calls_by_native ON calls (native_id) WHERE native_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS calls_by_end ON calls (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS calls_by_revision ON calls (revision);
CREATE INDEX IF NOT EXISTS calls_unfinished ON calls (number)
    WHERE ended_at IS NULL OR ended_after IS NOT NULL;

-- Calls of which somebody knew better than the recorder's lists, and until when.
CREATE TABLE IF NOT EXISTS overruled (
    key BLOB PRIMARY KEY,
    until INTEGER NOT NULL
) WITHOUT ROWID;

CREATE INDEX IF NOT EXISTS overruled_by_time ON overruled (until);

CREATE TABLE IF NOT EXISTS tokens (
    digest TEXT NOT NULL,
    application TEXT NOT NULL,
    node TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    refused INTEGER NOT NULL,
    PRIMARY KEY (digest, application)
) WITHOUT ROWID;

CREATE INDEX IF NOT EXISTS tokens_by_expiry ON tokens (expires_at);

-- What checks of the index against the recorder have shown, by the form of question.
CREATE TABLE IF NOT EXISTS tallies (
    form TEXT PRIMARY KEY,
    tally TEXT NOT NULL             -- JSON
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS state (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    as_of INTEGER,
    complete INTEGER NOT NULL DEFAULT 0,
    recorder_ahead INTEGER NOT NULL DEFAULT 0,
    recorded_until INTEGER,
    read_since INTEGER,
    contradicted INTEGER NOT NULL DEFAULT 0,
    revision INTEGER NOT NULL DEFAULT 0,
    silent TEXT NOT NULL DEFAULT '',  -- forms of question, a line each
    leased_by TEXT,
    leased_until INTEGER
);
INSERT OR IGNORE INTO state (one) VALUES (1);
