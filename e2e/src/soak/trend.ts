/** What the server held at one moment, after its garbage was collected. */
export interface Sample {
  heapBytes: number;
  rssBytes: number;
  /** Open file descriptors. */
  handles: number;
}

/** How much more the last third may hold than the first: caches that fill up, but nothing that grows with use. */
const HEAP_GROWTH = 1.1;
const HEAP_SLACK_BYTES = 2 * 1024 * 1024;
const HANDLE_SLACK = 4;

/** Whether heap and handles stayed flat: the median of the last third against that of the first. */
export function judge(samples: readonly Sample[]): { flat: boolean; words: string } {
  const third = Math.max(1, Math.floor(samples.length / 3));
  const [first, last] = [samples.slice(0, third), samples.slice(-third)];
  const heap = [first, last].map((part) => median(part.map((one) => one.heapBytes))) as [number, number];
  const handles = [first, last].map((part) => median(part.map((one) => one.handles))) as [number, number];
  const heapFlat = heap[1] <= heap[0] * HEAP_GROWTH + HEAP_SLACK_BYTES;
  const handlesFlat = handles[1] <= handles[0] + HANDLE_SLACK;
  const kib = heap.map((bytes) => `${Math.round(bytes / 1024)} KiB`).join(' to ');
  return {
    flat: heapFlat && handlesFlat,
    words: `heap ${kib} (${heapFlat ? 'flat' : 'GROWS'}), handles ${handles.join(' to ')} (${handlesFlat ? 'flat' : 'GROW'})`,
  };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
