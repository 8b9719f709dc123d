import {
  aBatch,
  aCompleted,
  aDelta,
  aMessage,
  anAccount,
  aNotice,
  aPart,
  aRecord,
  aTurn,
} from '../../contract/fixture-records.ts';
import type { Store } from '../../store.ts';

/** Characters that some databases or some encodings stumble over. */
export const ODD_TEXT =
  'nul \u0000, one \u0001, two \u0001\u0002, “quotes” \\ \' " {} , 🦀 é e\u0301 \u202e \uffff end';
const TIME = '2026-01-01T00:00:00.000Z';
const MAIN = { projectKey: 'p', agentSessionId: 'conversation', subpath: '' };

/**
 * Puts something into every table that a server fills, odd texts and large numbers among it. What only a crash leaves
 * (`removed_sessions`) a test adds by itself.
 * @param sessions how many, with `events` of each
 */
export async function fillStore(store: Store, { sessions = 3, events = 40 } = {}): Promise<void> {
  for (let number = 1; number <= sessions; number += 1) {
    const id = `s${number}`;
    const entries = Array.from({ length: events }, (_, index) => aNotice(index + 1, `${ODD_TEXT} ${index}`));
    await store.events.append([
      aBatch(id, {
        record: { ...aRecord(id, { title: ODD_TEXT, lastSeq: events }), core: JSON.stringify({ text: ODD_TEXT }) },
        entries,
        messages: [
          aMessage(`m${number}`, id, { content: ODD_TEXT, place: number }),
          aMessage(`n${number}`, id, { state: 'completed', clientMessageId: `c${number}${ODD_TEXT}` }),
        ],
        usage: [aTurn(`t${number}`, { sessionId: id, models: [aPart({ model: ODD_TEXT }), aPart({ model: 'b' })] })],
      }),
    ]);
  }
  const far = Number.MAX_SAFE_INTEGER;
  await store.events.append([
    aBatch('s1', {
      entries: [aDelta(far - 2, `b${ODD_TEXT}`), aDelta(far - 1, 'b2', 'x'.repeat(6_000_000)), aCompleted(far, 'b3')],
      usage: [aTurn('far', { models: [aPart({ model: 'c\u0000' }), aPart({ model: 'c\u0001', inputTokens: far })] })],
    }),
  ]);
  await store.transcripts.appendWithSummary(MAIN, [{ type: 'user', uuid: ODD_TEXT, text: ODD_TEXT }], () => ({
    title: ODD_TEXT,
  }));
  await store.transcripts.append({ ...MAIN, subpath: 'subagents/one' }, [
    { type: 'system' },
    { type: 'user', text: '' },
  ]);
  await store.tokens.add({ id: 'k1', kind: 'api', label: ODD_TEXT, hash: 'abc', createdAt: TIME });
  await store.tokens.add({ id: 'k2', kind: 'browser', label: '', hash: 'def', createdAt: TIME, lastUsedAt: TIME });
  await store.processes.add({ pid: 4_000_001, startTicks: '12', sessionId: 's1', startedAt: TIME });
  await store.accounts.add(anAccount('a1', { label: ODD_TEXT, sealed: 'sealed 1', models: [ODD_TEXT], version: far }));
  await store.accounts.add(anAccount('a2', { kind: 'gateway', baseUrl: 'https://x.example', enabled: false }));
  await store.accounts.claimRefresh('a2', 'somebody', 1_900_000_000_000, 0);
  // The largest number that was given is of a row that is gone: it must not be given again.
  await store.events.append([aBatch('gone', { record: aRecord('gone'), messages: [aMessage('mg', 'gone')] })]);
  await store.sessions.delete('gone');
  await store.check();
}
