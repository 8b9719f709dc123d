/** An error as the page shows it. */
export interface Problem {
  code: string;
  message: string;
  hint?: string;
}

/** Whatever was thrown, as something to show. */
export function asProblem(thrown: unknown): Problem {
  if (!(thrown instanceof Error)) return { code: 'internal', message: String(thrown) };
  const code = 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : 'internal';
  const hint = 'hint' in thrown && typeof thrown.hint === 'string' ? thrown.hint : undefined;
  return { code, message: thrown.message, ...(hint === undefined ? {} : { hint }) };
}
