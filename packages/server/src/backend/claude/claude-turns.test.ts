import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { seenBy, startTestBed, type TestBed } from './claude-test-bed.ts';

let bed: TestBed;
beforeAll(async () => {
  bed = await startTestBed();
});
afterAll(async () => {
  await bed.close();
});

describe('turns of a warm session', () => {
  test('ten turns use one process, which reads on after each of them', async () => {
    const agent = bed.open();
    const ends = [];
    for (let turn = 0; turn < 10; turn += 1) ends.push(await agent.turn(`[[say turn ${turn}]]`));
    expect(ends.map((end) => end.outcome)).toEqual(Array.from({ length: 10 }, () => 'completed'));
    expect(agent.texts()).toEqual(Array.from({ length: 10 }, (_, turn) => `turn ${turn}`));
    expect(bed.processes.records).toHaveLength(1);
    expect(seenBy(bed.api.requests.at(-1))).toHaveLength(10);
    await agent.ended();
    expect(agent.events.filter((event) => event.type === 'exited')).toEqual([{ type: 'exited' }]);
  });
});
