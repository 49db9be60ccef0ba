-- What a collection from sources leaves beside the rows themselves: its runs, what each host was asked, every response that
-- was kept, what did not fit, and where the next run goes on. Nothing here is of one project.

CREATE TABLE collection_run (
    run_id        bigint NOT NULL PRIMARY KEY,
    source        text NOT NULL CHECK (source <> ''),
    started_at    timestamptz NOT NULL,
    ended_at      timestamptz,
    outcome       text NOT NULL CHECK (outcome IN ('running', 'done', 'stopped', 'failed')),
    message       text,
    rows_new      bigint NOT NULL CHECK (rows_new >= 0),
    rows_changed  bigint NOT NULL CHECK (rows_changed >= 0),
    rows_same     bigint NOT NULL CHECK (rows_same >= 0),
    rows_rejected bigint NOT NULL CHECK (rows_rejected >= 0),
    CHECK ((outcome = 'running') = (ended_at IS NULL)),
    CHECK (ended_at >= started_at)
);
COMMENT ON TABLE collection_run IS 'One run of one source''s collection.';
COMMENT ON COLUMN collection_run.run_id IS 'When it started, in microseconds since 1970-01-01T00:00:00Z.';
COMMENT ON COLUMN collection_run.source IS 'The source''s name.';
COMMENT ON COLUMN collection_run.started_at IS 'When it started, to the second.';
COMMENT ON COLUMN collection_run.ended_at IS 'When it ended; null while it runs, and for one that was killed.';
COMMENT ON COLUMN collection_run.outcome IS 'running, done, stopped (by a person or a budget; the next run goes on) or failed. One that was killed stays running.';
COMMENT ON COLUMN collection_run.message IS 'Why it stopped or failed; null when there is nothing to say.';
COMMENT ON COLUMN collection_run.rows_new IS 'Rows and documents that were not there before.';
COMMENT ON COLUMN collection_run.rows_changed IS 'Rows and documents that were there with another value.';
COMMENT ON COLUMN collection_run.rows_same IS 'Rows and documents that were there and are the same.';
COMMENT ON COLUMN collection_run.rows_rejected IS 'What did not fit; rejected_record has each.';

CREATE TABLE collection_host (
    run_id     bigint NOT NULL REFERENCES collection_run (run_id),
    host       text NOT NULL CHECK (host <> ''),
    requests   bigint NOT NULL CHECK (requests >= 0),
    bytes      bigint NOT NULL CHECK (bytes >= 0),
    cache_hits bigint NOT NULL CHECK (cache_hits >= 0),
    retries    bigint NOT NULL CHECK (retries >= 0),
    waited_s   double precision NOT NULL CHECK (waited_s >= 0),
    PRIMARY KEY (run_id, host)
);
COMMENT ON TABLE collection_host IS 'What a run asked of one host.';
COMMENT ON COLUMN collection_host.run_id IS 'The run.';
COMMENT ON COLUMN collection_host.host IS 'The host''s name, with its port where that is not the scheme''s own.';
COMMENT ON COLUMN collection_host.requests IS 'Requests that were sent, with those that were tried again.';
COMMENT ON COLUMN collection_host.bytes IS 'Bytes of bodies that were received, as they came over the wire.';
COMMENT ON COLUMN collection_host.cache_hits IS 'Answers that came from the cache, without a request or after the host said that nothing changed.';
COMMENT ON COLUMN collection_host.retries IS 'Requests that were tried again.';
COMMENT ON COLUMN collection_host.waited_s IS 'Seconds waited to be polite or because the host asked for it.';

CREATE TABLE source_response (
    response_id   bigint NOT NULL PRIMARY KEY,
    source        text NOT NULL CHECK (source <> ''),
    url           text NOT NULL CHECK (url <> ''),
    final_url     text NOT NULL CHECK (final_url <> ''),
    fetched_at    timestamptz NOT NULL,
    status        integer NOT NULL CHECK (status BETWEEN 100 AND 599),
    headers       text NOT NULL CHECK (headers::json IS NOT NULL),
    sha256        text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    bytes         bigint NOT NULL CHECK (bytes >= 0),
    content_type  text,
    etag          text,
    last_modified text,
    run_id        bigint NOT NULL REFERENCES collection_run (run_id)
);
COMMENT ON TABLE source_response IS 'A response as it came; the body is in the archive under its SHA-256.';
COMMENT ON COLUMN source_response.response_id IS 'The first 63 bits of the SHA-256 over the URL, a newline and the body''s SHA-256 in hex: the same answer has the same id.';
COMMENT ON COLUMN source_response.source IS 'The source''s name.';
COMMENT ON COLUMN source_response.url IS 'What was asked for.';
COMMENT ON COLUMN source_response.final_url IS 'Where it came from after redirects.';
COMMENT ON COLUMN source_response.fetched_at IS 'When it came.';
COMMENT ON COLUMN source_response.status IS 'The HTTP status.';
COMMENT ON COLUMN source_response.headers IS 'All headers as a JSON object.';
COMMENT ON COLUMN source_response.sha256 IS 'The body''s SHA-256 in lower-case hex.';
COMMENT ON COLUMN source_response.bytes IS 'The body''s length in bytes, decompressed.';
COMMENT ON COLUMN source_response.content_type IS 'The header Content-Type; null when there was none.';
COMMENT ON COLUMN source_response.etag IS 'The header ETag; null when there was none.';
COMMENT ON COLUMN source_response.last_modified IS 'The header Last-Modified; null when there was none.';
COMMENT ON COLUMN source_response.run_id IS 'The run that fetched it.';

CREATE TABLE rejected_record (
    response_id bigint NOT NULL REFERENCES source_response (response_id),
    place       text NOT NULL CHECK (place <> ''),
    rule        text NOT NULL CHECK (rule <> ''),
    reason      text NOT NULL CHECK (reason <> ''),
    raw         text NOT NULL,
    run_id      bigint NOT NULL REFERENCES collection_run (run_id),
    PRIMARY KEY (response_id, place, rule)
);
COMMENT ON TABLE rejected_record IS 'What a response held and no rule could make a record of.';
COMMENT ON COLUMN rejected_record.response_id IS 'The response it is in.';
COMMENT ON COLUMN rejected_record.place IS 'Where in it: a line, a row, an element.';
COMMENT ON COLUMN rejected_record.rule IS 'The rule that it broke.';
COMMENT ON COLUMN rejected_record.reason IS 'What was wanted and what was found.';
COMMENT ON COLUMN rejected_record.raw IS 'The raw text, as far as it was kept.';
COMMENT ON COLUMN rejected_record.run_id IS 'The run that met it.';

CREATE TABLE source_cursor (
    source   text NOT NULL PRIMARY KEY CHECK (source <> ''),
    cursor   text NOT NULL,
    run_id   bigint NOT NULL REFERENCES collection_run (run_id),
    moved_at timestamptz NOT NULL
);
COMMENT ON TABLE source_cursor IS 'Where the next run of a source goes on; moved in the transaction that writes the rows before it.';
COMMENT ON COLUMN source_cursor.source IS 'The source''s name.';
COMMENT ON COLUMN source_cursor.cursor IS 'What the source makes of it: a month, a page, a token.';
COMMENT ON COLUMN source_cursor.run_id IS 'The run that moved it.';
COMMENT ON COLUMN source_cursor.moved_at IS 'When it was moved.';

-- The last runs of a source.
CREATE INDEX collection_run_source ON collection_run (source, started_at);
-- The last response of a URL.
CREATE INDEX source_response_url ON source_response (url, fetched_at);
-- What a run fetched.
CREATE INDEX source_response_run ON source_response (run_id);
-- What a run rejected.
CREATE INDEX rejected_record_run ON rejected_record (run_id);
