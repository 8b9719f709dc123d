import type { Content, Priority } from '@hearth/protocol';
import { create } from 'zustand';
import { asProblem } from '../problem.ts';
import type { Problem } from '../problem.ts';
import { hearth } from '../server.ts';
import { keepInTab, keptInTab, keysInTab } from '../tab-storage.ts';

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

interface Kept {
  place: number;
  message: Outgoing;
}

const KEPT = 'outgoing:';
let lastPlace = 0;

/**
 * What was sent and is not acknowledged, also before a reload. The queue itself is the server's; this only bridges the
 * moment, or the lost connection, until the message is in it. It is repeated under the same key, so it is never doubled.
 */
export const useOutbox = create<Outbox>()(() => ({ outgoing: [] }));

for (const { place, message } of kept()) {
  lastPlace = place;
  put(message);
  if (message.status === 'sending') send(message);
}

export function sendMessage(sessionId: string, content: Content, priority: Priority): void {
  const message: Outgoing = { clientMessageId: makeKey(), sessionId, content, priority, status: 'sending' };
  put(message);
  send(message);
}

function send({ clientMessageId, sessionId, content, priority }: Outgoing): void {
  hearth
    .session(sessionId)
    .send(content, { priority, clientMessageId })
    .then(
      () => dropOutgoing(clientMessageId),
      (error: unknown) =>
        put({ clientMessageId, sessionId, content, priority, status: 'refused', problem: asProblem(error) }),
    );
}

export function dropOutgoing(clientMessageId: string): void {
  keepInTab(KEPT + clientMessageId, null);
  useOutbox.setState(({ outgoing }) => ({
    outgoing: outgoing.filter((one) => one.clientMessageId !== clientMessageId),
  }));
}

function put(message: Outgoing): void {
  lastPlace += 1;
  keepInTab(KEPT + message.clientMessageId, JSON.stringify({ place: lastPlace, message } satisfies Kept));
  useOutbox.setState(({ outgoing }) => ({
    outgoing: [...outgoing.filter((one) => one.clientMessageId !== message.clientMessageId), message],
  }));
}

/** What the page before a reload left, in its order. */
function kept(): Kept[] {
  return keysInTab(KEPT)
    .map((key) => JSON.parse(keptInTab(key) ?? '') as Kept)
    .toSorted((a, b) => a.place - b.place);
}

/** `crypto.randomUUID` is missing on pages that come over plain HTTP from another machine. */
export function makeKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
