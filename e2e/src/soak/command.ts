import { parseArgs } from 'node:util';
import { Place, scriptedApi, ServerProcess } from '../server-process.ts';
import { judge } from './trend.ts';
import type { Sample } from './trend.ts';
import { freePort, inspected, sample } from './sample.ts';
import { Team } from './team.ts';

/** What one person does in an hour, roughly: it makes a day of use out of minutes. */
const TURNS_PER_HOUR = 60;
const SAMPLES = 24;

/**
 * `npm run soak -- --hours 8 --people 4`: so many hours of a team's use at full speed, on the real server with the
 * scripted agent; heap and file handles have to be flat.
 */
export async function soakCommand(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: { hours: { type: 'string', default: '8' }, people: { type: 'string', default: '4' } },
  });
  const people = Number(values.people);
  const turnsEach = Math.ceil((Number(values.hours) * TURNS_PER_HOUR) / SAMPLES);
  const place = new Place();
  const api = await scriptedApi();
  const port = await freePort();
  const server = await ServerProcess.start(place, api, { agent: 'scripted', env: inspected(port) });
  const samples: Sample[] = [];
  try {
    const team = new Team(server.target('scripted'), people);
    await team.work(turnsEach);
    for (let round = 1; round <= SAMPLES; round += 1) {
      await team.work(turnsEach);
      const seen = await sample(server, port);
      samples.push(seen);
      say(
        `${String(round).padStart(2)}/${SAMPLES}  heap ${mib(seen.heapBytes)}  rss ${mib(seen.rssBytes)}  handles ${seen.handles}`,
      );
    }
    await team.leave();
  } finally {
    await server.stop();
    await api.close();
    place.remove();
  }
  const verdict = judge(samples);
  say(`${people * turnsEach * (SAMPLES + 1)} turns; ${verdict.words}`);
  return verdict.flat ? 0 : 1;
}

function mib(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
