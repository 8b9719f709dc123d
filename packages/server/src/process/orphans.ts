import type { ProcessRecord, ProcessStore } from '../store/store.ts';
import { killTree, treeOf } from './kill-tree.ts';

/**
 * Ends what a server that died left behind: every recorded process that still lives with the same start time, with its
 * whole tree. To be awaited before any conversation is resumed, since an orphaned agent goes on writing to its transcript.
 * @returns the records whose processes were found alive
 */
export async function endOrphans(processes: ProcessStore): Promise<ProcessRecord[]> {
  const records = await processes.list();
  const alive = await Promise.all(
    records.map(async (record) => {
      const lives = treeOf(record).length > 0;
      if (lives) await killTree(record, 0);
      await processes.remove(record.pid, record.startTicks);
      return lives ? [record] : [];
    }),
  );
  return alive.flat();
}
