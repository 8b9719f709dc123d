/**
 * Whether an `Accept` header asks for Server-Sent Events rather than for JSON: it names the stream, and does not name
 * JSON with a higher weight or earlier. Wildcards mean JSON.
 */
export function wantsEventStream(accept: string | undefined): boolean {
  const ranges = (accept ?? '').split(',').map(parseRange);
  const stream = ranges.find(({ type }) => type === 'text/event-stream');
  if (stream === undefined || stream.weight === 0) return false;
  const json = ranges.find(({ type }) => type === 'application/json');
  if (json === undefined || json.weight < stream.weight) return true;
  return json.weight === stream.weight && ranges.indexOf(stream) < ranges.indexOf(json);
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
