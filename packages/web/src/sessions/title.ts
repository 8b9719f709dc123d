import type { Session } from '@hearth/protocol';

export function titleOf({ title }: Pick<Session, 'title'>): string {
  return title === null || title.trim() === '' ? 'New session' : title;
}
