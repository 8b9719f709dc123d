import type { ProcessRecord, ProcessStore } from '../store/store.ts';
import { killTree, treeOf } from './kill-tree.ts';
import { TREE_MARK, treeMark } from './tree-mark.ts';

/**
 * Ends what a server that died left behind: the whole tree of every recorded process, also what outlived the process itself. To be awaited before any conversation is resumed, since an orphaned agent goes on writing to its transcript.
 * @returns the records of which something was found alive
 */
export async function endOrphans(processes: ProcessStore): Promise<ProcessRecord[]> {
  const records = await processes.list();
  const alive = await Promise.all(
    records.map(async (record) => {
      const root = { ...record, mark: `${TREE_MARK}=${treeMark(record)}` };
      const lives = treeOf(root).length > 0;
      if (lives) await killTree(root, 0);
      await processes.remove(record.pid, record.startTicks);
      return lives ? [record] : [];
    }),
  );
  return alive.flat();
}
