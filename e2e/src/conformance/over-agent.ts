import { CASES, runCase } from '@hearth/conformance';
import type { MessagesApi } from '@hearth/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Place, scriptedApi, ServerProcess } from '../server-process.ts';

/** The whole suite against a server of its own. */
export function testConformance(agent: 'scripted' | 'claude'): void {
  describe(`the conformance suite over the agent ${agent}`, () => {
    const place = new Place();
    let api: MessagesApi;
    let server: ServerProcess;

    beforeAll(async () => {
      api = await scriptedApi();
      server = await ServerProcess.start(place, api, { agent });
    });

    afterAll(async () => {
      await server.stop();
      await api.close();
      place.remove();
    });

    // Cases that read the model's requests need an agent that asks a model.
    const cases = CASES.filter((one) => one.needs === undefined || agent === 'claude');
    test.each(cases.map((one) => [`[${one.rules.join('][')}] ${one.title}`, one] as const))(
      '%s',
      async (_name, one) => {
        const verdict = await runCase(server.target(agent, agent === 'claude' ? api : undefined), one);
        if (verdict.outcome === 'failed') throw verdict.error;
        expect(verdict.outcome).toBe('passed');
      },
    );
  });
}
