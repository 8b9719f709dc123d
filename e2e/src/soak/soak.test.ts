import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { MessagesApi } from '@hearth/testkit';
import { Place, scriptedApi, ServerProcess } from '../server-process.ts';
import { freePort, inspected, sample } from './sample.ts';
import { Team } from './team.ts';
import { judge } from './trend.ts';
import type { Sample } from './trend.ts';

const MIB = 1024 * 1024;

function held(heapMib: number, handles: number): Sample {
  return { heapBytes: heapMib * MIB, rssBytes: 0, handles };
}

describe('what the server holds', () => {
  test('a heap or a number of handles that grows with use is told', () => {
    const flat = Array.from({ length: 9 }, (_, index) => held(40 + (index % 2), 30));
    expect(judge(flat)).toMatchObject({ flat: true });
    expect(judge(flat.map((one, index) => ({ ...one, heapBytes: (40 + index * 2) * MIB })))).toMatchObject({
      flat: false,
    });
    expect(judge(flat.map((one, index) => ({ ...one, handles: 30 + index })))).toMatchObject({ flat: false });
  });

  describe('a short day', () => {
    const place = new Place();
    let api: MessagesApi;
    let server: ServerProcess;
    let port: number;

    beforeAll(async () => {
      api = await scriptedApi();
      port = await freePort();
      server = await ServerProcess.start(place, api, { agent: 'scripted', env: inspected(port) });
    });

    afterAll(async () => {
      await server.stop();
      await api.close();
      place.remove();
    });

    test('connections, sessions and turns that are over leave no handles and no memory behind', async () => {
      const team = new Team(server.target('scripted'), 2);
      await team.work(20);
      const before = await sample(server, port);
      await team.work(60);
      const after = await sample(server, port);
      await team.leave();
      expect(after.handles).toBeLessThanOrEqual(before.handles + 4);
      expect(after.heapBytes).toBeLessThan(before.heapBytes + 8 * MIB);
    });
  });
});
