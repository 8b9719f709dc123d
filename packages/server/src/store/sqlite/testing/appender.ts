import { openSqliteStore } from '../open.ts';
import { aBatch, aCompleted, aDelta, aRecord } from '../../contract/fixture-records.ts';

/**
 * A program that appends to a session until it is killed, and prints the last number of each commit after the commit:
 * `node appender.mjs PATH`. Every tenth event ends a block and compacts its deltas, as a live log does.
 */
const store = await openSqliteStore({ path: process.argv[2] ?? '' });
const sessionId = 's1';
let seq = (await store.sessions.load(sessionId))?.session.lastSeq ?? 0;
process.stdout.write(`from ${seq}\n`);
for (;;) {
  const size = 1 + (seq % 4);
  const entries = Array.from({ length: size }, (_, index) => {
    const number = seq + 1 + index;
    const blockId = `b${Math.floor((number - 1) / 10)}`;
    return number % 10 === 0 ? aCompleted(number, blockId) : aDelta(number, blockId);
  });
  const compact = entries
    .filter((entry) => entry.type === 'block.completed')
    .map(({ seq: toSeq, blockId = '' }) => ({ blockId, fromSeq: toSeq - 9, toSeq }));
  seq += size;
  await store.events.append([
    aBatch(sessionId, { entries, compact, record: aRecord(sessionId, { title: `as of ${seq}` }) }),
  ]);
  process.stdout.write(`${seq}\n`);
}
