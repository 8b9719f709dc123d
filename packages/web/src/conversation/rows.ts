import type { Conversation, TurnEntry, TurnItem } from '@hearth/client/conversation';

type TimelineEntry = Conversation['timeline'][number];
export type OtherEntry = Exclude<TimelineEntry, TurnEntry>;
export type ItemRow = {
  type: 'item';
  key: string;
  item: TurnItem;
  turnId: string;
  /** The turn still runs. */
  live: boolean;
  /** What a subagent did within this tool call, and within its calls. */
  inner: readonly TurnItem[];
};

/** One line of the list that is drawn: a part of a turn, the end of a turn, or what stands between turns. */
export type Row =
  | ItemRow
  | { type: 'end'; key: string; turn: TurnEntry }
  | { type: 'entry'; key: string; entry: OtherEntry };

const NONE: readonly TurnItem[] = [];
const known = new WeakMap<TimelineEntry, readonly Row[]>();

/** The rows of a timeline. Those of an entry that has not changed are the same objects as before. */
export function rowsOf(timeline: Conversation['timeline']): Row[] {
  const rows: Row[] = [];
  for (const entry of timeline) {
    let made = known.get(entry);
    if (made === undefined) {
      made = entry.type === 'turn' ? rowsOfTurn(entry) : rowsOfEntry(entry);
      known.set(entry, made);
    }
    for (const row of made) rows.push(row);
  }
  return rows;
}

/** Whether two rows say the same; a turn that goes on makes new rows of parts that have not changed. */
export function isSameRow(one: Row, other: Row): boolean {
  if (one === other) return true;
  if (one.type !== 'item' || other.type !== 'item') return false;
  return (
    one.key === other.key &&
    one.item === other.item &&
    one.live === other.live &&
    one.inner.length === other.inner.length &&
    one.inner.every((item, index) => item === other.inner[index])
  );
}

/** About how high a row will be, in pixels, before it was measured. */
export function guessHeight(row: Row | undefined): number {
  if (row === undefined) return 40;
  if (row.type === 'entry') return row.entry.type === 'undelivered' ? 80 : 34;
  if (row.type === 'end') return row.turn.state.status === 'failed' ? 120 : 44;
  const { item } = row;
  switch (item.type) {
    case 'message':
      return 80;
    case 'block':
      return item.kind === 'thinking' ? 36 : 32 + 26 * linesOf(item.text);
    case 'tool':
      return 52;
    case 'approval':
    case 'note':
      return 34;
  }
}

const CHARS_PER_LINE = 85;

function linesOf(text: string): number {
  let lines = 0;
  for (const line of text.split('\n')) lines += line === '' ? 0.5 : Math.ceil(line.length / CHARS_PER_LINE);
  return lines;
}

function rowsOfEntry(entry: OtherEntry): Row[] {
  if (entry.type === 'undelivered' && entry.outcome === 'cancelled') return [];
  if (entry.type === 'approval' && !isTold(entry)) return [];
  return [{ type: 'entry', key: `n${entry.seq}`, entry }];
}

function rowsOfTurn(turn: TurnEntry): Row[] {
  const live = turn.state.status === 'running';
  const inner = innerOf(turn.items);
  const rows: Row[] = [];
  for (const item of turn.items) {
    if (parentOf(item) !== undefined) continue;
    if (item.type === 'approval' && !isTold(item)) continue;
    const within = item.type === 'tool' ? (inner?.get(item.toolCallId) ?? NONE) : NONE;
    rows.push({ type: 'item', key: `i${item.seq}`, item, turnId: turn.turnId, live, inner: within });
  }
  if (!live) rows.push({ type: 'end', key: `e${turn.turnId}`, turn });
  return rows;
}

/** Leave that was given shows in what the tool did, and a pending approval has its card. */
function isTold({ outcome, approval }: TurnItem & { type: 'approval' }): boolean {
  return outcome !== 'pending' && (outcome !== 'allow' || approval.kind === 'plan');
}

export function parentOf(item: TurnItem): string | undefined {
  return item.type === 'block' || item.type === 'tool' ? item.parentToolCallId : undefined;
}

/** By the id of each call that is in no other: all that was done within it. */
function innerOf(items: readonly TurnItem[]): Map<string, TurnItem[]> | undefined {
  if (items.every((item) => parentOf(item) === undefined)) return undefined;
  const parents = new Map<string, string | undefined>();
  for (const item of items) if (item.type === 'tool') parents.set(item.toolCallId, item.parentToolCallId);
  const inner = new Map<string, TurnItem[]>();
  for (const item of items) {
    let top = parentOf(item);
    if (top === undefined) continue;
    for (let above = parents.get(top); above !== undefined; above = parents.get(top)) top = above;
    inner.set(top, [...(inner.get(top) ?? []), item]);
  }
  return inner;
}
