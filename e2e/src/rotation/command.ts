import { parseArgs } from 'node:util';
import { runRotation } from './run-rotation.ts';

/** `npm run rotation -- --conversations 200 --seed 1`: conversations over accounts that fail, and what came of them. */
export async function rotationCommand(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      conversations: { type: 'string', default: '200' },
      seed: { type: 'string', default: '1' },
      parallel: { type: 'string', default: '4' },
    },
  });
  const conversations = Number(values.conversations);
  const began = Date.now();
  try {
    const report = await runRotation({
      seed: Number(values.seed),
      conversations,
      parallel: Number(values.parallel),
      onWhole: (done) => {
        if (done % 10 === 0) say(`${done} of ${conversations} are whole, ${Math.round((Date.now() - began) / 1000)} s`);
      },
    });
    const met = [...report.met].map(([trouble, times]) => `${trouble} ${times}`).join(', ');
    say(`${report.turns} turns, ${report.calls} calls, ${report.rotations} rotations, ${report.waits} waits`);
    say(`met: ${met}`);
    say(`billed $${report.billedUsd.toFixed(6)}, counted $${report.countedUsd.toFixed(6)}`);
    return Math.abs(report.billedUsd - report.countedUsd) < 0.005 ? 0 : 1;
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    return 1;
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
