import { TURN_IS_OVER } from '../wire/hearth-client.ts';
import { atMost } from '../benchmark.ts';
import type { Benchmark } from '../benchmark.ts';
import { HearthServer, NODE_FLAGS, PROGRAM } from '../hearth-server.ts';
import { median } from '../measure/distribution.ts';
import { inRounds } from '../workplace.ts';
import { commandMs, emptyNode } from './empty-node.ts';

const PROMPT = '[[say done]]';

export const runCommand: Benchmark = {
  name: 'run-command',
  title: '`hearth run` against a running server',
  about:
    'The whole command, from its start to its end, with the scripted agent; and the same session and turn asked for by a client that is connected already. The difference is the command’s own.',
  async run(workplace) {
    const server = await HearthServer.start(workplace, { name: 'hearth' });
    const args = [...NODE_FLAGS, PROGRAM, 'run', '--url', server.url, '--agent', 'scripted', PROMPT];
    const env = server.env as NodeJS.ProcessEnv;
    const samples = { command: [] as number[], client: [] as number[], node: [] as number[] };
    const client = await server.client();
    await inRounds(workplace.pick(15, 1), [
      async (round) => {
        const ms = await commandMs(process.execPath, args, env, workplace.folder);
        if (round >= 0) samples.command.push(ms);
      },
      async (round) => {
        const over = client.next(TURN_IS_OVER);
        const began = performance.now();
        const { id } = await client.call<{ id: string }>('session.create', { agent: 'scripted' });
        void client.call('message.send', { sessionId: id, content: PROMPT });
        void client.call('session.subscribe', { sessionId: id });
        await over;
        if (round >= 0) samples.client.push(performance.now() - began);
        await client.call('session.unsubscribe', { sessionId: id });
      },
      async (round) => {
        const ms = await emptyNode();
        if (round >= 0) samples.node.push(ms);
      },
    ]);
    return {
      rows: [
        { name: '`hearth run`', unit: 'ms', samples: samples.command },
        { name: 'a connected client', unit: 'ms', samples: samples.client },
        { name: 'a Node process that does nothing', unit: 'ms', samples: samples.node },
      ],
      goals: [atMost('of its own', median(samples.command) - median(samples.client), 150, ' ms')],
    };
  },
};
