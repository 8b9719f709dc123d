/** What the browser's main thread did while it was traced. */
export interface Frames {
  /** How many pictures it made. */
  count: number;
  /** Work of the main thread for a picture: scripts, style, layout, paint. */
  medianMs: number;
  p95Ms: number;
  /** The longest time in which it could not answer. */
  longestTaskMs: number;
  /** Tasks of more than 50 ms. */
  longTasks: number;
}

interface TraceEvent {
  name: string;
  ph: string;
  pid: number;
  tid: number;
  ts: number;
  dur?: number;
  args?: { name?: string };
}

export const TRACE_CATEGORIES = [
  'devtools.timeline',
  'disabled-by-default-devtools.timeline',
  'disabled-by-default-devtools.timeline.frame',
  'toplevel',
];

const LONG_MS = 50;

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
  let at = 0;
  let longestTaskMs = 0;
  let longTasks = 0;
  let lastEnd = 0;
  for (const commit of commits) {
    let work = 0;
    for (; at < thread.tasks.length; at += 1) {
      const { ts, dur = 0 } = thread.tasks[at] as TraceEvent;
      if (ts > commit) break;
      // Two categories tell of the same task.
      if (ts < lastEnd) continue;
      lastEnd = ts + dur;
      work += dur / 1000;
      longestTaskMs = Math.max(longestTaskMs, dur / 1000);
      if (dur / 1000 > LONG_MS) longTasks += 1;
    }
    works.push(work);
  }
  works.sort((one, other) => one - other);
  const share = (part: number): number => works[Math.min(works.length - 1, Math.floor(works.length * part))] ?? 0;
  return { count: works.length, medianMs: share(0.5), p95Ms: share(0.95), longestTaskMs, longTasks };
}
