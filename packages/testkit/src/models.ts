const NAMES: Readonly<Record<string, string>> = {
  'claude-opus-4-8': 'Claude Opus 4.8',
  'claude-sonnet-4-5': 'Claude Sonnet 4.5',
  'claude-haiku-4-5': 'Claude Haiku 4.5',
};

/** The body of `GET /v1/models`. */
export function modelList(): object {
  const data = Object.keys(NAMES).map((id) => modelInfo(id));
  return { data, has_more: false, first_id: Object.keys(NAMES)[0], last_id: Object.keys(NAMES).at(-1) };
}

/** The body of `GET /v1/models/{id}`; any `claude-*` name is taken as a model. */
export function modelInfo(id: string): object {
  return { type: 'model', id, display_name: NAMES[id] ?? id, created_at: '2026-01-01T00:00:00Z' };
}
