import type { Contents } from '../store/sqlite/copy.ts';

/** What a database holds, in words: “3 sessions, 120 events, 14 messages”. */
export function contentsLine(contents: Contents): string {
  return ['sessions', 'events', 'messages']
    .map((table) => {
      const count = contents[table] ?? 0;
      return `${count} ${count === 1 ? table.slice(0, -1) : table}`;
    })
    .join(', ');
}

export function sizeText(bytes: number): string {
  const megabytes = bytes / 1024 / 1024;
  return megabytes < 0.1 ? `${Math.ceil(bytes / 1024)} kB` : `${megabytes.toFixed(1)} MB`;
}
