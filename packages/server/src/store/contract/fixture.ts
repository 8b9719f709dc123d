import { expect, test } from 'vitest';
import { HearthError } from '@hearth/protocol';
import type { Store } from '../store.ts';

export * from './fixture-records.ts';

/** A store for one test. */
export interface OpenedStore {
  store: Store;
  /** Closes the store and opens it again, as a restart does. */
  readonly reopen: () => Promise<Store>;
  /** Closes it and removes whatever it kept. */
  readonly destroy: () => Promise<void>;
}

export type OpenStore = () => Promise<OpenedStore>;

/** vitest's `test` with a fresh store for each test, which is destroyed when the test is over. */
export function storeTest(open: OpenStore) {
  return test.extend<OpenedStore & { opened: OpenedStore }>({
    opened: async ({ onTestFinished }, use) => {
      const opened = await open();
      onTestFinished(() => opened.destroy());
      await use(opened);
    },
    store: ({ opened }, use) => use(opened.store),
    reopen: ({ opened }, use) => use(opened.reopen),
    destroy: ({ opened }, use) => use(opened.destroy),
  });
}

/** The HearthError with which it fails. */
export async function failure(attempt: Promise<unknown>): Promise<HearthError> {
  const outcome = await attempt.then(
    () => 'it did not fail',
    (error: unknown) => error,
  );
  expect(outcome).toBeInstanceOf(HearthError);
  return outcome as HearthError;
}

/** `seq`s of all entries of a session. */
export async function allSeqs(store: Store, sessionId: string): Promise<number[]> {
  const entries = await store.events.read(sessionId, 0, 1_000_000, Number.MAX_SAFE_INTEGER);
  return entries.map((entry) => entry.seq);
}
