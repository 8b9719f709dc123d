import { TURN_IS_OVER } from '../wire/hearth-client.ts';
import { atMost } from '../benchmark.ts';
import type { Benchmark } from '../benchmark.ts';
import { HearthServer, NODE_FLAGS, PROGRAM } from '../hearth-server.ts';
import { median } from '../measure/distribution.ts';
import type { Chart } from '../report/chart.ts';
import { inRounds } from '../workplace.ts';
import { commandMs, emptyNode } from './empty-node.ts';

const PROMPT = '[[say done]]';

type Samples = Record<'command' | 'client' | 'node', number[]>;

export const runCommand: Benchmark = {
  name: 'run-command',
  title: '`hearth run` against a running server',
  about:
    'The whole command, from its start to its end, with the scripted agent; and the same session and turn asked for by a client that is connected already. The difference is the command’s own.',
  async run(workplace) {
    const server = await HearthServer.start(workplace, { name: 'hearth' });
    const args = [...NODE_FLAGS, PROGRAM, 'run', '--url', server.url, '--agent', 'scripted'];
    const env = server.env as NodeJS.ProcessEnv;
    const client = await server.client();
    const measure = async (rounds: number, prompt: string): Promise<Samples> => {
      const samples: Samples = { command: [], client: [], node: [] };
      await inRounds(rounds, [
        async (round) => {
          const ms = await commandMs(process.execPath, [...args, prompt], env, workplace.folder);
          if (round >= 0) samples.command.push(ms);
        },
        async (round) => {
          const over = client.next(TURN_IS_OVER);
          const began = performance.now();
          const { id } = await client.call<{ id: string }>('session.create', { agent: 'scripted' });
          void client.call('message.send', { sessionId: id, content: prompt });
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
      return samples;
    };
    const samples = await measure(workplace.pick(15, 1), PROMPT);
    const grown: [number, Samples][] = [];
    for (const words of workplace.pick([100, 1_000, 10_000], [10])) {
      grown.push([words, await measure(workplace.pick(5, 1), `[[tokens ${words} 0]]`)]);
    }
    return {
      rows: [
        { name: '`hearth run`', unit: 'ms', samples: samples.command },
        { name: 'a connected client', unit: 'ms', samples: samples.client },
        { name: 'a Node process that does nothing', unit: 'ms', samples: samples.node },
      ],
      goals: [atMost('of its own', median(samples.command) - median(samples.client), 150, ' ms')],
      charts: [byLength(grown)],
    };
  },
};

function byLength(grown: readonly [number, Samples][]): Chart {
  const points = (name: keyof Samples) =>
    grown.map(([words, samples]): [number, number] => [words, median(samples[name])]);
  return {
    name: 'run-command',
    title: '`hearth run` by the length of the answer',
    x: 'words of the answer',
    y: 'ms',
    series: [
      { name: '`hearth run`', points: points('command') },
      { name: 'a connected client', points: points('client') },
    ],
    bend: 'The command takes as much longer than a connected client as its own start takes, whatever the answer. Up to a thousand words nothing else is seen; from there on both grow by the answer.',
  };
}
