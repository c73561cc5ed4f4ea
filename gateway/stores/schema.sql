-- One file, shared by all workers. Times are microseconds since 1970 in UTC.
-- The application id and the version tell this file from any other, and from an older one.
PRAGMA application_id = 1128353864;
PRAGMA user_version = 1;

CREATE TABLE IF NOT EXISTS calls (
    key TEXT PRIMARY KEY,           -- the id in the form that is compared
    id TEXT NOT NULL,               -- as the recorder spells it
    caller TEXT NOT NULL,
    called TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    ended_at INTEGER,               -- NULL: ongoing
    platform_call_id TEXT NOT NULL,
    native_id TEXT NOT NULL,
    manual INTEGER NOT NULL,
    provisional INTEGER NOT NULL,
    revision INTEGER NOT NULL
) WITHOUT ROWID;

CREATE INDEX IF NOT EXISTS calls_by_caller ON calls (caller, ended_at, started_at);
CREATE INDEX IF NOT EXISTS calls_by_called ON calls (called, ended_at, started_at);
CREATE INDEX IF NOT EXISTS calls_by_platform ON calls (platform_call_id) WHERE platform_call_id <> '';
CREATE INDEX IF NOT EXISTS calls_by_native ON calls (native_id) WHERE native_id <> '';
CREATE INDEX IF NOT EXISTS calls_by_end ON calls (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS calls_by_revision ON calls (revision);
CREATE INDEX IF NOT EXISTS calls_unfinished ON calls (key) WHERE ended_at IS NULL OR provisional;

CREATE TABLE IF NOT EXISTS tokens (
    digest TEXT NOT NULL,
    application TEXT NOT NULL,
    node TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    refused INTEGER NOT NULL,
    PRIMARY KEY (digest, application)
) WITHOUT ROWID;

CREATE INDEX IF NOT EXISTS tokens_by_expiry ON tokens (expires_at);

CREATE TABLE IF NOT EXISTS state (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    as_of INTEGER,
    complete INTEGER NOT NULL DEFAULT 0,
    recorder_ahead INTEGER NOT NULL DEFAULT 0,
    recorded_until INTEGER,
    revision INTEGER NOT NULL DEFAULT 0,
    leased_by TEXT,
    leased_until INTEGER
);
INSERT OR IGNORE INTO state (one) VALUES (1);
