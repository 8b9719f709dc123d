/**
 * Whether an `Accept` header asks for this media type rather than for JSON: it names the type, and does not name JSON
 * with a higher weight or earlier. Wildcards mean JSON.
 */
export function prefers(accept: string | undefined, mediaType: 'text/event-stream' | 'text/csv'): boolean {
  const ranges = (accept ?? '').split(',').map(parseRange);
  const named = ranges.find(({ type }) => type === mediaType);
  if (named === undefined || named.weight === 0) return false;
  const json = ranges.find(({ type }) => type === 'application/json');
  if (json === undefined || json.weight < named.weight) return true;
  return json.weight === named.weight && ranges.indexOf(named) < ranges.indexOf(json);
}

/** Whether the caller is a browser that shows pages. */
export function wantsPage(accept: string | undefined): boolean {
  return (accept ?? '').split(',').some((range) => parseRange(range).type === 'text/html');
}

function parseRange(range: string): { type: string; weight: number } {
  const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
  const weight = Number(parameters.find((parameter) => parameter.startsWith('q='))?.slice(2) ?? 1);
  return { type, weight: Number.isNaN(weight) ? 1 : weight };
}
