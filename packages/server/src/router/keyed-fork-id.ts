import { createHash } from 'node:crypto';

/** The id of the fork that an edited message with a key makes, so that the same request again finds the same fork. */
export function keyedForkId(sessionId: string, clientMessageId: string): string {
  const hash = createHash('sha256').update(`fork\n${sessionId}\n${clientMessageId}`).digest('hex');
  return `${hash.slice(0, 8)}-${hash.slice(8, 12)}-8${hash.slice(13, 16)}-a${hash.slice(17, 20)}-${hash.slice(20, 32)}`;
}
