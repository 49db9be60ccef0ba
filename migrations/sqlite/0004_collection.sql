-- What a collection from sources leaves beside the rows themselves: its runs, what each host was asked, every response that
-- was kept, what did not fit, and where the next run goes on. Nothing here is of one project.

-- One run of one source's collection.
CREATE TABLE collection_run (
    -- When it started, in microseconds since 1970-01-01T00:00:00Z.
    run_id        INTEGER PRIMARY KEY,
    -- The source's name.
    source        TEXT NOT NULL CHECK (source <> ''),
    -- When it started, to the second.
    started_at    TIMESTAMP NOT NULL CHECK (started_at IS strftime('%Y-%m-%dT%H:%M:%SZ', started_at, '+0 days')),
    -- When it ended; null while it runs, and for one that was killed.
    ended_at      TIMESTAMP CHECK (ended_at IS NULL OR ended_at IS strftime('%Y-%m-%dT%H:%M:%SZ', ended_at, '+0 days')),
    -- running, done, stopped (by a person or a budget; the next run goes on) or failed. One that was killed stays running.
    outcome       TEXT NOT NULL CHECK (outcome IN ('running', 'done', 'stopped', 'failed')),
    -- Why it stopped or failed; null when there is nothing to say.
    message       TEXT,
    -- Rows and documents that were not there before.
    rows_new      INTEGER NOT NULL CHECK (rows_new >= 0),
    -- Rows and documents that were there with another value.
    rows_changed  INTEGER NOT NULL CHECK (rows_changed >= 0),
    -- Rows and documents that were there and are the same.
    rows_same     INTEGER NOT NULL CHECK (rows_same >= 0),
    -- What did not fit; rejected_record has each.
    rows_rejected INTEGER NOT NULL CHECK (rows_rejected >= 0),
    CHECK ((outcome = 'running') = (ended_at IS NULL)),
    CHECK (ended_at >= started_at)
);

-- What a run asked of one host.
CREATE TABLE collection_host (
    -- The run.
    run_id     INTEGER NOT NULL REFERENCES collection_run (run_id),
    -- The host's name, with its port where that is not the scheme's own.
    host       TEXT NOT NULL CHECK (host <> ''),
    -- Requests that were sent, with those that were tried again.
    requests   INTEGER NOT NULL CHECK (requests >= 0),
    -- Bytes of bodies that were received, as they came over the wire.
    bytes      INTEGER NOT NULL CHECK (bytes >= 0),
    -- Answers that came from the cache, without a request or after the host said that nothing changed.
    cache_hits INTEGER NOT NULL CHECK (cache_hits >= 0),
    -- Requests that were tried again.
    retries    INTEGER NOT NULL CHECK (retries >= 0),
    -- Seconds waited to be polite or because the host asked for it.
    waited_s   REAL NOT NULL CHECK (waited_s >= 0),
    PRIMARY KEY (run_id, host)
) STRICT;

-- A response as it came; the body is in the archive under its SHA-256.
CREATE TABLE source_response (
    -- The first 63 bits of the SHA-256 over the URL, a newline and the body's SHA-256 in hex: the same answer has the same id.
    response_id   INTEGER PRIMARY KEY,
    -- The source's name.
    source        TEXT NOT NULL CHECK (source <> ''),
    -- What was asked for.
    url           TEXT NOT NULL CHECK (url <> ''),
    -- Where it came from after redirects.
    final_url     TEXT NOT NULL CHECK (final_url <> ''),
    -- When it came.
    fetched_at    TIMESTAMP NOT NULL CHECK (fetched_at IS strftime('%Y-%m-%dT%H:%M:%SZ', fetched_at, '+0 days')),
    -- The HTTP status.
    status        INTEGER NOT NULL CHECK (status BETWEEN 100 AND 599),
    -- All headers as a JSON object.
    headers       TEXT NOT NULL CHECK (json_valid(headers)),
    -- The body's SHA-256 in lower-case hex.
    sha256        TEXT NOT NULL CHECK (length(sha256) = 64 AND sha256 NOT GLOB '*[^0-9a-f]*'),
    -- The body's length in bytes, decompressed.
    bytes         INTEGER NOT NULL CHECK (bytes >= 0),
    -- The header Content-Type; null when there was none.
    content_type  TEXT,
    -- The header ETag; null when there was none.
    etag          TEXT,
    -- The header Last-Modified; null when there was none.
    last_modified TEXT,
    -- The run that fetched it.
    run_id        INTEGER NOT NULL REFERENCES collection_run (run_id)
);

-- What a response held and no rule could make a record of.
CREATE TABLE rejected_record (
    -- The response it is in.
    response_id INTEGER NOT NULL REFERENCES source_response (response_id),
    -- Where in it: a line, a row, an element.
    place       TEXT NOT NULL CHECK (place <> ''),
    -- The rule that it broke.
    rule        TEXT NOT NULL CHECK (rule <> ''),
    -- What was wanted and what was found.
    reason      TEXT NOT NULL CHECK (reason <> ''),
    -- The raw text, as far as it was kept.
    raw         TEXT NOT NULL,
    -- The run that met it.
    run_id      INTEGER NOT NULL REFERENCES collection_run (run_id),
    PRIMARY KEY (response_id, place, rule)
) STRICT;

-- Where the next run of a source goes on; moved in the transaction that writes the rows before it.
CREATE TABLE source_cursor (
    -- The source's name.
    source   TEXT NOT NULL PRIMARY KEY CHECK (source <> ''),
    -- What the source makes of it: a month, a page, a token.
    cursor   TEXT NOT NULL,
    -- The run that moved it.
    run_id   INTEGER NOT NULL REFERENCES collection_run (run_id),
    -- When it was moved.
    moved_at TIMESTAMP NOT NULL CHECK (moved_at IS strftime('%Y-%m-%dT%H:%M:%SZ', moved_at, '+0 days'))
);

-- The last runs of a source.
CREATE INDEX collection_run_source ON collection_run (source, started_at);
-- The last response of a URL.
CREATE INDEX source_response_url ON source_response (url, fetched_at);
-- What a run fetched.
CREATE INDEX source_response_run ON source_response (run_id);
-- What a run rejected.
CREATE INDEX rejected_record_run ON rejected_record (run_id);
