import { expect, test } from 'vitest';
import { LazyPromise } from './lazy-promise.ts';

test('who asks before the end and who asks after it are told the same', async () => {
  const stored = new LazyPromise();
  const early = stored.promise;
  stored.resolve();
  await expect(early).resolves.toBeUndefined();
  await expect(stored.promise).resolves.toBeUndefined();

  const refused = new LazyPromise();
  refused.reject(new Error('full'));
  await expect(refused.promise).rejects.toThrow('full');
});

test('it ends once', async () => {
  const stored = new LazyPromise();
  stored.resolve();
  stored.reject(new Error('too late'));
  await expect(stored.promise).resolves.toBeUndefined();
});

test('a rejection that nobody waits for is no unhandled one', async () => {
  const unhandled: unknown[] = [];
  const note = (reason: unknown): void => void unhandled.push(reason);
  process.on('unhandledRejection', note);
  const refused = new LazyPromise();
  void refused.promise;
  refused.reject(new Error('full'));
  await new Promise((resolve) => setTimeout(resolve, 10));
  process.off('unhandledRejection', note);
  expect(unhandled).toEqual([]);
});
