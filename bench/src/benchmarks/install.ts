import { spawn, spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Benchmark, Row } from '../benchmark.ts';
import { environment } from '../hearth-server.ts';
import type { Workplace } from '../workplace.ts';
import { commandMs } from './empty-node.ts';

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
const KB_PER_MB = 1024;

export const install: Benchmark = {
  name: 'install',
  title: 'From a fresh clone to the first answer',
  about:
    'A clone of the last commit, `./bin/hearth demo` in it, which installs and builds, and one prompt to it. The npm cache is the user’s, as it is; without network the first start fails. Not in the short form.',
  async run(workplace) {
    if (workplace.short) return { rows: [], goals: [] };
    const clone = join(workplace.folder, 'clone');
    git(['clone', '--quiet', REPOSITORY, clone]);
    const home = workplace.subfolder('home');
    const cache = spawnSync('npm', ['config', 'get', 'cache'], { encoding: 'utf8' }).stdout.trim();
    const env = { ...process.env, ...environment(workplace, home), HEARTH_TOKEN: undefined, npm_config_cache: cache };
    const began = performance.now();
    const readyMs = await demoReady(workplace, clone, env);
    const dataDir = `${home}/.hearth`;
    const args = [join(clone, 'packages/server/dist/program/hearth.js'), 'run', '--data-dir', dataDir, 'hello'];
    await commandMs(process.execPath, args, env, clone);
    const seconds = (performance.now() - began) / 1000;
    return {
      rows: [
        { name: 'until the demo listens', unit: 's', samples: [readyMs / 1000] },
        { name: 'until the first answer', unit: 's', samples: [seconds] },
        ...disk(clone),
      ],
      goals: [],
      notes: [
        'What dominates is what npm fetches, and on Node 20 the compilation of the database library; most of the disk is the `claude` binary that the SDK brings.',
      ],
    };
  },
};

function git(args: string[]): void {
  const { status, stderr } = spawnSync('git', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`git ${args[0]} failed: ${stderr}`);
}

function demoReady(workplace: Workplace, clone: string, env: NodeJS.ProcessEnv): Promise<number> {
  const began = performance.now();
  const child = spawn(join(clone, 'bin/hearth'), ['demo', '--port', '0'], {
    cwd: clone,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<void>((resolve) => {
    child.once('close', () => resolve());
  });
  workplace.adopt({
    close: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  });
  let output = '';
  return new Promise((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
        if (output.includes('listening on http')) resolve(performance.now() - began);
      });
    }
    void ended.then(() => reject(new Error(`the demo ended: ${output.slice(-2_000)}`)));
  });
}

/** The whole clone, and the largest packages in it. */
function disk(clone: string): Row[] {
  const largest = folders(join(clone, 'node_modules'))
    .map((folder) => ({ name: folder.slice(clone.length + 1), mb: sizeMb(folder) }))
    .sort((a, b) => b.mb - a.mb)
    .slice(0, 4);
  return [
    { name: 'the clone when all is built', unit: 'MB', samples: [sizeMb(clone)] },
    ...largest.map(({ name, mb }) => ({ name: `of that ${name}`, unit: 'MB', samples: [mb] })),
  ];
}

function folders(root: string): string[] {
  return readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .flatMap(({ name }) => (name.startsWith('@') ? folders(join(root, name)) : [join(root, name)]));
}

function sizeMb(folder: string): number {
  return Number(spawnSync('du', ['-sk', folder], { encoding: 'utf8' }).stdout.split('\t')[0]) / KB_PER_MB;
}
