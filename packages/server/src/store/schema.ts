/**
 * The tables, as both databases have them. Integers are 64 bit, flags are 0 or 1, times are ms since 1970, and whatever
 * has a shape of its own (events, messages, transcript entries) is JSON in a text column: neither database has to
 * understand it, and it comes back exactly as it was written, `\u0000` included.
 */
export interface Tables {
  meta: MetaTable;
  sessions: SessionsTable;
  session_records: SessionRecordsTable;
  removed_sessions: RemovedSessionsTable;
  events: EventsTable;
  messages: MessagesTable;
  transcripts: TranscriptsTable;
  transcript_entries: TranscriptEntriesTable;
  turn_usage: TurnUsageTable;
  tokens: TokensTable;
  processes: ProcessesTable;
  accounts: AccountsTable;
}

export interface MetaTable {
  name: string;
  value: string;
}

/** How a session shows in a listing's filter. `archived` stands beside it. */
export type SessionStanding = 'idle' | 'active' | 'waiting' | 'closed';

/** One narrow row per session, so that a search over all of them reads little. */
export interface SessionsTable {
  key: number;
  id: string;
  last_seq: number;
  standing: SessionStanding;
  archived: number;
  updated_ms: number;
  /** Title and working directory in lower case, for the substring search. */
  search: string;
}

export interface SessionRecordsTable {
  session_key: number;
  resource: string;
  core: string;
  settings: string;
}

/** Sessions that are gone already, and whose events are still being removed. */
export interface RemovedSessionsTable {
  session_key: number;
}

export interface EventsTable {
  session_key: number;
  seq: number;
  type: string;
  block_id: string | null;
  body: string;
}

export interface MessagesTable {
  /** Grows with each new message: the order of creation. */
  number: number;
  session_key: number;
  id: string;
  client_message_id: string | null;
  state: string;
  place: number;
  body: string;
}

export interface TranscriptsTable {
  key: number;
  project_key: string;
  agent_session_id: string;
  subpath: string;
  mtime: number;
  summary: string | null;
}

export interface TranscriptEntriesTable {
  transcript_key: number;
  number: number;
  uuid: string | null;
  body: string;
}

/** One row for each model and account that a turn used. */
export interface TurnUsageTable {
  turn_id: string;
  session_id: string;
  agent: string;
  model: string;
  account_id: string;
  user_name: string;
  time_ms: number;
  /** Day of `time_ms` in UTC, `YYYY-MM-DD`. */
  day: string;
  input_tokens: number;
  output_tokens: number;
  cache_read_tokens: number;
  cache_creation_tokens: number;
  /** Billionths of a US dollar, so that sums are exact. */
  cost_nano_usd: number;
}

export interface TokensTable {
  id: string;
  kind: string;
  label: string;
  hash: string;
  created_at: string;
  last_used_at: string | null;
  expires_at: string | null;
}

export interface ProcessesTable {
  pid: number;
  start_ticks: string;
  session_id: string;
  started_at: string;
}

export interface AccountsTable {
  id: string;
  agent: string;
  kind: string;
  label: string;
  priority: number;
  enabled: number;
  /** A JSON list; null: all. */
  models: string | null;
  base_url: string | null;
  sealed: string;
  health: string;
  version: number;
  created_at: string;
  updated_at: string;
  refresh_holder: string | null;
  refresh_until_ms: number | null;
}
