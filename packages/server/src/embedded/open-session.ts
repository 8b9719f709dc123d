import type { SessionCreate } from '@hearth/protocol';
import { sessionCreateSchema } from '@hearth/protocol';
import { shaped } from '../connection/shape.ts';
import { SessionHandle } from './session-handle.ts';
import type { HandleParts } from './session-handle.ts';

/** A session to make, or the id of one that there is. */
export type OpenOptions = SessionCreate | { id: string };

/**
 * Opens a session in-process.
 * @throws HearthError `not_found` for an unknown id; what `POST /v1/sessions` answers for a wrong new one
 */
export async function openSession(parts: HandleParts, options: OpenOptions): Promise<SessionHandle> {
  if ('id' in options) {
    const { id } = await parts.sessions.get(options.id);
    return new SessionHandle(id, parts);
  }
  const { id } = await parts.sessions.create(parts.principal, shaped(sessionCreateSchema, options));
  return new SessionHandle(id, parts);
}
