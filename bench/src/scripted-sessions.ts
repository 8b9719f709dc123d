import type { HearthClient } from './wire/hearth-client.ts';
import type { Pace } from './roles/broadcast.ts';

/** The prompt with which the scripted model streams deltas that carry the time at which each was made. */
export function stamps({ count, intervalMs, chars }: Pace): string {
  return `[[stamps ${count} ${intervalMs} ${chars}]]`;
}

/** @returns the ids of new sessions */
export async function createSessions(client: HearthClient, agent: string, count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let n = 0; n < count; n += 1) {
    const { id } = await client.call<{ id: string }>('session.create', { agent, title: `Session ${n}` });
    ids.push(id);
  }
  return ids;
}
