/** What the browser's main thread did while it was traced. */
export interface Frames {
  /** How many pictures it made. */
  count: number;
  /** Work of the main thread for a picture (scripts, style, layout, paint), in time of the processor. */
  medianMs: number;
  p95Ms: number;
  /** The most work in one piece, during which it cannot answer. */
  longestTaskMs: number;
  /** All of its work, in time of the processor. */
  workMs: number;
  /** Median and longest by the clock, in which other processes have their turns too. */
  medianWallMs: number;
  longestTaskWallMs: number;
}

interface TraceEvent {
  name: string;
  ph: string;
  pid: number;
  tid: number;
  ts: number;
  dur?: number;
  /** Time of the processor. */
  tdur?: number;
  args?: { name?: string };
}

export const TRACE_CATEGORIES = [
  'devtools.timeline',
  'disabled-by-default-devtools.timeline',
  'disabled-by-default-devtools.timeline.frame',
  'toplevel',
];

/** Reads a trace of Chromium: all that the busiest renderer's main thread did, cut where it handed a picture over. */
export function framesOf(trace: Buffer): Frames {
  const { traceEvents } = JSON.parse(trace.toString('utf8')) as { traceEvents: TraceEvent[] };
  const mains = traceEvents.filter(({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain');
  const threads = mains.map(({ pid, tid }) => {
    const own = traceEvents.filter((event) => event.pid === pid && event.tid === tid);
    const tasks = own
      .filter(({ name, ph }) => ph === 'X' && (name === 'RunTask' || name === 'ThreadControllerImpl::RunTask'))
      .sort((one, other) => one.ts - other.ts);
    return { own, tasks, busy: tasks.reduce((sum, { dur = 0 }) => sum + dur, 0) };
  });
  const thread = threads.toSorted((one, other) => other.busy - one.busy)[0];
  if (thread === undefined) throw new Error('The trace has no renderer.');
  const commits = thread.own
    .filter(({ name }) => name === 'Commit')
    .map(({ ts }) => ts)
    .sort((a, b) => a - b);
  if (commits.length === 0) throw new Error('The trace has no frames.');
  const works: number[] = [];
  const walls: number[] = [];
  let at = 0;
  let longestTaskMs = 0;
  let longestTaskWallMs = 0;
  let lastEnd = 0;
  for (const commit of commits) {
    let [work, wall] = [0, 0];
    for (; at < thread.tasks.length; at += 1) {
      const { ts, dur = 0, tdur = dur } = thread.tasks[at] as TraceEvent;
      if (ts > commit) break;
      // Two categories tell of the same task.
      if (ts < lastEnd) continue;
      lastEnd = ts + dur;
      work += tdur / 1000;
      wall += dur / 1000;
      longestTaskMs = Math.max(longestTaskMs, tdur / 1000);
      longestTaskWallMs = Math.max(longestTaskWallMs, dur / 1000);
    }
    works.push(work);
    walls.push(wall);
  }
  return {
    count: works.length,
    medianMs: share(works, 0.5),
    p95Ms: share(works, 0.95),
    longestTaskMs,
    workMs: works.reduce((sum, work) => sum + work, 0),
    medianWallMs: share(walls, 0.5),
    longestTaskWallMs,
  };
}

function share(values: readonly number[], part: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
}
