import { createHash } from 'node:crypto';
import type { TranscriptEntry } from '../../store/store.ts';
import type { ConversationCut } from '../backend.ts';

/** From this attempt on the uuids of a message differ in their last group alone, so that each can be told without a search. */
const COUNTED_FROM = 16;

/**
 * The uuid under which a message is sent for the n-th time (from 0) to one process. The binary silently drops a uuid that it
 * has seen, also one that was taken back unread, so each attempt needs its own; it follows from the message's id, so
 * that the message is found again in any transcript.
 */
export function wireUuid(messageId: string, attempt: number): string {
  if (attempt === 0) return messageId;
  const hash = createHash('sha256')
    .update(`${messageId}#${Math.min(attempt, COUNTED_FROM)}`)
    .digest('hex');
  const last = attempt < COUNTED_FROM ? hash.slice(20, 32) : attempt.toString(16).padStart(12, '0');
  return `${hash.slice(0, 8)}-${hash.slice(8, 12)}-8${hash.slice(13, 16)}-a${hash.slice(17, 20)}-${last}`;
}

/** Where a message stands in a transcript: its index, or -1. A steered message stands there as an attachment. */
export function findMessage(entries: readonly TranscriptEntry[], messageId: string): number {
  const uuids = new Set(Array.from({ length: COUNTED_FROM }, (_, attempt) => wireUuid(messageId, attempt)));
  const counted = wireUuid(messageId, COUNTED_FROM).slice(0, -12);
  return entries.findIndex((entry) => sentUuids(entry).some((uuid) => uuids.has(uuid) || uuid.startsWith(counted)));
}

/**
 * Where the conversation has to be cut before it goes on, so that the model does not see what is about to be sent again,
 * nor a message that the model API refused as invalid. Undefined: nowhere.
 */
export function cutIndex(
  entries: readonly TranscriptEntry[],
  pendingMessageIds: readonly string[],
): number | undefined {
  const found = pendingMessageIds.map((id) => findMessage(entries, id)).filter((index) => index >= 0);
  const poisoned = poisonedIndex(entries);
  const cut = Math.min(...found, poisoned ?? Number.POSITIVE_INFINITY);
  return Number.isFinite(cut) ? beforeQueueing(entries, cut) : undefined;
}

/**
 * The first prompt of the last turn, when that turn ended in a refusal of the model API (status 400 or 413): whatever
 * is in it would be refused again with every later request.
 */
function poisonedIndex(entries: readonly TranscriptEntry[]): number | undefined {
  const last = entries.findLastIndex((entry) => entry.type === 'assistant' || isPrompt(entry));
  const end = entries[last];
  if (end === undefined || end['isApiErrorMessage'] !== true) return undefined;
  if (end['apiErrorStatus'] !== 400 && end['apiErrorStatus'] !== 413) return undefined;
  const prompt = entries.slice(0, last).findLastIndex(isPrompt);
  return prompt === -1 ? undefined : prompt;
}

/** Whether an entry begins a turn: no result of a tool and no note of the binary's own, which have no source. */
export function isPrompt(entry: TranscriptEntry): boolean {
  if (entry.type !== 'user' || entry['isSidechain'] === true) return false;
  return entry['promptSource'] !== undefined || entry['permissionMode'] !== undefined;
}

/**
 * The transcript as a conversation of its own under another id, up to `end` (exclusive). Totals of cost are left out:
 * a process that goes on from there counts from zero.
 */
export function copyTranscript(
  entries: readonly TranscriptEntry[],
  agentSessionId: string,
  end = entries.length,
): TranscriptEntry[] {
  return withoutCost(entries.slice(0, end)).map((entry) =>
    'sessionId' in entry ? { ...entry, sessionId: agentSessionId } : entry,
  );
}

/**
 * Leaves the saved totals out. The binary adds them to what it reports after a resume, but saves them only when it
 * ends kindly: without them every process begins at zero, whatever became of the one before.
 */
export function withoutCost(entries: readonly TranscriptEntry[]): TranscriptEntry[] {
  return entries.filter((entry) => entry.type !== 'cost-state');
}

/** The end (exclusive) of what a cut leaves: all that stands before the first message that goes. */
export function endOfCut(
  entries: readonly TranscriptEntry[],
  { lastMessageId, nextMessageIds }: ConversationCut,
): number {
  if (lastMessageId === null) return 0;
  const found = nextMessageIds.map((id) => findMessage(entries, id)).filter((index) => index >= 0);
  return found.length === 0 ? entries.length : beforeQueueing(entries, Math.min(...found));
}

/**
 * What tells an entry from every other one; undefined: nothing needs to. Notes of file checkpoints have no uuid, and
 * each is made once.
 */
export function identityOf(entry: TranscriptEntry): string | undefined {
  if (entry.uuid !== undefined) return entry.uuid;
  return entry.type.startsWith('file-history-') ? JSON.stringify(entry) : undefined;
}

/** Whether there is anything of a conversation: a prompt that a model could be shown. */
export function hasConversation(entries: readonly TranscriptEntry[]): boolean {
  return entries.some(isPrompt);
}

/** The binary notes `queue-operation`s in front of the prompt that they brought; they go with it. */
function beforeQueueing(entries: readonly TranscriptEntry[], index: number): number {
  let end = index;
  while (end > 0 && entries[end - 1]?.type === 'queue-operation') end -= 1;
  return end;
}

/** The uuids of the messages that an entry holds: its own, those merged into it, the one that it is a note of. */
function sentUuids(entry: TranscriptEntry): string[] {
  if (entry.type === 'user') {
    const merged = entry['mergedSendUuids'];
    return [entry.uuid ?? '', ...(Array.isArray(merged) ? merged.map(String) : [])];
  }
  if (entry.type !== 'attachment') return [];
  const attachment = entry['attachment'] as { type?: string; source_uuid?: string } | undefined;
  return attachment?.type === 'queued_command' ? [attachment.source_uuid ?? ''] : [];
}
