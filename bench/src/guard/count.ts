import { PerformanceObserver } from 'node:perf_hooks';
import { HotPath } from './hot-path.ts';
import type { Counts } from './hot-path.ts';

const DELTAS = 500;
const WARM_UP = 50;

/** Counts per delta. Run it with the flags of the test that compares them: without them the heap is collected meanwhile, and code is compiled in between. */
async function counts(clients: number): Promise<Counts> {
  const path = await HotPath.open(clients);
  await path.stream(WARM_UP);
  const json = countJson();
  const before = { commits: path.commits, ...path.sent };
  let collections = 0;
  const observer = new PerformanceObserver((list) => {
    collections += list.getEntries().length;
  });
  globalThis.gc?.();
  observer.observe({ entryTypes: ['gc'] });
  const heap = process.memoryUsage().heapUsed;
  await path.stream(DELTAS);
  const allocated = process.memoryUsage().heapUsed - heap;
  await new Promise((resolve) => setImmediate(resolve));
  observer.disconnect();
  if (collections > 0) throw new Error(`the garbage was collected ${collections} times; the heap tells nothing then`);
  const calls = json();
  await path.close();
  return {
    commits: (path.commits - before.commits) / DELTAS,
    encoded: calls.encoded / DELTAS,
    parsed: calls.parsed / DELTAS,
    frames: (path.sent.frames - before.frames) / DELTAS,
    chars: (path.sent.chars - before.chars) / DELTAS,
    allocatedBytes: Math.round(allocated / DELTAS),
  };
}

function countJson(): () => { encoded: number; parsed: number } {
  const { stringify, parse } = JSON;
  let [encoded, parsed] = [0, 0];
  JSON.stringify = ((...args: Parameters<typeof stringify>) => {
    encoded += 1;
    return stringify(...args);
  }) as typeof stringify;
  JSON.parse = ((...args: Parameters<typeof parse>) => {
    parsed += 1;
    return parse(...args) as unknown;
  }) as typeof parse;
  return () => {
    Object.assign(JSON, { stringify, parse });
    return { encoded, parsed };
  };
}

const clients = Number(process.argv[2]);
process.stdout.write(`${JSON.stringify(await counts(clients))}\n`);
