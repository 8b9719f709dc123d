import { create } from 'zustand';
import { strings } from '../strings/strings.ts';
import { shrinkImage } from './shrink-image.ts';

const words = strings.conversation.composer;

/** An image that goes with the next message. */
export interface Attachment {
  id: number;
  name: string;
  mediaType: ImageType;
  /** Base64. */
  data: string;
}

export type ImageType = 'image/png' | 'image/jpeg' | 'image/gif' | 'image/webp';
const TYPES: ReadonlySet<string> = new Set<ImageType>(['image/png', 'image/jpeg', 'image/gif', 'image/webp']);

export const MAX_IMAGES = 10;
/** Of all images together, as base64: a message has to fit into one frame of 8 MiB. */
const MAX_DATA_CHARS = 7 * 1024 * 1024;

interface Attachments {
  bySession: Readonly<Record<string, readonly Attachment[]>>;
}

const NONE: readonly Attachment[] = [];
let lastId = 0;

/** Images that were pasted or dropped and not sent yet. They are kept while the page is open. */
export const useAttachments = create<Attachments>()(() => ({ bySession: {} }));

export function attachmentsOf(sessionId: string, { bySession }: Attachments = useAttachments.getState()) {
  return bySession[sessionId] ?? NONE;
}

/** Adds images, made smaller where they are too large. Resolves with what could not be added, in words. */
export async function attach(sessionId: string, files: readonly File[]): Promise<string[]> {
  const refused: string[] = [];
  for (const file of files) {
    const problem = await attachOne(sessionId, file);
    if (problem !== undefined) refused.push(problem);
  }
  return refused;
}

export function detach(sessionId: string, id: number): void {
  put(
    sessionId,
    attachmentsOf(sessionId).filter((one) => one.id !== id),
  );
}

export function detachAll(sessionId: string): void {
  put(sessionId, NONE);
}

async function attachOne(sessionId: string, file: File): Promise<string | undefined> {
  if (!TYPES.has(file.type)) return words.notAnImage(file.name);
  if (attachmentsOf(sessionId).length >= MAX_IMAGES) return words.tooManyImages(MAX_IMAGES);
  const small = await shrinkImage(file).catch(() => undefined);
  if (small === undefined) return words.brokenImage(file.name);
  const data = await base64Of(small);
  const all = attachmentsOf(sessionId);
  const chars = all.reduce((sum, one) => sum + one.data.length, data.length);
  if (chars > MAX_DATA_CHARS) return words.imageTooLarge(file.name);
  lastId += 1;
  put(sessionId, [...all, { id: lastId, name: file.name, mediaType: small.type as ImageType, data }]);
  return undefined;
}

function put(sessionId: string, attachments: readonly Attachment[]): void {
  useAttachments.setState(({ bySession }) => ({ bySession: { ...bySession, [sessionId]: attachments } }));
}

function base64Of(blob: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.addEventListener('load', () => resolve((reader.result as string).replace(/^[^,]*,/, '')));
    reader.addEventListener('error', () => reject(reader.error ?? new Error('The image could not be read.')));
    reader.readAsDataURL(blob);
  });
}
