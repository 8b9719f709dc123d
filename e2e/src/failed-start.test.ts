import { mkdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import type { MessagesApi } from '@hearth/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Place, scriptedApi, serveInVain, ServerProcess } from './server-process.ts';

describe('a server that cannot start', () => {
  const place = new Place();
  let api: MessagesApi;

  beforeAll(async () => {
    api = await scriptedApi();
  });

  afterAll(async () => {
    await api.close();
    place.remove();
  });

  test('ends, though it listened already, and leaves the data directory to the next one', async () => {
    const inTheWay = join(place.data, 'server.json');
    mkdirSync(inTheWay);

    const { code, output } = await serveInVain(place, api, { agent: 'scripted' });

    expect(code).toBe(1);
    expect(output).toContain('server.json');
    expect(output).not.toContain('listening on');
    rmdirSync(inTheWay);
    const next = await ServerProcess.start(place, api, { agent: 'scripted' });
    expect(await next.stop()).toBe(0);
  });
});
