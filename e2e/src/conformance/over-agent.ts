import { CASES, runCase } from '@hearth/conformance';
import { startPostgres } from '@hearth/testkit';
import type { MessagesApi, PostgresServer } from '@hearth/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Place, scriptedApi, ServerProcess } from '../server-process.ts';

export type Database = 'SQLite' | 'PostgreSQL';

/** The whole suite against a server of its own. */
export function testConformance(agent: 'scripted' | 'claude', database: Database = 'SQLite'): void {
  describe(`the conformance suite over the agent ${agent} and ${database}`, () => {
    const place = new Place();
    let api: MessagesApi;
    let server: ServerProcess;
    let postgres: PostgresServer | null = null;

    beforeAll(async () => {
      api = await scriptedApi();
      if (database === 'PostgreSQL') postgres = await startPostgres();
      const env: Record<string, string> = postgres === null ? {} : { HEARTH_DATABASE_URL: postgres.url };
      server = await ServerProcess.start(place, api, { agent, env });
    });

    afterAll(async () => {
      await server.stop();
      await postgres?.close();
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
