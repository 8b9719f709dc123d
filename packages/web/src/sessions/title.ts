import type { Session } from '@hearth/protocol';
import { strings } from '../strings/strings.ts';

export function titleOf({ title }: Pick<Session, 'title'>): string {
  return title === null || title.trim() === '' ? strings.sessions.untitled : title;
}
