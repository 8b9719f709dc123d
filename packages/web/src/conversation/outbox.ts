import type { Content, Priority } from '@hearth/protocol';
import { create } from 'zustand';
import { asProblem } from '../problem.ts';
import type { Problem } from '../problem.ts';
import { hearth } from '../server.ts';

/** A message on its way: the server has not said yet that it is stored. */
export type Outgoing = {
  clientMessageId: string;
  sessionId: string;
  content: Content;
  priority: Priority;
} & ({ status: 'sending' } | { status: 'refused'; problem: Problem });

interface Outbox {
  outgoing: Outgoing[];
}

/**
 * What was sent and is not acknowledged. The queue itself is the server's; this only bridges the moment, or the lost
 * connection, until the message is in it. The client repeats it under the same key, so it is never doubled.
 */
export const useOutbox = create<Outbox>()(() => ({ outgoing: [] }));

export function sendMessage(sessionId: string, content: Content, priority: Priority): void {
  const clientMessageId = makeKey();
  const base = { clientMessageId, sessionId, content, priority };
  put({ ...base, status: 'sending' });
  hearth
    .session(sessionId)
    .send(content, { priority, clientMessageId })
    .then(
      () => dropOutgoing(clientMessageId),
      (error: unknown) => put({ ...base, status: 'refused', problem: asProblem(error) }),
    );
}

export function dropOutgoing(clientMessageId: string): void {
  useOutbox.setState(({ outgoing }) => ({
    outgoing: outgoing.filter((one) => one.clientMessageId !== clientMessageId),
  }));
}

function put(message: Outgoing): void {
  useOutbox.setState(({ outgoing }) => ({
    outgoing: [...outgoing.filter((one) => one.clientMessageId !== message.clientMessageId), message],
  }));
}

function makeKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
