const RELATIVE: readonly [limitMs: number, unitMs: number, unit: string][] = [
  [3_600_000, 60_000, 'min'],
  [86_400_000, 3_600_000, 'h'],
  [7 * 86_400_000, 86_400_000, 'd'],
];

/** `now`, `5 min`, `3 h`, `2 d`, then the date. */
export function relativeTime(time: string, nowMs: number): string {
  const ageMs = nowMs - Date.parse(time);
  if (ageMs < 60_000) return 'now';
  for (const [limitMs, unitMs, unit] of RELATIVE) {
    if (ageMs < limitMs) return `${Math.floor(ageMs / unitMs)} ${unit}`;
  }
  return new Date(time).toLocaleDateString(undefined, { day: 'numeric', month: 'short' });
}

/** `0.8 s`, `12 s`, `3 min 20 s`, `1 h 5 min`. */
export function duration(ms: number): string {
  if (ms < 10_000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return seconds % 60 === 0 ? `${minutes} min` : `${minutes} min ${seconds % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** In dollars, with as many digits as make sense: `$0.0042`, `$1.25`. */
export function cost(usd: number): string {
  if (usd === 0) return '$0';
  if (usd < 0.0001) return '< $0.0001';
  return `$${usd.toFixed(usd < 0.1 ? 4 : 2)}`;
}

/** `950`, `12.4k`, `1.2M`. */
export function tokens(count: number): string {
  if (count < 1000) return String(count);
  const [value, unit] = count < 999_500 ? [count / 1000, 'k'] : [count / 1_000_000, 'M'];
  return `${value < 10 ? value.toFixed(1).replace(/\.0$/, '') : Math.round(value)}${unit}`;
}

/** The last two folders of a path, which is what tells projects apart. */
export function shortPath(path: string): string {
  const parts = path.split('/').filter((part) => part !== '');
  return parts.length <= 2 ? path : `…/${parts.slice(-2).join('/')}`;
}

/** What a person calls a project: the name of its folder. */
export function projectName(path: string): string {
  return path.split('/').findLast((part) => part !== '') ?? path;
}

/** What a person calls an agent: `claude` is Claude, `acp:gemini` is Gemini. */
export function agentName(agent: string): string {
  const name = agent.replace(/^acp:/, '');
  return name.charAt(0).toUpperCase() + name.slice(1);
}

/** The first line, cut. */
export function firstLine(text: string, maxLength: number): string {
  const line = text.trim().split('\n', 1)[0] ?? '';
  return line.length <= maxLength ? line : `${line.slice(0, maxLength - 1).trimEnd()}…`;
}

/** A time that is to come, as short as it can be said: `14:05`, or with its day when that is another one. */
export function shortTime(time: string, nowMs: number): string {
  const date = new Date(time);
  const sameDay = date.toDateString() === new Date(nowMs).toDateString();
  return date.toLocaleString(undefined, sameDay ? { timeStyle: 'short' } : { dateStyle: 'medium', timeStyle: 'short' });
}
